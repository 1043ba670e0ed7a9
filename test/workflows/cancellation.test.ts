import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { LegOutcome } from '../../domain/leg/outcome';
import type { Observation, Receipt, Withdrawal } from '../../domain/leg/receipt';
import {
  absent,
  accepted,
  eventually,
  expectReplays,
  failure,
  newerRecord,
  OVER_MS,
  packedCertificateOf,
  unknown,
  WorkflowBench,
} from '../support/workflow-bench';
import { WORKFLOW_QUEUE } from '../../temporal/names';

const withdrawable = accepted({ withdrawable: true });
type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

/** However it was cancelled: the run completes with a certificate, and replays. */
async function expectEnd(handle: Handle, ...outcomes: LegOutcome[]): Promise<void> {
  const result = await handle.result();
  expect([result.outcome, ...result.legs.map((leg) => leg.outcome)]).toEqual(['withdrawn', ...outcomes]);
  expect(result.certificate).toBe(packedCertificateOf(result.requestId));
  expect((await handle.describe()).status.name).toBe('COMPLETED');
  await expectReplays(handle);
}

describe('a request that is cancelled', () => {
  it('before its first task has asked nobody', async () => {
    await bench.stop(WORKFLOW_QUEUE);
    const handle = await bench.start();
    await handle.cancel();
    await bench.serve(WORKFLOW_QUEUE);
    await expectEnd(handle, 'never-asked', 'never-asked', 'never-asked');
    const { events } = await handle.fetchHistory();
    const scheduled = events?.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    expect(scheduled).toEqual([]);
    expect(bench.statementOf(handle).legs.map((leg) => leg.rounds)).toEqual([[], [], []]);
  });

  it('while its asking is in flight waits for the answer, and withdraws what was taken on', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(held.answer);
    const handle = await bench.startFor('person');
    await held.asked;
    await handle.cancel();
    held.release(withdrawable);
    await expectEnd(handle, 'withdrawn');
    expect(bench.providers.person.withdraw.calls).toMatchObject([{ round: 1, askedBefore: true }]);
    expect(bench.statementOf(handle).legs[0]?.rounds[0]?.receipt).toEqual(withdrawable);
  });

  it('while its asking is in flight says unknown where it cannot be withdrawn', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(held.answer);
    const handle = await bench.startFor('person');
    await held.asked;
    await handle.cancel();
    held.release(accepted());
    await expectEnd(handle, 'unknown');
    expect(bench.providers.person.withdraw.calls).toHaveLength(0);
  });

  it('while its asking is in flight keeps a not-found that comes', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(held.answer);
    const handle = await bench.startFor('person', 'aptrinsic');
    await held.asked;
    await eventually(async () => (await bench.leg(handle, 'aptrinsic')).answeredAt);
    await handle.cancel();
    held.release(unknown());
    await expectEnd(handle, 'not-found', 'unknown');
  });

  it('while its asking is in flight and fails is not asked again', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(held.answer);
    const handle = await bench.startFor('person');
    await held.asked;
    await handle.cancel();
    held.release(failure('ProviderUnavailable', { mayHaveReached: true }));
    await expectEnd(handle, 'withdrawn');
    expect(bench.providers.person.ask.calls).toHaveLength(1);
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });

  it('while a retry of the asking waits withdraws what may have been asked', async () => {
    bench.providers.person.ask.set(failure('ProviderUnavailable', { nextRetryDelayMs: DAY_MS }));
    bench.providers.person.withdraw.set({ status: 'nothing-to-withdraw' });
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await handle.cancel();
    await expectEnd(handle, 'unknown');
    expect(bench.providers.person.ask.calls).toHaveLength(1);
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });

  it.each<[string, Receipt, LegOutcome, number]>([
    ['withdraws what can be withdrawn', withdrawable, 'withdrawn', 1],
    ['says unknown where nothing can be withdrawn', accepted(), 'unknown', 0],
    [
      'says unknown where the identifier could still be hidden',
      unknown({ window: { lastsMs: 7 * DAY_MS } }),
      'unknown',
      0,
    ],
  ])('in the window %s', async (_name, receipt, outcome, withdrawals) => {
    bench.providers.person.ask.set(receipt);
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await handle.cancel();
    await expectEnd(handle, outcome);
    expect(bench.providers.person.withdraw.calls).toHaveLength(withdrawals);
    expect(bench.providers.person.look.calls).toHaveLength(0);
  });

  it('in the grace presumes the erasure', async () => {
    bench.providers.measureone.ask.set(accepted({ confirmedBy: 'callback', withdrawable: true }));
    const handle = await bench.startFor('measureone');
    await bench.forward(handle, OVER_MS);
    await handle.cancel();
    await expectEnd(handle, 'presumed-erased');
    expect(bench.providers.measureone.withdraw.calls).toHaveLength(0);
  });

  it('while a look is in flight says unknown', async () => {
    const held = bench.hold<Observation>();
    bench.providers.person.look.set(held.answer);
    const handle = await bench.startFor('person');
    const forwarded = bench.forward(handle, OVER_MS);
    await held.asked;
    await handle.cancel();
    await expectEnd(handle, 'unknown');
    held.release(absent);
    await forwarded;
  });

  it('in attention was never asked if no call reached the provider', async () => {
    bench.providers.person.ask.set(failure('IdentifierUnusable', { mayHaveReached: false }));
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await handle.cancel();
    await expectEnd(handle, 'never-asked');
    expect(bench.providers.person.withdraw.calls).toHaveLength(0);
    expect(bench.statementOf(handle).legs[0]).toMatchObject({
      askedBefore: false,
      endedInAttention: 'IdentifierUnusable',
    });
  });

  it('in attention after a look says unknown, and for what', async () => {
    bench.providers.aptrinsic.look.set(newerRecord);
    const handle = await bench.startFor('aptrinsic');
    await bench.forward(handle, OVER_MS);
    await handle.cancel();
    await expectEnd(handle, 'unknown');
    expect(bench.statementOf(handle).legs[0]).toMatchObject({ endedInAttention: 'NewerRecord' });
  });

  it('leaves settled legs as they are', async () => {
    bench.providers.measureone.ask.set(accepted({ window: { lastsMs: 30 * DAY_MS } }));
    bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 30 * DAY_MS }, withdrawable: true }));
    const handle = await bench.start();
    await bench.forward(handle, OVER_MS);
    await handle.cancel();
    await expectEnd(handle, 'unknown', 'erased', 'withdrawn');
  });
});

