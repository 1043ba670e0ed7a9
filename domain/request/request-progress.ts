/** What a person sees of a whole request: where it stands with the law, what it waits for, and what they can do. */
import { defined } from '../defined';
import { describeDuration, describeInstant } from '../duration';
import { describeFeasibility, describeLateness, feasibilityOf, planOf, type Feasibility } from '../law/feasibility';
import { nextStep, type LegState } from '../leg/leg';
import { aimOf, clockEvents, dueOf, noClockMeaning, type LegalClock } from '../law/legal-clock';
import type { RequestOutcome } from '../leg/outcome';
import type { Patience } from '../rules/patience';
import { legProgress, type LegProgress, type NotYet } from '../leg/leg-progress';
import { providerName } from '../provider/provider-table';
import { callbackRemarks } from '../leg/receipt';
import type { Regulation } from './request';
import {
  answerOwed,
  isAnswered,
  isExtended,
  isOwnWish,
  isReminded,
  lateCallbacks,
  noticesToPerson,
  owedToPerson,
  type ReminderKind,
  type RequestState,
  type TrailEntry,
} from './request-state';
import { UNANSWERED_AFTER_MS, type DecisionMode, type Terms, type Rules } from '../rules/rules';
import { isUnanswered, visibleOf, type BlockedOn } from './visibility';

export type RequestProgressState =
  'starting' | 'awaiting-approval' | 'running' | 'on-hold' | 'issuing-certificate' | 'awaiting-answer' | RequestOutcome;

/** Instants are RFC 3339 in UTC. */
export interface RequestProgress {
  readonly requestId: string;
  readonly regulation: Regulation;
  readonly submittedAt: string;
  readonly startedAt: string;
  readonly state: RequestProgressState;
  readonly decisionMode: DecisionMode;
  /** What is to be done about the request itself, most urgent first; empty where it goes on by itself. */
  readonly todo: readonly string[];
  /** The same in words for programs, as the search attribute `ErasureBlockedOn` has them. */
  readonly blockedOn: readonly BlockedOn[];
  readonly due?: DueProgress;
  /** Why it has no due date, for people; absent where it has one. */
  readonly noDueDate?: string;
  readonly outcome?: RequestOutcome;
  /** What is worth knowing and asks for nothing, in sentences. */
  readonly notes: readonly string[];
  readonly trail: readonly TrailEntry[];
  readonly legs: readonly LegProgress[];
}

/** By when the person is to be answered. Days are days in `timeZone`. */
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
  readonly standing: 'on-time' | 'due-soon' | 'overdue' | 'answered' | 'not-owed';
  /** Whether the providers' windows end in time: sentences for people; empty where all is asked and nothing is late. */
  readonly feasibility: readonly string[];
  readonly lateByMs?: number;
}

export interface RequestView {
  readonly state: RequestState;
  readonly legs: readonly LegState[];
  readonly terms: Terms | undefined;
  readonly outcome: RequestOutcome | undefined;
  readonly submittedAt: number;
  readonly now: number;
}

function dueProgress(view: RequestView): DueProgress | undefined {
  const { state, terms, now } = view;
  const clock = terms?.clock;
  if (terms === undefined || clock === undefined) return undefined;
  const standing = clockStanding(state);
  const due = dueOf(clock, standing);
  const aim = aimOf(clock, standing);
  const feasibility = feasibilityOfView(view, clock, terms.rules.patience);
  return {
    rule: clock.rule,
    timeZone: clock.timeZone,
    calendar: clock.calendar,
    on: due.on,
    at: new Date(due.at).toISOString(),
    ...(aim.on === due.on ? {} : { aimOn: aim.on }),
    extended: standing.extended,
    ...(clock.acknowledgeBy === undefined || standing.acknowledged ? {} : { acknowledgeOn: clock.acknowledgeBy.on }),
    ...(standing.extended || clock.extendBy === undefined ? {} : { extendBy: clock.extendBy.on }),
    standing: standing.answered
      ? isOwnWish(state)
        ? 'not-owed'
        : 'answered'
      : standingAt(now, { due: due.at, state }),
    feasibility: standing.answered ? [] : describeFeasibility(feasibility, now),
    ...(feasibility.verdict === 'late' && !standing.answered ? { lateByMs: feasibility.lateByMs } : {}),
  };
}

