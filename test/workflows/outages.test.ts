/** Time passes for real here: virtual time stands still for a call that hangs and for a queue that nobody serves. */
import { MINUTE_MS } from '../../domain/duration';
import type { Receipt } from '../../domain/leg/receipt';
import { accepted, alteredBundle, eventually, failure, OVER_MS, WorkflowBench } from '../support/workflow-bench';
import { WORKFLOW_QUEUE } from '../../temporal/names';

type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

/** The right workflow but for its budget and time-out, which nobody could wait for. */
function impatient(changes: { readonly budgetMs: number; readonly startToCloseMs: number }): string {
  return alteredBundle(
    [/scheduleToCloseTimeout: FIRST_TRIES_MS/, `scheduleToCloseTimeout: ${changes.budgetMs}`],
    [/scheduleToCloseTimeout: remainingMs\(step\)/, `scheduleToCloseTimeout: ${changes.budgetMs}`],
    [/scheduleToCloseTimeout: patience\.still[^,]+,/, `scheduleToCloseTimeout: ${changes.budgetMs},`],
    [/scheduleToStartTimeout: Math[^\n]+/, `scheduleToStartTimeout: ${changes.budgetMs},`],
    [/firstWaitMs: FIRST_TRIES_MS/, 'firstWaitMs: 100'],
    [/startToCloseTimeout: START_TO_CLOSE_MS/g, `startToCloseTimeout: ${changes.startToCloseMs}`],
    [/firstWaitMs: 10 \* [^,]+,/g, 'firstWaitMs: 100,'],
    [/initialInterval: LOST_WORKER_WAIT_MS/, 'initialInterval: 100'],
  );
}

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open({
    served: ['measureone', 'person'],
    bundleCode: impatient({ budgetMs: 2_000, startToCloseMs: 60_000 }),
  });
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

async function attentionOf(handle: Handle): Promise<unknown> {
  return eventually(async () => (await bench.leg(handle, 'aptrinsic')).attention);
}

describe('a provider whose queue nobody serves', () => {
  it('comes into attention while the others go on, and mends once it is served; it was never asked before', async () => {
    const handle = await bench.start();
    expect(await attentionOf(handle)).toMatchObject({ reason: 'ProviderUnavailable', triesDaily: true });
    expect(await bench.leg(handle, 'person')).toMatchObject({ state: 'waiting-out-window' });
    expect(await bench.leg(handle, 'measureone')).toMatchObject({ state: 'waiting-out-window' });

    await bench.serve('aptrinsic');
    await bench.settle(handle);
    expect(bench.providers.aptrinsic.ask.calls.map(({ askedBefore }) => askedBefore)).toEqual([false]);
    await bench.forward(handle, OVER_MS);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    await bench.stop('aptrinsic');
  });

  it('may have been asked before where an earlier attempt may have reached it', async () => {
    await bench.serve('aptrinsic');
    const held = bench.hold<Receipt>();
    bench.providers.aptrinsic.ask.set(held.answer, accepted());
    const handle = await bench.startFor('aptrinsic');
    await held.asked;
    const stopped = bench.stop('aptrinsic');
    held.release(failure('ProviderUnavailable', { mayHaveReached: true }));
    await stopped;
    expect(await attentionOf(handle)).toMatchObject({ reason: 'ProviderUnavailable' });

    await bench.serve('aptrinsic');
    await bench.settle(handle);
    expect(bench.providers.aptrinsic.ask.calls.map(({ askedBefore }) => askedBefore)).toEqual([false, true]);
    await bench.stop('aptrinsic');
  });

  it('comes into attention also when it was asked and is to be looked at, and is verified once it is served', async () => {
    await bench.serve('aptrinsic');
    const handle = await bench.startFor('aptrinsic');
    await bench.settle(handle);
    await bench.stop('aptrinsic');
    // No further than the look: time stands still while it waits for a worker.
    await bench.forward(handle, OVER_MS - MINUTE_MS);
    expect(await attentionOf(handle)).toMatchObject({ reason: 'ProviderUnavailable', triesDaily: true });
    await bench.serve('aptrinsic');
    expect((await handle.result()).legs[0]).toMatchObject({ outcome: 'erased', assurance: 'verified' });
    await bench.stop('aptrinsic');
  });
});

describe('a call that hangs', () => {
  beforeAll(async () => {
    await bench.stop(WORKFLOW_QUEUE);
    await bench.serve(WORKFLOW_QUEUE, { bundleCode: impatient({ budgetMs: 1_200, startToCloseMs: 300 }) });
  });

  it('is given up and repeated', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(held.answer, accepted());
    const handle = await bench.startFor('person');
    await eventually(async () => ((await bench.leg(handle)).state === 'waiting-out-window' ? true : undefined));
    expect(bench.providers.person.ask.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('is an outage whose answer is unknown when every attempt hangs', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(held.answer);
    const handle = await bench.startFor('person');
    const attention = await eventually(async () => (await bench.leg(handle)).attention);
    expect(attention).toMatchObject({ reason: 'ProviderUnavailable', triesDaily: true });
    const { calls } = bench.providers.person.ask;
    await eventually(() => calls.find(({ askedBefore }) => askedBefore));
    expect(calls[0]?.askedBefore).toBe(false);
  });
});
