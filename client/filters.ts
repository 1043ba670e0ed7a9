/**
 * What requests can be filtered by. Two tables: the filters of `list`, which Temporal's index narrows down and a look at the
 * request decides; and the names and search attributes of a typed filter, which the index alone decides.
 */
import { requestOutcomeMeaning, type RequestOutcome } from '../domain/leg/outcome';
import { isProvider, providerKeys, type Provider } from '../domain/provider/provider-table';
import type { RequestProgress } from '../domain/request/request-progress';
import { blockers, needingStaff, needsStaff, type BlockedOn, type SearchValues } from '../domain/request/search-values';
import { isOpaque } from '../domain/text';
import { compare, isOneOf, isOpen, requestRuns } from '../temporal/request-query';
import { searchAttributes } from '../temporal/names';
import type { RequestStatus } from './request-status';
import type { RequestStateName } from './states';

/** What `list` can be narrowed down by. All that is given must hold. */
export interface ListOptions {
  /** `running` names every open request, also those in attention or whose certificate is being issued. */
  readonly state?: RequestStateName | undefined;
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
  /** Requests with this ticket: of a decision, or of the check of who the person is. */
  readonly ticket?: string | undefined;
  /** How many to name at most; all where absent. */
  readonly limit?: number | undefined;
}

const { state: stateAttribute, providers, dueAt, blockedOn, tickets } = searchAttributes;

const inIndexedState = (state: SearchValues['state']): string => compare(stateAttribute.name, '=', state);
const isBlockedOn = (value: BlockedOn): string => compare(blockedOn.name, '=', value);
const isBlockedOnOneOf = (values: readonly BlockedOn[]): string => isOneOf(blockedOn.name, values);

/** Conditions for Temporal's index. */
interface Condition {
  /** By what Temporal knows of every run. */
  readonly standard?: string;
  /** By our search attributes, where the namespace has them; never less than what a look would find. */
  readonly indexed?: string;
}

const openAs = (indexed?: string): Condition => ({ standard: isOpen, ...(indexed === undefined ? {} : { indexed }) });
const endedAs = (status: string): Condition => ({ standard: compare('ExecutionStatus', '=', status) });
const completedAs = (outcome: SearchValues['state']): Condition => ({
  ...endedAs('Completed'),
  indexed: inIndexedState(outcome),
});

const states: Readonly<Record<RequestStateName, Condition>> = {
  running: openAs(),
  attention: openAs(isBlockedOnOneOf(providerKeys)),
  starting: openAs(`${stateAttribute.name} IS NULL`),
  'awaiting-approval': openAs(inIndexedState('awaiting-approval')),
  'on-hold': openAs(isBlockedOn('hold')),
  closing: openAs(inIndexedState('closing')),
  // Over within seconds: the attributes have no word for it.
  'issuing-certificate': openAs(),
  'awaiting-answer': openAs(isBlockedOn('answer')),
  completed: completedAs('completed'),
  'completed-with-exceptions': completedAs('completed-with-exceptions'),
  withdrawn: completedAs('withdrawn'),
  rejected: completedAs('rejected'),
  failed: endedAs('Failed'),
  terminated: endedAs('Terminated'),
  'timed-out': endedAs('TimedOut'),
  cancelled: endedAs('Canceled'),
};

export const requestStates = Object.keys(states) as RequestStateName[];

function isOpenState(state: RequestStateName): boolean {
  return states[state].standard === isOpen;
}

/** Which runs the options can name, by what Temporal itself knows of them. */
export function runsMeant(options: ListOptions): 'open' | 'ended' | 'any' {
  if (options.state !== undefined && !isOpenState(options.state)) return 'ended';
  return conditionsOf(options, 0).some(({ standard }) => standard === isOpen) ? 'open' : 'any';
}

export const TICKET_EXPECTED = 'a ticket of letters, digits and . _ : / # -, at most 64';

/** What the value of a filter has to be. Callers may be plain JavaScript, and it ends up in Temporal's query language. */
const kinds = {
  state: { isOne: (value: unknown) => requestStates.some((state) => state === value), expected: requestStates },
  provider: { isOne: isProvider, expected: providerKeys },
  duration: {
    isOne: (value: unknown) => typeof value === 'number' && value >= 0 && value < Date.now(),
    expected: 'a length of time in milliseconds',
  },
  ticket: { isOne: isOpaque, expected: TICKET_EXPECTED },
  switch: { isOne: (value: unknown) => typeof value === 'boolean', expected: 'true or false' },
} as const;

