/** How a decision reaches a request that runs, and what it means when it does not. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import {
  providerDecisionKinds,
  whyNoDecision,
  whyNoRequestDecision,
  type DecisionKind,
  type ProviderDecision,
  type RequestDecisionKind,
  type RequestDecisions,
} from '../domain/decision/decision';
import { defined } from '../domain/defined';
import type { LegProgress } from '../domain/leg/leg-progress';
import type { RequestProgress } from '../domain/request/request-progress';
import { providerDecisionUpdates, requestDecisionUpdates } from '../workflows/messages';
import { DecisionRefusedError, NoWorkerError, RequestNotFoundError, RequestOverError } from './errors';
import { requestStatus } from './following';
import type { RequestCalls } from './request-calls';
import { runStatusOf, type RequestStatus } from './request-status';

type Kind = DecisionKind | RequestDecisionKind;
type Content<K extends Kind> = K extends RequestDecisionKind ? RequestDecisions[K] : ProviderDecision;
/** A decision about a provider resolves to its leg, one about the request to the request: as it stands after the decision. */
export type DecisionAnswer<K extends Kind> = K extends RequestDecisionKind ? RequestProgress : LegProgress;

/** A staff member's decision. `actor` is an opaque id; `reason` a code and a ticket reference. */
export type DecisionOptions<K extends Kind = Kind> = Content<K> & {
  /** Makes a repetition of this very call safe: the same id is taken once per request. Made up where absent. */
  readonly decisionId?: string | undefined;
};

export async function decide<K extends Kind>(
  calls: RequestCalls,
  kind: K,
  requestId: string,
  decision: DecisionOptions<K>,
): Promise<DecisionAnswer<K>> {
  const handle = calls.handle(requestId);
  const problem = isAboutProvider(kind) ? whyNoDecision(decision) : whyNoRequestDecision(kind, decision);
  if (problem !== undefined) throw new DecisionRefusedError(requestId, problem);
  const { decisionId, ...content } = decision;
  const updates = { ...providerDecisionUpdates, ...requestDecisionUpdates };
  const update = updates[kind] as unknown as UpdateDefinition<DecisionAnswer<K>, [unknown]>;
  try {
    return await calls.call(requestId, () =>
      handle.executeUpdate(update, { args: [content], ...defined({ updateId: decisionId }) }),
    );
  } catch (error) {
    throw await whyNotDecided(calls, requestId, error);
  }
}

async function whyNotDecided(calls: RequestCalls, requestId: string, error: unknown): Promise<unknown> {
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
export async function withdrawRequest(calls: RequestCalls, requestId: string): Promise<RequestStatus> {
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

function isAboutProvider(kind: Kind): kind is DecisionKind {
  return providerDecisionKinds.some((known) => known === kind);
}
