/** How we know that the data are erased. */
export type Assurance =
  /** Seen before we asked, and absent when we looked after the window. */
  | 'verified'
  /** The provider's callback says so, and the window is over. */
  | 'confirmed';

/** What became of one leg. Never more than the evidence carries. */
export type LegOutcome =
  | 'erased'
  /** The window is over and nothing contradicts the erasure, but there is no proof. */
  | 'presumed-erased'
  /** The provider knew no such identifier when asked, and again after the window where one could have hidden it. */
  | 'not-found'
  /** A staff member vouches for it. */
  | 'attested'
  /** A staff member released us from it. */
  | 'waived'
  /** Withdrawn at the provider in time. */
  | 'withdrawn'
  /** The request ended before we asked. */
  | 'never-asked'
  /** The request ended while we had asked and could not learn the result. */
  | 'unknown';

export type RequestOutcome = 'completed' | 'completed-with-exceptions' | 'withdrawn' | 'rejected';

/** For people: what the outcome of a whole request says, and what it does not. */
export const requestOutcomeMeaning: Record<RequestOutcome, string> = {
  completed: 'At every provider the data are erased, or the provider knows no such identifier.',
  'completed-with-exceptions':
    'Every provider has settled, but not for every one is the erasure known: see each below.',
  withdrawn: 'The request was withdrawn or cancelled before every provider had settled: see each below.',
  rejected: 'The request was rejected before any provider was asked: its ground is among the decisions.',
};

/** Of legs that have all settled. `withdrawn` if the request was ended before its time, `completed` if nothing is left open to doubt. */
export function requestOutcome(
  legs: readonly { readonly outcome: LegOutcome; readonly endedAt?: number }[],
  { isRejected = false }: { readonly isRejected?: boolean } = {},
): RequestOutcome {
  if (isRejected) return 'rejected';
  if (legs.some((leg) => leg.endedAt !== undefined)) return 'withdrawn';
  const withoutDoubt = legs.every((leg) => leg.outcome === 'erased' || leg.outcome === 'not-found');
  return withoutDoubt ? 'completed' : 'completed-with-exceptions';
}
