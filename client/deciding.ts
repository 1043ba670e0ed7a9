/** How a decision reaches a request that runs, and what it means when it does not. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { readDecision, sentProblem, type DecisionContent } from '../domain/decision/decision';
import type { DecisionKind } from '../domain/decision/decision-table';
import { defined } from '../domain/defined';
import { decisionUpdates, type DecisionAnswer } from '../workflows/messages';
import { DecisionRefusedError, NoWorkerError, RequestNotFoundError, RequestOverError } from './errors';
import { requestStatus } from './following';
import type { RequestCalls } from './request-calls';
import { runStatusOf, type RequestStatus } from './request-status';

/** A staff member's decision. `actor` is an opaque id; `reason` a code and a ticket reference. */
export type DecisionOptions<K extends DecisionKind = DecisionKind> = DecisionContent<K> & {
  /** Makes a repetition of this very call safe: the same id is taken once per request. Made up where absent. */
  readonly decisionId?: string | undefined;
};

export async function decide<K extends DecisionKind>(
  calls: RequestCalls,
  kind: K,
  requestId: string,
  { decisionId, ...sent }: DecisionOptions<K>,
): Promise<DecisionAnswer<K>> {
  const handle = calls.handle(requestId);
  const problem = sentProblem(kind, [sent]);
  if (problem !== undefined) throw new DecisionRefusedError(requestId, problem);
  const content = { ...readDecision(kind, sent).content, ...defined({ token: sent.token }) };
  try {
    return await calls.call(requestId, () =>
      handle.executeUpdate(decisionUpdates[kind], { args: [content], ...defined({ updateId: decisionId }) }),
    );
  } catch (error) {
    throw await decisionFailure(calls, requestId, error);
  }
}

async function decisionFailure(calls: RequestCalls, requestId: string, error: unknown): Promise<unknown> {
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    const isRefusal = cause instanceof ApplicationFailure && cause.type === 'DecisionRefused';
    return isRefusal ? new DecisionRefusedError(requestId, cause.message) : error;
  }
  if (error instanceof RequestNotFoundError) {
    // Temporal gives this answer for a request that is over, too; this throws if there is none.
    const status = runStatusOf(await calls.describe(requestId));
    return new DecisionRefusedError(requestId, `Request ${requestId} is over (${status}): nothing is left to decide.`);
  }
  if (await calls.isUnanswered(requestId, error)) {
    return new NoWorkerError(requestId, 'The decision may still be taken: look at the request before you repeat it.');
  }
  return error;
}

/** Temporal's own cancellation. */
export async function cancelRequest(calls: RequestCalls, requestId: string): Promise<RequestStatus> {
  try {
    await calls.call(requestId, () => calls.handle(requestId).cancel());
  } catch (error) {
    if (!(error instanceof RequestNotFoundError)) throw error;
    // Some servers answer so for a request that is over, others as if they had taken it; this throws if there is none.
  }
  const found = await requestStatus(calls, requestId);
  if (found.status !== 'running' && found.state !== 'withdrawn') throw new RequestOverError(requestId, found.state);
  return found;
}
