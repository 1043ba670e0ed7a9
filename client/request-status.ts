import type { WorkflowExecutionInfo, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import type { RequestOutcome } from '../domain/leg/outcome';
import type { RequestProgress } from '../domain/request/request-progress';
import type { StepUnderWay } from '../domain/leg/step-under-way';
import type { ErasureResult } from '../domain/request/erasure-result';
import { runEndOf } from '../temporal/run-end';
import { RequestFailedError } from './errors';
import type { RequestStateName, RunStatus } from './states';

/** One request as Temporal knows it. Instants are RFC 3339 in UTC. */
export interface RequestStatus {
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** How the run stands. */
  readonly status: RunStatus;
  readonly state: RequestStateName;
  readonly startedAt: string;
  readonly closedAt?: string;
  /** While it runs: what each provider waits for. Absent where no worker could answer in time. */
  readonly progress?: RequestProgress;
  /** While it runs: the steps that do not get through, and why. Temporal itself tells them, also where no worker answers. */
  readonly underWay?: readonly StepUnderWay[];
  /** Once it has completed: outcome, legs and certificate. */
  readonly result?: ErasureResult;
  /** `watch` only: the certificate, where it is there and the run goes on until the person has been told. */
  readonly certificate?: string;
  /** What that certificate says of the whole request. */
  readonly outcome?: RequestOutcome;
  /** Why it ended without a certificate, where that is known. */
  readonly failure?: string;
}

/** The erasure is confirmed by its certificate. The run itself may go on until the person has been told. */
export interface CertifiedResult extends ErasureResult {
  /** The answer that the person is still owed; absent where none is. */
  readonly outstandingAnswer?: OutstandingAnswer;
}

export interface OutstandingAnswer {
  /** What staff have to do, in sentences. */
  readonly todo: readonly string[];
  /** The law's day, e.g. `2026-03-02`; absent where no calendar holds for it, or nobody could say. */
  readonly by?: string;
}

export function runStatusOf({ status }: Pick<WorkflowExecutionInfo, 'status'>): RunStatus {
  return runEndOf(status.code) ?? 'running';
}

export function requestStateOf({
  status,
  progress,
  result,
}: Pick<RequestStatus, 'status' | 'progress' | 'result'>): RequestStateName {
  if (result !== undefined) return result.outcome;
  if (progress?.legs.some(({ state }) => state === 'attention') === true) return 'attention';
  return progress?.state ?? status;
}

/** Only the workflow's own words are repeated: the reason of a termination is free text that anybody typed. */
export function requestFailure(requestId: string, { cause }: WorkflowFailedError): RequestFailedError {
  if (cause instanceof TerminatedFailure) return new RequestFailedError(requestId, 'terminated');
  if (cause instanceof TimeoutFailure) return new RequestFailedError(requestId, 'timed-out');
  if (cause instanceof CancelledFailure) return new RequestFailedError(requestId, 'cancelled');
  const why = cause instanceof ApplicationFailure && cause.type === 'InvalidRequest' ? cause.message : undefined;
  return new RequestFailedError(requestId, 'failed', why);
}
