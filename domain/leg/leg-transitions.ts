/** What each event changes about a leg. Pure: everything that is decided about a leg is decided here and beside it. */
import { defined } from '../defined';
import { MAX_POSTPONEMENTS, MAX_ROUNDS } from '../rules/patience';
import { ask, askForAttention, look, settle, waitForCallback, waitOutWindow } from './change-phase';
import { calledBack, validCallback, isContradicted, reported, withoutCallback } from './leg-callbacks';
import { decided } from './leg-decisions';
import { isAttentionReason, type LegFailure } from './failure';
import {
  isAsking,
  isLooking,
  type AskLeg,
  type AttentionLeg,
  type LegEvent,
  type LegState,
  type LookLeg,
  type OpenLeg,
  type Settlement,
} from './leg-state';
import { windowEndsAt } from './leg-windows';
import {
  held,
  released,
  requestEnded,
  withdrawalAnswered,
  withdrawalFailed,
  withdrawing,
  withoutWithdrawing,
} from './leg-withdrawal';
import { nextStep } from './next-step';
import type { Observation, Receipt } from './receipt';
import { lastRound, openRounds, roundToAsk, wasEverAccepted, withLastRound, withOpenRounds } from './rounds';

export function stateAfter(leg: LegState, event: LegEvent): LegState {
  const { at } = event;
  switch (event.type) {
    case 'asked':
      return asked(leg, at);
    case 'answered':
      return answered(withoutAsking(leg), event.receipt, at);
    case 'observed':
      return observed(leg, event.observation, at);
    case 'failed':
      return failed(withoutAsking(leg), event);
    case 'interrupted':
      return interrupted(leg, event);
    case 'timePassed':
      return timePassed(leg, at);
    case 'brakeReleased':
      return brakeReleased(leg);
    case 'calledBack':
      return calledBack(leg, event.evidence, at);
    case 'reported':
      return reported(leg, event.report, at);
    case 'decided':
      return decided(leg, event);
    case 'held':
      return held(leg, at);
    case 'released':
      return released(leg);
    case 'requestEnded':
      return requestEnded(leg, at);
    case 'withdrawing':
      return withdrawing(leg);
    case 'withdrawalAnswered':
      return withdrawalAnswered(leg, event.withdrawal, at);
    case 'withdrawalFailed':
      return withdrawalFailed(leg, event.reason, at);
  }
}

function asked(leg: LegState, at: number): LegState {
  if (nextStep(leg).do !== 'ask' || !isAsking(leg)) return leg;
  const number = roundToAsk(leg);
  const rounds = number > leg.rounds.length ? [...leg.rounds, { number, askedAt: at }] : leg.rounds;
  return { ...leg, rounds, isBeingAsked: true };
}

function withoutAsking(leg: LegState): LegState {
  if ((leg.phase !== 'ask' && leg.phase !== 'attention') || leg.isBeingAsked === undefined) return leg;
  const { isBeingAsked: _isBeingAsked, ...rest } = leg;
  return rest;
}

/** Broken off: what was asked, or to be withdrawn, may have been carried out without a word to us. */
function interrupted(leg: LegState, event: LegEvent & { readonly type: 'interrupted' }): LegState {
  const { at, mayHaveReached, asksAnew = true } = event;
  if (leg.isWithdrawing === true) {
    const rest = withOpenRounds(withoutWithdrawing(leg), { withdrawalBrokenOffAt: at });
    // Released meanwhile. If it was withdrawn, nothing is queued there any more, and its window would be waited out for nothing.
    return asksAnew && rest.phase === 'window' && rest.hold === undefined ? ask(rest) : rest;
  }
  const after = withoutAsking(leg);
  return mayHaveReached !== false && (isAsking(leg) || leg.phase === 'settled') ? reached(after) : after;
}

/** The asking under way may have reached the provider. */
function reached(leg: LegState): LegState {
  const askedBefore = leg.askedBefore || leg.rounds.length > 0;
  return withLastRound({ ...leg, askedBefore }, { mayHaveReached: true });
}

function answered(leg: LegState, receipt: Receipt, at: number): LegState {
  const round = lastRound(leg);
  if (round === undefined || round.answeredAt !== undefined) return leg;
  const endsAt = windowEndsAt(receipt, at);
  const change = { answeredAt: at, receipt, ...defined({ windowEndsAt: endsAt }) };
  const seen = leg.seen || (receipt.status === 'accepted' && receipt.seen);
  const kept: LegState = withLastRound({ ...leg, askedBefore: true, seen }, change);
  // A decision may have settled the leg while the answer was on its way: the answer is kept, the outcome stays.
  if (!isAsking(kept) || !openRounds(leg).includes(round)) return kept;
  if (endsAt !== undefined) return waitOutWindow(kept);
  // The provider contradicts itself if it knew the record or took it on earlier.
  if (seen || wasEverAccepted(leg)) return askForAttention(kept, 'Inconclusive', 'ask', at);
  return settle(kept, { outcome: 'not-found' }, at);
}

