import fc from 'fast-check';
import { CallAllowance } from '../../../activities/providers/call-allowance';
import { brakeView, grantLease, openBrake, type BrakeState } from '../../../domain/brake/brake-state';
import {
  LEASED_PART,
  unleasedAllowance,
  type CallLimits,
  type Lease,
  type LeaseRequest,
} from '../../../domain/brake/lease';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../domain/duration';

const START = Date.UTC(2026, 10, 26);
const request = (worker: string, number: number, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  worker,
  number,
  limits: { callsPerSecond: 100 },
  calls: 0,
  reported: 0,
  ...more,
});

/** A brake, and what it answers; time in ms since its start. */
class Brake {
  state: BrakeState = openBrake;
  lease(asked: LeaseRequest, at: number): Lease {
    const { state, lease } = grantLease(this.state, asked, START + at);
    this.state = state;
    return lease;
  }
}

describe('shares', () => {
  it('gives the first worker all of what leases hand out', () => {
    expect(new Brake().lease(request('a', 1), 0)).toMatchObject({ number: 1, callsPerSecond: 98, renewInMs: 3_000 });
  });

  it('gives a second one its share once the first goes by less', () => {
    const brake = new Brake();
    brake.lease(request('a', 1), 0);
    expect(brake.lease(request('b', 1), 10).callsPerSecond).toBe(0);
    expect(brake.lease(request('a', 2, { holds: 1 }), 20)).toMatchObject({ callsPerSecond: 49, renewInMs: 100 });
    // Whether the first has heard of it is open still.
    expect(brake.lease(request('b', 2, { holds: 1 }), 30).callsPerSecond).toBe(0);
    brake.lease(request('a', 3, { holds: 2 }), 40);
    expect(brake.lease(request('b', 3, { holds: 2 }), 50)).toMatchObject({ callsPerSecond: 49, renewInMs: 3_000 });
  });

  it('gives nothing rather than the next to nothing that fractions leave over', () => {
    const limits = { callsPerSecond: 10 };
    const brake = new Brake();
    const numbers = Array.from({ length: 20 }, () => 0);
    const ask = (worker: number, at: number): number => {
      const before = numbers[worker] ?? 0;
      numbers[worker] = before + 1;
      const holds = before === 0 ? {} : { holds: before };
      return brake.lease(request(`worker-${worker}`, before + 1, { limits, ...holds }), at).callsPerSecond;
    };
    const given = numbers.flatMap((_, joined) =>
      // Each comes while those before it have settled, and then all ask again and again.
      [1, 2, 3].flatMap((round) =>
        numbers.slice(0, joined + 1).map((_one, index) => ask(joined - index, (3 * joined + round) * SECOND_MS)),
      ),
    );
    expect(given.filter((share) => share > 0 && share < 0.001)).toEqual([]);
    expect(given).toContain(0);
  });

  it('gives the share of a killed worker back once its lease has run out', () => {
    const brake = new Brake();
    brake.lease(request('a', 1), 0);
    expect(brake.lease(request('b', 1), 10_100).callsPerSecond).toBe(0);
    expect(brake.lease(request('b', 2, { holds: 1 }), 10_201).callsPerSecond).toBe(98);
  });

  it('gives the share of a killed worker at once to the next of its name, and to nobody else', () => {
    const brake = new Brake();
    brake.lease(request('a', 1, { name: 'one' }), 0);
    expect(brake.lease(request('b', 1, { name: 'two' }), 100).callsPerSecond).toBe(0);
    expect(brake.lease(request('c', 1), 100).callsPerSecond).toBe(0);
    // Half of it is kept for those who asked before.
    expect(brake.lease(request('d', 1, { name: 'one' }), 200).callsPerSecond).toBeCloseTo(98 / 3);
    const alone = new Brake();
    alone.lease(request('a', 1, { name: 'one' }), 0);
    expect(alone.lease(request('b', 1, { name: 'one' }), 200).callsPerSecond).toBe(98);
  });

  it('says where two workers that live have one name, and then shares between them', () => {
    const brake = new Brake();
    const ask = (worker: string, number: number, at: number, more = {}) =>
      grantLease(brake.state, request(worker, number, { name: 'one', ...more }), START + at);
    const asked = [ask('a', 1, 0)];
    const next = (...parts: Parameters<typeof ask>): void => {
      brake.state = asked.at(-1)!.state;
      asked.push(ask(...parts));
    };
    next('b', 1, 100);
    next('a', 2, 3_000, { holds: 1 });
    next('b', 2, 3_100, { holds: 1 });
    next('b', 3, 3_200, { holds: 2 });
    next('a', 3, 4_000, { holds: 2 });
    expect(asked.map(({ isNameShared }) => isNameShared)).toEqual([false, false, true, false, false, false]);
    expect(asked.map(({ lease }) => lease.callsPerSecond)).toEqual([98, 98, 0, 49, 49, 49]);
    next('c', 1, 5_000);
    next('b', 4, 6_000, { holds: 3, leaving: true });
    expect(asked.slice(6).map(({ isNameShared }) => isNameShared)).toEqual([false, false]);
  });

  it('keeps counting what a killed worker was granted of the day where another takes its name', () => {
    const brake = new Brake();
    const limits = { callsPerSecond: 100, callsPerDay: 1_000 };
    brake.lease(request('a', 1, { limits, name: 'one' }), 0);
    brake.lease(request('b', 1, { limits, name: 'one' }), 100);
    expect(brakeView(brake.state).callsIn24Hours).toBe(490 + 245);
  });

  it('gives back at once what a worker leaves that ends', () => {
    const brake = new Brake();
    brake.lease(request('a', 1), 0);
    brake.lease(request('a', 2, { holds: 1, leaving: true }), 100);
    expect(brake.lease(request('b', 1), 101).callsPerSecond).toBe(98);
  });

  it('goes by the lowest limits of the workers that have a lease', () => {
    const brake = new Brake();
    brake.lease(request('a', 1, { limits: { callsPerSecond: 10, callsPerDay: 1_000 } }), 0);
    brake.lease(request('b', 1), 1);
    expect(brakeView(brake.state)).toMatchObject({ callsPerSecond: 10, callsPerDay: 1_000, workers: 2 });
  });

  it('answers a request that comes late as it answered the one after it', () => {
    const brake = new Brake();
    const answer = brake.lease(request('a', 2), 0);
    const before = brake.state;
    expect(brake.lease(request('a', 1), 5)).toEqual(answer);
    expect(brake.state).toBe(before);
  });

  it('hands on for how long the provider is to be left alone', () => {
    const brake = new Brake();
    brake.lease(request('a', 1, { pausedForMs: 30_000 }), 0);
    expect(brake.lease(request('b', 1), 10_000)).toMatchObject({ pausedForMs: 20_000 });
    expect(brake.lease(request('b', 2), 30_000)).not.toHaveProperty('pausedForMs');
  });
});

