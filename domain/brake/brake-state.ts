/**
 * The brake of one provider: shares its rate and its daily allowance out among the workers, so that all of them together keep
 * to both, whatever is lost, late or killed. Pure; instants are the brake's own, and only lengths of time leave it.
 */
import { defined } from '../defined';
import { DAY_MS, SECOND_MS } from '../duration';
import { LEASED_PART, type CallLimits, type Lease, type LeaseRequest } from './lease';
import { shortageAfter, type Pause, type Shortage } from './shortage';
import { binOf, nextBackAt, spend, spentInAll, withoutOld, type SpentCalls } from './spent-calls';

/** A lease that its worker may be going by. */
interface HeldLease {
  readonly number: number;
  readonly callsPerSecond: number;
  readonly until: number;
}

interface KnownWorker {
  readonly worker: string;
  readonly name?: string;
  /** Another of the same name has come since, which has what it held. */
  readonly isReplaced?: true;
  readonly limits: CallLimits;
  readonly calls: number;
  /** Granted, and counted among the spent, up to here. */
  readonly callsUpTo: number;
  readonly grantedIn: number;
  /** More than one while it is open whether it knows of the newest. */
  readonly held: readonly HeldLease[];
  readonly answer: Lease;
}

export interface BrakeState {
  /** Of the last request: the brake's clock never goes back. */
  readonly now: number;
  readonly workers: readonly KnownWorker[];
  readonly spent: SpentCalls;
  readonly pausedUntil: number;
  /** The latest, until an hour after it. */
  readonly shortage?: Shortage;
}

export const openBrake: BrakeState = { now: 0, workers: [], spent: [], pausedUntil: 0 };

/** A killed worker's share comes back after this, unless another of its name begins. Temporal takes as long to see that the worker which ran the brake is gone. */
const VALID_MS = 10 * SECOND_MS;
const RENEW_MS = 3 * SECOND_MS;
/** Another's clock may run a little slower. */
const VALID_SPARE = 1.02;
/** A worker asks again so soon while it has less than its share, and to say that it goes by less than before. */
const ASK_AGAIN_MS = SECOND_MS;
const CONFIRM_MS = SECOND_MS / 10;
const ENDED_MAX = 100;
/** Of its share: less than this is none, such as what adding up and taking away fractions leaves over. */
const LEAST_PART = 0.01;

export function grantLease(
  before: BrakeState,
  request: LeaseRequest,
  at: number,
): {
  readonly state: BrakeState;
  readonly lease: Lease;
  /** Two workers that both live have one name: both may have called at the whole rate until now. */
  readonly isNameShared: boolean;
} {
  const now = Math.max(before.now, at);
  const workers = before.workers.map((worker) => withoutEnded(worker, now));
  const known = workers.find(({ worker }) => worker === request.worker);
  if (known !== undefined && request.number <= known.answer.number) {
    return { state: before, lease: known.answer, isNameShared: false };
  }

  const rest = workers
    .filter((worker) => worker !== known)
    .map((worker) => (known === undefined && isSuccessor(request, worker) ? replaced(worker) : worker));
  const others = rest.filter(isActive);
  const limits = lowest([request.limits, ...others.map((other) => other.limits)]);
  const isLeaving = request.leaving === true;
  const share = shareOf(limits.callsPerSecond * LEASED_PART, others);
  const callsPerSecond = isLeaving ? 0 : share.callsPerSecond;
  const pausedUntil = Math.max(before.pausedUntil, now + (request.pausedForMs ?? 0));

  const reported = report(withoutOld(before.spent, now), { request, known, now });
  const left = allowanceLeft(limits, reported);
  const wanted = Math.ceil((callsPerSecond * VALID_MS) / SECOND_MS);
  // Of the last calls nobody takes all.
  const granted = Math.max(0, Math.min(wanted, Math.ceil(left / (2 * (others.length + 1)))));
  // Never less than before: it may still be going by that.
  const callsUpTo = isLeaving ? request.calls : Math.max(known?.callsUpTo ?? 0, request.calls + granted);
  const spent = spend(reported, binOf(now), callsUpTo - request.calls);

  const held = (known?.held ?? []).filter(({ number }) => number === request.holds && !isLeaving);
  const isLess = held.some((lease) => lease.callsPerSecond > callsPerSecond);
  const isSpent = callsUpTo <= request.calls && left <= 0;
  const lease: Lease = {
    number: request.number,
    callsPerSecond,
    validForMs: VALID_MS,
    renewInMs: isLess ? CONFIRM_MS : share.isFull ? RENEW_MS : ASK_AGAIN_MS,
    ...defined({
      callsUpTo: limits.callsPerDay === undefined ? undefined : callsUpTo,
      pausedForMs: pausedUntil > now ? pausedUntil - now : undefined,
      spentForMs: isSpent ? Math.max((nextBackAt(spent) ?? now) - now, ASK_AGAIN_MS) : undefined,
    }),
  };
  const { number } = request;
  const worker: KnownWorker = {
    worker: request.worker,
    ...defined({ name: request.name }),
    limits: request.limits,
    calls: request.calls,
    callsUpTo,
    grantedIn: binOf(now),
    held: isLeaving ? [] : [...held, { number, callsPerSecond, until: now + VALID_MS * VALID_SPARE }],
    answer: lease,
  };
  const spentUntil = left <= 0 ? nextBackAt(spent) : undefined;
  const shortage = shortageAfter(before.shortage, { now, pausedUntil, ...defined({ spentUntil }) });
  const state = {
    now,
    workers: [...withoutLongEnded(rest, now), worker],
    spent,
    pausedUntil,
    ...defined({ shortage }),
  };
  return { state, lease, isNameShared: known?.isReplaced === true && !isLeaving };
}

