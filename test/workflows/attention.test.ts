import { ApplicationFailure, type WorkflowHandle } from '@temporalio/client';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import type { AttentionReason, FailureType } from '../../domain/leg/failure';
import type { DecisionContent } from '../../domain/decision/decision';
import type { ProviderDecisionKind } from '../../domain/decision/decision-table';
import type { Observation, Receipt } from '../../domain/leg/receipt';
import { decisionUpdates } from '../../workflows/messages';
import { eventsOf } from '../../bench/frame/history-cost';
import {
  absent,
  accepted,
  expectReplays,
  failure,
  OVER_MS,
  inconclusive,
  newerRecord,
  pending,
  presentAgain,
  takenOffQueue,
  unclearRecord,
  WorkflowBench,
} from '../support/workflow-bench';

const decision: DecisionContent<ProviderDecisionKind> = {
  provider: 'person',
  actor: 'staff-7',
  reason: { code: 'checked-with-provider', ticket: 'PRIV-1' },
};
const ways = { retry: decisionUpdates.retry, waive: decisionUpdates.waive, attest: decisionUpdates.attest } as const;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

/** A request whose asking has failed for good; the daily try, where there is one, waits for its second attempt. */
async function inAttention(type: FailureType): Promise<Awaited<ReturnType<WorkflowBench['startFor']>>> {
  bench.providers.person.ask.set(failure(type, { nonRetryable: true }), failure(type));
  const handle = await bench.startFor('person');
  await bench.settle(handle);
  expect(await bench.leg(handle)).toMatchObject({ state: 'attention', attention: { reason: type } });
  return handle;
}

async function eventCount(handle: WorkflowHandle): Promise<number> {
  return eventsOf(await handle.fetchHistory());
}

describe('a failure that no retry mends', () => {
  it.each<[FailureType, number]>([
    ['IdentifierUnusable', 1],
    ['IdentifierInvalid', 1],
    ['ProviderRejected', 1],
    ['ProviderContractBroken', 1],
    // The second is the first of the daily tries.
    ['ProviderUnauthorized', 2],
  ])('%s of the asking calls for attention at once', async (type, attempts) => {
    bench.providers.person.ask.set(failure(type));
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const triesDaily = type === 'ProviderUnauthorized';
    const leg = await bench.leg(handle);
    expect(leg).toMatchObject({ state: 'attention', attention: { reason: type, triesDaily }, rounds: 1 });
    expect(bench.providers.person.ask.calls).toHaveLength(attempts);

    await bench.forward(handle, 10 * DAY_MS + HOUR_MS);
    expect((await bench.leg(handle)).attention).toEqual(leg.attention);
    expect(bench.providers.person.ask.calls).toHaveLength(triesDaily ? attempts + 10 : attempts);
  });

  it.each<[FailureType, number]>([
    ['ProviderRejected', 1],
    ['ProviderContractBroken', 1],
    ['ProviderUnauthorized', 2],
  ])('%s of the look calls for attention at once', async (type, attempts) => {
    bench.providers.person.look.set(failure(type));
    const handle = await bench.startFor('person');
    await bench.forward(handle, OVER_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'attention', attention: { reason: type } });
    expect(bench.providers.person.look.calls).toHaveLength(attempts);
    expect(bench.providers.person.ask.calls).toHaveLength(1);
  });
});

