/** The tickets that a request is known by outside: that of the check of who the person is, and those of decisions. */
import type { LegDecision } from '../leg/leg-state';
import type { TrailEntry } from './request-state';
import type { RequestSnapshot } from './snapshot';

/** The index keeps so many of each request, the newest. */
const TICKETS_MAX = 20;

/** Each once, in the order in which they were first used. References of messages to the person are none. */
export function ticketsOf({
  request,
  state,
  legs,
}: Pick<RequestSnapshot, 'request' | 'state' | 'legs'>): readonly string[] {
  const decided = [...state.trail, ...legs.flatMap(({ decisions }) => decisions)]
    .toSorted((one, other) => one.at - other.at)
    .flatMap((entry) => ticketsIn(entry));
  const { verification } = request;
  const all = [...(verification === undefined ? [] : [verification.reference]), ...decided];
  return [...new Set(all)].slice(-TICKETS_MAX);
}

function ticketsIn(entry: TrailEntry | LegDecision): readonly string[] {
  if ('reason' in entry) return [entry.reason.ticket];
  if (!('content' in entry)) return [];
  const { reason } = entry.content;
  return entry.kind === 'identity' ? [reason.ticket, entry.content.reference] : [reason.ticket];
}
