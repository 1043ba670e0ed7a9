/** What Temporal knows of requests, read without changing anything: its index, how a run is doing, and what is to wake it. */
import type { Client } from '@temporalio/client';
import { decodeSearchAttributes } from '@temporalio/common/lib/converter/payload-search-attributes';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { defined } from '../../domain/defined';
import { MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { stepUnderWay } from '../../domain/leg/step-under-way';
import type { Provider } from '../../domain/provider/provider-table';
import type { RequestProgress } from '../../domain/request/request-progress';
import {
  REMINDER_LABEL,
  type ListedRun,
  type OpenRequest,
  type PendingActivity,
  type RunDetails,
} from '../../domain/sweep/request-check';
import type { Shortage } from '../../domain/brake/shortage';
import type { TripState } from '../../domain/brake/trip-state';
import { BrakeCalls } from '../../temporal/brake-calls';
import { eventsOf, type HistoryEvent } from '../../temporal/history';
import { runEndOf } from '../../temporal/run-end';
import { compare, isOneOf, isOpen, requestRuns } from '../../temporal/request-query';
import { requestIdOf, searchAttributes, workflowIdOf } from '../../temporal/names';

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
const HISTORY_MS_MAX = 30 * SECOND_MS;
/** The most that Temporal lists at once by default. */
const PAGE_SIZE = 1_000;
const IDS_AT_ONCE = 100;
/** Set by Temporal itself, from server 1.30 on, after several failures in a row. */
const REPORTED_PROBLEMS = 'TemporalReportedProblems';

const OPEN = requestRuns(isOpen);
const ENDED = isOneOf('ExecutionStatus', ['Failed', 'Terminated', 'TimedOut', 'Canceled']);

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; absent after the last page. */
  readonly cursor?: string;
}

type RunOfRequest = Pick<OpenRequest, 'requestId' | 'runId'>;

export class TemporalReader {
  readonly #client: Client;
  readonly #namespace: string;

  constructor(client: Client) {
    this.#client = client;
    this.#namespace = client.options.namespace;
  }

