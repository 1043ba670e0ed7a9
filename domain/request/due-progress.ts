/** How a request stands with its due date: for people, and for what is reported of it. */
import { describeFeasibility, feasibilityOf, type Feasibility } from '../law/feasibility';
import { planOf } from './leg-plan';
import type { ClockProgress } from '../law/legal-clock';
import { isAnswered, isOwnWish, noticesToPerson } from './owed-to-person';
import { clockOf, deadlinesOf, isExtended, isReminded, rulesOf, type RequestState } from './request-state';
import type { RequestSnapshot } from './snapshot';

/** By when the person is to be answered. Days are days in `timeZone`; instants are RFC 3339 in UTC. */
export interface DueProgress {
  readonly rule: string;
  readonly timeZone: string;
  readonly calendar: string;
  /** The law's day, e.g. `2026-03-02`. */
  readonly on: string;
  /** Its last millisecond. */
  readonly at: string;
  /** The day to work towards, where it is earlier. */
  readonly aimOn?: string;
  readonly extended: boolean;
  readonly acknowledgeOn?: string;
  /** An extension has to be told by this day; absent once there is one. */
  readonly extendBy?: string;
  /** `answered`: nothing is owed to the person now. `not-owed`: withdrawn at their own wish, with nothing to tell. */
  readonly status: 'on-time' | 'due-soon' | 'overdue' | 'answered' | 'not-owed';
  /** Whether the providers' windows end in time: sentences for people; empty where all is asked and nothing is late. */
  readonly feasibility: readonly string[];
  readonly lateByMs?: number;
}

export const dueStatusWords: Readonly<Record<DueProgress['status'], string>> = {
  'on-time': 'on time',
  'due-soon': 'due soon',
  overdue: 'OVERDUE',
  answered: 'answered',
  'not-owed': 'withdrawn at their own wish, no answer is owed',
};

export function dueProgress(request: RequestSnapshot): DueProgress | undefined {
  const { state, now } = request;
  const clock = clockOf(state);
  const deadlines = deadlinesOf(state);
  if (clock === undefined || deadlines === undefined) return undefined;
  const { due, aim } = deadlines;
  const { acknowledged, extended, answered } = clockProgressOf(state);
  const feasibility = feasibilityOfRequest(request, aim.at);
  return {
    rule: clock.rule,
    timeZone: clock.timeZone,
    calendar: clock.calendar,
    on: due.on,
    at: new Date(due.at).toISOString(),
    ...(aim.on === due.on ? {} : { aimOn: aim.on }),
    extended,
    ...(clock.acknowledgeBy === undefined || acknowledged ? {} : { acknowledgeOn: clock.acknowledgeBy.on }),
    ...(clock.extendBy === undefined || extended ? {} : { extendBy: clock.extendBy.on }),
    status: statusAt(now, state, due.at),
    feasibility: answered ? [] : describeFeasibility(feasibility, now),
    ...(feasibility.verdict === 'late' && !answered ? { lateByMs: feasibility.lateByMs } : {}),
  };
}

function statusAt(now: number, state: RequestState, dueAt: number): DueProgress['status'] {
  if (isAnswered(state)) return isOwnWish(state) ? 'not-owed' : 'answered';
  if (now > dueAt) return 'overdue';
  return isReminded(state, 'due-soon', dueAt) ? 'due-soon' : 'on-time';
}

export function clockProgressOf(state: RequestState): ClockProgress {
  return {
    acknowledged: noticesToPerson(state, 'acknowledged').length > 0,
    extended: isExtended(state),
    answered: isAnswered(state),
  };
}

/** Whether every provider can be known to have erased by `dueAt`. */
export function feasibilityOfRequest({ state, legs, now }: RequestSnapshot, dueAt: number): Feasibility {
  const { patience } = rulesOf(state);
  const plans = legs.map((leg) => planOf(leg, now, patience));
  return feasibilityOf({ dueAt, now, marginMs: patience.marginMs, legs: plans });
}
