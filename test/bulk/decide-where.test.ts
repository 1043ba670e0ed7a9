import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDecisionActivities } from '../../activities/decision-activities';
import { DAY_MS } from '../../domain/duration';
import { createDecisionTokenChecker } from '../../security/decision-token';
import { addStaffKey, initKeys, readDecisionKeys } from '../../security/key-files';
import { ErasureClient } from '../../client';
import { progress } from '../../workflows/messages';
import { CompiledCli, type Ended } from '../cli/compiled-cli';
import { temporalEnvironment } from '../client/client-fixture';
import { read } from '../docs/markdown';
import { accepted, eventually, failure, rulesFor, WorkflowBench } from '../support/workflow-bench';

const cli = new CompiledCli();
let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const said = ['--actor', 'staff-17', '--reason', 'credentials-mended:PRIV-1'];
const decide = (...args: readonly string[]): Promise<Ended> => cli.run(args, { environment: temporalEnvironment() });
/** Temporal's index lags behind. */
const named = (filter: string, count: number) =>
  eventually(async () => {
    const found = await new ErasureClient({ client: bench.client }).count({ filter, open: true });
    return found === count ? true : undefined;
  });
const results = ({ stdout }: Ended): { requestId: string; result: string }[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { requestId: string; result: string });

describe('one decision about all requests that a filter names', () => {
  it('shows what it is about, asks, and takes the decision about each request that the filter names', async () => {
    const since = `StartTime >= '${new Date().toISOString()}'`;
    bench.terms = (question) => ({
      rules: rulesFor(question, { answerTracked: false }),
      isIndexed: true,
    });
    bench.providers.person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const stuck = await Promise.all([1, 2, 3].map(() => bench.startFor('person')));
    const ids = stuck.map(({ workflowId }) => workflowId.replace('erasure-', '')).toSorted();
    await bench.startFor('aptrinsic');
    const where = `needs-staff AND ${since}`;
    const retry = ['retry', 'person', '--where', where, ...said];

    await named(where, 3);
    const unconfirmed = await decide(...retry);
    expect(unconfirmed.stderr).toMatch(/^3 open requests/);
    expect(unconfirmed).toMatchObject({ code: 2, stdout: '' });
    expect(unconfirmed.stderr).toContain('Nobody is there to confirm this');
    expect(unconfirmed.stderr).toContain('Each is sent retry: {"actor":"staff-17"');
    for (const id of ids) expect(unconfirmed.stderr).toContain(id);

    const reviewAt = new Date(Date.now() + DAY_MS).toISOString();
    const hold = [
      '--ground',
      'legal-claims',
      '--owner',
      'staff-9',
      '--review-at',
      reviewAt,
      ...said,
      '--yes',
      '--json',
    ];
    const held = await decide('hold', '--where', `ErasureProviders = 'person' AND ${since}`, ...hold);
    expect(held.code).toBe(0);
    expect(
      results(held)
        .map(({ requestId, result }) => `${requestId} ${result}`)
        .toSorted(),
    ).toEqual(ids.map((id) => `${id} done`));
    const again = await decide('hold', '--where', `ErasureProviders = 'person' AND ${since}`, ...hold);
    expect(again.code).toBe(6);
    expect(results(again).map(({ result }) => result)).toEqual(['refused', 'refused', 'refused']);
    expect(again.stdout).toContain('on hold already');

    await named(`on-hold AND ${since}`, 3);
    const released = await decide('release', '--where', since, ...said, '--yes');
    expect(released.stderr).toContain('3 done, 0 refused');

    await named(`waiting-for=person AND ${since}`, 3);
    const retried = await decide(...retry, '--yes', '--json');
    expect(results(retried).map(({ result }) => result)).toEqual(['done', 'done', 'done']);
    expect(retried.code).toBe(0);
    for (const handle of stuck) expect((await bench.leg(handle)).state).not.toBe('held');
  });

  it.each([
    ['docs/handbook.md', 'aptrinsic', 'ProviderUnauthorized'],
    ['docs/handbook.md', 'aptrinsic', 'ProviderUnavailable'],
    ['docs/bulk.md', 'person', 'ProviderUnauthorized'],
  ] as const)('does what the recipe of %s says, after an outage of %s (%s)', async (document, provider, type) => {
    bench.terms = (question) => ({ rules: rulesFor(question, { answerTracked: false }), isIndexed: true });
    // Later than it is tried for: it asks for attention at once, and is tried again daily.
    const outage = type === 'ProviderUnavailable' ? { nextRetryDelayMs: 10 * DAY_MS } : {};
    bench.providers[provider].ask.set(failure(type, outage));
    const stuck = await Promise.all([1, 2].map(() => bench.startFor(provider)));
    const since = `StartTime >= '${new Date(Date.now() - 2_000).toISOString()}'`;
    await named(`waiting-for=${provider} AND ${since}`, 2);
    // The first of the daily tries comes at once: once it has failed too, nothing mends by itself before tomorrow.
    const tries = 2 * stuck.length;
    await eventually(async () => (bench.providers[provider].ask.calls.length >= tries ? true : undefined));
    const recipe =
      new RegExp(`^erasure (retry ${provider} --where needs-staff .*)$`, 'm').exec(read(document))?.[1] ?? '';
    bench.providers[provider].ask.set(accepted());
    const done = await decide(...recipe.split(' '), '--yes', '--json');
    expect(done.code).toBe(0);
    const told = results(done).map(({ requestId, result }) => `${requestId} ${result}`);
    for (const { workflowId } of stuck) expect(told).toContain(`${workflowId.replace('erasure-', '')} done`);
    for (const handle of stuck) {
      await eventually(async () => ((await bench.leg(handle)).state === 'waiting-out-window' ? true : undefined));
      await handle.terminate('over');
    }
    await named(`waiting-for=${provider}`, 0);
    const again = await decide(...recipe.split(' '), '--yes');
    expect(again).toMatchObject({ code: 12, stdout: '', stderr: expect.stringContaining('nothing was done') });
  });

  it('proves each of them where the rules ask for signed decisions, with a token of its own', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'erasure-decide-where-'));
    const [keys, staffKey] = [join(directory, 'keys'), join(directory, 'staff-17.json')];
    await initKeys({ directory: keys, environment: 'test', now: Date.now() });
    await addStaffKey({ directory: keys, actor: 'staff-17', file: staffKey, now: Date.now() });
    const checker = createDecisionTokenChecker(await readDecisionKeys(keys));
    bench.verdict = (question) => createDecisionActivities({ checker }).checkDecision(question);
    bench.terms = (question) => ({
      rules: rulesFor(question, { answerTracked: false, decisionMode: 'authenticated' }),
      isIndexed: true,
    });
    const since = `StartTime >= '${new Date().toISOString()}'`;
    const open = await Promise.all([1, 2, 3].map(() => bench.startFor('person')));
    await named(since, 3);
    const reviewAt = new Date(Date.now() + DAY_MS).toISOString();
    const content = ['--ground', 'legal-claims', '--owner', 'staff-9', '--review-at', reviewAt, ...said];
    const hold = ['hold', '--where', since, '--yes', '--json', ...content];
    const unproven = await decide(...hold);
    expect(unproven.code).toBe(6);
    expect(results(unproven).map(({ result }) => result)).toEqual(['refused', 'refused', 'refused']);
    expect(unproven.stdout).toContain('token');
    const proven = await decide(...hold, '--staff-key', staffKey);
    expect(results(proven).map(({ result }) => result)).toEqual(['done', 'done', 'done']);
    for (const handle of open) {
      const { trail } = await handle.query(progress);
      expect(trail).toMatchObject([
        { kind: 'hold', content: { actor: 'staff-17' }, proof: { keyId: expect.any(String) } },
      ]);
    }
    await rm(directory, { recursive: true });
  });

  it.each([
    [['release', '--where', 'planted'], /^The filter, at character 1: expected one of needs-staff/],
    [['retry', '--where', 'overdue'], /^PROVIDER: expected one of measureone, person, aptrinsic\./],
    [['retry', 'planted', '--where', 'overdue'], /^PROVIDER: expected one of measureone, person, aptrinsic\./],
    [['retry', 'planted', 'person', '--where', 'overdue'], /^Give an ID or --where, not both\./],
    [['retry', 'planted'], /^PROVIDER: expected one of measureone, person, aptrinsic\./],
    [['retry'], /^Which request\? Give its ID, or --where with a filter\./],
    [['release'], /^Which request\? Give its ID, or --where with a filter\./],
    [['release', 'planted', '--where', 'on-hold'], /^Give an ID or --where, not both\./],
    [['release', 'planted', '--yes'], /^--yes and --concurrency belong to --where\./],
    [['release', '--where', 'on-hold', '--token-file', '-'], /^--token-file holds a token for one request/],
    [['release', '--where', 'on-hold', '--staff-key', 'no-such-file'], /^no-such-file: does not exist/],
  ])('refuses %j before anything is sent', async (args, message) => {
    const ended = await decide(...args, ...said);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toContain('planted');
  });
});
