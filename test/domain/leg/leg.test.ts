import { openLeg, stateAfter, type AnyLeg } from '../../support/legs';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import type { ProviderDecisionKind } from '../../../domain/decision/decision-table';
import {
  failureTypes,
  isAttentionReason,
  triesDaily,
  type AttentionReason,
  type FailureType,
} from '../../../domain/leg/failure';
import { graceIsOverAt, windowIsOverAt } from '../../../domain/leg/leg-windows';
import { nextStep } from '../../../domain/leg/next-step';
import { offeredDecisions, refusalReason } from '../../../domain/leg/leg-decisions';
import { REPORTS_COUNTED_MAX } from '../../../domain/leg/leg-callbacks';
import { acceptedFacts } from '../../../domain/leg/rounds';
import type { LegEvent } from '../../../domain/leg/leg-state';
import { callbackRemarks, speaksAgainst } from '../../../domain/leg/receipt';
import type { CallbackRemark, Observation, Receipt, Withdrawal } from '../../../domain/leg/receipt';
import {
  absent,
  accepted,
  evidence,
  HOURS_120_MS,
  inconclusive,
  newerRecord,
  pending,
  presentAgain,
  takenOffQueue,
  unclearRecord,
  unknown,
} from '../../support/receipts';

const T0 = Date.UTC(2026, 10, 22, 9);
const OVER = T0 + HOURS_120_MS + HOUR_MS;
const GRACE_OVER = OVER + 72 * HOUR_MS;

const asked = (at = T0): LegEvent => ({ type: 'asked', at });
const answered = (receipt: Receipt, at = T0): LegEvent => ({ type: 'answered', receipt, at });
const timePassed = (at: number): LegEvent => ({ type: 'timePassed', at });
const observed = (observation: Observation, at = OVER): LegEvent => ({ type: 'observed', observation, at });
const calledBack = (at: number, handle = 'h1'): LegEvent => ({ type: 'calledBack', evidence: { handle }, at });
const reported = (says: CallbackRemark, at: number): LegEvent => ({
  type: 'reported',
  report: { says, handle: 'h1' },
  at,
});
const requestEnded = (at: number): LegEvent => ({ type: 'requestEnded', at });
const interrupted = (at = T0, mayHaveReached?: boolean): LegEvent => ({
  type: 'interrupted',
  at,
  ...(mayHaveReached === undefined ? {} : { mayHaveReached }),
});
const withdrawalAnswered = (withdrawal: Withdrawal, at = T0 + DAY_MS): LegEvent => ({
  type: 'withdrawalAnswered',
  withdrawal,
  at,
});
const failed = (type: FailureType, at = T0, mayHaveReached = true): LegEvent => ({
  type: 'failed',
  failure: { type, mayHaveReached },
  at,
});
const decided = (kind: ProviderDecisionKind, at = T0): LegEvent => ({
  type: 'decided',
  kind,
  decision: { provider: 'person', actor: 'staff-7', reason: { code: 'checked', ticket: 'PRIV-1' } },
  at,
});

function after(...events: LegEvent[]): AnyLeg {
  return events.reduce<AnyLeg>(stateAfter, openLeg('person'));
}

function facts({ phase, outcome, assurance, settledAt }: AnyLeg): unknown {
  return [phase, outcome, assurance, settledAt];
}

const callbackProof = accepted({ confirmedBy: 'callback', seen: false });
const inWindow = [asked(), answered(accepted())];
const looking = [...inWindow, timePassed(OVER)];
const hoping = [asked(), answered(callbackProof), timePassed(OVER)];
/** Asked three times, and there again each time. */
const reappeared = [1, 2, 3].flatMap((round) => {
  const start = T0 + (round - 1) * 10 * DAY_MS;
  const over = start + HOURS_120_MS + HOUR_MS;
  return [asked(start), answered(accepted(), start), timePassed(over), observed(presentAgain, over)];
});

