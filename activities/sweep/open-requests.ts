/** What Temporal knows of requests, read without touching them: its index, a run's standing, and what is to wake it. */
import type { Client } from '@temporalio/client';
import { decodeSearchAttributes } from '@temporalio/common/lib/converter/payload-search-attributes';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { defined } from '../../domain/defined';
import { MINUTE_MS, SECOND_MS } from '../../domain/duration';
import {
  REMINDER_LABEL,
  type CloseLook,
  type EarlierRun,
  type EndedRun,
  type OpenRequest,
  type PendingActivity,
} from '../../domain/sweep/finding';
import type { Provider } from '../../domain/provider/provider-table';
import type { RequestProgress } from '../../domain/request/request-progress';
import { stepUnderWay } from '../../domain/leg/step-under-way';
import { requestIdOf, workflowIdOf, WORKFLOW_TYPE, searchAttributes } from '../../temporal/names';
import { eventsOf, type HistoryEvent } from '../../temporal/history';

const {
  WorkflowExecutionStatus,
  WorkflowTaskFailedCause,
  PendingActivityState,
  TaskQueueType,
  HistoryEventFilterType,
} = temporal.api.enums.v1;
type ExecutionInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo;
type ActivityInfo = temporal.api.workflow.v1.IPendingActivityInfo;

const CALL_MS_MAX = 10 * SECOND_MS;
/** The most that Temporal lists at once by default. */
const PAGE_SIZE = 1_000;
const HISTORY_MS_MAX = 30 * SECOND_MS;
const IDS_AT_ONCE = 100;
/** Set by Temporal itself, from server 1.30 on, after several failures in a row. */
const REPORTED_PROBLEMS = 'TemporalReportedProblems';

const OPEN = `WorkflowType = '${WORKFLOW_TYPE}' AND CloseTime IS NULL`;
const ENDED = "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut', 'Canceled')";

const endedStatuses: ReadonlyMap<unknown, EarlierRun['status']> = new Map([
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED, 'completed'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED, 'failed'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED, 'terminated'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, 'timed-out'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED, 'cancelled'],
]);

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; absent after the last page. */
  readonly cursor?: string;
}

/** A run that has ended, which may not be the newest of its request. */
export interface ClosedRun extends Omit<EndedRun, 'isRefused' | 'status'>, EarlierRun {
  readonly workflowId: string;
}

/** Any run of a request. */
export interface AnyRun {
  readonly runId: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Absent while it runs. */
  readonly closed?: ClosedRun;
}

export interface TemporalReader {
  /** How many requests are open; of those that concern `provider` only, where the index can tell. */
  countOpen(provider?: Provider): Promise<number>;
  openRequests(cursor?: string): Promise<Page<OpenRequest>>;
  /** Those that ended in another way than the process ends, and since `since` (epoch ms) those that completed. */
  endedRuns(question: { readonly since: number; readonly cursor?: string }): Promise<Page<ClosedRun>>;
  /** All runs of those of these requests that have more than one. */
  runsOfSeveral(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly AnyRun[]>>;
  /** Of a run that was reset the one that it began with, else its own id. */
  firstRunOf(run: { readonly requestId: string; readonly runId: string }): Promise<string>;
  /** Undefined where the request has ended meanwhile. `request` is as Temporal has it now; the index lags by a second or two. */
  lookClosely(request: OpenRequest): Promise<{ readonly request: OpenRequest; readonly look: CloseLook } | undefined>;
  /** What the run itself says; undefined where no worker answers in time. */
  ask(request: OpenRequest): Promise<RequestProgress | undefined>;
  /** Whether this is the newest run of its workflow id. */
  isNewest(run: ClosedRun): Promise<boolean>;
  failureTypeOf(run: ClosedRun): Promise<string | undefined>;
  isServed(queue: string, kind: 'workflow' | 'activity'): Promise<boolean>;
}

export function createTemporalReader(client: Client): TemporalReader {
  const { workflowService: service } = client;
  const { namespace } = client.options;
  const within = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS_MAX, call);

  async function list(query: string, cursor?: string): Promise<Page<ExecutionInfo>> {
    const nextPageToken = cursor === undefined ? new Uint8Array() : Buffer.from(cursor, 'base64');
    const { executions, nextPageToken: next } = await within(() =>
      service.listWorkflowExecutions({ namespace, query, pageSize: PAGE_SIZE, nextPageToken }),
    );
    return {
      items: executions ?? [],
      ...(next === null || next === undefined || next.length === 0
        ? {}
        : { cursor: Buffer.from(next).toString('base64') }),
    };
  }

