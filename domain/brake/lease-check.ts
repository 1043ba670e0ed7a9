/** The guard of the brake: whoever may write to the namespace can send it anything. */
import { DAY_MS } from '../duration';
import { isMatch, isRecord } from '../text';

const workerPattern = /^[0-9a-f]{8,32}$/;

/** As the names of pods and machines are. */
export function isWorkerName(value: unknown): value is string {
  return isMatch(value, /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
}

/** Names fields only, never a value. */
export function leaseRequestProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'expected one object';
  const { worker, name, number, limits, calls, reported, holds, pausedForMs, leaving } = value;
  if (!isMatch(worker, workerPattern)) return 'worker: expected 8 to 32 hexadecimal digits';
  if (name !== undefined && !isWorkerName(name))
    return 'name: expected 1 to 63 letters, digits, dots, hyphens or underscores';
  if (!isCount(number)) return 'number: expected a whole number';
  if (!isRecord(limits)) return 'limits: expected an object';
  const { callsPerSecond, callsPerDay } = limits;
  if (!isPositive(callsPerSecond)) return 'limits.callsPerSecond: expected a positive number';
  if (callsPerDay !== undefined && !isPositive(callsPerDay)) return 'limits.callsPerDay: expected a positive number';
  if (!isCount(calls)) return 'calls: expected a whole number';
  if (!isCount(reported) || reported > calls) return 'reported: expected a whole number, at most calls';
  if (holds !== undefined && !isCount(holds)) return 'holds: expected a whole number';
  if (pausedForMs !== undefined && !(isPositive(pausedForMs) && pausedForMs <= DAY_MS)) {
    return 'pausedForMs: expected a length of at most a day';
  }
  if (leaving !== undefined && typeof leaving !== 'boolean') return 'leaving: expected true or false';
  return undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