describe('the allowance of 24 hours', () => {
  const limits: CallLimits = { callsPerSecond: 100, callsPerDay: 1_000 };

  it('is handed out to the last call, and is back a day later', () => {
    const brake = new Brake();
    let calls = 0;
    let number = 0;
    let lease = brake.lease(request('a', ++number, { limits }), 0);
    while (lease.spentForMs === undefined) {
      expect(lease.callsUpTo).toBeGreaterThan(calls);
      const reported = calls;
      calls = lease.callsUpTo as number;
      lease = brake.lease(request('a', ++number, { limits, calls, reported, holds: number - 1 }), number * 10);
    }
    expect(calls).toBe(1_000 * LEASED_PART);
    expect(lease.spentForMs).toBeGreaterThan(DAY_MS);
    expect(lease.spentForMs).toBeLessThan(DAY_MS + 20 * MINUTE_MS);
    expect(brakeView(brake.state).spentUntil).toBe(START + DAY_MS + 16 * MINUTE_MS);
    const tomorrow = brake.lease(request('b', 1, { limits }), DAY_MS + 16 * MINUTE_MS + 1);
    expect(tomorrow).not.toHaveProperty('spentForMs');
    expect(tomorrow.callsUpTo).toBeGreaterThan(0);
  });

  it('loses what a killed worker had left, and nothing of one that was idle or that left', () => {
    const brake = new Brake();
    brake.lease(request('a', 1, { limits }), 0);
    const granted = brakeView(brake.state).callsIn24Hours;
    expect(granted).toBe(490);
    brake.lease(request('a', 2, { limits, calls: 7, reported: 0 }), HOUR_MS);
    brake.lease(request('a', 3, { limits, calls: 8, reported: 7, leaving: true }), HOUR_MS + 1);
    expect(brakeView(brake.state).callsIn24Hours).toBe(8);
  });

  it('counts what was called without a lease', () => {
    const brake = new Brake();
    brake.lease(request('a', 1, { limits, calls: 300, reported: 100, leaving: true }), 0);
    expect(brakeView(brake.state).callsIn24Hours).toBe(200);
  });
});

describe('calls without a lease', () => {
  it('keep to what leases do not hand out, by 20 workers together', () => {
    expect(unleasedAllowance({ callsPerSecond: 200 })).toEqual({ callsPerSecond: expect.closeTo(0.2), atOnce: 4 });
    const { callsPerSecond } = unleasedAllowance({ callsPerSecond: 200, callsPerDay: 1_000_000 });
    expect((20 * callsPerSecond * DAY_MS) / SECOND_MS).toBeCloseTo(20_000);
    expect(unleasedAllowance({ callsPerSecond: 200, callsPerDay: 100 }).atOnce).toBe(0);
  });
});

/** Workers as they are, on one clock of their own, and a network that is late, repeats nothing and loses what it likes. */
class World {
  readonly brake = new Brake();
  readonly limits: CallLimits;
  /** The brake's clock goes at this pace, and began elsewhere. */
  readonly #pace: number;
  now = 0;
  mostWithinADay = 0;
  readonly #made: number[] = [];
  #workers: { allowance: CallAllowance; name: string | undefined; sent: Message[] }[] = [];
  #names = 0;

