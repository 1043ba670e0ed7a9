/** Which requests `list` names: what Temporal's own index can tell, and what only a look at the request can. */
import { isProvider, providerKeys, type Provider } from '../domain/provider/provider-table';
import { needingStaff, needsStaff as isForStaff } from '../domain/request/visibility';
import type { RequestState, RequestStatus } from './request-status';
import { WORKFLOW_TYPE, searchAttributes } from '../temporal/names';

/** What `list` can be narrowed down by. All that is given must hold. */
export interface ListOptions {
  /** `running` names every open request, also those in attention or whose certificate is being issued. */
  readonly state?: RequestState | undefined;
  /** Requests that concern this provider; with the state `attention` those whose leg there is the one in attention. */
  readonly provider?: Provider | undefined;
  /** Requests that were started longer ago than this, in ms. */
  readonly olderThanMs?: number | undefined;
  /** Open requests whose answer to the person is due within this, in ms, or was due already, and has not been recorded. */
  readonly dueWithinMs?: number | undefined;
  /** Open requests whose answer is overdue. */
  readonly overdue?: boolean | undefined;
  /** Open requests that somebody can do something about: decide, record, or mend what a leg in attention waits for. */
  readonly needsStaff?: boolean | undefined;
  /** Open requests that are stuck at this provider: its leg is in attention. Waiting out its window is not meant. */
  readonly waitingFor?: Provider | undefined;
  /** How many to name at most; all where absent. */
  readonly limit?: number | undefined;
}

const { state: stateAttribute, providers, dueAt, blockedOn } = searchAttributes;
const open = 'CloseTime IS NULL';

/**
 * `standard`: told by what Temporal knows of every run. `ours`: told by our search attributes, where the namespace has
 * them; never less than what a look would find.
 */
interface Condition {
  readonly standard?: string;
  readonly ours?: string;
}

const completedAs = (outcome: string): Condition => ({
  standard: "ExecutionStatus = 'Completed'",
  ours: `${stateAttribute.name} = '${outcome}'`,
});
const ended = (status: string): Condition => ({ standard: `ExecutionStatus = '${status}'` });
const blockedBy = (value: string): string => `${blockedOn.name} = '${value}'`;

const conditions: Readonly<Record<RequestState, Condition>> = {
  running: { standard: open },
  attention: { standard: open, ours: providerKeys.map(blockedBy).join(' OR ') },
  starting: { standard: open, ours: `${stateAttribute.name} IS NULL` },
  'awaiting-approval': { standard: open, ours: `${stateAttribute.name} = 'awaiting-approval'` },
  'on-hold': { standard: open, ours: blockedBy('hold') },
  // Over within seconds: the attributes have no word for it.
  'issuing-certificate': { standard: open },
  'awaiting-answer': { standard: open, ours: blockedBy('answer') },
  completed: completedAs('completed'),
  'completed-with-exceptions': completedAs('completed-with-exceptions'),
  withdrawn: completedAs('withdrawn'),
  rejected: completedAs('rejected'),
  failed: ended('Failed'),
  terminated: ended('Terminated'),
  'timed-out': ended('TimedOut'),
  cancelled: ended('Canceled'),
};

export const requestStates = Object.keys(conditions) as RequestState[];
const openStates = requestStates.filter((state) => conditions[state].standard === open);

/** Callers may be plain JavaScript, and the options end up in Temporal's query language. */
export function parseListOptions(options: ListOptions): { readonly limit: number } {
  const { state, olderThanMs, dueWithinMs, limit = Infinity } = options;
  if (state !== undefined && !requestStates.includes(state)) {
    throw new RangeError(`state: expected one of ${requestStates.join(', ')}`);
  }
  for (const name of ['provider', 'waitingFor'] as const) {
    if (options[name] !== undefined && !isProvider(options[name])) {
      throw new RangeError(`${name}: expected one of ${providerKeys.join(', ')}`);
    }
  }
  if (olderThanMs !== undefined && !(olderThanMs >= 0 && olderThanMs < Date.now())) {
    throw new RangeError('olderThanMs: expected a length of time in milliseconds');
  }
  if (dueWithinMs !== undefined && !(dueWithinMs >= 0 && dueWithinMs < Date.now())) {
    throw new RangeError('dueWithinMs: expected a length of time in milliseconds');
  }
  if (limit !== Infinity && !(Number.isInteger(limit) && limit > 0)) {
    throw new RangeError('limit: expected a whole number above 0');
  }
  return { limit };
}

