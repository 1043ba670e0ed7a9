/** What this worker process may call of one provider: by its lease, or the little that needs none. Instants are monotonic. */
import { unleasedAllowance, type CallLimits, type Lease, type LeaseRequest } from '../../domain/brake/lease';
import { defined } from '../../domain/defined';
import { DAY_MS, SECOND_MS } from '../../domain/duration';

/** Asks the provider's brake. Bounded in time by itself. */
export type AskForLease = (request: LeaseRequest) => Promise<Lease>;

export type Permit =
  | { readonly callsPerSecond: number }
  /** `paused`: the provider asked for it. `spent`: the calls of 24 hours. `slow`: this worker's share of the rate. */
  | { readonly until: number; readonly why: 'paused' | 'spent' | 'slow' };

interface HeldLease extends Lease {
  readonly askedAt: number;
  /** Calls of this process when it was asked for. */
  readonly callsBefore: number;
}

/** After a request that was not answered. */
const ASK_AGAIN_MS = 1 * SECOND_MS;
/** So long several calls wait for a lease before the first of them go without one. */
const ANSWER_MS = 1 * SECOND_MS;
/**
 * A brake that has not answered for so long is broken, and calls that nearly stop would be an outage of our own making. By
 * then every lease has run out, so each worker goes on with a part that so many of them can have.
 */
const UNANSWERED_MS = 60 * SECOND_MS;
const WORKERS_UNANSWERED = 20;
/** So soon at the earliest after one lease the next is asked for, where its calls are nearly used up. */
const USED_UP_MS = SECOND_MS / 2;

export interface CallAllowanceParts {
  readonly limits: CallLimits;
  /** A random name of the process. */
  readonly worker: string;
  /** A name that no two processes have at one time: whoever begins under it has at once the share of the one before. */
  readonly workerName?: string | undefined;
  readonly ask: AskForLease;
}

export class CallAllowance {
  readonly #limits: CallLimits;
  readonly #identity: Pick<LeaseRequest, 'worker' | 'name'>;
  readonly #ask: AskForLease;
  /** When the first of the requests was sent that no answer has come to since. */
  #unansweredSince: number | undefined;
  readonly #unleased: { readonly callsPerSecond: number; readonly atOnce: number };
  #tokens: number;
  #tokensAt: number;
  #calls = 0;
  #reported = 0;
  #requests = 0;
  #lease: HeldLease | undefined;
  #asking: Promise<void> | undefined;
  #askAgainAt = 0;
  #pausedUntil = 0;
  #isPauseToBeTold = false;
  #spentUntil = 0;

  constructor({ limits, ask, worker, workerName: name }: CallAllowanceParts, now: number) {
    this.#limits = limits;
    this.#identity = { worker, ...defined({ name }) };
    this.#ask = ask;
    this.#unleased = unleasedAllowance(limits);
    this.#tokens = this.#unleased.atOnce;
    this.#tokensAt = now;
  }

