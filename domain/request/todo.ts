/** What staff have to do about the request itself, in sentences for people. */
import { holdOf } from '../leg/leg-state';
import { describeDuration, describeInstant } from '../duration';
import { describeLateness } from '../law/feasibility';
import { providerName } from '../provider/provider-table';
import { UNANSWERED_AFTER_MS } from '../rules/rules';
import { dueProgress, type DueProgress } from './due-progress';
import { answerOwed, isAnswered, isDone, isUnanswered, owedToPerson } from './owed-to-person';
import { clockOf, isCancelToBeDecided, type RequestState } from './request-state';
import type { RequestSnapshot } from './snapshot';

/** Most urgent first; empty where the request goes on by itself. */
export function todoOf(request: RequestSnapshot, due = dueProgress(request)): readonly string[] {
  const { state, legs, now } = request;
  const { terms, phase, hold, ended, extension, cancelRequestedAt, certificateRefused } = state;
  if (terms === undefined || phase === 'over' || isDone(state)) return [];
  const todo: string[] = [];
  const byDay = due === undefined ? '' : ` by ${due.on}`;
  if (due?.status === 'overdue') {
    todo.push(`OVERDUE since ${due.on}: answer the person, then record it (recordNotice)`);
  }
  if (isUnanswered(state)) {
    todo.push(
      `UNANSWERED for more than ${describeDuration(UNANSWERED_AFTER_MS)}, and the rules name no calendar that gives a due date: ` +
        'decide what it waits for, answer the person, then record it (recordNotice)',
    );
  }
  if (cancelRequestedAt !== undefined && isCancelToBeDecided(state)) {
    todo.push(
      `somebody cancelled it in Temporal at ${describeInstant(cancelRequestedAt)} (CancelRequested): ` +
        'withdraw it with a signed decision (withdrawRequest), or let it go on',
    );
  }
  if (certificateRefused !== undefined) {
    todo.push(
      `${certificateRefused.why} Since ${describeInstant(certificateRefused.since)}; ` +
        'it is tried again daily. See the operations guide (EvidenceRefused)',
    );
  }
  if (phase === 'awaiting-approval') todo.push('approve or reject it (approveRequest, rejectRequest)');
  if (hold !== undefined) {
    const review = now > hold.reviewAt ? 'its review IS DUE since' : 'review by';
    todo.push(
      `on hold since ${describeInstant(hold.since)} (${hold.ground}, owner ${hold.owner}): ` +
        `${review} ${describeInstant(hold.reviewAt)}; releaseRequest lets it go on`,
    );
  }
  if (owedToPerson(state) === 'refused') {
    const ownWish =
      ended?.wantedBy === 'unsaid' ? '; or say that it was their own wish (withdrawRequest, subject)' : '';
    todo.push(`tell the person ${refusalOf(state)}${byDay}, then record it (recordNotice, refused)${ownWish}`);
  }
  // There is nothing to tell before the certificate, and a notice of it would be refused.
  if (phase === 'awaiting-answer' && answerOwed(state) === 'outcome') {
    todo.push(`tell the person the outcome${byDay}, then record it (recordNotice, outcome)`);
  }
  for (const { provider } of legs.filter((leg) => holdOf(leg)?.couldNotWithdraw !== undefined)) {
    todo.push(
      `${providerName(provider)} could not be kept from erasing during the hold: ask them to stop it, outside of this system`,
    );
  }
  if (due?.acknowledgeOn !== undefined && !isAnswered(state)) {
    todo.push(`confirm its receipt to the person by ${due.acknowledgeOn}, then record it (recordNotice, acknowledged)`);
  }
  if (extension !== undefined && extension.noticedAt === undefined && due !== undefined) {
    todo.push(extensionTodo(request, due));
  }
  if (due?.lateByMs !== undefined && due.status !== 'overdue') {
    todo.push(
      `it cannot make its due date, by ${describeLateness(due.lateByMs)}: extend it where the law allows, or decide`,
    );
  }
  return todo;
}

function refusalOf({ rejected, ended }: RequestState): string {
  if (rejected !== undefined) return 'why it was rejected';
  return ended === undefined ? 'why it is held back' : 'why it was withdrawn, and is not carried out';
}

/** After the last day for it, a notice can still be recorded that was given by then. */
function extensionTodo({ state, now }: RequestSnapshot, { extendBy }: DueProgress): string {
  return now <= (clockOf(state)?.extendBy?.at ?? now)
    ? `tell the person of the extension by ${extendBy}: it holds only then (recordNotice, extended)`
    : `record that the person was told of the extension by ${extendBy}, if so: it holds only then (recordNotice, extended)`;
}
