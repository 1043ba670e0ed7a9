import { DateTime } from 'luxon';
import { dayOff, isKnownCalendar, isKnownTimeZone } from '../../../../domain/law/counting/calendar';
import { legalRules } from '../../../../domain/law/legal-rules';
import { regulations } from '../../../../domain/law/regulation';

describe('isKnownCalendar', () => {
  it.each(['DE', 'DE-BY', 'DE-BY-A', 'GB-ENG', 'US-CA', 'US-CA-LA', 'PT'])('knows %s', (calendar) => {
    expect(isKnownCalendar(calendar)).toBe(true);
  });

  it.each([
    '',
    'XX',
    'GB',
    'US-KY',
    'de',
    'DE-XX',
    'DE-BY-XX',
    'DE-BY-A-B',
    'DE-',
    '-',
    'DE_BY',
    'toString',
    'DE-constructor',
  ])('does not know "%s"', (calendar) => {
    expect(isKnownCalendar(calendar)).toBe(false);
  });

  it.each([
    ['gdpr', 'DE', true],
    ['gdpr', 'DE-BY', true],
    ['gdpr', 'NO', true],
    ['gdpr', 'GB-ENG', false],
    ['gdpr', 'US-CA', false],
    ['uk-gdpr', 'GB-WLS', true],
    ['uk-gdpr', 'GB', false],
    ['uk-gdpr', 'GB-ALD', false],
    ['uk-gdpr', 'IE', false],
    ['ccpa', 'US-CA', true],
    ['ccpa', 'US-CA-LA', true],
    ['ccpa', 'US', false],
    ['ccpa', 'US-NY', false],
    ['vcdpa', 'US-VA', false],
    ['own:x', 'DE-BY', true],
    ['own:x', 'BR', false],
  ] as const)('under %s, %s: %s', (regulation, calendar, fits) => {
    expect(isKnownCalendar(calendar, regulation)).toBe(fits);
  });

  it.each(regulations)('knows every calendar that can count under %s', (regulation) => {
    const { calendars } = legalRules[regulation];
    expect(calendars.filter((calendar) => !isKnownCalendar(calendar, regulation))).toEqual([]);
  });
});

describe('isKnownTimeZone', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Kiritimati'])('knows %s', (zone) => {
    expect(isKnownTimeZone(zone)).toBe(true);
  });

  it.each(['', 'local', 'system', 'Europe/Atlantis', '+02:00', 'UTC+2', 'Berlin'])('does not know "%s"', (zone) => {
    expect(isKnownTimeZone(zone)).toBe(false);
  });
});

describe('dayOff', () => {
  it.each<[calendar: string, on: string, works: boolean, why: string]>([
    ['DE', '2026-04-06', false, 'Easter Monday'],
    ['PT', '2026-04-06', true, 'Easter Monday is none there'],
    ['DE', '2026-04-04', false, 'a Saturday'],
    ['DE', '2026-12-24', true, 'a bank half-day'],
    ['DE-BY', '2026-02-16', true, 'an observance'],
    ['RO', '2024-01-02', false, 'the second day of one holiday'],
    ['GB-ENG', '2026-12-28', false, 'a substitute day'],
    ['US-CA', '2026-07-03', true, 'a Friday in lieu of a Saturday'],
    ['US-CA', '2026-11-26', false, 'Thanksgiving'],
    ['US-CA', '2026-11-27', true, 'the Friday after Thanksgiving'],
  ])('%s, %s: %s (%s)', (calendar, on, works) => {
    const day = DateTime.utc(...(on.split('-').map(Number) as [number, number, number]));
    if (!day.isValid) throw new Error('The example names no day');
    expect(dayOff(day, [calendar]) === undefined).toBe(works);
  });

  it.each<[calendars: readonly string[], on: string, saturdaysCount: boolean, kind: string | undefined]>([
    [['DE'], '2026-04-04', false, 'saturday'],
    [['DE'], '2026-04-04', true, undefined],
    [['DE'], '2026-04-05', true, 'sunday'],
    [['DE', 'FR'], '2026-04-06', false, 'holiday'],
    [['DE', 'FR'], '2026-10-05', false, undefined],
    [['DE', 'FR'], '2026-04-03', false, undefined],
    [[], '2026-04-06', false, undefined],
  ])('%j, %s, Saturdays counted: %s: %s', (calendars, on, saturdaysCount, kind) => {
    const day = DateTime.fromISO(on, { zone: 'utc' });
    if (!day.isValid) throw new Error('The example names no day');
    expect(dayOff(day, calendars, { saturdaysCount })?.kind).toBe(kind);
  });
});
