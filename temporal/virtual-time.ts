/** Virtual time: lets a workflow's clock skip its waits, so that the true windows pass in milliseconds. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionLike } from '@temporalio/client';
import { msToTs, optionalTsToMs, tsToMs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { SECOND_MS } from '../domain/duration';
import { eventsOf, type Execution } from './history';
import { hasGrpcStatus } from './temporal-failure';

const { FastForwardPollingResult, PendingActivityState, WorkflowExecutionStatus } = temporal.api.enums.v1;
const CALL_MS_MAX = 10_000;
/** The server answers a poll after 20 s at the latest. */
const POLL_MS_MAX = 25_000;
const TIMEOUT_MS = 60_000;
const SETTLE_MS = 10_000;
const LOOK_EVERY_MS_MIN = 10;
const LOOK_EVERY_MS_MAX = 200;
/** The server's default of 200 would end a fast-forward through more retries than that; our own time-out bounds it. */
const SKIPS_MAX = 10_000;
/** What becomes due is over by then, in real time, on a machine under load. */
const OVER_MS = 2 * SECOND_MS;
const TOO_FAR_MS = 10 * SECOND_MS;

type StartRequest = temporal.api.workflowservice.v1.IStartWorkflowExecutionRequest;
type SignalWithStartRequest = temporal.api.workflowservice.v1.ISignalWithStartWorkflowExecutionRequest;
type MultiOperationRequest = temporal.api.workflowservice.v1.IExecuteMultiOperationRequest;

export interface VirtualTimeOptions {
  /** `true`: skip whenever the workflow is idle. `false`, the default: only when `fastForward` says so. */
  skipWheneverIdle?: boolean;
}

/**
 * The same connection, on which every workflow is started with virtual time. The given connection itself is left as it
 * is. The TypeScript client has no option for it, so the field is added to the requests that start a workflow.
 */
export function withVirtualTime<C extends ConnectionLike>(connection: C, options: VirtualTimeOptions = {}): C {
  const timeSkippingConfig = { enabled: options.skipWheneverIdle ?? false };
  const service = connection.workflowService;

  const workflowService = Object.create(service, {
    startWorkflowExecution: {
      value: (request: StartRequest) => service.startWorkflowExecution({ ...request, timeSkippingConfig }),
    },
    signalWithStartWorkflowExecution: {
      value: (request: SignalWithStartRequest) =>
        service.signalWithStartWorkflowExecution({ ...request, timeSkippingConfig }),
    },
    executeMultiOperation: {
      value: (request: MultiOperationRequest) =>
        service.executeMultiOperation({
          ...request,
          operations: (request.operations ?? []).map((operation) =>
            operation.startWorkflow
              ? { ...operation, startWorkflow: { ...operation.startWorkflow, timeSkippingConfig } }
              : operation,
          ),
        }),
    },
  });
  return Object.create(connection, { workflowService: { value: workflowService } }) as C;
}

/** Throws where the server cannot skip time, instead of letting a test wait for days. */
export async function assertVirtualTimeSupported(connection: ConnectionLike, namespace: string): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + CALL_MS_MAX, () =>
      connection.workflowService.pollWorkflowExecutionTimeSkipping({
        namespace,
        workflowExecution: { workflowId: 'virtual-time-probe' },
        fastForwardId: randomUUID(),
      }),
    );
  } catch (error) {
    // "No such workflow" is the good answer; "no such namespace" is not.
    if (hasGrpcStatus(error, 'NOT_FOUND') && !String(error).includes('Namespace')) return;
    if (!hasGrpcStatus(error, 'UNIMPLEMENTED')) throw error;
    throw new Error(
      'this Temporal server has no virtual time: it takes server 1.32 or newer (Temporal CLI 1.9) with the dynamic ' +
        'configuration frontend.WorkflowTimeSkippingEnabled=true',
      { cause: error },
    );
  }
}

