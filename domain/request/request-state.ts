/**
 * What staff and time have done to one request, beside its legs: a pure state machine like the leg's. Every rule about
 * who may decide what and when is here.
 */
import { defined } from '../defined';
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
} from '../decision/decision';
import { DAY_MS, describeInstant } from '../duration';
import { parseInstant } from '../instant';
import type { Approval } from '../leg/leg';
import type { ClockEventKind, LegalClock } from '../law/legal-clock';
import type { Provider } from '../provider/provider-table';
import type { CallbackRemark } from '../leg/receipt';
import { CLOCK_SKEW_MS, informationProblem } from './request';
import type { Rules } from '../rules/rules';

/**
 * `starting`: rules and due dates are being looked up. `awaiting-answer`: the certificate is there, and the person has
 * not been told yet. A hold and a withdrawal go on within a phase.
 */
export type RequestPhase =
  'starting' | 'awaiting-approval' | 'running' | 'issuing-certificate' | 'awaiting-answer' | 'over';

/** A hold without end would silence the law's clock: somebody looks at it again within a year. */
export const HOLD_REVIEW_MAX_MS = 366 * DAY_MS;

/** One entry of the request's own trail. Instants in epoch ms of the workflow's clock. */
export type TrailEntry = { readonly at: number } & (
  | (RequestDecision & { readonly proof?: DecisionProof })
  /** Temporal's own cancellation, by whoever may send one. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'reminded'; readonly of: ReminderKind; readonly due: number }
  /** A callback that came after the certificate: what it says changes nothing there. One entry for each thing said. */
  | { readonly kind: 'called-back'; readonly provider: Provider; readonly says: LateCallback; readonly handle: string }
);

/** `unanswered`: there is no due date, and the person has waited for too long all the same. */
export type ReminderKind = ClockEventKind | 'hold-review' | 'cannot-make-it' | 'unanswered';
/** What a callback said that came after the certificate. */
export type LateCallback = 'confirmed' | CallbackRemark;

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
  /** Holds that are over. */
  readonly pastHolds?: readonly { readonly since: number; readonly until: number }[];
  /** Withdrawn or cancelled: the legs are being withdrawn. */
  readonly ended?: { readonly at: number; readonly wantedBy: WithdrawalWish | 'unsaid' };
  /** Every provider has settled, and some may have erased at our asking. */
  readonly mayHaveErased?: boolean;
  readonly certificateAt?: number;
  /** Decided; it takes effect once the person has been told inside the first period. */
  readonly extension?: { readonly decidedAt: number; readonly because: ExtensionGround; readonly noticedAt?: number };
  readonly identityConfirmedAt?: number;
  /** The certificate could not be issued, since its evidence does not hold. `why`: a whole sentence. */
  readonly certificateRefused?: { readonly since: number; readonly why: string };
  /** When the information that was found good arrived. */
  readonly informationReceivedAt?: number;
  /** Somebody cancelled in the Temporal UI, and the rules ask for a signed decision instead. */
  readonly cancelRequestedAt?: number;
}

