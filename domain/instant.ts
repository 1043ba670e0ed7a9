import { isMatch } from './text';

const instantPattern = /^\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Epoch ms of an RFC 3339 instant with a zone, or undefined: also for days that no month has. */
export function parseInstant(value: unknown): number | undefined {
  if (!isMatch(value, instantPattern)) return undefined;
  const epochMs = Date.parse(value.toUpperCase().replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isNaN(epochMs)) return undefined;
  // Some engines roll 31 February over into March instead of refusing it.
  const day = Number(value.slice(8, 10));
  const lastDay = new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 0)).getUTCDate();
  return day <= lastDay ? epochMs : undefined;
}
