/** The gate on fake time, with the brake's own state machine at its other end. */
import { createCallGate, type CallGate } from '../../../activities/providers/call-gate';
import { ProviderFailure } from '../../../activities/providers/provider';
import { grantLease, openBrake, type BrakeState } from '../../../domain/brake/brake-state';
import type { CallLimits, LeaseRequest } from '../../../domain/brake/lease';
import { TURN_MS_MAX } from '../../../domain/brake/shortage';
import { HOUR_MS, SECOND_MS } from '../../../domain/duration';

const WORKER = 'a1'.repeat(8);
let asked: LeaseRequest[];
let warned: string[];
let isTemporalAway: boolean;

beforeEach(() => {
  jest.useFakeTimers();
  asked = [];
  warned = [];
  isTemporalAway = false;
  state = openBrake;
});
afterEach(() => {
  jest.clearAllTimers();
  jest.useRealTimers();
});

let state: BrakeState;

function gateOf(limits: CallLimits, worker = WORKER): CallGate {
  return createCallGate({
    name: 'Aptrinsic',
    limits,
    worker,
    log: { warn: (_fields, message) => warned.push(message) },
    ask: async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (isTemporalAway) throw new Error('away');
      asked.push(request);
      const granted = grantLease(state, request, Date.now());
      ({ state } = granted);
      return granted.lease;
    },
  });
}

/** So many callers, each with its next call at once; resolves to when each call left. */
function backlog(gate: CallGate, callers: number): number[] {
  const left: number[] = [];
  const caller = async (): Promise<void> => {
    for (;;) {
      await gate.turn();
      left.push(performance.now());
    }
  };
  for (let number = 0; number < callers; number += 1) void caller().catch(() => undefined);
  return left;
}

function refusal(turn: Promise<void>): Promise<unknown> {
  return turn.then(
    () => 'went',
    (error: unknown) => error,
  );
}

const within = (times: readonly number[], from: number, ms: number) =>
  times.filter((time) => time >= from && time < from + ms).length;

