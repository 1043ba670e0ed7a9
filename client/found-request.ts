/** What Temporal's index and the first event of a history tell of a request, without asking its worker. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter, defineSearchAttributeKey } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { defined } from '../domain/defined';
import { parseInstant } from '../domain/instant';
import { isRegulation, type Regulation } from '../domain/law/regulation';
import { isRecord } from '../domain/text';
import { requestIdOf, searchAttributes } from '../temporal/names';
import { RequestNotFoundError } from './errors';
import type { RunStatus } from './states';
import type { RequestCalls } from './request-calls';
import { runStatusOf } from './request-status';

const dueAtKey = defineSearchAttributeKey(searchAttributes.dueAt.name, searchAttributes.dueAt.type);

/** One run of a request. Instants in epoch ms. */
export interface FoundRequest {
  readonly requestId: string;
  readonly runId: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly closedAt?: number;
  /** The law's day for the answer: its last millisecond. Absent where it is not indexed, or the rules name no calendar. */
  readonly dueAt?: number;
}

/** What was asked for, as far as it says nothing about the person. */
export interface RequestOrigin {
  readonly regulation: Regulation;
  /** When the person made the request, epoch ms. */
  readonly submittedAt: number;
}

/** Undefined for a run that was started under another id, which it was refused for. */
export function foundRequest(run: WorkflowExecutionInfo): FoundRequest | undefined {
  const requestId = requestIdOf(run.workflowId);
  if (requestId === undefined) return undefined;
  return {
    requestId,
    runId: run.runId,
    status: runStatusOf(run),
    startedAt: run.startTime.getTime(),
    ...defined({ closedAt: run.closeTime?.getTime(), dueAt: run.typedSearchAttributes.get(dueAtKey)?.getTime() }),
  };
}

export async function requestOrigin(
  calls: RequestCalls,
  { requestId, runId }: Pick<FoundRequest, 'requestId' | 'runId'>,
): Promise<RequestOrigin | undefined> {
  const event = await calls.firstEvent(requestId, runId);
  const payload = event?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (payload === undefined) return undefined;
  let input: unknown;
  try {
    input = defaultPayloadConverter.fromPayload(payload);
  } catch {
    // Started by anybody, with anything.
    return undefined;
  }
  if (!isRecord(input)) return undefined;
  const submittedAt = parseInstant(input['submittedAt']);
  const regulation = input['regulation'];
  return submittedAt === undefined || !isRegulation(regulation) ? undefined : { regulation, submittedAt };
}

/** The run that the request was started as: a reset keeps it. */
export async function firstRunId(calls: RequestCalls, requestId: string): Promise<string> {
  const event = await calls.firstEvent(requestId);
  const runId = event?.workflowExecutionStartedEventAttributes?.originalExecutionRunId;
  if (!runId) throw new RequestNotFoundError(requestId);
  return runId;
}

export async function retentionMs(calls: RequestCalls): Promise<number | undefined> {
  const { workflowService, options } = calls.client;
  const { namespace } = options;
  const { config } = await calls.call(undefined, () => workflowService.describeNamespace({ namespace }));
  return optionalTsToMs(config?.workflowExecutionRetentionTtl);
}