  /** `waiting`: how many calls wait, this one among them. */
  permit(now: number, waiting: number): Permit {
    if (now < this.#pausedUntil) return { until: this.#pausedUntil, why: 'paused' };
    const lease = this.#usableLease(now);
    if (lease !== undefined) return { callsPerSecond: lease.callsPerSecond };
    this.#fill(now);
    // What comes alone needs no lease. Where several wait, each worker would begin with a burst of its own.
    const isAlone = waiting <= 1 || this.#isUnansweredFor(ANSWER_MS, now);
    if (this.#tokens >= 1 && isAlone) return { callsPerSecond: this.#limits.callsPerSecond };
    if (now < this.#spentUntil) return { until: this.#spentUntil, why: 'spent' };
    if (this.isUnanswered(now)) return { callsPerSecond: this.#unansweredPart() };
    if (!isAlone) return { until: now + ANSWER_MS, why: 'slow' };
    // Or sooner, once the brake has answered.
    return { until: now + ((1 - this.#tokens) * SECOND_MS) / this.#unleased.callsPerSecond, why: 'slow' };
  }

  /** The brake has not answered for a minute. */
  isUnanswered(now: number): boolean {
    return this.#isUnansweredFor(UNANSWERED_MS, now);
  }

  /** One of the calls that `permit` allows at this moment. */
  call(now: number): void {
    if (this.#usableLease(now) === undefined) this.#tokens = Math.max(0, this.#tokens - 1);
    this.#calls += 1;
  }

  /** Told to the brake as soon as can be. */
  pause(forMs: number, now: number): void {
    if (now + forMs <= this.#pausedUntil) return;
    this.#pausedUntil = now + forMs;
    this.#isPauseToBeTold = true;
  }

  /** From when on a lease is to be asked for; undefined while none is needed, or one is being asked for. */
  askAt(now: number, waiting: number): number | undefined {
    if (this.#asking !== undefined) return undefined;
    const at = this.#neededAt(now, waiting);
    return at === undefined ? undefined : Math.max(at, this.#askAgainAt);
  }

  ask(clock: () => number): Promise<void> {
    this.#asking ??= this.#askOnce(clock).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async leave(clock: () => number): Promise<void> {
    await this.#asking;
    // Whoever never had a lease has nothing to give back, and what little it called goes uncounted.
    if (this.#requests === 0) return;
    await this.#askOnce(clock, { leaving: true });
  }

  async #askOnce(clock: () => number, leaving?: { readonly leaving: true }): Promise<void> {
    const askedAt = clock();
    const calls = this.#calls;
    const isTold = this.#isPauseToBeTold;
    const number = (this.#requests += 1);
    this.#isPauseToBeTold = false;
    this.#unansweredSince ??= askedAt;
    try {
      const lease = await this.#ask({
        ...this.#identity,
        number,
        limits: this.#limits,
        calls,
        reported: this.#reported,
        ...leaving,
        ...defined({
          holds: this.#liveLease(askedAt)?.number,
          pausedForMs: isTold && this.#pausedUntil > askedAt ? this.#pausedUntil - askedAt : undefined,
        }),
      });
      this.#reported = calls;
      this.#unansweredSince = undefined;
      if (lease.number === number) this.#hold(lease, { askedAt, callsBefore: calls, now: clock() });
    } catch {
      // The gate goes on with what is left; the next request tells all that this one would have told.
      this.#isPauseToBeTold ||= isTold;
      this.#askAgainAt = clock() + ASK_AGAIN_MS;
    }
  }

  #hold(
    lease: Lease,
    { now, ...asked }: { readonly askedAt: number; readonly callsBefore: number; readonly now: number },
  ): void {
    this.#lease = { ...lease, ...asked };
    if (lease.pausedForMs !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil, now + lease.pausedForMs);
    this.#spentUntil = lease.spentForMs === undefined ? 0 : now + lease.spentForMs;
  }

  #neededAt(now: number, waiting: number): number | undefined {
    if (this.#isPauseToBeTold) return now;
    if (now < this.#pausedUntil) return undefined;
    const lease = this.#liveLease(now);
    if (lease === undefined) {
      this.#fill(now);
      return waiting > Math.min(this.#tokens, 1) ? Math.max(now, this.#spentUntil) : undefined;
    }
    const { askedAt, renewInMs, callsBefore, callsUpTo } = lease;
    // Nothing was called with it: it is left to run out.
    if (waiting === 0 && this.#calls === callsBefore) return undefined;
    if (now < this.#spentUntil) return this.#spentUntil;
    const isNearlyUsedUp = callsUpTo !== undefined && callsUpTo - this.#calls <= (callsUpTo - callsBefore) / 4;
    return askedAt + (isNearlyUsedUp ? Math.min(renewInMs, USED_UP_MS) : renewInMs);
  }

  #liveLease(now: number): HeldLease | undefined {
    return this.#lease !== undefined && now < this.#lease.askedAt + this.#lease.validForMs ? this.#lease : undefined;
  }

  #usableLease(now: number): HeldLease | undefined {
    const lease = this.#liveLease(now);
    const isUsable = lease !== undefined && lease.callsPerSecond > 0 && this.#calls < (lease.callsUpTo ?? Infinity);
    return isUsable ? lease : undefined;
  }

  #isUnansweredFor(ms: number, now: number): boolean {
    return this.#unansweredSince !== undefined && now - this.#unansweredSince >= ms;
  }

  #unansweredPart(): number {
    const { callsPerSecond, callsPerDay = Infinity } = this.#limits;
    return Math.min(callsPerSecond, (callsPerDay * SECOND_MS) / DAY_MS) / WORKERS_UNANSWERED;
  }

  #fill(now: number): void {
    const { callsPerSecond, atOnce } = this.#unleased;
    this.#tokens = Math.min(atOnce, this.#tokens + ((now - this.#tokensAt) / SECOND_MS) * callsPerSecond);
    this.#tokensAt = now;
  }
}
