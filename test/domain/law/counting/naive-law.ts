/**
 * The laws once more, written without luxon, without date-holidays and without our code: days as plain numbers, holidays by
 * hand from the statutes, local days asked of `Intl`. Slow and simple on purpose.
 */
import type { Regulation } from '../../../../domain/law/regulation';

export interface PlainDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function text({ year, month, day }: PlainDay): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function dayAfter({ year, month, day }: PlainDay): PlainDay {
  if (day < daysIn(year, month)) return { year, month, day: day + 1 };
  return month < 12 ? { year, month: month + 1, day: 1 } : { year: year + 1, month: 1, day: 1 };
}

function dayBefore({ year, month, day }: PlainDay): PlainDay {
  if (day > 1) return { year, month, day: day - 1 };
  return month > 1
    ? { year, month: month - 1, day: daysIn(year, month - 1) }
    : { year: year - 1, month: 12, day: daysIn(year - 1, 12) };
}

export function walk(from: PlainDay, days: number): PlainDay {
  let day = from;
  for (let step = 0; step < Math.abs(days); step += 1) day = days > 0 ? dayAfter(day) : dayBefore(day);
  return day;
}

/** 0 is Sunday (Sakamoto). */
export function weekday({ year, month, day }: PlainDay): number {
  const y = month < 3 ? year - 1 : year;
  const shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1] ?? 0;
  return (y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + shift + day) % 7;
}

/** Easter Sunday (Meeus, Jones, Butcher). */
function easter(year: number): PlainDay {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  return { year, month: Math.floor((h + l - 7 * m + 114) / 31), day: ((h + l - 7 * m + 114) % 31) + 1 };
}

const on = (year: number, ...dates: [month: number, day: number][]): PlainDay[] =>
  dates.map(([month, day]) => ({ year, month, day }));

const fromEaster = (year: number, ...days: number[]): PlainDay[] => days.map((count) => walk(easter(year), count));

/** The nth (from 1) or last (-1) such weekday of a month. */
function nth(count: number, dayOfWeek: number, year: number, month: number): PlainDay[] {
  const all = Array.from({ length: daysIn(year, month) }, (_, index) => ({ year, month, day: index + 1 })).filter(
    (day) => weekday(day) === dayOfWeek,
  );
  const found = all.at(count > 0 ? count - 1 : count);
  if (found === undefined) throw new Error('No such day');
  return [found];
}

const saturdayFrom = (day: PlainDay): PlainDay[] => [walk(day, 6 - weekday(day))];

/** Holidays at a weekend are made up for on the first days after them that are free. */
function withMadeUpDays(holidays: readonly PlainDay[]): PlainDay[] {
  const taken = new Set(holidays.map(text));
  const added: PlainDay[] = [];
  for (const holiday of holidays.filter((day) => isWeekend(day))) {
    let day = dayAfter(holiday);
    while (isWeekend(day) || taken.has(text(day))) day = dayAfter(day);
    taken.add(text(day));
    added.push(day);
  }
  return [...holidays, ...added];
}

export const isWeekend = (day: PlainDay): boolean => [0, 6].includes(weekday(day));

const germany = (year: number): PlainDay[] => [
  ...on(year, [1, 1], [5, 1], [10, 3], [12, 25], [12, 26]),
  ...fromEaster(year, -2, 1, 39, 50),
];

/** Banking and Financial Dealings Act 1971, with Good Friday and Christmas Day by common law. */
const england = (year: number): PlainDay[] => [
  ...withMadeUpDays(on(year, [1, 1], [12, 25], [12, 26])),
  ...fromEaster(year, -2, 1),
  ...nth(1, 1, year, 5),
  ...nth(-1, 1, year, 5),
  ...nth(-1, 1, year, 8),
];