describe('a leg from asking to its outcome', () => {
  it.each<[string, LegEvent[], unknown]>([
    ['verified: seen before, absent after the window', [...looking, observed(absent)], ['erased', 'verified', OVER]],
    [
      'verified: not seen when asked, seen when it came back, absent after another round',
      [
        asked(),
        answered(accepted({ seen: false })),
        timePassed(OVER),
        observed(presentAgain),
        asked(OVER),
        answered(accepted({ seen: false }), OVER),
        timePassed(OVER + HOURS_120_MS + HOUR_MS),
        observed(absent, OVER + HOURS_120_MS + HOUR_MS),
      ],
      ['erased', 'verified', OVER + HOURS_120_MS + HOUR_MS],
    ],
    [
      'confirmed: called back in the grace',
      [...hoping, calledBack(OVER + HOUR_MS)],
      ['erased', 'confirmed', OVER + HOUR_MS],
    ],
    [
      'confirmed: called back inside the window, and the window is over',
      [asked(), answered(callbackProof), calledBack(T0 + HOUR_MS), timePassed(OVER)],
      ['erased', 'confirmed', OVER],
    ],
    [
      'confirmed: called back before acceptance was known',
      [asked(), calledBack(T0), answered(callbackProof), timePassed(OVER)],
      ['erased', 'confirmed', OVER],
    ],
    [
      'presumed: no callback within the grace',
      [...hoping, timePassed(GRACE_OVER)],
      ['presumed-erased', undefined, GRACE_OVER],
    ],
    [
      'presumed: nobody says, and nobody can look',
      [asked(), answered(accepted({ confirmedBy: 'nobody' })), timePassed(OVER)],
      ['presumed-erased', undefined, OVER],
    ],
    [
      'presumed: absent, but never seen before',
      [asked(), answered(accepted({ seen: false })), timePassed(OVER), observed(absent)],
      ['presumed-erased', undefined, OVER],
    ],
    ['not found: no such identifier', [asked(), answered(unknown())], ['not-found', undefined, T0]],
    [
      'not found: no such identifier, also after the window that could hide it',
      [asked(), answered(unknown({ window: { lastsMs: HOURS_120_MS } })), timePassed(OVER), observed(absent)],
      ['not-found', undefined, OVER],
    ],
    ['attested', [...inWindow, decided('attest', T0 + 5)], ['attested', undefined, T0 + 5]],
    ['waived', [...inWindow, decided('waive', T0 + 5)], ['waived', undefined, T0 + 5]],
    [
      'withdrawn: withdrawn in time',
      [
        asked(),
        answered(accepted({ withdrawable: true })),
        requestEnded(T0 + 1),
        withdrawalAnswered({ status: 'withdrawn' }),
      ],
      ['withdrawn', undefined, T0 + DAY_MS],
    ],
    ['never asked: the request ended first', [requestEnded(T0)], ['never-asked', undefined, T0]],
    ['unknown: asked, and cannot be withdrawn', [...inWindow, requestEnded(T0 + 1)], ['unknown', undefined, T0 + 1]],
  ])('%s', (_name, events, expected) => {
    const { phase, outcome, assurance, settledAt } = after(...events);
    expect([phase, [outcome, assurance, settledAt]]).toEqual(['settled', expected]);
    expect(nextStep(after(...events))).toEqual({ do: 'finish' });
  });

  it('asks the first round first, and has not asked before', () => {
    expect(nextStep(after())).toEqual({ do: 'ask', round: 1, askedBefore: false, tries: 'first' });
  });

  it('has asked before from acceptance on', () => {
    expect(after(...inWindow).askedBefore).toBe(true);
  });

  it('keeps the first answer to a round', () => {
    const leg = after(...inWindow);
    expect(stateAfter(leg, answered(unknown(), T0 + 1))).toBe(leg);
  });

  it('starts no round while it is not asking', () => {
    const leg = after(...inWindow);
    expect(stateAfter(leg, asked(T0 + 1))).toBe(leg);
  });
});