export type RequestEvent = { readonly at: number } & (
  | { readonly type: 'takenOn'; readonly approvalNeeded: boolean }
  | { readonly type: 'legsSettled'; readonly mayHaveErased?: boolean }
  | { readonly type: 'certificateRefused'; readonly why: string }
  | { readonly type: 'certificateIssued' }
  | { readonly type: 'closed' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'cancelRefused' }
  | { readonly type: 'reminded'; readonly of: ReminderKind; readonly due: number }
  | {
      readonly type: 'calledBackLate';
      readonly provider: Provider;
      readonly says: LateCallback;
      readonly handle: string;
    }
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

/** How long after its last day an extension can still be decided, for a notice that was given in time and is recorded late. */
export const RECORDED_LATER_MS = 14 * DAY_MS;

export function openRequest(): RequestState {
  return { phase: 'starting', trail: [] };
}

export function advanceRequest(state: RequestState, event: RequestEvent): RequestState {
  const { at } = event;
  switch (event.type) {
    case 'takenOn':
      return { ...state, phase: event.approvalNeeded ? 'awaiting-approval' : 'running' };
    case 'legsSettled':
      return {
        ...withoutHold(state, at),
        phase: 'issuing-certificate',
        ...defined({ mayHaveErased: event.mayHaveErased }),
      };
    case 'certificateRefused':
      return { ...state, certificateRefused: { since: at, why: event.why } };
    case 'certificateIssued': {
      const { certificateRefused: _mended, ...rest } = state;
      return { ...rest, phase: 'awaiting-answer', certificateAt: at };
    }
    case 'closed':
      return { ...state, phase: 'over' };
    case 'cancelled':
      return state.ended === undefined
        ? {
            ...withoutHold(state, at),
            ended: { at, wantedBy: 'unsaid' },
            trail: [...state.trail, { at, kind: 'cancelled' }],
          }
        : state;
    case 'cancelRefused':
      return { ...state, cancelRequestedAt: state.cancelRequestedAt ?? at };
    case 'reminded': {
      const { of, due } = event;
      return { ...state, trail: [...state.trail, { at, kind: 'reminded', of, due }] };
    }
    case 'calledBackLate': {
      const { provider, says, handle } = event;
      const isKnown = lateCallbacks(state).some((entry) => entry.provider === provider && entry.says === says);
      return isKnown
        ? state
        : { ...state, trail: [...state.trail, { at, kind: 'called-back', provider, says, handle }] };
    }
    case 'decided': {
      const { decision, proof } = event;
      const entry: TrailEntry = { at, ...decision, ...defined({ proof }) };
      return decided({ ...state, trail: [...state.trail, entry] }, decision, at);
    }
  }
}

function decided(state: RequestState, { kind, content }: RequestDecision, at: number): RequestState {
  switch (kind) {
    case 'approve':
      return { ...state, phase: 'running', approvedAt: at };
    case 'reject':
      return { ...withoutHold(state, at), phase: 'running', rejected: { at, ground: content.ground } };
    case 'hold': {
      const { ground, owner, reviewAt } = content;
      return { ...state, hold: { since: at, ground, owner, reviewAt: parseInstant(reviewAt) ?? at } };
    }
    case 'release':
      return withoutHold(state, at);
    case 'withdraw':
      return { ...withoutHold(state, at), ended: { at: state.ended?.at ?? at, wantedBy: content.wantedBy } };
    case 'extend':
      return { ...state, extension: { decidedAt: at, because: content.because } };
    case 'identity': {
      const receivedAt = parseInstant(content.informationReceivedAt);
      return {
        ...state,
        identityConfirmedAt: parseInstant(content.at) ?? at,
        ...defined({ informationReceivedAt: receivedAt }),
      };
    }
    case 'notice': {
      const { extension } = state;
      return content.notice === 'extended' && content.recipient === undefined && extension !== undefined
        ? { ...state, extension: { ...extension, noticedAt: parseInstant(content.at) ?? at } }
        : state;
    }
  }
}

export function lateCallbacks(state: RequestState): readonly (TrailEntry & { readonly kind: 'called-back' })[] {
  return state.trail.filter((entry) => entry.kind === 'called-back');
}

function withoutHold(state: RequestState, until: number): RequestState {
  const { hold, ...rest } = state;
  return hold === undefined ? rest : { ...rest, pastHolds: [...(state.pastHolds ?? []), { since: hold.since, until }] };
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
    isNoticeToPerson(entry, kind) ? [{ ...entry.content, recordedAt: entry.at }] : [],
  );
}

function isNoticeToPerson(entry: TrailEntry, notice: NoticeKind): entry is TrailEntry & { readonly kind: 'notice' } {
  return entry.kind === 'notice' && entry.content.notice === notice && entry.content.recipient === undefined;
}

