/** The list that staff work through, most urgent first, and its counts: from Temporal's index, without asking each run. */
import { DAY_MS } from '../domain/duration';
import { byProvider, providerKeys, type Provider } from '../domain/provider/provider-table';
import { needsStaff } from '../domain/request/search-values';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import { RequestNotFoundError } from './errors';
import { isListed, listQuery, runsMeant, type ListOptions } from './filters';
import { requestStatus } from './following';
import type { FoundRequest } from './found-request';
import {
  byUrgency,
  DUE_SOON_MS,
  isDueSoon,
  listedByIndex,
  listedByLook,
  urgencyOf,
  type ListedRequest,
} from './listed-request';
import { mapInOrder } from './in-order';
import { listRequests, requestPage } from './listing';
import type { RequestCalls } from './request-calls';
import type { RequestStatus } from './request-status';

/** So many are read for one question, and put in order. Temporal limits the calls of its index, to ten a second by default. */
const READ_AT_ONCE = 500;
const LOOKS_AT_ONCE = 8;
/** After so many without an answer no further ones are asked. */
const UNANSWERED_MAX = 8;

type Filters = Omit<ListOptions, 'limit'>;
export type UrgentOptions = Filters & {
  readonly limit: number;
  /** So many are left out: they were on the pages before. None where absent. */
  readonly skip?: number;
  /** About how many requests are open, where that is known: with many of them it saves a call. */
  readonly open?: number;
};

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

/** Where one page has all of the open requests, it tells the counts. */
export async function urgentCounts(calls: RequestCalls, readAtOnce = READ_AT_ONCE): Promise<UrgentCounts> {
  const now = Date.now();
  const open = await count(calls, { state: 'running' }, now);
  if (open > readAtOnce) return indexedCounts(calls, open, now);
  const { runs, isAll } = await read(calls, { state: 'running' }, readAtOnce);
  return isAll ? countsOf(runs, now) : indexedCounts(calls, open, now);
}

async function count(calls: RequestCalls, options: ListOptions, now: number): Promise<number> {
  const query = listQuery(options, now, { isIndexed: true });
  return (await calls.call(undefined, () => calls.client.workflow.count(query))).count;
}

function countsOf(runs: readonly FoundRequest[], now: number): UrgentCounts {
  const listed = runs.flatMap((run) => listedByIndex(run) ?? []);
  const holding = (holds: (one: ListedRequest) => boolean): number => listed.filter(holds).length;
  return {
    open: runs.length,
    needsStaff: holding(({ blockedOn }) => needsStaff(blockedOn)),
    overdue: holding((one) => urgencyOf(one, now) === 'overdue'),
    dueThisWeek: holding((one) => isDueSoon(one, now)),
    waitingFor: byProvider((provider) => holding(({ blockedOn }) => blockedOn.includes(provider))),
    onHold: holding(({ blockedOn }) => blockedOn.includes('hold')),
    notIndexed: runs.length - listed.length,
  };
}

async function indexedCounts(calls: RequestCalls, open: number, now: number): Promise<UrgentCounts> {
  // A run that is not indexed may belong to each of them.
  const notIndexed = await count(calls, { state: 'starting' }, now);
  const indexed = async (options: ListOptions): Promise<number> =>
    Math.max(0, (await count(calls, options, now)) - notIndexed);
  const [needing, overdue, dueWithin, onHold, ...waiting] = await Promise.all([
    indexed({ needsStaff: true }),
    indexed({ overdue: true }),
    indexed({ dueWithinMs: DUE_SOON_MS }),
    indexed({ state: 'on-hold' }),
    ...providerKeys.map((provider) => indexed({ waitingFor: provider })),
  ]);
  return {
    open,
    needsStaff: needing,
    overdue,
    dueThisWeek: Math.max(0, dueWithin - overdue),
    waitingFor: byProvider((provider) => waiting[providerKeys.indexOf(provider)] ?? 0),
    onHold,
    notIndexed,
  };
}

export async function urgentFirst(
  calls: RequestCalls,
  { limit: pageSize, skip = 0, open = 0, ...filters }: UrgentOptions,
  readAtOnce = READ_AT_ONCE,
): Promise<UrgentList> {
  const limit = skip + pageSize;
  const options = { ...filters, limit };
  const gathered = new Gathered(calls, options);
  try {
    const max = Math.max(limit + 1, readAtOnce);
    const isCut = await gather(gathered, { calls, filters, limit, max, isTooMany: open > 2 * max });
    return {
      requests: gathered.inOrder(skip),
      isCut: isCut || gathered.isIncomplete,
      unanswered: gathered.unanswered,
    };
  } catch (error) {
    // The namespace has no search attributes: each open request is looked at.
    if (!hasGrpcStatus(error, 'INVALID_ARGUMENT')) throw error;
    const looked = new Gathered(calls, options);
    for await (const status of listRequests(calls, { ...filters, limit: limit + 1 })) looked.addLook(status);
    return { requests: looked.inOrder(skip), isCut: looked.size > limit, unanswered: looked.unanswered };
  }
}

