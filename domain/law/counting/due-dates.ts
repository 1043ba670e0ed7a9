/** Computes the due dates of one request: the rules are in `legal-rules.ts`, working days in `calendar.ts`. */
import { isDeepStrictEqual } from 'node:util';
import { DateTime } from 'luxon';
import { defined } from '../../defined';
import { countsWorkingDays, legalRules, type LegalRule, type Period } from '../legal-rules';
import type { Deadline, LegalClock, NoClock } from '../legal-clock';
import type { Regulation } from '../regulation';
import { calendarSource, dayOff, isKnownCalendar, isKnownTimeZone, type Day, type DayOff } from './calendar';

/** All instants in epoch ms. */
export interface ClockFacts {
  readonly regulation: Regulation;
  /** When the person's request was received. */
  readonly submittedAt: number;
  /**
   * The person was asked to prove their identity. `informationReceivedAt`: when what they were asked for arrived; `provenAt`: when it
   * was found good. Only both together start a clock anew.
   */
  readonly identity?: {
    readonly askedAt: number;
    readonly informationReceivedAt?: number;
    readonly provenAt?: number;
  };
}

export interface ClockPlace {
  /** IANA name, e.g. `Europe/Berlin`: a request is received on the day that it is there. */
  readonly timeZone: string;
  /**
   * Whose public holidays count, e.g. `DE`, `DE-BY`, `GB-ENG`, `US-CA`. Of several, those days only that are one in each. Absent: none,
   * where the law counts no working days or weekends are enough.
   */
  readonly calendar?: string | readonly string[];
}

/** What a company has settled: where days are counted under each law, and the laws of its own. */
export interface ClockPolicy {
  readonly calendars: Readonly<Partial<Record<Regulation, ClockPlace>>>;
  readonly laws?: Readonly<Partial<Record<Regulation, LegalRule>>>;
}

/** The last day of one period, and the days that were passed over on the way to it. */
export interface CountedDay {
  readonly day: Day;
  /** The day on which the period ends by its length alone. */
  readonly counted: Day;
  readonly passedOver: readonly { readonly day: Day; readonly off: DayOff }[];
}

/** The dates of one clock with the way to them, for people who check them. */
export interface CountedClock {
  readonly rule: LegalRule;
  readonly clock: LegalClock;
  readonly receivedOn: Day;
  readonly startsOn: Day;
  readonly answer: CountedDay;
  readonly acknowledge?: CountedDay;
  readonly extended?: CountedDay;
}

export function ruleOf(regulation: Regulation, laws: NonNullable<ClockPolicy['laws']> = {}): LegalRule | undefined {
  const builtIn: Readonly<Partial<Record<Regulation, LegalRule>>> = legalRules;
  return builtIn[regulation] ?? laws[regulation];
}

/**
 * The one way to a request's due dates: for workers, previews and the explanation alike. The same facts, place and rule give the
 * same dates, as long as the release is the same. Takes milliseconds, and no I/O.
 * Throws a `RangeError` for a place or an instant that is unknown; the settings are checked at the start of the process.
 */
export function explainedClockFor(policy: ClockPolicy, facts: ClockFacts): CountedClock | NoClock {
  const rule = ruleOf(facts.regulation, policy.laws);
  if (rule === undefined) return 'unknown-law';
  const place = policy.calendars[facts.regulation];
  if (place === undefined) return 'no-calendar';
  const counted = countClock(facts, place, rule);
  const receivedOn = dayOf(facts.submittedAt, place.timeZone).toISODate();
  return rule.from !== undefined && receivedOn < rule.from ? 'not-in-force' : counted;
}

/** `explainedClockFor` without the way to the dates. */
export function legalClockFor(policy: ClockPolicy, facts: ClockFacts): LegalClock | NoClock {
  const counted = explainedClockFor(policy, facts);
  return typeof counted === 'string' ? counted : counted.clock;
}

/**
 * The due dates of a request that has some already, once more is known about identity: by the rule and at the place that were pinned.
 * Where they count otherwise by now (a policy file or a release has changed a law or a holiday), the dates that were given stay:
 * they are the earliest that can hold.
 */
export function recomputedClock(facts: ClockFacts, pinned: LegalClock, laws?: ClockPolicy['laws']): LegalClock {
  const rule = ruleOf(facts.regulation, laws);
  if (rule?.id !== pinned.rule) return pinned;
  const { timeZone, calendar } = pinned;
  const place = calendar === 'none' ? { timeZone } : { timeZone, calendar: calendar.split(AND) };
  const given = countClock({ regulation: facts.regulation, submittedAt: pinned.startsAt }, place, rule).clock;
  return isDeepStrictEqual(daysOf(given), daysOf(pinned)) ? countClock(facts, place, rule).clock : pinned;
}

function daysOf({ acknowledgeBy, answerBy, internalAnswerBy, extendedAnswerBy, extendBy }: LegalClock) {
  return [acknowledgeBy, answerBy, internalAnswerBy, extendedAnswerBy, extendBy];
}