describe('the window', () => {
  it.each([
    [
      'counts a length from acceptance, and adds the margin',
      { lastsMs: HOURS_120_MS },
      T0 + 7 + HOURS_120_MS + HOUR_MS,
    ],
    [
      'ends at the instant that the provider named, and adds the margin',
      { endsAt: T0 + DAY_MS },
      T0 + DAY_MS + HOUR_MS,
    ],
    ['may be over already', { endsAt: T0 - DAY_MS }, T0 - DAY_MS + HOUR_MS],
  ])('%s', (_name, window, overAt) => {
    const leg = after(asked(), answered(accepted({ window }), T0 + 7));
    expect(windowIsOverAt(leg)).toBe(overAt);
    expect(nextStep(leg)).toEqual({ do: 'wait', for: 'window', until: overAt });
  });

  it('is waited out to the millisecond', () => {
    expect(after(...inWindow, timePassed(OVER - 1)).phase).toBe('window');
    expect(after(...inWindow, timePassed(OVER)).phase).toBe('look');
  });

  it('is looked behind when the identifier was unknown, whatever proof there could be', () => {
    const leg = after(asked(), answered(unknown({ window: { lastsMs: HOURS_120_MS } })), timePassed(OVER));
    expect(nextStep(leg)).toEqual({ do: 'look', round: 1, tries: 'first' });
  });

  it('is not cut short by a callback', () => {
    const leg = after(asked(), answered(callbackProof), calledBack(OVER - 1), timePassed(OVER - 1));
    expect(leg.phase).toBe('window');
  });

  it('counts from the last accepted round', () => {
    const leg = after(...looking, observed(presentAgain), asked(OVER), answered(accepted(), OVER + 5));
    expect(windowIsOverAt(leg)).toBe(OVER + 5 + HOURS_120_MS + HOUR_MS);
    expect(stateAfter(leg, timePassed(OVER + HOURS_120_MS)).phase).toBe('window');
  });

  it('is unknown while a further round has no answer yet', () => {
    const leg = after(...looking, observed(presentAgain), asked(OVER));
    expect(windowIsOverAt(leg)).toBeUndefined();
    expect(graceIsOverAt(leg)).toBeUndefined();
  });

  it.each([
    ['later', OVER + DAY_MS],
    ['earlier', OVER + 1],
  ])('moves where the provider moves it: %s', (_name, endsAt) => {
    const leg = after(...looking, observed(pending(endsAt)));
    expect(nextStep(leg)).toEqual({ do: 'wait', for: 'window', until: endsAt + HOUR_MS });
    expect(leg.rounds).toHaveLength(1);
    expect(
      facts(stateAfter(stateAfter(leg, timePassed(endsAt + HOUR_MS)), observed(absent, endsAt + HOUR_MS))),
    ).toEqual(['settled', 'erased', 'verified', endsAt + HOUR_MS]);
  });

  it('may move 20 times before a staff member is asked, who can let it go on waiting', () => {
    let leg = after(...looking);
    let at = OVER;
    for (let times = 1; times <= 20; times += 1) {
      leg = stateAfter(leg, observed(pending(at + DAY_MS), at));
      expect(leg.phase).toBe('window');
      at += DAY_MS + HOUR_MS;
      leg = stateAfter(leg, timePassed(at));
    }
    leg = stateAfter(leg, observed(pending(at + DAY_MS), at));
    expect(leg.attention).toEqual({ reason: 'Postponed', since: at, step: 'look' });
    expect(nextStep(leg)).toEqual({ do: 'waitForDecision' });

    const goesOn = stateAfter(leg, decided('retry', at + 1));
    expect(nextStep(goesOn)).toEqual({ do: 'wait', for: 'window', until: at + DAY_MS + HOUR_MS });
    expect(goesOn.postponements).toBe(0);
    expect(stateAfter(goesOn, timePassed(at + DAY_MS + HOUR_MS)).phase).toBe('look');
  });
});

