import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import { describeFeasibility, feasibilityOf, type LegPlan } from '../../../domain/law/feasibility';
import { planOf } from '../../../domain/request/leg-plan';
import { defaultPatience as patience } from '../../../domain/rules/patience';
import { providerKeys } from '../../../domain/provider/provider-table';
import { accepted } from '../../support/receipts';
import {
  GRACE_OVER,
  legAfter,
  legInAttention,
  OVER,
  settledLegs,
  T0,
  unsettledLegs,
  openLeg,
} from '../../support/legs';

/** The last millisecond of a day. */
const dueAt = Date.UTC(2026, 2, 30) - 1;
const marginMs = HOUR_MS;

const plan = fc.record(
  {
    provider: fc.constantFrom(...providerKeys),
    takesMs: fc.nat(60 * DAY_MS),
    endsAt: fc.integer({ min: dueAt - 60 * DAY_MS, max: dueAt + 60 * DAY_MS }),
  },
  { requiredKeys: ['provider', 'takesMs'] },
);
const toBeAsked = plan.map(({ provider, takesMs }): LegPlan => ({ provider, takesMs }));

describe('feasibilityOf', () => {
  it('is feasible for a send at the latest safe instant, and not a millisecond later', () => {
    fc.assert(
      fc.property(toBeAsked, fc.nat(7 * DAY_MS), fc.integer({ min: 0, max: 4e12 }), (leg, margin, due) => {
        const at = (now: number) => feasibilityOf({ dueAt: due, now, marginMs: margin, legs: [leg] });
        const { latestSafeSend = NaN } = at(0).legs[0] ?? {};
        expect(at(latestSafeSend)).toMatchObject({ verdict: 'feasible', legs: [{ endsAt: due }] });
        expect(at(latestSafeSend + 1)).toMatchObject({
          verdict: 'late',
          lateByMs: 1,
          because: [leg.provider],
          legs: [{ endsAt: due + 1, lateByMs: 1, latestSafeSend }],
        });
      }),
    );
  });

  it('takes the end that is known instead of a plan', () => {
    const legs: LegPlan[] = [{ provider: 'person', takesMs: 60 * DAY_MS, endsAt: dueAt }];
    expect(feasibilityOf({ dueAt, now: dueAt - DAY_MS, marginMs, legs }).verdict).toBe('feasible');
    expect(feasibilityOf({ dueAt: dueAt - 1, now: dueAt - DAY_MS, marginMs, legs })).toMatchObject({
      verdict: 'late',
      lateByMs: 1,
    });
  });

  it('is late by the latest, and names whoever is late, the latest first', () => {
    const legs: LegPlan[] = [
      { provider: 'measureone', takesMs: 0, endsAt: dueAt + HOUR_MS },
      { provider: 'person', takesMs: 0, endsAt: dueAt },
      { provider: 'aptrinsic', takesMs: 7 * DAY_MS },
    ];
    expect(feasibilityOf({ dueAt, now: dueAt - DAY_MS, marginMs, legs })).toEqual({
      verdict: 'late',
      lateByMs: 6 * DAY_MS + HOUR_MS,
      because: ['aptrinsic', 'measureone'],
      legs: [
        {
          provider: 'measureone',
          latestSafeSend: dueAt - HOUR_MS,
          endsAt: dueAt + HOUR_MS,
          toBeAsked: false,
          lateByMs: HOUR_MS,
        },
        { provider: 'person', latestSafeSend: dueAt - HOUR_MS, endsAt: dueAt, toBeAsked: false },
        {
          provider: 'aptrinsic',
          latestSafeSend: dueAt - 7 * DAY_MS - HOUR_MS,
          endsAt: dueAt + 6 * DAY_MS + HOUR_MS,
          toBeAsked: true,
          lateByMs: 6 * DAY_MS + HOUR_MS,
        },
      ],
    });
  });

  it('is feasible exactly when nobody is late, and says by how much otherwise', () => {
    fc.assert(
      fc.property(fc.array(plan), fc.integer({ min: dueAt - 60 * DAY_MS, max: dueAt + DAY_MS }), (legs, now) => {
        const feasibility = feasibilityOf({ dueAt, now, marginMs, legs });
        const lateness = feasibility.legs.map((leg) => Math.max(0, leg.endsAt - dueAt));
        expect(feasibility.legs.map((leg) => leg.lateByMs ?? 0)).toEqual(lateness);
        expect(feasibility.verdict === 'late' ? feasibility.lateByMs : 0).toBe(Math.max(0, ...lateness));
        expect(feasibility.verdict === 'late' ? feasibility.because.length : 0).toBe(
          lateness.filter((ms) => ms > 0).length,
        );
      }),
    );
  });
});

