/** When the waits of a leg are over. */
import type { LegFacts } from './leg-state';
import type { Receipt } from './receipt';
import { lastRound } from './rounds';

/** When the provider's window ends, without our margin; epoch ms. */
export function windowEndsAt({ window }: Receipt, answeredAt: number): number | undefined {
  if (window === undefined) return undefined;
  return 'endsAt' in window ? window.endsAt : answeredAt + window.lastsMs;
}

/** When the answer about the data begins to mean something: the end of the window and our margin. */
export function windowIsOverAt(leg: LegFacts): number | undefined {
  const round = lastRound(leg);
  if (round?.windowEndsAt === undefined || round.receipt === undefined) return undefined;
  return round.windowEndsAt + round.receipt.marginMs;
}

/** Until when we wait for the provider's callback. */
export function graceIsOverAt(leg: LegFacts): number | undefined {
  const receipt = lastRound(leg)?.receipt;
  const overAt = windowIsOverAt(leg);
  if (overAt === undefined || receipt?.status !== 'accepted') return undefined;
  return overAt + receipt.graceMs;
}
