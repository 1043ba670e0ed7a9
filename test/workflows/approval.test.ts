/** Where the rules ask for approval: nothing is sent before it, and a rejection is a certificate too. */
import { DAY_MS } from '../../domain/duration';
import { decisionUpdates, progress } from '../../workflows/messages';
import {
  expectReplays,
  OVER_MS,
  packedCertificateOf,
  PROVIDERS,
  rulesFor,
  WorkflowBench,
} from '../support/workflow-bench';

const said = { actor: 'staff-7', reason: { code: 'reviewed', ticket: 'PRIV-1' } } as const;
type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(async () => {
  await bench.reset();
  bench.terms = (question) => ({
    rules: rulesFor(question, { answerTracked: false, approvalNeeded: true }),
    isIndexed: false,
  });
});
afterAll(() => bench.close());

function asked(): number {
  return PROVIDERS.reduce((sum, provider) => sum + bench.providers[provider].ask.calls.length, 0);
}

async function start(): Promise<Handle> {
  const handle = await bench.start({ filedBy: 'staff-1' });
  await bench.forward(handle, 3 * DAY_MS);
  expect((await handle.query(progress)).state).toBe('awaiting-approval');
  expect(asked()).toBe(0);
  return handle;
}

describe('a request that needs approval', () => {
  it('is carried out once somebody other than its filer has approved it', async () => {
    const handle = await start();
    await expect(
      handle.executeUpdate(decisionUpdates.approve, { args: [{ ...said, actor: 'staff-1' }] }),
    ).rejects.toMatchObject({
      cause: { message: 'The request was filed by the same staff member: somebody else has to approve it' },
    });
    expect(asked()).toBe(0);
    expect((await handle.executeUpdate(decisionUpdates.approve, { args: [said] })).state).toBe('running');
    await bench.forward(handle, OVER_MS);
    expect((await handle.result()).outcome).toBe('completed');
    expect(bench.statementOf(handle).trail).toMatchObject([{ kind: 'approve', content: { actor: 'staff-7' } }]);
    await expectReplays(handle);
  });

  it('ends with a certificate when it is rejected, and nobody was asked', async () => {
    const handle = await start();
    await handle.executeUpdate(decisionUpdates.reject, { args: [{ ...said, ground: 'exempt-art-17-3-e' }] });
    const result = await handle.result();
    expect([result.outcome, ...result.legs.map(({ outcome }) => outcome)]).toEqual([
      'rejected',
      'never-asked',
      'never-asked',
      'never-asked',
    ]);
    expect(result.certificate).toBe(packedCertificateOf(result.requestId));
    expect(asked()).toBe(0);
    expect(bench.statementOf(handle)).toMatchObject({
      outcome: 'rejected',
      trail: [{ kind: 'reject', content: { ground: 'exempt-art-17-3-e' } }],
    });
    await expectReplays(handle);
  });

  it.each(['withdrawn', 'cancelled'] as const)('asks nobody when it is %s instead', async (how) => {
    const handle = await start();
    if (how === 'cancelled') await handle.cancel();
    else await handle.executeUpdate(decisionUpdates.withdraw, { args: [{ ...said, wantedBy: 'subject' }] });
    expect((await handle.result()).outcome).toBe('withdrawn');
    expect(asked()).toBe(0);
    await expectReplays(handle);
  });

  it('lets a provider be waived meanwhile, and asks the others after the approval', async () => {
    const handle = await start();
    await handle.executeUpdate(decisionUpdates.waive, { args: [{ ...said, provider: 'person' }] });
    await handle.executeUpdate(decisionUpdates.approve, { args: [said] });
    await bench.forward(handle, OVER_MS);
    expect((await handle.result()).legs.map(({ outcome }) => outcome)).toEqual(['erased', 'waived', 'erased']);
    expect(bench.providers.person.ask.calls).toHaveLength(0);
  });

  it('judges a decision that comes while it is starting by the rules that it then has', async () => {
    const held = bench.hold<undefined>();
    const terms = bench.terms;
    bench.isLocalRefused = true;
    bench.terms = async (question) => {
      await held.answer();
      return terms(question);
    };
    const handle = await bench.start({ filedBy: 'staff-7' });
    await held.asked;
    const approval = handle.executeUpdate(decisionUpdates.approve, { args: [said] });
    approval.catch(() => undefined);
    held.release(undefined);
    await expect(approval).rejects.toMatchObject({
      cause: { message: 'The request was filed by the same staff member: somebody else has to approve it' },
    });
  });
});
