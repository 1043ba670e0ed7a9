/** Which requests there are: found in Temporal's index, and looked at one by one where that cannot tell. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { requestIdOf } from '../temporal/names';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import { RequestNotFoundError } from './errors';
import { filterQuery } from './filter-parser';
import { checkListOptions, isListed, listQuery, type ListOptions } from './filters';
import { requestStatus } from './following';
import { foundRequest, type FoundRequest } from './found-request';
import { mapInOrder } from './in-order';
import type { RequestCalls } from './request-calls';
import type { RequestStatus } from './request-status';

/** How many requests `list` looks at together, and after how many without an answer it asks no further ones. */
const LOOKS_AT_ONCE = 8;
const PAGE_SIZE_MAX = 200;

export interface FindOptions {
  /** Names and comparisons of search attributes, e.g. `needs-staff AND waiting-for=person`: see `namedFilters`. */
  readonly filter?: string;
  /** Running ones only. */
  readonly open?: boolean;
}

export async function* listRequests(
  calls: RequestCalls,
  options: ListOptions,
): AsyncGenerator<RequestStatus, void, undefined> {
  checkListOptions(options);
  const { limit = Infinity } = options;
  const now = Date.now();
  let unanswered = 0;
  const look = async (requestId: string): Promise<RequestStatus | undefined> => {
    try {
      const found = await requestStatus(calls, requestId, { asksProgress: unanswered < LOOKS_AT_ONCE });
      if (found.status === 'running') unanswered = found.progress === undefined ? unanswered + 1 : 0;
      return found;
    } catch (error) {
      // Forgotten between the index and the look.
      if (error instanceof RequestNotFoundError) return undefined;
      throw error;
    }
  };
  let listed = 0;
  const queries = [true, false].map((isIndexed) => listQuery(options, now, { isIndexed }));
  const ids = requestIds(calls, queries, Math.min(limit, PAGE_SIZE_MAX));
  for await (const found of mapInOrder(ids, Math.min(limit, LOOKS_AT_ONCE), look)) {
    if (found === undefined || !isListed(found, options, now)) continue;
    yield found;
    listed += 1;
    if (listed >= limit) return;
  }
}

export async function* findRequests(
  calls: RequestCalls,
  options: FindOptions,
): AsyncGenerator<FoundRequest, void, undefined> {
  for await (const run of runs(calls, filterQuery(options))) {
    const found = foundRequest(run.raw);
    if (found !== undefined) yield found;
  }
}

/** A part of the list, as Temporal's index has it. */
export interface RequestPage {
  /** A request that was reset has several runs: each stands for itself. */
  readonly requests: readonly FoundRequest[];
  /** Leads to the next page; absent on the last one. Opaque. */
  readonly cursor?: string;
}

export type PageOptions = Omit<ListOptions, 'limit'> & {
  readonly limit: number;
  /** Of the page before. */
  readonly cursor?: string | undefined;
};

/** One page without looking at any request: one call, whatever their number. */
export async function requestPage(
  calls: RequestCalls,
  { limit, cursor, ...options }: PageOptions,
): Promise<RequestPage> {
  checkListOptions({ ...options, limit });
  const { workflowService, options: clientOptions } = calls.client;
  const found = await calls.call(undefined, () =>
    workflowService.listWorkflowExecutions({
      namespace: clientOptions.namespace,
      query: listQuery(options, Date.now(), { isIndexed: true }),
      pageSize: limit,
      ...(cursor === undefined ? {} : { nextPageToken: Buffer.from(cursor, 'base64url') }),
    }),
  );
  const token = found.nextPageToken;
  return {
    requests: found.executions.flatMap((run) => foundRequest(run) ?? []),
    ...(token.length === 0 ? {} : { cursor: Buffer.from(token).toString('base64url') }),
  };
}

export async function countRequests(calls: RequestCalls, options: FindOptions): Promise<number> {
  const query = filterQuery(options);
  return (await calls.call(undefined, () => calls.client.workflow.count(query))).count;
}

/**
 * A request that was reset has several runs; it is one request. `queries`: the next one is for a namespace that does not
 * know what the one before asks for.
 */
async function* requestIds(
  calls: RequestCalls,
  [query, ...others]: readonly string[],
  pageSize: number,
): AsyncGenerator<string, void, undefined> {
  const seen = new Set<string>();
  try {
    for await (const { workflowId } of runs(calls, query ?? '', pageSize)) {
      const requestId = requestIdOf(workflowId);
      if (requestId === undefined || seen.has(requestId)) continue;
      seen.add(requestId);
      yield requestId;
    }
  } catch (error) {
    if (!hasGrpcStatus(error, 'INVALID_ARGUMENT') || others.length === 0) throw error;
    yield* requestIds(calls, others, pageSize);
  }
}

/** Each page is a call with a deadline of its own. */
async function* runs(
  calls: RequestCalls,
  query: string,
  pageSize = PAGE_SIZE_MAX,
): AsyncGenerator<WorkflowExecutionInfo, void, undefined> {
  const found = calls.client.workflow.list({ query, pageSize })[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await calls.call(undefined, () => found.next());
    if (done === true) return;
    yield value;
  }
}
