/** What a worker process does with a provider's brake: several of them, at one brake that the test keeps. */
import { createBrakeGate, type BrakeGate, type SharedBrake } from '../../activities/brake-gate';
import { signOfFailure, signOfLook, signOfReceipt, signOfWithdrawal } from '../../activities/call-sign';
import { ProviderFailure } from '../../activities/providers/provider';
import type { Pause, Shortage } from '../../domain/brake/shortage';
import type { Sign } from '../../domain/brake/streak';
import { notTripped, trialPlan, tripStateAfter, type TripReport, type TripState } from '../../domain/brake/trip-state';
import { defined } from '../../domain/defined';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { failureTypes } from '../../domain/leg/failure';
import { absent, accepted, evidence, pending, presentAgain, unknown } from '../support/receipts';

const refuses: Sign = { says: 'refuses', reason: 'unavailable' };
const settings = { limits: { refusals: 3, unknownIds: 5 }, plan: trialPlan };

class World implements SharedBrake {
  now = Date.UTC(2026, 10, 22, 9);
  state: TripState = notTripped;
  readonly reports: TripReport[] = [];
  readonly unreachable: unknown[] = [];
  reads = 0;
  shortage: Shortage | undefined;
  pausedUntil: number | undefined;
  isAway = false;
  readonly looks: { readonly look: () => void; readonly at: number }[] = [];

  /** Time passes, and nobody calls. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (let next = this.looks.shift(); next !== undefined && next.at <= until; next = this.looks.shift()) {
      this.now = Math.max(this.now, next.at);
      next.look();
      await new Promise(setImmediate);
    }
    this.now = until;
  }

  async read(): Promise<TripState & Pause> {
    this.reads += 1;
    if (this.isAway) throw new Error('away');
    return { ...this.state, ...defined({ shortage: this.shortage, pausedUntil: this.pausedUntil }) };
  }

  async report(report: TripReport): Promise<TripState> {
    if (this.isAway) throw new Error('away');
    this.reports.push(report);
    this.state = tripStateAfter(this.state, { ...report, at: this.now });
    return this.state;
  }

  /** `aheadMs`: of its worker's clock, as it is now. */
  gate(aheadMs: () => number = () => 0): BrakeGate {
    return createBrakeGate({
      shared: this,
      settings,
      now: () => this.now + aheadMs(),
      random: () => 0,
      later: (look, afterMs) => {
        this.looks.push({ look, at: this.now + afterMs });
        return undefined as unknown as NodeJS.Timeout;
      },
      onUnreachable: (error) => this.unreachable.push(error),
    });
  }
}

const request = (n: number): string => `3f2b8f0e-6c1d-4f53-9f6e-${String(n).padStart(12, '0')}`;
const refuse = async (gate: BrakeGate, ...requests: number[]) => {
  for (const n of requests) await gate.tell(request(n), refuses);
};

describe('what could not be told', () => {
  it('is told with the next that is seen, and trips the brake then', async () => {
    const world = new World();
    const gate = world.gate();
    await refuse(gate, 1, 2);
    world.isAway = true;
    await refuse(gate, 3);
    expect(world.unreachable).toHaveLength(1);
    world.isAway = false;
    await refuse(gate, 4);
    expect(world.state.on).toMatchObject({ requestIds: [request(1), request(2), request(3)] });
  });

  it('are the people whom another worker found unknown: they are named once it can be', async () => {
    const world = new World();
    const [first, second] = [world.gate(), world.gate()];
    await second.pass(request(100));
    for (const n of [1, 2, 3, 4, 5]) await first.tell(request(n), { says: 'knows-nobody' });
    for (const n of [6, 7]) await second.tell(request(n), { says: 'knows-nobody' });
    world.now += 10 * SECOND_MS;
    const report = world.report.bind(world);
    world.report = () => Promise.reject(new Error('too slow'));
    expect(await second.pass(request(8))).toMatchObject({ on: { reason: 'unknown-ids' } });
    world.report = report;
    world.now += 10 * SECOND_MS;
    await second.pass(request(8));
    expect(world.state.on?.requestIds).toEqual([1, 2, 3, 4, 5, 6, 7].map(request));
  });
});

describe('a worker whose clock is wrong', () => {
  it.each([
    ['ahead', 5],
    ['behind', -60],
  ])('is the trial in time, and what came of it counts: minutes %s', async (_which, minutes) => {
    const world = new World();
    await refuse(world.gate(), 1, 2, 3);
    const gate = world.gate(() => minutes * MINUTE_MS);
    expect(await gate.pass(request(8))).not.toBe('go');
    world.now += MINUTE_MS;
    expect(await gate.pass(request(9))).toBe('go');
    expect(await gate.pass(request(8))).not.toBe('go');
    await refuse(gate, 9);
    expect(world.state.on?.trials).toBe(1);
    world.now += 2 * MINUTE_MS;
    expect(await gate.pass(request(9))).toBe('go');
    await gate.tell(request(9), { says: 'serves' });
    expect(world.state.on).toBeUndefined();
  });

  it('reads anew how things stand after it was set back', async () => {
    const world = new World();
    let aheadMs = 0;
    const gate = world.gate(() => aheadMs);
    await refuse(world.gate(), 1, 2, 3);
    const since = world.now;
    world.shortage = { reason: 'paused', since, until: since + DAY_MS };
    expect(await gate.pass(request(9))).not.toBe('go');
    expect(await gate.shortage()).toBeDefined();
    world.state = notTripped;
    world.shortage = undefined;
    world.now += MINUTE_MS;
    aheadMs = -12 * MINUTE_MS;
    expect(await gate.pass(request(9))).toBe('go');
    expect(await gate.shortage()).toBeUndefined();
  });
});

