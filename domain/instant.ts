import { isMatch } from './text';

const instantPattern = /^\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Epoch ms of an RFC 3339 instant with a zone, or undefined: also for days that no month has. */
export function parseInstant(value: unknown): number | undefined {
  if (!isMatch(value, instantPattern)) return undefined;
  const epochMs = Date.parse(value.toUpperCase().replace(/(\.\d{3})\d+/, '$1'));
  // An offset can lead out of the years that can be written with four digits, and so be stored.
  if (!(epochMs >= FIRST_MS && epochMs <= LAST_MS)) return undefined;
  // Some engines roll 31 February over into March instead of refusing it.
  const day = Number(value.slice(8, 10));
  const lastDay = new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 0)).getUTCDate();
  return day <= lastDay ? epochMs : undefined;
}

/** Of text that a guard has let pass: anything else is a bug. */
export function parseCheckedInstant(text: string): number {
  const at = parseInstant(text);
  if (at === undefined) throw new TypeError('An instant that was checked cannot be read');
  return at;
}
