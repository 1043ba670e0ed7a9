/** What a measurement is: it runs, and gives tables, plots, targets and notes, from which the report is made. */
import type { Estimate } from './statistics';

export interface BenchContext {
  /** Fewer repetitions: to see that it works, not for numbers to be kept. */
  readonly quick: boolean;
  /** The sizes that the targets name, which take hours. */
  readonly full: boolean;
  /** How many wait in `sleepers`, where it was said. */
  readonly sleepers: number | undefined;
  /** Says on the terminal what is being done. */
  readonly report: (line: string) => void;
  /** For files that are gone after the run. */
  readonly directory: string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly string[])[];
}

/** One drawing. The error bars are the 95 % intervals. */
export interface Plot {
  /** Of the SVG file, beside the measurement's own name: lower case and hyphens. */
  readonly name: string;
  readonly title: string;
  /** With its unit. */
  readonly y: string;
  /** With its unit; of lines only. */
  readonly x?: string;
  readonly kind: 'bars' | 'lines';
  /** Of lines: powers of ten at equal distances. */
  readonly logarithmicX?: boolean;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly {
      /** A label for bars, a number for lines. */
      readonly x: string | number;
      readonly y: number;
      readonly low?: number;
      readonly high?: number;
    }[];
  }[];
}

export interface Target {
  readonly what: string;
  /** As text: "at most 1.25". */
  readonly target: string;
  /** As text, with its interval. */
  readonly measured: string;
  /** `unclear`: the interval lies on both sides. */
  readonly verdict: 'met' | 'not met' | 'unclear' | 'not measured';
}

export interface Result {
  readonly tables: readonly Table[];
  readonly plots: readonly Plot[];
  readonly targets: readonly Target[];
  /** What was not measured, what was shortened, what to distrust: a sentence each, in Markdown. */
  readonly notes: readonly string[];
  /** What something else is held to later. */
  readonly data?: unknown;
}

export interface Measurement {
  /** For `--only`: lower case and hyphens. */
  readonly name: string;
  readonly title: string;
  /** What is done, and how: a paragraph of Markdown. */
  readonly about: string;
  run(context: BenchContext): Promise<Result>;
}

/** A target against an interval: met or not met only where the whole interval lies on one side. */
export function target(
  what: string,
  estimate: Estimate,
  bound: { readonly atMost: number } | { readonly atLeast: number },
  options: { readonly unit?: string; readonly digits?: number } = {},
): Target {
  const { low, high } = estimate;
  const [sign, limit] = 'atMost' in bound ? [1, bound.atMost] : [-1, bound.atLeast];
  const [best, worst] = sign === 1 ? [low, high] : [high, low];
  const verdict = sign * worst <= sign * limit ? 'met' : sign * best > sign * limit ? 'not met' : 'unclear';
  const { unit = '', digits = 2 } = options;
  const withUnit = (text: string): string => (unit === '' ? text : `${text} ${unit}`);
  return {
    what,
    target: `${sign === 1 ? 'at most' : 'at least'} ${withUnit(String(limit))}`,
    measured: withUnit(estimateText(estimate, digits)),
    verdict,
  };
}

/** `1.82 (1.75 to 1.90)`; without an interval where there was one observation only. */
export function estimateText({ mean, low, high }: Estimate, digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  return low === high ? text(mean) : `${text(mean)} (${text(low)} to ${text(high)})`;
}
