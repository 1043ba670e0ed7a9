/** How a run has ended, in one word, by the code that Temporal's API has for its status. */
import { temporal } from '@temporalio/proto';

const { WorkflowExecutionStatus } = temporal.api.enums.v1;
export type RunStatusCode = temporal.api.enums.v1.WorkflowExecutionStatus;
export type RunEnd = 'completed' | 'failed' | 'terminated' | 'timed-out' | 'cancelled';

const ends: ReadonlyMap<RunStatusCode, RunEnd> = new Map([
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED, 'completed'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED, 'failed'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED, 'terminated'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, 'timed-out'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED, 'cancelled'],
]);

/** Undefined for one that is open; what a newer server calls by a code of its own is taken for open. */
export function runEndOf(status: RunStatusCode | null | undefined): RunEnd | undefined {
  return status === null || status === undefined ? undefined : ends.get(status);
}
