import { HOUR_MS } from '../../domain/duration';
import { readWorkerConfig } from '../../config/worker-config';
import { problemsOf, workerSettings } from './settings';

const read = (settings: Readonly<Record<string, string | undefined>> = {}) =>
  readWorkerConfig({ ...workerSettings, ...settings });
const problems = (settings: Readonly<Record<string, string | undefined>>) =>
  problemsOf(readWorkerConfig, { ...workerSettings, ...settings });

describe('the settings of a worker', () => {
  it('need no more than addresses, credentials and keys', () => {
    expect(read()).toMatchObject({
      temporal: { namespace: 'default', connection: { address: 'temporal.example:7233' } },
      keysDirectory: '/keys',
      providers: ['measureone', 'person', 'aptrinsic'],
      servesWorkflows: true,
      settings: {
        measureone: {
          baseUrl: 'https://api.measureone.example',
          clientId: 'm-id',
          clientSecret: 'm-secret',
          apiVersion: '3.0',
          limits: { requestsPerSecond: 5, concurrency: 10 },
        },
        person: {
          baseUrl: 'https://person.example',
          clientId: 'p-id',
          clientSecret: 'p-secret',
          limits: { requestsPerSecond: 10, concurrency: 10 },
        },
        aptrinsic: {
          baseUrl: 'https://api.aptrinsic.example',
          apiKey: 'a-key',
          hardDelete: true,
          limits: { requestsPerSecond: 50, concurrency: 20 },
        },
      },
      logLevel: 'info',
    });
    expect(read()).not.toHaveProperty('gatewayUrl');
    expect(read()).not.toHaveProperty('metricsAddress');
    expect(read()).not.toHaveProperty('workerName');
    expect(read().settings.person).not.toHaveProperty('purgeDelayMs');
  });

  it('can all be given', () => {
    const config = read({
      ERASURE_PROVIDERS: ' person , aptrinsic,person',
      ERASURE_SERVE_WORKFLOWS: 'false',
      ERASURE_WORKER_NAME: 'erasure-worker-person-7d9f.eu_1',
      GATEWAY_PUBLIC_URL: 'https://erasure.example/gateway//',
      LOG_LEVEL: 'trace',
      METRICS_ADDRESS: '[::1]:9464',
      PERSON_API_REQUESTS_PER_SECOND: '0.5',
      PERSON_API_CONCURRENCY: '3',
      APTRINSIC_HARD_DELETE: 'false',
    });
    expect(config).toMatchObject({
      providers: ['person', 'aptrinsic'],
      servesWorkflows: false,
      workerName: 'erasure-worker-person-7d9f.eu_1',
      gatewayUrl: 'https://erasure.example/gateway',
      logLevel: 'trace',
      metricsAddress: '[::1]:9464',
    });
    expect(config.settings.person?.limits).toEqual({ requestsPerSecond: 0.5, concurrency: 3 });
    expect(config.settings.aptrinsic?.hardDelete).toBe(false);
    expect(config.settings).not.toHaveProperty('measureone');
  });

  it('of a provider that is not served are neither needed nor looked at', () => {
    const { PERSON_API_BASE_URL, PERSON_API_CLIENT_ID, PERSON_API_CLIENT_SECRET, TEMPORAL_ADDRESS } = workerSettings;
    const own = { PERSON_API_BASE_URL, PERSON_API_CLIENT_ID, PERSON_API_CLIENT_SECRET, TEMPORAL_ADDRESS };
    const environment = { ...own, HOME: '/nonexistent', ERASURE_KEYS_DIR: '/keys', ERASURE_PROVIDERS: 'person' };
    expect(problemsOf(readWorkerConfig, environment)).toEqual([]);
    expect(problemsOf(readWorkerConfig, { ...environment, APTRINSIC_BASE_URL: 'nonsense' })).toEqual([]);
  });

  it('are all told at once when they are missing, each by its name', () => {
    expect(problemsOf(readWorkerConfig, { HOME: '/nonexistent' }).toSorted()).toEqual([
      'APTRINSIC_API_KEY is missing',
      'APTRINSIC_BASE_URL is missing',
      'ERASURE_KEYS_DIR is missing',
      'MEASUREONE_BASE_URL is missing',
      'MEASUREONE_CLIENT_ID is missing',
      'MEASUREONE_CLIENT_SECRET is missing',
      'PERSON_API_BASE_URL is missing',
      'PERSON_API_CLIENT_ID is missing',
      'PERSON_API_CLIENT_SECRET is missing',
    ]);
  });

  it('of every part are told at once when they are wrong', () => {
    const wrong = {
      ERASURE_SERVE_WORKFLOWS: 'maybe',
      MEASUREONE_API_VERSION: 'three',
      PERSON_API_PURGE_DELAY: 'soon',
      APTRINSIC_CONCURRENCY: '0',
      METRICS_ADDRESS: 'everywhere',
      TEMPORAL_PROFILE: 'no-such-profile',
    };
    const names = problems(wrong).map((problem) => problem.replace(/:.*/, ''));
    expect(names.toSorted()).toEqual(Object.keys(wrong).toSorted());
  });

  it('of a worker that serves no provider are those of the workflows, and it has to serve these', () => {
    const own = { HOME: '/nonexistent', ERASURE_KEYS_DIR: '/keys', ERASURE_PROVIDERS: 'none' };
    expect(readWorkerConfig(own)).toMatchObject({ providers: [], servesWorkflows: true, settings: {} });
    expect(() => readWorkerConfig({ ...own, ERASURE_SERVE_WORKFLOWS: 'false' })).toThrow('would have nothing to do');
  });

  it('count as missing when they are empty, and as left out where they may be', () => {
    expect(problems({ APTRINSIC_API_KEY: '', PERSON_API_CLIENT_ID: '   ' }).toSorted()).toEqual([
      'APTRINSIC_API_KEY is missing',
      'PERSON_API_CLIENT_ID is missing',
    ]);
    const optional = [
      'GATEWAY_PUBLIC_URL',
      'METRICS_ADDRESS',
      'LOG_LEVEL',
      'ERASURE_PROVIDERS',
      'APTRINSIC_HARD_DELETE',
    ];
    expect(problems(Object.fromEntries(optional.map((name) => [name, ''])))).toEqual([]);
  });
});