describe('a callback that confirms nothing', () => {
  const remarks = Object.keys(callbackRemarks) as CallbackRemark[];
  const against = remarks.filter(speaksAgainst);
  const beside = remarks.filter((remark) => !speaksAgainst(remark));

  it.each(remarks)('never makes an outcome of its own, whenever it comes: %s', (says) => {
    const story = [asked(), answered(callbackProof), timePassed(OVER), timePassed(GRACE_OVER)];
    for (let before = 1; before <= story.length; before += 1) {
      const at = [T0, T0, T0 + 1, OVER + 1, GRACE_OVER + 1][before] ?? 0;
      const leg = after(...story.slice(0, before), reported(says, at), ...story.slice(before));
      expect(leg.assurance).toBeUndefined();
      expect(leg.reports).toEqual([{ says, handle: 'h1', at, lastAt: at, count: 1 }]);
      // Where the report comes last, the leg has settled already.
      const isHeeded = speaksAgainst(says) && before < story.length;
      expect([before, leg.attention?.reason, leg.outcome]).toEqual(
        isHeeded ? [before, 'CallbackContradicts', undefined] : [before, undefined, 'presumed-erased'],
      );
    }
  });

  it.each(against)('asks for attention at once in the grace, and at the end of the window before it: %s', (says) => {
    expect(after(...hoping, reported(says, OVER + 5)).attention).toEqual({
      reason: 'CallbackContradicts',
      since: OVER + 5,
      step: 'ask',
    });
    const inTime = after(asked(), answered(callbackProof), reported(says, OVER - 1));
    expect(inTime.phase).toBe('window');
    expect(stateAfter(inTime, timePassed(OVER)).attention?.since).toBe(OVER);
  });

  it.each(against)('takes back what was said before it, and is taken back by what is said after it: %s', (says) => {
    const doubted = after(
      asked(),
      answered(callbackProof),
      calledBack(T0 + 1),
      reported(says, T0 + 2),
      timePassed(OVER),
    );
    expect(doubted.attention?.reason).toBe('CallbackContradicts');
    expect(facts(stateAfter(doubted, calledBack(OVER + 1)))).toEqual(['settled', 'erased', 'confirmed', OVER + 1]);
    const mended = after(
      asked(),
      answered(callbackProof),
      reported(says, T0 + 1),
      calledBack(T0 + 2),
      timePassed(OVER),
    );
    expect(facts(mended)).toEqual(['settled', 'erased', 'confirmed', OVER]);
  });

  it.each(beside)('does not keep a confirmation from counting: %s', (says) => {
    const leg = after(asked(), answered(callbackProof), calledBack(T0 + 1), reported(says, T0 + 2), timePassed(OVER));
    expect(facts(leg)).toEqual(['settled', 'erased', 'confirmed', OVER]);
  });

  it('is about the round that was asked before it: another asking starts anew', () => {
    const leg = after(...hoping, reported('failure', OVER + 1), decided('retry', OVER + 2));
    expect(nextStep(leg)).toMatchObject({ do: 'ask', round: 2 });
    const [start, over] = [OVER + 3, OVER + 3 + HOURS_120_MS + HOUR_MS];
    const again = [asked(start), answered(callbackProof, start), timePassed(over)].reduce<AnyLeg>(stateAfter, leg);
    expect(again.phase).toBe('callback');
    expect(stateAfter(again, timePassed(over + 72 * HOUR_MS)).outcome).toBe('presumed-erased');
  });

  it('leaves no earlier confirmation standing after another asking: only a new one confirms', () => {
    const doubted = after(...hoping.slice(0, 2), calledBack(T0 + 1), reported('failure', T0 + 2), timePassed(OVER));
    const leg = stateAfter(doubted, decided('retry', OVER + 2));
    const [start, over] = [OVER + 3, OVER + 3 + HOURS_120_MS + HOUR_MS];
    const again = [asked(start), answered(callbackProof, start)].reduce<AnyLeg>(stateAfter, leg);
    const silent = [timePassed(over), timePassed(over + 72 * HOUR_MS)].reduce<AnyLeg>(stateAfter, again);
    expect([silent.outcome, silent.assurance]).toEqual(['presumed-erased', undefined]);
    const confirmed = [calledBack(start + 1), timePassed(over)].reduce<AnyLeg>(stateAfter, again);
    expect(facts(confirmed)).toEqual(['settled', 'erased', 'confirmed', over]);
    expect(confirmed.callback?.at).toBe(start + 1);
  });

  it('speaks against another asking, too, however often it was said before', () => {
    const often = Array.from({ length: REPORTS_COUNTED_MAX }, (_one, index) => reported('failure', OVER + index));
    const leg = after(...hoping, ...often, decided('retry', OVER + DAY_MS));
    const start = OVER + DAY_MS + 1;
    const again = [asked(start), answered(callbackProof, start), reported('failure', start + 1)].reduce<AnyLeg>(
      stateAfter,
      leg,
    );
    expect(again.reports).toMatchObject([{ lastAt: start + 1, count: REPORTS_COUNTED_MAX }]);
    expect(stateAfter(again, timePassed(start + HOURS_120_MS + HOUR_MS)).attention?.reason).toBe('CallbackContradicts');
  });

  it('leaves the result unknown where the request ends in that attention', () => {
    expect(after(...hoping, reported('failure', OVER + 1), requestEnded(OVER + 2)).outcome).toBe('unknown');
  });

  it('is counted up to a bound, and then changes nothing', () => {
    let leg = after(asked(), answered(callbackProof));
    for (let times = 1; times <= 3 * REPORTS_COUNTED_MAX; times += 1) {
      const next = stateAfter(leg, reported('no-event', T0 + times));
      expect(next === leg).toBe(times > REPORTS_COUNTED_MAX);
      leg = next;
    }
    expect(leg.reports).toEqual([
      { says: 'no-event', handle: 'h1', at: T0 + 1, lastAt: T0 + REPORTS_COUNTED_MAX, count: REPORTS_COUNTED_MAX },
    ]);
  });
});

