/** Starts a request once, however often it is submitted. */
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { defined } from '../domain/defined';
import { providerKeys, providerName } from '../domain/provider/provider-table';
import type { ErasureRequestInput } from '../domain/request/request';
import { BULK_PRIORITY, ORDINARY_PRIORITY } from '../domain/request/priority';
import { WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../temporal/names';
import type { erasureRequest } from '../workflows';
import { RequestConflictError, TemporalUnavailableError, type FieldProblem } from './errors';
import type { PreparedRequest } from './prepared-request';
import type { RequestCalls } from './request-calls';

export interface Submitted {
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** The same request had been submitted before: nothing was started now. It may have ended already. */
  readonly duplicate: boolean;
  /** Fields that look wrong: an identifier that a spreadsheet may have rewritten, for example. */
  readonly warnings: readonly FieldProblem[];
}

export interface SubmitOptions {
  /** One of many: requests that were filed one by one go first at the providers, until this one is nearly due. */
  readonly bulk?: boolean;
}

export async function submitRequest(
  calls: RequestCalls,
  prepared: PreparedRequest,
  options: SubmitOptions = {},
): Promise<Submitted> {
  const { requestId, workflowId, warnings } = prepared;
  try {
    const runId = await calls.call(requestId, () => start(calls, prepared, options));
    return { requestId, workflowId, runId, duplicate: false, warnings };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return findDuplicate(calls, prepared);
    if (!(error instanceof TemporalUnavailableError)) throw error;
    const { message, timedOut } = error;
    throw new TemporalUnavailableError(
      `${message} Request ${requestId} may have been started or not; submitting it again with this id is safe.`,
      { timedOut, cause: error },
    );
  }
}

async function start({ client }: RequestCalls, prepared: PreparedRequest, options: SubmitOptions): Promise<string> {
  const handle = await client.workflow.start<typeof erasureRequest>(WORKFLOW_TYPE, startOptions(prepared, options));
  return handle.firstExecutionRunId;
}

/** What a prepared request is started with. */
export function startOptions(
  { workflowId, input, fingerprint }: PreparedRequest,
  { bulk: isBulk = false }: SubmitOptions = {},
) {
  return {
    workflowId,
    taskQueue: WORKFLOW_QUEUE,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    args: [input] as [ErasureRequestInput],
    memo: { fingerprint },
    priority: {
      priorityKey: isBulk ? BULK_PRIORITY : ORDINARY_PRIORITY,
      // Nobody's file keeps another's waiting to its end.
      ...defined({ fairnessKey: input.filedBy }),
    },
    ...labelsOf(input),
  };
}

async function findDuplicate(
  calls: RequestCalls,
  { requestId, workflowId, fingerprints, warnings }: PreparedRequest,
): Promise<Submitted> {
  const { runId, memo } = await calls.describe(requestId);
  const stored = memo?.['fingerprint'];
  if (typeof stored !== 'string') throw new RequestConflictError(requestId, 'unknown-content');
  if (!fingerprints.includes(stored)) throw new RequestConflictError(requestId, 'different-content');
  return { requestId, workflowId, runId, duplicate: true, warnings };
}

/** What the Temporal UI shows of the run: opaque ids and codes only. */
function labelsOf({ requestId, regulation, subject, submittedAt }: ErasureRequestInput) {
  const asked = providerKeys.filter((provider) => subject[provider] !== undefined);
  return {
    staticSummary: `Erasure request (${regulation}) to ${asked.join(', ')}`,
    staticDetails: [
      `Request \`${requestId}\` under \`${regulation}\`, made at ${submittedAt}.`,
      `Each provider is asked to erase, and its window is waited out: ${asked.map(providerName).join(', ')}.`,
      'The identifiers in the input are sealed. Cancel to withdraw; terminating gives no certificate.',
    ].join('\n\n'),
  };
}