describe('the withdrawal', () => {
  async function withdrawing(): Promise<Handle> {
    bench.providers.person.ask.set(withdrawable);
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    return handle;
  }

  it('is not broken off by a second cancellation', async () => {
    const held = bench.hold<Withdrawal>();
    bench.providers.person.withdraw.set(held.answer);
    const handle = await withdrawing();
    await handle.cancel();
    await held.asked;
    expect(await bench.leg(handle)).toMatchObject({ state: 'withdrawing' });
    await handle.cancel();
    held.release({ status: 'withdrawn' });
    await expectEnd(handle, 'withdrawn');
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });

  it('may come too late', async () => {
    const since = Date.now();
    bench.providers.person.withdraw.set({ status: 'too-late', since });
    const handle = await withdrawing();
    await handle.cancel();
    await expectEnd(handle, 'unknown');
    expect(bench.statementOf(handle).legs[0]?.withdrawal).toMatchObject({ status: 'too-late', since });
  });

  it('is retried, for one day at most', async () => {
    bench.providers.person.withdraw.set(failure('ProviderUnavailable'));
    const handle = await withdrawing();
    await handle.cancel();
    await bench.forward(handle, 20 * HOUR_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'withdrawing' });
    await bench.forward(handle, 5 * HOUR_MS);
    await expectEnd(handle, 'unknown');
    const attempts = bench.providers.person.withdraw.calls.length;
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(40);
  });

  it('that succeeds at a retry is a withdrawal', async () => {
    bench.providers.person.withdraw.set(failure('ProviderUnavailable'), { status: 'withdrawn' });
    const handle = await withdrawing();
    await handle.cancel();
    await bench.forward(handle, HOUR_MS);
    await expectEnd(handle, 'withdrawn');
  });

  it('is given up at once where it is refused', async () => {
    bench.providers.person.withdraw.set(failure('ProviderRejected'));
    const handle = await withdrawing();
    await handle.cancel();
    await expectEnd(handle, 'unknown');
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });
});

describe('the certificate', () => {
  it('is issued whatever is cancelled meanwhile, with the same outcome', async () => {
    const held = bench.hold<undefined>();
    bench.certificateGate = held.answer;
    bench.providers.measureone.ask.set(unknown());
    const handle = await bench.startFor('measureone');
    await held.asked;
    await handle.cancel();
    held.release(undefined);
    expect(await handle.result()).toMatchObject({ outcome: 'completed', legs: [{ outcome: 'not-found' }] });
    expect((await handle.describe()).status.name).toBe('COMPLETED');
    await expectReplays(handle);
  });

  it('is tried until it is signed', async () => {
    let attempts = 0;
    bench.certificateGate = async () => {
      attempts += 1;
      if (attempts < 8) throw new Error('the key file is not mounted');
    };
    bench.providers.measureone.ask.set(unknown());
    const handle = await bench.startFor('measureone');
    await bench.forward(handle, DAY_MS);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(attempts).toBe(8);
  });
});