/**
 * What Temporal is asked for. With `isIndexed` our search attributes narrow it down further. A run that carries none (it was
 * taken on before they were registered, or by an older release) has to be looked at in any case.
 */
export function visibilityQuery(
  options: ListOptions,
  now: number,
  { isIndexed }: { readonly isIndexed: boolean },
): string {
  const wanted = conditionsOf(options, now);
  const ours = isIndexed ? wanted.flatMap((condition) => condition.ours ?? []) : [];
  const standard = wanted.flatMap((condition) => condition.standard ?? []);
  return [
    `WorkflowType = '${WORKFLOW_TYPE}'`,
    ...new Set(standard),
    ...(ours.length === 0
      ? []
      : [`(${stateAttribute.name} IS NULL OR (${ours.map((condition) => `(${condition})`).join(' AND ')}))`]),
  ].join(' AND ');
}

function conditionsOf(options: ListOptions, now: number): readonly Condition[] {
  const { state, provider, olderThanMs, dueWithinMs, overdue, needsStaff, waitingFor } = options;
  return [
    ...(state === undefined ? [] : [conditions[state]]),
    ...(provider === undefined ? [] : [{ ours: `${providers.name} = '${provider}'` }]),
    ...(provider === undefined || state !== 'attention' ? [] : [{ ours: blockedBy(provider) }]),
    ...(olderThanMs === undefined ? [] : [{ standard: `StartTime <= '${instant(now - olderThanMs)}'` }]),
    ...(dueWithinMs === undefined
      ? []
      : [{ standard: open, ours: `${dueAt.name} <= '${instant(now + dueWithinMs)}' OR ${blockedBy('overdue')}` }]),
    // The day itself tells it as well where no worker was there to report it.
    ...(overdue === true
      ? [{ standard: open, ours: `${dueAt.name} < '${instant(now)}' OR ${blockedBy('overdue')}` }]
      : []),
    ...(needsStaff === true ? [{ standard: open, ours: needingStaff.map(blockedBy).join(' OR ') }] : []),
    ...(waitingFor === undefined ? [] : [{ standard: open, ours: blockedBy(waitingFor) }]),
  ];
}

function instant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** What cannot be judged, since no worker answers or there is no result, is listed: nothing may be overlooked. */
export function isListed(found: RequestStatus, options: ListOptions, now: number): boolean {
  const { state, provider } = options;
  const legs = found.result?.legs ?? found.progress?.legs;
  if (state !== undefined && !isInState(found, state)) return false;
  if (!holdsWhatIsAsked(found, options, now)) return false;
  if (provider === undefined || legs === undefined) return true;
  return legs.some((leg) => leg.provider === provider && (state !== 'attention' || leg.state === 'attention'));
}

function isInState({ status, state, progress }: RequestStatus, wanted: RequestState): boolean {
  if (wanted === 'running') return status === 'running';
  if (status !== 'running') return state === wanted;
  if (progress === undefined) return openStates.includes(wanted);
  // A leg in attention comes first in the word for the whole; the request may be on hold all the same.
  return state === wanted || (progress.state === wanted && openStates.includes(wanted));
}

/** What only open requests can be asked for. */
function holdsWhatIsAsked({ status, progress }: RequestStatus, options: ListOptions, now: number): boolean {
  const { dueWithinMs, overdue, needsStaff, waitingFor } = options;
  if (dueWithinMs === undefined && overdue !== true && needsStaff !== true && waitingFor === undefined) return true;
  if (status !== 'running') return false;
  if (progress === undefined) return true;
  const { due, blockedOn: blocks, legs } = progress;
  const isDue = due !== undefined && due.standing !== 'answered' && due.standing !== 'not-owed';
  const isOverdue = isDue && due.standing === 'overdue';
  return (
    (dueWithinMs === undefined || isOverdue || (isDue && Date.parse(due.at) <= now + dueWithinMs)) &&
    (overdue !== true || isOverdue) &&
    (needsStaff !== true || isForStaff(blocks)) &&
    (waitingFor === undefined || legs.some(({ provider, state }) => provider === waitingFor && state === 'attention'))
  );
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