  /** How many requests are open; of those that concern `provider` only, where the index can tell. */
  async countOpen(provider?: Provider): Promise<number> {
    const query = provider === undefined ? OPEN : `${OPEN} AND ${concerning(provider)}`;
    const { count } = await this.#call(({ workflowService, namespace }) =>
      workflowService.countWorkflowExecutions({ namespace, query }),
    );
    return Number(count);
  }

  async openRequests(cursor?: string): Promise<Page<OpenRequest>> {
    const { items, ...rest } = await this.#list(OPEN, cursor);
    return { items: items.flatMap((info) => openRequestOf(info) ?? []), ...rest };
  }

  /** Those that ended in another way than the process ends, and since `since` (epoch ms) those that completed. */
  async endedRuns({ since, cursor }: { readonly since: number; readonly cursor?: string }): Promise<Page<ListedRun>> {
    const completed = `${compare('ExecutionStatus', '=', 'Completed')} AND ${compare('CloseTime', '>=', since)}`;
    const { items, ...rest } = await this.#list(requestRuns(`(${ENDED} OR (${completed}))`), cursor);
    return { items: items.map(listedRunOf).filter(({ status }) => status !== 'open'), ...rest };
  }

  /** All runs of those of these requests that have more than one, by request id. */
  async repeatedRuns(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly ListedRun[]>> {
    const found = new Map<string, ListedRun[]>();
    for (let from = 0; from < requestIds.length; from += IDS_AT_ONCE) {
      const ids = requestIds.slice(from, from + IDS_AT_ONCE).map(workflowIdOf);
      let cursor: string | undefined;
      do {
        const page = await this.#list(requestRuns(isOneOf('WorkflowId', ids)), cursor);
        for (const run of page.items.map(listedRunOf)) {
          const requestId = run.requestId ?? '';
          found.set(requestId, [...(found.get(requestId) ?? []), run]);
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
    }
    return new Map([...found].filter(([, runs]) => runs.length > 1));
  }

  /** Of a run that was reset the one that it began with, else its own id. */
  async firstRunOf({ requestId, runId }: RunOfRequest): Promise<string> {
    const { workflowExecutionInfo } = await this.#describe({ workflowId: workflowIdOf(requestId), runId });
    return workflowExecutionInfo?.firstRunId ?? runId;
  }

  /** Undefined where the request has ended meanwhile. `request` is as Temporal has it now; the index lags by a second or two. */
  async inspect({
    requestId,
    runId,
  }: RunOfRequest): Promise<{ readonly request: OpenRequest; readonly details: RunDetails } | undefined> {
    const execution = { workflowId: workflowIdOf(requestId), runId };
    // The history first: whatever happens until the run is described makes it longer, and shows that it moves.
    const { timers, lastEventId, failedFor } = await this.#readHistory(execution);
    const description = await this.#describe(execution);
    const { workflowExecutionInfo: info, workflowExtendedInfo: extended, pendingWorkflowTask: task } = description;
    const request = openRequestOf(info ?? {});
    if (request === undefined) return undefined;
    const details = {
      isPaused:
        info?.status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED || Boolean(extended?.pauseInfo),
      isMoving: Number(info?.historyLength ?? 0) > lastEventId,
      ...defined({
        workflowTask: task ? { attempt: task.attempt ?? 1, scheduledAt: scheduledAtOf(task) } : undefined,
        failedFor,
      }),
      activities: (description.pendingActivities ?? []).map(pendingActivityOf),
      timers,
    };
    return { request, details };
  }

  /** What the run itself says; undefined where no worker answers in time. */
  async ask({ requestId, runId }: RunOfRequest): Promise<RequestProgress | undefined> {
    try {
      const handle = this.#client.workflow.getHandle(workflowIdOf(requestId), runId);
      return await this.#call(() => handle.query<RequestProgress>('progress'));
    } catch {
      // Whatever the reason, nobody can tell how it is doing, and that is what is reported.
      return undefined;
    }
  }

  /** Whether the provider's brake is on, and the latest time without calls. */
  async brake(provider: Provider): Promise<{ readonly trips: TripState; readonly shortage: Shortage | undefined }> {
    const { shortage, ...trips } = await new BrakeCalls(this.#client, provider).read();
    return { trips, shortage };
  }

  /** Whether this is the newest run of its workflow id. */
  async isNewest({ workflowId, runId }: ListedRun): Promise<boolean> {
    const { workflowExecutionInfo } = await this.#describe({ workflowId });
    return workflowExecutionInfo?.execution?.runId === runId;
  }

  /** Whether it failed at its start since its input was no erasure request. */
  async isRefused({ workflowId, runId, status }: ListedRun): Promise<boolean> {
    if (status !== 'failed') return false;
    const { history } = await this.#call(({ workflowService, namespace }) =>
      workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
      }),
    );
    const failed = history?.events?.at(-1)?.workflowExecutionFailedEventAttributes;
    return failed?.failure?.applicationFailureInfo?.type === 'InvalidRequest';
  }

  async isServed(queue: string, kind: 'workflow' | 'activity'): Promise<boolean> {
    const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = TaskQueueType;
    const taskQueueType = kind === 'workflow' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY;
    const { pollers } = await this.#call(({ workflowService, namespace }) =>
      workflowService.describeTaskQueue({ namespace, taskQueue: { name: queue }, taskQueueType }),
    );
    return (pollers ?? []).length > 0;
  }

  #call<T>(
    use: (parts: { readonly workflowService: Client['workflowService']; readonly namespace: string }) => Promise<T>,
  ): Promise<T> {
    const parts = { workflowService: this.#client.workflowService, namespace: this.#namespace };
    return this.#client.withDeadline(Date.now() + CALL_MS_MAX, () => use(parts));
  }

  #describe(execution: { readonly workflowId: string; readonly runId?: string }) {
    return this.#call(({ workflowService, namespace }) =>
      workflowService.describeWorkflowExecution({ namespace, execution }),
    );
  }

  async #list(query: string, cursor?: string): Promise<Page<ExecutionInfo>> {
    const nextPageToken = cursor === undefined ? new Uint8Array() : Buffer.from(cursor, 'base64');
    const { executions, nextPageToken: next } = await this.#call(({ workflowService, namespace }) =>
      workflowService.listWorkflowExecutions({ namespace, query, pageSize: PAGE_SIZE, nextPageToken }),
    );
    return {
      items: executions ?? [],
      ...defined({ cursor: next?.length ? Buffer.from(next).toString('base64') : undefined }),
    };
  }

  /** The server tells pending timers nowhere but in the history, which is short as a rule: about 60 events. */
  async #readHistory(execution: { readonly workflowId: string; readonly runId: string }) {
    const timers = new Map<string, RunDetails['timers'][number]>();
    let lastEventId = 0;
    let failedFor: RunDetails['failedFor'] | undefined;
    const events = eventsOf(this.#client, { namespace: this.#namespace, ...execution }, HISTORY_MS_MAX);
    for await (const event of events) {
      const started = event.timerStartedEventAttributes;
      const over = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
      if (started?.timerId) {
        const dueAt = (optionalTsToMs(event.eventTime) ?? 0) + (optionalTsToMs(started.startToFireTimeout) ?? 0);
        timers.set(started.timerId, { dueAt, isReminder: labelOf(event).includes(REMINDER_LABEL) });
      } else if (over?.timerId) timers.delete(over.timerId);
      // Of its latest workflow task.
      if (event.workflowTaskCompletedEventAttributes) failedFor = undefined;
      const failed = event.workflowTaskFailedEventAttributes;
      if (failed) {
        const { WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES: BAD_SEARCH_ATTRIBUTES } = WorkflowTaskFailedCause;
        failedFor = failed.cause === BAD_SEARCH_ATTRIBUTES ? 'search-attributes' : undefined;
      }
      lastEventId = Number(event.eventId ?? lastEventId);
    }
    return { timers: [...timers.values()], lastEventId, failedFor };
  }
}

