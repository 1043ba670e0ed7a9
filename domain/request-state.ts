/**
 * What staff and time have done to one request, beside its legs: a pure state machine like the leg's. Every rule about
 * who may decide what and when is here.
 */
import {
  type DecisionKind,
  type DecisionProof,
  type ExtensionGround,
  type HoldGround,
  type NoticeKind,
  type RejectionGround,
  type RequestDecision,
  type RequestDecisions,
  type WithdrawalWish,
} from './decision';
import { describeInstant } from './duration';
import { parseInstant } from './instant';
import type { Approval } from './leg';
import type { ClockEventKind, LegalClock } from './legal-clock';
import { CLOCK_SKEW_MS } from './request';
import type { Rules } from './rules';

/**
 * `taking-on`: rules and due dates are being looked up. `awaiting-answer`: the certificate is there, and the person has
 * not been told yet. A hold and a withdrawal go on within a phase.
 */
export type RequestPhase =
  'taking-on' | 'awaiting-approval' | 'running' | 'issuing-certificate' | 'awaiting-answer' | 'over';

/** One entry of the request's own trail. Instants in epoch ms of the workflow's clock. */
export type TrailEntry = { readonly at: number } & (
  | (RequestDecision & { readonly proof?: DecisionProof })
  /** Temporal's own cancellation, by whoever may send one. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'reminded'; readonly of: ReminderKind; readonly due: number }
);

export type ReminderKind = ClockEventKind | 'hold-review' | 'cannot-make-it';

export interface Hold {
  readonly since: number;
  readonly ground: HoldGround;
  readonly owner: string;
  readonly reviewAt: number;
}

export interface RequestState {
  readonly phase: RequestPhase;
  readonly trail: readonly TrailEntry[];
  readonly approvedAt?: number;
  readonly rejected?: { readonly at: number; readonly ground: RejectionGround };
  readonly hold?: Hold;
  /** Withdrawn or cancelled: the legs are being undone. */
  readonly ended?: { readonly at: number; readonly wantedBy: WithdrawalWish | 'unsaid' };
  /** Decided; it takes effect once the person has been told inside the first period. */
  readonly extension?: { readonly decidedAt: number; readonly because: ExtensionGround; readonly noticedAt?: number };
  readonly identityConfirmedAt?: number;
  /** The certificate could not be issued, since its evidence does not hold. `why`: a whole sentence. */
  readonly certificateRefused?: { readonly since: number; readonly why: string };
  /** Somebody cancelled in the Temporal UI, and the rules ask for a signed decision instead. */
  readonly cancelRequestedAt?: number;
}

export type RequestEvent = { readonly at: number } & (
  | { readonly type: 'takenOn'; readonly approvalNeeded: boolean }
  | { readonly type: 'legsSettled' }
  | { readonly type: 'certificateRefused'; readonly why: string }
  | { readonly type: 'certificateIssued' }
  | { readonly type: 'closed' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'cancelRefused' }
  | { readonly type: 'reminded'; readonly of: ReminderKind; readonly due: number }
  | { readonly type: 'decided'; readonly decision: RequestDecision; readonly proof?: DecisionProof }
);

/** What a decision is judged by, beside the state itself. */
export interface RequestFacts {
  readonly now: number;
  readonly submittedAt: number;
  readonly filedBy?: string;
  readonly identityAskedAt?: number;
  readonly isVerified: boolean;
  readonly clock?: LegalClock;
  readonly rules: Rules;
}

export function openRequest(): RequestState {
  return { phase: 'taking-on', trail: [] };
}

export function advanceRequest(state: RequestState, event: RequestEvent): RequestState {
  const { at } = event;
  switch (event.type) {
    case 'takenOn':
      return { ...state, phase: event.approvalNeeded ? 'awaiting-approval' : 'running' };
    case 'legsSettled':
      return { ...withoutHold(state), phase: 'issuing-certificate' };
    case 'certificateRefused':
      return { ...state, certificateRefused: { since: at, why: event.why } };
    case 'certificateIssued': {
      const { certificateRefused: _mended, ...rest } = state;
      return { ...rest, phase: 'awaiting-answer' };
    }
    case 'closed':
      return { ...state, phase: 'over' };
    case 'cancelled':
      return state.ended === undefined
        ? { ...state, ended: { at, wantedBy: 'unsaid' }, trail: [...state.trail, { at, kind: 'cancelled' }] }
        : state;
    case 'cancelRefused':
      return { ...state, cancelRequestedAt: state.cancelRequestedAt ?? at };
    case 'reminded': {
      const { of, due } = event;
      return { ...state, trail: [...state.trail, { at, kind: 'reminded', of, due }] };
    }
    case 'decided': {
      const { decision, proof } = event;
      const entry: TrailEntry = { at, ...decision, ...(proof === undefined ? {} : { proof }) };
      return decided({ ...state, trail: [...state.trail, entry] }, decision, at);
    }
  }
}

