import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { defaultPatience } from '../../domain/rules/patience';
import { decisionUpdates } from '../../workflows/messages';
import { absent, accepted, failure, OVER_MS, presentAgain, sealedLike, WorkflowBench } from '../support/workflow-bench';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

describe('what an activity is told', () => {
  it('names the request, the provider and its own sealed identifier, the round and the pinned policy', async () => {
    const policy = { marginMs: 2 * HOUR_MS };
    const handle = await bench.start({ policy });
    await bench.settle(handle);
    const { runId: run } = await handle.describe();
    for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
      expect(bench.providers[provider].ask.calls).toEqual([
        {
          requestId: handle.workflowId.replace('erasure-', ''),
          run,
          approvalRule: { approvalNeeded: false, decisionMode: 'asserted' },
          provider,
          sealed: sealedLike(provider),
          round: 1,
          firstAskedAt: expect.any(Number),
          askedBefore: false,
          patience: { ...defaultPatience, ...policy },
          tries: { mode: 'first', firstWaitMs: 10 * SECOND_MS, longestWaitMs: 6 * HOUR_MS },
          attempt: 1,
          at: expect.any(Number),
        },
      ]);
    }
  });

  it.each([
    ['true after a failure that may have reached the provider', true],
    ['false after a failure that surely did not', false],
  ])('askedBefore is %s', async (_name, mayHaveReached) => {
    const { ask } = bench.providers.person;
    ask.set(failure('ProviderRejected', { mayHaveReached }), accepted());
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const decision = { provider: 'person', actor: 'staff-7', reason: { code: 'mended', ticket: 'PRIV-1' } } as const;
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    await bench.settle(handle);
    expect(ask.calls.map(({ askedBefore, round }) => [askedBefore, round])).toEqual([
      [false, 1],
      [mayHaveReached, 1],
    ]);
  });

  it('stays true when a later failure surely did not reach the provider', async () => {
    const { ask } = bench.providers.person;
    ask.set(
      failure('ProviderUnauthorized', { mayHaveReached: true }),
      failure('ProviderUnauthorized', { mayHaveReached: false, nonRetryable: true }),
      accepted(),
    );
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS + MINUTE_MS);
    expect(ask.calls.map(({ askedBefore }) => askedBefore)).toEqual([false, true, true]);
  });

  it('is true in later rounds and looks, with the time of the first asking throughout', async () => {
    const { ask, look } = bench.providers.person;
    look.set(presentAgain, absent);
    const handle = await bench.startFor('person');
    await bench.forward(handle, 2 * OVER_MS);
    await handle.result();
    const calls = [...ask.calls, ...look.calls].toSorted((one, other) => one.at - other.at);
    expect(calls.map(({ round, askedBefore }) => [round, askedBefore])).toEqual([
      [1, false],
      [1, true],
      [2, true],
      [2, true],
    ]);
    const [first] = calls;
    expect(new Set(calls.map(({ firstAskedAt }) => firstAskedAt))).toEqual(new Set([first?.firstAskedAt]));
    expect(Math.abs((first?.firstAskedAt ?? 0) - (first?.at ?? 0))).toBeLessThan(MINUTE_MS);
    expect(bench.statementOf(handle).legs[0]?.rounds[0]?.askedAt).toBe(first?.firstAskedAt);
  });
});