describe('the gate of a worker', () => {
  it('says whether calls are left: read once in ten seconds, and over when its time is', async () => {
    const world = new World();
    const gate = world.gate();
    expect(await gate.shortage()).toBeUndefined();
    const shortage = { reason: 'paused', since: world.now, until: world.now + 2 * MINUTE_MS } as const;
    world.shortage = shortage;
    await Promise.all(Array.from({ length: 100 }, () => gate.shortage()));
    expect(world.reads).toBe(1);
    world.now += 10 * SECOND_MS;
    const found = await gate.shortage();
    expect(found?.shortage).toEqual(shortage);
    expect(found?.askAgainInMs).toBeGreaterThan(110 * SECOND_MS);
    world.now = shortage.until;
    expect(await gate.shortage()).toBeUndefined();
  });

  it('says for how long the provider asks to be left alone, also while only others were told: one question for all', async () => {
    const world = new World();
    world.pausedUntil = world.now + 30 * SECOND_MS;
    const gate = world.gate();
    expect(await gate.pausedForMs()).toBe(30 * SECOND_MS);
    expect(await gate.pass(request(9))).toBe('go');
    expect(await gate.shortage()).toBeUndefined();
    expect(world.reads).toBe(1);
    world.now += 31 * SECOND_MS;
    expect(await gate.pausedForMs()).toBe(0);
    world.pausedUntil = world.now + DAY_MS;
    world.isAway = true;
    world.now += 31 * SECOND_MS;
    expect(await gate.pausedForMs()).toBe(0);
  });

  it('hears of a pause also while it tells of one call after the other', async () => {
    const world = new World();
    const gate = world.gate();
    await refuse(gate, 1, 2, 3);
    world.pausedUntil = world.now + DAY_MS;
    for (let n = 4; n < 20; n += 1) {
      world.now += SECOND_MS;
      await refuse(gate, n);
    }
    expect(await gate.pausedForMs()).toBeGreaterThan(0);
  });

  it('lets everybody go on, and tells, where nobody answers whether calls are left', async () => {
    const world = new World();
    world.isAway = true;
    expect(await world.gate().shortage()).toBeUndefined();
    expect(world.unreachable).toHaveLength(1);
  });

  it('reads once in ten seconds at most, however many calls there are, and tells nothing while all is well', async () => {
    const world = new World();
    const gate = world.gate();
    await Promise.all(Array.from({ length: 100 }, (_, n) => gate.pass(request(n))));
    await gate.tell(request(1), { says: 'serves' });
    expect(world.reads).toBe(1);
    world.now += 10 * SECOND_MS;
    await gate.pass(request(1));
    expect(world.reads).toBe(2);
    expect(world.reports).toEqual([]);
  });

  it('puts the brake on, and holds back every call but the one that is the trial, in any worker', async () => {
    const world = new World();
    const [one, other] = [world.gate(), world.gate()];
    await one.pass(request(1));
    await other.pass(request(9));
    await refuse(one, 1, 2, 3);
    expect(world.reports).toHaveLength(1);
    expect(await one.pass(request(4))).toMatchObject({ askAgainInMs: MINUTE_MS });
    // The other has read it lately.
    expect(await other.pass(request(9))).toBe('go');
    world.now += 10 * SECOND_MS;
    expect(await other.pass(request(9))).not.toBe('go');
    world.now += MINUTE_MS;
    expect(await Promise.all([other.pass(request(9)), one.pass(request(4)), one.pass(request(5))])).toEqual([
      'go',
      expect.anything(),
      expect.anything(),
    ]);
    expect(await other.tell(request(9), refuses)).toMatchObject({ trials: 1 });
    world.now += 10 * MINUTE_MS;
    expect(await one.pass(request(4))).toBe('go');
    expect(await one.tell(request(4), { says: 'serves' })).toBeUndefined();
    world.now += 10 * SECOND_MS;
    expect([await one.pass(request(5)), await other.pass(request(9))]).toEqual(['go', 'go']);
  });

  it('lets nobody through while a trip is being told', async () => {
    const world = new World();
    const gate = world.gate();
    await gate.pass(request(1));
    const report = world.report.bind(world);
    let tell = (): void => undefined;
    world.report = async (one) => {
      await new Promise<void>((resolve) => (tell = resolve));
      return report(one);
    };
    await refuse(gate, 1, 2);
    const third = refuse(gate, 3);
    const passing = gate.pass(request(4));
    await new Promise(setImmediate);
    tell();
    await third;
    expect(await passing).not.toBe('go');
  });

  it('forgets what it saw before it was released', async () => {
    const world = new World();
    const gate = world.gate();
    await refuse(gate, 1, 2);
    await world.report({
      type: 'tripped',
      trip: { reason: 'unavailable', since: 0, requests: 1, requestIds: [request(8)] },
    });
    await gate.pass(request(1));
    await world.report({ type: 'called', requestId: request(8), sign: { says: 'serves' } });
    world.now += 10 * SECOND_MS;
    await gate.pass(request(1));
    await refuse(gate, 3);
    expect(world.state.on).toBeUndefined();
  });

  it('has those named that it saw unknown, where another worker tripped it', async () => {
    const world = new World();
    const gate = world.gate();
    for (const n of [1, 2]) await gate.tell(request(n), { says: 'knows-nobody' });
    await world.report({
      type: 'tripped',
      trip: { reason: 'unknown-ids', since: 0, requests: 1, requestIds: [request(8)] },
    });
    await gate.pass(request(3));
    expect(world.state.on?.requestIds).toEqual([8, 1, 2].map(request));
  });

  it.each([0, 9, 11, 60, 1_000])(
    'has them named though no further call comes to it: the other trips it %i s later',
    async (seconds) => {
      const world = new World();
      const gate = world.gate();
      await gate.pass(request(1));
      for (const n of [1, 2]) await gate.tell(request(n), { says: 'knows-nobody' });
      await world.pass(seconds * SECOND_MS);
      await world.report({
        type: 'tripped',
        trip: { reason: 'unknown-ids', since: 0, requests: 1, requestIds: [request(8)] },
      });
      await world.pass(15 * MINUTE_MS);
      expect(world.state.on?.requestIds).toEqual([8, 1, 2].map(request));
      await world.pass(DAY_MS);
      expect(world.looks).toEqual([]);
      expect(world.reads).toBeLessThan(12);
    },
  );

  it('looks for nobody where it saw nobody unknown, and not again and again where no brake goes on', async () => {
    const world = new World();
    const gate = world.gate();
    await refuse(gate, 1, 2);
    expect(world.looks).toEqual([]);
    await gate.tell(request(3), { says: 'knows-nobody' });
    world.isAway = true;
    await world.pass(MINUTE_MS);
    world.isAway = false;
    await world.pass(DAY_MS);
    expect(world.reads).toBeLessThan(12);
    expect(world.looks).toEqual([]);
  });

  it('tells nothing that changes nothing', async () => {
    const world = new World();
    const gate = world.gate();
    await refuse(gate, 1, 2, 3);
    await refuse(gate, 4, 5, 6);
    await gate.tell(request(7), { says: 'nothing' });
    expect(world.reports).toHaveLength(1);
  });

  it('lets calls through where the brake does not answer, and says so', async () => {
    const world = new World();
    world.isAway = true;
    const gate = world.gate();
    expect(await gate.pass(request(1))).toBe('go');
    await refuse(gate, 1, 2, 3);
    expect(await gate.pass(request(4))).toBe('go');
    expect(world.unreachable.length).toBeGreaterThan(0);
  });
});

