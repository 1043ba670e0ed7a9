import { readGatewayConfig } from '../../config/gateway-config';
import { readWorkerConfig } from '../../config/worker-config';
import { problemsOf, workerSettings } from './settings';

const SECRET = 'planted-secret-000';
const gatewayUrl = { GATEWAY_PUBLIC_URL: 'https://erasure.example' };

const gateway = (settings: Readonly<Record<string, string>>) =>
  readGatewayConfig({ HOME: '/nonexistent', ERASURE_KEYS_DIR: '/keys', ...settings });
const gatewayProblems = (settings: Readonly<Record<string, string>>) => problemsOf(() => gateway(settings), {});
const worker = (settings: Readonly<Record<string, string>>) =>
  readWorkerConfig({ ...workerSettings, ...gatewayUrl, ...settings });
const workerProblems = (settings: Readonly<Record<string, string>>) => problemsOf(() => worker(settings), {});

describe('the token settings of a gateway', () => {
  it('are off unless there are credentials', () => {
    expect(gateway({})).not.toHaveProperty('token');
    expect(gateway({ GATEWAY_TOKEN_CREDENTIALS: '' })).not.toHaveProperty('token');
  });

  it('take one pair of credentials, and read tokens from two headers', () => {
    const credentials = JSON.stringify({ headers: { 'X-Client': 'm1' }, data: { secret: SECRET } });
    expect(gateway({ GATEWAY_TOKEN_CREDENTIALS: credentials }).token).toEqual({
      credentials: [{ headers: { 'x-client': 'm1' }, data: { secret: SECRET } }],
      headers: ['authorization', 'x-auth-token'],
      required: true,
    });
  });

  it('take a list of them, other headers, and a time in which tokens are not required', () => {
    const { token } = gateway({
      GATEWAY_TOKEN_CREDENTIALS: JSON.stringify([{ data: { secret: SECRET } }, { headers: { secret: SECRET } }]),
      GATEWAY_TOKEN_HEADERS: ' X-M1-Token, authorization,x-m1-token',
      GATEWAY_TOKEN_REQUIRED: 'false',
    });
    expect(token).toEqual({
      credentials: [
        { headers: {}, data: { secret: SECRET } },
        { headers: { secret: SECRET }, data: {} },
      ],
      headers: ['x-m1-token', 'authorization'],
      required: false,
    });
  });

  const form = 'expected JSON with "headers" or "data" in the clear, objects of texts, or a list of up to 10 such';
  const secret = 'expected at least one value of 16 characters or more in each, as the secret';
  it.each<[string, unknown, string]>([
    ['no JSON', 'planted', form],
    [
      'a text',
      JSON.stringify('planted-secret-000'),
      'stands in quotation marks that belong to no value here; leave them out',
    ],
    ['an empty list', [], form],
    ['a number', { data: { secret: 1 } }, form],
    ['a list of values', { data: ['planted-secret-000'] }, form],
    ['an unknown member', { planted: {} }, form],
    ['a key id, which is for the worker', { key_id: 'planted', data: { secret: SECRET } }, form],
    ['a line break in a header', { headers: { secret: `${SECRET}\r\nx: y` } }, form],
    ['a name that is no header', { headers: { 'x y': SECRET } }, form],
    ['nothing', {}, secret],
    ['short values', { data: { secret: 'planted' } }, secret],
    ['one pair without a secret', [{ data: { secret: SECRET } }, { data: { client_id: 'm1' } }], secret],
    ['a content type for the secret', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, secret],
    [
      'a content type beside it',
      { headers: { 'Content-Type': 'application/json' }, data: { secret: SECRET } },
      'leave the header content-type out: it proves nothing',
    ],
  ])('are refused with %s', (_what, value, problem) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    expect(gatewayProblems({ GATEWAY_TOKEN_CREDENTIALS: text })).toEqual([`GATEWAY_TOKEN_CREDENTIALS: ${problem}`]);
  });

  it('are refused by halves', () => {
    expect(gatewayProblems({ GATEWAY_TOKEN_HEADERS: 'x-token', GATEWAY_TOKEN_REQUIRED: 'true' })).toEqual([
      'GATEWAY_TOKEN_HEADERS is set, but tokens are off: set GATEWAY_TOKEN_CREDENTIALS as well, or neither',
      'GATEWAY_TOKEN_REQUIRED is set, but tokens are off: set GATEWAY_TOKEN_CREDENTIALS as well, or neither',
    ]);
  });

  it.each([',', 'a b', 'x-erasure-capability', 'a,b,c,d,e,f,g,h,i'])('name no headers as %j does', (names) => {
    const credentials = JSON.stringify({ data: { secret: SECRET } });
    const settings = { GATEWAY_TOKEN_CREDENTIALS: credentials, GATEWAY_TOKEN_HEADERS: names };
    expect(gatewayProblems(settings)).toEqual([
      'GATEWAY_TOKEN_HEADERS: expected up to 8 names of headers, separated by commas, and not x-erasure-capability',
    ]);
  });
});

