/** Computes the due dates of one request: the rules are in `rules.ts`, working days in `calendar.ts`. */
import { DateTime } from 'luxon';
import type { Deadline, LegalClock } from '../../domain/legal-clock';
import type { Regulation } from '../../domain/request';
import { calendarSource, isKnownCalendar, isKnownTimeZone, isWorkingDay, type Day } from './calendar';
import { legalRules, type LegalRule, type Period } from './rules';

/** All instants in epoch ms. */
export interface ClockFacts {
  readonly regulation: Regulation;
  /** When the person's request was received. */
  readonly submittedAt: number;
  /** The person was asked to prove their identity, and has done so or not. */
  readonly identity?: { readonly askedAt: number; readonly provenAt?: number };
}

export interface ClockPlace {
  /** IANA name, e.g. `Europe/Berlin`: a request is received on the day that it is there. */
  readonly timeZone: string;
  /** Whose public holidays count, e.g. `DE`, `DE-BY`, `GB-ENG`, `US-CA`. */
  readonly calendar: string;
}

/**
 * The same facts and place give the same dates, as long as the release is the same. Takes milliseconds, and no I/O.
 * Throws a `RangeError` for a place or an instant that is unknown; the settings are checked at the start of the process.
 */
export function computeLegalClock(facts: ClockFacts, { timeZone, calendar }: ClockPlace): LegalClock {
  if (!isKnownTimeZone(timeZone)) throw new RangeError('timeZone: expected an IANA name such as Europe/Berlin');
  if (!isKnownCalendar(calendar)) throw new RangeError('calendar: expected a code such as DE, DE-BY, GB-ENG or US-CA');

  const rule = legalRules[facts.regulation];
  const clockFrom = (startsAt: number): LegalClock => {
    const receivedOn = dayOf(startsAt, timeZone);
    const deadline = (day: Day): Deadline => ({ on: day.toISODate(), at: endOfDay(day, timeZone) });
    const answerDay = lastDay(receivedOn, rule.answerWithin, rule, calendar);
    const aim = deadline(answerDay.minus({ days: rule.aimsEarlierByDays }));
    return {
      rule: rule.id,
      source: rule.source,
      timeZone,
      calendar,
      calendarSource,
      startsAt,
      ...(rule.acknowledgeBusinessDays === undefined
        ? {}
        : { acknowledgeBy: deadline(afterWorkingDays(receivedOn, rule.acknowledgeBusinessDays, calendar)) }),
      answerBy: deadline(answerDay),
      internalAnswerBy: aim,
      extendedAnswerBy: deadline(lastDay(receivedOn, rule.extendedWithin, rule, calendar)),
      // The notice belongs into the first period, and where that can be counted in two ways, into the shorter one.
      extendBy: aim,
    };
  };

  const fromReceipt = clockFrom(facts.submittedAt);
  const { identity } = facts;
  if (!rule.waitsForIdentity || identity?.provenAt === undefined) return fromReceipt;
  // A question that came when the answer was due already gives no new time.
  if (identity.askedAt > fromReceipt.answerBy.at || identity.provenAt <= facts.submittedAt) return fromReceipt;
  return clockFrom(identity.provenAt);
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

function lastDay(from: Day, period: Period, rule: LegalRule, calendar: string): Day {
  // Where the last month has no such date, `plus` takes that month's last day.
  const last = from.plus(period);
  return rule.endsOnWorkingDay ? workingDayFrom(last, calendar) : last;
}

function workingDayFrom(day: Day, calendar: string): Day {
  return isWorkingDay(day, calendar) ? day : workingDayFrom(day.plus({ days: 1 }), calendar);
}

function afterWorkingDays(from: Day, count: number, calendar: string): Day {
  return count === 0 ? from : afterWorkingDays(workingDayFrom(from.plus({ days: 1 }), calendar), count - 1, calendar);
}
