/** Looks at a run and moves its clock, with as few calls as it takes: thousands of runs are moved again and again. */
import { randomUUID } from 'node:crypto';
import type { Connection } from '@temporalio/client';
import { msToTs, optionalTsToMs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { SECOND_MS } from '../domain/duration';
import { searchAttributes, workflowIdOf } from '../temporal/names';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import { NAMESPACE } from './world';

const { WorkflowExecutionStatus, PendingActivityState } = temporal.api.enums.v1;
const CALL_MS_MAX = 10 * SECOND_MS;
/** A leg that waits for its provider's brake asks every minute: not all the minutes of some days. */
const SKIPS_MAX = 12;

export type RunStatus =
  'running' | 'completed' | 'failed' | 'canceled' | 'terminated' | 'timed_out' | 'continued_as_new';

export interface RunLook {
  readonly runId: string;
  readonly status: RunStatus;
  /** By the run's own clock, epoch ms. */
  readonly now: number;
  /** `ErasureState`; absent until its first worker has set it. */
  readonly state: string | undefined;
  readonly blockedOn: readonly string[];
  /** What is called right now, or waits for a worker: not in back-off. */
  readonly underWay: readonly string[];
  readonly pending: readonly string[];
}

const statusNames = new Map<number, RunStatus>(
  (['running', 'completed', 'failed', 'canceled', 'terminated', 'continued_as_new', 'timed_out'] as const).map(
    (name) => [
      WorkflowExecutionStatus[
        `WORKFLOW_EXECUTION_STATUS_${name.toUpperCase()}` as keyof typeof WorkflowExecutionStatus
      ],
      name,
    ],
  ),
);

/** Undefined where there is no such run. */
export async function lookAtRun(connection: Connection, requestId: string): Promise<RunLook | undefined> {
  const found = await connection
    .withDeadline(Date.now() + CALL_MS_MAX, () =>
      connection.workflowService.describeWorkflowExecution({
        namespace: NAMESPACE,
        execution: { workflowId: workflowIdOf(requestId) },
      }),
    )
    .catch((error: unknown) => {
      if (hasGrpcStatus(error, 'NOT_FOUND')) return undefined;
      throw error;
    });
  if (found === undefined) return undefined;
  const info = found.workflowExecutionInfo;
  const fields = info?.searchAttributes?.indexedFields ?? {};
  const now = optionalTsToMs(found.workflowExtendedInfo?.timeSkippingInfo?.currentTime) ?? Date.now();
  const activities = (found.pendingActivities ?? []).map((activity) => ({
    words: `${activity.activityType?.name ?? ''} (attempt ${activity.attempt ?? 1}${activity.lastFailure?.message ? `, last: ${activity.lastFailure.message}` : ''})`,
    isWaiting:
      activity.state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED &&
      (optionalTsToMs(activity.nextAttemptScheduleTime) ?? 0) > now,
  }));
  const task = found.pendingWorkflowTask ? [`a workflow task (attempt ${found.pendingWorkflowTask.attempt ?? 1})`] : [];
  return {
    runId: info?.execution?.runId ?? '',
    status: statusNames.get(info?.status ?? 0) ?? 'running',
    now,
    state: textsOf(fields[searchAttributes.state.name])[0],
    blockedOn: textsOf(fields[searchAttributes.blockedOn.name]),
    underWay: [...task, ...activities.filter(({ isWaiting }) => !isWaiting).map(({ words }) => words)],
    pending: [...task, ...activities.map(({ words }) => words)],
  };
}

function textsOf(payload: temporal.api.common.v1.IPayload | undefined): string[] {
  if (!payload?.data?.length) return [];
  const value: unknown = JSON.parse(Buffer.from(payload.data).toString('utf8'));
  return [value].flat().filter((text): text is string => typeof text === 'string');
}

/**
 * Moves a run forward and waits for it, at most `waitMs`: a call under way holds the clock up, and it goes on when that is over.
 * Where it ends too late (see `fastForward` in temporal/virtual-time.ts) the run is ahead of the providers for a while.
 */
export async function moveRun(
  connection: Connection,
  { requestId, byMs, waitMs }: { readonly requestId: string; readonly byMs: number; readonly waitMs: number },
): Promise<void> {
  const workflowExecution = { workflowId: workflowIdOf(requestId) };
  const fastForwardId = randomUUID();
  const until = Date.now() + waitMs;
  try {
    await connection.withDeadline(Date.now() + CALL_MS_MAX, () =>
      connection.workflowService.updateWorkflowExecutionOptions({
        namespace: NAMESPACE,
        workflowExecution,
        workflowExecutionOptions: {
          timeSkippingConfig: {
            enabled: true,
            maxSessionSkipCount: SKIPS_MAX,
            fastForwardConfig: { id: fastForwardId, duration: msToTs(byMs) },
          },
        },
        updateMask: { paths: ['time_skipping_config'] },
      }),
    );
    await connection.withDeadline(until, () =>
      connection.workflowService.pollWorkflowExecutionTimeSkipping({
        namespace: NAMESPACE,
        workflowExecution,
        fastForwardId,
      }),
    );
  } catch (error) {
    // It has ended meanwhile, or is held up: the next look tells.
    if (!hasGrpcStatus(error, 'NOT_FOUND', 'DEADLINE_EXCEEDED', 'CANCELLED')) throw error;
  }
}
