/** Submits a request as the product does, on virtual time, and so that its clock begins where the providers' clock is. */
import { randomUUID } from 'node:crypto';
import { Client, type ConnectionLike } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import type { temporal } from '@temporalio/proto';
import { prepareRequest } from '../client/prepared-request';
import { RequestCalls } from '../client/request-calls';
import { submitRequest, type Submitted } from '../client/submitting';
import { SECOND_MS } from '../domain/duration';
import type { ErasureSubmission } from '../client';
import type { Sealer } from '../security/sealing';
import { NAMESPACE, type World } from './world';

const CALL_MS_MAX = 10 * SECOND_MS;
type StartRequest = temporal.api.workflowservice.v1.IStartWorkflowExecutionRequest;

/**
 * Each run is started with a delay that its own clock then skips: by as much as the providers' clock is ahead of this machine's.
 * Otherwise those that start late in a long run would see providers from another year.
 */
export function submitAhead(
  world: World,
  submission: ErasureSubmission,
  { sealer, aheadMs }: { readonly sealer: Sealer; readonly aheadMs: number },
): Promise<Submitted> {
  const delayMs = Math.max(0, Math.round(aheadMs));
  const connection = startingAhead(world.productClient.connection, delayMs);
  const calls = new RequestCalls(new Client({ connection, namespace: NAMESPACE }), CALL_MS_MAX);
  return prepareRequest(submission, sealer).then((prepared) => submitRequest(calls, prepared));
}

function startingAhead<C extends ConnectionLike>(connection: C, delayMs: number): C {
  const service = connection.workflowService;
  const timeSkippingConfig =
    delayMs === 0
      ? { enabled: false }
      : { enabled: true, fastForwardConfig: { id: randomUUID(), duration: msToTs(delayMs) } };
  const ahead = delayMs === 0 ? {} : { workflowStartDelay: msToTs(delayMs) };
  const workflowService = Object.create(service, {
    startWorkflowExecution: {
      value: (request: StartRequest) => service.startWorkflowExecution({ ...request, ...ahead, timeSkippingConfig }),
    },
  });
  return Object.create(connection, { workflowService: { value: workflowService } }) as C;
}
