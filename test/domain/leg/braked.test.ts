/** A leg that meets its provider's brake: waits, without attention, and goes on where it was. */
import { DAY_MS, HOUR_MS } from '../../../domain/duration';
import type { LegFailure } from '../../../domain/leg/failure';
import { legProgress } from '../../../domain/leg/leg-progress';
import { nextStep } from '../../../domain/leg/next-step';
import { retryPlanAfter } from '../../../domain/leg/retry-plan';
import { defaultPatience } from '../../../domain/rules/patience';
import { legAfter, legInAttention, stateAfter, T0, unsettledLegs, type AnyLeg } from '../../support/legs';
import { accepted } from '../../support/receipts';

const brake = { reason: 'unauthorized', since: T0 } as const;
const braked: LegFailure = { type: 'ProviderBraked', mayHaveReached: false, brake };
const meet = (leg: AnyLeg, failure: Partial<LegFailure> = {}, at = T0 + HOUR_MS): AnyLeg =>
  stateAfter(leg, { type: 'failed', failure: { ...braked, ...failure }, at });
const release = (leg: AnyLeg): AnyLeg => stateAfter(leg, { type: 'brakeReleased', at: T0 + 2 * HOUR_MS });
const asking = legAfter([T0, { type: 'asked' }]);

describe('a leg whose provider is braked', () => {
  it('was never asked, waits for the brake, and asks as for the first time once it is released', () => {
    const leg = meet(asking);
    expect(leg).toMatchObject({ phase: 'ask', rounds: [], askedBefore: false, brake });
    expect(nextStep(leg)).toEqual({ do: 'waitForBrake', brake });
    expect(nextStep(release(leg))).toEqual({ do: 'ask', round: 1, askedBefore: false, tries: 'first' });
    const asked = stateAfter(release(leg), { type: 'asked', at: T0 + DAY_MS });
    expect(asked.rounds).toEqual([{ number: 1, askedAt: T0 + DAY_MS }]);
  });

  it('says so, and that nobody has to do anything about it', () => {
    const shown = legProgress(meet(asking));
    expect(shown).toMatchObject({
      state: 'braked',
      brake: { reason: 'unauthorized', since: '2026-11-22T09:00:00.000Z' },
    });
    expect(shown.waitsFor).toBe(
      "Person API's brake: since 2026-11-22 09:00 UTC it refuses our credentials, whoever it is asked about. " +
        'It goes on by itself once Person API serves a trial',
    );
    expect(shown.youCan).toMatch(/^nothing to do here/);
    expect(shown).not.toHaveProperty('attention');
    expect(legProgress(release(meet(asking))).state).not.toBe('braked');
  });

  it.each([
    ['paused', 'it asks to be left alone'],
    ['allowance-spent', 'our allowance of calls for 24 hours is spent'],
  ] as const)('waits in the same way for calls (%s), and says from when on', (reason, happened) => {
    const until = T0 + 5 * HOUR_MS;
    const short = { reason, since: T0, until };
    const leg = meet(asking, { brake: short, memory: { unavailableSince: T0, adapter: {} } });
    expect(nextStep(leg)).toEqual({ do: 'waitForBrake', brake: short });
    expect(leg.memory).toEqual({ adapter: {} });
    const shown = legProgress(leg);
    expect(shown).toMatchObject({
      state: 'braked',
      waitsFor:
        `calls to Person API: since 2026-11-22 09:00 UTC ${happened}. ` +
        'It goes on by itself once calls are left again, from 2026-11-22 14:00 UTC on',
      brake: { reason, since: '2026-11-22T09:00:00.000Z', until: '2026-11-22T14:00:00.000Z' },
    });
    // Others may take the calls that are there again.
    expect(shown.until).toBe(reason === 'paused' ? '2026-11-22T14:00:00.000Z' : undefined);
    expect(nextStep(release(leg))).toMatchObject({ do: 'ask', round: 1, tries: 'first' });
  });

  it('looks later in the same way', () => {
    const leg = meet(unsettledLegs.looking);
    expect(leg).toMatchObject({ phase: 'look', rounds: unsettledLegs.looking.rounds });
    expect(nextStep(leg)).toEqual({ do: 'waitForBrake', brake });
    expect(nextStep(release(leg))).toEqual({ do: 'look', round: 1, tries: 'first' });
  });

  it('keeps that it may have been asked, where an earlier call may have reached the provider', () => {
    const leg = meet(asking, { mayHaveReached: true });
    expect(leg).toMatchObject({ askedBefore: true, rounds: [{ number: 1, mayHaveReached: true }] });
    expect(nextStep(release(leg))).toMatchObject({ do: 'ask', round: 1, askedBefore: true });
  });

  it('uses up none of its patience: what an outage had lasted before is forgotten, what the adapter knows is not', () => {
    const memory = { unavailableSince: T0, pendingSince: T0, adapter: { seen: true } };
    const plan = { since: T0, nextTryAt: T0, until: T0 + 3 * DAY_MS };
    const failure = { type: 'ProviderUnavailable', mayHaveReached: false, memory } as const;
    const troubled = stateAfter(asking, { type: 'failed', failure, retryPlan: plan, at: T0 });
    const leg = meet(troubled);
    expect(leg).not.toHaveProperty('trouble');
    expect(leg.memory).toEqual({ pendingSince: T0, adapter: { seen: true } });
    expect(release(leg).memory).toEqual(leg.memory);
  });

  it('is never tried by the leg itself, and never asks for attention, however it is told', () => {
    const step = { do: 'ask', round: 1, askedBefore: false, tries: 'first' } as const;
    const patience = defaultPatience;
    for (const isOutOfTime of [true, false]) {
      expect(retryPlanAfter(braked, { step, patience, beganAt: T0, at: T0, isOutOfTime })).toBeUndefined();
    }
    const { brake: _brake, ...untold } = braked;
    expect(stateAfter(asking, { type: 'failed', failure: untold, at: T0 + 1 })).toMatchObject({
      phase: 'ask',
      brake: { reason: 'unavailable', since: T0 + 1 },
    });
  });

  it('ends as never asked when the request is withdrawn meanwhile, and is waived or held as any other', () => {
    const leg = meet(asking);
    expect(stateAfter(leg, { type: 'requestEnded', at: T0 + DAY_MS })).toMatchObject({ outcome: 'never-asked' });
    const held = stateAfter(leg, { type: 'held', at: T0 + DAY_MS });
    expect(nextStep(held)).toEqual({ do: 'waitForRelease' });
    expect(nextStep(stateAfter(held, { type: 'released', at: T0 + 2 * DAY_MS }))).toMatchObject({ do: 'ask' });
  });

  it('stays in attention where it is, shows both, and tries again as soon as the brake is released', () => {
    const before = legInAttention('ProviderUnauthorized');
    const leg = meet(before);
    expect(leg).toMatchObject({ phase: 'attention', attention: before.attention, brake });
    expect(nextStep(leg)).toEqual({ do: 'waitForBrake', brake });
    expect(legProgress(leg)).toMatchObject({
      state: 'attention',
      attention: { reason: 'ProviderUnauthorized' },
      brake: {},
    });
    expect(nextStep(release(leg))).toMatchObject({ do: 'ask', tries: 'daily', reason: 'ProviderUnauthorized' });
  });

  it('takes the release for nothing where it does not wait for one', () => {
    expect(release(asking)).toBe(asking);
    const waiting = stateAfter(asking, { type: 'answered', receipt: accepted(), at: T0 });
    expect(release(waiting)).toBe(waiting);
  });
});
