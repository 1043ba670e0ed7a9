/** What the person must still be told. */
import type { DecisionContents } from '../decision/decision';
import type { NoticeKind } from '../decision/decision-table';
import { parseCheckedInstant } from '../instant';
import { SENDER_CLOCK_SKEW_MS } from './request';
import { clockOf, type RequestState, type TrailEntry } from './request-state';

/**
 * What the person must still be told, whether that can be done now or not: the one rule from which the law's clock, the
 * to-dos and the end of the run follow. A notice speaks only for what it was given after:
 * - a rejection is answered by a refusal after it;
 * - a hold by a refusal after it began, and only for as long as it lasts: after the release the outcome is owed again;
 * - a withdrawal at the person's own wish leaves nothing to tell, unless some provider may have erased all the same;
 * - a withdrawal at anybody else's wish is a refusal to the person, or where some provider may have erased an outcome;
 * - anything else by the outcome, once there is a certificate.
 */
export function owedToPerson(state: RequestState): 'outcome' | 'refused' | undefined {
  const { rejected, ended, hold, certificate, trail } = state;
  const refused = (since: number, decided: number) =>
    isTold(state, { notice: 'refused', since, decided }) ? undefined : 'refused';
  if (rejected !== undefined) return refused(rejected.at, lastOf(trail, 'reject'));
  if (isOwnWish(state)) return undefined;
  if (ended !== undefined && state.mayHaveErased !== true) {
    return refused(
      ended.at,
      trail.findIndex(({ kind }) => kind === 'withdraw' || kind === 'cancelled'),
    );
  }
  if (hold !== undefined) return refused(hold.since, lastOf(trail, 'hold'));
  if (certificate === undefined) return 'outcome';
  return isTold(state, { notice: 'outcome', since: certificate.issuedAt, decided: -1 }) ? undefined : 'outcome';
}

function lastOf(trail: RequestState['trail'], kind: TrailEntry['kind']): number {
  return trail.findLastIndex((entry) => entry.kind === kind);
}

/** Given after `since`, and recorded after the entry `decided`: both may be of one millisecond. */
function isTold(
  { trail }: RequestState,
  { notice, since, decided }: { readonly notice: NoticeKind; readonly since: number; readonly decided: number },
): boolean {
  return trail
    .slice(decided + 1)
    .some(
      (entry) =>
        isNoticeToPerson(entry, notice) && parseCheckedInstant(entry.content.at) >= since - SENDER_CLOCK_SKEW_MS,
    );
}

function isNoticeToPerson(entry: TrailEntry, notice: NoticeKind): entry is TrailEntry & { readonly kind: 'notice' } {
  return entry.kind === 'notice' && entry.content.notice === notice && entry.content.recipient === undefined;
}

/** The notices of this kind that the person was given, in the order in which they were recorded. */
export function noticesToPerson({ trail }: RequestState, kind: NoticeKind): readonly DecisionContents['notice'][] {
  return trail.flatMap((entry) => (isNoticeToPerson(entry, kind) ? [entry.content] : []));
}

/** Withdrawn by the person, before any provider can have erased. */
export function isOwnWish({ ended, mayHaveErased }: RequestState): boolean {
  return ended?.wantedBy === 'subject' && mayHaveErased !== true;
}

/** The law's clock stands still: nothing is owed to the person now. */
export function isAnswered(state: RequestState): boolean {
  return owedToPerson(state) === undefined;
}

/** The notice that the run itself waits for; undefined where the answer is left to another system. */
export function answerOwed(state: RequestState): 'outcome' | 'refused' | undefined {
  return state.terms?.rules.answerTracked === true ? owedToPerson(state) : undefined;
}

/** The certificate is there, and nothing is waited for any more. */
export function isDone(state: RequestState): boolean {
  return state.certificate !== undefined && answerOwed(state) === undefined;
}

/** A hold keeps the request from being carried out: the person has to be told why, within the law's time. */
export function owesNoticeOfHold(state: RequestState): boolean {
  return state.hold !== undefined && !isAnswered(state);
}

/** Without a due date: the person has waited for longer than is bearable, and is still owed an answer. */
export function isUnanswered(state: RequestState): boolean {
  const isReported = state.trail.some((entry) => entry.kind === 'reminded' && entry.of === 'unanswered');
  return clockOf(state) === undefined && isReported && !isAnswered(state);
}
