/**
 * The laws once more, written without luxon, without date-holidays and without our code: days as plain numbers, holidays by
 * hand from the statutes, local days asked of `Intl`. Slow and simple on purpose.
 */
import type { Regulation } from '../../../domain/request';

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
  'GB-SCT': (year) => [
    ...withMadeUpDays(on(year, [1, 1], [1, 2], [11, 30], [12, 25], [12, 26])),
    ...fromEaster(year, -2),
    ...nth(1, 1, year, 5),
    ...nth(-1, 1, year, 5),
    ...nth(1, 1, year, 8),
  ],
  // Government Code 6700 and 6701, without the days that move with the moon.
  'US-CA': (year) => {
    const movedOnSunday = on(year, [1, 1], [2, 12], [3, 31], [7, 4], [9, 9], [11, 11], [12, 25]);
    return [
      ...movedOnSunday,
      ...movedOnSunday.filter((day) => weekday(day) === 0).map(dayAfter),
      ...movedOnSunday.filter((day) => day.month === 11 && weekday(day) === 6).map(dayBefore),
      ...on(year, [6, 19], [4, 24]),
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

function isFree(day: PlainDay, calendar: string): boolean {
  return isWeekend(day) || isNaiveHoliday(day, calendar);
}

function monthsLater(from: PlainDay, months: number): PlainDay {
  const index = from.month - 1 + months;
  const year = from.year + Math.floor(index / 12);
  const month = (index % 12) + 1;
  return { year, month, day: Math.min(from.day, daysIn(year, month)) };
}

function firstWorkingDay(from: PlainDay, calendar: string): PlainDay {
  let day = from;
  while (isFree(day, calendar)) day = dayAfter(day);
  return day;
}

export interface NaiveDays {
  readonly acknowledgeOn?: string;
  readonly answerOn: string;
  readonly aimOn: string;
  readonly extendedOn: string;
}

export function naiveDays(regulation: Regulation, received: PlainDay, calendar: string): NaiveDays {
  if (regulation !== 'ccpa') {
    const answerOn = text(firstWorkingDay(monthsLater(received, 1), calendar));
    const extendedOn = text(firstWorkingDay(monthsLater(received, 3), calendar));
    return { answerOn, aimOn: answerOn, extendedOn };
  }
  let acknowledge = received;
  for (let business = 0; business < 10;) {
    acknowledge = dayAfter(acknowledge);
    if (!isFree(acknowledge, calendar)) business += 1;
  }
  return {
    acknowledgeOn: text(acknowledge),
    answerOn: text(walk(received, 45)),
    aimOn: text(walk(received, 44)),
    extendedOn: text(walk(received, 90)),
  };
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