export interface FastForwardOptions extends Execution {
  /** Virtual milliseconds, a positive integer. */
  byMs: number;
  /** Real time to allow for the whole of it (default 60 s). */
  timeoutMs?: number;
  /** Real time to wait until the workflow is quiet, before and after (default 10 s each); 0 to leave that out. */
  settleMs?: number;
}

export interface FastForwarded {
  /** All of `byMs` has passed. */
  completed: boolean;
  /** The execution is closed; with `completed: false`, before all of `byMs` had passed. */
  ended: boolean;
  /** The workflow was quiet before, and is again: see `fastForward`. */
  settled: boolean;
}

/**
 * Moves one workflow's clock forward and lets everything that becomes due on the way happen at its virtual time:
 * timers fire, their workflow tasks run, activities in retry back-off make each of their attempts. Only the time
 * in which the workflow is idle is skipped: a running activity, an activity no worker has taken yet, and a pending
 * workflow task hold it up for as long as they take in real time. A workflow that waits for a signal is idle.
 *
 * It first waits until the workflow is quiet, so that the time counts from the timers it has just set, and again
 * afterwards: the server says "completed" as soon as the clock has got there, which may be before a timer that is due
 * has fired and its workflow task has run (measured). Quiet means: every timer that is due has fired, no workflow task is
 * pending, and no activity is under way except in back-off. Where that takes longer than `settleMs` (no worker, a call
 * that hangs) it goes on all the same, and ends with `settled: false`.
 *
 * Two faults of server 1.32.1 show (measured, and read in its code). Setting the time makes an activity in back-off try
 * once at the first time that is skipped to, though it may be due later only. And if the end passes while something is
 * under way, the server skips on to whatever is due next, be it a week later: so where something is due less than 2 s
 * before the end, the end is up to that much later, and a clock that went too far all the same is an error.
 *
 * Measured on a server of our engine: 20 to 60 ms, and 10 to 15 ms for each timer or retry on the way (100 h with an
 * attempt every 6 h: all 17 made, 0.2 s). A server with default settings needs 0.9 s for each of them.
 *
 * Throws when the time-out is over (the rest of the skipping is called off), when there is no such workflow, and when the
 * server went too far, or not far enough.
 */
export async function fastForward(connection: ConnectionLike, options: FastForwardOptions): Promise<FastForwarded> {
  const { namespace, workflowId, byMs, timeoutMs = TIMEOUT_MS, settleMs = SETTLE_MS } = options;
  if (!Number.isSafeInteger(byMs) || byMs <= 0) throw new RangeError(`byMs must be a positive integer, not ${byMs}`);
  const execution = { namespace, workflowId };
  const deadline = Date.now() + timeoutMs;
  const fastForwardId = randomUUID();

  const before = await settle(connection, execution, Math.min(settleMs, timeoutMs));
  if (before.ended) return { completed: false, ended: true, settled: true };
  const startedAt = Date.now();
  const endMs = clearOf(before.due, before.nowMs + byMs);
  try {
    await setTimeSkipping(connection, execution, {
      enabled: true,
      maxSessionSkipCount: SKIPS_MAX,
      fastForwardConfig: { id: fastForwardId, duration: msToTs(Math.ceil(endMs - before.nowMs)) },
    });
  } catch (error) {
    // The server's answer where the execution has just closed.
    if (!hasGrpcStatus(error, 'NOT_FOUND') || (await look(connection, execution)).isOpen) throw error;
    return { completed: false, ended: true, settled: true };
  }

  const result = await awaitFastForward(connection, execution, { fastForwardId, deadline });
  if (result.outcome === 'timed out') {
    const found = await look(connection, execution);
    if (found.isOpen) await setTimeSkipping(connection, execution, { enabled: false });
    throw new Error(
      `${workflowId} could not be moved forward by ${byMs} ms within ${timeoutMs} ms; ` +
        `under way: ${underWay(found).map(described).join(', ') || 'nothing'}`,
    );
  }
  if (result.outcome === 'failed') {
    const { isOpen } = await look(connection, execution);
    if (isOpen) throw new Error(`${workflowId} could not be moved forward by ${byMs} ms: ${result.reason}`);
    return { completed: false, ended: true, settled: true };
  }
  const after = await settle(connection, execution, settleMs);
  const tooFarMs = after.nowMs - endMs - (Date.now() - startedAt);
  if (!after.ended && tooFarMs > TOO_FAR_MS) {
    throw new Error(`${workflowId} was moved forward by ${byMs} ms, and by the server ${Math.round(tooFarMs)} ms more`);
  }
  const leftMs = Math.ceil(endMs - after.nowMs);
  if (!after.ended && leftMs > 0) {
    throw new Error(`${workflowId} was to be moved forward by ${byMs} ms, and the server stopped ${leftMs} ms before`);
  }
  return { completed: true, ended: after.ended, settled: before.settled && after.settled };
}

