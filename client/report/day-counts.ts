/** Lengths of time in tenths of a day, counted: exact percentiles of any number of them in bounded memory. */
import { DAY_MS } from '../../domain/duration';

const TENTH_MS = DAY_MS / 10;

export interface DayFigures {
  readonly median: number;
  readonly p95: number;
  readonly mean: number;
}

export class DayCounts {
  readonly #counts = new Map<number, number>();
  #size = 0;
  #sum = 0;

  /** Rounded up to a tenth of a day: never less than it was. What is below 0 counts as 0. */
  add(lengthMs: number): void {
    const tenths = Math.max(0, Math.ceil(lengthMs / TENTH_MS));
    this.#counts.set(tenths, (this.#counts.get(tenths) ?? 0) + 1);
    this.#size += 1;
    this.#sum += tenths;
  }

  /** In days; undefined where there are none. */
  figures(): DayFigures | undefined {
    if (this.#size === 0) return undefined;
    return {
      median: this.percentile(0.5) ?? 0,
      p95: this.percentile(0.95) ?? 0,
      mean: Math.round(this.#sum / this.#size) / 10,
    };
  }

  /** Nearest rank: the smallest of the lengths that at least this share of them do not exceed, in days. */
  percentile(share: number): number | undefined {
    const rank = Math.max(1, Math.ceil(share * this.#size));
    let passed = 0;
    for (const tenths of [...this.#counts.keys()].sort((a, b) => a - b)) {
      passed += this.#counts.get(tenths) ?? 0;
      if (passed >= rank) return tenths / 10;
    }
    return undefined;
  }
}
