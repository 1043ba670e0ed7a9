/** Working days of a country, state or region, and which calendars and time zones there are. */
import { readFileSync } from 'node:fs';
import Holidays, { type HolidaysTypes } from 'date-holidays';
import { DateTime, IANAZone } from 'luxon';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { Regulation } from '../../domain/request';
import { legalRules } from './rules';

const { version } = JSON.parse(readFileSync(require.resolve('date-holidays/package.json'), 'utf8')) as {
  readonly version: string;
};
/** Name and version of the library whose public holidays we take. */
export const calendarSource = `date-holidays ${version}`;

/**
 * Whether public holidays are known for a country (`DE`), a state (`DE-BY`) or a region (`DE-BY-A`), in exactly this
 * spelling; with a regulation: and whether it is one whose holidays can count under it.
 */
export function isKnownCalendar(calendar: string, regulation?: Regulation): boolean {
  const [country = '', state, region, ...rest] = calendar.split('-');
  const world = new Holidays();
  const isListed =
    rest.length === 0 &&
    isIn(country, world.getCountries()) &&
    (state === undefined || isIn(state, world.getStates(country))) &&
    (region === undefined || isIn(region, world.getRegions(country, state ?? '')));
  if (!isListed || regulation === undefined) return isListed;
  return legalRules[regulation].calendars.some((code) => calendar === code || calendar.startsWith(`${code}-`));
}

/** Whether it is the IANA name of a time zone that this machine knows, e.g. `Europe/Berlin`. */
export function isKnownTimeZone(timeZone: string): boolean {
  // Newer engines also take offsets such as +02:00, which know no summer time.
  return /^[A-Za-z]/.test(timeZone) && IANAZone.isValidZone(timeZone);
}

/** A day without a zone: midnight UTC stands for it. */
export type Day = DateTime<true>;

/** Neither Saturday, nor Sunday, nor a public holiday there (Regulation 1182/71 Art. 2(2)). */
export function isWorkingDay(day: Day, calendar: string): boolean {
  return day.weekday <= 5 && !publicHolidays(calendar, day.year).has(day.toISODate());
}

/** Each is computed once: the calendars are few, and so are the years. */
const computed = new Map<string, ReadonlySet<string>>();

function publicHolidays(calendar: string, year: number): ReadonlySet<string> {
  const key = `${calendar} ${year}`;
  const known = computed.get(key);
  if (known !== undefined) return known;
  const [country = '', state, region] = calendar.split('-');
  // Bank days, observances and optional days move no date: without them it is earlier, never later.
  const holidays = new Holidays(
    { country, ...(state === undefined ? {} : { state }), ...(region === undefined ? {} : { region }) },
    { types: ['public'] },
  );
  const days = new Set(
    holidays
      .getHolidays(year)
      .filter((holiday) => country !== 'US' || !isOfficeDay(holiday))
      .flatMap(wholeDaysOf),
  );
  computed.set(key, days);
  return days;
}

function wholeDaysOf(holiday: HolidaysTypes.Holiday): string[] {
  const first = DateTime.fromISO(holiday.date.slice(0, 10), { zone: 'utc' });
  if (!first.isValid) throw new TypeError('The holiday library named a day that does not exist');
  // A day lasts 23 hours where summer time begins; what is shorter leaves working hours.
  const days = Math.floor((holiday.end.getTime() - holiday.start.getTime() + HOUR_MS) / DAY_MS);
  return Array.from({ length: days }, (_, index) => first.plus({ days: index }).toISODate());
}

/**
 * Days on which California's offices close, but which its Government Code (6700, 6701) does not name as holidays, or for some
 * years only: the Friday after Thanksgiving, and days in lieu of a holiday at the weekend. Counting them could make a date
 * later than the law, leaving them out can only make it earlier.
 */
function isOfficeDay({ substitute, rule }: HolidaysTypes.Holiday): boolean {
  return substitute === true || rule === 'friday after 4th thursday in November';
}

function isIn(code: string, listed: Readonly<Record<string, string>> | undefined): boolean {
  return listed !== undefined && Object.hasOwn(listed, code);
}