  return {
    async countOpen(provider) {
      const query = provider === undefined ? OPEN : `${OPEN} AND ${concerning(provider)}`;
      const { count } = await within(() => service.countWorkflowExecutions({ namespace, query }));
      return Number(count);
    },

    async openRequests(cursor) {
      const { items, ...rest } = await list(OPEN, cursor);
      return { items: items.flatMap((info) => openRequestOf(info) ?? []), ...rest };
    },

    async endedRuns({ since, cursor }) {
      const completed = `ExecutionStatus = 'Completed' AND CloseTime >= '${new Date(since).toISOString()}'`;
      const query = `WorkflowType = '${WORKFLOW_TYPE}' AND (${ENDED} OR (${completed}))`;
      const { items, ...rest } = await list(query, cursor);
      return { items: items.flatMap((info) => closedRunOf(info) ?? []), ...rest };
    },

    async runsOfSeveral(requestIds) {
      const found = new Map<string, AnyRun[]>();
      for (let from = 0; from < requestIds.length; from += IDS_AT_ONCE) {
        const ids = requestIds.slice(from, from + IDS_AT_ONCE).map((requestId) => `'${workflowIdOf(requestId)}'`);
        const query = `WorkflowType = '${WORKFLOW_TYPE}' AND WorkflowId IN (${ids.join(', ')})`;
        let cursor: string | undefined;
        do {
          const page = await list(query, cursor);
          for (const info of page.items) {
            const requestId = requestIdOf(info.execution?.workflowId) ?? '';
            found.set(requestId, [...(found.get(requestId) ?? []), anyRunOf(info)]);
          }
          cursor = page.cursor;
        } while (cursor !== undefined);
      }
      return new Map([...found].filter(([, runs]) => runs.length > 1));
    },

    async firstRunOf({ requestId, runId }) {
      const execution = { workflowId: workflowIdOf(requestId), runId };
      const { workflowExecutionInfo } = await within(() => service.describeWorkflowExecution({ namespace, execution }));
      return workflowExecutionInfo?.firstRunId ?? runId;
    },

    async lookClosely({ requestId, runId }) {
      const execution = { workflowId: workflowIdOf(requestId), runId };
      // The history first: whatever happens until the run is described makes it longer, and shows that it moves.
      const { timers, lastEventId, failedFor } = await readHistory(execution);
      const description = await within(() => service.describeWorkflowExecution({ namespace, execution }));
      const { workflowExecutionInfo: info, workflowExtendedInfo: extended } = description;
      const request = openRequestOf(info ?? {});
      if (request === undefined) return undefined;
      const task = description.pendingWorkflowTask;
      return {
        request,
        look: {
          isPaused:
            info?.status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED || Boolean(extended?.pauseInfo),
          isMoving: Number(info?.historyLength ?? 0) > lastEventId,
          ...(task ? { workflowTask: { attempt: task.attempt ?? 1, scheduledAt: scheduledAtOf(task) } } : {}),
          ...defined({ failedFor }),
          activities: (description.pendingActivities ?? []).map(pendingActivityOf),
          timers,
        },
      };
    },

    async ask({ requestId, runId }) {
      try {
        const handle = client.workflow.getHandle(workflowIdOf(requestId), runId);
        return await within(() => handle.query<RequestProgress>('progress'));
      } catch {
        // Whatever the reason, nobody can tell how it stands, and that is what is reported.
        return undefined;
      }
    },

    async isNewest({ workflowId, runId }) {
      const { workflowExecutionInfo } = await within(() =>
        service.describeWorkflowExecution({ namespace, execution: { workflowId } }),
      );
      return workflowExecutionInfo?.execution?.runId === runId;
    },

    async failureTypeOf({ workflowId, runId }) {
      const { history } = await within(() =>
        service.getWorkflowExecutionHistory({
          namespace,
          execution: { workflowId, runId },
          historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
        }),
      );
      const failed = history?.events?.at(-1)?.workflowExecutionFailedEventAttributes;
      return failed?.failure?.applicationFailureInfo?.type ?? undefined;
    },

    async isServed(queue, kind) {
      const { pollers } = await within(() =>
        service.describeTaskQueue({
          namespace,
          taskQueue: { name: queue },
          taskQueueType:
            kind === 'workflow' ? TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW : TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        }),
      );
      return (pollers ?? []).length > 0;
    },
  };

  /** The server tells pending timers nowhere but in the history, which is short as a rule: about 60 events. */
  async function readHistory(execution: { readonly workflowId: string; readonly runId: string }) {
    const timers = new Map<string, CloseLook['timers'][number]>();
    let lastEventId = 0;
    let failedFor: CloseLook['failedFor'];
    for await (const event of eventsOf(client, { namespace, ...execution }, HISTORY_MS_MAX)) {
      follow(timers, event);
      failedFor = whyTaskFailed(event, failedFor);
      lastEventId = Number(event.eventId ?? lastEventId);
    }
    return { timers: [...timers.values()], lastEventId, failedFor };
  }
}

