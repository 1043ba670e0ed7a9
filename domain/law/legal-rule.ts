/** What one law says about time, as data: built in, or defined by a company in its policy file. */

/** Counted from the day on which the clock starts, which itself does not count. */
export type Period = { readonly months: number } | { readonly days: number } | { readonly businessDays: number };

/** Article and source of each step, for people who check a date against the statute. */
export interface LegalReasons {
  /** From when it counts, and whether that day counts. */
  readonly start: string;
  readonly acknowledge?: string;
  readonly answer: string;
  /** What becomes of a last day that is no working day. */
  readonly lastDay?: string;
  readonly aim?: string;
  readonly extension?: string;
}

export interface LegalRule {
  /** Id and version, e.g. `gdpr/1`. */
  readonly id: string;
  /** The legal source, for people and for the certificate. */
  readonly source: string;
  readonly reasons: LegalReasons;
  /** Requests that were received before this day have no due date under it, e.g. `2024-07-01`. */
  readonly from?: string;
  /** Within what time the receipt must be confirmed to the person. */
  readonly acknowledgeWithin?: Period;
  readonly answerWithin: Period;
  /** In all, from the same start; absent where the law gives no more time. */
  readonly extendedWithin?: Period;
  /** A last day that is a Saturday, a Sunday or a public holiday gives way to the next working day. */
  readonly endsOnWorkingDay: boolean;
  /** Saturdays are counted among business days, which makes a date earlier. */
  readonly saturdaysCount: boolean;
  /** Days by which we aim earlier, where the first day could be counted as well. */
  readonly aimsEarlierByDays: number;
  /** Where identity had to be proven first, the clock starts when the information for it was received. */
  readonly waitsForIdentity: boolean;
  /** Whose public holidays can count: these codes, and what lies within them. Empty: none are counted. */
  readonly calendars: readonly string[];
}

/** Whether any of its dates depends on which days are working days. */
export function countsWorkingDays(rule: LegalRule): boolean {
  const periods = [rule.acknowledgeWithin, rule.answerWithin, rule.extendedWithin];
  return rule.endsOnWorkingDay || periods.some((period) => period !== undefined && 'businessDays' in period);
}