const urls = ['MEASUREONE_BASE_URL', 'PERSON_API_BASE_URL', 'APTRINSIC_BASE_URL', 'GATEWAY_PUBLIC_URL'];

describe.each(urls)('%s', (name) => {
  it.each([
    'https://api.example',
    'https://api.example:8443/under/a/path',
    'http://127.0.0.1:4010',
    'http://localhost:4010',
    'http://[::1]:4010',
  ])('may be %s', (value) => {
    expect(problems({ [name]: value })).toEqual([]);
  });

  it.each([
    ['http to another machine', 'http://planted.example'],
    ['http to a name that only begins like this machine', 'http://localhost.planted.example'],
    ['another scheme', 'ftp://planted.example'],
    ['no URL', 'planted.example'],
    ['a user name', 'https://planted@api.example'],
    ['a password', 'https://user:planted@api.example'],
    ['a query', 'https://api.example?planted=1'],
    ['an empty query, which would swallow the path', 'https://planted.example/?'],
    ['a fragment', 'https://api.example/#planted'],
    ['an empty fragment', 'https://planted.example#'],
  ])('is refused with %s, without repeating it', (_what, value) => {
    const [problem, ...others] = problems({ [name]: value });
    expect(others).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${name}: expected an https URL`));
    expect(problem).not.toContain('planted');
  });
});

describe('APTRINSIC_BASE_URL', () => {
  it.each(['https://api.aptrinsic.example/v1', 'https://api.aptrinsic.example/v1/'])('is refused as %s', (value) => {
    expect(problems({ APTRINSIC_BASE_URL: value })).toEqual(['APTRINSIC_BASE_URL: expected the host without /v1']);
  });
});

describe('PERSON_API_PURGE_DELAY', () => {
  it.each([
    ['asap', 'asap'],
    ['72h', 72 * HOUR_MS],
    ['0h', 0],
    ['1.5h', 1.5 * HOUR_MS],
  ])('may be %s', (value, expected) => {
    expect(read({ PERSON_API_PURGE_DELAY: value }).settings.person?.purgeDelayMs).toBe(expected);
  });
});

describe('a wrong value', () => {
  it.each([
    ['PERSON_API_PURGE_DELAY', '3d'],
    ['PERSON_API_PURGE_DELAY', '72'],
    ['PERSON_API_PURGE_DELAY', '-1h'],
    ['PERSON_API_PURGE_DELAY', 'ASAP'],
    ['MEASUREONE_API_VERSION', 'v3'],
    ['MEASUREONE_REQUESTS_PER_SECOND', '0'],
    ['MEASUREONE_REQUESTS_PER_SECOND', '-1'],
    ['MEASUREONE_REQUESTS_PER_SECOND', '1e3'],
    ['APTRINSIC_CONCURRENCY', '1.5'],
    ['APTRINSIC_CONCURRENCY', '99999999'],
    ['APTRINSIC_HARD_DELETE', 'yes'],
    ['ERASURE_SERVE_WORKFLOWS', '1'],
    ['ERASURE_WORKER_NAME', 'planted worker'],
    ['ERASURE_WORKER_NAME', '-planted'],
    ['ERASURE_WORKER_NAME', 'a'.repeat(64)],
    ['ERASURE_PROVIDERS', 'person,planted-provider'],
    ['ERASURE_PROVIDERS', ','],
    ['ERASURE_PROVIDERS', 'none,person'],
    ['LOG_LEVEL', 'chatty'],
    ['METRICS_ADDRESS', '9464'],
    ['METRICS_ADDRESS', 'localhost:9464'],
    ['METRICS_ADDRESS', '127.0.0.1:99999'],
    ['METRICS_ADDRESS', '[127.0.0.1]:9464'],
    ['APTRINSIC_API_KEY', `planted${'x'.repeat(5_000)}`],
  ])('of %s (%.20s) is named and not repeated', (name, value) => {
    const [problem, ...others] = problems({ [name]: value });
    expect(others).toEqual([]);
    expect(problem?.startsWith(`${name}: `)).toBe(true);
    expect(problem).not.toContain('planted');
  });
});
