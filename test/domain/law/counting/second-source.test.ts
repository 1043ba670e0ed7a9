import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Holidays from 'date-holidays';
import {
  comparedYears,
  isKnownCalendar,
  libraryHolidays,
  publicHolidays,
} from '../../../../domain/law/counting/calendar';
import { corrections } from '../../../../domain/law/counting/calendar-corrections';
import secondSource from './second-source.json';

type ByYear = Readonly<Record<string, string>>;
const { source, absent, countries, regions } = secondSource as unknown as {
  readonly source: string;
  readonly absent: Readonly<Record<string, string>>;
  readonly countries: Readonly<Record<string, ByYear>>;
  readonly regions: Readonly<Record<string, { readonly more?: ByYear; readonly less?: ByYear }>>;
};
const listed = readFileSync(join(__dirname, 'accepted-calendars.txt'), 'utf8').split('\n').filter(Boolean);
const years = Array.from(
  { length: comparedYears.last - comparedYears.first + 1 },
  (_, index) => comparedYears.first + index,
);

const daysIn = (byYear: ByYear | undefined): string[] =>
  Object.entries(byYear ?? {}).flatMap(([year, days]) => days.split(' ').map((day) => `${year}-${day}`));

/** What the second source has: where it lacks a region, what it has of the place around it. */
function daysOfSecondSource(calendar: string): ReadonlySet<string> {
  const code = absent[calendar] ?? calendar;
  const region = regions[code];
  const less = new Set(daysIn(region?.less));
  const country = daysIn(countries[code.split('-')[0] ?? '']).filter((day) => !less.has(day));
  return new Set([...country, ...daysIn(region?.more)]);
}

/** Weekends move nothing but where Saturdays are business days. */
const counts = (calendar: string) => (on: string) =>
  calendar.startsWith('US') || ![0, 6].includes(new Date(on).getUTCDay());

const ours = (calendar: string) =>
  years
    .flatMap((year) => [...publicHolidays(calendar, year)].map(([on, holiday]) => ({ on, ...holiday })))
    .filter(({ on }) => counts(calendar)(on));
const asked = new Map<string, readonly string[]>();
function librarys(calendar: string): readonly string[] {
  const known = asked.get(calendar);
  if (known !== undefined) return known;
  const days = years.flatMap((year) => libraryHolidays(calendar, year).map(({ on }) => on));
  const found = [...new Set(days)].filter(counts(calendar));
  asked.set(calendar, found);
  return found;
}

function allCalendars(): readonly string[] {
  const world = new Holidays();
  return Object.keys(world.getCountries())
    .flatMap((country) => [
      country,
      ...Object.keys(world.getStates(country) ?? {}).flatMap((state) => [
        `${country}-${state}`,
        ...Object.keys(world.getRegions(country, state) ?? {}).map((region) => `${country}-${state}-${region}`),
      ]),
    ])
    .filter((calendar) => isKnownCalendar(calendar));
}

describe('the second source', () => {
  it('was asked for every calendar that we accept', () => {
    expect(listed.toSorted()).toEqual(allCalendars().toSorted());
    expect(source).toBe(comparedYears.with);
    expect(Object.keys(absent).every((calendar) => listed.includes(calendar))).toBe(true);
  });

  it.each(listed)('has every public holiday that counts in %s, or a correction names its source', (calendar) => {
    const known = daysOfSecondSource(calendar);
    expect(known.size).toBeGreaterThan(40);
    expect(ours(calendar).filter(({ on, correction }) => !known.has(on) && correction === undefined)).toEqual([]);
  });
});

describe('the corrections', () => {
  it.each(corrections.map((correction) => [`${correction.calendar}: ${correction.holiday}`, correction] as const))(
    '%s, is still needed',
    (_, { calendar, change, holiday }) => {
      const before = librarys(calendar);
      const after = ours(calendar);
      const removed = before.filter((on) => !after.some((day) => day.on === on));
      const added = after.filter(({ on, name }) => !before.includes(on) && name === holiday);
      expect((change === 'remove' ? removed : added).length).toBeGreaterThan(0);
    },
  );

  it('are counted in the documentation', () => {
    const differing = listed.map((calendar) => {
      const known = daysOfSecondSource(calendar);
      const [library, counted] = [librarys(calendar), ours(calendar).map(({ on }) => on)];
      return {
        onlyLibrary: library.filter((on) => !known.has(on)).length,
        onlySecond: [...known].filter((on) => counts(calendar)(on) && !library.includes(on)).length,
        removed: library.filter((on) => !counted.includes(on)).length,
        added: counted.filter((on) => !library.includes(on)).length,
      };
    });
    const sum = (of: keyof (typeof differing)[number]) => differing.reduce((total, each) => total + each[of], 0);
    const documentation = readFileSync(join(__dirname, '../../../../docs/legal-clock.md'), 'utf8');
    const figures: readonly [string, number][] = [
      ['calendars compared', listed.length],
      ['of them, only what lies around them is in the second source', Object.keys(absent).length],
      ['calendars with any difference', differing.filter((each) => each.onlyLibrary + each.onlySecond > 0).length],
      ['days that only `date-holidays` has', sum('onlyLibrary')],
      ['of all its days, taken away (date earlier)', sum('removed')],
      ['days that only `python-holidays` has', sum('onlySecond')],
      ['added by a named source (date later)', sum('added')],
    ];
    for (const [what, count] of figures)
      expect(documentation).toMatch(new RegExp(`\\| ${escaped(what)} +\\| +${count} +\\|`));
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