function decided(state: RequestState, { kind, content }: RequestDecision, at: number): RequestState {
  switch (kind) {
    case 'approve':
      return { ...state, phase: 'running', approvedAt: at };
    case 'reject':
      return { ...withoutHold(state), phase: 'running', rejected: { at, ground: content.ground } };
    case 'hold': {
      const { ground, owner, reviewAt } = content;
      return { ...state, hold: { since: at, ground, owner, reviewAt: parseInstant(reviewAt) ?? at } };
    }
    case 'release':
      return withoutHold(state);
    case 'withdraw':
      return { ...withoutHold(state), ended: { at, wantedBy: content.wantedBy } };
    case 'extend':
      return { ...state, extension: { decidedAt: at, because: content.because } };
    case 'identity':
      return { ...state, identityConfirmedAt: parseInstant(content.at) ?? at };
    case 'notice': {
      const { extension } = state;
      return content.notice === 'extended' && content.recipient === undefined && extension !== undefined
        ? { ...state, extension: { ...extension, noticedAt: parseInstant(content.at) ?? at } }
        : state;
    }
  }
}

function withoutHold(state: RequestState): RequestState {
  const { hold: _hold, ...rest } = state;
  return rest;
}

/** Who approved the request and signed for it; undefined where nobody did. */
export function approvalIn({ trail }: RequestState): Approval | undefined {
  const entry = trail.find((one) => one.kind === 'approve');
  if (entry?.kind !== 'approve' || entry.proof === undefined) return undefined;
  const { actor, reason } = entry.content;
  return { content: { actor, reason }, token: entry.proof.token };
}

/** The notices of this kind that the person was given, in the order in which they were recorded. */
export function noticesToPerson(
  state: RequestState,
  kind: NoticeKind,
): readonly (RequestDecisions['notice'] & { readonly recordedAt: number })[] {
  return state.trail.flatMap((entry) =>
    entry.kind === 'notice' && entry.content.notice === kind && entry.content.recipient === undefined
      ? [{ ...entry.content, recordedAt: entry.at }]
      : [],
  );
}

/** The extension holds: it was decided, and the person was told of it in time. */
export function isExtended(state: RequestState): boolean {
  return state.extension?.noticedAt !== undefined;
}

/** The law's clock stops with the answer to the person: what was done, or why it was not. */
export function isAnswered(state: RequestState): boolean {
  return noticesToPerson(state, 'outcome').length > 0 || noticesToPerson(state, 'refused').length > 0;
}

/** The notice that the request still waits for once its certificate is there. */
export function answerOwed(state: RequestState, rules: Rules): 'outcome' | 'refused' | undefined {
  // A withdrawn request is over at the person's own wish, or never was one.
  if (!rules.answerTracked || (state.ended !== undefined && state.rejected === undefined)) return undefined;
  const owed = state.rejected === undefined ? 'outcome' : 'refused';
  return noticesToPerson(state, owed).length > 0 ? undefined : owed;
}

/** A hold keeps the request from being carried out: the person has to be told why, within the law's time. */
export function owesNoticeOfHold(state: RequestState): boolean {
  const since = state.hold?.since;
  return since !== undefined && !noticesToPerson(state, 'refused').some(({ recordedAt }) => recordedAt >= since);
}

/** What has been reported already: each deadline once. */
export function isReminded(state: RequestState, of: ReminderKind, due: number): boolean {
  return state.trail.some((entry) => entry.kind === 'reminded' && entry.of === of && entry.due === due);
}

const phaseWords: Readonly<Record<RequestPhase, string>> = {
  'taking-on': 'is still being taken on: try again in a moment',
  'awaiting-approval': 'waits for its approval',
  running: 'is under way',
  'issuing-certificate': 'has settled: its certificate is being signed',
  'awaiting-answer': 'has settled: its certificate is there',
  over: 'is over',
};

/** Why a decision cannot be taken now, or undefined if it can: the sentence goes on from "The request". */
export function whyNotNowOfRequest(
  state: RequestState,
  { kind, content }: RequestDecision,
  facts: RequestFacts,
): string | undefined {
  const { phase } = state;
  if (phase === 'over') return 'is over';
  switch (kind) {
    case 'approve':
      return whyNotApprove(state, content, facts);
    case 'reject':
      return phase === 'awaiting-approval'
        ? undefined
        : `${phaseWords[phase]}: only a request that nobody has approved yet can be rejected`;
    case 'hold':
      return whyNotHold(state, content, facts);
    case 'release':
      return state.hold === undefined ? 'is not on hold' : undefined;
    case 'withdraw':
      return state.ended === undefined ? whyNotOpen(state) : 'is being withdrawn already';
    case 'extend':
      return whyNotExtend(state, facts);
    case 'notice':
      return whyNoNotice(state, content, facts);
    case 'identity':
      return whyNotIdentity(state, content, facts);
  }
}

