/** Times without calls: when they begin and end, what is told of them, and when those who wait come back. */
import { brakeView, grantLease, openBrake } from '../../../domain/brake/brake-state';
import { describeBrake } from '../../../domain/brake/brake-text';
import {
  pauseIn,
  isLastingShortage,
  shortageAfter,
  shortageAlarm,
  shortageAskAgainInMs,
  TURN_MS_MAX,
} from '../../../domain/brake/shortage';
import { findingsOfShortage } from '../../../domain/sweep/request-check';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../domain/duration';

const T0 = Date.UTC(2026, 10, 26, 9);
const paused = { reason: 'paused', since: T0, until: T0 + HOUR_MS } as const;

describe('a time without calls', () => {
  it('begins with a pause that is longer than a call waits for its turn, and not with a shorter one', () => {
    expect(shortageAfter(undefined, { now: T0, pausedUntil: T0 + HOUR_MS })).toEqual(paused);
    expect(shortageAfter(undefined, { now: T0, pausedUntil: T0 + TURN_MS_MAX })).toBeUndefined();
    expect(shortageAfter(undefined, { now: T0, pausedUntil: 0 })).toBeUndefined();
  });

  it('is the same one while calls that are there again are used up within the hour', () => {
    const later = T0 + 90 * MINUTE_MS;
    const spentUntil = later + DAY_MS;
    const next = shortageAfter(paused, { now: later, pausedUntil: paused.until, spentUntil });
    expect(next).toEqual({ reason: 'allowance-spent', since: T0, until: spentUntil });
    const tooLate = T0 + 2 * HOUR_MS;
    expect(shortageAfter(paused, { now: tooLate, pausedUntil: 0, spentUntil: tooLate + DAY_MS })).toMatchObject({
      since: tooLate,
    });
  });

  it('is over at once where calls are there again sooner than it was said', () => {
    const now = T0 + 10 * MINUTE_MS;
    expect(shortageAfter(paused, { now, pausedUntil: 0 })).toEqual({ ...paused, until: now });
  });

  it('is lasting after four hours, and no more an hour after its end', () => {
    const day = { reason: 'allowance-spent', since: T0, until: T0 + DAY_MS } as const;
    expect(isLastingShortage(day, T0 + 4 * HOUR_MS - 1)).toBe(false);
    expect(isLastingShortage(day, T0 + 4 * HOUR_MS)).toBe(true);
    expect(isLastingShortage(day, T0 + DAY_MS + HOUR_MS)).toBe(false);
    expect(findingsOfShortage('person', 'q', day, T0 + HOUR_MS)).toEqual([]);
    expect(findingsOfShortage('person', 'q', undefined, T0)).toEqual([]);
    expect(findingsOfShortage('person', 'q', day, T0 + 5 * HOUR_MS)).toEqual([
      { kind: 'no-calls', queue: 'q', providers: ['person'], detail: shortageAlarm('person', day) },
    ]);
  });

  it('has those who wait come back after its end, spread over a tenth of it, an hour at most', () => {
    expect(shortageAskAgainInMs(paused, T0, 0)).toBe(HOUR_MS + SECOND_MS);
    expect(shortageAskAgainInMs(paused, T0, 0.5)).toBe(HOUR_MS + SECOND_MS + 3 * MINUTE_MS);
    const long = { ...paused, since: T0 - 9 * DAY_MS };
    expect(shortageAskAgainInMs(long, T0, 0.999_999)).toBeLessThanOrEqual(2 * HOUR_MS + SECOND_MS);
  });

  it('is read from an answer only where that is one', () => {
    expect(pauseIn({ shortage: paused, pausedUntil: T0 })).toEqual({ shortage: paused, pausedUntil: T0 });
    for (const answer of [
      undefined,
      null,
      {},
      { shortage: 'x', pausedUntil: 'x' },
      { shortage: { ...paused, reason: 'unauthorized' }, pausedUntil: Number.NaN },
      { shortage: { ...paused, until: Number.NaN }, pausedUntil: 1e300 },
      { shortage: { ...paused, until: 1e300 }, pausedUntil: null },
    ]) {
      expect(pauseIn(answer)).toEqual({});
    }
  });
});

describe('the brake', () => {
  const ask = { worker: 'a1b2c3d4', limits: { callsPerSecond: 100, callsPerDay: 100 }, reported: 0 };

  it('knows when the allowance is spent, and since when', () => {
    const spent = grantLease(openBrake, { ...ask, number: 1, calls: 98 }, T0);
    expect(spent.lease.spentForMs).toBeGreaterThan(23 * HOUR_MS);
    const { shortage } = brakeView(spent.state);
    expect(shortage).toMatchObject({ reason: 'allowance-spent', since: T0 });
    expect(shortage?.until).toBe(T0 + (spent.lease.spentForMs ?? 0));
    expect(describeBrake('person', spent.state)).toContain('**Spent**');
    const back = grantLease(spent.state, { ...ask, number: 2, calls: 98, reported: 98 }, (shortage?.until ?? 0) + 1);
    expect(back.lease.callsUpTo).toBeGreaterThan(98);
    expect(brakeView(back.state).shortage).toEqual(shortage);
  });

  it('knows of a pause', () => {
    const limits = { callsPerSecond: 100 };
    const { state } = grantLease(openBrake, { ...ask, limits, number: 1, calls: 1, pausedForMs: HOUR_MS }, T0);
    expect(brakeView(state).shortage).toEqual(paused);
    const short = grantLease(openBrake, { ...ask, limits, number: 1, calls: 1, pausedForMs: SECOND_MS }, T0);
    expect(brakeView(short.state)).not.toHaveProperty('shortage');
  });
});
