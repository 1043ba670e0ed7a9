/**
 * How much one request takes. Temporal itself refuses further updates after 2,000 in a run, and terminates a run at 51,200
 * events or 50 MiB. Long before that a request refuses what it can do without, so that what must be decided still can be.
 */
import type { RequestDecision } from '../decision/decision';
import type { ProviderDecisionKind } from '../decision/decision-table';
import type { LegState } from '../leg/leg-state';
import { answerOwed, noticesToPerson, owesNoticeOfHold } from './owed-to-person';
import type { RequestState } from './request-state';

const MIB = 1024 * 1024;

/** Of one provider. */
export const RETRIES_MAX = 100;
export const RECIPIENT_NOTICES_MAX = 200;
/** Of one kind to the person. One that is owed is always taken. */
export const PERSON_NOTICES_MAX = 20;
export const HOLDS_MAX = 30;
/** Decisions with a token that did not hold, or that something else had overtaken by the time it was checked. */
export const REFUSED_TOKENS_MAX = 300;
/** The newest entries of the trail, in the answer to a decision: with all of them each answer would be longer than the last. */
export const TRAIL_IN_ANSWER_MAX = 10;

/** Of a run, so far. */
export interface HistoryLength {
  readonly events: number;
  readonly bytes: number;
}
/** From here on nothing is taken that a request can do without. */
export const SPARE_HISTORY_MAX: HistoryLength = { events: 20_000, bytes: 20 * MIB };
/** From here on no hold either: it withdraws at every provider, and asks anew after its release. */
export const HOLD_HISTORY_MAX: HistoryLength = { events: 30_000, bytes: 30 * MIB };

/** Why one decision more about the whole request would be too many: the sentence goes on from "The request". */
export function limitOfRequest(
  state: RequestState,
  { kind, content }: RequestDecision,
  history: HistoryLength,
): string | undefined {
  if (kind === 'hold') {
    const holds = state.trail.filter((entry) => entry.kind === 'hold').length;
    if (holds >= HOLDS_MAX) return `has been put on hold ${HOLDS_MAX} times, which is the limit: withdraw it instead`;
    return whyTooLong(history, HOLD_HISTORY_MAX);
  }
  if (kind !== 'notice') return undefined;
  const { notice, recipient } = content;
  if (recipient === undefined) {
    const given = noticesToPerson(state, notice).length;
    const isOwed = given === 0 || answerOwed(state) === notice || (notice === 'refused' && owesNoticeOfHold(state));
    if (isOwed) return undefined;
    if (given >= PERSON_NOTICES_MAX) return `holds ${PERSON_NOTICES_MAX} notices of this kind, which is the limit`;
  } else if (recipientNotices(state) >= RECIPIENT_NOTICES_MAX) {
    return `holds ${RECIPIENT_NOTICES_MAX} notices to recipients, which is the limit: record further ones elsewhere`;
  }
  return whyTooLong(history, SPARE_HISTORY_MAX);
}

function recipientNotices({ trail }: RequestState): number {
  return trail.filter((entry) => entry.kind === 'notice' && entry.content.recipient !== undefined).length;
}

/** The same about one provider; the sentence goes on from the provider's name. */
export function limitOfLeg(leg: LegState, kind: ProviderDecisionKind, history: HistoryLength): string | undefined {
  if (kind !== 'retry') return undefined;
  const retries = leg.decisions.filter((decision) => decision.kind === 'retry').length;
  if (retries >= RETRIES_MAX) {
    return `has been retried ${RETRIES_MAX} times, which is the limit: attest or waive it, or withdraw the request`;
  }
  const tooLong = whyTooLong(history, SPARE_HISTORY_MAX);
  return tooLong && `needs a decision for good, attest or waive: the request ${tooLong}`;
}

function whyTooLong({ events, bytes }: HistoryLength, most: HistoryLength): string | undefined {
  return events < most.events && bytes < most.bytes
    ? undefined
    : 'has so long a history that only what must be decided is still taken';
}