describe('the token settings of a worker', () => {
  it('are off unless there are credentials', () => {
    expect(worker({}).settings.measureone).not.toHaveProperty('tokenCredentials');
  });

  it('take plain values, and find the token at access_token', () => {
    const credentials = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, data: { secret: SECRET } };
    const { measureone } = worker({ MEASUREONE_TOKEN_CREDENTIALS: JSON.stringify(credentials) }).settings;
    expect(measureone).toMatchObject({ tokenCredentials: credentials, tokenPath: 'access_token' });
  });

  it('take ciphertext under a key id as it is, and another path or none', () => {
    const credentials = { key_id: 'k-1', headers: { a: 'short' }, data: { b: 'ciphertext==' } };
    const read = (path: string) =>
      worker({ MEASUREONE_TOKEN_CREDENTIALS: JSON.stringify(credentials), MEASUREONE_TOKEN_PATH: path }).settings
        .measureone;
    const expected = { keyId: 'k-1', headers: { a: 'short' }, data: { b: 'ciphertext==' } };
    expect(read('$.access_token')).toMatchObject({ tokenCredentials: expected, tokenPath: '$.access_token' });
    expect(read('whole-answer')).toMatchObject({ tokenCredentials: expected, tokenPath: 'whole-answer' });
  });

  const form = 'expected JSON with "headers" or "data", objects of texts, and perhaps "key_id" if these are encrypted';
  it.each<[string, unknown, string]>([
    ['no JSON', 'planted', form],
    ['a list', [{ data: { secret: SECRET } }], form],
    ['a key id alone', { key_id: 'planted' }, form],
    ['nothing to send', { data: {} }, form],
    ['an unknown member', { data: { secret: SECRET }, planted: 1 }, form],
    [
      'no secret',
      { data: { secret: 'planted' } },
      'expected at least one value of 16 characters or more in each, as the secret',
    ],
  ])('are refused with %s', (_what, value, problem) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    expect(workerProblems({ MEASUREONE_TOKEN_CREDENTIALS: text })).toEqual([
      `MEASUREONE_TOKEN_CREDENTIALS: ${problem}`,
    ]);
  });

  it('are refused by halves', () => {
    const MEASUREONE_TOKEN_CREDENTIALS = JSON.stringify({ data: { secret: SECRET } });
    expect(workerProblems({ MEASUREONE_TOKEN_CREDENTIALS, GATEWAY_PUBLIC_URL: '' })).toEqual([
      'MEASUREONE_TOKEN_CREDENTIALS is set, but MeasureOne is given no callback: set GATEWAY_PUBLIC_URL as well, or neither',
    ]);
    expect(workerProblems({ MEASUREONE_TOKEN_PATH: 'token' })).toEqual([
      'MEASUREONE_TOKEN_PATH is set, but MeasureOne fetches no token: set MEASUREONE_TOKEN_CREDENTIALS as well, or neither',
    ]);
    const ofOthers = { ERASURE_PROVIDERS: 'person', GATEWAY_PUBLIC_URL: '' };
    expect(workerProblems({ MEASUREONE_TOKEN_CREDENTIALS, ...ofOthers })).toEqual([]);
  });
});
