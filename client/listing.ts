/** Which requests `list` names: what Temporal's own index can tell, and what only a look at the request can. */
import { isProvider, providerKeys, WORKFLOW_TYPE, type Provider } from '../domain/provider';
import { isRequestId } from '../domain/request';
import type { RequestState, RequestStatus } from './request-status';

/** What `list` can be narrowed down by. All that is given must hold. */
export interface ListOptions {
  /** `running` names every open request, also those in attention or whose certificate is being issued. */
  readonly state?: RequestState | undefined;
  /** Requests that concern this provider; with the state `attention` those whose leg there is the one in attention. */
  readonly provider?: Provider | undefined;
  /** Requests that were started longer ago than this, in ms. */
  readonly olderThanMs?: number | undefined;
  /** How many to name at most; all where absent. */
  readonly limit?: number | undefined;
}

/** Standard attributes only, so that it works in any namespace. */
const conditions: Readonly<Record<RequestState, string>> = {
  running: 'CloseTime IS NULL',
  attention: 'CloseTime IS NULL',
  'issuing-certificate': 'CloseTime IS NULL',
  completed: "ExecutionStatus = 'Completed'",
  'completed-with-exceptions': "ExecutionStatus = 'Completed'",
  withdrawn: "ExecutionStatus = 'Completed'",
  failed: "ExecutionStatus = 'Failed'",
  terminated: "ExecutionStatus = 'Terminated'",
  'timed-out': "ExecutionStatus = 'TimedOut'",
  cancelled: "ExecutionStatus = 'Canceled'",
};

export const requestStates = Object.keys(conditions) as RequestState[];

/** Callers may be plain JavaScript, and the options end up in Temporal's query language. */
export function parseListOptions({ state, provider, olderThanMs, limit = Infinity }: ListOptions): {
  readonly limit: number;
} {
  if (state !== undefined && !requestStates.includes(state)) {
    throw new RangeError(`state: expected one of ${requestStates.join(', ')}`);
  }
  if (provider !== undefined && !isProvider(provider)) {
    throw new RangeError(`provider: expected one of ${providerKeys.join(', ')}`);
  }
  if (olderThanMs !== undefined && !(olderThanMs >= 0 && olderThanMs < Date.now())) {
    throw new RangeError('olderThanMs: expected a length of time in milliseconds');
  }
  if (limit !== Infinity && !(Number.isInteger(limit) && limit > 0)) {
    throw new RangeError('limit: expected a whole number above 0');
  }
  return { limit };
}

export function visibilityQuery({ state, olderThanMs }: ListOptions, now: number): string {
  return [
    `WorkflowType = '${WORKFLOW_TYPE}'`,
    ...(state === undefined ? [] : [conditions[state]]),
    ...(olderThanMs === undefined ? [] : [`StartTime <= '${new Date(now - olderThanMs).toISOString()}'`]),
  ].join(' AND ');
}

/** What cannot be judged, since no worker answers or there is no result, is listed: nothing may be overlooked. */
export function isListed(found: RequestStatus, { state, provider }: ListOptions): boolean {
  const legs = found.result?.legs ?? found.progress?.legs;
  if (state !== undefined && !isInState(found, state)) return false;
  if (provider === undefined || legs === undefined) return true;
  return legs.some((leg) => leg.provider === provider && (state !== 'attention' || leg.state === 'attention'));
}

function isInState({ status, state, progress }: RequestStatus, wanted: RequestState): boolean {
  if (wanted === 'running') return status === 'running';
  if (status !== 'running') return state === wanted;
  const isUnanswered = progress === undefined && conditions[wanted] === conditions.running;
  return isUnanswered || state === wanted;
}

/** Undefined for a run that was started under another id, which it was refused for. */
export function requestIdIn(workflowId: string): string | undefined {
  const requestId = workflowId.replace(/^erasure-/, '');
  return requestId !== workflowId && isRequestId(requestId) ? requestId : undefined;
}

/** Looks at up to `count` items at once and answers in their order. */
export async function* lookAhead<Item, Found>(
  items: AsyncIterable<Item>,
  count: number,
  look: (item: Item) => Promise<Found>,
): AsyncGenerator<Found, void, undefined> {
  const looks: Promise<Found>[] = [];
  for await (const item of items) {
    const looking = look(item);
    // Its failure is told when it is its turn, if that comes.
    looking.catch(() => undefined);
    looks.push(looking);
    const first = looks.length < count ? undefined : looks.shift();
    if (first !== undefined) yield await first;
  }
  for (const looking of looks) yield await looking;
}
