import { DAY_MS, HOUR_MS } from '../duration';

/** How long a request waits for its providers. Pinned when it starts; every length in milliseconds. */
export interface Patience {
  /** Added to every window, since the window runs on another party's clock. */
  readonly marginMs: number;
  /** How long after the window we go on hoping for the provider's callback. */
  readonly callbackGraceMs: number;
  /** How long a provider may be out of reach before the leg asks for attention. */
  readonly outageBudgetMs: number;
  /** How long a provider may be late with its own time before the leg asks for attention. */
  readonly stillPendingBudgetMs: number;
  /** How often we look while it is late. */
  readonly stillPendingEveryMs: number;
  /** How long we try to withdraw a request at a provider after a withdrawal. */
  readonly withdrawalBudgetMs: number;
  /** How long after our asking we wish a provider to erase that lets us choose; 0: as soon as it can. Absent: its own default. */
  readonly windowWishMs?: number;
}

export const defaultPatience: Patience = {
  marginMs: 1 * HOUR_MS,
  callbackGraceMs: 72 * HOUR_MS,
  outageBudgetMs: 3 * DAY_MS,
  stillPendingBudgetMs: 14 * DAY_MS,
  stillPendingEveryMs: 6 * HOUR_MS,
  withdrawalBudgetMs: 1 * DAY_MS,
};

/** A provider's own time further ahead than this is not believed. */
export const MAX_WINDOW_MS = 400 * DAY_MS;

/** Inclusive bounds of each setting, in milliseconds. */
export const patienceBounds: Record<keyof Required<Patience>, { readonly minMs: number; readonly maxMs: number }> = {
  marginMs: { minMs: 0, maxMs: 7 * DAY_MS },
  callbackGraceMs: { minMs: 0, maxMs: 60 * DAY_MS },
  outageBudgetMs: { minMs: 1 * HOUR_MS, maxMs: 90 * DAY_MS },
  stillPendingBudgetMs: { minMs: 1 * HOUR_MS, maxMs: 90 * DAY_MS },
  stillPendingEveryMs: { minMs: HOUR_MS / 4, maxMs: 1 * DAY_MS },
  withdrawalBudgetMs: { minMs: HOUR_MS / 4, maxMs: 7 * DAY_MS },
  windowWishMs: { minMs: 0, maxMs: MAX_WINDOW_MS },
};

/** A patient retry of a leg in attention, once a day. */
export const DAILY_TRY_MS = DAY_MS;
/** Rounds we start by ourselves; after that a record that comes back is a matter for a staff member. */
export const MAX_ROUNDS = 3;
/** Times a provider may move its own time before a staff member is asked. */
export const MAX_POSTPONEMENTS = 20;
