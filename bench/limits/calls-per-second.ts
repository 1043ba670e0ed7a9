/** What the provider's own log says of the rate: how many calls came in each second of its clock. */

const SECOND_MS = 1_000;

export interface Second {
  /** Seconds since the measurement began. */
  readonly at: number;
  readonly calls: number;
}

/** Whole seconds only, from `from` until `until`. `times`: when each call came; epoch ms. */
export function secondsOf(times: readonly number[], from: number, until: number): readonly Second[] {
  const first = Math.ceil(from / SECOND_MS);
  const length = Math.floor(until / SECOND_MS) - first;
  const counts = Array.from({ length }, () => 0);
  for (const time of times) {
    const second = Math.floor(time / SECOND_MS) - first;
    if (second >= 0 && second < length) counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts.map((calls, index) => ({ at: first + index - from / SECOND_MS, calls }));
}

/** The most calls in any second at all, wherever it begins. */
export function mostInAnySecond(times: readonly number[]): number {
  const sorted = times.toSorted((one, other) => one - other);
  let most = 0;
  for (let end = 0, start = 0; end < sorted.length; end += 1) {
    while ((sorted[end] as number) - (sorted[start] as number) >= SECOND_MS) start += 1;
    most = Math.max(most, end - start + 1);
  }
  return most;
}

/** How many a provider would refuse that lets so many pass in each second of its clock. */
export function refusedBy(limit: number, seconds: readonly Second[]): number {
  return seconds.reduce((sum, { calls }) => sum + Math.max(0, calls - limit), 0);
}
