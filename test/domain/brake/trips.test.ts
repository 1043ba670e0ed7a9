/** When a provider's brake goes on, whom it lets through, and what releases it. */
import fc from 'fast-check';
import { brakeReasons } from '../../../domain/brake/brake-reason';
import {
  noStreak,
  REQUESTS_NAMED_MAX,
  streakAfter,
  tripOf,
  type BrakeLimits,
  type Sign,
  type Streak,
} from '../../../domain/brake/streak';
import { releaseProblem, reportProblem } from '../../../domain/brake/trip-check';
import {
  askAgainInMs,
  canTry,
  notTripped,
  TRIAL_LASTS_MS,
  trialPlan,
  tripStateAfter,
  UNKNOWN_IDS_BELIEVED_MS,
  type TripEvent,
  type TripReport,
  type TripState,
} from '../../../domain/brake/trip-state';
import { brakeAlarm, describeTrip } from '../../../domain/brake/trip-text';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../domain/duration';

const T0 = Date.UTC(2026, 10, 22, 9);
const limits: BrakeLimits = { refusals: 3, unknownIds: 5 };
const id = (n: number): string => `3f2b8f0e-6c1d-4f53-9f6e-${String(n).padStart(12, '0')}`;
const refuses: Sign = { says: 'refuses', reason: 'unavailable' };
const unknown: Sign = { says: 'knows-nobody' };
const signs: Sign[] = [
  ...brakeReasons.flatMap((reason): Sign[] => (reason === 'unknown-ids' ? [] : [{ says: 'refuses', reason }])),
  unknown,
  { says: 'answers' },
  { says: 'serves' },
  { says: 'nothing' },
];

function streakOf(calls: readonly (readonly [request: number, sign: Sign])[]): Streak {
  return calls.reduce<Streak>(
    (streak, [request, sign], index) => streakAfter(streak, sign, { requestId: id(request), at: T0 + index }, limits),
    noStreak,
  );
}
const trips = (...calls: (readonly [number, Sign])[]): string | undefined => tripOf(streakOf(calls), limits)?.reason;

describe('the streak of one worker', () => {
  it.each(signs.filter(({ says }) => says === 'refuses'))('trips for so many different requests: %j', (sign) => {
    const reason = sign.says === 'refuses' ? sign.reason : undefined;
    expect(trips([1, sign], [2, sign])).toBeUndefined();
    expect(trips([1, sign], [2, sign], [3, sign])).toBe(reason);
  });

  it('never trips for one request that fails alone, however often', () => {
    expect(trips(...Array.from({ length: 100 }, (): [number, Sign] => [1, refuses]))).toBeUndefined();
    expect(trips(...Array.from({ length: 100 }, (): [number, Sign] => [1, unknown]))).toBeUndefined();
  });

  it.each([
    [{ says: 'serves' }, undefined],
    [{ says: 'answers' }, undefined],
    [unknown, undefined],
    [{ says: 'nothing' }, 'unavailable'],
  ] as [Sign, string | undefined][])(
    'of refusals is broken by an answer of the provider, and by nothing else: %j',
    (sign, reason) => {
      expect(trips([1, refuses], [2, refuses], [9, sign], [3, refuses])).toBe(reason);
    },
  );

  it.each([
    [{ says: 'serves' }, undefined],
    [{ says: 'answers' }, 'unknown-ids'],
    [refuses, 'unknown-ids'],
    [{ says: 'nothing' }, 'unknown-ids'],
  ] as [Sign, string | undefined][])('of unknown ids is broken by a known one only: %j', (sign, reason) => {
    expect(trips([1, unknown], [2, unknown], [3, unknown], [4, unknown], [9, sign], [5, unknown])).toBe(reason);
  });

  it('tells since when, how many, who, and the reason that holds now', () => {
    const mixed = streakOf([
      [1, refuses],
      [2, refuses],
      [3, { says: 'refuses', reason: 'unrecognized' }],
    ]);
    expect(tripOf(mixed, limits)).toEqual({
      reason: 'unrecognized',
      since: T0,
      requests: 3,
      requestIds: [id(1), id(2), id(3)],
    });
  });

  it('trips exactly where the last calls say so, and stays bounded, whatever comes', () => {
    const call = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(...signs));
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const streak = streakOf(calls);
        const since = (breaks: readonly Sign['says'][], counts: Sign['says']): Set<number> => {
          const from = calls.findLastIndex(([, { says }]) => breaks.includes(says)) + 1;
          return new Set(calls.slice(from).flatMap(([request, { says }]) => (says === counts ? [request] : [])));
        };
        const refused = since(['serves', 'answers', 'knows-nobody'], 'refuses').size;
        const nobody = since(['serves'], 'knows-nobody').size;
        const isTripped = refused >= limits.refusals || nobody >= limits.unknownIds;
        expect(tripOf(streak, limits) !== undefined).toBe(isTripped);
        expect(streak.refused.length).toBe(Math.min(refused, limits.refusals));
        expect(streak.unknown.length).toBe(Math.min(nobody, limits.unknownIds));
      }),
      { numRuns: 500 },
    );
  });
});

