/** The counts of the inbox, for all who look at it: Temporal limits the calls of its index, to ten a second by default. */
import type { UrgentCounts } from '../client/urgent-list';
import { SECOND_MS } from '../domain/duration';

/** So old a count may be. The index itself lags by a second or two. */
export const COUNTS_KEPT_MS = 5 * SECOND_MS;

export function sharedCounts(
  count: () => Promise<UrgentCounts>,
  now: () => number = Date.now,
): () => Promise<UrgentCounts> {
  let known: { readonly since: number; readonly counts: Promise<UrgentCounts> } | undefined;
  return () => {
    if (known !== undefined && now() - known.since < COUNTS_KEPT_MS) return known.counts;
    const counts = count();
    const asked = { since: now(), counts };
    known = asked;
    // A failure is told to whoever asked, and the next one asks again.
    counts.catch(() => {
      if (known === asked) known = undefined;
    });
    return counts;
  };
}
