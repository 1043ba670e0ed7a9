/** Calls to Temporal about requests: each has a deadline, and fails with the client's own errors. */
import {
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { defined } from '../domain/defined';
import { isRequestId } from '../domain/request/request';
import { addressOf } from '../temporal/connection';
import { workflowIdOf } from '../temporal/names';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import type { erasureRequest } from '../workflows';
import { withUnavailability } from './open-connection';
import { ErasureClientError, RequestNotFoundError, TemporalUnavailableError } from './errors';

export class RequestCalls {
  readonly client: Client;
  readonly timeoutMs: number;

  constructor(client: Client, timeoutMs: number) {
    this.client = client;
    this.timeoutMs = timeoutMs;
  }

  /** `requestId`: the request that the call is about, if it is about one. */
  async call<T>(requestId: string | undefined, work: () => Promise<T>, timeoutMs = this.timeoutMs): Promise<T> {
    try {
      return await this.client.withDeadline(Date.now() + timeoutMs, work);
    } catch (error) {
      if (error instanceof ErasureClientError) throw error;
      if (error instanceof WorkflowNotFoundError) throw new RequestNotFoundError(requestId);
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        throw new TemporalUnavailableError('Temporal did not answer in time.', { timedOut: true, cause: error });
      }
      throw withUnavailability(error, addressOf(this.client.connection));
    }
  }

  /** Throws `RequestNotFoundError` for what is no request id. */
  handle(requestId: string): WorkflowHandle<typeof erasureRequest> {
    if (!isRequestId(requestId)) throw new RequestNotFoundError();
    return this.client.workflow.getHandle<typeof erasureRequest>(workflowIdOf(requestId));
  }

  async describe(requestId: string): Promise<WorkflowExecutionDescription> {
    return this.call(requestId, () => this.handle(requestId).describe());
  }

  /** The first event of the newest run's history, or of the run named: costs no query, and needs no worker. */
  async firstEvent(requestId: string, runId?: string): Promise<temporal.api.history.v1.IHistoryEvent | undefined> {
    const { workflowService, options } = this.client;
    const { history } = await this.call(requestId, () =>
      workflowService.getWorkflowExecutionHistory({
        namespace: options.namespace,
        execution: { workflowId: workflowIdOf(requestId), ...defined({ runId }) },
        maximumPageSize: 1,
      }),
    );
    return history?.events?.[0];
  }

  /** Whether Temporal itself is well and merely no worker answers for this request. */
  async isUnanswered(requestId: string, error: unknown): Promise<boolean> {
    const isPossible =
      (error instanceof TemporalUnavailableError && error.timedOut) || hasGrpcStatus(error, 'FAILED_PRECONDITION');
    if (isPossible) await this.describe(requestId);
    return isPossible;
  }

  /** Throws the signal's reason once it has aborted. */
  async unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (signal === undefined) return work();
    signal.throwIfAborted();
    // One of its own for each call: Temporal's client never takes its listeners off a signal, and this one may live for days.
    const ofThisCall = new AbortController();
    const abort = (): void => ofThisCall.abort();
    signal.addEventListener('abort', abort);
    try {
      return await this.client.withAbortSignal(ofThisCall.signal, work);
    } finally {
      signal.removeEventListener('abort', abort);
      // An aborted query looks like one that no worker answered.
      signal.throwIfAborted();
    }
  }
}