describe('what a call says of its provider', () => {
  it('is blame for the provider and for our access to it, and nothing for one person', () => {
    const says = failureTypes.map((type) => [type, signOfFailure(new ProviderFailure(type, 'scripted')).says]);
    expect(Object.fromEntries(says.filter(([, word]) => word !== 'nothing'))).toEqual({
      ProviderUnavailable: 'refuses',
      UnrecognizedAnswer: 'refuses',
      ProviderUnauthorized: 'refuses',
      TokenRefused: 'refuses',
      StillPending: 'answers',
    });
    const pace = new ProviderFailure('ProviderUnavailable', 'scripted', { isPaceOnly: true });
    expect(signOfFailure(pace)).toEqual({ says: 'nothing' });
  });

  it('tells a provider that knows nobody from one that serves', () => {
    expect(signOfReceipt(unknown())).toEqual({ says: 'knows-nobody' });
    expect(signOfReceipt(accepted())).toEqual({ says: 'serves' });
    expect(signOfReceipt(accepted({ seen: false, confirmedBy: 'callback' }))).toEqual({ says: 'serves' });
    // It could have been seen, and was not.
    expect(signOfReceipt(accepted({ seen: false, confirmedBy: 'look' }))).toEqual({ says: 'knows-nobody' });
    expect(signOfReceipt(accepted({ basis: 'unknown-after-asking' }))).toEqual({ says: 'answers' });
    // An absence after its erasure is what is hoped for.
    expect([absent, presentAgain, pending(1)].map((look) => signOfLook(look).says)).toEqual([
      'answers',
      'serves',
      'serves',
    ]);
    expect(signOfLook({ status: 'inconclusive', evidence: { ...evidence, httpStatus: 0 } }).says).toBe('nothing');
    expect(signOfWithdrawal({ status: 'withdrawn', evidence }).says).toBe('serves');
    expect(signOfWithdrawal({ status: 'too-late', evidence }).says).toBe('answers');
    // No call was needed to say so.
    expect(signOfWithdrawal({ status: 'too-late', since: 1 }).says).toBe('nothing');
  });
});