interface Filter<Value> {
  readonly kind: keyof typeof kinds;
  /** How the command line has it. */
  readonly flags: string;
  readonly help: string;
  readonly condition: (value: Value, options: ListOptions, now: number) => Condition;
  /** Whether a request that was looked at meets it; absent where the condition is enough. */
  readonly isMet?: (found: RequestStatus, value: Value, options: ListOptions, now: number) => boolean;
}

type FilterName = Exclude<keyof ListOptions, 'limit'>;

export const listFilters: { readonly [Name in FilterName]: Filter<NonNullable<ListOptions[Name]>> } = {
  state: {
    kind: 'state',
    flags: '--state <STATE>',
    help: 'requests in this state; running names every open one',
    condition: (state) => states[state],
    isMet: isInState,
  },
  provider: {
    kind: 'provider',
    flags: '--provider <PROVIDER>',
    help: 'requests that concern this provider',
    condition: (provider, { state }) => ({
      indexed: [compare(providers.name, '=', provider), ...(state === 'attention' ? [isBlockedOn(provider)] : [])].join(
        ' AND ',
      ),
    }),
    isMet: ({ result, progress }, provider, { state }) =>
      (result?.legs ?? progress?.legs)?.some(
        (leg) => leg.provider === provider && (state !== 'attention' || leg.state === 'attention'),
      ) ?? true,
  },
  olderThanMs: {
    kind: 'duration',
    flags: '--older-than <AGE>',
    help: 'started longer ago than e.g. 90m, 12h or 3d',
    condition: (ageMs, _, now) => ({ standard: compare('StartTime', '<=', now - ageMs) }),
  },
  dueWithinMs: {
    kind: 'duration',
    flags: '--due-within <TIME>',
    help: 'open, and its answer due within e.g. 12h or 7d, or overdue',
    condition: (withinMs, _, now) =>
      openAs(`${compare(dueAt.name, '<=', now + withinMs)} OR ${isBlockedOn('overdue')}`),
    isMet: ofOpen((progress, withinMs, now) => isDueBy(progress, now + withinMs)),
  },
  overdue: {
    kind: 'switch',
    flags: '--overdue',
    help: 'open, and its answer overdue',
    // The day itself tells it as well where no worker was there to report it.
    condition: (_, _options, now) => openAs(`${compare(dueAt.name, '<', now)} OR ${isBlockedOn('overdue')}`),
    isMet: ofOpen((progress) => isDueBy(progress, -Infinity)),
  },
  needsStaff: {
    kind: 'switch',
    flags: '--needs-staff',
    help: 'open, and somebody can do something about it: decide, record, or mend what it waits for',
    condition: () => openAs(isBlockedOnOneOf(needingStaff)),
    isMet: ofOpen((progress) => needsStaff(progress.blockedOn)),
  },
  waitingFor: {
    kind: 'provider',
    flags: '--waiting-for <PROVIDER>',
    help: 'open, and stuck at this provider: its leg is in attention',
    condition: (provider) => openAs(isBlockedOn(provider)),
    isMet: ofOpen(({ legs }, wanted) =>
      legs.some(({ provider, state }) => provider === wanted && state === 'attention'),
    ),
  },
  ticket: {
    kind: 'ticket',
    flags: '--ticket <TICKET>',
    help: 'with this ticket: of a decision, or of the check of who the person is',
    condition: (ticket) => ({ indexed: compare(tickets.name, '=', ticket) }),
    isMet: ({ status, result, progress }, ticket) =>
      status === 'running' && progress === undefined
        ? true
        : ((result ?? progress)?.tickets?.includes(ticket) ?? false),
  },
};

/** An open request that no worker answers for cannot be judged, so it is listed: nothing may be overlooked. */
function ofOpen<Value>(holds: (progress: RequestProgress, value: Value, now: number) => boolean) {
  return ({ status, progress }: RequestStatus, value: Value, _: ListOptions, now: number): boolean =>
    status === 'running' && (progress === undefined || holds(progress, value, now));
}

function isInState({ status, state, progress }: RequestStatus, wanted: RequestStateName): boolean {
  if (wanted === 'running') return status === 'running';
  if (status !== 'running') return state === wanted;
  // A leg in attention comes first in the word for the whole; the request may be on hold all the same.
  return state === wanted || (isOpenState(wanted) && (progress === undefined || progress.state === wanted));
}

