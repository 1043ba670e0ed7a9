/**
 * One request at one provider, from asking to its outcome: a pure state machine. The workflow performs the step that
 * `nextStep` names and tells `advance` what came of it; everything that is decided about a leg is decided here.
 */
import { defined } from '../defined';
import {
  type DecisionKind,
  type DecisionProof,
  type ProviderDecision,
  providerDecisionKinds,
  type Said,
} from '../decision/decision';
import { type AttentionReason, type LegFailure, retrying, type StepMemory, triesDaily } from './failure';
import type { Assurance, LegOutcome } from './outcome';
import { MAX_POSTPONEMENTS, MAX_ROUNDS, type Patience } from '../rules/patience';
import type { Provider } from '../provider/provider-table';
import {
  speaksAgainst,
  type CallbackEvidence,
  type CallbackReport,
  type Evidence,
  type Observation,
  type Receipt,
  type Withdrawal,
} from './receipt';
import type { Gate } from '../rules/terms';

/** One asking. All instants in epoch ms of the workflow's clock. */
export interface Round {
  readonly number: number;
  readonly askedAt: number;
  /** When the provider's answer to our asking arrived. */
  readonly answeredAt?: number;
  /** When the window ends, without our margin. Moves where the provider moves its own time. */
  readonly windowEndsAt?: number;
  readonly receipt?: Receipt;
  /** A call of it may have reached the provider's erasing operation, though no answer says so. */
  readonly mayHaveReached?: boolean;
  /** The provider's last answer to withdrawing it because of a legal hold. */
  readonly withdrawal?: Withdrawal & { readonly at: number };
  /** When the provider withdrew it during a legal hold: it counts as never asked. */
  readonly withdrawnAt?: number;
  /** When withdrawing it was broken off by a decision: nobody knows whether that call was carried out. */
  readonly withdrawalBrokenOffAt?: number;
  /** When it was found that nothing of it stands at the provider, and not by our doing. What is there later is not ours. */
  readonly goneAt?: number;
}

/** The request is on legal hold: nothing is sent, and what can be withdrawn is. */
export interface LegHold {
  readonly since: number;
  /** What came of it, once it was tried; absent where there was nothing to try. */
  readonly withdrawal?: Withdrawal & { readonly at: number };
  /** The provider refused to withdraw it for good, or could not be reached until its window was over. */
  readonly couldNotWithdraw?: boolean;
}

export interface Attention {
  readonly reason: AttentionReason;
  /** Since when this has been the reason. */
  readonly since: number;
  /** When the step first failed, where that was earlier, be it for another reason. */
  readonly troubleSince?: number;
  /** The step that did not succeed, and that a retry repeats. */
  readonly step: 'ask' | 'look';
}

/** Callbacks of one kind that confirmed nothing: when the first and the last came, and how many, counted up to a bound. */
export interface HeardReport extends CallbackReport {
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
}

/** Of the same kind no more than this are told apart: whoever can send one can send many. */
export const REPORTS_COUNTED_MAX = 10;

/** A step that does not get through and is tried again soon by itself: nobody has to do anything yet. */
export interface Trouble {
  readonly reason: AttentionReason;
  /** When the step first failed. */
  readonly since: number;
  readonly nextTryAt: number;
  /** When the leg asks for attention if it goes on. */
  readonly until: number;
  /** The next try is still to come. */
  readonly isPausing: boolean;
}

/** What a failure of a step leaves to be tried by itself; absent where the leg is to ask for attention. */
export type GoesOn = Pick<Trouble, 'since' | 'nextTryAt' | 'until'>;
export type Phase = 'ask' | 'window' | 'callback' | 'look' | 'attention' | 'withdraw' | 'settled';