function whyNotOpen(state: RequestState): string | undefined {
  if (state.rejected !== undefined) return 'was rejected';
  return state.phase === 'awaiting-approval' || state.phase === 'running' ? undefined : phaseWords[state.phase];
}

function whyNotApprove(state: RequestState, { actor }: RequestDecisions['approve'], facts: RequestFacts) {
  if (state.phase !== 'awaiting-approval') return `${phaseWords[state.phase]}: there is nothing to approve`;
  if (state.hold !== undefined) return 'is on hold: release it first';
  if (facts.filedBy === undefined) {
    return 'does not say who filed it (filedBy), so that nobody can tell whether its approver is somebody else: reject it and submit it anew';
  }
  return facts.filedBy === actor ? 'was filed by the same staff member: somebody else has to approve it' : undefined;
}

function whyNotHold(state: RequestState, { reviewAt }: RequestDecisions['hold'], { now }: RequestFacts) {
  if (state.hold !== undefined) return `is on hold already, since ${describeInstant(state.hold.since)}`;
  if (state.ended !== undefined) return 'is being withdrawn';
  const notOpen = whyNotOpen(state);
  if (notOpen !== undefined) return notOpen;
  return (parseInstant(reviewAt) ?? 0) > now ? undefined : 'needs a review that lies ahead (reviewAt)';
}

function whyNotExtend(state: RequestState, { clock, now }: RequestFacts): string | undefined {
  if (state.phase === 'taking-on') return phaseWords['taking-on'];
  if (clock === undefined) return 'has no due date: the rules name no calendar for its law';
  if (state.extension !== undefined) return 'has been extended already: the law allows it once';
  if (isAnswered(state)) return 'has been answered: there is nothing left to extend';
  if (state.ended !== undefined) return 'is being withdrawn';
  return now <= clock.extendBy.at
    ? undefined
    : `can no longer be extended: the person had to be told by ${clock.extendBy.on}`;
}

function whyNoNotice(
  state: RequestState,
  { notice, at, recipient }: RequestDecisions['notice'],
  { now, submittedAt, clock }: RequestFacts,
): string | undefined {
  const givenAt = parseInstant(at) ?? 0;
  if (givenAt > now + CLOCK_SKEW_MS) return 'cannot have been told in the future (at)';
  if (givenAt < submittedAt - CLOCK_SKEW_MS) return 'had not been made yet at that time (at)';
  if (recipient !== undefined) return undefined;
  if (notice === 'extended') {
    if (state.extension === undefined) return 'has not been extended: decide that first (extendDeadline)';
    if (state.extension.noticedAt !== undefined) return 'has this notice already';
    return clock === undefined || givenAt <= clock.extendBy.at
      ? undefined
      : `was not extended in time: the person had to be told by ${clock.extendBy.on}`;
  }
  if (notice === 'outcome' && (state.phase !== 'awaiting-answer' || state.rejected !== undefined)) {
    return state.rejected === undefined
      ? `${phaseWords[state.phase]}: what came of it can be told once there is a certificate`
      : 'was rejected: record the notice as refused';
  }
  return undefined;
}

function whyNotIdentity(state: RequestState, { at }: RequestDecisions['identity'], facts: RequestFacts) {
  if (state.phase === 'taking-on') return phaseWords['taking-on'];
  if (facts.identityAskedAt === undefined) return 'was made without asking for proof of identity (identityAskedAt)';
  if (facts.isVerified || state.identityConfirmedAt !== undefined) return 'has its proof of identity already';
  const provenAt = parseInstant(at) ?? 0;
  if (provenAt > facts.now + CLOCK_SKEW_MS) return 'cannot have been proven in the future (at)';
  return provenAt < facts.identityAskedAt ? 'had not asked for proof yet at that time (at)' : undefined;
}

/** Why no decision about a single provider can be taken now; what stands in the way of its leg is the leg's own matter. */
export function whyNotNowOfProviders(state: RequestState, kind: DecisionKind): string | undefined {
  if (state.phase === 'taking-on') return phaseWords['taking-on'];
  if (kind === 'retry' && state.phase === 'awaiting-approval') return phaseWords['awaiting-approval'];
  return state.phase === 'awaiting-approval' || state.phase === 'running' ? undefined : phaseWords[state.phase];
}