/** Between the calendars of a clock that has several. */
const AND = ' and ';

export function calendarsOf({ calendar }: ClockPlace): readonly string[] {
  if (calendar === undefined) return [];
  return typeof calendar === 'string' ? [calendar] : calendar;
}

function countClock(facts: ClockFacts, place: ClockPlace, rule: LegalRule): CountedClock {
  const { timeZone } = place;
  if (!isKnownTimeZone(timeZone)) throw new RangeError('timeZone: expected an IANA name such as Europe/Berlin');
  if (!calendarsOf(place).every((calendar) => isKnownCalendar(calendar))) {
    throw new RangeError('calendar: expected a code such as DE, DE-BY, GB-ENG or US-CA');
  }
  const calendars = countsWorkingDays(rule) ? calendarsOf(place) : [];

  const countFrom = (startsAt: number): CountedClock => {
    const startsOn = dayOf(startsAt, timeZone);
    const deadline = (day: Day): Deadline => ({ on: day.toISODate(), at: endOfDay(day, timeZone) });
    const count = (period: Period): CountedDay => lastDay(startsOn, period, rule, calendars);
    const answer = count(rule.answerWithin);
    const extended = rule.extendedWithin && count(rule.extendedWithin);
    const acknowledge = rule.acknowledgeWithin && count(rule.acknowledgeWithin);
    const aim = deadline(answer.day.minus({ days: rule.aimsEarlierByDays }));
    const clock: LegalClock = {
      rule: rule.id,
      source: rule.source,
      timeZone,
      calendar: calendars.length === 0 ? 'none' : calendars.join(AND),
      calendarSource: calendars.length === 0 ? 'none' : calendarSource,
      startsAt,
      ...(acknowledge === undefined ? {} : { acknowledgeBy: deadline(acknowledge.day) }),
      answerBy: deadline(answer.day),
      internalAnswerBy: aim,
      // The notice belongs into the first period, and where that can be counted in two ways, into the shorter one.
      ...(extended === undefined ? {} : { extendedAnswerBy: deadline(extended.day), extendBy: aim }),
    };
    return {
      rule,
      clock,
      receivedOn: dayOf(facts.submittedAt, timeZone),
      startsOn,
      answer,
      ...defined({ acknowledge, extended }),
    };
  };

  const fromReceipt = countFrom(facts.submittedAt);
  const startsAt = informationStart(facts, rule, fromReceipt.clock.answerBy.at);
  return startsAt === undefined ? fromReceipt : countFrom(startsAt);
}

/** When the clock starts anew, or undefined where it starts with the request. In doubt it does: that is earlier. */
function informationStart({ identity, submittedAt }: ClockFacts, rule: LegalRule, dueAt: number): number | undefined {
  if (!rule.waitsForIdentity || identity?.provenAt === undefined) return undefined;
  const { askedAt, provenAt, informationReceivedAt: receivedAt } = identity;
  // Without its time, what was received may have been received at once.
  if (receivedAt === undefined || receivedAt < askedAt || receivedAt > provenAt) return undefined;
  // A question that came when the answer was due already gives no new time.
  return askedAt > dueAt || receivedAt <= submittedAt ? undefined : receivedAt;
}

/** The day that it is at that instant in that zone. */
function dayOf(epochMs: number, timeZone: string): Day {
  const there = Number.isInteger(epochMs) ? DateTime.fromMillis(epochMs, { zone: timeZone }) : undefined;
  const day = there?.isValid === true ? DateTime.utc(there.year, there.month, there.day) : undefined;
  if (day?.isValid !== true) throw new RangeError('submittedAt: expected an instant in epoch milliseconds');
  return day;
}

/** The last millisecond of that day in that zone: the next day does not always begin at midnight. */
function endOfDay(day: Day, timeZone: string): number {
  return day.setZone(timeZone, { keepLocalTime: true }).endOf('day').toMillis();
}

function lastDay(from: Day, period: Period, rule: LegalRule, calendars: readonly string[]): CountedDay {
  const off = (day: Day): DayOff | undefined => dayOff(day, calendars, { saturdaysCount: rule.saturdaysCount });
  if ('businessDays' in period) return afterBusinessDays(from, period.businessDays, off);
  // Where the last month has no such date, `plus` takes that month's last day.
  const counted = from.plus(period);
  const passedOver: { day: Day; off: DayOff }[] = [];
  let day = counted;
  if (rule.endsOnWorkingDay) {
    for (let why = off(day); why !== undefined; why = off(day)) {
      passedOver.push({ day, off: why });
      day = day.plus({ days: 1 });
    }
  }
  return { day, counted, passedOver };
}

function afterBusinessDays(from: Day, count: number, off: (day: Day) => DayOff | undefined): CountedDay {
  const passedOver: { day: Day; off: DayOff }[] = [];
  let day = from;
  for (let business = 0; business < count;) {
    day = day.plus({ days: 1 });
    const why = off(day);
    if (why === undefined) business += 1;
    else passedOver.push({ day, off: why });
  }
  return { day, counted: day, passedOver };
}
