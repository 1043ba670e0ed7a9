/** When one worker's next call may leave: evenly spaced, never a burst after idling, and what came late is caught up slowly. */
import { SECOND_MS } from '../duration';

/** A timer fires some milliseconds late: so much is made up for at once. */
const TICK_MS = 20;
/**
 * What was missed because the machine was busy is caught up at this pace, as long as it is no older than that. Leases hand out 98 %
 * of a limit, so that what is caught up stays within it.
 */
const CATCH_UP = 1.015;
const CAUGHT_UP_MS = SECOND_MS;

/**
 * In any second at most `callsPerSecond` × 1.035 and one more call leave. Instants are of a clock that never goes back.
 * The wait after a call is of the rate that holds now, and not of the one that the call left at: after one that left at
 * next to nothing, a worker that has its full share again would call nobody for hours or for ever.
 */
export class Pacing {
  /** Where the wait before the next call begins. */
  #fastest = -Infinity;
  #even = -Infinity;
  #restedAt = 0;

  /** Nobody was waiting until now: what was not used is lost. */
  rested(now: number): void {
    this.#restedAt = Math.max(this.#restedAt, now);
  }

  nextAt(callsPerSecond: number): number {
    return Math.max(this.#nextFastest(callsPerSecond), this.#nextEven(callsPerSecond));
  }

  left(now: number, callsPerSecond: number): void {
    this.#fastest = Math.max(this.#nextFastest(callsPerSecond), now - TICK_MS);
    this.#even = Math.max(this.#nextEven(callsPerSecond), now - CAUGHT_UP_MS);
  }

  #nextFastest(callsPerSecond: number): number {
    return Math.max(this.#fastest + SECOND_MS / callsPerSecond / CATCH_UP, this.#restedAt);
  }

  #nextEven(callsPerSecond: number): number {
    return Math.max(this.#even + SECOND_MS / callsPerSecond, this.#restedAt);
  }
}
