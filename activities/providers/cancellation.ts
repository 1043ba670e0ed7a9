/** How a login or a look ends when its activity is cancelled. An erasing call in flight is never broken off. */
import { types } from 'node:util';
import { ProviderFailure } from './provider';

/** In Temporal the reason is a `CancelledFailure`: rethrown as it is, it is recognised as a cancellation. */
export function cancellationOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  if (reason instanceof Error || types.isNativeError(reason)) return reason;
  return new ProviderFailure('ProviderUnavailable', 'This attempt was broken off before the provider was asked.');
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancellationOf(signal);
}

/** One caller stops waiting; the work itself, which others may wait for too, goes on. */
export function unlessCancelled<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(cancellationOf(signal));
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
