/** The list that staff work through, most urgent first, and its counts: from Temporal's index, without asking each run. */
import { DAY_MS } from '../domain/duration';
import { byProvider, providerKeys, type Provider } from '../domain/provider/provider-table';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import { RequestNotFoundError } from './errors';
import { isListed, isOpenState, listQuery, type ListOptions } from './filters';
import { requestStatus } from './following';
import type { FoundRequest } from './found-request';
import { byUrgency, DUE_SOON_MS, listedByIndex, listedByLook, type ListedRequest } from './listed-request';
import { listRequests, requestPage } from './listing';
import type { RequestCalls } from './request-calls';

/** So many of one kind are put in order; of more than that the newest. */
const SORTED_MAX = 500;
const PAGE_SIZE_MAX = 200;
/** After so many without an answer no further ones are asked. */
const UNANSWERED_MAX = 8;

export type UrgentOptions = Omit<ListOptions, 'limit'> & { readonly limit: number };

export interface UrgentList {
  readonly requests: readonly ListedRequest[];
  /** There are more than these. */
  readonly isCut: boolean;
  /** Of which neither the index nor a worker could say how they stand. */
  readonly unanswered: number;
}

/** Of open requests. */
export interface UrgentCounts {
  readonly open: number;
  readonly needsStaff: number;
  readonly overdue: number;
  /** Within seven days, and not overdue. */
  readonly dueThisWeek: number;
  /** Whose leg at this provider is in attention. */
  readonly waitingFor: Readonly<Record<Provider, number>>;
  readonly onHold: number;
  /** Of which the index knows nothing yet: they are starting, or were started before `erasure setup`. In no other count but `open`. */
  readonly notIndexed: number;
}

export async function urgentCounts(calls: RequestCalls): Promise<UrgentCounts> {
  const now = Date.now();
  const count = async (options: ListOptions, others = 0): Promise<number> => {
    const query = listQuery(options, now, { isIndexed: true });
    return (await calls.call(undefined, () => calls.client.workflow.count(query))).count - others;
  };
  // A run that is not indexed may belong to each of them.
  const notIndexed = await count({ state: 'starting' });
  const [open, needsStaff, overdue, dueWithin, onHold, ...waiting] = await Promise.all([
    count({ state: 'running' }),
    count({ needsStaff: true }, notIndexed),
    count({ overdue: true }, notIndexed),
    count({ dueWithinMs: DUE_SOON_MS }, notIndexed),
    count({ state: 'on-hold' }, notIndexed),
    ...providerKeys.map((provider) => count({ waitingFor: provider }, notIndexed)),
  ]);
  return {
    open,
    needsStaff,
    overdue,
    dueThisWeek: Math.max(0, dueWithin - overdue),
    waitingFor: byProvider((provider) => waiting[providerKeys.indexOf(provider)] ?? 0),
    onHold,
    notIndexed,
  };
}

/** Narrower and narrower questions first, so that what is urgent is found among any number of requests. */
function slices(options: Omit<ListOptions, 'limit'>): readonly ListOptions[] {
  const { state = 'running', dueWithinMs = Infinity } = options;
  if (!isOpenState(state)) return [options];
  return [
    { ...options, overdue: true },
    { ...options, needsStaff: true },
    ...[DUE_SOON_MS, 30 * DAY_MS].map((withinMs) => ({ ...options, dueWithinMs: Math.min(withinMs, dueWithinMs) })),
    { ...options, state },
    options,
  ];
}

export async function urgentFirst(calls: RequestCalls, { limit, ...options }: UrgentOptions): Promise<UrgentList> {
  const now = Date.now();
  const order = byUrgency(now);
  const look = new Looks(calls, options, now);
  const requests = new Map<string, ListedRequest>();
  try {
    for (const slice of slices(options)) {
      const found: ListedRequest[] = [];
      for await (const run of indexed(calls, slice, Math.max(limit + 1, SORTED_MAX))) {
        if (requests.has(run.requestId)) continue;
        const listed = look.isNeeded(run) ? await look.at(run.requestId) : listedByIndex(run);
        if (listed === undefined || !isStillMeant(listed, options)) continue;
        found.push(listed);
      }
      for (const listed of found.sort(order))
        if (!requests.has(listed.requestId)) requests.set(listed.requestId, listed);
      if (requests.size > limit) break;
    }
  } catch (error) {
    // The namespace has no search attributes: each open request is looked at.
    if (!hasGrpcStatus(error, 'INVALID_ARGUMENT')) throw error;
    return lookedAt(calls, { limit, ...options }, now);
  }
  // What was looked at may be more urgent than the question that it was found by.
  const inOrder = [...requests.values()].slice(0, limit).sort(order);
  return { requests: inOrder, isCut: requests.size > limit, unanswered: look.unanswered };
}

async function lookedAt(calls: RequestCalls, { limit, ...options }: UrgentOptions, now: number): Promise<UrgentList> {
  const requests: ListedRequest[] = [];
  let unanswered = 0;
  for await (const status of listRequests(calls, { ...options, limit: limit + 1 })) {
    if (status.status === 'running' && status.progress === undefined) unanswered += 1;
    requests.push(listedByLook(status));
  }
  return { requests: requests.slice(0, limit).sort(byUrgency(now)), isCut: requests.length > limit, unanswered };
}

/** The index has the due date of those, too, that were answered already. */
function isStillMeant({ isAnswered }: ListedRequest, { overdue, dueWithinMs }: ListOptions): boolean {
  return !isAnswered || (overdue !== true && dueWithinMs === undefined);
}

async function* indexed(calls: RequestCalls, options: ListOptions, max: number): AsyncGenerator<FoundRequest, void> {
  let cursor: string | undefined;
  let left = max;
  do {
    const page = await requestPage(calls, { ...options, limit: Math.min(left, PAGE_SIZE_MAX), cursor });
    yield* page.requests;
    left -= page.requests.length;
    ({ cursor } = page);
  } while (cursor !== undefined && left > 0);
}

/** Of what the index cannot tell. */
class Looks {
  readonly #calls: RequestCalls;
  readonly #options: ListOptions;
  readonly #now: number;
  unanswered = 0;

  constructor(calls: RequestCalls, options: ListOptions, now: number) {
    this.#calls = calls;
    this.#options = options;
    this.#now = now;
  }

  isNeeded(run: FoundRequest): boolean {
    // The index has no word for it.
    return listedByIndex(run) === undefined || this.#options.state === 'issuing-certificate';
  }

  async at(requestId: string): Promise<ListedRequest | undefined> {
    try {
      const status = await requestStatus(this.#calls, requestId, { asksProgress: this.unanswered < UNANSWERED_MAX });
      if (status.status === 'running' && status.progress === undefined) this.unanswered += 1;
      return isListed(status, this.#options, this.#now) ? listedByLook(status) : undefined;
    } catch (error) {
      // Forgotten between the index and the look.
      if (error instanceof RequestNotFoundError) return undefined;
      throw error;
    }
  }
}