describe('a failure that may mend', () => {
  it.each<FailureType>(['ProviderUnavailable', 'KeyUnavailable'])(
    '%s is retried for three days before it calls for attention',
    async (type) => {
      bench.providers.person.ask.set(failure(type));
      const handle = await bench.startFor('person');
      // The last back-off, of 6 h, would reach beyond the three days.
      await bench.forward(handle, 3 * DAY_MS - 6 * HOUR_MS - MINUTE_MS);
      expect(await bench.leg(handle)).toMatchObject({ state: 'asking' });
      await bench.forward(handle, 6 * HOUR_MS + 2 * MINUTE_MS);
      const { attention, requestedAt } = await bench.leg(handle);
      expect(attention).toMatchObject({ reason: type, triesDaily: true });
      const afterMs = Date.parse(attention?.since ?? '') - Date.parse(requestedAt ?? '');
      expect(afterMs).toBeGreaterThan(3 * DAY_MS - 6 * HOUR_MS - MINUTE_MS);
      expect(afterMs).toBeLessThan(3 * DAY_MS + MINUTE_MS);
      const { calls } = bench.providers.person.ask;
      // Those of the first minutes, those of the three days, and the first of the daily tries.
      expect(calls.filter(({ attempt }) => attempt === 1)).toHaveLength(3);
      expect(calls.length).toBeGreaterThan(15);
      expect(calls.length).toBeLessThan(30);
    },
  );

  it('is forgotten when a retry within the budget succeeds', async () => {
    bench.providers.person.ask.set(failure('ProviderUnavailable'), failure('ProviderUnavailable'), accepted());
    const handle = await bench.startFor('person');
    await bench.forward(handle, HOUR_MS);
    const leg = await bench.leg(handle);
    expect(leg).toMatchObject({ state: 'waiting-out-window', rounds: 1 });
    expect(leg.attention).toBeUndefined();
  });

  it('TokenRefused is retried for ten minutes only: it passes soon, or needs a person', async () => {
    bench.providers.person.ask.set(failure('TokenRefused'));
    const handle = await bench.startFor('person');
    await bench.forward(handle, 20 * MINUTE_MS);
    const { attention, requestedAt } = await bench.leg(handle);
    expect(attention).toMatchObject({ reason: 'TokenRefused', triesDaily: true });
    const afterMs = Date.parse(attention?.since ?? '') - Date.parse(requestedAt ?? '');
    expect(afterMs).toBeGreaterThan(10 * MINUTE_MS);
    expect(afterMs).toBeLessThan(12 * MINUTE_MS);
    // 7 within these minutes, and the first of the daily tries.
    expect(bench.providers.person.ask.calls).toHaveLength(8);
  });

  it('StillPending is looked at every six hours, and calls for attention after its budgets', async () => {
    bench.providers.person.look.set(failure('StillPending', { nextRetryDelayMs: 6 * HOUR_MS }));
    const handle = await bench.startFor('person');
    await bench.forward(handle, OVER_MS + 16 * DAY_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'looking' });
    expect(bench.providers.person.look.calls).toHaveLength(1 + 16 * 4);
    await bench.forward(handle, DAY_MS + HOUR_MS);
    expect(await bench.leg(handle)).toMatchObject({
      state: 'attention',
      attention: { reason: 'StillPending', triesDaily: true },
    });
  });

  it('of an unexpected type is taken for an outage: a mended worker goes on by itself', async () => {
    const unexpected = ApplicationFailure.nonRetryable('Activity function is not registered', 'NotFoundError');
    bench.providers.person.ask.set(unexpected, new TypeError('a bug of ours'), accepted());
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({
      attention: { reason: 'ProviderUnavailable', triesDaily: true },
    });
    await bench.forward(handle, DAY_MS + MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    expect(bench.providers.person.ask.calls.map(({ askedBefore }) => askedBefore)).toEqual([false, true, true]);
  });
});

describe('the daily try', () => {
  it('tries once a day, adds nothing to the history meanwhile, and mends by itself', async () => {
    const handle = await inAttention('ProviderUnavailable');
    const { ask } = bench.providers.person;
    const before = { events: await eventCount(handle), calls: ask.calls.length, leg: await bench.leg(handle) };
    await bench.forward(handle, 30 * DAY_MS + HOUR_MS);
    expect(ask.calls.length - before.calls).toBe(30);
    expect(await eventCount(handle)).toBe(before.events);
    expect(await bench.leg(handle)).toEqual(before.leg);

    ask.set(accepted());
    await bench.forward(handle, DAY_MS);
    const leg = await bench.leg(handle);
    expect(leg).toMatchObject({ state: 'waiting-out-window', rounds: 1 });
    expect(leg.attention).toBeUndefined();
    await bench.forward(handle, OVER_MS);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    await expectReplays(handle);
  });

  it('looks once a day where looking is what failed', async () => {
    const { look } = bench.providers.person;
    look.set(failure('ProviderUnavailable', { nonRetryable: true }), failure('ProviderUnavailable'));
    const handle = await bench.startFor('person');
    await bench.forward(handle, OVER_MS);
    const before = look.calls.length;
    await bench.forward(handle, 5 * DAY_MS);
    expect(look.calls.length - before).toBe(5);
    look.set(absent);
    await bench.forward(handle, DAY_MS);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'erased', assurance: 'verified' }] });
    expect(bench.providers.person.ask.calls).toHaveLength(1);
  });

  it('begins a new attention when another failure takes the place of the first', async () => {
    const handle = await inAttention('ProviderUnavailable');
    const before = await bench.leg(handle);
    bench.providers.person.ask.set(failure('ProviderRejected'));
    await bench.forward(handle, DAY_MS + MINUTE_MS);
    const { attention } = await bench.leg(handle);
    expect(attention).toMatchObject({ reason: 'ProviderRejected', triesDaily: false });
    expect(Date.parse(attention?.since ?? '')).toBeGreaterThan(Date.parse(before.attention?.since ?? '') + DAY_MS / 2);
  });
});

