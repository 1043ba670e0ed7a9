import type { RequestStateName, RunStatus } from './states';
import { workflowIdOf } from '../temporal/names';

/** Every failure that the client itself foresees. Messages are whole sentences, without identifiers of the data subject. */
export abstract class ErasureClientError extends Error {}

/** What is wrong with a field of a request, or odd about it: its path and one sentence, never what stands there. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

/** The submission is not valid. `problems` say why, field by field. */
export class InvalidSubmissionError extends ErasureClientError {
  override readonly name = 'InvalidSubmissionError';
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    const lines = problems.map(({ field, problem }) => `  - ${field}: ${problem}`);
    super(`This is no erasure request:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** The file of many requests cannot be taken as a whole: nothing of it was submitted. The message names lines and columns, never content. */
export class BulkFileError extends ErasureClientError {
  override readonly name = 'BulkFileError';
}

/** A typed filter of requests cannot be read. The message names positions and what is known, never what was typed. */
export class FilterError extends ErasureClientError {
  override readonly name = 'FilterError';
}

/** Submitting takes keys that this client does not have. */
export class SealingUnavailableError extends ErasureClientError {
  override readonly name = 'SealingUnavailableError';
}

/** Temporal could not be reached, did not answer in time, or refused us. What was asked for may have happened or not. */
export class TemporalUnavailableError extends ErasureClientError {
  override readonly name = 'TemporalUnavailableError';
  /** No answer came within the deadline, as opposed to a refusal. */
  readonly timedOut: boolean;

  constructor(message: string, options: { readonly timedOut?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.timedOut = options.timedOut ?? false;
  }
}

/** There is no such request, or none any more: Temporal forgets closed ones when its retention is over. */
export class RequestNotFoundError extends ErasureClientError {
  override readonly name = 'RequestNotFoundError';
  /** Absent where what was asked for is no request id. It is not repeated, since it may be anything. */
  readonly requestId?: string;

  constructor(requestId?: string) {
    super(
      requestId === undefined
        ? 'That is no request id: expected a lower case UUID.'
        : `There is no request ${requestId}, or none any more.`,
    );
    if (requestId !== undefined) this.requestId = requestId;
  }
}

/** Of those below: about one request, which they name. */
abstract class OneRequestError extends ErasureClientError {
  readonly requestId: string;

  constructor(requestId: string, message: string) {
    super(message);
    this.requestId = requestId;
  }
}

/**
 * There is a request of this id already, and it is not known to be the same one. Nothing was started or changed.
 * `unknown-content`: it was started without the client (e.g. in the Temporal UI) and carries no fingerprint to compare.
 */
export class RequestConflictError extends OneRequestError {
  override readonly name = 'RequestConflictError';
  readonly workflowId: string;
  readonly reason: 'different-content' | 'unknown-content';

  constructor(requestId: string, reason: RequestConflictError['reason']) {
    super(
      requestId,
      reason === 'different-content'
        ? `Request ${requestId} exists already with another content. Nothing was started; use another request id.`
        : `Request ${requestId} exists already and was started without this client's keys, so nobody can tell ` +
            'whether it is the same one. Nothing was started; look at it, or use another request id.',
    );
    this.workflowId = workflowIdOf(requestId);
    this.reason = reason;
  }
}

/** The decision was not taken; the message says why, in the workflow's own words. */
export class DecisionRefusedError extends OneRequestError {
  override readonly name = 'DecisionRefusedError';
}

/** The run ended without a certificate: its input was refused, or somebody terminated it. */
export class RequestFailedError extends OneRequestError {
  override readonly name = 'RequestFailedError';
  readonly status: Exclude<RunStatus, 'running' | 'completed'>;

  constructor(requestId: string, status: RequestFailedError['status'], reason?: string) {
    super(
      requestId,
      `Request ${requestId} ended without a certificate (${status}).${reason === undefined ? '' : ` ${reason}`}`,
    );
    this.status = status;
  }
}

/** The request has ended, so it can no longer be withdrawn. `state` says how. */
export class RequestOverError extends OneRequestError {
  override readonly name = 'RequestOverError';
  readonly state: RequestStateName;

  constructor(requestId: string, state: RequestStateName) {
    super(requestId, `Request ${requestId} is over (${state}): nothing is left to withdraw.`);
    this.state = state;
  }
}

/** The request has not ended, or not within the time given to wait for that: there is no result yet. */
export class RequestStillRunningError extends OneRequestError {
  override readonly name = 'RequestStillRunningError';

  constructor(requestId: string) {
    super(requestId, `Request ${requestId} is still running.`);
  }
}

/** Temporal is there, but no worker answered for the request in time. The request itself is safe and goes on later. */
export class NoWorkerError extends OneRequestError {
  override readonly name = 'NoWorkerError';

  constructor(requestId: string, consequence?: string) {
    super(
      requestId,
      `No worker answered for request ${requestId} in time: none serves the queue "erasure", or none gets through ` +
        `this request.${consequence === undefined ? '' : ` ${consequence}`}`,
    );
  }
}
