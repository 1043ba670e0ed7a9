/** What Temporal's index and the first event of a history tell of a request, without asking its worker. */
import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToMs, requiredTsToMs } from '@temporalio/common/lib/time';
import type { temporal } from '@temporalio/proto';
import { defined } from '../domain/defined';
import { parseInstant } from '../domain/instant';
import { isRegulation, type Regulation } from '../domain/law/regulation';
import { isProvider, type Provider } from '../domain/provider/provider-table';
import { blockers, type BlockedOn, type SearchValues } from '../domain/request/search-values';
import { isRecord, parsedJson } from '../domain/text';
import { requestIdOf, searchAttributes } from '../temporal/names';
import { runEndOf } from '../temporal/run-end';
import { RequestNotFoundError } from './errors';
import type { RunStatus } from './states';
import type { RequestCalls } from './request-calls';

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

type RawRun = temporal.api.workflow.v1.IWorkflowExecutionInfo;

/**
 * As Temporal's index has it: a list reads hundreds, and the SDK's own reading of one costs about three times as much, most of
 * it for what no list shows. Undefined for a run that was started under another id, which it was refused for.
 */
export function foundRequest({
  execution,
  status,
  startTime,
  closeTime,
  searchAttributes: indexed,
}: RawRun): FoundRequest | undefined {
  const requestId = requestIdOf(execution?.workflowId ?? '');
  if (requestId === undefined) return undefined;
  /** Of a single value, too: whoever starts a run with another SDK may have sent it either way. */
  const values = ({ name }: { readonly name: string }): readonly unknown[] | undefined => {
    const data = indexed?.indexedFields?.[name]?.data;
    if (!data || data.length === 0) return undefined;
    const found = parsedJson(Buffer.from(data).toString());
    return Array.isArray(found) ? found : [found];
  };
  return {
    requestId,
    runId: execution?.runId ?? '',
    status: runEndOf(status) ?? 'running',
    startedAt: requiredTsToMs(startTime, 'startTime'),
    ...defined({
      closedAt: optionalTsToMs(closeTime),
      dueAt: parseInstant(values(searchAttributes.dueAt)?.[0]),
      state: values(searchAttributes.state)?.[0] as SearchValues['state'] | undefined,
      providers: values(searchAttributes.providers)?.filter(isProvider),
      blockedOn: values(searchAttributes.blockedOn)?.filter(isBlockedOn),
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

function isBlockedOn(word: unknown): word is BlockedOn {
  return blockers.some((known) => known === word);
}
