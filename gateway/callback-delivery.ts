import type { ConnectionLike } from '@temporalio/client';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { SECOND_MS } from '../domain/duration';
import type { CallbackRemark } from '../domain/leg/receipt';
import type { FactSigner } from '../security/facts';
import { deliveryIdOf, type CallbackSubject } from '../security/callback-capability';
import {
  deliverCallback,
  providerConfirmed,
  providerReported,
  type ProviderConfirmation,
  type ProviderReport,
} from '../workflows/messages';
import { workflowIdOf, WORKFLOW_TYPE } from '../temporal/names';
import { failureCode, hasGrpcStatus, isSignalLimit, isWorkflowNotFound } from '../temporal/temporal-failure';

const { WORKFLOW_EXECUTION_STATUS_RUNNING: RUNNING } = temporal.api.enums.v1.WorkflowExecutionStatus;
const { UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED: COMPLETED } =
  temporal.api.enums.v1.UpdateWorkflowExecutionLifecycleStage;
const IDENTITY = 'erasure-gateway';
const DELIVERY_MS_MAX = 5 * SECOND_MS;

/**
 * What became of a callback. `temporal-away`: nothing is durable, or we cannot tell. `run-full`: the run can be told nothing
 * any more. `reason` is a code for the log.
 */
export type Delivery =
  | { readonly outcome: 'delivered' | 'already-over' | 'unknown' }
  | { readonly outcome: 'temporal-away' | 'run-full'; readonly reason: string };

/** The event that confirms, or what it said instead. */
export type CallbackContent = { readonly event: string } | { readonly says: CallbackRemark };

export type ProvenCallback = CallbackSubject & CallbackContent & { readonly receivedAt: number };

export interface CallbackDelivery {
  /** Tells the request what its provider said. Safe to repeat: Temporal drops the same callback's later signals. Never throws. */
  deliver(callback: ProvenCallback): Promise<Delivery>;
}

export function createCallbackDelivery({
  connection,
  namespace,
  signer,
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Signs what a callback said: the run believes nothing else. */
  readonly signer: FactSigner;
}): CallbackDelivery {
  const { workflowService } = connection;

  return {
    async deliver(callback) {
      try {
        return await connection.withDeadline(Date.now() + DELIVERY_MS_MAX, () => signal(callback));
      } catch (error) {
        return { outcome: 'temporal-away', reason: failureCode(error) };
      }
    },
  };

  async function signal(callback: ProvenCallback): Promise<Delivery> {
    const { requestId, runId, provider, handle, receivedAt } = callback;
    const workflowId = workflowIdOf(requestId);
    const said = 'says' in callback ? { handle, says: callback.says } : { handle, event: callback.event };
    const fact = { kind: 'callback', requestId, run: runId, provider, content: said } as const;
    const content: ProviderConfirmation | ProviderReport = {
      provider,
      ...said,
      witness: signer.sign(fact, receivedAt),
    };
    const message = 'says' in callback ? providerReported : providerConfirmed;
    const input = { payloads: toPayloads(defaultPayloadConverter, content) ?? [] };
    const deliveryId = deliveryIdOf(callback);
    try {
      // The client library's own `signal` makes a fresh request id each time, so a repeated callback would be a second event.
      await workflowService.signalWorkflowExecution({
        namespace,
        workflowExecution: { workflowId },
        signalName: message.name,
        input,
        identity: IDENTITY,
        requestId: deliveryId,
      });
      return { outcome: 'delivered' };
    } catch (error) {
      if (isSignalLimit(error)) return update(workflowId, { input, deliveryId });
      if (!isWorkflowNotFound(error)) throw error;
      return whyNotFound(workflowId);
    }
  }

  /** Needs a worker, which a signal does not. Temporal counts updates for themselves, and drops the same id's later ones. */
  async function update(
    workflowId: string,
    { input, deliveryId }: { readonly input: temporal.api.common.v1.IPayloads; readonly deliveryId: string },
  ): Promise<Delivery> {
    try {
      const { outcome } = await workflowService.updateWorkflowExecution({
        namespace,
        workflowExecution: { workflowId },
        waitPolicy: { lifecycleStage: COMPLETED },
        request: {
          meta: { updateId: deliveryId, identity: IDENTITY },
          input: { name: deliverCallback.name, args: input },
        },
      });
      return outcome?.success ? { outcome: 'delivered' } : { outcome: 'run-full', reason: 'update refused' };
    } catch (error) {
      const isFull = hasGrpcStatus(error, 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION');
      return { outcome: isFull ? 'run-full' : 'temporal-away', reason: failureCode(error) };
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