describe('planOf', () => {
  const now = OVER + 5 * DAY_MS;

  it('reckons before it is asked with the planned window, and the grace of whoever calls back', () => {
    expect(planOf(openLeg('measureone'), now, patience)).toEqual({ provider: 'measureone', takesMs: 192 * HOUR_MS });
    expect(planOf(openLeg('aptrinsic'), now, patience)).toEqual({ provider: 'aptrinsic', takesMs: 7 * DAY_MS });
  });

  it('reckons with the window that is wished for where only the answer tells it, and with none otherwise', () => {
    const wishing = (windowWishMs: number) => planOf(openLeg('person'), now, { ...patience, windowWishMs });
    expect(wishing(30 * DAY_MS)).toEqual({ provider: 'person', takesMs: 30 * DAY_MS });
    // As soon as it can: nobody knows when that is.
    expect(wishing(0)).toEqual({ provider: 'person' });
    expect(planOf(openLeg('person'), now, patience)).toEqual({ provider: 'person' });
  });

  it('counts the grace from the start, not only once it has begun', () => {
    const waiting = legAfter(
      [T0, { type: 'asked' }],
      [T0, { type: 'answered', receipt: accepted({ confirmedBy: 'callback', seen: false }) }],
    );
    expect(waiting.phase).toBe('window');
    expect(planOf(waiting, T0, patience).endsAt).toBe(GRACE_OVER);
  });

  it('takes the end of the window and the margin once it was asked', () => {
    expect(planOf(unsettledLegs.window, T0, patience).endsAt).toBe(OVER);
    expect(planOf(unsettledLegs.revivalWindow, T0, patience).endsAt).toBe(OVER);
  });

  it('takes the end of the grace where the callback did not come inside the window', () => {
    expect(planOf(unsettledLegs.windowAfterCallback, OVER, patience).endsAt).toBe(OVER);
    expect(planOf(unsettledLegs.callback, OVER, patience).endsAt).toBe(GRACE_OVER);
  });

  it.each(['window', 'callback', 'looking', 'withdrawing'] as const)('expects no end in the past: %s', (at) => {
    expect(planOf(unsettledLegs[at], now, patience).endsAt).toBe(now);
  });

  it.each(['verified', 'confirmed', 'presumedSilent', 'waived', 'neverAsked'] as const)(
    'keeps when a settled leg was known: %s',
    (how) => {
      expect(planOf(settledLegs[how], now, patience).endsAt).toBe(settledLegs[how].settledAt);
    },
  );

  it.each(['ProviderUnauthorized', 'ProviderRejected', 'IdentifierUnusable', 'Reappeared', 'TakenOffQueue'] as const)(
    'counts a leg in attention as not asked yet: %s',
    (reason) => {
      const leg = legInAttention(reason);
      expect(leg.attention?.reason).toBe(reason);
      expect(planOf(leg, now, patience)).not.toHaveProperty('endsAt');
    },
  );

  it.each(['NewerRecord', 'Inconclusive'] as const)(
    'counts one that only has to be looked at as known: %s',
    (reason) => {
      expect(planOf(legInAttention(reason), now, patience).endsAt).toBe(now);
    },
  );
});

describe('describeFeasibility', () => {
  const now = dueAt - 20 * DAY_MS;
  const sentences = (legs: readonly LegPlan[], at = now) =>
    describeFeasibility(feasibilityOf({ dueAt, now: at, marginMs, legs }), at);

  it('names the latest safe send to whoever has to be asked', () => {
    expect(sentences([{ provider: 'measureone', takesMs: 120 * HOUR_MS }])).toEqual([
      'latest safe send to MeasureOne: 2026-03-24 22:59 UTC',
    ]);
  });

  it.each([
    [1, '1 min'],
    [HOUR_MS, '1 h'],
    [HOUR_MS - MINUTE_MS + 1, '1 h'],
    [2 * DAY_MS + 2 * HOUR_MS + 1, '51 h'],
    [2 * DAY_MS, '2 days'],
  ])('never understates how late somebody is: %d ms as %s', (lateByMs, text) => {
    expect(sentences([{ provider: 'aptrinsic', takesMs: 0, endsAt: dueAt + lateByMs }])).toEqual([
      `cannot make its due date: Aptrinsic (Gainsight PX) ends ${text} after it`,
    ]);
  });

  it('says of whom it is too late to ask', () => {
    expect(sentences([{ provider: 'measureone', takesMs: 120 * HOUR_MS }], dueAt)).toEqual([
      'cannot make its due date: MeasureOne, if asked now, ends 121 h after it',
    ]);
  });

  it('has nothing to say of those who were asked and are in time', () => {
    expect(sentences([{ provider: 'person', takesMs: 0, endsAt: dueAt }])).toEqual([]);
  });

  it('says of whom nobody can tell', () => {
    const unknown: LegPlan[] = [{ provider: 'person' }];
    expect(sentences(unknown)).toEqual(['Person API: only its answer tells how long it takes']);
    expect(sentences(unknown, dueAt)).toEqual([
      'cannot make its due date: Person API, if asked now, ends at least 1 h after it',
    ]);
  });

  it('warns or names a latest send, never both, for each that has to be asked', () => {
    fc.assert(
      fc.property(toBeAsked, fc.integer({ min: dueAt - 90 * DAY_MS, max: dueAt + DAY_MS }), (leg, at) => {
        expect(sentences([leg], at)).toHaveLength(1);
      }),
    );
  });
});
