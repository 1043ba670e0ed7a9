/** Working days of a country, state or region, and which calendars and time zones there are. */
import { readFileSync } from 'node:fs';
import Holidays, { type HolidaysTypes } from 'date-holidays';
import { DateTime, IANAZone } from 'luxon';
import { defined } from '../../defined';
import { DAY_MS, HOUR_MS } from '../../duration';
import type { Regulation } from '../regulation';
import { corrections, type Correction } from './calendar-corrections';
import { legalRules } from '../legal-rules';

const { version } = JSON.parse(readFileSync(require.resolve('date-holidays/package.json'), 'utf8')) as {
  readonly version: string;
};
/** Name and version of the library whose public holidays we take. */
export const calendarSource = `date-holidays ${version}, corrected`;

/** The years for which every calendar was held against the second source: see docs/legal-clock.md. */
export const comparedYears = { first: 2025, last: 2032, with: 'python-holidays 0.109' } as const;

/**
 * Whether it is a calendar that can count: a country (`DE`), a state (`DE-BY`) or a region (`DE-BY-A`), in exactly this
 * spelling, that lies where one of the laws that we know holds; with a regulation: whether it can count under it.
 */
export function isKnownCalendar(calendar: string, regulation?: Regulation): boolean {
  return isListed(calendar) && countingCalendars(regulation).some((code) => isWithin(calendar, code));
}

/** Asking the library takes longer than counting a clock. */
const listed = new Map<string, boolean>();

function isListed(calendar: string): boolean {
  const known = listed.get(calendar);
  if (known !== undefined) return known;
  const [country = '', state, region, ...rest] = calendar.split('-');
  const world = new Holidays();
  const isThere =
    rest.length === 0 &&
    isIn(country, world.getCountries()) &&
    (state === undefined || isIn(state, world.getStates(country))) &&
    (region === undefined || isIn(region, world.getRegions(country, state ?? '')));
  // Not what anybody may ask for: the calendars that are there are few.
  if (isThere) listed.set(calendar, isThere);
  return isThere;
}

function countingCalendars(regulation: Regulation | undefined): readonly string[] {
  const rules: Readonly<Record<string, { readonly calendars: readonly string[] }>> = legalRules;
  const rule = regulation === undefined ? undefined : rules[regulation];
  // A law of the company's own may take any calendar that was compared with the second source.
  return rule?.calendars ?? Object.values(rules).flatMap(({ calendars }) => calendars);
}

function isWithin(calendar: string, code: string): boolean {
  return calendar === code || calendar.startsWith(`${code}-`);
}

/** Whether it is the IANA name of a time zone that this machine knows, e.g. `Europe/Berlin`. */
export function isKnownTimeZone(timeZone: string): boolean {
  // Newer engines also take offsets such as +02:00, which know no summer time.
  return /^[A-Za-z]/.test(timeZone) && IANAZone.isValidZone(timeZone);
}

/** A day without a zone: midnight UTC stands for it. */
export type Day = DateTime<true>;

/** What a day is where it is no working day. */
export type DayOff =
  | { readonly kind: 'saturday' | 'sunday' }
  | { readonly kind: 'holiday'; readonly calendars: readonly (PublicHoliday & { readonly calendar: string })[] };

export interface PublicHoliday {
  readonly name: string;
  /** The correction that put it there; absent where the library has it. */
  readonly correction?: Correction;
}

/**
 * Why it is no working day (Regulation 1182/71 Art. 2(2)), or undefined if it is one. With several calendars a public holiday
 * counts only if it is one in each: the earlier date.
 */
export function dayOff(
  day: Day,
  calendars: readonly string[],
  { saturdaysCount = false }: { readonly saturdaysCount?: boolean } = {},
): DayOff | undefined {
  if (day.weekday === 7) return { kind: 'sunday' };
  if (day.weekday === 6 && !saturdaysCount) return { kind: 'saturday' };
  const found = calendars.flatMap((calendar) => {
    const holiday = publicHolidays(calendar, day.year).get(day.toISODate());
    return holiday === undefined ? [] : [{ calendar, ...holiday }];
  });
  const isOffEverywhere = calendars.length > 0 && found.length === calendars.length;
  return isOffEverywhere ? { kind: 'holiday', calendars: found } : undefined;
}

/** Each is computed once: the calendars are few, and so are the years. */
const computed = new Map<string, ReadonlyMap<string, PublicHoliday>>();

/** Public holidays of one calendar year by day, as they count here: those of the library, corrected. */
export function publicHolidays(calendar: string, year: number): ReadonlyMap<string, PublicHoliday> {
  const key = `${calendar} ${year}`;
  const known = computed.get(key);
  if (known !== undefined) return known;
  const ours = corrections.filter((correction) => isWithin(calendar, correction.calendar));
  const days = new Map<string, PublicHoliday>();
  for (const { name, rule, on } of libraryHolidays(calendar, year)) {
    const isRemoved = ours.some(({ change, days: at }) => change === 'remove' && isAt(at, on, rule));
    if (!isRemoved) days.set(on, { name });
  }
  for (const correction of ours.filter(({ change }) => change === 'add')) {
    for (const on of daysOf(correction, year)) {
      if (!days.has(on)) days.set(on, { name: correction.holiday, correction });
    }
  }
  computed.set(key, days);
  return days;
}

function isAt(days: Correction['days'], on: string, rule: string): boolean {
  if ('rule' in days) return rule === days.rule;
  return 'everyYear' in days ? on.endsWith(days.everyYear) : days.includes(on);
}

function daysOf({ days }: Correction, year: number): readonly string[] {
  if ('rule' in days) return [];
  return 'everyYear' in days ? [`${year}-${days.everyYear}`] : days.filter((on) => on.startsWith(`${year}-`));
}

/** What the library itself has, without our corrections. */
export function libraryHolidays(
  calendar: string,
  year: number,
): readonly { readonly on: string; readonly name: string; readonly rule: string }[] {
  return libraryOf(calendar)
    .getHolidays(year)
    .filter((holiday) => !calendar.startsWith('US') || !isOfficeDay(holiday))
    .flatMap((holiday) => wholeDaysOf(holiday).map((on) => ({ on, name: holiday.name, rule: holiday.rule ?? '' })));
}

/** To open a calendar takes longer than to ask it for a year. */
const opened = new Map<string, Holidays>();

function libraryOf(calendar: string): Holidays {
  const known = opened.get(calendar);
  if (known !== undefined) return known;
  const [country = '', state, region] = calendar.split('-');
  // Bank days, observances and optional days move no date: without them it is earlier.
  const holidays = new Holidays({ country, ...defined({ state, region }) }, { types: ['public'] });
  opened.set(calendar, holidays);
  return holidays;
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
