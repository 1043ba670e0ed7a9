/** What a legal hold and the end of the request change: nothing more is asked, and what can be withdrawn at the provider is. */
import { defined } from '../defined';
import { ask, factsOf, settle } from './change-phase';
import type { FailureType } from './failure';
import { isOpen, type LegFacts, type LegState, type Settlement } from './leg-state';
import { nextStep } from './next-step';
import type { Withdrawal } from './receipt';
import { isWithdrawable, openReceipt, withOpenRounds } from './rounds';

export function held(leg: LegState, at: number): LegState {
  return isOpen(leg) && leg.hold === undefined ? { ...leg, hold: { since: at } } : leg;
}

/** What was held back is asked as if for the first time: with budgets of its own, and whatever the adapter knows. */
export function released(leg: LegState): LegState {
  if (!isOpen(leg) || leg.hold === undefined) return leg;
  const { hold: _hold, ...rest } = leg;
  return rest.phase === 'ask' ? ask(rest, rest.memory && { adapter: rest.memory.adapter }) : rest;
}

/** The request was withdrawn or cancelled: withdraw what can be withdrawn, and say what is known of the rest. */
export function requestEnded(leg: LegState, at: number): LegState {
  if (!isOpen(leg)) return leg;
  const attention = leg.phase === 'attention' ? leg.attention.reason : undefined;
  const ended = { endedAt: at, ...defined({ endedInAttention: attention }) };
  if (leg.phase === 'callback') return settle(leg, { outcome: 'presumed-erased' }, at, ended);
  if (attention === 'CallbackContradicts') return settle(leg, { outcome: 'unknown' }, at, ended);
  if (isWithdrawable(leg)) return { ...withoutWithdrawing(factsOf(leg)), phase: 'withdraw', ...ended };
  const isAnswered = openReceipt(leg) !== undefined;
  return settle(leg, isAnswered ? { outcome: 'unknown' } : withNothingThere(leg), at, ended);
}

/** Nothing of ours is left at the provider to withdraw: what was there last, if anything, was withdrawn by us or is gone. */
function withNothingThere(leg: LegFacts): Settlement {
  const last = leg.rounds.findLast(({ withdrawnAt, goneAt }) => withdrawnAt !== undefined || goneAt !== undefined);
  if (last === undefined) return { outcome: 'never-asked' };
  return { outcome: last.withdrawnAt === undefined ? 'unknown' : 'withdrawn' };
}

/** The provider is about to be asked to withdraw. */
export function withdrawing(leg: LegState): LegState {
  const step = nextStep(leg);
  return step.do === 'withdraw' && step.for === 'hold' ? { ...leg, isWithdrawing: true } : leg;
}

export function withdrawalAnswered(leg: LegState, withdrawal: Withdrawal, at: number): LegState {
  const answer = { ...withdrawal, at };
  if (leg.phase === 'withdraw') {
    const outcome = withdrawal.status === 'withdrawn' ? 'withdrawn' : 'unknown';
    return settle(leg, { outcome }, at, { ...leg, withdrawal: answer });
  }
  return leg.isWithdrawing === true ? withdrawalAnsweredInHold(withoutWithdrawing(leg), answer) : leg;
}

/**
 * Withdrawn: to be asked anew after the release. Too late: its window runs on, hold or not. Where the hold was released or
 * the leg decided about while it was on its way, what the provider did is kept all the same.
 */
function withdrawalAnsweredInHold(
  leg: Exclude<LegState, { phase: 'withdraw' }>,
  withdrawal: Withdrawal & { readonly at: number },
): LegState {
  const { at } = withdrawal;
  const tried = isOpen(leg) && leg.hold !== undefined ? { ...leg, hold: { ...leg.hold, withdrawal } } : leg;
  if (withdrawal.status === 'withdrawn') {
    const withdrawn = withOpenRounds(tried, { withdrawal, withdrawnAt: at });
    return withdrawn.phase === 'settled' ? { ...withdrawn, withdrawnAfterDecisionAt: at } : ask(withdrawn);
  }
  // An asking without an answer, of which nothing is there: what is queued from now on is somebody else's.
  const isGone = withdrawal.status === 'nothing-to-withdraw' && openReceipt(leg) === undefined;
  return withOpenRounds(tried, { withdrawal, ...(isGone ? { goneAt: at } : {}) });
}

export function withdrawalFailed(leg: LegState, reason: FailureType, at: number): LegState {
  if (leg.phase === 'withdraw') return settle(leg, { outcome: 'unknown' }, at, { ...leg, couldNotWithdraw: reason });
  if (leg.isWithdrawing !== true) return leg;
  const rest = withoutWithdrawing(leg);
  return isOpen(rest) && rest.hold !== undefined ? { ...rest, hold: { ...rest.hold, couldNotWithdraw: reason } } : rest;
}

export function withoutWithdrawing<Leg extends LegFacts>(leg: Leg): Leg {
  const { isWithdrawing: _isWithdrawing, ...rest } = leg;
  return rest as Leg;
}