/** A process that begins under a name says that the one before it has ended, of which nothing else may tell. */
function isSuccessor({ name }: LeaseRequest, worker: KnownWorker): boolean {
  return name !== undefined && name === worker.name;
}

/** What it was granted of the day stays counted: it may have called so often. */
function replaced(worker: KnownWorker): KnownWorker {
  return { ...worker, held: [], isReplaced: true };
}

/** A worker that was idle may come back, and then tells what it has not used. */
function withoutLongEnded(workers: readonly KnownWorker[], now: number): readonly KnownWorker[] {
  const ended = workers.filter((worker) => !isActive(worker) && now - worker.grantedIn < DAY_MS).slice(-ENDED_MAX);
  return [...ended, ...workers.filter(isActive)];
}

function isActive({ held }: KnownWorker): boolean {
  return held.length > 0;
}

function withoutEnded(worker: KnownWorker, now: number): KnownWorker {
  return { ...worker, held: worker.held.filter(({ until }) => until > now) };
}

/** An even part, as far as the others have given it up. */
function shareOf(
  callsPerSecond: number,
  others: readonly KnownWorker[],
): { readonly callsPerSecond: number; readonly isFull: boolean } {
  const even = callsPerSecond / (others.length + 1);
  const free = callsPerSecond - others.reduce((sum, other) => sum + fastest(other), 0);
  return { callsPerSecond: free < even * LEAST_PART ? 0 : Math.min(even, free), isFull: free >= even * 0.99 };
}

function fastest({ held }: KnownWorker): number {
  return Math.max(...held.map(({ callsPerSecond }) => callsPerSecond));
}

/** Where workers were started with different limits, the lowest of each kind holds. */
function lowest(all: readonly CallLimits[]): CallLimits {
  const callsPerDay = Math.min(...all.map((limits) => limits.callsPerDay ?? Infinity));
  return {
    callsPerSecond: Math.min(...all.map((limits) => limits.callsPerSecond)),
    ...(Number.isFinite(callsPerDay) && { callsPerDay }),
  };
}

/** Counts what was called beyond the grants, and takes back what was granted and not used yet. */
function report(
  spent: SpentCalls,
  {
    request,
    known,
    now,
  }: { readonly request: LeaseRequest; readonly known: KnownWorker | undefined; readonly now: number },
): SpentCalls {
  if (known === undefined) return spend(spent, binOf(now), request.calls - request.reported);
  const beyond = Math.max(0, request.calls - known.callsUpTo);
  const unused = Math.max(0, known.callsUpTo - request.calls);
  return spend(spend(spent, known.grantedIn, -unused), binOf(now), beyond);
}

function allowanceLeft({ callsPerDay }: CallLimits, spent: SpentCalls): number {
  if (callsPerDay === undefined) return Infinity;
  // Of one call a day that part would be none, and no call would ever leave.
  return Math.floor(Math.max(callsPerDay * LEASED_PART, Math.min(callsPerDay, 1))) - spentInAll(spent);
}

/** For those who have no lease, and so are told nothing by one. */
export function pauseOf({ pausedUntil, shortage }: BrakeState): Pause {
  return defined({ pausedUntil: pausedUntil > 0 ? pausedUntil : undefined, shortage });
}

/** What is shown of a brake, as it was at the last request. */
export interface BrakeView {
  /** With a share of the rate. */
  readonly workers: number;
  /** Absent while no worker has a lease. */
  readonly callsPerSecond?: number;
  readonly callsPerDay?: number;
  /** Made or handed out. */
  readonly callsIn24Hours: number;
  /** Epoch ms. */
  readonly pausedUntil?: number;
  /** Epoch ms; the allowance is spent, and some of it is there again then. */
  readonly spentUntil?: number;
  /** The latest; may be over. */
  readonly shortage?: Shortage;
}

export function brakeView(state: BrakeState): BrakeView {
  const { now, spent, pausedUntil, shortage } = state;
  const active = state.workers.filter(isActive);
  const limits = active.length === 0 ? undefined : lowest(active.map((worker) => worker.limits));
  const isSpent = limits !== undefined && allowanceLeft(limits, spent) <= 0;
  return {
    workers: active.length,
    ...limits,
    callsIn24Hours: spentInAll(spent),
    ...defined({
      pausedUntil: pausedUntil > now ? pausedUntil : undefined,
      spentUntil: isSpent ? nextBackAt(spent) : undefined,
      shortage,
    }),
  };
}
