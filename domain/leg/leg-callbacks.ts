/** What a provider's callback changes: it is kept, whenever it comes, and counts once the window is over. */
import { askForAttention, settle } from './change-phase';
import type { RepeatedReport, LegFacts, LegState, OpenLeg } from './leg-state';
import { windowIsOverAt } from './leg-windows';
import { speaksAgainst, type CallbackEvidence, type CallbackReport } from './receipt';
import { lastRound } from './rounds';

/** Of the same kind no more than this are told apart: whoever can send one can send many. */
export const REPORTS_COUNTED_MAX = 10;

export function calledBack(leg: LegState, evidence: CallbackEvidence, at: number): LegState {
  if (validCallback(leg) !== undefined) return leg;
  const kept: LegState = { ...leg, callback: { ...evidence, at } };
  const receipt = lastRound(leg)?.receipt;
  const isExpected = receipt?.status === 'accepted' && receipt.confirmedBy === 'callback';
  const windowIsOver = at >= (windowIsOverAt(leg) ?? Infinity);
  const counts = isExpected && windowIsOver && isMissingOnlyCallback(leg) && validCallback(kept) !== undefined;
  return counts ? settle(kept, { outcome: 'erased', assurance: 'confirmed' }, at) : kept;
}

function isMissingOnlyCallback(leg: LegState): boolean {
  switch (leg.phase) {
    case 'callback':
      return true;
    case 'attention':
      return leg.attention.reason === 'CallbackContradicts';
    case 'settled':
      return leg.outcome === 'presumed-erased';
    default:
      return false;
  }
}

export function reported(leg: LegState, report: CallbackReport, at: number): LegState {
  const reports = leg.reports ?? [];
  const before = reports.find(({ says }) => says === report.says);
  // What came before the last asking, or before a callback, says nothing about what was said after it.
  const isNews = before !== undefined && before.lastAt < lastWordSince(leg);
  if (before !== undefined && before.count >= REPORTS_COUNTED_MAX && !isNews) return leg;
  const entry: RepeatedReport =
    before === undefined
      ? { ...report, at, lastAt: at, count: 1 }
      : { ...before, lastAt: at, count: Math.min(before.count + 1, REPORTS_COUNTED_MAX) };
  const kept: LegState = { ...leg, reports: [...reports.filter((one) => one !== before), entry] };
  return kept.phase === 'callback' && isContradicted(kept) ? withoutCallback(kept, at) : kept;
}

/** Nobody confirms it: silence presumes an erasure, and a provider that speaks against it does not. */
export function withoutCallback(leg: OpenLeg, at: number): LegState {
  return isContradicted(leg)
    ? askForAttention(leg, 'CallbackContradicts', 'ask', at)
    : settle(leg, { outcome: 'presumed-erased' }, at);
}

/** The provider's last word since we last asked is that it has not erased, or not surely. */
export function isContradicted(leg: LegFacts): boolean {
  return isSpokenAgainst(leg, lastWordSince(leg));
}

function lastWordSince({ rounds, callback }: LegFacts): number {
  return Math.max(rounds.at(-1)?.askedAt ?? 0, callback?.at ?? 0);
}

function isSpokenAgainst({ reports = [] }: LegFacts, since: number): boolean {
  return reports.some(({ says, lastAt }) => speaksAgainst(says) && lastAt >= since);
}

/**
 * The callback, unless after it the record was found there, the round was withdrawn, or the provider spoke against it: then
 * it was about an earlier round, or wrong. Asking again does not make it true.
 */
export function validCallback(leg: LegFacts): LegFacts['callback'] {
  const { callback, lastObservation } = leg;
  const cameAt = callback?.at ?? Infinity;
  const isPresent = lastObservation?.status === 'present' && lastObservation.at >= cameAt;
  const isOfWithdrawn = leg.rounds.some(({ withdrawnAt }) => (withdrawnAt ?? 0) >= cameAt);
  return isPresent || isOfWithdrawn || isSpokenAgainst(leg, cameAt) ? undefined : callback;
}
