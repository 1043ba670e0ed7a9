/** What staff and time have done to one request, beside its legs: a pure state machine like the leg's. */
import type { DecisionProof, RequestDecision } from '../decision/decision';
import type { ExtensionGround, HoldGround, RejectionGround, WithdrawalWish } from '../decision/decision-table';
import { defined } from '../defined';
import { parseCheckedInstant } from '../instant';
import { currentDeadlines, type ClockEventKind, type Deadlines, type LegalClock } from '../law/legal-clock';
import type { Approval } from '../leg/leg-call';
import type { RequestOutcome } from '../leg/outcome';
import type { CallbackRemark } from '../leg/receipt';
import type { Provider } from '../provider/provider-table';
import type { Rules } from '../rules/rules';
import type { Terms } from '../rules/terms';

/**
 * `starting`: rules and due dates are being looked up. `closing`: rejected, no provider is asked any more. `awaiting-answer`:
 * the certificate is there, and the person has not been told yet. A hold and a withdrawal go on within a phase.
 */
export type RequestPhase =
  'starting' | 'awaiting-approval' | 'running' | 'closing' | 'issuing-certificate' | 'awaiting-answer' | 'over';

/** One entry of the request's own trail. Instants in epoch ms of the workflow's clock. */
export type TrailEntry = { readonly at: number } & (
  | (RequestDecision & { readonly proof?: DecisionProof })
  /** Temporal's own cancellation, by whoever may send one. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'reminded'; readonly of: ReminderKind; readonly due: number }
  /** A callback that came after the certificate: what it says changes nothing there. One entry for each thing said. */
  | ({ readonly kind: 'called-back' } & LateCallback)
);

/** `unanswered`: there is no due date, and the person has waited for too long all the same. */
export type ReminderKind = ClockEventKind | 'hold-review' | 'cannot-make-it' | 'unanswered';

/** What a callback said that came after the certificate. */
export interface LateCallback {
  readonly provider: Provider;
  readonly says: 'confirmed' | CallbackRemark;
  readonly handle: string;
}

export interface RequestState {
  readonly phase: RequestPhase;
  readonly trail: readonly TrailEntry[];
  /** What the request is held to, as it was signed first; absent while it is starting. */
  readonly terms?: Terms;
  /** The same, signed again once the proof of identity had moved the due dates. */
  readonly laterTerms?: Terms;
  readonly rejected?: { readonly at: number; readonly ground: RejectionGround };
  readonly hold?: {
    readonly since: number;
    readonly ground: HoldGround;
    readonly owner: string;
    readonly reviewAt: number;
  };
  /** Holds that are over. */
  readonly pastHolds?: readonly { readonly since: number; readonly until: number }[];
  /** Withdrawn or cancelled: the legs are being withdrawn. */
  readonly ended?: { readonly at: number; readonly wantedBy: WithdrawalWish | 'unsaid' };
  /** Decided; it takes effect once the person has been told inside the first period. */
  readonly extension?: { readonly decidedAt: number; readonly because: ExtensionGround; readonly noticedAt?: number };
  readonly identityConfirmedAt?: number;
  /** When the information that was found good arrived. */
  readonly informationReceivedAt?: number;
  /** Somebody cancelled in the Temporal UI, before the terms were known or where they ask for a signed decision instead. */
  readonly cancelRequestedAt?: number;
  /** Once every provider has settled. */
  readonly outcome?: RequestOutcome;
  /** Every provider has settled, and some may have erased at our asking. */
  readonly mayHaveErased?: boolean;
  /** The certificate could not be issued, since its evidence does not hold. `why`: a whole sentence. */
  readonly certificateRefused?: { readonly since: number; readonly why: string };
  /** `signed`: compact JWS. */
  readonly certificate?: { readonly issuedAt: number; readonly signed: string };
}

export type RequestEvent = { readonly at: number } & (
  | { readonly type: 'termsDetermined'; readonly terms: Terms }
  | { readonly type: 'dueDatesMoved'; readonly terms: Terms }
  | { readonly type: 'legsSettled'; readonly outcome: RequestOutcome; readonly mayHaveErased: boolean }
  | { readonly type: 'certificateRefused'; readonly why: string }
  | { readonly type: 'certificateIssued'; readonly signed: string }
  | { readonly type: 'closed' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'reminded'; readonly of: ReminderKind; readonly due: number }
  | ({ readonly type: 'calledBackLate' } & LateCallback)
  | { readonly type: 'decided'; readonly decision: RequestDecision; readonly proof?: DecisionProof }
);

export function openRequest(): RequestState {
  return { phase: 'starting', trail: [] };
}