export interface LegState {
  readonly provider: Provider;
  readonly phase: Phase;
  readonly rounds: readonly Round[];
  /** Some call of ours may have reached the provider's erasing operation, whatever we know of its answer. */
  readonly askedBefore: boolean;
  /** We know that the provider held the record before we asked. */
  readonly seen: boolean;
  readonly postponements: number;
  readonly callback?: CallbackEvidence & { readonly at: number };
  /** One entry for each kind at most. */
  readonly reports?: readonly HeardReport[];
  readonly lastObservation?: Observation & { readonly at: number };
  /** The first look that found the same record, where no receipt says that it was there. */
  readonly sighting?: Observation & { readonly at: number };
  readonly attention?: Attention;
  readonly trouble?: Trouble;
  /** What the activities of the step under way have left so far. */
  readonly memory?: StepMemory;
  /** A staff member wants it asked again should the next look find the record. */
  readonly askAgainIfPresent: boolean;
  readonly decisions: readonly (ProviderDecision & {
    readonly kind: DecisionKind;
    readonly at: number;
    readonly proof?: DecisionProof;
  })[];
  readonly hold?: LegHold;
  /** The provider is being asked to erase, and has not answered yet. */
  readonly isBeingAsked?: boolean;
  /** The provider is being asked to withdraw because of a hold, and has not answered yet. */
  readonly isWithdrawing?: boolean;
  /** When the provider withdrew it although a staff member had decided about it meanwhile. */
  readonly withdrawnAfterDecisionAt?: number;
  /** When the whole request was withdrawn or cancelled, had this leg not settled by then. */
  readonly endedAt?: number;
  /** What the leg was in attention for at that time. */
  readonly endedInAttention?: AttentionReason;
  readonly withdrawal?: Withdrawal & { readonly at: number };
  readonly outcome?: LegOutcome;
  readonly assurance?: Assurance;
  readonly settledAt?: number;
}

export type LegEvent = { readonly at: number } & (
  | { readonly type: 'asked' }
  | { readonly type: 'answered'; readonly receipt: Receipt }
  | { readonly type: 'observed'; readonly observation: Observation }
  | { readonly type: 'failed'; readonly failure: LegFailure; readonly goesOn?: GoesOn }
  /** The step was broken off; an asking in flight may have reached the provider, unless its activity knows that it did not. */
  | { readonly type: 'interrupted'; readonly mayHaveReached?: boolean }
  | { readonly type: 'timePassed' }
  | { readonly type: 'calledBack'; readonly evidence: CallbackEvidence }
  | { readonly type: 'reported'; readonly report: CallbackReport }
  | {
      readonly type: 'decided';
      readonly kind: DecisionKind;
      readonly decision: ProviderDecision;
      readonly proof?: DecisionProof;
    }
  | { readonly type: 'held' }
  | { readonly type: 'released' }
  | { readonly type: 'requestEnded' }
  | { readonly type: 'withdrawing' }
  | { readonly type: 'withdrawalAnswered'; readonly withdrawal: Withdrawal }
  | { readonly type: 'withdrawalFailed' }
);

export type LegStep =
  | ({ readonly do: 'ask'; readonly round: number; readonly askedBefore: boolean } & Tries)
  | { readonly do: 'wait'; readonly for: 'window' | 'callback' | 'nextTry'; readonly until: number }
  | ({ readonly do: 'look'; readonly round: number } & Tries)
  | { readonly do: 'waitForDecision' }
  | { readonly do: 'waitForRelease' }
  /** `hold`: for as long as the hold lasts, at most until its window is over; `end`: for a bounded time. */
  | { readonly do: 'withdraw'; readonly for: 'hold' | 'end'; readonly until?: number }
  | { readonly do: 'finish' };

interface Tries {
  readonly daily: boolean;
  /** The step has failed before and is tried again soon. */
  readonly trouble?: Trouble;
}

/** Input of each of a provider's three activities. Free of personal data. */
export interface LegCall {
  readonly requestId: string;
  /** The run that the request was started as; a reset keeps it. */
  readonly run: string;
  readonly provider: Provider;
  /** The identifier at this provider, sealed to the workers' key (compact JWE). */
  readonly sealed: string;
  readonly round: number;
  /** When this request first asked this provider for what still stands there; epoch ms of the workflow's clock. */
  readonly firstAskedAt: number;
  /** An earlier activity of this leg may have reached the provider's erasing operation. */
  readonly askedBefore: boolean;
  /** The host that was asked, once one was: nothing else can say what became of it. */
  readonly host?: string;
  readonly gate: Gate;
  /** Who approved the request, with the token that proves it; where one was needed. */
  readonly approval?: Approval;
  /** The provider's own words in its answer to our last asking, where it took that one on and it still stands. */
  readonly standing?: Evidence['facts'];
  /** What earlier activities of this step have left. */
  readonly memory?: StepMemory;
  /** The kind of failure that the leg knows of and shows; the activity ends to tell another. */
  readonly knownFailure?: AttentionReason;
  readonly policy: Patience;
}

export interface Approval {
  readonly content: Pick<Said, 'actor' | 'reason'>;
  readonly token: string;
}