describe('the callback', () => {
  it('settles at the very end of the window when it came before', () => {
    const leg = after(asked(), answered(callbackProof), calledBack(OVER - 1));
    expect(leg.phase).toBe('window');
    expect(facts(stateAfter(leg, timePassed(OVER)))).toEqual(['settled', 'erased', 'confirmed', OVER]);
  });

  it('is hoped for to the end of the grace, to the millisecond', () => {
    const leg = after(...hoping);
    expect(nextStep(leg)).toEqual({ do: 'wait', for: 'callback', until: GRACE_OVER });
    expect(stateAfter(leg, timePassed(GRACE_OVER - 1)).phase).toBe('callback');
    expect(stateAfter(leg, timePassed(GRACE_OVER)).outcome).toBe('presumed-erased');
  });

  it('is not hoped for where there is no grace', () => {
    const leg = after(asked(), answered({ ...callbackProof, graceMs: 0 }), timePassed(OVER));
    expect(facts(leg)).toEqual(['settled', 'presumed-erased', undefined, OVER]);
  });

  it('is kept once: a duplicate changes nothing', () => {
    const leg = after(asked(), answered(callbackProof), calledBack(T0 + 1, 'first'));
    expect(stateAfter(leg, calledBack(T0 + 2, 'second'))).toBe(leg);
    const settled = after(...hoping, calledBack(OVER + 1));
    expect(stateAfter(settled, calledBack(OVER + 2))).toBe(settled);
  });

  it('raises presumed to confirmed when it comes after the end', () => {
    const leg = after(...hoping, timePassed(GRACE_OVER), calledBack(GRACE_OVER + DAY_MS));
    expect(facts(leg)).toEqual(['settled', 'erased', 'confirmed', GRACE_OVER + DAY_MS]);
  });

  it.each<[string, LegEvent[], string]>([
    ['waived', [...hoping, decided('waive', OVER)], 'waived'],
    ['attested', [...hoping, decided('attest', OVER)], 'attested'],
    ['unknown', [asked(), answered(callbackProof), requestEnded(T0 + 1)], 'unknown'],
    ['not found', [asked(), answered(unknown())], 'not-found'],
    ['never asked', [requestEnded(T0)], 'never-asked'],
    [
      'presumed where we looked',
      [asked(), answered(accepted({ seen: false })), timePassed(OVER), observed(absent)],
      'presumed-erased',
    ],
    [
      'presumed where nobody says',
      [asked(), answered(accepted({ confirmedBy: 'nobody' })), timePassed(OVER)],
      'presumed-erased',
    ],
  ])('is written down and changes no other outcome: %s', (_name, events, outcome) => {
    const leg = after(...events, calledBack(GRACE_OVER + 1));
    expect([leg.outcome, leg.assurance]).toEqual([outcome, undefined]);
    expect(leg.callback?.at).toBe(GRACE_OVER + 1);
  });

  it.each(['look', 'nobody'] as const)('is no confirmation where it is confirmed by %s', (confirmedBy) => {
    const receipt = accepted({ confirmedBy, seen: false });
    const leg = after(asked(), answered(receipt), calledBack(T0 + 1), timePassed(OVER), observed(absent));
    expect([leg.outcome, leg.assurance]).toEqual(['presumed-erased', undefined]);
  });

  it('is no confirmation when a later look found the same record', () => {
    const second = accepted({ confirmedBy: 'callback' });
    const asksAgain = [...inWindow, calledBack(T0 + 1), timePassed(OVER), observed(presentAgain)];
    const leg = after(...asksAgain, asked(OVER), answered(second, OVER), timePassed(OVER + HOURS_120_MS + HOUR_MS));
    expect(leg.phase).toBe('callback');
    expect(stateAfter(leg, calledBack(OVER + HOURS_120_MS + DAY_MS)).assurance).toBe('confirmed');
  });
});

describe('a look', () => {
  it('asks again in a new round when the same record is there', () => {
    const leg = after(...looking, observed(presentAgain));
    expect(nextStep(leg)).toEqual({ do: 'ask', round: 2, askedBefore: true, tries: 'first' });
    expect(leg.seen).toBe(true);
  });

  it('asks at most three rounds by itself', () => {
    expect(after(...reappeared.slice(0, 8)).phase).toBe('ask');
    const leg = after(...reappeared);
    expect(leg.rounds.map((round) => round.number)).toEqual([1, 2, 3]);
    expect(leg.attention).toEqual({ reason: 'Reappeared', since: T0 + 20 * DAY_MS + OVER - T0, step: 'look' });
  });

  it.each<[AttentionReason, Observation, boolean]>([
    ['NewerRecord', newerRecord, false],
    ['Inconclusive', unclearRecord, false],
    ['Inconclusive', inconclusive, false],
    ['TakenOffQueue', takenOffQueue, true],
  ])('asks a staff member: %s', (reason, observation, seen) => {
    const unseen = [asked(), answered(accepted({ seen: false })), timePassed(OVER)];
    const leg = after(...unseen, observed(observation));
    expect(leg.attention).toEqual({ reason, since: OVER, step: 'look' });
    expect(leg.seen).toBe(seen);
    expect(nextStep(leg)).toEqual({ do: 'waitForDecision' });
  });

  it('is kept when its answer comes after the leg was decided, and changes no outcome', () => {
    const leg = after(...looking, decided('waive', OVER));
    expect(stateAfter(leg, observed(absent, OVER + 1))).toEqual({
      ...leg,
      lastObservation: { ...absent, at: OVER + 1 },
    });
  });
});