function standingAt(now: number, { due, state }: { readonly due: number; readonly state: RequestState }) {
  if (now > due) return 'overdue';
  return isReminded(state, 'due-soon', due) ? 'due-soon' : 'on-time';
}

function clockStanding(state: RequestState) {
  return {
    acknowledged: noticesToPerson(state, 'acknowledged').length > 0,
    extended: isExtended(state),
    answered: isAnswered(state),
  };
}

/** Something to report at `at`, once for each `due`. */
export interface Reminder {
  readonly of: ReminderKind;
  readonly at: number;
  readonly due: number;
}

/** What is to be reported next, possibly at once; undefined while nothing is. */
export function nextReminder(view: RequestView): Reminder | undefined {
  const { state, terms } = view;
  if (terms === undefined || state.phase === 'starting' || state.phase === 'over') return undefined;
  return [...clockReminders(view, terms), ...holdReminders(state), ...silenceReminders(view, terms)]
    .filter(({ of, due }) => !isReminded(state, of, due))
    .sort((one, other) => one.at - other.at)[0];
}

function holdReminders({ hold }: RequestState): Reminder[] {
  return hold === undefined ? [] : [{ of: 'hold-review', at: hold.reviewAt, due: hold.reviewAt }];
}

/** Where there is no due date, silence has a bound of its own. It takes no timer while the request goes on by itself. */
function silenceReminders(view: RequestView, { clock, rules }: Terms): Reminder[] {
  if (clock !== undefined || isAnswered(view.state)) return [];
  const at = view.submittedAt + UNANSWERED_AFTER_MS;
  return view.now < at && goesOnBefore(at, view, rules) ? [] : [{ of: 'unanswered', at, due: at }];
}

/** Something of its own will happen before then: asking and looking have budgets, after which they ask for attention. */
function goesOnBefore(at: number, { state, legs }: RequestView, { answerTracked }: Rules): boolean {
  if (state.phase === 'issuing-certificate') return true;
  if (state.phase !== 'running' || state.hold !== undefined) return false;
  return legs.every((leg) => {
    const step = nextStep(leg);
    // Where the answer is left to another system, attention is told by itself.
    if (leg.phase === 'attention') return !answerTracked;
    return step.do !== 'wait' || step.until < at;
  });
}

function clockReminders(view: RequestView, { clock, rules }: Terms): Reminder[] {
  const { state } = view;
  if (clock === undefined) return [];
  const standing = clockStanding(state);
  const due = dueOf(clock, standing).at;
  const dueByKind = {
    'acknowledge-due': clock.acknowledgeBy?.at ?? due,
    'extension-decision-due': clock.extendBy?.at ?? due,
    'due-soon': due,
    overdue: due,
  };
  const reminders = clockEvents(clock, standing, rules.leads)
    // What is being withdrawn can no longer be extended, and no provider is waited for.
    .filter(({ kind }) => state.ended === undefined || kind !== 'extension-decision-due')
    .map(({ kind, at }) => ({ of: kind, at, due: dueByKind[kind] }));
  const lateFrom = standing.answered || state.ended !== undefined ? undefined : lateSince(view, clock, rules.patience);
  return lateFrom === undefined ? reminders : [...reminders, { of: 'cannot-make-it', at: lateFrom, due }];
}