export function openLeg(provider: Provider): LegState {
  return {
    provider,
    phase: 'ask',
    rounds: [],
    askedBefore: false,
    seen: false,
    postponements: 0,
    askAgainIfPresent: false,
    decisions: [],
  };
}

export function lastRound(leg: LegState): Round | undefined {
  return leg.rounds.at(-1);
}

/** A round that was withdrawn during a hold counts as never asked, and one that is gone from the provider is not ours to withdraw. */
export function standingRounds(leg: LegState): readonly Round[] {
  return leg.rounds.filter(({ withdrawnAt, goneAt }) => withdrawnAt === undefined && goneAt === undefined);
}

/** Something of ours may stand at the provider: it took the request on, or a call of ours may have reached it. */
function mayStand(leg: LegState): boolean {
  return standingRounds(leg).some(({ receipt, mayHaveReached }) =>
    receipt === undefined ? mayHaveReached === true : receipt.status === 'accepted',
  );
}

/** The provider may have erased at our asking, or may still do so. Of a settled leg. */
export function mayHaveErased(leg: LegState): boolean {
  if (leg.outcome === undefined || leg.outcome === 'waived') return mayStand(leg);
  return !['withdrawn', 'never-asked', 'not-found'].includes(leg.outcome);
}

/** When the answer about the data begins to mean something: the end of the window and our margin. */
export function windowIsOverAt(leg: LegState): number | undefined {
  const round = lastRound(leg);
  if (round?.windowEndsAt === undefined || round.receipt === undefined) return undefined;
  return round.windowEndsAt + round.receipt.marginMs;
}

/** Until when we hope for the provider's callback. */
export function graceIsOverAt(leg: LegState): number | undefined {
  const receipt = lastRound(leg)?.receipt;
  const overAt = windowIsOverAt(leg);
  if (overAt === undefined || receipt?.status !== 'accepted') return undefined;
  return overAt + receipt.graceMs;
}

export function nextStep(leg: LegState): LegStep {
  if (leg.hold !== undefined && isHeldBack(leg))
    return mayBeWithdrawn(leg, leg.hold) ? withdrawStep(leg) : { do: 'waitForRelease' };
  const { trouble } = leg;
  if (trouble?.isPausing === true) return { do: 'wait', for: 'nextTry', until: trouble.nextTryAt };
  const tries: Tries = { daily: false, ...defined({ trouble }) };
  switch (leg.phase) {
    case 'ask':
      return { do: 'ask', round: roundToAsk(leg), askedBefore: leg.askedBefore, ...tries };
    case 'window':
      return { do: 'wait', for: 'window', until: known(windowIsOverAt(leg)) };
    case 'callback':
      return { do: 'wait', for: 'callback', until: known(graceIsOverAt(leg)) };
    case 'look':
      return { do: 'look', round: leg.rounds.length, ...tries };
    case 'attention':
      return stepInAttention(leg, known(leg.attention));
    case 'withdraw':
      return { do: 'withdraw', for: 'end' };
    case 'settled':
      return { do: 'finish' };
  }
}

function withdrawStep(leg: LegState): LegStep {
  const until = standingReceipt(leg) === undefined ? undefined : windowIsOverAt(leg);
  return { do: 'withdraw', for: 'hold', ...defined({ until }) };
}

/** What a hold stops: asking, and a window that the provider can still be kept from carrying through. */
function isHeldBack(leg: LegState): boolean {
  return isAsking(leg) || (leg.phase === 'window' && leg.hold !== undefined && mayBeWithdrawn(leg, leg.hold));
}

/** Something of ours may stand at the provider, and withdrawing it has not been tried in this hold. */
function mayBeWithdrawn(leg: LegState, hold: LegHold): boolean {
  if (hold.withdrawal !== undefined || hold.couldNotWithdraw === true) return false;
  const receipt = standingReceipt(leg);
  return receipt === undefined ? mayStand(leg) : receipt.status === 'accepted' && receipt.withdrawable;
}

/** The provider's last answer to what still stands there. */
function standingReceipt(leg: LegState): Receipt | undefined {
  return standingRounds(leg).findLast((round) => round.receipt !== undefined)?.receipt;
}

/** See `LegCall.standing`. What another round of asking may have left behind meanwhile is not ours to tell. */
export function standingWords(leg: LegState): Evidence['facts'] {
  const receipt = standingReceipt(leg);
  return receipt?.status === 'accepted' && receipt.basis === 'taken-on' ? receipt.evidence.facts : undefined;
}

