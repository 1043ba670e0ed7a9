/** A request in a list, and how urgent it is: from Temporal's index alone, or from a look. */
import { defined } from '../domain/defined';
import { DAY_MS, HOUR_MS } from '../domain/duration';
import { isProvider } from '../domain/provider/provider-table';
import { needsStaff, type BlockedOn } from '../domain/request/search-values';
import type { FoundRequest } from './found-request';
import type { RequestStatus } from './request-status';
import type { RequestStateName } from './states';

/** Instants in epoch ms. */
export interface ListedRequest {
  readonly requestId: string;
  readonly state: RequestStateName;
  readonly isOpen: boolean;
  readonly startedAt: number;
  readonly closedAt?: number;
  /** The last millisecond of the law's day for the answer. */
  readonly dueAt?: number;
  /** Nothing is owed to the person now. */
  readonly isAnswered: boolean;
  readonly blockedOn: readonly BlockedOn[];
}

/** Most urgent first. */
export const urgencies = ['overdue', 'needs-staff', 'due-soon', 'waiting', 'over'] as const;
export type Urgency = (typeof urgencies)[number];

/** The law's day itself, from its last millisecond in whatever zone: at its noon it is the same day nearly everywhere, and never a later one. */
export function dueDayOf(dueAt: number): string {
  return new Date(dueAt - 12 * HOUR_MS).toISOString().slice(0, 10);
}

export const DUE_SOON_MS = 7 * DAY_MS;

/** As the index has it; undefined for an open one of which it knows nothing (yet). */
export function listedByIndex(found: FoundRequest): ListedRequest | undefined {
  const { requestId, status, startedAt, closedAt, dueAt, state, blockedOn = [] } = found;
  const isOpen = status === 'running';
  if (isOpen && state === undefined) return undefined;
  return {
    requestId,
    state: stateByIndex(found),
    isOpen,
    startedAt,
    ...defined({ closedAt, dueAt }),
    // A hold of which the person was told answers them for as long as it lasts.
    isAnswered: !isOpen || (state === 'on-hold' && !blockedOn.includes('notice-of-hold')),
    blockedOn: isOpen ? blockedOn : [],
  };
}

function stateByIndex({ status, state, blockedOn = [] }: FoundRequest): RequestStateName {
  if (status !== 'running') return status === 'completed' ? (state ?? status) : status;
  if (blockedOn.some(isProvider)) return 'attention';
  return blockedOn.includes('answer') ? 'awaiting-answer' : (state ?? status);
}

export function listedByLook({
  requestId,
  state,
  status,
  startedAt,
  closedAt,
  progress,
}: RequestStatus): ListedRequest {
  const due = progress?.due;
  return {
    requestId,
    state,
    isOpen: status === 'running',
    startedAt: Date.parse(startedAt),
    ...defined({
      closedAt: closedAt === undefined ? undefined : Date.parse(closedAt),
      dueAt: due === undefined ? undefined : Date.parse(due.at),
    }),
    isAnswered: status !== 'running' || due?.status === 'answered' || due?.status === 'not-owed',
    blockedOn: progress?.blockedOn ?? [],
  };
}

export function urgencyOf(listed: ListedRequest, now: number): Urgency {
  if (!listed.isOpen) return 'over';
  if (dueInMs(listed, now) < 0 || listed.blockedOn.includes('overdue')) return 'overdue';
  if (needsStaff(listed.blockedOn)) return 'needs-staff';
  return isDueSoon(listed, now) ? 'due-soon' : 'waiting';
}

/** Within seven days, and not overdue. */
export function isDueSoon(listed: ListedRequest, now: number): boolean {
  const inMs = dueInMs(listed, now);
  return listed.isOpen && inMs >= 0 && inMs <= DUE_SOON_MS && !listed.blockedOn.includes('overdue');
}

function dueInMs({ isAnswered, dueAt }: ListedRequest, now: number): number {
  return isAnswered || dueAt === undefined ? Infinity : dueAt - now;
}

/** Overdue ones, then those that need a staff member, then by the due date; ended ones last, the newest first. */
export function byUrgency(now: number): (one: ListedRequest, other: ListedRequest) => number {
  const rank = (listed: ListedRequest): readonly number[] => [
    urgencies.indexOf(urgencyOf(listed, now)),
    listed.isOpen ? (listed.dueAt ?? Number.MAX_SAFE_INTEGER) : -(listed.closedAt ?? 0),
    listed.startedAt,
  ];
  return (one, other) => {
    const others = rank(other);
    return (
      rank(one)
        .map((value, index) => value - (others[index] ?? 0))
        .find((difference) => difference !== 0) ?? 0
    );
  };
}
