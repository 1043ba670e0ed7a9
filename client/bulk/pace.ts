import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '../../domain/duration';

const DELAY_MS_FIRST = SECOND_MS / 2;
const DELAY_MS_MAX = 30 * SECOND_MS;

/** How long everybody waits before the next call: twice as long after each refusal, less after each success. */
export class Pace {
  #delayMs = 0;

  get delayMs(): number {
    return this.#delayMs;
  }

  refused(): void {
    this.#delayMs = Math.min(DELAY_MS_MAX, Math.max(DELAY_MS_FIRST, this.#delayMs * 2));
  }

  succeeded(): void {
    this.#delayMs = this.#delayMs < DELAY_MS_FIRST ? 0 : this.#delayMs / 2;
  }

  /** Resolves early when `signal` aborts. */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#delayMs === 0 || signal?.aborted === true) return;
    await sleep(this.#delayMs, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  }
}