function stepInAttention(leg: LegState, attention: Attention): LegStep {
  if (!triesDaily(attention.reason)) return { do: 'waitForDecision' };
  return attention.step === 'ask'
    ? { do: 'ask', round: roundToAsk(leg), askedBefore: leg.askedBefore, daily: true }
    : { do: 'look', round: leg.rounds.length, daily: true };
}

/** A round that was asked and not answered is asked again under its own number. */
function roundToAsk(leg: LegState): number {
  const round = lastRound(leg);
  const isOver = round?.answeredAt !== undefined || round?.withdrawnAt !== undefined || round?.goneAt !== undefined;
  return round === undefined || isOver ? leg.rounds.length + 1 : round.number;
}

export function advance(leg: LegState, event: LegEvent): LegState {
  switch (event.type) {
    case 'asked':
      return asked(leg, event.at);
    case 'answered':
      return answered(withoutAsking(leg), event.receipt, event.at);
    case 'observed':
      return observed(leg, event.observation, event.at);
    case 'failed':
      return failed(withoutAsking(leg), event);
    case 'interrupted':
      return interrupted(leg, event);
    case 'timePassed':
      return timePassed(leg, event.at);
    case 'calledBack':
      return calledBack(leg, event.evidence, event.at);
    case 'reported':
      return reported(leg, event.report, event.at);
    case 'decided':
      return decided(leg, event);
    case 'held':
      return leg.phase === 'settled' || leg.hold !== undefined ? leg : { ...leg, hold: { since: event.at } };
    case 'released':
      return released(leg);
    case 'requestEnded':
      return requestEnded(leg, event.at);
    case 'withdrawing':
      return isHoldStep(nextStep(leg)) ? { ...leg, isWithdrawing: true } : leg;
    case 'withdrawalAnswered':
      return withdrawalAnswered(leg, event.withdrawal, event.at);
    case 'withdrawalFailed':
      return withdrawalFailed(leg, event.at);
  }
}

function isHoldStep(step: LegStep): boolean {
  return step.do === 'withdraw' && step.for === 'hold';
}

function asked(leg: LegState, at: number): LegState {
  if (nextStep(leg).do !== 'ask') return leg;
  const number = roundToAsk(leg);
  const rounds = number > leg.rounds.length ? [...leg.rounds, { number, askedAt: at }] : leg.rounds;
  return { ...leg, rounds, isBeingAsked: true };
}

/** Broken off: what was asked, or to be withdrawn, may have been carried out without a word to us. */
function interrupted(leg: LegState, { at, mayHaveReached }: LegEvent & { readonly type: 'interrupted' }): LegState {
  if (leg.isWithdrawing === true) return changeStanding(withoutWithdrawing(leg), { withdrawalBrokenOffAt: at });
  if (mayHaveReached === false || (!isAsking(leg) && leg.phase !== 'settled')) return withoutAsking(leg);
  return reached(withoutAsking(leg));
}

/** The asking under way may have reached the provider. */
function reached(leg: LegState): LegState {
  const rounds = leg.rounds.map((round, index) =>
    index === leg.rounds.length - 1 ? { ...round, mayHaveReached: true } : round,
  );
  return { ...leg, askedBefore: leg.askedBefore || rounds.length > 0, rounds };
}

/** The provider has one request of ours at most: what becomes of it becomes of every round that stands. */
function changeStanding(leg: LegState, change: Partial<Round>): LegState {
  const standing = standingRounds(leg);
  return { ...leg, rounds: leg.rounds.map((round) => (standing.includes(round) ? { ...round, ...change } : round)) };
}

function withoutAsking(leg: LegState): LegState {
  if (leg.isBeingAsked === undefined) return leg;
  const { isBeingAsked: _isBeingAsked, ...rest } = leg;
  return rest;
}

function isAsking(leg: LegState): boolean {
  return leg.phase === 'ask' || (leg.phase === 'attention' && leg.attention?.step === 'ask');
}

function isLooking(leg: LegState): boolean {
  return leg.phase === 'look' || (leg.phase === 'attention' && leg.attention?.step === 'look');
}