describe('the ways out of attention while the daily try waits', () => {
  it('retry tries at once', async () => {
    const handle = await inAttention('ProviderUnauthorized');
    bench.providers.person.ask.set(accepted());
    expect(await handle.executeUpdate(decisionUpdates.retry, { args: [decision] })).toMatchObject({ state: 'asking' });
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    expect(bench.providers.person.ask.calls).toHaveLength(3);
    await expectReplays(handle);
  });

  it('retry that fails again leads back to attention', async () => {
    const handle = await inAttention('ProviderUnauthorized');
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ attention: { reason: 'ProviderUnauthorized' } });
    expect(bench.providers.person.ask.calls).toHaveLength(4);
  });

  it.each([
    ['waive', 'waived'],
    ['attest', 'attested'],
  ] as const)('%s settles at once', async (kind, outcome) => {
    const handle = await inAttention('ProviderUnavailable');
    expect(await handle.executeUpdate(ways[kind], { args: [decision] })).toMatchObject({ state: 'settled', outcome });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'completed-with-exceptions', legs: [{ outcome }] });
    expect(bench.statementOf(handle).legs[0]?.decisions).toEqual([{ ...decision, kind, at: expect.any(Number) }]);
    expect(bench.providers.person.ask.calls).toHaveLength(2);
    await expectReplays(handle);
  });

  it('cancellation ends the run', async () => {
    const handle = await inAttention('ProviderUnavailable');
    await handle.cancel();
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'withdrawn', legs: [{ outcome: 'withdrawn' }] });
    expect(bench.statementOf(handle).legs[0]?.endedInAttention).toBe('ProviderUnavailable');
    await expectReplays(handle);
  });
});

describe('the ways out of attention while the daily try is in flight', () => {
  async function inFlight() {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(failure('ProviderUnauthorized'), held.answer);
    const handle = await bench.startFor('person');
    await held.asked;
    expect(await bench.leg(handle)).toMatchObject({ state: 'attention' });
    return { handle, held };
  }

  it('retry waits for the answer, which mends the leg without another call', async () => {
    const { handle, held } = await inFlight();
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    held.release(accepted());
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window', rounds: 1 });
    expect(bench.providers.person.ask.calls).toHaveLength(2);
    await expectReplays(handle);
  });

  it.each([
    ['waive', 'waived'],
    ['attest', 'attested'],
  ] as const)('%s stands, and the answer that comes after it is kept', async (kind, outcome) => {
    const { handle, held } = await inFlight();
    await handle.executeUpdate(ways[kind], { args: [decision] });
    expect(await bench.leg(handle)).toMatchObject({ state: 'settled', outcome });
    held.release(accepted());
    expect(await handle.result()).toMatchObject({ legs: [{ outcome, answeredAt: expect.any(String) }] });
    expect(bench.statementOf(handle).legs[0]?.rounds[0]?.receipt?.status).toBe('accepted');
  });

  it('cancellation waits for the answer and withdraws what the provider took on', async () => {
    const { handle, held } = await inFlight();
    await handle.cancel();
    held.release(accepted({ withdrawable: true }));
    expect(await handle.result()).toMatchObject({ outcome: 'withdrawn', legs: [{ outcome: 'withdrawn' }] });
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });

  it('a look in flight is left behind by a decision', async () => {
    const held = bench.hold<Observation>();
    bench.providers.person.look.set(failure('ProviderUnauthorized'), held.answer);
    const handle = await bench.startFor('person');
    const forwarded = bench.forward(handle, OVER_MS);
    await held.asked;
    await handle.executeUpdate(decisionUpdates.waive, { args: [decision] });
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'waived' }] });
    held.release(absent);
    await forwarded;
  });
});