/** Whether there are more than the limit. */
async function gather(
  gathered: Gathered,
  {
    calls,
    filters,
    limit,
    max,
    isTooMany,
  }: {
    readonly calls: RequestCalls;
    readonly filters: Filters;
    readonly limit: number;
    readonly max: number;
    /** The open ones surely do not fit into one reading. */
    readonly isTooMany: boolean;
  },
): Promise<boolean> {
  const meant = runsMeant(filters);
  const all = meant === 'any' ? { ...filters, state: 'running' as const } : filters;
  const early = isTooMany && isOfAllOpen(filters) ? undefined : await read(calls, all, max);
  if (early?.isAll !== true && meant !== 'ended') {
    // Too many to be put in order: narrower questions find what is urgent among any number of requests.
    for (const narrow of narrowed(filters)) {
      await gathered.add((await read(calls, narrow, max)).runs);
      if (gathered.size > limit) return true;
    }
  }
  const { runs, isAll } = early ?? (await read(calls, all, max));
  await gathered.add(runs);
  if (!isAll || gathered.size > limit) return true;
  if (meant !== 'any') return false;
  const ended = await read(calls, filters, max);
  await gathered.add(ended.runs);
  return !ended.isAll || gathered.size > limit;
}

function isOfAllOpen({ state = 'running', ...others }: Filters): boolean {
  return state === 'running' && Object.values(others).every((value) => value === undefined || value === false);
}

function narrowed(filters: Filters): readonly Filters[] {
  const { dueWithinMs = Infinity } = filters;
  return [
    { ...filters, overdue: true },
    { ...filters, needsStaff: true },
    ...[DUE_SOON_MS, 30 * DAY_MS].map((withinMs) => ({ ...filters, dueWithinMs: Math.min(withinMs, dueWithinMs) })),
  ];
}

async function read(
  calls: RequestCalls,
  filters: Filters,
  max: number,
): Promise<{ readonly runs: readonly FoundRequest[]; readonly isAll: boolean }> {
  const runs: FoundRequest[] = [];
  let cursor: string | undefined;
  do {
    const page = await requestPage(calls, { ...filters, limit: Math.min(max - runs.length, READ_AT_ONCE), cursor });
    runs.push(...page.requests);
    ({ cursor } = page);
  } while (cursor !== undefined && runs.length < max);
  return { runs, isAll: cursor === undefined };
}

/** Each request once, in the order of the questions; what the index cannot tell is looked at. */
class Gathered {
  readonly #calls: RequestCalls;
  readonly #filters: Filters;
  readonly #now = Date.now();
  readonly #limit: number;
  readonly #found = new Map<string, ListedRequest>();
  #looks = 0;
  unanswered = 0;

  constructor(calls: RequestCalls, { limit, ...filters }: UrgentOptions) {
    this.#calls = calls;
    this.#filters = filters;
    this.#limit = limit;
  }

  /** More would have had to be looked at than are listed. */
  get isIncomplete(): boolean {
    return this.#looks > this.#limit;
  }

  get size(): number {
    return this.#found.size;
  }

  /** Without the first `skip`: each page is put in order by itself, so that none is on two of them. */
  inOrder(skip: number): readonly ListedRequest[] {
    // What was looked at may be more urgent than the question that it was found by.
    return [...this.#found.values()].slice(skip, this.#limit).sort(byUrgency(this.#now));
  }

  async add(runs: readonly FoundRequest[]): Promise<void> {
    const fresh: ListedRequest[] = [];
    const judged = mapInOrder(runs, LOOKS_AT_ONCE, async (run) =>
      this.#found.has(run.requestId) ? undefined : (this.#known(run) ?? this.#look(run.requestId)),
    );
    for await (const found of judged) if (found !== undefined && this.#isMeant(found)) fresh.push(found);
    for (const found of fresh.sort(byUrgency(this.#now))) this.#add(found);
  }

  #known(run: FoundRequest): ListedRequest | undefined {
    // The index has no word for the signing of a certificate.
    return this.#filters.state === 'issuing-certificate' ? undefined : listedByIndex(run);
  }

  addLook(status: RequestStatus): void {
    if (status.status === 'running' && status.progress === undefined) this.unanswered += 1;
    this.#add(listedByLook(status));
  }

  /** Of a request that was reset the open run, or the newest one, comes first. */
  #add(listed: ListedRequest): void {
    if (!this.#found.has(listed.requestId)) this.#found.set(listed.requestId, listed);
  }

  async #look(requestId: string): Promise<ListedRequest | undefined> {
    this.#looks += 1;
    if (this.isIncomplete) return undefined;
    try {
      const status = await requestStatus(this.#calls, requestId, { asksProgress: this.unanswered < UNANSWERED_MAX });
      if (status.status === 'running' && status.progress === undefined) this.unanswered += 1;
      return isListed(status, this.#filters, this.#now) ? listedByLook(status) : undefined;
    } catch (error) {
      // Forgotten between the index and the look.
      if (error instanceof RequestNotFoundError) return undefined;
      throw error;
    }
  }

  /** The index has the due date of those, too, that were answered already. */
  #isMeant({ isAnswered }: ListedRequest): boolean {
    const { overdue, dueWithinMs } = this.#filters;
    return !isAnswered || (overdue !== true && dueWithinMs === undefined);
  }
}
