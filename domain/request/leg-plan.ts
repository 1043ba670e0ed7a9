/** What is known of one provider's time: how long an asking takes, and when its answer is known. */
import { defined } from '../defined';
import type { LegPlan } from '../law/feasibility';
import type { AttentionReason } from '../leg/failure';
import type { AttentionLeg, LegState } from '../leg/leg-state';
import { graceIsOverAt, windowIsOverAt } from '../leg/leg-windows';
import { lastRound } from '../leg/rounds';
import { providerFacts, type Provider, type ProviderFacts } from '../provider/provider-table';
import type { Patience } from '../rules/patience';

/** These are answered by asking again: whatever was asked before has not held. */
const askedAgainAfter: readonly AttentionReason[] = ['Reappeared', 'TakenOffQueue'];

/** How long one asking takes from being sent until its answer is known, without the margin; undefined where nobody can tell. */
export function plannedMs(
  provider: Provider,
  patience: Pick<Patience, 'callbackGraceMs' | 'windowWishMs'>,
): number | undefined {
  const { window, completionEvent } = providerFacts(provider);
  const windowMs = typeof window === 'object' ? window.lastsMs : wishedMs(window, patience);
  return windowMs === undefined ? undefined : windowMs + (completionEvent === undefined ? 0 : patience.callbackGraceMs);
}

/** A wish of 0 is "as soon as you can", which tells nothing about when. */
function wishedMs(window: ProviderFacts['window'], { windowWishMs }: Pick<Patience, 'windowWishMs'>) {
  return window === 'as-wished' ? windowWishMs || undefined : undefined;
}

/** What a leg's state says of its time. */
export function planOf(
  leg: LegState,
  now: number,
  patience: Pick<Patience, 'callbackGraceMs' | 'windowWishMs'>,
): LegPlan {
  const endsAt = endsAtOf(leg, now);
  const takesMs = plannedMs(leg.provider, patience);
  return {
    provider: leg.provider,
    ...defined({ takesMs, endsAt }),
  };
}

function endsAtOf(leg: LegState, now: number): number | undefined {
  switch (leg.phase) {
    case 'ask':
      return undefined;
    case 'window':
      return Math.max(now, (waitsForCallback(leg) ? graceIsOverAt(leg) : undefined) ?? leg.until);
    case 'look':
      return Math.max(now, windowIsOverAt(leg) ?? now);
    case 'callback':
      return Math.max(now, leg.until);
    case 'attention':
      return isToBeAsked(leg) ? undefined : Math.max(now, windowIsOverAt(leg) ?? now);
    case 'withdraw':
      return now;
    case 'settled':
      return leg.settledAt;
  }
}

/** Until it comes, a callback can take until its grace is over. */
function waitsForCallback(leg: LegState): boolean {
  const receipt = lastRound(leg)?.receipt;
  return leg.callback === undefined && receipt?.status === 'accepted' && receipt.confirmedBy === 'callback';
}

function isToBeAsked({ attention }: AttentionLeg): boolean {
  return attention.step === 'ask' || askedAgainAfter.includes(attention.reason);
}