function answered(leg: LegState, receipt: Receipt, at: number): LegState {
  const round = lastRound(leg);
  if (round === undefined || round.answeredAt !== undefined) return leg;
  const window = receipt.window;
  const answeredRound: Round = {
    ...round,
    answeredAt: at,
    receipt,
    ...(window === undefined ? {} : { windowEndsAt: 'endsAt' in window ? window.endsAt : at + window.lastsMs }),
  };
  const kept: LegState = {
    ...leg,
    rounds: [...leg.rounds.slice(0, -1), answeredRound],
    askedBefore: true,
    seen: leg.seen || (receipt.status === 'accepted' && receipt.seen),
  };
  // A decision may have settled the leg while the answer was on its way: the answer is kept, the outcome stays.
  if (!isAsking(leg) || !standingRounds(kept).includes(answeredRound)) return kept;
  if (receipt.status === 'accepted' || window !== undefined) return enter(kept, 'window');
  // The provider contradicts itself if it knew the record or took it on earlier.
  if (kept.seen || leg.rounds.some((earlier) => earlier.receipt?.status === 'accepted'))
    return attend(kept, 'Inconclusive', 'ask', at);
  return settle(kept, { outcome: 'not-found' }, at);
}

function timePassed(leg: LegState, at: number): LegState {
  const step = nextStep(leg);
  if (step.do !== 'wait' || at < step.until) return leg;
  if (step.for === 'nextTry') return { ...leg, trouble: { ...known(leg.trouble), isPausing: false } };
  const receipt = known(lastRound(leg)?.receipt);
  if (step.for === 'callback') return withoutCallback(leg, at);
  if (receipt.status === 'unknown' || receipt.proof === 'observation') return enter(leg, 'look');
  if (receipt.proof === 'none') return withoutCallback(leg, at);
  if (heardCallback(leg) !== undefined) return settle(leg, { outcome: 'erased', assurance: 'confirmed' }, at);
  return isContradicted(leg) ? withoutCallback(leg, at) : timePassed(enter(leg, 'callback'), at);
}

/** Nobody confirms it: silence presumes an erasure, and a provider that speaks against it does not. */
function withoutCallback(leg: LegState, at: number): LegState {
  return isContradicted(leg)
    ? attend(leg, 'CallbackContradicts', 'ask', at)
    : settle(leg, { outcome: 'presumed-erased' }, at);
}

function calledBack(leg: LegState, evidence: CallbackEvidence, at: number): LegState {
  if (heardCallback(leg) !== undefined) return leg;
  const kept: LegState = { ...leg, callback: { ...evidence, at } };
  const receipt = lastRound(leg)?.receipt;
  const expected = receipt?.status === 'accepted' && receipt.proof === 'callback';
  const windowIsOver = at >= (windowIsOverAt(leg) ?? Infinity);
  const silent =
    leg.phase === 'callback' ||
    leg.attention?.reason === 'CallbackContradicts' ||
    (leg.phase === 'settled' && leg.outcome === 'presumed-erased');
  const counts = expected && windowIsOver && silent && heardCallback(kept) !== undefined;
  return counts ? settle(kept, { outcome: 'erased', assurance: 'confirmed' }, at) : kept;
}

function reported(leg: LegState, report: CallbackReport, at: number): LegState {
  const reports = leg.reports ?? [];
  const known = reports.find(({ says }) => says === report.says);
  // What came before the last asking, or before a callback, says nothing about what was said after it.
  const isNews = known !== undefined && known.lastAt < lastWordSince(leg);
  if (known !== undefined && known.count >= REPORTS_COUNTED_MAX && !isNews) return leg;
  const entry: HeardReport =
    known === undefined
      ? { ...report, at, lastAt: at, count: 1 }
      : { ...known, lastAt: at, count: Math.min(known.count + 1, REPORTS_COUNTED_MAX) };
  const kept: LegState = { ...leg, reports: [...reports.filter((one) => one !== known), entry] };
  return kept.phase === 'callback' && isContradicted(kept) ? withoutCallback(kept, at) : kept;
}

/** The provider's last word since we last asked is that it has not erased, or not surely. */
export function isContradicted(leg: LegState): boolean {
  return isSpokenAgainst(leg, lastWordSince(leg));
}

function lastWordSince({ rounds, callback }: LegState): number {
  return Math.max(rounds.at(-1)?.askedAt ?? 0, callback?.at ?? 0);
}

function isSpokenAgainst({ reports = [] }: LegState, since: number): boolean {
  return reports.some(({ says, lastAt }) => speaksAgainst(says) && lastAt >= since);
}

