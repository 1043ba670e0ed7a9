/** Does one thing for many items, a few at a time, and slows down together where Temporal asks for it. */
import { TemporalUnavailableError } from '../errors';
import { Pace } from './pace';
import { mayPass } from '../../temporal/temporal-failure';

/** In a row, for one item: some minutes in all. Then Temporal is taken to be away, and the rest is left for another time. */
const TRIES_MAX = 10;
export const CONCURRENCY_MAX = 64;

export interface TakeAllOptions<Item> {
  /** Safe to repeat: an answer that got lost is asked for again. */
  readonly take: (item: Item) => Promise<void>;
  readonly concurrency: number;
  /** Finishes what is in flight and begins nothing new. */
  readonly signal?: AbortSignal | undefined;
  readonly pace?: Pace;
}

/**
 * Throws the first failure of `take` that is none of Temporal's passing ones, or that did not pass, once what else was in
 * flight is done. Answers whether it came to the end of the items, as opposed to being stopped by `signal`.
 */
export async function takeAll<Item>(
  items: AsyncIterable<Item>,
  { take, concurrency, signal, pace = new Pace() }: TakeAllOptions<Item>,
): Promise<'all' | 'stopped'> {
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= CONCURRENCY_MAX)) {
    throw new RangeError(`concurrency: expected a whole number from 1 to ${CONCURRENCY_MAX}`);
  }
  const source = items[Symbol.asyncIterator]();
  let failed: { readonly error: unknown } | undefined;
  let isAtEnd = false;
  const work = async (): Promise<void> => {
    while (failed === undefined && !isAtEnd && signal?.aborted !== true) {
      const next = await source.next();
      if (next.done === true) {
        isAtEnd = true;
        return;
      }
      // An item that is not begun any more comes again when everything is repeated.
      if (isStopped()) return;
      await takePatiently(next.value, { take, pace, isStopped, signal });
    }
  };
  const isStopped = (): boolean => failed !== undefined || signal?.aborted === true;
  const fail = (error: unknown): void => {
    failed ??= { error };
  };
  await Promise.all(Array.from({ length: concurrency }, () => work().catch(fail)));
  await source.return?.();
  if (failed !== undefined) throw (failed as { readonly error: unknown }).error;
  return isAtEnd ? 'all' : 'stopped';
}

async function takePatiently<Item>(
  item: Item,
  {
    take,
    pace,
    isStopped,
    signal,
  }: {
    readonly take: (item: Item) => Promise<void>;
    readonly pace: Pace;
    readonly isStopped: () => boolean;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await pace.wait(signal);
    if (isStopped()) return;
    try {
      await take(item);
      pace.succeeded();
      return;
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError && mayPass(error)) || tries >= TRIES_MAX) throw error;
      pace.refused();
    }
  }
}