export function advanceRequest(state: RequestState, event: RequestEvent): RequestState {
  const { at } = event;
  const recorded = (entry: TrailEntry): RequestState => ({ ...state, trail: [...state.trail, entry] });
  switch (event.type) {
    case 'termsDetermined': {
      const { terms } = event;
      const phase = terms.rules.approvalNeeded ? 'awaiting-approval' : 'running';
      const started = { ...state, phase, terms } as const;
      // Cancelled before it was known whether that takes a signed decision.
      return state.cancelRequestedAt === undefined ? started : advanceRequest(started, { type: 'cancelled', at });
    }
    case 'dueDatesMoved':
      return { ...state, laterTerms: event.terms };
    case 'legsSettled': {
      const { outcome, mayHaveErased } = event;
      return { ...withoutHold(state, at), phase: 'issuing-certificate', outcome, mayHaveErased };
    }
    case 'certificateRefused':
      return { ...state, certificateRefused: { since: at, why: event.why } };
    case 'certificateIssued': {
      const { certificateRefused: _mended, ...rest } = state;
      return { ...rest, phase: 'awaiting-answer', certificate: { issuedAt: at, signed: event.signed } };
    }
    case 'closed':
      return { ...state, phase: 'over' };
    case 'cancelled':
      if (state.ended !== undefined) return state;
      return state.terms === undefined || state.terms.rules.decisionMode === 'authenticated'
        ? { ...state, cancelRequestedAt: state.cancelRequestedAt ?? at }
        : { ...withoutHold(recorded({ at, kind: 'cancelled' }), at), ended: { at, wantedBy: 'unsaid' } };
    case 'reminded':
      return recorded({ at, kind: 'reminded', of: event.of, due: event.due });
    case 'calledBackLate': {
      const { type: _type, provider, says, handle } = event;
      const isKnown = lateCallbacks(state).some((entry) => entry.provider === provider && entry.says === says);
      return isKnown ? state : recorded({ at, kind: 'called-back', provider, says, handle });
    }
    case 'decided': {
      const { decision, proof } = event;
      return decided(recorded({ at, ...decision, ...defined({ proof }) }), decision, at);
    }
  }
}

function decided(state: RequestState, { kind, content }: RequestDecision, at: number): RequestState {
  switch (kind) {
    case 'approve':
      return { ...state, phase: 'running' };
    case 'reject':
      return { ...withoutHold(state, at), phase: 'closing', rejected: { at, ground: content.ground } };
    case 'hold': {
      const { ground, owner, reviewAt } = content;
      return { ...state, hold: { since: at, ground, owner, reviewAt: parseCheckedInstant(reviewAt) } };
    }
    case 'release':
      return withoutHold(state, at);
    case 'withdraw':
      return { ...withoutHold(state, at), ended: { at: state.ended?.at ?? at, wantedBy: content.wantedBy } };
    case 'extend':
      return { ...state, extension: { decidedAt: at, because: content.because } };
    case 'identity': {
      const { at: confirmedAt, informationReceivedAt: receivedAt } = content;
      return {
        ...state,
        identityConfirmedAt: parseCheckedInstant(confirmedAt),
        ...(receivedAt === undefined ? {} : { informationReceivedAt: parseCheckedInstant(receivedAt) }),
      };
    }
    case 'notice': {
      const { extension } = state;
      return content.notice === 'extended' && content.recipient === undefined && extension !== undefined
        ? { ...state, extension: { ...extension, noticedAt: parseCheckedInstant(content.at) } }
        : state;
    }
  }
}

function withoutHold(state: RequestState, until: number): RequestState {
  const { hold, ...rest } = state;
  return hold === undefined ? rest : { ...rest, pastHolds: [...(state.pastHolds ?? []), { since: hold.since, until }] };
}

/** The rules that were pinned first. */
export function rulesOf({ terms }: RequestState): Rules {
  if (terms === undefined) throw new TypeError('The rules of a request are known once it has started');
  return terms.rules;
}

/** The legal clock that holds now; undefined while the request is starting, or where there are no due dates. */
export function clockOf({ terms, laterTerms }: RequestState): LegalClock | undefined {
  return (laterTerms ?? terms)?.clock;
}

/** By when the person is to be answered, as it stands now: the one place where a request's due date is derived. */
export function deadlinesOf(state: RequestState): Deadlines | undefined {
  const clock = clockOf(state);
  return clock && currentDeadlines(clock, { extended: isExtended(state) });
}

/** The extension holds: it was decided, and the person was told of it in time. */
export function isExtended(state: RequestState): boolean {
  return state.extension?.noticedAt !== undefined;
}

/** Providers can still be asked, and the request be held or withdrawn. */
export function isUnderWay({ phase }: RequestState): boolean {
  return phase === 'awaiting-approval' || phase === 'running';
}

/** Somebody cancelled it in Temporal, and nobody has decided yet whether it is to be withdrawn. */
export function isCancelToBeDecided(state: RequestState): boolean {
  return state.cancelRequestedAt !== undefined && state.ended === undefined && isUnderWay(state);
}

export function outcomeOf({ outcome }: RequestState): RequestOutcome {
  if (outcome === undefined) throw new TypeError('A request has an outcome once every provider has settled');
  return outcome;
}

export function lateCallbacks(state: RequestState): readonly (TrailEntry & { readonly kind: 'called-back' })[] {
  return state.trail.filter((entry) => entry.kind === 'called-back');
}

/** Who approved the request and signed for it; undefined where nobody did. */
export function approvalIn({ trail }: RequestState): Approval | undefined {
  const entry = trail.find((one) => one.kind === 'approve');
  if (entry?.kind !== 'approve' || entry.proof === undefined) return undefined;
  const { actor, reason } = entry.content;
  return { content: { actor, reason }, token: entry.proof.token };
}

/** What has been reported already: each deadline once. */
export function isReminded(state: RequestState, of: ReminderKind, due: number): boolean {
  return state.trail.some((entry) => entry.kind === 'reminded' && entry.of === of && entry.due === due);
}