function timePassed(leg: LegState, at: number): LegState {
  const step = nextStep(leg);
  if (step.do !== 'wait' || at < step.until) return leg;
  switch (leg.phase) {
    case 'ask':
    case 'look':
      return leg.trouble === undefined ? leg : { ...leg, trouble: { ...leg.trouble, isPausing: false } };
    case 'window':
      return windowOver(leg, at);
    case 'callback':
      return withoutCallback(leg, at);
    default:
      return leg;
  }
}

function windowOver(leg: OpenLeg, at: number): LegState {
  const receipt = lastRound(leg)?.receipt;
  if (receipt?.status !== 'accepted' || receipt.confirmedBy === 'look') return look(leg);
  if (receipt.confirmedBy === 'nobody') return withoutCallback(leg, at);
  if (validCallback(leg) !== undefined) return settle(leg, { outcome: 'erased', assurance: 'confirmed' }, at);
  return isContradicted(leg) ? withoutCallback(leg, at) : timePassed(waitForCallback(leg), at);
}

function observed(leg: LegState, observation: Observation, at: number): LegState {
  const kept: LegState = { ...leg, lastObservation: { ...observation, at } };
  // A decision settled the leg while the look was on its way: what it found is kept, the outcome stays.
  if (leg.phase === 'settled') return leg.outcome === 'attested' || leg.outcome === 'waived' ? kept : leg;
  if (!isLooking(kept)) return leg;
  switch (observation.status) {
    case 'absent':
      return settle(kept, meaningOfAbsence(kept), at);
    case 'pending':
      return postponed(kept, observation.endsAt, at);
    case 'inconclusive':
      return askForAttention(kept, 'Inconclusive', 'look', at);
    case 'present':
      return present(kept, observation, at);
  }
}

function meaningOfAbsence(leg: LegState): Settlement {
  if (leg.seen) return { outcome: 'erased', assurance: 'verified' };
  return { outcome: wasEverAccepted(leg) ? 'presumed-erased' : 'not-found' };
}

function postponed(leg: OpenLeg, endsAt: number, at: number): LegState {
  const moved = withLastRound({ ...leg, postponements: leg.postponements + 1 }, { windowEndsAt: endsAt });
  return moved.postponements > MAX_POSTPONEMENTS
    ? askForAttention(moved, 'Postponed', 'look', at)
    : waitOutWindow(moved);
}

function present(leg: OpenLeg, found: Observation & { status: 'present' }, at: number): LegState {
  if (found.sameRecord === false) return askForAttention(leg, 'NewerRecord', 'look', at);
  if (found.sameRecord === 'unclear') return askForAttention(leg, 'Inconclusive', 'look', at);
  const sighting = leg.seen ? leg.sighting : (leg.lastObservation ?? leg.sighting);
  // Somebody took ours off the queue: what is queued from now on is somebody else's.
  const left = found.takenOffQueue === true ? withOpenRounds(leg, { goneAt: at }) : leg;
  const seen = { ...left, seen: true, ...defined({ sighting }) };
  if (leg.askAgainIfPresent) return ask({ ...seen, askAgainIfPresent: false });
  if (found.takenOffQueue === true) return askForAttention(seen, 'TakenOffQueue', 'look', at);
  return openRounds(leg).length < MAX_ROUNDS ? ask(seen) : askForAttention(seen, 'Reappeared', 'look', at);
}

function failed(leg: LegState, { failure, retryPlan, at }: LegEvent & { type: 'failed' }): LegState {
  const kept = isLooking(leg) || !failure.mayHaveReached ? leg : reached(leg);
  if (!isAsking(kept) && !isLooking(kept)) return kept;
  if (failure.type === 'ProviderBraked') return braked(kept, failure, at);
  const after = { ...kept, ...defined({ memory: failure.memory ?? kept.memory }) };
  const reason = isAttentionReason(failure.type) ? failure.type : 'ProviderContractBroken';
  return retryPlan !== undefined && after.phase !== 'attention'
    ? { ...after, trouble: { reason, ...retryPlan, isPausing: at < retryPlan.nextTryAt } }
    : askForAttention(after, reason, isAsking(after) ? 'ask' : 'look', at);
}

/**
 * Not the leg's own trouble, so it uses up none of its patience: what its outage had lasted is forgotten. A round whose calls
 * reached nobody is none yet: it will be asked when it is. In attention the leg stays there until the step succeeds.
 */
function braked(
  leg: AskLeg | LookLeg | AttentionLeg,
  { brake, memory = leg.memory }: LegFailure,
  at: number,
): LegState {
  const { trouble: _trouble, memory: _memory, ...rest } = { trouble: undefined, ...leg };
  const { unavailableSince: _unavailableSince, ...left } = memory ?? { adapter: {} };
  const round = lastRound(leg);
  const isUnasked =
    isAsking(leg) && round !== undefined && round.answeredAt === undefined && round.mayHaveReached !== true;
  return {
    ...rest,
    ...(isUnasked && round.withdrawnAt === undefined ? { rounds: leg.rounds.slice(0, -1) } : {}),
    brake: brake ?? { reason: 'unavailable', since: at },
    ...(memory === undefined ? {} : { memory: left }),
  };
}

function brakeReleased(leg: LegState): LegState {
  if (nextStep(leg).do !== 'waitForBrake') return leg;
  const { brake: _brake, ...rest } = { brake: undefined, ...leg };
  return rest;
}
