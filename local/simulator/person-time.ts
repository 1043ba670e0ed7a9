/** Date-times as the person API takes and gives them. All the spellings it gives are valid RFC 3339. */
import { isoTime } from './clock';

export const timeFormats = [
  'z',
  'plus-zero',
  'plus-half-hour',
  'microseconds',
  'nanoseconds',
  'no-fraction',
  'lower-case',
  'space',
  'unknown-offset',
] as const;
export type TimeFormat = (typeof timeFormats)[number];

const indiaOffsetMs = 5.5 * 3_600_000;

export function formatTime(at: number, format: TimeFormat): string {
  const zulu = isoTime(at);
  const bare = zulu.slice(0, -1);
  switch (format) {
    case 'z':
      return zulu;
    case 'plus-zero':
      return `${bare}+00:00`;
    case 'plus-half-hour':
      return `${isoTime(at + indiaOffsetMs).slice(0, -1)}+05:30`;
    case 'microseconds':
      return `${bare}000+00:00`;
    case 'nanoseconds':
      return `${bare}000000Z`;
    case 'no-fraction':
      return `${bare.slice(0, 19)}Z`;
    case 'lower-case':
      return zulu.toLowerCase();
    case 'space':
      return `${bare.replace('T', ' ')}+00:00`;
    case 'unknown-offset':
      return `${bare}-00:00`;
  }
}

const dateTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/i;
const unixMillisecondsFrom = 2e10;

/** Unix timestamps, in seconds or milliseconds, are UTC; a date-time must name its zone. */
export function parseSuggestedTime(value: unknown): number | 'no-zone' | 'invalid' {
  if (typeof value === 'string' && !/^-?\d+(\.\d+)?$/.test(value)) return parseDateTime(value);
  const unix = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (!Number.isFinite(unix) || Math.abs(unix) > 8e15) return 'invalid';
  return Math.abs(unix) > unixMillisecondsFrom ? unix : unix * 1000;
}

function parseDateTime(value: string): number | 'no-zone' | 'invalid' {
  const [, date, time, fraction = '', zone] = dateTime.exec(value) ?? [];
  if (date === undefined) return 'invalid';
  if (zone === undefined) return 'no-zone';
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const at = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset}`);
  return Number.isNaN(at) ? 'invalid' : at;
}