/** The extension holds: it was decided, and the person was told of it in time. */
export function isExtended(state: RequestState): boolean {
  return state.extension?.noticedAt !== undefined;
}

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
  const { rejected, ended, hold, certificateAt, trail } = state;
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
  const isOver = certificateAt !== undefined && isTold(state, { notice: 'outcome', since: certificateAt, decided: -1 });
  return isOver ? undefined : 'outcome';
}

function lastOf(trail: RequestState['trail'], kind: TrailEntry['kind']): number {
  return trail.findLastIndex((entry) => entry.kind === kind);
}

/** Withdrawn by the person, before any provider can have erased. */
export function isOwnWish({ ended, mayHaveErased }: RequestState): boolean {
  return ended?.wantedBy === 'subject' && mayHaveErased !== true;
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
        isNoticeToPerson(entry, notice) && (parseInstant(entry.content.at) ?? entry.at) >= since - CLOCK_SKEW_MS,
    );
}

/** The law's clock stands still: nothing is owed to the person now. */
export function isAnswered(state: RequestState): boolean {
  return owedToPerson(state) === undefined;
}

/** The notice that the request still waits for once its certificate is there. */
export function answerOwed(state: RequestState, rules: Rules): 'outcome' | 'refused' | undefined {
  return rules.answerTracked ? owedToPerson(state) : undefined;
}

/** A hold keeps the request from being carried out: the person has to be told why, within the law's time. */
export function owesNoticeOfHold(state: RequestState): boolean {
  return state.hold !== undefined && !isAnswered(state);
}

/** What has been reported already: each deadline once. */
export function isReminded(state: RequestState, of: ReminderKind, due: number): boolean {
  return state.trail.some((entry) => entry.kind === 'reminded' && entry.of === of && entry.due === due);
}

const phaseWords: Readonly<Record<RequestPhase, string>> = {
  starting: 'is still starting: try again in a moment',
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
      if (phase !== 'awaiting-approval') {
        return `${phaseWords[phase]}: only a request that nobody has approved yet can be rejected`;
      }
      return state.ended === undefined ? undefined : 'is being withdrawn';
    case 'hold':
      return whyNotHold(state, content, facts);
    case 'release':
      return state.hold === undefined ? 'is not on hold' : undefined;
    case 'withdraw':
      return whyNotWithdraw(state);
    case 'extend':
      return whyNotExtend(state, facts);
    case 'notice':
      return whyNoNotice(state, content, facts);
    case 'identity':
      return whyNotIdentity(state, content, facts);
  }
}

/** Whose wish a cancellation in Temporal was can be said afterwards. */
function whyNotWithdraw(state: RequestState): string | undefined {
  if (state.ended === undefined) return whyNotOpen(state);
  return state.ended.wantedBy === 'unsaid' ? undefined : 'is being withdrawn already';
}

function whyNotOpen(state: RequestState): string | undefined {
  if (state.rejected !== undefined) return 'was rejected';
  return state.phase === 'awaiting-approval' || state.phase === 'running' ? undefined : phaseWords[state.phase];
}

function whyNotApprove(state: RequestState, { actor }: RequestDecisions['approve'], facts: RequestFacts) {
  if (state.phase !== 'awaiting-approval') return `${phaseWords[state.phase]}: there is nothing to approve`;
  if (state.ended !== undefined) return 'is being withdrawn';
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
  const reviewed = parseInstant(reviewAt) ?? 0;
  if (reviewed <= now) return 'needs a review that lies ahead (reviewAt)';
  return reviewed <= now + HOLD_REVIEW_MAX_MS ? undefined : 'needs a review within one year (reviewAt)';
}