/**
 * The callback, unless after it the record was found there, the round was withdrawn, or the provider spoke against it: then it
 * was about an earlier round, or wrong. Asking again does not make it true.
 */
function heardCallback(leg: LegState): LegState['callback'] {
  const { callback, lastObservation } = leg;
  const heardAt = callback?.at ?? Infinity;
  const isPresent = lastObservation?.status === 'present' && lastObservation.at >= heardAt;
  const isOfWithdrawn = leg.rounds.some(({ withdrawnAt }) => (withdrawnAt ?? 0) >= heardAt);
  return isPresent || isOfWithdrawn || isSpokenAgainst(leg, heardAt) ? undefined : callback;
}

function observed(leg: LegState, observation: Observation, at: number): LegState {
  const kept: LegState = { ...leg, lastObservation: { ...observation, at } };
  // A decision settled the leg while the look was on its way: what it found is kept, the outcome stays.
  if (leg.outcome === 'attested' || leg.outcome === 'waived') return kept;
  if (!isLooking(leg)) return leg;
  switch (observation.status) {
    case 'absent':
      return settle(kept, meaningOfAbsence(kept), at);
    case 'pending':
      return postponed(kept, observation.endsAt, at);
    case 'inconclusive':
      return attend(kept, 'Inconclusive', 'look', at);
    case 'present':
      return present(kept, observation, at);
  }
}

function meaningOfAbsence(leg: LegState): Settlement {
  if (leg.seen) return { outcome: 'erased', assurance: 'verified' };
  const everAccepted = leg.rounds.some((round) => round.receipt?.status === 'accepted');
  return { outcome: everAccepted ? 'presumed-erased' : 'not-found' };
}

function postponed(leg: LegState, endsAt: number, at: number): LegState {
  const round = known(lastRound(leg));
  const moved: LegState = {
    ...leg,
    rounds: [...leg.rounds.slice(0, -1), { ...round, windowEndsAt: endsAt }],
    postponements: leg.postponements + 1,
  };
  return moved.postponements > MAX_POSTPONEMENTS ? attend(moved, 'Postponed', 'look', at) : enter(moved, 'window');
}

function present(leg: LegState, found: Observation & { status: 'present' }, at: number): LegState {
  if (found.sameRecord === false) return attend(leg, 'NewerRecord', 'look', at);
  if (found.sameRecord === 'unclear') return attend(leg, 'Inconclusive', 'look', at);
  const { lastObservation } = leg;
  const sighting = leg.seen || lastObservation === undefined ? leg.sighting : lastObservation;
  // Somebody took ours off the queue: what is queued from now on is somebody else's.
  const seen: LegState = {
    ...(found.takenOffQueue === true ? changeStanding(leg, { goneAt: at }) : leg),
    seen: true,
    ...defined({ sighting }),
  };
  if (leg.askAgainIfPresent) return enter({ ...seen, askAgainIfPresent: false }, 'ask');
  if (found.takenOffQueue === true) return attend(seen, 'TakenOffQueue', 'look', at);
  return standingRounds(leg).length < MAX_ROUNDS ? enter(seen, 'ask') : attend(seen, 'Reappeared', 'look', at);
}

function failed(leg: LegState, { failure, goesOn, at }: LegEvent & { type: 'failed' }): LegState {
  const asked: LegState = isLooking(leg) || !failure.mayHaveReached ? leg : reached(leg);
  if (!isAsking(leg) && !isLooking(leg)) return asked;
  const memory = failure.memory ?? leg.memory;
  const kept: LegState = { ...asked, ...defined({ memory }) };
  const reason = failure.type === 'InvalidRequest' ? 'ProviderContractBroken' : failure.type;
  return goesOn !== undefined && leg.phase !== 'attention'
    ? { ...kept, trouble: { reason, ...goesOn, isPausing: at < goesOn.nextTryAt } }
    : attend(kept, reason, isAsking(leg) ? 'ask' : 'look', at);
}

/**
 * Whether a step that has failed is tried again soon, and until when; undefined where it is time to ask for attention.
 * `isOutOfTime`: Temporal gave up since there was no time left, not since the activity said that no retry mends it.
 */
