/** What a request can be filtered by: what its search attributes say, none of it personal. */
import { holdOf } from '../leg/leg-state';
import { defined } from '../defined';
import { triesDaily } from '../leg/failure';
import type { RequestOutcome } from '../leg/outcome';
import { byProvider, type Provider } from '../provider/provider-table';
import { answerOwed, isAnswered, isUnanswered, owesNoticeOfHold } from './owed-to-person';
import { deadlinesOf, isCancelToBeDecided, isReminded, outcomeOf, type RequestState } from './request-state';
import type { RequestSnapshot } from './snapshot';
import { ticketsOf } from './tickets';
import { todoOf, type TodoItem } from './todo';

/**
 * A provider's key: its leg is in attention. `staff`: somebody has to decide. `todo`: something is to be done that has no
 * word of its own here. The rest say what is to be decided or recorded, and how the law's clock stands.
 */
export type BlockedOn =
  | Provider
  | 'staff'
  | 'certificate'
  | 'approval'
  | 'hold'
  | 'answer'
  | 'notice-of-hold'
  | 'todo'
  | 'due-soon'
  | 'overdue'
  | 'unanswered'
  | 'cannot-make-it';

/** As keys, so that the compiler misses none. */
export const blockers = Object.keys({
  staff: true,
  certificate: true,
  approval: true,
  hold: true,
  answer: true,
  'notice-of-hold': true,
  todo: true,
  'due-soon': true,
  overdue: true,
  unanswered: true,
  'cannot-make-it': true,
  ...byProvider(() => true as const),
} satisfies Record<BlockedOn, true>) as readonly BlockedOn[];

/** Whatever a person can do something about; a day that is near is only a day. */
export const needingStaff: readonly BlockedOn[] = blockers.filter((blocker) => blocker !== 'due-soon');

export function needsStaff(blocks: readonly BlockedOn[]): boolean {
  return blocks.some((one) => needingStaff.includes(one));
}

export interface SearchValues {
  readonly state: 'awaiting-approval' | 'running' | 'on-hold' | 'closing' | RequestOutcome;
  readonly providers: readonly Provider[];
  /** Epoch ms. */
  readonly dueAt?: number;
  readonly blockedOn: readonly BlockedOn[];
  /** Absent where there is none, or where they are not indexed. */
  readonly tickets?: readonly string[];
}

/** What every store of Temporal's index takes as an instant: nanoseconds in 64 bits, and a year of four digits. */
const STORABLE = { from: 0, to: Date.UTC(2262, 3, 11) };

export function searchValuesOf(request: RequestSnapshot): SearchValues {
  const { state, legs } = request;
  const dueAt = deadlinesOf(state)?.due.at;
  const tickets = state.terms?.areTicketsIndexed === true ? ticketsOf(request) : [];
  return {
    state: stateOf(state),
    providers: legs.map(({ provider }) => provider),
    ...defined({ dueAt: dueAt && storable(dueAt) }),
    blockedOn: blockersOf(request, todoOf(request)),
    ...(tickets.length > 0 && { tickets }),
  };
}

/** An instant that cannot be stored would stop the run; the nearest one that can is on the right side of every day asked for. */
function storable(at: number): number {
  return Math.min(Math.max(at, STORABLE.from), STORABLE.to);
}

function stateOf(state: RequestState): SearchValues['state'] {
  if (state.certificate !== undefined) return outcomeOf(state);
  if (state.hold !== undefined) return 'on-hold';
  return state.phase === 'awaiting-approval' || state.phase === 'closing' ? state.phase : 'running';
}

/** What the request waits for, in words for programs. `todo`: what is to be done about it, for people. */
export function blockersOf({ state, legs }: RequestSnapshot, todo: readonly TodoItem[]): readonly BlockedOn[] {
  const dueAt = deadlinesOf(state)?.due.at;
  const inAttention = legs.filter((leg) => leg.phase === 'attention');
  const isToBeDecided = inAttention.some(({ attention }) => !triesDaily(attention.reason));
  const isToBeApproved = state.phase === 'awaiting-approval';
  const isRefused = state.certificateRefused !== undefined;
  const owesAnswer = state.certificate !== undefined && answerOwed(state) !== undefined;
  const couldNotWithdraw = legs.some((leg) => holdOf(leg)?.couldNotWithdraw !== undefined);
  const isReported = (of: 'due-soon' | 'overdue' | 'cannot-make-it'): boolean =>
    dueAt !== undefined && !isAnswered(state) && isReminded(state, of, dueAt);
  const needsDecision =
    isToBeDecided || isToBeApproved || owesAnswer || isCancelToBeDecided(state) || isRefused || couldNotWithdraw;
  const found: [holds: boolean, value: BlockedOn][] = [
    [needsDecision || isUnanswered(state), 'staff'],
    [isRefused, 'certificate'],
    [isToBeApproved, 'approval'],
    [state.hold !== undefined, 'hold'],
    [owesNoticeOfHold(state), 'notice-of-hold'],
    [owesAnswer, 'answer'],
    ...inAttention.map(({ provider }): [boolean, BlockedOn] => [true, provider]),
    [isReported('cannot-make-it'), 'cannot-make-it'],
    [isReported('due-soon') && !isReported('overdue'), 'due-soon'],
    [isReported('overdue'), 'overdue'],
    [isUnanswered(state), 'unanswered'],
  ];
  const values = found.filter(([holds]) => holds).map(([, value]) => value);
  return todo.length > 0 && !needsStaff(values) ? ['todo', ...values] : values;
}
