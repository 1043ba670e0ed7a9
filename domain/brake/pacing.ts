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

/** In any second at most `callsPerSecond` × 1.035 and one more call leave. Instants are of a clock that never goes back. */
export class Pacing {
  #fastest = 0;
  #even = 0;

  /** Nobody was waiting until now: what was not used is lost. */
  rested(now: number): void {
    this.#fastest = Math.max(this.#fastest, now);
    this.#even = Math.max(this.#even, now);
  }

  nextAt(): number {
    return Math.max(this.#fastest, this.#even);
  }

  left(now: number, callsPerSecond: number): void {
    const intervalMs = SECOND_MS / callsPerSecond;
    this.#fastest = Math.max(this.#fastest, now - TICK_MS) + intervalMs / CATCH_UP;
    this.#even = Math.max(this.#even, now - CAUGHT_UP_MS) + intervalMs;
  }
}
