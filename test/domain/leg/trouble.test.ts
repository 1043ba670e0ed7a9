import fc from 'fast-check';
import { defined } from '../../../domain/defined';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import {
  failureTypes,
  isAttentionReason,
  retrying,
  triesDaily,
  type FailureType,
  type LegFailure,
} from '../../../domain/leg/failure';
import { retryPlanAfter } from '../../../domain/leg/retry-plan';
import { nextStep, type AskStep, type LookStep } from '../../../domain/leg/next-step';
import type { RetryPlan, LegEvent } from '../../../domain/leg/leg-state';
import { defaultPatience } from '../../../domain/rules/patience';
import { legProgress } from '../../../domain/leg/leg-progress';
import { legAfter, T0, unsettledLegs, stateAfter, type AnyLeg } from '../../support/legs';

const legTypes = failureTypes.filter(isAttentionReason);
const steps = ['ask', 'look'] as const;
const under = { ask: legAfter([T0, { type: 'asked' }]), look: unsettledLegs.looking };
const hopelessSoon = legTypes.filter((type) => retrying[type].soon === undefined);
const triedSoon = legTypes.flatMap((type) => {
  const { soon } = retrying[type];
  return soon === undefined ? [] : [[type, soon] as const];
});
const pairs = legTypes.flatMap((known) => legTypes.map((comes) => [known, comes] as const));

/** What an activity that ran out of time, or that tells another kind of failure, leaves. */
function goOn(leg: AnyLeg, failure: LegFailure, at: number, isOutOfTime = true): AnyLeg {
  const step = nextStep(leg) as AskStep | LookStep;
  const retryPlan = retryPlanAfter(failure, {
    step,
    patience: defaultPatience,
    beganAt: at - MINUTE_MS,
    at,
    isOutOfTime,
  });
  return failed(leg, failure, at, retryPlan);
}

function failed(leg: AnyLeg, failure: LegFailure, at: number, retryPlan?: RetryPlan): AnyLeg {
  return stateAfter(leg, { type: 'failed', failure, at, ...defined({ retryPlan }) });
}

const failureOf = (type: FailureType, more: Partial<LegFailure> = {}): LegFailure => ({
  type,
  mayHaveReached: true,
  ...more,
});
const memoryOf = (type: FailureType, since: number) =>
  retrying[type].soon === 'stillPendingBudgetMs' ? { pendingSince: since } : { unavailableSince: since };
const begins = Math.max(under.ask.rounds[0]?.askedAt ?? 0, unsettledLegs.looking.rounds[0]?.windowEndsAt ?? 0) + DAY_MS;

