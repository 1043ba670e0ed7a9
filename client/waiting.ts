/** Waits for a request's certificate or its end for days: over reconnects, resets, and while Temporal is away for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import { TemporalUnavailableError } from './errors';
import type { Certified } from '../domain/certificate/certified';
import { withUnpacked } from '../security/packed-certificate';
import type { HistoryFollower } from '../temporal/history-follower';
import { hasGrpcStatus, mayPass } from '../temporal/temporal-failure';

/** The server answers a long poll after 20 s at the latest: one that takes longer hangs. */
const POLL_MS_MAX = 60 * SECOND_MS;
/** How long Temporal may be away, or refuse us since too many wait, before whoever waits is told. */
const AWAY_MS_MAX = 5 * MINUTE_MS;
const PAUSE_MS_MAX = 5 * SECOND_MS;

export interface WaitingParts {
  /** A follower of the newest run. */
  readonly follow: () => HistoryFollower;
  /** Calls Temporal within the time given, or that of any call; throws the client's own errors, or the signal's reason. */
  readonly call: <T>(work: () => Promise<T>, timeoutMs?: number) => Promise<T>;
  /** Whether the newest run is open. Throws where there is none. */
  readonly isRunning: () => Promise<boolean>;
  readonly signal: AbortSignal | undefined;
}

export class Waiting {
  readonly #parts: WaitingParts;
  #follower: HistoryFollower;
  #isEnded = false;
  #wasThere = false;

  constructor(parts: WaitingParts) {
    this.#parts = parts;
    this.#follower = parts.follow();
  }

  get known(): { readonly certified: Certified | undefined; readonly isClosed: boolean } {
    const { certified } = this.#follower;
    return { certified: certified && withUnpacked(certified), isClosed: this.#isEnded };
  }

  /** Returns once the certificate is there, the request has ended, or the time is over: `known` says which. */
  async certified({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    await this.#until(() => this.#follower.certified !== undefined, timeoutMs);
  }

  /** The same, but goes on after the certificate. */
  async closed({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    await this.#until(() => false, timeoutMs);
  }

  /** Once Temporal has answered, an outage of it is waited out for a while. */
  async call<T>(work: () => Promise<T>, timeoutMs?: number, endsAt = Infinity): Promise<T> {
    const giveUpAt = Math.min(Date.now() + AWAY_MS_MAX, endsAt);
    for (;;) {
      try {
        const answer = await this.#parts.call(work, timeoutMs);
        this.#wasThere = true;
        return answer;
      } catch (error) {
        if (!this.#wasThere || !(error instanceof TemporalUnavailableError) || !mayPass(error)) throw error;
        // Not all at the same time: many may be waiting.
        const pauseMs = PAUSE_MS_MAX * (0.2 + 0.8 * Math.random());
        if (Date.now() + pauseMs >= giveUpAt) throw error;
        await this.#pause(pauseMs);
      }
    }
  }

  async #until(isThere: () => boolean, timeoutMs: number): Promise<void> {
    const endsAt = Date.now() + timeoutMs;
    while (!this.#isEnded && !isThere()) {
      const leftMs = endsAt - Date.now();
      if (leftMs <= 0) return;
      await this.#readOn(Math.min(leftMs, POLL_MS_MAX), endsAt);
      if (this.#follower.isClosed) await this.#goOnAfterEnd(endsAt);
    }
  }

  /** A request that was reset, or that continues as new, goes on in another run. */
  async #goOnAfterEnd(endsAt: number): Promise<void> {
    if (await this.call(this.#parts.isRunning, undefined, endsAt)) this.#follower = this.#parts.follow();
    else this.#isEnded = true;
  }

  async #readOn(timeoutMs: number, endsAt: number): Promise<void> {
    const follower = this.#follower;
    try {
      await this.#parts.call(() => follower.next(), timeoutMs);
      this.#wasThere = true;
    } catch (error) {
      const isQuiet = error instanceof TemporalUnavailableError && mayPass(error);
      if (!isQuiet && !hasGrpcStatus(error, 'NOT_FOUND')) throw error;
      // Tells a Temporal that is away, and a request that is none, from a request of which there is nothing new.
      await this.call(this.#parts.isRunning, undefined, endsAt);
      if (!isQuiet) throw error;
      if (!error.timedOut) await this.#pause(PAUSE_MS_MAX * Math.random());
    }
  }

  async #pause(lengthMs: number): Promise<void> {
    const { signal } = this.#parts;
    try {
      await sleep(lengthMs, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}
