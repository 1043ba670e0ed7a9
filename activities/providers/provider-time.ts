/** Providers' own times, in every spelling that RFC 3339 and their documents allow. */

/** Two parties' clocks are believed to agree within this. */
export const PROVIDER_CLOCK_SKEW_MS = 2 * 60_000;

const rfc3339 =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[Tt ](?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:\.(?<fraction>\d{1,12}))?(?:[Zz]|(?<sign>[+-])(?<offsetHours>\d\d):?(?<offsetMinutes>\d\d))$/;
const unixTime = /^-?\d{1,16}(\.\d{1,9})?$/;
/** Unix times from here on are milliseconds; in seconds it would be the year 2603. */
const MILLISECONDS_FROM = 2e10;
const LAST_INSTANT_MS = 8.64e15;
/** None of the providers is as old. Clocks that were never set begin in the years 1, 1900, 1970, 1980 and 2000. */
const FIRST_BELIEVED_MS = Date.UTC(2000, 0, 2);

/** Epoch ms, or undefined for anything that does not name one instant: a time without a zone does not. */
export function parseInstant(value: unknown): number | undefined {
  if (typeof value === 'number') return fromUnixTime(value);
  if (typeof value !== 'string') return undefined;
  return unixTime.test(value) ? fromUnixTime(Number(value)) : fromDateTime(value);
}

/**
 * The same, where something of ours hangs on it: not for what stands for "no time", nor for a number in another unit, such as the
 * year 9999 in seconds or a date's digits.
 */
export function parseBelievable(value: unknown): number | undefined {
  const at = parseInstant(value);
  return at !== undefined && at >= FIRST_BELIEVED_MS ? at : undefined;
}

function fromUnixTime(value: number): number | undefined {
  const at = Math.trunc(Math.abs(value) < MILLISECONDS_FROM ? value * 1_000 : value);
  return Math.abs(at) <= LAST_INSTANT_MS ? at : undefined;
}

function fromDateTime(value: string): number | undefined {
  const parts = rfc3339.exec(value)?.groups;
  if (parts === undefined) return undefined;
  const number = (name: string) => Number(parts[name] ?? 0);
  const date = new Date(0);
  date.setUTCFullYear(number('year'), number('month') - 1, number('day'));
  const dayExists = date.getUTCMonth() === number('month') - 1 && date.getUTCDate() === number('day');
  // `:60` is a leap second: JavaScript counts it as the next minute's first.
  const timeExists = number('hour') <= 23 && number('minute') <= 59 && number('second') <= 60;
  const offsetExists = number('offsetHours') <= 23 && number('offsetMinutes') <= 59;
  if (!dayExists || !timeExists || !offsetExists) return undefined;
  const milliseconds = Number((parts['fraction'] ?? '').padEnd(3, '0').slice(0, 3));
  date.setUTCHours(number('hour'), number('minute'), number('second'), milliseconds);
  const offsetMs = (number('offsetHours') * 60 + number('offsetMinutes')) * 60_000;
  return date.getTime() - (parts['sign'] === '-' ? -offsetMs : offsetMs);
}