describe('the gate', () => {
  it('lets the calls of a request that comes alone through, and asks for no lease', async () => {
    const gate = gateOf({ callsPerSecond: 200 });
    const startedAt = performance.now();
    const went: number[] = [];
    const calls = async (): Promise<void> => {
      for (let call = 1; call <= 4; call += 1) await gate.turn().then(() => went.push(performance.now() - startedAt));
    };
    void calls();
    await jest.advanceTimersByTimeAsync(100);
    expect(went).toEqual([0, 5, 10, 15].map((ms) => expect.closeTo(ms, -1)));
    expect(asked).toEqual([]);
  });

  it.each([5, 10, 50, 200].flatMap((limit) => [1, 2, 4, 20].map((workers) => [limit, workers] as const)))(
    'keeps to %s a second and one more call for each of %s workers, also when all of them begin at once',
    async (limit, workers) => {
      const left = Array.from({ length: workers }, (_, index) =>
        backlog(gateOf({ callsPerSecond: limit }, String(index).padStart(16, '0')), 10),
      );
      await jest.advanceTimersByTimeAsync(60 * SECOND_MS);
      const all = left.flat().toSorted((one, other) => one - other);
      const most = Math.max(...all.map((time, index) => within(all.slice(index), time, SECOND_MS)));
      expect(most).toBeLessThanOrEqual(Math.ceil(1.05 * limit) + workers);
      expect(all.length / 60).toBeGreaterThan(0.8 * limit);
    },
  );

  it('lets several that wait go without a lease where the brake does not answer', async () => {
    isTemporalAway = true;
    const left = backlog(gateOf({ callsPerSecond: 200 }), 3);
    await jest.advanceTimersByTimeAsync(0.9 * SECOND_MS);
    expect(left).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1.1 * SECOND_MS);
    expect(left).toHaveLength(4);
  });

  it('uses its lease to the full with a backlog, evenly', async () => {
    const left = backlog(gateOf({ callsPerSecond: 200 }), 20);
    await jest.advanceTimersByTimeAsync(31 * SECOND_MS);
    const [first = 0] = left;
    for (let second = 1; second < 30; second += 1) {
      const calls = within(left, first + second * SECOND_MS, SECOND_MS);
      expect(calls).toBeGreaterThanOrEqual(190);
      expect(calls).toBeLessThanOrEqual(200);
    }
    // Every three seconds, and nothing in between.
    expect(asked.length).toBeLessThanOrEqual(12);
  });

  it('makes no burst of what it did not use', async () => {
    const gate = gateOf({ callsPerSecond: 200 });
    for (let call = 0; call < 20; call += 1) void gate.turn();
    await jest.advanceTimersByTimeAsync(3 * SECOND_MS);
    const left = backlog(gate, 50);
    const at = performance.now();
    await jest.advanceTimersByTimeAsync(SECOND_MS);
    expect(within(left, at, SECOND_MS)).toBeGreaterThan(150);
    expect(within(left, at, SECOND_MS)).toBeLessThanOrEqual(206);
  });

  it('lets the lease run out while nothing is called', async () => {
    const gate = gateOf({ callsPerSecond: 200 });
    for (let call = 0; call < 20; call += 1) void gate.turn();
    await jest.advanceTimersByTimeAsync(5 * SECOND_MS);
    const before = asked.length;
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    expect(asked.length).toBeLessThanOrEqual(before + 1);
  });

  it('keeps every call waiting for as long as the provider asks, and tells the others', async () => {
    const gate = gateOf({ callsPerSecond: 200 });
    await gate.turn();
    gate.pause(20 * SECOND_MS);
    const startedAt = performance.now();
    const turn = gate.turn().then(() => performance.now() - startedAt);
    await jest.advanceTimersByTimeAsync(21 * SECOND_MS);
    expect(await turn).toBeGreaterThanOrEqual(20 * SECOND_MS);
    expect(asked[0]).toMatchObject({ pausedForMs: 20 * SECOND_MS });
    expect(warned).toEqual([expect.stringContaining('asked to be left alone')]);
  });

  it('refuses at once what would wait for too long, as a call that never left', async () => {
    const gate = gateOf({ callsPerSecond: 200 });
    gate.pause(2 * HOUR_MS);
    const refused = await refusal(gate.turn());
    expect(refused).toBeInstanceOf(ProviderFailure);
    expect(refused).toMatchObject({
      neverLeft: true,
      message: expect.stringMatching(/^Aptrinsic was not called: it asks to be left alone, for /),
      type: 'ProviderBraked',
      brake: { reason: 'paused', since: Date.now(), until: Date.now() + 2 * HOUR_MS },
    });
    expect((refused as ProviderFailure).retryAfterMs).toBeGreaterThanOrEqual(2 * HOUR_MS);
  });

  it('refuses when the calls of 24 hours are spent, and says so once', async () => {
    const gate = gateOf({ callsPerSecond: 100, callsPerDay: 100 });
    const results: unknown[] = [];
    for (let call = 0; call < 120; call += 1) void refusal(gate.turn()).then((result) => results.push(result));
    await jest.advanceTimersByTimeAsync(TURN_MS_MAX + SECOND_MS);
    expect(results.filter((result) => result === 'went')).toHaveLength(98);
    expect(results.filter((result) => result instanceof ProviderFailure)).toHaveLength(22);
    expect(results.at(-1)).toMatchObject({
      type: 'ProviderBraked',
      message: expect.stringContaining('calls for 24 hours is spent'),
      brake: { reason: 'allowance-spent' },
    });
    const { brake } = results.at(-1) as ProviderFailure;
    expect((brake?.until ?? 0) - (brake?.since ?? 0)).toBeGreaterThan(23 * HOUR_MS);
    expect(warned).toEqual([expect.stringContaining('is spent')]);
  });

  it('lets nobody wait longer than an attempt can bear', async () => {
    isTemporalAway = true;
    const gate = gateOf({ callsPerSecond: 1 });
    const turns = Array.from({ length: 6 }, () => refusal(gate.turn()));
    await jest.advanceTimersByTimeAsync(TURN_MS_MAX + SECOND_MS);
    const results = await Promise.all(turns);
    expect(results.slice(0, 4)).toEqual(['went', 'went', 'went', 'went']);
    expect(results[5]).toMatchObject({
      type: 'ProviderUnavailable',
      neverLeft: true,
      message: expect.stringContaining('wait for their turn'),
    });
  });

  it('goes on with what its lease allows while Temporal is away, and with little after that', async () => {
    const left = backlog(gateOf({ callsPerSecond: 200 }), 20);
    await jest.advanceTimersByTimeAsync(2 * SECOND_MS);
    isTemporalAway = true;
    const at = performance.now();
    await jest.advanceTimersByTimeAsync(20 * SECOND_MS);
    expect(within(left, at, 5 * SECOND_MS)).toBeGreaterThan(950);
    expect(within(left, at + 11 * SECOND_MS, 9 * SECOND_MS)).toBeLessThanOrEqual(6);
    isTemporalAway = false;
    await jest.advanceTimersByTimeAsync(5 * SECOND_MS);
    expect(within(left, at + 22 * SECOND_MS, 2 * SECOND_MS)).toBeGreaterThan(380);
  });

  it('goes on with a part of its own where the brake itself does not answer, tells of it once, and stops doing so', async () => {
    isTemporalAway = true;
    const gate = gateOf({ callsPerSecond: 200 });
    const left: number[] = [];
    const caller = async (): Promise<void> => {
      // As Temporal does: whoever was refused a turn comes back.
      for (;;)
        await gate
          .turn()
          .then(() => left.push(performance.now()))
          .catch(() => new Promise((resolve) => setTimeout(resolve, SECOND_MS)));
    };
    for (let number = 0; number < 20; number += 1) void caller();
    const at = performance.now();
    await jest.advanceTimersByTimeAsync(180 * SECOND_MS);
    expect(within(left, at + SECOND_MS, 55 * SECOND_MS)).toBeLessThanOrEqual(15);
    // A twentieth of 200 a second.
    expect(within(left, at + 100 * SECOND_MS, 60 * SECOND_MS)).toBeGreaterThan(540);
    // And the second that is caught up.
    expect(within(left, at + 100 * SECOND_MS, 60 * SECOND_MS)).toBeLessThanOrEqual(610);
    expect(warned.filter((message) => message.includes('has not answered'))).toHaveLength(1);
    isTemporalAway = false;
    await jest.advanceTimersByTimeAsync(5 * SECOND_MS);
    expect(within(left, performance.now() - 2 * SECOND_MS, 2 * SECOND_MS)).toBeGreaterThan(350);
  });

  it('keeps to the day as well while the brake does not answer', async () => {
    isTemporalAway = true;
    const gate = gateOf({ callsPerSecond: 200, callsPerDay: 86_400 * 20 });
    let left = 0;
    const caller = async (): Promise<void> => {
      for (;;)
        await gate
          .turn()
          .then(() => (left += 1))
          .catch(() => new Promise((resolve) => setTimeout(resolve, SECOND_MS)));
    };
    for (let number = 0; number < 5; number += 1) void caller();
    await jest.advanceTimersByTimeAsync(100 * SECOND_MS);
    const before = left;
    await jest.advanceTimersByTimeAsync(60 * SECOND_MS);
    // A twentieth of 20 a second.
    expect(left - before).toBeGreaterThan(50);
    expect(left - before).toBeLessThanOrEqual(61);
  });

  it('has its share again as soon as the brake answers, however slowly it went on meanwhile', async () => {
    isTemporalAway = true;
    // A twentieth of 1000 a day: at that pace, the call after the next would leave half an hour later.
    const gate = gateOf({ callsPerSecond: 10, callsPerDay: 1_000 });
    for (let call = 0; call < 3; call += 1) void refusal(gate.turn());
    await jest.advanceTimersByTimeAsync(90 * SECOND_MS);
    isTemporalAway = false;
    const left = backlog(gate, 3);
    await jest.advanceTimersByTimeAsync(30 * SECOND_MS);
    expect(left.length).toBeGreaterThan(200);
  });

  it('leaves no worker without its share, however many come one after the other', async () => {
    const limits = { callsPerSecond: 10 };
    const workers: number[][] = [];
    for (let number = 1; number <= 20; number += 1) {
      workers.push(backlog(gateOf(limits, number.toString(16).padStart(16, '0')), 2));
      await jest.advanceTimersByTimeAsync(20 * SECOND_MS);
    }
    await jest.advanceTimersByTimeAsync(60 * SECOND_MS);
    const calls = workers.map((left) => within(left, performance.now() - 60 * SECOND_MS, 60 * SECOND_MS));
    expect(Math.min(...calls)).toBeGreaterThan(25);
    expect(calls.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(600);
  });

  it('makes the one call of a day, where one is all that is allowed', async () => {
    const gate = gateOf({ callsPerSecond: 10, callsPerDay: 1 });
    const [first, second] = [refusal(gate.turn()), refusal(gate.turn())];
    await jest.advanceTimersByTimeAsync(TURN_MS_MAX + SECOND_MS);
    expect(await first).toBe('went');
    expect(await second).toMatchObject({ brake: { reason: 'allowance-spent' } });
  });

  it('stops waiting when the activity is cancelled', async () => {
    const gate = gateOf({ callsPerSecond: 1 });
    gate.pause(20 * SECOND_MS);
    const activity = new AbortController();
    const turn = refusal(gate.turn(activity.signal));
    const reason = new Error('cancelled');
    activity.abort(reason);
    expect(await turn).toBe(reason);
    expect(await refusal(gate.turn(activity.signal))).toBe(reason);
  });

  it('gives back what it has when its worker ends', async () => {
    const gate = gateOf({ callsPerSecond: 200 });
    for (let call = 0; call < 20; call += 1) void gate.turn();
    await jest.advanceTimersByTimeAsync(SECOND_MS);
    const leaving = gate.leave();
    await jest.advanceTimersByTimeAsync(SECOND_MS);
    await leaving;
    expect(asked.at(-1)).toMatchObject({ leaving: true, calls: 20 });
  });
});