describe.each(steps)('a step that does not get through: %s', (kind) => {
  const leg = under[kind];

  it.each(hopelessSoon)('asks for attention for %s, which trying soon does not mend', (type) => {
    const shown = goOn(leg, failureOf(type, { retryInMs: HOUR_MS }), begins);
    expect(shown).toMatchObject({ phase: 'attention', attention: { reason: type } });
    expect(shown).not.toHaveProperty('trouble');
  });

  it.each(triedSoon)('shows %s after the first tries, and goes on until its budget is spent', (type, soon) => {
    const memory = { ...memoryOf(type, begins), adapter: { seen: true } };
    const shown = goOn(leg, failureOf(type, { memory, retryInMs: HOUR_MS }), begins + 10 * MINUTE_MS);
    const until = begins + defaultPatience[soon];
    const nextTryAt = begins + 10 * MINUTE_MS + HOUR_MS;
    expect(shown).toMatchObject({
      phase: kind,
      memory,
      trouble: { reason: type, since: begins, until, nextTryAt, isPausing: true },
    });
    expect(shown).not.toHaveProperty('attention');
    expect(nextStep(shown)).toEqual({ do: 'wait', for: 'nextTry', until: nextTryAt });
    expect(stateAfter(shown, { type: 'timePassed', at: nextTryAt - 1 })).toBe(shown);
    const tried = stateAfter(shown, { type: 'timePassed', at: nextTryAt });
    expect(nextStep(tried)).toMatchObject({ do: kind, tries: 'soon', trouble: { isPausing: false } });

    const { state, waitsFor, until: shownUntil, trouble, youCan } = legProgress(shown);
    expect(state).toBe(kind === 'ask' ? 'asking' : 'looking');
    expect(trouble).toEqual({ reason: type, since: iso(begins), until: iso(until) });
    expect(shownUntil).toBe(iso(until));
    expect(waitsFor).toMatch(/Since .* it does not get through: .* until .*, and then asks for attention$/);
    expect(youCan).toBe('nothing to do; waive or attest');
  });

  it.each(legTypes)('asks for attention at once where the activity itself gave %s up', (type) => {
    const shown = goOn(leg, failureOf(type), begins, false);
    expect(shown).toMatchObject({ phase: 'attention', attention: { reason: type, since: begins } });
  });

  it('counts each budget from its own first failure, over the seam', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...triedSoon),
        fc.integer({ min: 0, max: 20 * DAY_MS }),
        fc.integer({ min: 0, max: 6 * HOUR_MS }),
        ([type, soon], afterMs, retryInMs) => {
          const at = begins + afterMs;
          const memory = { ...memoryOf(type, begins), adapter: {} };
          const shown = goOn(leg, failureOf(type, { memory, retryInMs }), at);
          const isLeft = afterMs + retryInMs < defaultPatience[soon];
          expect([shown.phase, shown.trouble?.until]).toEqual(
            isLeft ? [kind, begins + defaultPatience[soon]] : ['attention', undefined],
          );
        },
      ),
    );
  });

  it('says when the trouble began also once it asks for attention', () => {
    const type = 'ProviderUnavailable';
    const memory = { unavailableSince: begins, adapter: {} };
    const shown = goOn(leg, failureOf(type, { memory }), begins + HOUR_MS);
    const given = failed(shown, failureOf(type), begins + 3 * DAY_MS);
    expect(given.attention).toMatchObject({ reason: type, since: begins + 3 * DAY_MS, troubleSince: begins });
    expect(given).not.toHaveProperty('trouble');
    expect(given.memory).toEqual(memory);
    expect(legProgress(given).attention).toEqual({
      reason: type,
      since: iso(begins + 3 * DAY_MS),
      troubleSince: iso(begins),
      triesDaily: true,
    });
  });

  it('keeps what the adapter knows, and begins its budgets anew, with a retry', () => {
    const memory = { unavailableSince: begins, adapter: { seen: true } };
    const given = failed(leg, failureOf('ProviderUnavailable', { memory }), begins);
    const decision = { provider: 'person', actor: 'staff-7', reason: { code: 'mended', ticket: 'PRIV-1' } } as const;
    const retried = stateAfter(given, { type: 'decided', kind: 'retry', decision, at: begins + DAY_MS });
    expect(retried.memory).toEqual({ adapter: { seen: true } });
    expect(nextStep(retried)).toMatchObject({ do: kind, tries: 'first' });
    expect(nextStep(retried)).not.toHaveProperty('trouble');
  });

  it('forgets its trouble when it gets through', () => {
    const shown = goOn(leg, failureOf('ProviderUnavailable', { memory: { adapter: {} } }), begins);
    const through: LegEvent =
      kind === 'ask'
        ? { type: 'answered', receipt: knownReceipt(), at: begins + 1 }
        : { type: 'observed', observation: { status: 'absent', evidence: knownReceipt().evidence }, at: begins + 1 };
    const done = stateAfter(shown, through);
    for (const gone of ['trouble', 'memory', 'attention']) expect(done).not.toHaveProperty(gone);
  });

  const pairsInTrouble = pairs.filter(([known]) => retrying[known].soon !== undefined);
  it.each(pairsInTrouble)('in trouble for %s, shows %s once that takes its place', (known, comes) => {
    const memory = { unavailableSince: begins, pendingSince: begins, adapter: {} };
    const shown = goOn(leg, failureOf(known, { memory }), begins + 10 * MINUTE_MS);
    const at = begins + DAY_MS;
    const changed = goOn(shown, failureOf(comes, { memory, kindChanged: true }), at, false);
    expect((changed.trouble ?? changed.attention)?.reason).toBe(comes);
    expect(changed.phase).toBe(retrying[comes].soon === undefined ? 'attention' : kind);
    // Without a word of the activity's that trying goes on, it is over.
    expect(goOn(shown, failureOf(comes, { memory }), at).phase).toBe('attention');
  });

  it.each(pairs)('in attention for %s, is in attention for %s once that takes its place', (known, comes) => {
    const inAttention = failed(leg, failureOf(known), begins);
    const at = begins + 2 * DAY_MS;
    const now = goOn(inAttention, failureOf(comes, { kindChanged: true }), at, false);
    expect(now.attention).toEqual({
      reason: comes,
      since: comes === known ? begins : at,
      ...(comes === known ? {} : { troubleSince: begins }),
      step: kind,
    });
    expect(nextStep(now).do).toBe(triesDaily(comes) ? kind : 'waitForDecision');
  });
});

describe('a hold during trouble', () => {
  it('has it begin anew after the release, with what the adapter knows', () => {
    const memory = { unavailableSince: begins, adapter: { seen: true } };
    const retryPlan = { since: begins, nextTryAt: begins + HOUR_MS, until: begins + 3 * DAY_MS };
    const shown = failed(under.ask, { type: 'ProviderUnavailable', mayHaveReached: false, memory }, begins, retryPlan);
    const held = stateAfter(shown, { type: 'held', at: begins });
    expect(nextStep(held)).toEqual({ do: 'waitForRelease' });
    const released = stateAfter(held, { type: 'released', at: begins + 30 * DAY_MS });
    expect(nextStep(released)).toEqual({ do: 'ask', round: 1, askedBefore: false, tries: 'first' });
    expect(released.memory).toEqual({ adapter: { seen: true } });
  });
});

function knownReceipt() {
  const receipt = unsettledLegs.window.rounds[0]?.receipt;
  if (receipt === undefined) throw new Error('A leg in its window has a receipt');
  return receipt;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
