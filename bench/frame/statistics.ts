/** Means and ratios with 95 % confidence intervals. */

export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** How many observations. */
  readonly n: number;
}

/** Student's t for 95 % by degrees of freedom; the last one for all above. */
const T_95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042, 1.96,
] as const;
const RESAMPLES = 10_000;

/** What was counted, not estimated. */
export function exact(value: number): Estimate {
  return { mean: value, low: value, high: value, n: 1 };
}

/** A mean with Student's interval. */
export function meanOf(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) throw new RangeError('There is no mean of nothing');
  const mean = sum(values) / n;
  if (n === 1) return exact(mean);
  const variance = sum(values.map((value) => (value - mean) ** 2)) / (n - 1);
  const half = (T_95[n - 2] ?? 1.96) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, n };
}

/** One over the other, where both were measured in turn: the ratio of the sums, with a bootstrap interval over the pairs. */
export function ratioOf(pairs: readonly { readonly over: number; readonly under: number }[]): Estimate {
  const n = pairs.length;
  if (n === 0) throw new RangeError('There is no ratio of nothing');
  const ratio = (of: readonly { readonly over: number; readonly under: number }[]): number =>
    sum(of.map(({ over }) => over)) / sum(of.map(({ under }) => under));
  const mean = ratio(pairs);
  if (n === 1) return exact(mean);
  const random = randomNumbers(n);
  const resampled = Array.from({ length: RESAMPLES }, () =>
    ratio(Array.from({ length: n }, () => pairs[Math.floor(random() * n)]!)),
  );
  return { mean, low: quantile(resampled, 0.025), high: quantile(resampled, 0.975), n };
}

export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(at * (sorted.length - 1))))] ?? NaN;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The same interval for the same numbers: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