describe('one provider in attention', () => {
  it('holds up nobody else', async () => {
    bench.providers.person.ask.set(failure('ProviderRejected'));
    const handle = await bench.start();
    await bench.forward(handle, OVER_MS);
    expect(await bench.leg(handle, 'measureone')).toMatchObject({ state: 'settled', outcome: 'erased' });
    expect(await bench.leg(handle, 'person')).toMatchObject({ state: 'attention' });
    expect(await bench.leg(handle, 'aptrinsic')).toMatchObject({ state: 'settled', outcome: 'erased' });
    bench.providers.person.ask.set(accepted());
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    await bench.forward(handle, OVER_MS);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });
});

describe('what a look finds', () => {
  it.each<[AttentionReason, string, Observation]>([
    ['NewerRecord', 'a newer record', newerRecord],
    ['TakenOffQueue', 'the purge taken off the queue', takenOffQueue],
    ['Inconclusive', 'nothing that could be told', inconclusive],
    ['Inconclusive', 'a record that may be the same', unclearRecord],
  ])('%s: %s waits for a staff member', async (reason, _name, observation) => {
    const { look, ask } = bench.providers.person;
    look.set(observation);
    const handle = await bench.startFor('person');
    await bench.forward(handle, OVER_MS + 30 * DAY_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'attention', attention: { reason, triesDaily: false } });
    expect([ask.calls.length, look.calls.length]).toEqual([1, 1]);

    look.set(absent);
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'erased', assurance: 'verified' }] });
    expect([ask.calls.length, look.calls.length]).toEqual([1, 2]);
  });

  it('Reappeared: after three rounds, then a retry looks first and asks a fourth time', async () => {
    const { look, ask } = bench.providers.person;
    look.set(presentAgain);
    const handle = await bench.startFor('person');
    await bench.forward(handle, 2 * OVER_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window', rounds: 3 });
    await bench.forward(handle, OVER_MS);
    expect(await bench.leg(handle)).toMatchObject({ attention: { reason: 'Reappeared' }, rounds: 3 });
    expect(ask.calls.map(({ round }) => round)).toEqual([1, 2, 3]);

    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    await bench.settle(handle);
    expect(look.calls).toHaveLength(4);
    expect(ask.calls.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
    look.set(absent);
    await bench.forward(handle, OVER_MS);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'erased', assurance: 'verified', rounds: 4 }] });
    await expectReplays(handle);
  });

  it('TakenOffQueue: a retry looks, and asks again when it is still there', async () => {
    const { look, ask } = bench.providers.person;
    look.set(takenOffQueue, takenOffQueue, absent);
    const handle = await bench.startFor('person');
    await bench.forward(handle, OVER_MS);
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window', rounds: 2 });
    await bench.forward(handle, OVER_MS);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'erased', assurance: 'verified' }] });
    expect([ask.calls.length, look.calls.length]).toEqual([2, 3]);
  });

  it('Postponed: after twenty times, then a retry goes on waiting', async () => {
    const { look } = bench.providers.person;
    let due = Date.now() + 3 * DAY_MS;
    bench.providers.person.ask.set(accepted({ window: { endsAt: due } }));
    look.set(() => pending((due += 2 * DAY_MS)));
    const handle = await bench.startFor('person');
    await bench.forward(handle, 44 * DAY_MS);
    expect(await bench.leg(handle)).toMatchObject({ attention: { reason: 'Postponed', triesDaily: false } });
    expect(look.calls).toHaveLength(21);
    look.set(absent);
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    expect(look.calls).toHaveLength(21);
    await bench.forward(handle, 3 * DAY_MS);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'erased', assurance: 'verified' }] });
  });
});