const holidaysIn: Readonly<Record<string, (year: number) => PlainDay[]>> = {
  DE: germany,
  'DE-BY': (year) => [...germany(year), ...on(year, [1, 6], [11, 1]), ...fromEaster(year, 60)],
  // Código do Trabalho, art. 234.
  PT: (year) => [
    ...on(year, [1, 1], [4, 25], [5, 1], [6, 10], [8, 15], [10, 5], [11, 1], [12, 1], [12, 8], [12, 25]),
    ...fromEaster(year, -2, 0, 60),
  ],
  'GB-ENG': england,
  'GB-NIR': (year) => [...england(year), ...withMadeUpDays(on(year, [3, 17], [7, 12]))],
  // Organisation of Working Time Act 1997, Second Schedule.
  IE: (year) => [
    ...on(year, [1, 1], [3, 17], [12, 25], [12, 26]),
    ...(weekday({ year, month: 2, day: 1 }) === 5 ? on(year, [2, 1]) : nth(1, 1, year, 2)),
    ...fromEaster(year, 1),
    ...nth(1, 1, year, 5),
    ...nth(1, 1, year, 6),
    ...nth(1, 1, year, 8),
    ...nth(-1, 1, year, 10),
  ],
  // Algemene termijnenwet art. 3(1). Good Friday is only treated alike (art. 3(2)).
  NL: (year) => [
    ...on(year, [1, 1], [4, weekday({ year, month: 4, day: 27 }) === 0 ? 26 : 27], [5, 5], [12, 25], [12, 26]),
    ...fromEaster(year, 1, 39, 50),
  ],
  // Ustawa o dniach wolnych od pracy; 24 December from 2025.
  PL: (year) => [
    ...on(year, [1, 1], [1, 6], [5, 1], [5, 3], [8, 15], [11, 1], [11, 11], [12, 25], [12, 26]),
    ...(year >= 2025 ? on(year, [12, 24]) : []),
    ...fromEaster(year, 1, 60),
  ],
  // Lag (1989:253) om allmänna helgdagar. The eves are none. Midsummer and All Saints are the Saturdays from 20 June and 31 October.
  SE: (year) => [
    ...on(year, [1, 1], [1, 6], [5, 1], [6, 6], [12, 25], [12, 26]),
    ...fromEaster(year, -2, 1, 39),
    ...saturdayFrom({ year, month: 6, day: 20 }),
    ...saturdayFrom({ year, month: 10, day: 31 }),
  ],
  'GB-SCT': (year) => [
    // By proclamation.
    ...(year === 2026 ? on(year, [6, 15]) : []),
    ...withMadeUpDays(on(year, [1, 1], [1, 2], [11, 30], [12, 25], [12, 26])),
    ...fromEaster(year, -2),
    ...nth(1, 1, year, 5),
    ...nth(-1, 1, year, 5),
    ...nth(1, 1, year, 8),
  ],
  // Government Code 6700 and 6701; of the days that move with the moon, Lunar New Year of 2026 only.
  'US-CA': (year) => {
    const movedOnSunday = on(year, [1, 1], [2, 12], [3, 31], [7, 4], [9, 9], [11, 11], [12, 25]);
    return [
      ...movedOnSunday,
      ...movedOnSunday.filter((day) => weekday(day) === 0).map(dayAfter),
      ...movedOnSunday.filter((day) => day.month === 11 && weekday(day) === 6).map(dayBefore),
      ...on(year, [6, 19], [4, 24]),
      ...(year === 2026 ? on(year, [2, 17]) : []),
      ...nth(3, 1, year, 1),
      ...nth(3, 1, year, 2),
      ...nth(-1, 1, year, 5),
      ...nth(1, 1, year, 9),
      ...nth(4, 5, year, 9),
      ...nth(2, 1, year, 10),
      ...nth(4, 4, year, 11),
    ];
  },
};

export const naiveCalendars = Object.keys(holidaysIn);

const known = new Map<string, ReadonlySet<string>>();

export function isNaiveHoliday(day: PlainDay, calendar: string): boolean {
  const key = `${calendar} ${day.year}`;
  const holidays = known.get(key) ?? new Set(holidaysIn[calendar]?.(day.year).map(text));
  known.set(key, holidays);
  return holidays.has(text(day));
}

