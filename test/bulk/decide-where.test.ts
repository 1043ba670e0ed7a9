import { defaultPolicy } from '../../domain/policy';
import { DAY_MS } from '../../domain/duration';
import { defaultRules } from '../../domain/rules';
import { ErasureClient } from '../../client';
import { CompiledCli, type Ended } from '../cli/compiled-cli';
import { temporalEnvironment } from '../client/client-fixture';
import { eventually, failure, WorkflowBench } from '../support/workflow-bench';

const cli = new CompiledCli();
let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterAll(() => bench.close());

const said = ['--actor', 'staff-17', '--reason', 'credentials-mended:PRIV-1'];
const decideAll = (...args: readonly string[]): Promise<Ended> =>
  cli.run(['decide-all', ...args], { environment: temporalEnvironment() });
const results = ({ stdout }: Ended): { requestId: string; result: string }[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { requestId: string; result: string });

describe('erasure decide-all', () => {
  it('shows what it is about, asks, and takes the decision about each request that the filter names', async () => {
    const since = `StartTime >= '${new Date().toISOString()}'`;
    bench.intake = ({ policy }) => ({
      rules: { ...defaultRules, answerTracked: false, patience: { ...defaultPolicy, ...policy } },
      isIndexed: true,
    });
    bench.providers.person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const stuck = await Promise.all([1, 2, 3].map(() => bench.startFor('person')));
    const ids = stuck.map(({ workflowId }) => workflowId.replace('erasure-', '')).toSorted();
    await bench.startFor('aptrinsic');
    const where = `needs-staff AND ${since}`;
    const retry = ['retry', '--where', where, '--provider', 'person', ...said];

    const client = new ErasureClient({ client: bench.client });
    const named = (filter: string, count: number) =>
      eventually(async () => ((await client.count({ filter, open: true })) === count ? true : undefined), 20_000);
    await named(where, 3);
    const unconfirmed = await decideAll(...retry);
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
    const held = await decideAll('hold', '--where', `ErasureProviders = 'person' AND ${since}`, ...hold);
    expect(held.code).toBe(0);
    expect(
      results(held)
        .map(({ requestId, result }) => `${requestId} ${result}`)
        .toSorted(),
    ).toEqual(ids.map((id) => `${id} done`));
    const again = await decideAll('hold', '--where', `ErasureProviders = 'person' AND ${since}`, ...hold);
    expect(again.code).toBe(6);
    expect(results(again).map(({ result }) => result)).toEqual(['refused', 'refused', 'refused']);
    expect(again.stdout).toContain('on hold already');

    await named(`on-hold AND ${since}`, 3);
    const released = await decideAll('release', '--where', since, ...said, '--yes');
    expect(released.stderr).toContain('3 done, 0 refused');

    await named(`waiting-for=person AND ${since}`, 3);
    const retried = await decideAll(...retry, '--yes', '--json');
    expect(results(retried).map(({ result }) => result)).toEqual(['done', 'done', 'done']);
    expect(retried.code).toBe(0);
    for (const handle of stuck) expect((await bench.leg(handle)).state).not.toBe('held');
  }, 120_000);

  it.each([
    [['release', '--where', 'planted'], /^The filter, at character 1: expected one of needs-staff/],
    [['retry', '--where', 'overdue'], /^--provider: retry needs to know/],
    [['hold', '--where', 'overdue'], /^hold needs --ground, --owner and --review-at/],
    [['release', '--where', 'overdue', '--provider', 'person'], /^--provider belongs to retry/],
    [['release', '--where', 'on-hold', '--owner', 'staff-1'], /belong to hold/],
  ])('refuses %j before anything is sent', async (args, message) => {
    const ended = await decideAll(...args, ...said);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toContain('planted');
  });
});
