/** What each law says about time, as data. A company can define further laws in its policy file. */
import type { regulations } from './regulation';
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

/** The European Economic Area, where the GDPR holds. */
const memberStates = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO'.split(
  ' ',
);

/** Those of the United States that give 45 days from receipt, and count no working days. */
function days45(law: {
  readonly id: string;
  readonly source: string;
  readonly from: string;
  readonly article: string;
  readonly moreDays: number;
}): LegalRule {
  const { id, source, from, article, moreDays } = law;
  return {
    id,
    source,
    from,
    reasons: {
      start: `${article}: 45 days "of", or "after", receipt; the day of receipt does not count (our reading)`,
      answer: `${article}: without undue delay, and within 45 days of receipt`,
      lastDay: 'the section moves no date for a weekend or a holiday, and we move none: the earlier date',
      extension: `${article}: once, by ${moreDays} further days, where the person is told within the first 45, with the reason`,
    },
    answerWithin: { days: 45 },
    extendedWithin: { days: 45 + moreDays },
    endsOnWorkingDay: false,
    saturdaysCount: false,
    aimsEarlierByDays: 0,
    // A request that cannot be authenticated need not be carried out; the text stops no clock for it.
    waitsForIdentity: false,
    calendars: [],
  };
}

/**
 * The built-in laws. A rule that changes gets the next version: requests keep the dates they were given. `reasons` are for
 * people: article by article, and what is our own reading of it says so.
 */
export const legalRules: Readonly<Record<(typeof regulations)[number], LegalRule>> = {
  gdpr: {
    id: 'gdpr/1',
    source: 'GDPR (Regulation (EU) 2016/679) Art. 12(3); Regulation (EEC, Euratom) No 1182/71 Art. 3',
    reasons: {
      start:
        'GDPR Art. 12(3): from receipt; Regulation 1182/71 Art. 3(1): the day of receipt does not count. ' +
        'A doubt about identity stops nothing (our reading: the earlier date)',
      answer:
        'GDPR Art. 12(3): within one month; Regulation 1182/71 Art. 3(2)(c): it ends with the last hour of the same date, ' +
        'or of the last day of a month that has no such date',
      lastDay:
        'Regulation 1182/71 Art. 3(4): from a Saturday, a Sunday or a public holiday to the last hour of the following working day',
      extension:
        'GDPR Art. 12(3): by two further months; the person is told within one month of receipt, with the reasons',
    },
    answerWithin: { months: 1 },
    extendedWithin: { months: 3 },
    endsOnWorkingDay: true,
    saturdaysCount: false,
    aimsEarlierByDays: 0,
    waitsForIdentity: false,
    calendars: memberStates,
  },
  'uk-gdpr': {
    id: 'uk-gdpr/2',
    source:
      'UK GDPR Art. 12(3) and 12A(1)-(4) (Data (Use and Access) Act 2025 s. 76); Art. 4A: Regulation (EEC, Euratom) No 1182/71 Art. 3',
    reasons: {
      start:
        'UK GDPR Art. 12A(2): the latest of receipt of the request and, where it was asked for under Art. 12(6), receipt of the ' +
        'information; Art. 4A with Regulation 1182/71 Art. 3(1): that day does not count',
      answer:
        'UK GDPR Art. 12(3) and 12A(1): within one month; Art. 4A with Regulation 1182/71 Art. 3(2)(c): it ends with the last hour of ' +
        'the same date, or of the last day of a month that has no such date',
      lastDay:
        'UK GDPR Art. 4A with Regulation 1182/71 Art. 3(4): from a Saturday, a Sunday or a public holiday to the following working day',
      extension:
        'UK GDPR Art. 12A(3) and (4): by two further months; the person is told before the first month has ended, with the reasons',
    },
    answerWithin: { months: 1 },
    extendedWithin: { months: 3 },
    endsOnWorkingDay: true,
    saturdaysCount: false,
    aimsEarlierByDays: 0,
    waitsForIdentity: true,
    // Bank holidays differ by nation.
    calendars: ['GB-ENG', 'GB-NIR', 'GB-SCT', 'GB-WLS'],
  },
  ccpa: {
    id: 'ccpa/2',
    source: 'CCPA regulations, 11 CCR 7021; California Civil Code 1798.130(a)(2)',
    reasons: {
      start:
        '11 CCR 7021(b): from receipt, "regardless of time required to verify the request"; the day of receipt does not count (our reading)',
      acknowledge:
        '11 CCR 7021(a): no later than 10 business days after receipt; by Civil Code 7 and 9 a Saturday is a business day ' +
        '(our reading: the earlier date. Counted from Monday to Friday it would be later)',
      answer: '11 CCR 7021(b): no later than 45 calendar days after receipt',
      lastDay: '11 CCR 7021(b): calendar days; a weekend or a holiday at the end changes nothing',
      aim: '11 CCR 7021(b) also says that the period begins on the day of receipt, so that we aim one day earlier',
      extension:
        '11 CCR 7021(b): 90 calendar days in all from receipt, with a notice and an explanation in the first period',
    },
    acknowledgeWithin: { businessDays: 10 },
    answerWithin: { days: 45 },
    extendedWithin: { days: 90 },
    endsOnWorkingDay: false,
    saturdaysCount: true,
    aimsEarlierByDays: 1,
    waitsForIdentity: false,
    calendars: ['US-CA'],
  },
  vcdpa: days45({
    id: 'vcdpa/1',
    source: 'Virginia Consumer Data Protection Act, Code of Virginia 59.1-577(B)(1)',
    from: '2023-01-01',
    article: 'Code of Virginia 59.1-577(B)(1)',
    moreDays: 45,
  }),
  ctdpa: days45({
    id: 'ctdpa/1',
    source: 'Connecticut Data Privacy Act, General Statutes 42-518(c)(1)',
    from: '2023-07-01',
    article: 'Connecticut General Statutes 42-518(c)(1)',
    moreDays: 45,
  }),
  tdpsa: days45({
    id: 'tdpsa/1',
    source: 'Texas Data Privacy and Security Act, Business and Commerce Code 541.052(b)',
    from: '2024-07-01',
    article: 'Texas Business and Commerce Code 541.052(b)',
    moreDays: 45,
  }),
  fdbr: days45({
    id: 'fdbr/1',
    source: 'Florida Digital Bill of Rights, Florida Statutes 501.706(2)',
    from: '2024-07-01',
    article: 'Florida Statutes 501.706(2)',
    moreDays: 15,
  }),
};