/** The end, or a little later, so that what is due just before it is over by then. */
function clearOf(due: readonly Due[], endMs: number): number {
  const ends = due.map(({ atMs, everyMs }) => {
    if (atMs > endMs) return endMs;
    const times = everyMs === undefined ? 0 : Math.floor((endMs - atMs) / everyMs);
    const lastMs = atMs + times * (everyMs ?? 0);
    // Each time is as much later as the one before took.
    const overMs = lastMs + OVER_MS + (times * OVER_MS) / 20;
    return Math.max(endMs, overMs);
  });
  return Math.max(endMs, ...ends.filter((end) => end - endMs <= 2 * OVER_MS));
}

/** From now on one workflow's clock skips whatever it waits for, until it has ended. */
export async function skipWheneverIdle(connection: ConnectionLike, execution: Execution): Promise<void> {
  await setTimeSkipping(connection, execution, { enabled: true });
}

/** The workflow's own clock; the real time where it never skipped. */
export async function virtualNow(connection: ConnectionLike, execution: Execution): Promise<Date> {
  return new Date((await look(connection, execution)).nowMs);
}

type TimeSkippingConfig = temporal.api.common.v1.ITimeSkippingConfig;

async function setTimeSkipping(connection: ConnectionLike, execution: Execution, config: TimeSkippingConfig) {
  const { namespace, workflowId } = execution;
  await connection.withDeadline(Date.now() + CALL_MS_MAX, () =>
    connection.workflowService.updateWorkflowExecutionOptions({
      namespace,
      workflowExecution: { workflowId },
      workflowExecutionOptions: { timeSkippingConfig: config },
      updateMask: { paths: ['time_skipping_config'] },
    }),
  );
}

type PollOutcome = { outcome: 'completed' | 'timed out' } | { outcome: 'failed'; reason: string };

async function awaitFastForward(
  connection: ConnectionLike,
  { namespace, workflowId }: Execution,
  { fastForwardId, deadline }: { fastForwardId: string; deadline: number },
): Promise<PollOutcome> {
  while (Date.now() < deadline) {
    const answer = await connection
      .withDeadline(Math.min(deadline, Date.now() + POLL_MS_MAX), () =>
        connection.workflowService.pollWorkflowExecutionTimeSkipping({
          namespace,
          workflowExecution: { workflowId },
          fastForwardId,
        }),
      )
      .catch(async (error: unknown) => {
        // The server may notice the end of our deadline first, and then answers so.
        if (hasGrpcStatus(error, 'DEADLINE_EXCEEDED', 'CANCELLED')) return undefined;
        if (!hasGrpcStatus(error, 'UNAVAILABLE')) throw error;
        await sleep(100);
        return undefined;
      });
    switch (answer?.fastForwardPollingResult) {
      case FastForwardPollingResult.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_COMPLETED:
        return { outcome: 'completed' };
      case FastForwardPollingResult.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_FAILED:
        return { outcome: 'failed', reason: answer?.failedReason || 'the server gave no reason' };
      default:
    }
  }
  return { outcome: 'timed out' };
}

/** Something that will become due: a timer, or a retry and then those after it. */
interface Due {
  /** Virtual time, epoch ms. */
  readonly atMs: number;
  readonly everyMs?: number;
}

