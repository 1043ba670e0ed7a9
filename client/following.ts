/** How a request stands, its progress on the way, and its result: asked of its worker, and read from its history without one. */
import { QueryNotRegisteredError, WorkflowFailedError } from '@temporalio/client';
import { defined } from '../domain/defined';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import { stepsUnderWay } from '../domain/leg/step-under-way';
import type { RequestProgress } from '../domain/request/request-progress';
import { unpackCertificate, withUnpacked } from '../security/packed-certificate';
import { HistoryFollower } from '../temporal/history-follower';
import { workflowIdOf } from '../temporal/names';
import type { ErasureResult } from '../domain/request/erasure-result';
import { certificate, progress } from '../workflows/messages';
import { NoWorkerError, RequestFailedError, RequestStillRunningError } from './errors';
import type { RequestCalls } from './request-calls';
import {
  requestFailure,
  requestStateOf,
  runStatusOf,
  type CertifiedResult,
  type OutstandingAnswer,
  type RequestStatus,
} from './request-status';
import { Waiting } from './waiting';

/** Each look of `watch` is a query, which Temporal Cloud bills: often at first, rarely once nothing changes any more. */
const WATCH_EVERY_MS_MIN = 1 * SECOND_MS;
const WATCH_EVERY_MS_MAX = 5 * MINUTE_MS;

