/** What a worker and the brake of a provider tell each other, and the figures that both go by. */
import { DAY_MS, SECOND_MS } from '../duration';

/** What one provider lets us do, by all workers together. */
export interface CallLimits {
  readonly callsPerSecond: number;
  /** In any 24 hours. Absent where the provider sets no limit. */
  readonly callsPerDay?: number;
}

/** What a worker asks with. Counts are of its process, since that began. */
export interface LeaseRequest {
  /** Of the process: random. */
  readonly worker: string;
  /** `ERASURE_WORKER_NAME`: of one process at a time. */
  readonly name?: string;
  /** Grows by one with every request of this worker: an answer to an earlier one is not used any more. */
  readonly number: number;
  readonly limits: CallLimits;
  readonly calls: number;
  /** How many of them an answered request has told already. */
  readonly reported: number;
  /** The lease that it goes by until this request is answered. Absent where it has none. */
  readonly holds?: number;
  /** The provider asked to be left alone for so long. */
  readonly pausedForMs?: number;
  /** The last word of a worker that ends: it calls no more. */
  readonly leaving?: boolean;
}

/** What the brake answers. Lengths of time only: no two machines need to agree what time it is. */
export interface Lease {
  /** Of the request that it answers. */
  readonly number: number;
  /** May be 0: the others have not given up yet what this worker is to get. */
  readonly callsPerSecond: number;
  /** How far the worker's own count of calls may go. Absent where there is no daily allowance. */
  readonly callsUpTo?: number;
  /** Counted by the worker from when it asked, and so over for it before it is for the brake. */
  readonly validForMs: number;
  readonly renewInMs: number;
  /** The provider is to be left alone for so long. */
  readonly pausedForMs?: number;
  /** The day's allowance is spent: after so long some of it is there again. */
  readonly spentForMs?: number;
}

/** Of a limit: what leases hand out, and what is left for calls without one. */
export const LEASED_PART = 0.98;
/** Each worker may call so little without a lease that so many of them together keep to the rest. */
const WORKERS_WITHOUT_LEASE = 20;
/** The calls of one request that comes along alone: a login, a look, the call itself, and one more. */
const CALLS_AT_ONCE = 4;

/** What a worker may do without a lease: an allowance that fills up evenly. */
export function unleasedAllowance({ callsPerSecond, callsPerDay = Infinity }: CallLimits): {
  readonly callsPerSecond: number;
  readonly atOnce: number;
} {
  const part = (1 - LEASED_PART) / WORKERS_WITHOUT_LEASE;
  return {
    callsPerSecond: part * Math.min(callsPerSecond, (callsPerDay * SECOND_MS) / DAY_MS),
    atOnce: Math.min(CALLS_AT_ONCE, Math.floor(part * callsPerDay)),
  };
}
