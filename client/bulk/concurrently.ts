/** Does one thing for many items, a few at once, and slows down together where Temporal asks for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '../../domain/duration';
import { mayPass } from '../../temporal/temporal-failure';
import { TemporalUnavailableError } from '../errors';

/** In a row, for one item: some minutes in all. Then Temporal is taken to be away, and the rest is left for another time. */
const TRIES_MAX = 10;
const CONCURRENCY_MAX = 64;
const DELAY_MS_FIRST = SECOND_MS / 2;
const DELAY_MS_MAX = 30 * SECOND_MS;

/** How long every item waits before the next call: twice as long after each refusal, less after each success. */
export class Backoff {
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

export interface AtOnceOptions<Item> {
  /** Safe to repeat: it is called again where an answer of Temporal got lost. */
  readonly work: (item: Item) => Promise<void>;
  readonly concurrency: number;
  /** Finishes what is in flight and begins nothing new. */
  readonly signal?: AbortSignal | undefined;
  readonly backoff?: Backoff;
}

/**
 * Throws the first failure of `work` that is none of Temporal's passing ones, or that did not pass, once what else was in
 * flight is done. Answers whether it came to the end of the items, as opposed to being stopped by `signal`.
 */
export async function forEachConcurrently<Item>(
  items: AsyncIterable<Item>,
  { work, concurrency, signal, backoff = new Backoff() }: AtOnceOptions<Item>,
): Promise<'all' | 'stopped'> {
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= CONCURRENCY_MAX)) {
    throw new RangeError(`concurrency: expected a whole number from 1 to ${CONCURRENCY_MAX}`);
  }
  const source = items[Symbol.asyncIterator]();
  const failures: unknown[] = [];
  let isAtEnd = false;
  const isStopped = (): boolean => failures.length > 0 || signal?.aborted === true;

  const workPatiently = async (item: Item): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      await backoff.wait(signal);
      // An item that is not begun any more comes again when everything is repeated.
      if (isStopped()) return;
      try {
        await work(item);
        backoff.succeeded();
        return;
      } catch (error) {
        if (!(error instanceof TemporalUnavailableError && mayPass(error)) || tries >= TRIES_MAX) throw error;
        backoff.refused();
      }
    }
  };
  const workOn = async (): Promise<void> => {
    while (!isAtEnd && !isStopped()) {
      const next = await source.next();
      if (next.done === true) isAtEnd = true;
      else await workPatiently(next.value);
    }
  };
  const fail = (error: unknown): void => void failures.push(error);
  await Promise.all(Array.from({ length: concurrency }, () => workOn().catch(fail)));
  await source.return?.();
  if (failures.length > 0) throw failures[0];
  return isAtEnd ? 'all' : 'stopped';
}
