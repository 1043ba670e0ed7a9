/** Lengths of time in milliseconds. */
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** `6 h`, `3 days`, `90 min`: for people, exact as long as the length is a whole number of minutes. */
export function describeDuration(lengthMs: number): string {
  if (lengthMs >= 2 * DAY_MS && lengthMs % DAY_MS === 0) return `${lengthMs / DAY_MS} days`;
  if (lengthMs >= HOUR_MS && lengthMs % HOUR_MS === 0) return `${lengthMs / HOUR_MS} h`;
  if (lengthMs >= MINUTE_MS) return `${Math.round(lengthMs / MINUTE_MS)} min`;
  return `${Math.round(lengthMs / SECOND_MS)} s`;
}

/** Rounded up to two units that people use: `3 h 20 min`. */
export function approximateDuration(lengthMs: number): string {
  const seconds = Math.ceil(lengthMs / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

/** An instant for people: `2026-11-28 17:04 UTC`. */
export function describeInstant(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
