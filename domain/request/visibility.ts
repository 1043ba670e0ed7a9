/** What a request can be filtered by: what its search attributes say, none of it personal. */
import type { LegState } from '../leg/leg';
import { byProvider, type Provider } from '../provider/provider-table';
import { triesDaily } from '../leg/failure';
import type { RequestOutcome } from '../leg/outcome';
import { answerOwed, isAnswered, isReminded, owesNoticeOfHold, type RequestState } from './request-state';
import type { Rules } from '../rules/rules';

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

/** Whatever a person can do something about; a day that is near is only a day. */
export const needingStaff = Object.keys({
  staff: true,
  certificate: true,
  approval: true,
  hold: true,
  answer: true,
  'notice-of-hold': true,
  todo: true,
  overdue: true,
  unanswered: true,
  'cannot-make-it': true,
  ...byProvider(() => true as const),
} satisfies Record<Exclude<BlockedOn, 'due-soon'>, true>) as readonly BlockedOn[];

export function needsStaff(blocks: readonly BlockedOn[]): boolean {
  return blocks.some((one) => needingStaff.includes(one));
}

export interface Visible {
  readonly state: 'awaiting-approval' | 'running' | 'on-hold' | RequestOutcome;
  readonly providers: readonly Provider[];
  /** Epoch ms. */
  readonly dueAt?: number;
  readonly blockedOn: readonly BlockedOn[];
}

/** What every store of Temporal's index takes as an instant: nanoseconds in 64 bits, and a year of four digits. */
const STORABLE = { from: 0, to: Date.UTC(2262, 3, 11) };

export function visibleOf(facts: {
  readonly state: RequestState;
  readonly legs: readonly LegState[];
  readonly rules: Rules;
  /** The law's day that holds now. */
  readonly dueAt: number | undefined;
  readonly outcome: RequestOutcome | undefined;
  /** There is something to be done about the request itself. */
  readonly hasTodo?: boolean;
}): Visible {
  const { state, legs, dueAt, outcome } = facts;
  return {
    state: stateOf(state, outcome),
    providers: legs.map(({ provider }) => provider),
    ...(dueAt === undefined ? {} : { dueAt: storable(dueAt) }),
    blockedOn: blockedOn(facts),
  };
}

/** An instant that cannot be stored would stop the run; the nearest one that can is on the right side of every day asked for. */
function storable(at: number): number {
  return Math.min(Math.max(at, STORABLE.from), STORABLE.to);
}

function stateOf(state: RequestState, outcome: RequestOutcome | undefined): Visible['state'] {
  if (outcome !== undefined) return outcome;
  if (state.hold !== undefined) return 'on-hold';
  return state.phase === 'awaiting-approval' ? 'awaiting-approval' : 'running';
}

function blockedOn({
  state,
  legs,
  rules,
  dueAt,
  outcome,
  hasTodo = false,
}: Parameters<typeof visibleOf>[0]): readonly BlockedOn[] {
  const inAttention = legs.filter(({ phase }) => phase === 'attention');
  const isToBeDecided = inAttention.some(({ attention }) => attention !== undefined && !triesDaily(attention.reason));
  const owesAnswer = outcome !== undefined && answerOwed(state, rules) !== undefined;
  const isCancelToBeDecided = state.cancelRequestedAt !== undefined && state.ended === undefined;
  const isClockOn = dueAt !== undefined && !isAnswered(state);
  const found: [holds: boolean, value: BlockedOn][] = [
    [
      isToBeDecided ||
        state.phase === 'awaiting-approval' ||
        owesAnswer ||
        isCancelToBeDecided ||
        state.certificateRefused !== undefined ||
        legs.some(({ hold }) => hold?.couldNotWithdraw === true) ||
        isUnanswered(state, dueAt),
      'staff',
    ],
    [state.certificateRefused !== undefined, 'certificate'],
    [state.phase === 'awaiting-approval', 'approval'],
    [state.hold !== undefined, 'hold'],
    [owesNoticeOfHold(state), 'notice-of-hold'],
    [owesAnswer, 'answer'],
    ...inAttention.map(({ provider }): [boolean, BlockedOn] => [true, provider]),
    [isClockOn && isReminded(state, 'cannot-make-it', dueAt), 'cannot-make-it'],
    [isClockOn && isReminded(state, 'due-soon', dueAt) && !isReminded(state, 'overdue', dueAt), 'due-soon'],
    [isClockOn && isReminded(state, 'overdue', dueAt), 'overdue'],
    [isUnanswered(state, dueAt), 'unanswered'],
  ];
  const values = found.filter(([holds]) => holds).map(([, value]) => value);
  return hasTodo && !needsStaff(values) ? ['todo', ...values] : values;
}

/** Without a due date: the person has waited for longer than is bearable, and is still owed an answer. */
export function isUnanswered(state: RequestState, due: unknown): boolean {
  const isReported = state.trail.some((entry) => entry.kind === 'reminded' && entry.of === 'unanswered');
  return due === undefined && isReported && !isAnswered(state);
}