  constructor(limits: CallLimits, pace: number) {
    this.limits = limits;
    this.#pace = pace;
  }

  join(name?: string): void {
    const sent: Message[] = [];
    const ask = (asked: LeaseRequest) =>
      new Promise<Lease>((answer, lose) => sent.push({ asked, answer, lose: () => lose(new Error('lost')) }));
    this.#names += 1;
    const worker = this.#names.toString(16).padStart(8, '0');
    const parts = { limits: this.limits, worker, workerName: name, ask };
    this.#workers.push({ allowance: new CallAllowance(parts, this.now), name, sent });
  }

  /** Another process under the name that this one has to itself. */
  restart(which: number): void {
    const [killed] = this.#workers.splice(which % Math.max(this.#workers.length, 1), 1);
    if (killed !== undefined) this.join(killed.name);
  }

  kill(which: number): void {
    if (this.#workers.length > 0) this.#workers.splice(which % this.#workers.length, 1);
  }

  async ask(which: number): Promise<void> {
    const one = this.#pick(which);
    if (one === undefined) return;
    const at = one.allowance.askAt(this.now, 1);
    if (at !== undefined && at <= this.now) void one.allowance.ask(() => this.now);
  }

  /** The brake hears of it; the answer is on its way. */
  arrive(which: number): void {
    const message = this.#pick(which)?.sent.find(({ lease }) => lease === undefined);
    if (message) message.lease = this.brake.lease(message.asked, this.now * this.#pace);
  }

  async answer(which: number, isLost: boolean): Promise<void> {
    const one = this.#pick(which);
    const message = one?.sent.at(-1);
    if (one === undefined || message === undefined) return;
    if (isLost) message.lose();
    else if (message.lease) message.answer(message.lease);
    await new Promise(setImmediate);
  }

  /** Not by one that the brake has not answered for a minute: what that does is tested with the gate. */
  call(which: number, times: number): void {
    const one = this.#pick(which);
    if (one?.allowance.isUnanswered(this.now) === true) return;
    for (let left = times; left > 0 && one && 'callsPerSecond' in one.allowance.permit(this.now, 1); left -= 1) {
      one.allowance.call(this.now);
      this.#made.push(this.now);
    }
  }

  leasedPerSecond(): number {
    return this.#workers
      .filter(({ allowance }) => !allowance.isUnanswered(this.now))
      .map(({ allowance }) => allowance.permit(this.now, 1))
      .reduce((sum, permit) => sum + ('callsPerSecond' in permit ? permit.callsPerSecond : 0), 0);
  }

  madeWithinADay(): number {
    const made = this.#made.filter((at) => at > this.now - DAY_MS).length;
    this.mostWithinADay = Math.max(this.mostWithinADay, made);
    return made;
  }

  #pick(which: number) {
    return this.#workers[which % Math.max(this.#workers.length, 1)];
  }
}

interface Message {
  readonly asked: LeaseRequest;
  readonly answer: (lease: Lease) => void;
  readonly lose: () => void;
  lease?: Lease;
}

describe('whatever is lost, late or killed', () => {
  const which = fc.nat({ max: 3 });
  const step = fc.oneof(
    { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const), isNamed: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), which }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), which }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('exchange' as const), which }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), which }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('arrive' as const), which }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), which, isLost: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('call' as const), which, times: fc.nat({ max: 300 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 4_000 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 9 * HOUR_MS }) }) },
  );
  /** So small a daily allowance that nothing is called without a lease. */
  const limits: CallLimits = { callsPerSecond: 100, callsPerDay: 300 };

  it('neither the rate nor the allowance is ever exceeded', async () => {
    let leases = 0;
    let spent = 0;
    let named = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 40, maxLength: 200 }),
        fc.double({ min: 0.99, max: 1.01, noNaN: true }),
        async (steps, pace) => {
          const world = new World(limits, pace);
          for (const one of steps) {
            if (one.do === 'join') world.join(one.isNamed ? `worker-${(named += 1)}` : undefined);
            if (one.do === 'restart') world.restart(one.which);
            if (one.do === 'kill') world.kill(one.which);
            if (one.do === 'ask' || one.do === 'exchange') await world.ask(one.which);
            if (one.do === 'exchange') {
              world.arrive(one.which);
              await world.answer(one.which, false);
            }
            if (one.do === 'arrive') world.arrive(one.which);
            if (one.do === 'answer') await world.answer(one.which, one.isLost);
            if (one.do === 'call') world.call(one.which, one.times);
            if (one.do === 'pass') world.now += one.ms;
            expect(world.leasedPerSecond()).toBeLessThanOrEqual(limits.callsPerSecond * LEASED_PART + 1e-9);
            expect(world.madeWithinADay()).toBeLessThanOrEqual(300 * LEASED_PART);
            leases = Math.max(leases, world.leasedPerSecond());
          }
          spent = Math.max(spent, world.mostWithinADay);
        },
      ),
      { numRuns: 200 },
    );
    // It got somewhere.
    expect(leases).toBeGreaterThan(limits.callsPerSecond * LEASED_PART - 1e-6);
    expect(spent).toBeGreaterThan(200);
  });
});