describe('attention', () => {
  const asksReason = (type: FailureType): AttentionReason =>
    isAttentionReason(type) ? type : 'ProviderContractBroken';
  const asking = failureTypes.filter((type) => type !== 'ProviderBraked');

  it.each(asking)('is entered when asking fails with %s', (type) => {
    const leg = after(asked(), failed(type, T0 + 5));
    expect(leg.attention).toEqual({ reason: asksReason(type), since: T0 + 5, step: 'ask' });
    expect(nextStep(leg)).toEqual(
      triesDaily(asksReason(type))
        ? { do: 'ask', round: 1, askedBefore: true, tries: 'daily', reason: asksReason(type) }
        : { do: 'waitForDecision' },
    );
  });

  it.each(asking)('is entered when looking fails with %s', (type) => {
    const leg = after(...looking, failed(type, OVER + 5));
    expect(leg.attention).toEqual({ reason: asksReason(type), since: OVER + 5, step: 'look' });
    expect(nextStep(leg)).toEqual(
      triesDaily(asksReason(type))
        ? { do: 'look', round: 1, tries: 'daily', reason: asksReason(type) }
        : { do: 'waitForDecision' },
    );
  });

  it('goes on trying by itself for what the world may mend, and for nothing else', () => {
    expect(failureTypes.filter((type) => triesDaily(asksReason(type)))).toEqual([
      'KeyUnavailable',
      'ProviderUnavailable',
      'UnrecognizedAnswer',
      'ProviderUnauthorized',
      'TokenRefused',
      'StillPending',
      'ApprovalMissing',
      'AnotherHost',
    ]);
    const others = ['Reappeared', 'NewerRecord', 'TakenOffQueue', 'Postponed', 'Inconclusive'] as const;
    expect(others.filter(triesDaily)).toEqual([]);
  });

  it('is sticky: the same reason keeps its beginning, another has its own', () => {
    const leg = after(asked(), failed('ProviderUnavailable', T0 + 5), failed('ProviderUnavailable', T0 + DAY_MS));
    expect(leg.attention?.since).toBe(T0 + 5);
    expect(stateAfter(leg, failed('ProviderUnauthorized', T0 + 2 * DAY_MS)).attention).toEqual({
      reason: 'ProviderUnauthorized',
      since: T0 + 2 * DAY_MS,
      troubleSince: T0 + 5,
      step: 'ask',
    });
  });

  it('mends by itself when the daily try succeeds', () => {
    const mended = after(asked(), failed('ProviderUnavailable'), answered(accepted(), T0 + DAY_MS));
    expect([mended.phase, mended.attention]).toEqual(['window', undefined]);
    expect(mended.rounds).toHaveLength(1);
    const gone = after(...looking, failed('ProviderUnavailable', OVER), observed(absent, OVER + DAY_MS));
    expect(facts(gone)).toEqual(['settled', 'erased', 'verified', OVER + DAY_MS]);
  });

  it('ends with a retry of the failed step only', () => {
    const ask = after(asked(), failed('ProviderRejected'), decided('retry'));
    expect(nextStep(ask)).toEqual({ do: 'ask', round: 1, askedBefore: true, tries: 'first' });
    const look = after(...looking, failed('ProviderRejected', OVER), decided('retry', OVER));
    expect(nextStep(look)).toEqual({ do: 'look', round: 1, tries: 'first' });
    expect([ask.attention, look.attention]).toEqual([undefined, undefined]);
  });

  it.each<[string, LegEvent[], number]>([
    ['Reappeared', reappeared, 4],
    ['TakenOffQueue', [...looking, observed(takenOffQueue)], 2],
  ])('%s looks first, then asks again', (_reason, events, round) => {
    const at = T0 + 60 * DAY_MS;
    const leg = after(...events, decided('retry', at));
    expect(nextStep(leg)).toMatchObject({ do: 'look', round: round - 1, tries: 'first' });
    expect(nextStep(stateAfter(leg, observed(presentAgain, at)))).toMatchObject({ do: 'ask', round });
    expect(nextStep(stateAfter(leg, observed(takenOffQueue, at)))).toMatchObject({ do: 'ask', round });
    expect(stateAfter(leg, observed(absent, at)).assurance).toBe('verified');
  });

  it('asks again once for one retry', () => {
    const at = T0 + 60 * DAY_MS;
    const leg = after(...reappeared, decided('retry', at), observed(presentAgain, at), asked(at));
    const again = [answered(accepted(), at), timePassed(at + 9 * DAY_MS), observed(presentAgain, at + 9 * DAY_MS)];
    expect(again.reduce<AnyLeg>(stateAfter, leg).attention?.reason).toBe('Reappeared');
  });

  it('remembers that it is to ask again when the look in between fails', () => {
    const at = T0 + 60 * DAY_MS;
    const leg = after(...reappeared, decided('retry', at), failed('ProviderUnauthorized', at), decided('retry', at));
    expect(nextStep(stateAfter(leg, observed(presentAgain, at)))).toMatchObject({ do: 'ask', round: 4 });
  });

  it('does not ask again after a retry of anything else', () => {
    const leg = after(...looking, observed(newerRecord), decided('retry', OVER), observed(takenOffQueue));
    expect(leg.attention?.reason).toBe('TakenOffQueue');
  });

  it('asks a staff member where the provider contradicts itself', () => {
    const again = after(...looking, observed(presentAgain), asked(OVER), answered(unknown(), OVER));
    expect(again.attention).toMatchObject({ reason: 'Inconclusive', step: 'ask' });
    expect(nextStep(stateAfter(again, decided('retry', OVER)))).toMatchObject({ do: 'ask', round: 3 });
  });

  it.each(['waive', 'attest'] as const)('ends with %s', (kind) => {
    const leg = after(asked(), failed('ProviderUnavailable'), decided(kind, T0 + 9));
    expect([leg.phase, leg.attention, leg.settledAt]).toEqual(['settled', undefined, T0 + 9]);
    expect(leg.decisions).toEqual([
      { provider: 'person', actor: 'staff-7', reason: { code: 'checked', ticket: 'PRIV-1' }, kind, at: T0 + 9 },
    ]);
  });
});

