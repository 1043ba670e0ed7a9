/** Answers of a made-up provider, for tests of the domain and of the workflow. */
import { HOUR_MS, MINUTE_MS } from '../../domain/duration';
import type { Accepted, Evidence, Observation, Unknown } from '../../domain/leg/receipt';

export const evidence: Evidence = { host: 'provider.test', httpStatus: 200 };
export const HOURS_120_MS = 120 * HOUR_MS;
/** The window and its margin, and a little: so long after asking it is over. */
export const OVER_MS = HOURS_120_MS + HOUR_MS + MINUTE_MS;

export function accepted(overrides: Partial<Accepted> = {}): Accepted {
  return {
    status: 'accepted',
    basis: 'taken-on',
    window: { lastsMs: HOURS_120_MS },
    windowKind: 'erasure',
    marginMs: HOUR_MS,
    confirmedBy: 'look',
    graceMs: 72 * HOUR_MS,
    seen: true,
    withdrawable: false,
    subjectHash: 'hash',
    subjectHashKeyId: 'hash-key',
    evidence,
    leavesUnsaid: [],
    ...overrides,
  };
}

export function unknown(overrides: Partial<Unknown> = {}): Unknown {
  return {
    status: 'unknown',
    windowKind: 'revival',
    marginMs: HOUR_MS,
    subjectHash: 'hash',
    evidence: { ...evidence, httpStatus: 404 },
    leavesUnsaid: [],
    ...overrides,
  };
}

export const absent: Observation = { status: 'absent', evidence };
export const presentAgain: Observation = { status: 'present', sameRecord: true, evidence };
export const newerRecord: Observation = { status: 'present', sameRecord: false, evidence };
export const unclearRecord: Observation = { status: 'present', sameRecord: 'unclear', evidence };
export const takenOffQueue: Observation = { status: 'present', sameRecord: true, takenOffQueue: true, evidence };
export const inconclusive: Observation = { status: 'inconclusive', evidence };

export function pending(endsAt: number): Observation {
  return { status: 'pending', endsAt, evidence };
}
