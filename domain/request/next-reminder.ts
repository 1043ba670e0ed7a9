/** Which deadline or review of a request is to be reported next. */
import { holdOf } from '../leg/leg-state';
import { clockEvents } from '../law/legal-clock';
import { nextStep } from '../leg/next-step';
import { UNANSWERED_AFTER_MS } from '../rules/rules';
import { clockProgressOf, feasibilityOfRequest } from './due-progress';
import { isAnswered } from './owed-to-person';
import { clockOf, deadlinesOf, isReminded, rulesOf, type ReminderKind, type RequestState } from './request-state';
import type { RequestSnapshot } from './snapshot';

/** Something to report at `at`, once for each `due`. */
export interface Reminder {
  readonly of: ReminderKind;
  readonly at: number;
  readonly due: number;
}

/** What is to be reported next, possibly at once; undefined while nothing is. */
export function nextReminder(
  request: RequestSnapshot,
  { beganUnder04 = true }: { readonly beganUnder04?: boolean } = {},
): Reminder | undefined {
  const { state } = request;
  if (state.phase === 'starting' || state.phase === 'over') return undefined;
  return [...clockReminders(request, beganUnder04), ...holdReminders(state), ...silenceReminders(request)]
    .filter(({ of, due }) => !isReminded(state, of, due))
    .sort((one, other) => one.at - other.at)[0];
}

function clockReminders(request: RequestSnapshot, beganUnder04: boolean): Reminder[] {
  const { state } = request;
  const clock = clockOf(state);
  const deadlines = deadlinesOf(state);
  if (clock === undefined || deadlines === undefined) return [];
  const due = deadlines.due.at;
  const dueByKind = {
    'acknowledge-due': clock.acknowledgeBy?.at ?? due,
    'extension-decision-due': clock.extendBy?.at ?? due,
    'due-soon': due,
    overdue: due,
  };
  const progress = clockProgressOf(state);
  const reminders = clockEvents(clock, progress, rulesOf(state).leads)
    // What is being withdrawn can no longer be extended, and no provider is waited for.
    .filter(({ kind }) => state.ended === undefined || kind !== 'extension-decision-due')
    .map(({ kind, at }) => ({ of: kind, at, due: dueByKind[kind] }));
  const isWaitedFor = !progress.answered && state.ended === undefined;
  const lateFrom = isWaitedFor ? lateSince(request, { dueAt: deadlines.aim.at, beganUnder04 }) : undefined;
  return lateFrom === undefined ? reminders : [...reminders, { of: 'cannot-make-it', at: lateFrom, due }];
}

/** From when it can no longer make its due date; undefined where all goes on by itself and ends in time. */
function lateSince(
  request: RequestSnapshot,
  { dueAt, beganUnder04 }: { readonly dueAt: number; readonly beganUnder04: boolean },
): number | undefined {
  const { verdict, legs } = feasibilityOfRequest(request, dueAt);
  if (verdict === 'late') return request.now;
  // Where something else has to happen before a provider is asked, the day comes on which that is too late.
  const isToBeApproved = beganUnder04 && request.state.phase === 'awaiting-approval';
  const stuck = request.legs.filter(
    (leg) =>
      isToBeApproved ||
      leg.phase === 'attention' ||
      holdOf(leg) !== undefined ||
      (beganUnder04 && nextStep(leg).do === 'waitForBrake'),
  );
  const latest = legs
    .filter(({ provider, toBeAsked }) => toBeAsked && stuck.some((leg) => leg.provider === provider))
    .map(({ latestSafeSend }) => latestSafeSend);
  return latest.length === 0 ? undefined : Math.min(...latest) + 1;
}

function holdReminders({ hold }: RequestState): Reminder[] {
  return hold === undefined ? [] : [{ of: 'hold-review', at: hold.reviewAt, due: hold.reviewAt }];
}

/** Where there is no due date, silence has a bound of its own. It takes no timer while the request goes on by itself. */
function silenceReminders(request: RequestSnapshot): Reminder[] {
  const { state, now } = request;
  if (clockOf(state) !== undefined || isAnswered(state)) return [];
  const at = request.request.submittedAt + UNANSWERED_AFTER_MS;
  return now < at && goesOnBefore(at, request) ? [] : [{ of: 'unanswered', at, due: at }];
}

/** Something of its own will happen before then: asking and looking have budgets, after which they ask for attention. */
function goesOnBefore(at: number, { state, legs }: RequestSnapshot): boolean {
  if (state.phase === 'closing' || state.phase === 'issuing-certificate') return true;
  if (state.phase !== 'running' || state.hold !== undefined) return false;
  return legs.every((leg) => {
    // Where the answer is left to another system, attention is told by itself.
    if (leg.phase === 'attention') return !rulesOf(state).answerTracked;
    const step = nextStep(leg);
    return step.do !== 'wait' || step.until < at;
  });
}