export function goesOnAfter(
  failure: LegFailure,
  {
    step,
    policy,
    beganAt,
    at,
    isOutOfTime,
  }: {
    readonly step: LegStep & { do: 'ask' | 'look' };
    readonly policy: Patience;
    /** When the activity began. */
    readonly beganAt: number;
    readonly at: number;
    readonly isOutOfTime: boolean;
  },
): GoesOn | undefined {
  const { soon } = retrying[failure.type];
  const isFirst = !step.daily && step.trouble === undefined;
  if (soon === undefined || step.daily || !(failure.kindChanged === true || (isFirst && isOutOfTime))) return undefined;
  const { unavailableSince, pendingSince } = failure.memory ?? {};
  const since = step.trouble?.since ?? Math.min(unavailableSince ?? pendingSince ?? beganAt, pendingSince ?? Infinity);
  const budgetSince = (soon === 'stillPendingBudgetMs' ? pendingSince : unavailableSince) ?? beganAt;
  const nextTryAt = at + (failure.retryInMs ?? 0);
  const until = budgetSince + policy[soon];
  return nextTryAt < until ? { since, nextTryAt, until } : undefined;
}

function decided(leg: LegState, { kind, decision, proof, at }: LegEvent & { type: 'decided' }): LegState {
  if (whyNotNow(leg, kind) !== undefined) return leg;
  const entry = { ...decision, kind, at, ...defined({ proof }) };
  const kept: LegState = { ...leg, decisions: [...leg.decisions, entry] };
  switch (kind) {
    case 'waive':
      return settle(kept, { outcome: 'waived' }, at);
    case 'attest':
      return settle(kept, { outcome: 'attested' }, at);
    case 'retry': {
      const attention = known(leg.attention);
      const askAgainIfPresent =
        leg.askAgainIfPresent || attention.reason === 'Reappeared' || attention.reason === 'TakenOffQueue';
      // What the provider postponed lies ahead again: a look before it says nothing.
      const phase = attention.reason === 'Postponed' ? 'window' : attention.step;
      const tried = enter({ ...kept, postponements: 0, askAgainIfPresent }, phase);
      // With budgets of its own, and whatever the adapter knows.
      return leg.memory === undefined ? tried : { ...tried, memory: { adapter: leg.memory.adapter } };
    }
  }
}

/** Why a decision cannot be taken now, or undefined if it can. */
export function whyNotNow(leg: LegState, kind: DecisionKind): string | undefined {
  if (leg.phase === 'settled') return `is settled already (${leg.outcome})`;
  if (leg.phase === 'withdraw') return 'is being withdrawn, and settles by itself';
  if (kind === 'attest' && !isAsked(leg))
    return 'cannot be attested: nothing was asked of it that still stands; waive it to release the request from it';
  if (kind === 'retry' && leg.phase !== 'attention') return 'needs no retry: it is not in attention';
  if (kind === 'retry' && leg.hold !== undefined && isAsking(leg))
    return 'is on hold, and asks nothing before its release';
  return undefined;
}

/** When the provider was first asked for what still stands there, or last asked where nothing does; epoch ms. */
export function firstAskedAt(leg: LegState): number | undefined {
  return (standingRounds(leg)[0] ?? lastRound(leg))?.askedAt;
}

/** Where the provider answered to what still stands there. */
export function hostAsked(leg: LegState): string | undefined {
  return standingReceipt(leg)?.evidence.host;
}

/** Something was, or is being, asked of the provider, and was not withdrawn since. */
export function isAsked(leg: LegState): boolean {
  return standingRounds(leg).length > 0;
}

/** What can be decided about the leg now. */
export function offeredDecisions(leg: LegState): readonly DecisionKind[] {
  return providerDecisionKinds.filter((kind) => whyNotNow(leg, kind) === undefined);
}

/** The request was withdrawn or cancelled: withdraw what can be withdrawn, and say what is known of the rest. */
function requestEnded(leg: LegState, at: number): LegState {
  if (leg.phase === 'settled' || leg.phase === 'withdraw') return leg;
  const ended: LegState = {
    ...withoutHold(leg),
    endedAt: at,
    ...(leg.attention === undefined ? {} : { endedInAttention: leg.attention.reason }),
  };
  if (leg.phase === 'callback') return settle(ended, { outcome: 'presumed-erased' }, at);
  if (leg.attention?.reason === 'CallbackContradicts') return settle(ended, { outcome: 'unknown' }, at);
  const receipt = standingReceipt(leg);
  if (receipt === undefined) return mayStand(leg) ? enter(ended, 'withdraw') : settle(ended, nothingStands(leg), at);
  return receipt.status === 'accepted' && receipt.withdrawable
    ? enter(ended, 'withdraw')
    : settle(ended, { outcome: 'unknown' }, at);
}