/** From when it can no longer make its due date; undefined where all goes on by itself and ends in time. */
function lateSince(view: RequestView, clock: LegalClock, patience: Patience): number | undefined {
  const { verdict, legs } = feasibilityOfView(view, clock, patience);
  if (verdict === 'late') return view.now;
  // Where somebody has to act before a provider is asked, the day comes on which that is too late.
  const stuck = view.legs.filter(({ phase, hold }) => phase === 'attention' || hold !== undefined);
  const latest = legs
    .filter(({ provider, toBeAsked }) => toBeAsked && stuck.some((leg) => leg.provider === provider))
    .map(({ latestSafeSend }) => latestSafeSend);
  return latest.length === 0 ? undefined : Math.min(...latest) + 1;
}

function feasibilityOfView({ state, legs, now }: RequestView, clock: LegalClock, patience: Patience): Feasibility {
  const dueAt = aimOf(clock, clockStanding(state)).at;
  return feasibilityOf({
    dueAt,
    now,
    marginMs: patience.marginMs,
    legs: legs.map((leg) => planOf(leg, now, patience)),
  });
}

/** Whether somebody can do something about the request itself. */
export function hasTodo(view: RequestView): boolean {
  return todoOf(view, dueProgress(view)).length > 0;
}

/** For people: what is to be done about the request itself, most urgent first. */
function todoOf(view: RequestView, due: DueProgress | undefined): readonly string[] {
  const { state, terms, now } = view;
  if (terms === undefined || state.phase === 'over') return [];
  const { hold } = state;
  const refusal = refusalToTell(state);
  // There is nothing to tell before the certificate, and a notice of it would be refused.
  const owesOutcome = state.phase === 'awaiting-answer' && answerOwed(state, terms.rules) === 'outcome';
  return [
    ...(due?.standing === 'overdue'
      ? [`OVERDUE since ${due.on}: answer the person, then record it (recordNotice)`]
      : []),
    ...(isUnanswered(state, terms.clock)
      ? [
          `UNANSWERED for more than ${describeDuration(UNANSWERED_AFTER_MS)}, and the rules name no calendar that gives a due date: ` +
            'decide what it waits for, answer the person, then record it (recordNotice)',
        ]
      : []),
    ...(state.cancelRequestedAt === undefined || state.ended !== undefined
      ? []
      : [
          `somebody cancelled it in Temporal at ${describeInstant(state.cancelRequestedAt)} (CancelRequested): ` +
            'withdraw it with a signed decision (withdrawRequest), or let it go on',
        ]),
    ...(state.certificateRefused === undefined
      ? []
      : [
          `${state.certificateRefused.why} Since ${describeInstant(state.certificateRefused.since)}; ` +
            'it is tried again daily. See the operations guide (EvidenceRefused)',
        ]),
    ...(state.phase === 'awaiting-approval' ? ['approve or reject it (approveRequest, rejectRequest)'] : []),
    ...(hold === undefined
      ? []
      : [
          `on hold since ${describeInstant(hold.since)} (${hold.ground}, owner ${hold.owner}): ` +
            `${now > hold.reviewAt ? 'its review IS DUE since' : 'review by'} ${describeInstant(hold.reviewAt)}; ` +
            'releaseRequest lets it go on',
        ]),
    ...(refusal === undefined
      ? []
      : [`tell the person ${refusal}${byDay(due)}, then record it (recordNotice, refused)${orOwnWish(state)}`]),
    ...(owesOutcome ? [`tell the person what came of it${byDay(due)}, then record it (recordNotice, outcome)`] : []),
    ...view.legs
      .filter(({ hold: held }) => held?.couldNotWithdraw === true)
      .map(
        ({ provider }) =>
          `${providerName(provider)} could not be kept from erasing during the hold: ask them to stop it, outside of this system`,
      ),
    ...(due?.acknowledgeOn === undefined || isAnswered(state)
      ? []
      : [`confirm its receipt to the person by ${due.acknowledgeOn}, then record it (recordNotice, acknowledged)`]),
    ...(state.extension !== undefined && state.extension.noticedAt === undefined && due !== undefined
      ? [extensionTodo(now, terms, due)]
      : []),
    ...(due?.lateByMs === undefined || due.standing === 'overdue'
      ? []
      : [
          `it cannot make its due date, by ${describeLateness(due.lateByMs)}: extend it where the law allows, or decide`,
        ]),
  ];
}

