import { DAY_MS, describeDuration, describeInstant, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';

describe('describeDuration', () => {
  it.each([
    [0, '0 s'],
    [500, '1 s'],
    [59 * SECOND_MS, '59 s'],
    [MINUTE_MS, '1 min'],
    [90 * MINUTE_MS, '90 min'],
    [HOUR_MS, '1 h'],
    [DAY_MS, '24 h'],
    [2 * DAY_MS, '2 days'],
    [120 * HOUR_MS, '5 days'],
    [121 * HOUR_MS, '121 h'],
    [3 * DAY_MS + 30 * MINUTE_MS, '4350 min'],
  ])('says %d ms as %s', (lengthMs, text) => {
    expect(describeDuration(lengthMs)).toBe(text);
  });
});

describe('describeInstant', () => {
  it('names the day, the minute and the zone', () => {
    expect(describeInstant(Date.UTC(2026, 10, 28, 17, 4, 59))).toBe('2026-11-28 17:04 UTC');
  });
});
