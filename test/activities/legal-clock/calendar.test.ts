import { DateTime } from 'luxon';
import { isKnownCalendar, isKnownTimeZone, isWorkingDay } from '../../../activities/legal-clock/calendar';
import { legalRules } from '../../../activities/legal-clock/rules';
import { regulations } from '../../../domain/request';

describe('isKnownCalendar', () => {
  it.each(['DE', 'DE-BY', 'DE-BY-A', 'GB', 'GB-ENG', 'US-CA', 'US-CA-LA', 'PT'])('knows %s', (calendar) => {
    expect(isKnownCalendar(calendar)).toBe(true);
  });

  it.each(['', 'XX', 'de', 'DE-XX', 'DE-BY-XX', 'DE-BY-A-B', 'DE-', '-', 'DE_BY', 'toString', 'DE-constructor'])(
    'does not know "%s"',
    (calendar) => {
      expect(isKnownCalendar(calendar)).toBe(false);
    },
  );

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

describe('isWorkingDay', () => {
  it.each<[calendar: string, on: string, works: boolean, why: string]>([
    ['DE', '2026-04-06', false, 'Easter Monday'],
    ['PT', '2026-04-06', true, 'Easter Monday is none there'],
    ['DE', '2026-04-04', false, 'a Saturday'],
    ['DE', '2026-12-24', true, 'a bank half-day'],
    ['DE-BY', '2026-02-16', true, 'an observance'],
    ['US-KY', '2026-04-03', true, 'a public holiday from 14:00 on'],
    ['RO', '2024-01-02', false, 'the second day of one holiday'],
    ['GB-ENG', '2026-12-28', false, 'a substitute day'],
    ['US-CA', '2026-07-03', true, 'a Friday in lieu of a Saturday'],
    ['US-CA', '2026-11-26', false, 'Thanksgiving'],
    ['US-CA', '2026-11-27', true, 'the Friday after Thanksgiving'],
  ])('%s, %s: %s (%s)', (calendar, on, works) => {
    const day = DateTime.utc(...(on.split('-').map(Number) as [number, number, number]));
    if (!day.isValid) throw new Error('The example names no day');
    expect(isWorkingDay(day, calendar)).toBe(works);
  });
});
