import { DateTime, IANAZone } from 'luxon';
import type { Period } from './report';

/**
 * From the first moment of the first day to the last one of the last day. Throws `RangeError`, which says what was expected
 * and of which of the three.
 */
export function parsePeriod({
  from,
  to,
  timeZone = 'UTC',
}: {
  readonly from: string;
  readonly to: string;
  readonly timeZone?: string;
}): Period {
  if (!IANAZone.isValidZone(timeZone)) {
    throw new RangeError('time zone: expected an IANA name such as America/Los_Angeles');
  }
  const first = startOf(from, timeZone);
  const last = startOf(to, timeZone);
  if (first === undefined || last === undefined || last < first) {
    throw new RangeError('from, to: expected two days such as 2026-01-01, the first not after the last');
  }
  return { from: first.toMillis(), to: last.plus({ days: 1 }).startOf('day').toMillis() };
}

function startOf(day: string, zone: string): DateTime | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const start = DateTime.fromISO(day, { zone });
  return start.isValid ? start.startOf('day') : undefined;
}