/** For what its latest workflow task failed, if that is something that can be told; none once one has succeeded. */
function whyTaskFailed(
  { workflowTaskFailedEventAttributes: failed, workflowTaskCompletedEventAttributes: completed }: HistoryEvent,
  before: CloseLook['failedFor'],
): CloseLook['failedFor'] {
  if (completed) return undefined;
  if (!failed) return before;
  return failed.cause === WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES
    ? 'search-attributes'
    : undefined;
}

/** A run that keeps no search attributes may concern any provider; one that has just begun has none yet. */
function concerning(provider: Provider): string {
  const { name } = searchAttributes.providers;
  const settledBy = new Date(Date.now() - 15 * MINUTE_MS).toISOString();
  return `(${name} = '${provider}' OR (${name} IS NULL AND StartTime < '${settledBy}'))`;
}

function follow(timers: Map<string, CloseLook['timers'][number]>, event: HistoryEvent): void {
  const started = event.timerStartedEventAttributes;
  const over = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
  if (started?.timerId) {
    const dueAt = (optionalTsToMs(event.eventTime) ?? 0) + (optionalTsToMs(started.startToFireTimeout) ?? 0);
    timers.set(started.timerId, { dueAt, isReminder: labelOf(event).includes(REMINDER_LABEL) });
  } else if (over?.timerId) {
    timers.delete(over.timerId);
  }
}

function labelOf({ userMetadata }: HistoryEvent): string {
  return new TextDecoder().decode(userMetadata?.summary?.data ?? new Uint8Array());
}

/** Undefined where the run has ended, or goes under an id that is none of ours: it is refused, and found once it has ended. */
function openRequestOf({
  execution,
  startTime,
  closeTime,
  searchAttributes: indexed,
}: ExecutionInfo): OpenRequest | undefined {
  const requestId = requestIdOf(execution?.workflowId);
  if (requestId === undefined || closeTime) return undefined;
  const about = {
    requestId,
    runId: execution?.runId ?? '',
    startedAt: optionalTsToMs(startTime) ?? 0,
  };
  try {
    return { ...about, ...indexOf(indexed) };
  } catch {
    // Whoever may write to the namespace can write search attributes, too: what cannot be decoded is told as that.
    return { ...about, isReportedFailing: false, isIndexBroken: true };
  }
}

function indexOf(indexed: ExecutionInfo['searchAttributes']): Pick<OpenRequest, 'index' | 'isReportedFailing'> {
  const found = decodeSearchAttributes(indexed?.indexedFields);
  const state = found[searchAttributes.state.name]?.[0];
  const dueAt = found[searchAttributes.dueAt.name]?.[0];
  return {
    ...(typeof state !== 'string'
      ? {}
      : {
          index: {
            state,
            ...(dueAt instanceof Date ? { dueAt: dueAt.getTime() } : {}),
            blockedOn: (found[searchAttributes.blockedOn.name] ?? []).map(String),
          },
        }),
    isReportedFailing: (found[REPORTED_PROBLEMS] ?? []).length > 0,
  };
}

function anyRunOf(info: ExecutionInfo): AnyRun {
  const closed = closedRunOf(info);
  return {
    runId: info.execution?.runId ?? '',
    startedAt: optionalTsToMs(info.startTime) ?? 0,
    ...defined({ closed }),
  };
}

function closedRunOf({ execution, closeTime, status }: ExecutionInfo): ClosedRun | undefined {
  const ended = endedStatuses.get(status);
  if (ended === undefined || !execution?.workflowId || !execution.runId) return undefined;
  const requestId = requestIdOf(execution.workflowId);
  return {
    workflowId: execution.workflowId,
    ...defined({ requestId }),
    runId: execution.runId,
    status: ended,
    closedAt: optionalTsToMs(closeTime) ?? 0,
  };
}

function scheduledAtOf(task: temporal.api.workflow.v1.IPendingWorkflowTaskInfo): number {
  return optionalTsToMs(task.originalScheduledTime ?? task.scheduledTime) ?? Date.now();
}

function pendingActivityOf(activity: ActivityInfo): PendingActivity {
  const { state, activityType, scheduledTime, nextAttemptScheduleTime, lastStartedTime, lastHeartbeatTime } = activity;
  const isRunning =
    state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED ||
    state === PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
  const step = stepUnderWay(activity, Date.now());
  const signs = isRunning ? [lastStartedTime, lastHeartbeatTime] : [scheduledTime, nextAttemptScheduleTime];
  return {
    type: activityType?.name ?? '',
    isPaused:
      state === PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED ||
      state === PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED,
    state: isRunning ? 'running' : 'waiting',
    since: Math.max(...signs.map((sign) => optionalTsToMs(sign) ?? 0)),
    ...defined({ step }),
  };
}
