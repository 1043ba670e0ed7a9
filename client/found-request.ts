/** What Temporal's index and the first event of a history tell of a request, without asking its worker. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter, defineSearchAttributeKey } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { defined } from '../domain/defined';
import { parseInstant } from '../domain/instant';
import { isRegulation, type Regulation } from '../domain/law/regulation';
import { isProvider, type Provider } from '../domain/provider/provider-table';
import { blockers, type BlockedOn, type SearchValues } from '../domain/request/search-values';
import { isRecord } from '../domain/text';
import { requestIdOf, searchAttributes } from '../temporal/names';
import { RequestNotFoundError } from './errors';
import type { RunStatus } from './states';
import type { RequestCalls } from './request-calls';
import { runStatusOf } from './request-status';

const keys = {
  state: defineSearchAttributeKey(searchAttributes.state.name, searchAttributes.state.type),
  providers: defineSearchAttributeKey(searchAttributes.providers.name, searchAttributes.providers.type),
  dueAt: defineSearchAttributeKey(searchAttributes.dueAt.name, searchAttributes.dueAt.type),
  blockedOn: defineSearchAttributeKey(searchAttributes.blockedOn.name, searchAttributes.blockedOn.type),
};

/** One run of a request. Instants in epoch ms. */
export interface FoundRequest {
  readonly requestId: string;
  readonly runId: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly closedAt?: number;
  /** The law's day for the answer: its last millisecond. Absent where it is not indexed, or the rules name no calendar. */
  readonly dueAt?: number;
  /** As the search attributes have them; absent where it is not indexed (yet). */
  readonly state?: SearchValues['state'];
  readonly providers?: readonly Provider[];
  readonly blockedOn?: readonly BlockedOn[];
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
    ...defined({
      closedAt: run.closeTime?.getTime(),
      dueAt: run.typedSearchAttributes.get(keys.dueAt)?.getTime(),
      state: run.typedSearchAttributes.get(keys.state) as SearchValues['state'] | undefined,
      providers: run.typedSearchAttributes.get(keys.providers)?.filter(isProvider),
      blockedOn: run.typedSearchAttributes.get(keys.blockedOn)?.filter(isBlockedOn),
    }),
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

function isBlockedOn(word: string): word is BlockedOn {
  return blockers.some((known) => known === word);
}