describe('asked before', () => {
  it.each([
    ['after a failure that may have reached the provider', [failed('ProviderUnavailable', T0, true)], true],
    ['not after one that surely did not', [failed('ProviderUnavailable', T0, false)], false],
    ['after an asking that was broken off', [interrupted()], true],
    ['after one that was broken off when it may have left', [interrupted(T0, true)], true],
    ['not after one that was broken off before any call of it can have left', [interrupted(T0, false)], false],
    [
      'not after a sure failure alone, but it is never forgotten',
      [failed('ProviderRejected', T0, true), failed('ProviderUnavailable', T0, false)],
      true,
    ],
  ])('%s', (_name, events, expected) => {
    expect(after(asked(), ...events).askedBefore).toBe(expected);
  });

  it('is not so when asking was broken off before it began', () => {
    expect(after(interrupted()).askedBefore).toBe(false);
  });

  it('keeps the number and the time of a round without an answer', () => {
    const leg = after(asked(), failed('ProviderUnavailable', T0 + 5), asked(T0 + DAY_MS));
    expect(leg.rounds).toEqual([{ number: 1, askedAt: T0, mayHaveReached: true }]);
  });
});

describe('what the provider said to our asking that stands', () => {
  const facts = { created_on: '2026-11-22T09:00:00Z' };
  const said = accepted({ withdrawable: true, evidence: { host: 'provider.test', httpStatus: 202, facts } });

  it.each<[string, LegEvent[], object | undefined]>([
    ['is what its receipt holds', [asked(), answered(said)], facts],
    ['is nothing before an answer', [asked()], undefined],
    ['is nothing where it took nothing on', [asked(), answered(unknown({ evidence: said.evidence }))], undefined],
    ['is nothing where it did not say so', [asked(), answered({ ...said, basis: 'queued-already' })], undefined],
    ['is nothing where it never said so', [asked(), answered({ ...said, basis: 'unknown-after-asking' })], undefined],
    [
      'is nothing once it was withdrawn',
      [
        asked(),
        answered(said),
        { type: 'held', at: T0 + 1 },
        { type: 'withdrawing', at: T0 + 1 },
        withdrawalAnswered({ status: 'withdrawn' }, T0 + 2),
      ],
      undefined,
    ],
  ])('%s', (_what, events, expected) => {
    expect(acceptedFacts(after(...events))).toEqual(expected);
  });
});

describe('a decision', () => {
  const unsettled: [string, LegEvent[]][] = [
    ['while asking', [asked()]],
    ['in the window', inWindow],
    ['in the grace', hoping],
    ['while looking', looking],
    ['in attention', [asked(), failed('ProviderRejected')]],
  ];
  const withdrawnInHold: LegEvent[] = [
    asked(),
    answered(accepted({ withdrawable: true })),
    { type: 'held', at: T0 },
    { type: 'withdrawing', at: T0 },
    { type: 'withdrawalAnswered', withdrawal: { status: 'withdrawn' }, at: T0 },
    { type: 'released', at: T0 },
  ];

  it.each(unsettled)('may waive or attest %s', (_name, events) => {
    const leg = after(...events);
    expect([refusalReason(leg, 'waive'), refusalReason(leg, 'attest')]).toEqual([undefined, undefined]);
    expect(stateAfter(leg, decided('waive', GRACE_OVER)).outcome).toBe('waived');
    expect(stateAfter(leg, decided('attest', GRACE_OVER)).outcome).toBe('attested');
  });

  it.each<[string, LegEvent[]]>([
    ['before it was asked', []],
    ['after what was asked was withdrawn', withdrawnInHold],
  ])('may waive %s, and not attest: there is nothing to vouch for', (_name, events) => {
    const leg = after(...events);
    expect(refusalReason(leg, 'waive')).toBeUndefined();
    expect(refusalReason(leg, 'attest')).toMatch(
      /^cannot be attested: nothing was asked of it that still stands; waive it/,
    );
    expect(stateAfter(leg, decided('attest', GRACE_OVER))).toBe(leg);
    expect(offeredDecisions(leg)).toEqual(['waive']);
  });

  it.each([['before asking', []], ...unsettled.slice(0, 4)] as [string, LegEvent[]][])(
    'may not retry %s',
    (_name, events) => {
      const leg = after(...events);
      expect(refusalReason(leg, 'retry')).toBe('needs no retry: it is not in attention');
      expect(stateAfter(leg, decided('retry'))).toBe(leg);
    },
  );

  it.each(['retry', 'waive', 'attest'] as const)(
    '%s comes too late for a leg that is settled or being withdrawn',
    (kind) => {
      const settled = after(asked(), answered(unknown()));
      expect(refusalReason(settled, kind)).toBe('is settled already (not-found)');
      expect(stateAfter(settled, decided(kind))).toBe(settled);
      const withdrawing = after(asked(), answered(accepted({ withdrawable: true })), requestEnded(T0));
      expect(refusalReason(withdrawing, kind)).toBe('is being withdrawn, and settles by itself');
      expect(stateAfter(withdrawing, decided(kind))).toBe(withdrawing);
    },
  );

  it('stands when an answer was on its way: the answer is kept, the outcome stays', () => {
    const leg = after(asked(), decided('waive', T0 + 1), interrupted(T0 + 1), answered(accepted(), T0 + 2));
    expect(facts(leg)).toEqual(['settled', 'waived', undefined, T0 + 1]);
    expect(leg.rounds[0]).toMatchObject({ answeredAt: T0 + 2, windowEndsAt: T0 + 2 + HOURS_120_MS });
    expect(leg.askedBefore).toBe(true);
  });
});

