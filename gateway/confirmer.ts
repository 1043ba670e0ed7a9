import type { ConnectionLike } from '@temporalio/client';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { SECOND_MS } from '../domain/duration';
import { WORKFLOW_TYPE } from '../domain/provider';
import { workflowIdOf } from '../domain/request';
import { signalRequestIdOf, type CallbackSubject } from '../security/callback-capability';
import { providerConfirmed, type ProviderConfirmation } from '../workflows/messages';
import { failureCode, isWorkflowNotFound } from './grpc-failure';

const { WORKFLOW_EXECUTION_STATUS_RUNNING: RUNNING } = temporal.api.enums.v1.WorkflowExecutionStatus;
const DELIVERY_MS_MAX = 5 * SECOND_MS;

/** What became of a callback. `temporal-away`: nothing is durable, or we cannot tell; `reason` is a code for the log. */
export type Delivery =
  | { readonly outcome: 'confirmed' | 'already-over' | 'unknown' }
  | { readonly outcome: 'temporal-away'; readonly reason: string };

export interface Confirmer {
  /** Tells the request that its provider has erased. Safe to repeat: Temporal drops the same callback's later signals. Never throws. */
  confirm(callback: CallbackSubject & { readonly event?: string }): Promise<Delivery>;
}

export function createConfirmer({
  connection,
  namespace,
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
}): Confirmer {
  const { workflowService } = connection;

  return {
    async confirm(callback) {
      try {
        return await connection.withDeadline(Date.now() + DELIVERY_MS_MAX, () => deliver(callback));
      } catch (error) {
        return { outcome: 'temporal-away', reason: failureCode(error) };
      }
    },
  };

  async function deliver(callback: CallbackSubject & { readonly event?: string }): Promise<Delivery> {
    const { requestId, provider, handle, event } = callback;
    const workflowId = workflowIdOf(requestId);
    const confirmation: ProviderConfirmation = { provider, handle, ...(event === undefined ? {} : { event }) };
    try {
      // The client library's own `signal` makes a fresh request id each time, so a repeated callback would be a second event.
      await workflowService.signalWorkflowExecution({
        namespace,
        workflowExecution: { workflowId },
        signalName: providerConfirmed.name,
        input: { payloads: toPayloads(defaultPayloadConverter, confirmation) ?? [] },
        identity: 'erasure-gateway',
        requestId: signalRequestIdOf(handle),
      });
      return { outcome: 'confirmed' };
    } catch (error) {
      if (!isWorkflowNotFound(error)) throw error;
      return whyNotFound(workflowId);
    }
  }

  /** A signal to a request that is over and one to a request that never was fail alike. */
  async function whyNotFound(workflowId: string): Promise<Delivery> {
    try {
      const { workflowExecutionInfo } = await workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId },
      });
      if (workflowExecutionInfo?.type?.name !== WORKFLOW_TYPE) return { outcome: 'unknown' };
      // Started between our two calls: the signal is not in it.
      if (workflowExecutionInfo.status === RUNNING) return { outcome: 'temporal-away', reason: 'started just now' };
      return { outcome: 'already-over' };
    } catch (error) {
      if (!isWorkflowNotFound(error)) throw error;
      return { outcome: 'unknown' };
    }
  }
}