function whyNotExtend(state: RequestState, { clock, now }: RequestFacts): string | undefined {
  if (state.phase === 'starting') return phaseWords['starting'];
  if (clock === undefined) return 'has no due date: the rules name no calendar for its law';
  if (clock.extendBy === undefined) return 'cannot be extended: its law gives no more time';
  if (state.extension !== undefined) return 'has been extended already: the law allows it once';
  if (state.ended !== undefined) return 'is being withdrawn';
  // What was told of a hold answers the person only until its release.
  if (isAnswered(state) && state.hold === undefined) return 'has been answered: there is nothing left to extend';
  // What counts is when the person was told, and a notice of the last day may be recorded some days later.
  return now <= clock.extendBy.at + RECORDED_LATER_MS
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
    return clock?.extendBy === undefined || givenAt <= clock.extendBy.at
      ? undefined
      : `was not extended in time: the person had to be told by ${clock.extendBy.on}`;
  }
  if (notice === 'refused') return whyNotRefused(state, givenAt);
  return notice === 'outcome' ? whyNoOutcome(state, givenAt) : undefined;
}

/** A refusal can be told of while something is refused, and recorded later: a hold may be over by then. */
function whyNotRefused({ rejected, ended, hold, pastHolds = [] }: RequestState, givenAt: number): string | undefined {
  const refusals: readonly { readonly since: number; readonly until?: number }[] = [
    ...(rejected === undefined ? [] : [{ since: rejected.at }]),
    ...(ended === undefined || ended.wantedBy === 'subject' ? [] : [{ since: ended.at }]),
    ...(hold === undefined ? [] : [{ since: hold.since }]),
    ...pastHolds,
  ];
  if (refusals.length === 0) return 'refuses the person nothing: it is neither rejected nor on hold';
  return refusals.some(({ since, until = Infinity }) => givenAt >= since - CLOCK_SKEW_MS && givenAt <= until)
    ? undefined
    : 'refused the person nothing at that time (at): it was neither rejected nor on hold';
}

function whyNoOutcome(state: RequestState, givenAt: number): string | undefined {
  const { phase, rejected, ended, certificateAt = -Infinity } = state;
  if (rejected !== undefined) return 'was rejected: record the notice as refused';
  if (phase !== 'awaiting-answer') {
    return `${phaseWords[phase]}: what came of it can be told once there is a certificate`;
  }
  if (ended !== undefined && state.mayHaveErased !== true) {
    return 'was withdrawn before anything was erased: record the notice as refused';
  }
  return givenAt >= certificateAt - CLOCK_SKEW_MS
    ? undefined
    : `had no certificate at that time (at), and so no outcome: it was issued ${describeInstant(certificateAt)}`;
}

function whyNotIdentity(
  state: RequestState,
  { at, informationReceivedAt }: RequestDecisions['identity'],
  facts: RequestFacts,
): string | undefined {
  if (state.phase === 'starting') return phaseWords['starting'];
  if (facts.identityAskedAt === undefined) return 'was made without asking for proof of identity (identityAskedAt)';
  if (facts.isVerified || state.identityConfirmedAt !== undefined) return 'has its proof of identity already';
  const provenAt = parseInstant(at) ?? 0;
  if (provenAt > facts.now + CLOCK_SKEW_MS) return 'cannot have been proven in the future (at)';
  if (provenAt < facts.identityAskedAt) return 'had not asked for proof yet at that time (at)';
  const receivedAt = parseInstant(informationReceivedAt);
  if (receivedAt === undefined) return undefined;
  const problem = informationProblem(receivedAt, {
    now: facts.now,
    askedAt: facts.identityAskedAt,
    checkedAt: provenAt,
  });
  return problem === undefined
    ? undefined
    : `cannot have its information at that time: it ${problem} (informationReceivedAt)`;
}

/** Why no decision about a single provider can be taken now; what stands in the way of its leg is the leg's own matter. */
export function whyNotNowOfProviders(state: RequestState, kind: DecisionKind): string | undefined {
  if (state.phase === 'starting') return phaseWords['starting'];
  if (kind !== 'waive' && state.phase === 'awaiting-approval') return phaseWords['awaiting-approval'];
  return state.phase === 'awaiting-approval' || state.phase === 'running' ? undefined : phaseWords[state.phase];
}