export interface WatchOptions {
  /**
   * Time between two looks, in ms; where absent 1 s, growing to 5 min while nothing changes. The certificate, and the end,
   * are seen at once.
   */
  readonly everyMs?: number | undefined;
  /** Goes on after the certificate until the run has ended, which waits until it is recorded that the person was told. */
  readonly untilClosed?: boolean | undefined;
  /** Ends the watching, which then throws the signal's reason. The request goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface WaitOptions {
  /** How long to wait at most, in ms; without it as long as it takes: days. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting, which then throws the signal's reason. The request goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** Without `asksProgress` an open request is not queried. */
export async function requestStatus(
  calls: RequestCalls,
  requestId: string,
  { asksProgress = true } = {},
): Promise<RequestStatus> {
  const description = await calls.describe(requestId);
  const { runId, startTime, closeTime, raw } = description;
  const status = runStatusOf(description);
  const underWay = stepsUnderWay(raw.pendingActivities ?? [], Date.now());
  const found: Pick<RequestStatus, 'progress' | 'result' | 'failure'> =
    status !== 'running'
      ? await ending(calls, requestId)
      : defined({ progress: asksProgress ? await progressIfAnswered(calls, requestId) : undefined });
  return {
    requestId,
    workflowId: workflowIdOf(requestId),
    runId,
    status,
    state: requestStateOf({ status, ...found }),
    startedAt: startTime.toISOString(),
    ...defined({ closedAt: closeTime?.toISOString() }),
    ...found,
    ...(underWay.length === 0 ? {} : { underWay }),
  };
}

export async function requestProgress(calls: RequestCalls, requestId: string): Promise<RequestProgress> {
  try {
    return await calls.call(requestId, () => calls.handle(requestId).query(progress));
  } catch (error) {
    if (error instanceof QueryNotRegisteredError) await closedResult(calls, requestId, { timeoutMs: calls.timeoutMs });
    if (await calls.isUnanswered(requestId, error)) throw new NoWorkerError(requestId);
    throw error;
  }
}

export async function* watchRequest(
  calls: RequestCalls,
  requestId: string,
  { everyMs, untilClosed = false, signal }: WatchOptions,
): AsyncGenerator<RequestStatus, void, undefined> {
  if (everyMs !== undefined && !(everyMs > 0)) throw new RangeError('everyMs: expected milliseconds, above 0');
  const wait = waiting(calls, requestId, signal);
  let previous: string | undefined;
  let waitMs = everyMs ?? WATCH_EVERY_MS_MIN;
  for (;;) {
    const looked = await wait.call(() => requestStatus(calls, requestId));
    if (looked.state === 'awaiting-answer') await wait.certified({ timeoutMs: calls.timeoutMs });
    if (isEnding(looked) && !wait.known.isClosed) {
      await wait.closed({ timeoutMs: calls.timeoutMs });
      if (wait.known.isClosed) continue;
    }
    const found = withCertificate(looked, wait.known);
    const content = JSON.stringify(found);
    if (content === previous) {
      waitMs = everyMs ?? Math.min(waitMs * 1.5, WATCH_EVERY_MS_MAX);
    } else {
      previous = content;
      waitMs = everyMs ?? WATCH_EVERY_MS_MIN;
      yield found;
    }
    if (found.status !== 'running' || (found.certificate !== undefined && !untilClosed)) return;
    await (found.certificate === undefined
      ? wait.certified({ timeoutMs: waitMs })
      : wait.closed({ timeoutMs: waitMs }));
  }
}

export async function certifiedResult(
  calls: RequestCalls,
  requestId: string,
  { timeoutMs = Infinity, signal }: WaitOptions,
): Promise<CertifiedResult> {
  const wait = waiting(calls, requestId, signal);
  const outstandingNow = (): Promise<OutstandingAnswer | undefined> =>
    wait.call(() => outstandingAnswer(calls, requestId));
  await wait.certified({ timeoutMs });
  const { certified, isClosed } = wait.known;
  if (certified === undefined && !isClosed) throw new RequestStillRunningError(requestId);
  const outstanding = isClosed ? undefined : await outstandingNow();
  if (certified !== undefined && outstanding !== undefined) {
    return { requestId, ...certified, outstandingAnswer: outstanding };
  }
  // Where nothing is owed, the run ends at once by itself.
  await wait.closed({ timeoutMs: calls.timeoutMs });
  if (certified === undefined || wait.known.isClosed) return wait.call(() => resultOfEnded(calls, requestId));
  return { requestId, ...certified, ...defined({ outstandingAnswer: await outstandingNow() }) };
}

export async function closedResult(
  calls: RequestCalls,
  requestId: string,
  { timeoutMs = Infinity, signal }: WaitOptions,
): Promise<ErasureResult> {
  const wait = waiting(calls, requestId, signal);
  await wait.closed({ timeoutMs });
  if (!wait.known.isClosed) throw new RequestStillRunningError(requestId);
  return wait.call(() => resultOfEnded(calls, requestId));
}

export async function requestCertificate(calls: RequestCalls, requestId: string): Promise<string> {
  if (runStatusOf(await calls.describe(requestId)) !== 'running') {
    return (await closedResult(calls, requestId, { timeoutMs: calls.timeoutMs })).certificate;
  }
  try {
    const found = await calls.call(requestId, () => calls.handle(requestId).query(certificate));
    if (found !== null) return unpackCertificate(found);
  } catch (error) {
    if (await calls.isUnanswered(requestId, error)) throw new NoWorkerError(requestId);
    throw error;
  }
  throw new RequestStillRunningError(requestId);
}

function waiting(calls: RequestCalls, requestId: string, signal: AbortSignal | undefined): Waiting {
  const { workflowId } = calls.handle(requestId);
  return new Waiting({
    follow: () => new HistoryFollower(calls.client, workflowId),
    call: (work, timeoutMs) => calls.unlessAborted(signal, () => calls.call(requestId, work, timeoutMs)),
    isRunning: async () => runStatusOf(await calls.describe(requestId)) === 'running',
    signal,
  });
}

/** What is left to do once the certificate is there; undefined where nothing is. */
async function outstandingAnswer(calls: RequestCalls, requestId: string): Promise<OutstandingAnswer | undefined> {
  const now = await progressIfAnswered(calls, requestId);
  if (now === undefined) return { todo: ['what is owed to the person cannot be said: no worker answers'] };
  if (!now.blockedOn.includes('answer')) return undefined;
  return { todo: now.todo, ...defined({ by: now.due?.on }) };
}

async function progressIfAnswered(calls: RequestCalls, requestId: string): Promise<RequestProgress | undefined> {
  try {
    return await requestProgress(calls, requestId);
  } catch (error) {
    if (error instanceof NoWorkerError) return undefined;
    throw error;
  }
}

/** Throws `RequestFailedError` for one that ended without a certificate. */
async function resultOfEnded(calls: RequestCalls, requestId: string): Promise<ErasureResult> {
  try {
    return withUnpacked(await calls.call(requestId, () => calls.handle(requestId).result()));
  } catch (error) {
    throw error instanceof WorkflowFailedError ? requestFailure(requestId, error) : error;
  }
}

async function ending(calls: RequestCalls, requestId: string): Promise<Pick<RequestStatus, 'result' | 'failure'>> {
  try {
    return { result: await resultOfEnded(calls, requestId) };
  } catch (error) {
    if (error instanceof RequestFailedError) return { failure: error.message };
    throw error;
  }
}

/** An open request whose certificate is there, also where no worker answers. */
function withCertificate(status: RequestStatus, { certified }: Waiting['known']): RequestStatus {
  if (status.status !== 'running' || certified === undefined) return status;
  const state = status.progress === undefined ? 'awaiting-answer' : status.state;
  return { ...status, state, certificate: certified.certificate, outcome: certified.outcome };
}

/** Nothing is owed any more: the run ends at once by itself. */
function isEnding({ status, progress: now }: RequestStatus): boolean {
  return status === 'running' && now?.outcome !== undefined && now.state === now.outcome;
}
