/** What staff have to do about the request itself, in sentences for people, with the decisions that it takes. */
import type { NoticeKind } from '../decision/decision-table';
import { typedDecision, type SuggestedDecision } from '../decision/suggested-decision';
import { holdOf } from '../leg/leg-state';
import { describeDuration, describeInstant } from '../duration';
import { describeLateness } from '../law/feasibility';
import { providerName } from '../provider/provider-table';
import { UNANSWERED_AFTER_MS } from '../rules/rules';
import { dueProgress, type DueProgress } from './due-progress';
import { answerOwed, isAnswered, isDone, isUnanswered, owedToPerson } from './owed-to-person';
import { clockOf, isCancelToBeDecided, type RequestState } from './request-state';
import type { RequestSnapshot } from './snapshot';

export interface TodoItem {
  /** Without a full stop. */
  readonly text: string;
  /** What to decide or record here, once that can be taken; empty where something is to be done outside of this system. */
  readonly decisions: readonly SuggestedDecision[];
}

/** As a sentence that names the commands. */
export function todoText({ text, decisions }: TodoItem, requestId = 'ID'): string {
  const commands = decisions.map((decision) => typedDecision(decision, requestId));
  return commands.length === 0 ? text : `${text} (${commands.join(', ')})`;
}

/** Most urgent first; empty where nothing is to be done about the request itself: a leg in attention says so itself. */
export function todoOf(request: RequestSnapshot, due = dueProgress(request)): readonly TodoItem[] {
  const { state, legs, now } = request;
  const { terms, phase, hold, ended, extension, cancelRequestedAt, certificateRefused } = state;
  if (terms === undefined || phase === 'over' || isDone(state)) return [];
  const todo: TodoItem[] = [];
  const add = (text: string, ...decisions: readonly SuggestedDecision[]): void => void todo.push({ text, decisions });
  const byDay = due === undefined ? '' : ` by ${due.on}`;
  if (due?.status === 'overdue') {
    add(`OVERDUE since ${due.on}: answer the person, then record it`);
  }
  if (isUnanswered(state)) {
    add(
      `UNANSWERED for more than ${describeDuration(UNANSWERED_AFTER_MS)}, and the rules name no calendar that gives a due date: ` +
        'decide what it waits for, answer the person, then record it',
    );
  }
  if (cancelRequestedAt !== undefined && isCancelToBeDecided(state)) {
    add(
      `somebody cancelled it in Temporal at ${describeInstant(cancelRequestedAt)} (CancelRequested): ` +
        'withdraw it with a signed decision, or let it go on',
      { kind: 'withdraw', fields: {} },
    );
  }
  if (certificateRefused !== undefined) {
    add(
      `${certificateRefused.why} Since ${describeInstant(certificateRefused.since)}; ` +
        'it is tried again daily. See the operations guide (EvidenceRefused)',
    );
  }
  if (phase === 'awaiting-approval') {
    add('approve or reject it', { kind: 'approve', fields: {} }, { kind: 'reject', fields: {} });
  }
  if (hold !== undefined) {
    const review = now > hold.reviewAt ? 'its review IS DUE since' : 'review by';
    add(
      `on hold since ${describeInstant(hold.since)} (${hold.ground}, owner ${hold.owner}): ` +
        `${review} ${describeInstant(hold.reviewAt)}; it goes on once it is released`,
      { kind: 'release', fields: {} },
    );
  }
  if (owedToPerson(state) === 'refused') {
    const isUnsaid = ended?.wantedBy === 'unsaid';
    add(
      `tell the person ${refusalOf(state)}${byDay}, then record it${isUnsaid ? '; or say that it was their own wish' : ''}`,
      notice('refused'),
      ...(isUnsaid ? [{ kind: 'withdraw', fields: { wantedBy: 'subject' } } as const] : []),
    );
  }
  // There is nothing to tell before the certificate, and a notice of it would be refused.
  if (phase === 'awaiting-answer' && answerOwed(state) === 'outcome') {
    add(`tell the person the outcome${byDay}, then record it`, notice('outcome'));
  }
  for (const { provider } of legs.filter((leg) => holdOf(leg)?.couldNotWithdraw !== undefined)) {
    add(
      `${providerName(provider)} could not be kept from erasing during the hold: ask them to stop it, outside of this system`,
    );
  }
  if (due?.acknowledgeOn !== undefined && !isAnswered(state)) {
    add(`confirm its receipt to the person by ${due.acknowledgeOn}, then record it`, notice('acknowledged'));
  }
  if (extension !== undefined && extension.noticedAt === undefined && due !== undefined) {
    add(extensionTodo(request, due), notice('extended'));
  }
  if (due?.lateByMs !== undefined && due.status !== 'overdue') {
    const canExtend = extension === undefined && due.extendBy !== undefined;
    add(
      `it cannot make its due date, by ${describeLateness(due.lateByMs)}: extend it where the law allows, or decide`,
      ...(canExtend ? [{ kind: 'extend', fields: {} } as const] : []),
    );
  }
  return todo;
}

function notice(kind: NoticeKind): SuggestedDecision {
  return { kind: 'notice', fields: { notice: kind } };
}

function refusalOf({ rejected, ended }: RequestState): string {
  if (rejected !== undefined) return 'why it was rejected';
  return ended === undefined ? 'why it is held back' : 'why it was withdrawn, and is not carried out';
}

/** After the last day for it, a notice can still be recorded that was given by then. */
function extensionTodo({ state, now }: RequestSnapshot, { extendBy }: DueProgress): string {
  return now <= (clockOf(state)?.extendBy?.at ?? now)
    ? `tell the person of the extension by ${extendBy}: it holds only then`
    : `record that the person was told of the extension by ${extendBy}, if so: it holds only then`;
}