/** Several calendars: a holiday only where it is one in each. */
function isFree(day: PlainDay, calendars: readonly string[]): boolean {
  if (isWeekend(day)) return true;
  return calendars.length > 0 && calendars.every((calendar) => isNaiveHoliday(day, calendar));
}

function monthsLater(from: PlainDay, months: number): PlainDay {
  const index = from.month - 1 + months;
  const year = from.year + Math.floor(index / 12);
  const month = (index % 12) + 1;
  return { year, month, day: Math.min(from.day, daysIn(year, month)) };
}

function firstWorkingDay(from: PlainDay, calendars: readonly string[]): PlainDay {
  let day = from;
  while (isFree(day, calendars)) day = dayAfter(day);
  return day;
}

function businessDaysLater(from: PlainDay, count: number, isOff: (day: PlainDay) => boolean): PlainDay {
  let day = from;
  for (let business = 0; business < count;) {
    day = dayAfter(day);
    if (!isOff(day)) business += 1;
  }
  return day;
}

/** The day by which ten business days are over in California, read from Monday to Friday. */
export function naiveAcknowledgeMondayToFriday(received: string): string {
  const [year = 0, month = 0, day = 0] = received.split('-').map(Number);
  return text(businessDaysLater({ year, month, day }, 10, (at) => isFree(at, ['US-CA'])));
}

export interface NaiveDays {
  readonly acknowledgeOn?: string;
  readonly answerOn: string;
  readonly aimOn: string;
  readonly extendedOn: string;
}

export function naiveDays(regulation: Regulation, received: PlainDay, calendar: string | readonly string[]): NaiveDays {
  const calendars = [calendar].flat();
  if (regulation === 'gdpr' || regulation === 'uk-gdpr') {
    const answerOn = text(firstWorkingDay(monthsLater(received, 1), calendars));
    const extendedOn = text(firstWorkingDay(monthsLater(received, 3), calendars));
    return { answerOn, aimOn: answerOn, extendedOn };
  }
  const answerOn = text(walk(received, 45));
  const extendedOn = text(walk(received, regulation === 'fdbr' ? 60 : 90));
  if (regulation !== 'ccpa') return { answerOn, aimOn: answerOn, extendedOn };
  // Civil Code 7 and 9: a Saturday is a business day.
  const isOff = (day: PlainDay) => weekday(day) === 0 || calendars.every((code) => isNaiveHoliday(day, code));
  return {
    acknowledgeOn: text(businessDaysLater(received, 10, isOff)),
    answerOn,
    aimOn: text(walk(received, 44)),
    extendedOn,
  };
}

/** A law of one's own. */
export function naiveOwnDay(
  period: { readonly days: number } | { readonly months: number } | { readonly businessDays: number },
  received: PlainDay,
  { calendars, stays }: { readonly calendars: readonly string[]; readonly stays: boolean },
): string {
  if ('businessDays' in period) {
    return text(businessDaysLater(received, period.businessDays, (day) => isFree(day, calendars)));
  }
  const last = 'days' in period ? walk(received, period.days) : monthsLater(received, period.months);
  return text(stays ? last : firstWorkingDay(last, calendars));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The day that it is at an instant in a zone. */
export function localDay(epochMs: number, timeZone: string): PlainDay {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-US', { timeZone, dateStyle: 'short' });
  formats.set(timeZone, format);
  const [month = 0, day = 0, year = 0] = format.format(epochMs).split('/').map(Number);
  return { year: 2000 + year, month, day };
}

/** The last millisecond at which it is that day there, found by halving. */
export function lastMillisecondOf(day: string, timeZone: string): number {
  const noon = Date.parse(`${day}T12:00:00Z`);
  let inside = noon - 36 * 3_600_000;
  let after = noon + 36 * 3_600_000;
  while (after - inside > 1) {
    const middle = Math.floor((inside + after) / 2);
    if (text(localDay(middle, timeZone)) <= day) inside = middle;
    else after = middle;
  }
  return inside;
}