const after = (state: TripState, ...events: TripEvent[]): TripState => events.reduce(tripStateAfter, state);
const trip = (reason: (typeof brakeReasons)[number], ...requests: number[]): TripReport => ({
  type: 'tripped',
  trip: { reason, since: T0, requests: requests.length, requestIds: requests.map(id) },
});
const at = (ms: number, report: TripReport): TripEvent => ({ ...report, at: T0 + ms });
const tripped = after(notTripped, at(0, trip('unavailable', 1, 2, 3)));
const nobody = after(notTripped, at(0, trip('unknown-ids', 1, 2, 3)));
const trialBy = (request: number): TripReport => ({ type: 'trialTaken', requestId: id(request) });
const calledBy = (request: number, sign: Sign): TripReport => ({ type: 'called', requestId: id(request), sign });

describe('a brake that is on', () => {
  it('went on once, whoever else says so, and names all of them up to a bound', () => {
    const again = after(tripped, at(SECOND_MS, trip('unauthorized', 3, 4)));
    expect(again.on).toMatchObject({ reason: 'unavailable', since: T0, requestIds: [1, 2, 3, 4].map(id) });
    expect(after(again, at(SECOND_MS, trip('unauthorized', 3, 4)))).toBe(again);
    const many = Array.from({ length: 30 }, (_, index) =>
      trip('unavailable', ...Array.from({ length: 20 }, (_one, n) => index * 20 + n)),
    );
    expect(after(tripped, ...many.map((one) => at(0, one))).on?.requestIds).toHaveLength(REQUESTS_NAMED_MAX);
  });

  it('lets one request through as the trial, a minute later at the earliest, and no other beside it', () => {
    const early = after(tripped, at(MINUTE_MS - 1, trialBy(7)));
    expect(early).toBe(tripped);
    const trying = after(tripped, at(MINUTE_MS, trialBy(7)));
    expect(trying.on?.trial?.requestId).toBe(id(7));
    expect(after(trying, at(MINUTE_MS + 1, trialBy(8)))).toBe(trying);
    // Its worker may not have heard that it has it.
    expect(after(trying, at(MINUTE_MS + 1, trialBy(7))).on?.trial?.requestId).toBe(id(7));
    // It was lost with its worker.
    const later = at(MINUTE_MS + TRIAL_LASTS_MS, trialBy(8));
    expect(after(trying, later).on?.trial?.requestId).toBe(id(8));
  });

  it.each([
    [{ says: 'serves' }, 'off'],
    [{ says: 'answers' }, 'off'],
    [unknown, 'off'],
    [refuses, 'on'],
    [{ says: 'nothing' }, 'free'],
  ] as [Sign, string][])('for refusals: what its trial said, %j, leaves it %s', (sign, leaves) => {
    const { on, last } = after(tripped, at(MINUTE_MS, trialBy(7)), at(MINUTE_MS + 1, calledBy(7, sign)));
    expect(on === undefined).toBe(leaves === 'off');
    expect(last?.by).toEqual(leaves === 'off' ? { request: id(7) } : undefined);
    expect(on?.trials).toBe(leaves === 'off' ? undefined : leaves === 'on' ? 1 : 0);
    // Where it said nothing of the provider, the next may try at once.
    expect(on && canTry(on, id(8), T0 + MINUTE_MS + 2)).toBe(leaves === 'off' ? undefined : leaves === 'free');
    expect(on && canTry(on, id(8), T0 + MINUTE_MS + 1 + 2 * MINUTE_MS)).toBe(leaves === 'off' ? undefined : true);
  });

  it.each(signs)('for unknown ids is released by a person that the provider knows, and by nothing else: %j', (sign) => {
    const { on } = after(nobody, at(DAY_MS, trialBy(7)), at(DAY_MS + 1, calledBy(7, sign)));
    expect(on === undefined).toBe(sign.says === 'serves');
    // It may have been told too soon that nobody knows the person.
    expect(on?.requestIds.includes(id(7)) === true).toBe(sign.says === 'knows-nobody');
  });

  it('is released by a call that was under way, and is told of no more than that by others', () => {
    expect(after(tripped, at(1, calledBy(9, { says: 'serves' }))).on).toBeUndefined();
    expect(after(tripped, at(1, calledBy(9, refuses)))).toBe(tripped);
    expect(after(nobody, at(1, calledBy(9, unknown))).on?.requestIds).toContain(id(9));
  });

  it('tries more and more slowly, up to 15 minutes, and for unknown ids 15 times more slowly', () => {
    const waits = (start: TripState): number[] => {
      let state = start;
      return Array.from({ length: 7 }, () => {
        const nextAt = (state.on?.nextTrialAt ?? 0) - T0;
        const sign = state.on?.reason === 'unknown-ids' ? unknown : refuses;
        state = after(state, at(nextAt, trialBy(7)), at(nextAt, calledBy(7, sign)));
        return ((state.on?.nextTrialAt ?? 0) - T0 - nextAt) / MINUTE_MS;
      });
    };
    expect(waits(tripped)).toEqual([2, 4, 8, 15, 15, 15, 15]);
    expect(waits(nobody)).toEqual([2, 4, 8, 15, 15, 15, 15].map((minutes) => minutes * 15));
  });

  it('is released by hand, and then believes for a day that these ids are unknown there', () => {
    const by: TripReport = { type: 'releasedByStaff', actor: 'staff-7', reason: 'mended:PRIV-1' };
    const { on, last } = after(tripped, at(HOUR_MS, by));
    expect(on).toBeUndefined();
    expect(last).toMatchObject({ by: { actor: 'staff-7', reason: 'mended:PRIV-1' }, since: T0, at: T0 + HOUR_MS });
    expect(last).not.toHaveProperty('requestIds');
    const believed = after(nobody, at(0, by));
    // Who was told that nobody knows them stays to be looked into.
    expect(believed.last?.requestIds).toEqual(nobody.on?.requestIds);
    expect(after(believed, at(UNKNOWN_IDS_BELIEVED_MS - 1, trip('unknown-ids', 4))).on).toBeUndefined();
    expect(after(believed, at(UNKNOWN_IDS_BELIEVED_MS, trip('unknown-ids', 4))).on).toBeDefined();
    expect(after(believed, at(1, trip('unavailable', 4))).on).toBeDefined();
  });

  it('goes on naming those who were told that nobody knows them, whatever it goes on for afterwards', () => {
    const served = at(HOUR_MS, calledBy(9, { says: 'serves' }));
    const outage = after(nobody, served, at(DAY_MS, trip('unavailable', 5, 6)), at(DAY_MS + 1, calledBy(9, unknown)));
    expect(outage.last).toMatchObject({ reason: 'unavailable', requestIds: [1, 2, 3].map(id) });
    const again = after(
      outage,
      at(2 * DAY_MS, trip('unknown-ids', 3, 4)),
      at(2 * DAY_MS, calledBy(9, { says: 'serves' })),
    );
    expect(again.last?.requestIds).toEqual([3, 4, 1, 2].map(id));
  });

  it('names those who were told that nobody knows them and no others, where workers see different things', () => {
    expect(after(nobody, at(1, trip('unavailable', 4, 5))).on?.requestIds).toEqual([1, 2, 3].map(id));
    const { on } = after(tripped, at(1, trip('unknown-ids', 4, 5)));
    expect(on).toMatchObject({ reason: 'unknown-ids', requestIds: [4, 5].map(id), requests: 2 });
  });

  it('has one trial at a time at most, and is off only after a call was served or staff released it, whatever comes', () => {
    const report = fc.oneof(
      fc.constantFrom(...brakeReasons).map((reason) => trip(reason, 1, 2)),
      fc.integer({ min: 1, max: 4 }).map(trialBy),
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(...signs)).map(([n, sign]) => calledBy(n, sign)),
      fc.constant<TripReport>({ type: 'releasedByStaff', actor: 'staff-7', reason: 'mended' }),
    );
    const step = fc.tuple(fc.constantFrom(0, SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, DAY_MS), report);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = T0;
        let state = notTripped;
        for (const [waitMs, one] of steps) {
          const before = state;
          now += waitMs;
          state = tripStateAfter(before, { ...one, at: now });
          expect(JSON.parse(JSON.stringify(state))).toEqual(state);
          const held = before.on?.trial;
          const isHeld = held !== undefined && now < held.until;
          const holder = state.on?.trial?.requestId;
          expect(isHeld && holder !== undefined && holder !== held.requestId).toBe(false);
          if (before.on === undefined || state.on !== undefined) continue;
          const isServed = one.type === 'called' && ['serves', 'answers', 'knows-nobody'].includes(one.sign.says);
          expect(one.type === 'releasedByStaff' || isServed).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('what waits for a brake', () => {
  const { on } = tripped;
  if (on === undefined) throw new Error('It is not on');

  it('asks again within a minute after the next trial, so that one of them is the trial', () => {
    expect(askAgainInMs(on, T0, 0)).toBe(MINUTE_MS);
    expect(askAgainInMs(on, T0, 0.999)).toBeLessThanOrEqual(2 * MINUTE_MS);
    const trying = { ...on, trial: { requestId: id(7), until: T0 + TRIAL_LASTS_MS } };
    expect(askAgainInMs(trying, T0, 0)).toBe(MINUTE_MS / 2);
  });

  it('asks less often when it has been on for long: after a tenth of that time, at least once an hour', () => {
    const long = { ...on, nextTrialAt: T0 };
    expect(askAgainInMs(long, T0 + 5 * HOUR_MS, 0)).toBe(HOUR_MS / 2);
    expect(askAgainInMs(long, T0 + 30 * DAY_MS, 0)).toBe(HOUR_MS);
  });

  it('hears within the hour that staff have released it, also where the next trial of unknown ids is hours away', () => {
    const later = { on: { ...(nobody.on ?? on), trials: 4, nextTrialAt: T0 + 9 * HOUR_MS } };
    expect(askAgainInMs(later.on, T0 + 6 * HOUR_MS, 0)).toBe(HOUR_MS);
  });

  it('is tried in time after the clock that it was set by was set back', () => {
    const ahead = after(notTripped, at(DAY_MS, trip('unavailable', 1, 2, 3)));
    const trying = after(ahead, at(DAY_MS + MINUTE_MS, trialBy(7)));
    expect(after(ahead, at(0, trialBy(8))).on?.trial?.requestId).toBe(id(8));
    expect(after(trying, at(0, trialBy(8))).on?.trial?.requestId).toBe(id(8));
    expect(askAgainInMs(ahead.on ?? on, T0, 0)).toBe(MINUTE_MS);
  });

  it('costs less than 110 looks in three days', () => {
    let now = T0;
    let state = tripped;
    let looks = 0;
    while (now < T0 + 3 * DAY_MS && state.on !== undefined) {
      now += askAgainInMs(state.on, now, 0.5);
      looks += 1;
      // Somebody else is the trial, as soon as there can be one.
      const nextAt = state.on.nextTrialAt - T0;
      if (T0 + nextAt <= now) state = after(state, at(nextAt, trialBy(7)), at(nextAt, calledBy(7, refuses)));
    }
    expect(looks).toBeGreaterThan(70);
    expect(looks).toBeLessThan(110);
  });
});

describe('what a brake is told', () => {
  const good: TripReport[] = [trip('unavailable', 1), trialBy(1), ...signs.map((sign) => calledBy(1, sign))];
  it.each(good)('takes %j', (report) => expect(reportProblem(report)).toBeUndefined());
  it('takes a plan', () => expect(reportProblem({ ...trip('unavailable', 1), plan: trialPlan })).toBeUndefined());

  it.each([
    null,
    [],
    {},
    { type: 'releasedByStaff', actor: 'staff-7', reason: 'mended' },
    { type: 'trialTaken', requestId: 'jane@customer.example' },
    { type: 'called', requestId: id(1), sign: { says: 'refuses', reason: 'Jane Doe' } },
    { type: 'called', requestId: id(1), sign: { says: 'whatever' } },
    { type: 'tripped', trip: { reason: 'unavailable', since: T0, requests: 1, requestIds: [] } },
    { type: 'tripped', trip: { reason: 'unavailable', since: 1e18, requests: 1, requestIds: [id(1)] } },
    { type: 'tripped', trip: { reason: 'unavailable', since: T0, requests: 1, requestIds: ['Jane Doe'] } },
    { ...trip('unavailable', 1), plan: { firstAfterMs: 0, longestMs: 1 } },
  ])('refuses %j', (report) => expect(reportProblem(report)).toBe('This is nothing that a worker tells a brake'));

  it('takes references of staff and no free text', () => {
    expect(releaseProblem({ actor: 'staff-17', reason: 'credentials-mended:PRIV-1234' })).toBeUndefined();
    expect(releaseProblem({ actor: 'staff-17', reason: 'Jane Doe called' })).toContain('reason');
    expect(releaseProblem({ reason: 'mended' })).toContain('actor');
    expect(releaseProblem(undefined)).toContain('actor');
  });
});

describe('the words of a brake', () => {
  it.each(brakeReasons)('say since when, why and what can be done: %s', (reason) => {
    const state = after(notTripped, at(0, trip(reason, 1, 2)));
    const text = describeTrip('measureone', state).join('\n');
    expect(text).toContain('The brake of MeasureOne is on: since 2026-11-22 09:00 UTC');
    expect(text).toContain('(2 requests in a row)');
    expect(text).toContain(`${id(1)}, ${id(2)}`);
    expect(text).not.toContain('undefined');
    expect(state.on && brakeAlarm('measureone', state.on)).toContain('Next trial from');
  });

  it('say who released it', () => {
    const by: TripReport = { type: 'releasedByStaff', actor: 'staff-7', reason: 'mended' };
    expect(describeTrip('person', after(nobody, at(HOUR_MS, by))).join('\n')).toContain('staff staff-7 (mended)');
    const served = after(tripped, at(1, calledBy(9, { says: 'serves' })));
    expect(describeTrip('person', served).join('\n')).toContain(`a call for request ${id(9)}`);
    expect(describeTrip('person', notTripped).join('\n')).toContain('off');
  });
});
