/** What a person sees of a whole request: where it stands with the law, what it waits for, and what they can do. */
import { defined } from '../defined';
import { describeInstant } from '../duration';
import { noClockMeaning } from '../law/legal-clock';
import { legProgress, type LegProgress, type NotYet } from '../leg/leg-progress';
import type { RequestOutcome } from '../leg/outcome';
import { callbackRemarks } from '../leg/receipt';
import { providerName } from '../provider/provider-table';
import type { NoticeKind, RequestDecisionKind } from '../decision/decision-table';
import type { DecisionMode } from '../rules/rules';
import { dueProgress, type DueProgress } from './due-progress';
import { isDone } from './owed-to-person';
import type { Regulation } from '../law/regulation';
import { lateCallbacks, outcomeOf, type RequestPhase, type RequestState, type TrailEntry } from './request-state';
import { offeredDecisions, type OfferedDecisions } from './offered-decisions';
import type { RequestSnapshot } from './snapshot';
import { ticketsOf } from './tickets';
import { todoOf, todoText, type TodoItem } from './todo';
import { blockersOf, type BlockedOn } from './search-values';

export type RequestProgressState = Exclude<RequestPhase, 'over'> | 'on-hold' | RequestOutcome;

/** Instants are RFC 3339 in UTC. */
export interface RequestProgress {
  readonly requestId: string;
  readonly regulation: Regulation;
  readonly submittedAt: string;
  readonly startedAt: string;
  readonly state: RequestProgressState;
  readonly decisionMode: DecisionMode;
  /** What is to be done about the request itself, most urgent first. What a provider's leg waits for is in `legs`, as `youCan`. */
  readonly todo: readonly string[];
  /** The same with the decisions that it takes, for whoever offers them in another way. Absent where an older worker answers. */
  readonly todoItems?: readonly TodoItem[];
  /** The same in words for programs, as the search attribute `ErasureBlockedOn` has them. */
  readonly blockedOn: readonly BlockedOn[];
  readonly due?: DueProgress;
  /** Why it has no due date, for people; absent where it has one. */
  readonly noDueDate?: string;
  readonly outcome?: RequestOutcome;
  /** What staff can decide about the request now; absent where nothing, or where an older worker answers. */
  readonly decisions?: readonly RequestDecisionKind[];
  /** Which notices can be recorded now. */
  readonly notices?: readonly NoticeKind[];
  /** Who filed it, where that is known: somebody else approves it. */
  readonly filedBy?: string;
  /** Where its changes are told. */
  readonly webhookUrl?: string;
  /** What is worth knowing and asks for nothing, in sentences. */
  readonly notes: readonly string[];
  readonly trail: readonly TrailEntry[];
  /** Of its decisions, and of the check of who the person is; absent where there is none. */
  readonly tickets?: readonly string[];
  readonly legs: readonly LegProgress[];
}

export function requestProgress(snapshot: RequestSnapshot): RequestProgress {
  const { request, startedAt, state, legs } = snapshot;
  const { terms, laterTerms, phase, outcome, trail } = state;
  const due = dueProgress(snapshot);
  const todoItems = todoOf(snapshot, due);
  const tickets = ticketsOf(snapshot);
  const noClock = (laterTerms ?? terms)?.noClock;
  return {
    requestId: request.requestId,
    regulation: request.regulation,
    submittedAt: new Date(request.submittedAt).toISOString(),
    startedAt: new Date(startedAt).toISOString(),
    state: stateOf(state),
    decisionMode: terms?.rules.decisionMode ?? 'asserted',
    todo: todoItems.map((item) => todoText(item)),
    todoItems,
    blockedOn: phase === 'starting' || phase === 'over' ? [] : blockersOf(snapshot, todoItems),
    ...defined({
      due,
      noDueDate: noClock && noClockMeaning[noClock],
      outcome,
      filedBy: request.filedBy,
      webhookUrl: request.webhookUrl,
    }),
    ...offered(snapshot),
    notes: notesOf(state),
    trail,
    ...(tickets.length > 0 && { tickets }),
    legs: legs.map((leg) => legProgress(leg, notYetOf(state))),
  };
}

function offered(snapshot: RequestSnapshot): Partial<OfferedDecisions> {
  const { decisions, notices } = offeredDecisions(snapshot);
  return { ...(decisions.length > 0 ? { decisions } : {}), ...(notices.length > 0 ? { notices } : {}) };
}

function stateOf(state: RequestState): RequestProgressState {
  if (state.phase === 'over' || isDone(state)) return outcomeOf(state);
  return state.hold === undefined ? state.phase : 'on-hold';
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