/** A run that keeps no search attributes may concern any provider; one that has just begun has none yet. */
function concerning(provider: Provider): string {
  const { name } = searchAttributes.providers;
  const startedLongAgo = compare('StartTime', '<', Date.now() - 15 * MINUTE_MS);
  return `(${compare(name, '=', provider)} OR (${name} IS NULL AND ${startedLongAgo}))`;
}

function labelOf({ userMetadata }: HistoryEvent): string {
  return new TextDecoder().decode(userMetadata?.summary?.data ?? new Uint8Array());
}

/** Undefined where the run has ended, or has an id that is none of ours: it is refused, and found once it has ended. */
function openRequestOf({ execution, startTime, closeTime, ...info }: ExecutionInfo): OpenRequest | undefined {
  const requestId = requestIdOf(execution?.workflowId);
  if (requestId === undefined || closeTime) return undefined;
  const about = { requestId, runId: execution?.runId ?? '', startedAt: optionalTsToMs(startTime) ?? 0 };
  try {
    return { ...about, ...indexOf(info.searchAttributes) };
  } catch {
    // Whoever may write to the namespace can write search attributes, too: what cannot be decoded is reported as that.
    return { ...about, isReportedFailing: false, isIndexBroken: true };
  }
}

function indexOf(indexed: ExecutionInfo['searchAttributes']): Pick<OpenRequest, 'index' | 'isReportedFailing'> {
  const found = decodeSearchAttributes(indexed?.indexedFields);
  const isReportedFailing = (found[REPORTED_PROBLEMS] ?? []).length > 0;
  const state = found[searchAttributes.state.name]?.[0];
  if (typeof state !== 'string') return { isReportedFailing };
  const dueAt = found[searchAttributes.dueAt.name]?.[0];
  const index = {
    state,
    ...defined({ dueAt: dueAt instanceof Date ? dueAt.getTime() : undefined }),
    blockedOn: (found[searchAttributes.blockedOn.name] ?? []).map(String),
  };
  return { index, isReportedFailing };
}

function listedRunOf({ execution, startTime, closeTime, status }: ExecutionInfo): ListedRun {
  const ended = runEndOf(status);
  return {
    workflowId: execution?.workflowId ?? '',
    ...defined({ requestId: requestIdOf(execution?.workflowId) }),
    runId: execution?.runId ?? '',
    startedAt: optionalTsToMs(startTime) ?? 0,
    status: ended ?? 'open',
    closedAt: ended === undefined ? Infinity : (optionalTsToMs(closeTime) ?? 0),
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
  const signs = isRunning ? [lastStartedTime, lastHeartbeatTime] : [scheduledTime, nextAttemptScheduleTime];
  return {
    type: activityType?.name ?? '',
    isPaused:
      state === PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED ||
      state === PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED,
    state: isRunning ? 'running' : 'waiting',
    since: Math.max(...signs.map((sign) => optionalTsToMs(sign) ?? 0)),
    ...defined({ step: stepUnderWay(activity, Date.now()) }),
  };
}