describe('the end of the request', () => {
  const withdrawn = accepted({ withdrawable: true });

  it.each<[string, LegEvent[], string, string | undefined]>([
    ['before asking', [], 'settled', 'never-asked'],
    [
      'when no call can have reached the provider',
      [asked(), failed('ProviderUnavailable', T0, false)],
      'settled',
      'never-asked',
    ],
    [
      'when a call may have reached the provider',
      [asked(), failed('ProviderUnavailable', T0, true)],
      'withdraw',
      undefined,
    ],
    ['when an asking was broken off', [asked(), interrupted()], 'withdraw', undefined],
    ['when none of its calls can have left', [asked(), interrupted(T0, false)], 'settled', 'never-asked'],
    ['in a window that can be withdrawn', [asked(), answered(withdrawn)], 'withdraw', undefined],
    ['in a window that cannot be withdrawn', inWindow, 'settled', 'unknown'],
    ['when the identifier was unknown', [asked(), answered(unknown({ window: { lastsMs: 1 } }))], 'settled', 'unknown'],
    ['in the grace', hoping, 'settled', 'presumed-erased'],
    ['while looking', looking, 'settled', 'unknown'],
    ['while looking at what can be withdrawn', [asked(), answered(withdrawn), timePassed(OVER)], 'withdraw', undefined],
    ['in attention after a look', [...looking, observed(newerRecord)], 'settled', 'unknown'],
    [
      'while asking a second time',
      [asked(), answered(withdrawn), timePassed(OVER), observed(presentAgain)],
      'withdraw',
      undefined,
    ],
  ])('%s', (_name, events, phase, outcome) => {
    const leg = after(...events, requestEnded(GRACE_OVER - 1));
    expect([leg.phase, leg.outcome, leg.endedAt]).toEqual([phase, outcome, GRACE_OVER - 1]);
    expect(nextStep(leg)).toEqual(phase === 'withdraw' ? { do: 'withdraw', for: 'end' } : { do: 'finish' });
  });

  it('remembers what the leg was in attention for', () => {
    const leg = after(...looking, observed(newerRecord), requestEnded(OVER + 1));
    expect([leg.endedInAttention, leg.attention]).toEqual(['NewerRecord', undefined]);
  });

  it('leaves a settled leg as it is', () => {
    const leg = after(...looking, observed(absent));
    expect(stateAfter(leg, requestEnded(OVER + 1))).toBe(leg);
  });

  it('comes once', () => {
    const leg = after(asked(), answered(withdrawn), requestEnded(T0 + 1));
    expect(stateAfter(leg, requestEnded(T0 + 2))).toBe(leg);
  });

  const withdrawing = [asked(), answered(withdrawn), requestEnded(T0 + MINUTE_MS)];

  it.each<[Withdrawal, string]>([
    [{ status: 'withdrawn', evidence }, 'withdrawn'],
    [{ status: 'too-late', since: T0 }, 'unknown'],
    [{ status: 'too-late' }, 'unknown'],
    [{ status: 'nothing-to-withdraw' }, 'unknown'],
  ])('says what became of the withdrawal: %j', (withdrawal, outcome) => {
    const leg = after(...withdrawing, withdrawalAnswered(withdrawal));
    expect([leg.phase, leg.outcome]).toEqual(['settled', outcome]);
    expect(leg.withdrawal).toEqual({ ...withdrawal, at: T0 + DAY_MS });
  });

  it('says unknown when the withdrawal fails, and keeps why', () => {
    const leg = after(...withdrawing, { type: 'withdrawalFailed', reason: 'ProviderRejected', at: T0 + DAY_MS });
    expect(leg.couldNotWithdraw).toBe('ProviderRejected');
    expect(facts(leg)).toEqual(['settled', 'unknown', undefined, T0 + DAY_MS]);
  });

  it('knows no withdrawal that was not asked for', () => {
    const leg = after(...inWindow);
    expect(stateAfter(leg, withdrawalAnswered({ status: 'withdrawn' }))).toBe(leg);
  });
});