/** Overdue already, or due by then. */
function isDueBy({ due }: RequestProgress, at: number): boolean {
  if (due === undefined || due.status === 'answered' || due.status === 'not-owed') return false;
  return due.status === 'overdue' || Date.parse(due.at) <= at;
}

interface GivenFilter {
  readonly name: FilterName;
  readonly filter: Filter<unknown>;
  readonly value: unknown;
}

function givenFilters(options: ListOptions): readonly GivenFilter[] {
  return (Object.keys(listFilters) as FilterName[]).flatMap((name) => {
    const value = options[name];
    return value === undefined || value === false
      ? []
      : [{ name, filter: listFilters[name] as Filter<unknown>, value }];
  });
}

function conditionsOf(options: ListOptions, now: number): readonly Condition[] {
  return givenFilters(options).map(({ filter, value }) => filter.condition(value, options, now));
}

/** Throws `RangeError`, which names the option and what was expected. */
export function checkListOptions(options: ListOptions): void {
  for (const { name, filter, value } of givenFilters(options)) {
    const { isOne, expected } = kinds[filter.kind];
    if (isOne(value)) continue;
    throw new RangeError(
      `${name}: expected ${typeof expected === 'string' ? expected : `one of ${expected.join(', ')}`}`,
    );
  }
  const { limit = Infinity } = options;
  if (limit !== Infinity && !(Number.isInteger(limit) && limit > 0)) {
    throw new RangeError('limit: expected a whole number above 0');
  }
}

/**
 * What Temporal is asked for. With `isIndexed` our search attributes narrow it down further. A run that carries none (it was
 * started before they were registered) has to be looked at in any case.
 */
export function listQuery(options: ListOptions, now: number, { isIndexed }: { readonly isIndexed: boolean }): string {
  const conditions = conditionsOf(options, now);
  const indexed = isIndexed ? conditions.flatMap((condition) => condition.indexed ?? []) : [];
  const all = indexed.map((condition) => `(${condition})`).join(' AND ');
  return requestRuns(
    ...new Set(conditions.flatMap((condition) => condition.standard ?? [])),
    ...(indexed.length === 0 ? [] : [`(${stateAttribute.name} IS NULL OR (${all}))`]),
  );
}

/** Whether a request that was looked at belongs into the list. */
export function isListed(found: RequestStatus, options: ListOptions, now: number): boolean {
  return givenFilters(options).every(({ filter, value }) => filter.isMet?.(found, value, options, now) ?? true);
}

/** Names in a typed filter, and what they stand for. */
export const namedConditions: Readonly<Record<string, string>> = {
  'needs-staff': isBlockedOnOneOf(needingStaff),
  overdue: isBlockedOn('overdue'),
  'due-soon': isBlockedOn('due-soon'),
  'on-hold': inIndexedState('on-hold'),
};

/** `provider`: a key of the provider table. */
export const waitingForProvider = (provider: string): string => compare(blockedOn.name, '=', provider);

interface FilterAttribute {
  readonly operators: readonly string[];
  readonly values: readonly string[] | 'instant' | 'ticket';
}

const comparisons = ['=', '!=', '<', '<=', '>', '>='];
/** `!=` would hold for a list with any other value as well. */
const ofLists = ['=', 'IN', 'IS'];

const openStates: Readonly<Record<Exclude<SearchValues['state'], RequestOutcome>, true>> = {
  'awaiting-approval': true,
  running: true,
  'on-hold': true,
  closing: true,
};

/** What a typed filter can compare, and with what. */
export const filterAttributes: Readonly<Record<string, FilterAttribute>> = {
  [stateAttribute.name]: {
    operators: ['=', '!=', 'IN', 'IS'],
    values: [...Object.keys(openStates), ...Object.keys(requestOutcomeMeaning)],
  },
  [providers.name]: { operators: ofLists, values: providerKeys },
  [blockedOn.name]: { operators: ofLists, values: blockers },
  [tickets.name]: { operators: ofLists, values: 'ticket' },
  [dueAt.name]: { operators: [...comparisons, 'IS'], values: 'instant' },
  StartTime: { operators: comparisons, values: 'instant' },
};

/** As they can be typed. */
export const namedFilters: readonly string[] = [...Object.keys(namedConditions), 'waiting-for=PROVIDER'];