/** What the person is to be told of now, where it is a refusal. */
function refusalToTell(state: RequestState): string | undefined {
  if (owedToPerson(state) !== 'refused') return undefined;
  if (state.rejected !== undefined) return 'why it was rejected';
  return state.ended === undefined ? 'why it is held back' : 'why it was withdrawn, and is not carried out';
}

function orOwnWish({ ended }: RequestState): string {
  return ended?.wantedBy === 'unsaid' ? '; or say that it was their own wish (withdrawRequest, subject)' : '';
}

/** After the last day for it, a notice can still be recorded that was given by then. */
function extensionTodo(now: number, { clock }: Terms, due: DueProgress): string {
  return now <= (clock?.extendBy?.at ?? now)
    ? `tell the person of the extension by ${due.extendBy}: it holds only then (recordNotice, extended)`
    : `record that the person was told of the extension by ${due.extendBy}, if so: it holds only then (recordNotice, extended)`;
}

function byDay(due: DueProgress | undefined): string {
  return due === undefined ? '' : ` by ${due.on}`;
}

export function requestProgress(
  view: RequestView,
  facts: {
    readonly requestId: string;
    readonly regulation: Regulation;
    readonly submittedAt: number;
    readonly startedAt: number;
  },
): RequestProgress {
  const { state, legs, terms, outcome } = view;
  const due = dueProgress(view);
  const todo = todoOf(view, due);
  return {
    requestId: facts.requestId,
    regulation: facts.regulation,
    submittedAt: new Date(facts.submittedAt).toISOString(),
    startedAt: new Date(facts.startedAt).toISOString(),
    state: stateOf(view),
    decisionMode: terms?.rules.decisionMode ?? 'asserted',
    todo,
    blockedOn: blockedOnOf(view, todo),
    ...defined({ due }),
    ...(terms?.noClock === undefined ? {} : { noDueDate: noClockMeaning[terms.noClock] }),
    ...defined({ outcome }),
    notes: notesOf(state),
    trail: state.trail,
    legs: legs.map((leg) => legProgress(leg, notYetOf(state))),
  };
}

function notesOf(state: RequestState): readonly string[] {
  return lateCallbacks(state).map(({ provider, says, at }) => {
    const said = says === 'confirmed' ? 'says that it has erased' : callbackRemarks[says];
    return `${providerName(provider)}: at ${describeInstant(at)}, after the certificate, its callback ${said}; the certificate stays as it is`;
  });
}

function notYetOf({ phase }: RequestState): NotYet | undefined {
  if (phase === 'starting') return 'rules';
  return phase === 'awaiting-approval' ? 'approval' : undefined;
}

function blockedOnOf({ state, legs, terms, outcome }: RequestView, todo: readonly string[]): readonly BlockedOn[] {
  const clock = terms?.clock;
  if (terms === undefined || state.phase === 'over') return [];
  return visibleOf({
    state,
    legs,
    rules: terms.rules,
    dueAt: clock === undefined ? undefined : dueOf(clock, { extended: isExtended(state) }).at,
    // Before its certificate is there, nobody is owed its outcome.
    outcome: state.phase === 'awaiting-answer' ? outcome : undefined,
    hasTodo: todo.length > 0,
  }).blockedOn;
}

function stateOf({ state, terms, outcome }: RequestView): RequestProgressState {
  const isTold =
    state.phase === 'awaiting-answer' && terms !== undefined && answerOwed(state, terms.rules) === undefined;
  if (state.phase === 'over' || isTold) return outcome ?? 'running';
  return state.hold === undefined ? state.phase : 'on-hold';
}