/** Nothing of ours is left at the provider to withdraw: what was there last, if anything, was withdrawn by us or is gone. */
function nothingStands(leg: LegState): Settlement {
  const last = leg.rounds.findLast(({ withdrawnAt, goneAt }) => withdrawnAt !== undefined || goneAt !== undefined);
  if (last === undefined) return { outcome: 'never-asked' };
  return { outcome: last.withdrawnAt === undefined ? 'unknown' : 'withdrawn' };
}

function withdrawalAnswered(leg: LegState, withdrawal: Withdrawal, at: number): LegState {
  if (leg.isWithdrawing === true) return withdrawnInHold(withoutWithdrawing(leg), withdrawal, at);
  if (leg.phase !== 'withdraw') return leg;
  const kept: LegState = { ...leg, withdrawal: { ...withdrawal, at } };
  return settle(kept, { outcome: withdrawal.status === 'withdrawn' ? 'withdrawn' : 'unknown' }, at);
}

/**
 * Withdrawn: to be asked anew after the release. Too late: its window runs on, hold or not. Where the hold was released or
 * the leg decided about while it was on its way, what the provider did is kept all the same.
 */
function withdrawnInHold(leg: LegState, withdrawal: Withdrawal, at: number): LegState {
  const { hold } = leg;
  const answer = { ...withdrawal, at };
  const tried = hold === undefined ? leg : { ...leg, hold: { ...hold, withdrawal: answer } };
  if (withdrawal.status === 'withdrawn') {
    const withdrawn = changeStanding(tried, { withdrawal: answer, withdrawnAt: at });
    return leg.phase === 'settled' ? { ...withdrawn, withdrawnAfterDecisionAt: at } : enter(withdrawn, 'ask');
  }
  // An asking without an answer, of which nothing is there: what is queued from now on is somebody else's.
  const isGone = withdrawal.status === 'nothing-to-withdraw' && standingReceipt(leg) === undefined;
  return changeStanding(tried, { withdrawal: answer, ...(isGone ? { goneAt: at } : {}) });
}

function withdrawalFailed(leg: LegState, at: number): LegState {
  if (leg.phase === 'withdraw') return settle(leg, { outcome: 'unknown' }, at);
  if (leg.isWithdrawing !== true) return leg;
  const { hold, ...rest } = withoutWithdrawing(leg);
  return hold === undefined ? rest : { ...rest, hold: { ...hold, couldNotWithdraw: true } };
}

/** What was held back is asked as if for the first time: with budgets of its own, and whatever the adapter knows. */
function released(leg: LegState): LegState {
  const { trouble: _trouble, memory, ...rest } = withoutHold(leg);
  if (leg.hold === undefined || leg.phase !== 'ask') return withoutHold(leg);
  return memory === undefined ? rest : { ...rest, memory: { adapter: memory.adapter } };
}

function withoutWithdrawing(leg: LegState): LegState {
  const { isWithdrawing: _isWithdrawing, ...rest } = leg;
  return rest;
}

function withoutHold(leg: LegState): LegState {
  const { hold: _hold, ...rest } = leg;
  return rest;
}

interface Settlement {
  readonly outcome: LegOutcome;
  readonly assurance?: Assurance;
}

function settle(leg: LegState, settlement: Settlement, at: number): LegState {
  return { ...withoutHold(withoutStep(leg)), phase: 'settled', ...settlement, settledAt: at };
}

function enter(leg: LegState, phase: Exclude<Phase, 'attention' | 'settled'>): LegState {
  return { ...withoutStep(leg), phase };
}

/** Attention is sticky: the same reason keeps the time it began at. */
function attend(leg: LegState, reason: AttentionReason, step: 'ask' | 'look', at: number): LegState {
  const { attention, trouble, ...rest } = leg;
  const since = attention?.reason === reason ? attention.since : at;
  const troubleSince = attention?.troubleSince ?? attention?.since ?? trouble?.since ?? at;
  return {
    ...rest,
    phase: 'attention',
    attention: { reason, since, ...(troubleSince < since ? { troubleSince } : {}), step },
  };
}

/** Without what was about the step that is over. */
function withoutStep(leg: LegState): LegState {
  const { attention: _attention, trouble: _trouble, memory: _memory, ...rest } = leg;
  return rest;
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('The leg is in a phase that its own facts do not allow');
  return value;
}
