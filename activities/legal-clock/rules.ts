/** The time limits of each law, as data. A rule that changes gets the next version: requests keep the dates they were given. */
import type { Regulation } from '../../domain/request';

/** Counted from the day on which the clock starts, which itself does not count. */
export type Period = { readonly months: number } | { readonly days: number };

export interface LegalRule {
  /** Id and version, e.g. `gdpr/1`. */
  readonly id: string;
  /** The legal source, for people and for the certificate. */
  readonly source: string;
  /** Within how many business days the receipt must be confirmed to the person. */
  readonly acknowledgeBusinessDays?: number;
  readonly answerWithin: Period;
  /** In all, from the same start. */
  readonly extendedWithin: Period;
  /** A last day that is a Saturday, a Sunday or a public holiday gives way to the next working day. */
  readonly endsOnWorkingDay: boolean;
  /** Days by which we aim earlier, where the first day could be counted as well. */
  readonly aimsEarlierByDays: number;
  /** Where identity had to be proven first, the clock starts with the proof. */
  readonly waitsForIdentity: boolean;
  /** Whose public holidays can count: these codes, and what lies within them. */
  readonly calendars: readonly string[];
}

/** The European Economic Area, where the GDPR holds. */
const memberStates = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO'.split(
  ' ',
);

export const legalRules: Readonly<Record<Regulation, LegalRule>> = {
  gdpr: {
    id: 'gdpr/1',
    source: 'GDPR (Regulation (EU) 2016/679) Art. 12(3); Regulation (EEC, Euratom) No 1182/71 Art. 3',
    // Art. 12(3): "within one month of receipt of the request". 1182/71 Art. 3(1): the day of the event does not count;
    // 3(2)(c): the period ends with the last hour of the same date, or of the month's last day where it has no such date.
    answerWithin: { months: 1 },
    // Art. 12(3): "may be extended by two further months where necessary"; the person is told "within one month of receipt".
    extendedWithin: { months: 3 },
    // 1182/71 Art. 3(4): "the period shall end with the expiry of the last hour of the following working day".
    endsOnWorkingDay: true,
    aimsEarlierByDays: 0,
    // The EDPB admits a pause while identity is in doubt (Guidelines 01/2022); the Regulation has none, and we take none.
    waitsForIdentity: false,
    calendars: memberStates,
  },
  'uk-gdpr': {
    id: 'uk-gdpr/1',
    source: 'UK GDPR Art. 12(3) and 12A; ICO guidance on time limits for responding to requests',
    // ICO: from the day of receipt to the corresponding calendar date in the next month, or to that month's last day.
    answerWithin: { months: 1 },
    // Art. 12A: by two further months, with notice before the first month has ended.
    extendedWithin: { months: 3 },
    // ICO: on a weekend or a public holiday, until the next working day.
    endsOnWorkingDay: true,
    aimsEarlierByDays: 0,
    // Art. 12A: the latest of receipt and, where it was requested under Art. 12(6), the information on identity.
    waitsForIdentity: true,
    // Bank holidays differ by nation.
    calendars: ['GB-ENG', 'GB-NIR', 'GB-SCT', 'GB-WLS'],
  },
  ccpa: {
    id: 'ccpa/1',
    source: 'CCPA regulations, 11 CCR 7021; California Civil Code 1798.130(a)(2)',
    // 11 CCR 7021(a): "No later than 10 business days after receiving a request".
    acknowledgeBusinessDays: 10,
    // 11 CCR 7021(b): "no later than 45 calendar days after receipt of the request".
    answerWithin: { days: 45 },
    // 11 CCR 7021(b): "a maximum total of 90 calendar days from the day the request is received".
    extendedWithin: { days: 90 },
    endsOnWorkingDay: false,
    // 11 CCR 7021(b) also says that the period "will begin on the day that the business receives the request".
    aimsEarlierByDays: 1,
    // 11 CCR 7021(b): "regardless of time required to verify the request".
    waitsForIdentity: false,
    calendars: ['US-CA'],
  },
};
