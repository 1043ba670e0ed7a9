import { DateTime, IANAZone } from 'luxon';
import { InputError } from '../command-failure';
import type { Period } from './report';

/** From the first moment of the first day to the last one of the last day; undefined where these are no such days. */
export function parsePeriod({
  from,
  to,
  timeZone = 'UTC',
}: {
  readonly from: string;
  readonly to: string;
  readonly timeZone?: string;
}): Period | undefined {
  if (!IANAZone.isValidZone(timeZone)) {
    throw new InputError('--time-zone: expected an IANA name such as America/Los_Angeles.');
  }
  const first = startOf(from, timeZone);
  const last = startOf(to, timeZone);
  if (first === undefined || last === undefined || last < first) return undefined;
  return { from: first.toMillis(), to: last.plus({ days: 1 }).startOf('day').toMillis() };
}

function startOf(day: string, zone: string): DateTime | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const start = DateTime.fromISO(day, { zone });
  return start.isValid ? start.startOf('day') : undefined;
}
