/**
 * The calls of the last 24 hours. Whose midnight a provider means does not matter then: there is no day, of any zone, with
 * more of them.
 */
import { DAY_MS, MINUTE_MS } from '../duration';

/** Calls, by the quarter of an hour in which they were granted. */
export type SpentCalls = readonly { readonly from: number; readonly calls: number }[];

const BIN_MS = 15 * MINUTE_MS;
/** A call is made a little after it was granted. */
const MADE_WITHIN_MS = MINUTE_MS;

export function binOf(at: number): number {
  return Math.floor(at / BIN_MS) * BIN_MS;
}

/** `calls` may be negative: what was granted and not used. */
export function spend(spent: SpentCalls, from: number, calls: number): SpentCalls {
  if (calls === 0) return spent;
  const others = spent.filter((bin) => bin.from !== from);
  const before = spent.find((bin) => bin.from === from)?.calls ?? 0;
  const bins = before + calls > 0 ? [...others, { from, calls: before + calls }] : others;
  return bins.toSorted((one, other) => one.from - other.from);
}

export function withoutOld(spent: SpentCalls, now: number): SpentCalls {
  return spent.filter((bin) => backAt(bin.from) > now);
}

export function spentInAll(spent: SpentCalls): number {
  return spent.reduce((sum, { calls }) => sum + calls, 0);
}

/** When the first of them can be made again. */
export function nextBackAt(spent: SpentCalls): number | undefined {
  const [first] = spent;
  return first && backAt(first.from);
}

function backAt(from: number): number {
  return from + BIN_MS + MADE_WITHIN_MS + DAY_MS;
}
