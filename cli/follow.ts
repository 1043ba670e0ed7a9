import { setTimeout as sleep } from 'node:timers/promises';
import type { ErasureClient } from '../client/erasure-client';
import { NoWorkerError } from '../client/errors';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import type { ErasureResult } from '../workflows/erasure-request';
import { remark, type CommandContext } from './context';
import { exitCode } from './exit-code';
import { legLine } from './request-view';

/** Each look is a query, which Temporal Cloud bills: often at first, rarely once the request settles into its windows. */
const LOOK_EVERY_MS_MIN = 1 * SECOND_MS;
const LOOK_EVERY_MS_MAX = 5 * MINUTE_MS;

/** Waits for the end and tells each change of a leg as one line on stderr. An interruption leaves the request alone. */
export async function follow(
  client: ErasureClient,
  requestId: string,
  context: CommandContext,
): Promise<ErasureResult> {
  const ended = new AbortController();
  const interrupted = (): void => {
    remark(context, `Stopped waiting. The request goes on; follow it with: erasure status ${requestId}`);
    process.exit(exitCode.interrupted);
  };
  process.once('SIGINT', interrupted);
  const watching = watch(client, requestId, { context, signal: ended.signal });
  try {
    // A failure to look ends the wait as well; looking never ends by itself before the request has.
    return await Promise.race([client.result(requestId), watching]);
  } finally {
    ended.abort();
    await watching.catch(() => undefined);
    process.off('SIGINT', interrupted);
  }
}

async function watch(
  client: ErasureClient,
  requestId: string,
  { context, signal }: { readonly context: CommandContext; readonly signal: AbortSignal },
): Promise<never> {
  const told = new Map<string, string>();
  const tell = (about: string, line: string): boolean => {
    if (told.get(about) === line) return false;
    told.set(about, line);
    remark(context, line);
    return true;
  };
  for (let everyMs = LOOK_EVERY_MS_MIN; ; everyMs = Math.min(everyMs * 1.5, LOOK_EVERY_MS_MAX)) {
    const lines = await look(client, requestId);
    signal.throwIfAborted();
    const changes = [...lines].filter(([about, line]) => tell(about, line));
    if (changes.length > 0) everyMs = LOOK_EVERY_MS_MIN;
    await sleep(everyMs, undefined, { signal });
  }
}

async function look(client: ErasureClient, requestId: string): Promise<ReadonlyMap<string, string>> {
  try {
    const { legs } = await client.progress(requestId);
    return new Map(legs.map((leg) => [leg.provider, legLine(leg)]));
  } catch (error) {
    if (error instanceof NoWorkerError) return new Map([['worker', 'No worker answers at the moment; still waiting.']]);
    throw error;
  }
}