interface Settled {
  readonly ended: boolean;
  readonly settled: boolean;
  /** Virtual time, epoch ms. */
  readonly nowMs: number;
  readonly due: readonly Due[];
}

async function settle(connection: ConnectionLike, execution: Execution, settleMs: number): Promise<Settled> {
  const deadline = Date.now() + settleMs;
  // Many tests may be looking at once: the less often, the longer it takes.
  for (let lookEveryMs = LOOK_EVERY_MS_MIN; ; lookEveryMs = Math.min(2 * lookEveryMs, LOOK_EVERY_MS_MAX)) {
    const found = await look(connection, execution);
    const { isOpen, nowMs, retries } = found;
    if (!isOpen) return { ended: true, settled: true, nowMs, due: [] };
    const due = [...retries, ...(await timersOf(connection, execution))];
    if (underWay(found).length === 0 && due.every(({ atMs }) => atMs > nowMs)) {
      return { ended: false, settled: true, nowMs, due };
    }
    if (Date.now() >= deadline) return { ended: false, settled: false, nowMs, due };
    await sleep(lookEveryMs);
  }
}

/** What is under way, or will be tried again. */
export interface Pending {
  /** Its type; absent for the workflow task. */
  readonly activity?: string;
  readonly attempt: number;
  /** In back-off: it does not hold the clock up. */
  readonly isWaiting: boolean;
  /** What its last attempt failed with. */
  readonly failure?: string;
}

export async function pendingOf(connection: ConnectionLike, execution: Execution): Promise<readonly Pending[]> {
  return (await look(connection, execution)).pending;
}

interface Look {
  isOpen: boolean;
  nowMs: number;
  pending: Pending[];
  /** Activities in back-off. */
  retries: Due[];
}

async function look(connection: ConnectionLike, { namespace, workflowId }: Execution): Promise<Look> {
  const description = await connection.withDeadline(Date.now() + CALL_MS_MAX, () =>
    connection.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } }),
  );
  const nowMs = optionalTsToMs(description.workflowExtendedInfo?.timeSkippingInfo?.currentTime) ?? Date.now();
  const task = description.pendingWorkflowTask;
  const pending: Pending[] = task ? [{ attempt: task.attempt ?? 1, isWaiting: false }] : [];
  const retries: Due[] = [];
  for (const activity of description.pendingActivities ?? []) {
    const { state, nextAttemptScheduleTime, currentRetryInterval, activityType, attempt, lastFailure } = activity;
    const atMs = optionalTsToMs(nextAttemptScheduleTime) ?? 0;
    const everyMs = optionalTsToMs(currentRetryInterval);
    const isWaiting = state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED && atMs > nowMs;
    const failure = lastFailure?.message;
    pending.push({
      activity: activityType?.name ?? '',
      attempt: attempt ?? 1,
      isWaiting,
      ...(failure ? { failure } : {}),
    });
    if (isWaiting) retries.push({ atMs, ...(everyMs ? { everyMs } : {}) });
  }
  return {
    isOpen: description.workflowExecutionInfo?.status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING,
    nowMs,
    pending,
    retries,
  };
}

function described({ activity, attempt }: Pending): string {
  return `${activity === undefined ? 'a workflow task' : `activity ${activity}`} (attempt ${attempt})`;
}

function underWay({ pending }: Look): readonly Pending[] {
  return pending.filter(({ isWaiting }) => !isWaiting);
}

/** The server tells pending timers nowhere but in the history. */
async function timersOf(connection: ConnectionLike, execution: Execution): Promise<readonly Due[]> {
  const dueMsById = new Map<string, number>();
  for await (const event of eventsOf(connection, execution)) {
    const started = event.timerStartedEventAttributes;
    const over = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
    if (started?.timerId) {
      dueMsById.set(started.timerId, tsToMs(event.eventTime) + tsToMs(started.startToFireTimeout));
    } else if (over?.timerId) {
      dueMsById.delete(over.timerId);
    }
  }
  return Array.from(dueMsById.values(), (atMs) => ({ atMs }));
}
