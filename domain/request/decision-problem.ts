/** Who may decide what about a request, and when. Each refusal goes on from "The request". */
import type { DecisionContents, RequestDecision } from '../decision/decision';
import type { ProviderDecisionKind } from '../decision/decision-table';
import { DAY_MS, describeInstant } from '../duration';
import { parseCheckedInstant } from '../instant';
import { isAnswered } from './owed-to-person';
import { informationProblem, SENDER_CLOCK_SKEW_MS } from './request';
import { clockOf, isUnderWay, type RequestPhase, type RequestState } from './request-state';
import type { RequestSnapshot } from './snapshot';

/** A hold without end would silence the law's clock: somebody looks at it again within a year. */
export const HOLD_REVIEW_MAX_MS = 366 * DAY_MS;
/** How long after its last day an extension can still be decided, for a notice that was given in time and is recorded late. */
export const RECORDED_LATER_MS = 14 * DAY_MS;

const phaseWords: Readonly<Record<RequestPhase, string>> = {
  starting: 'is still starting: try again in a moment',
  'awaiting-approval': 'waits for its approval',
  running: 'is under way',
  closing: 'was rejected',
  'issuing-certificate': 'has settled: its certificate is being signed',
  'awaiting-answer': 'has settled: its certificate is there',
  over: 'is over',
};

type Judged = Omit<RequestSnapshot, 'legs' | 'startedAt'>;

/** Why a decision about the request cannot be taken now, or undefined if it can. */
export function requestDecisionProblem(request: Judged, { kind, content }: RequestDecision): string | undefined {
  const { state } = request;
  const { phase } = state;
  if (phase === 'over') return phaseWords.over;
  switch (kind) {
    case 'approve':
      return approvalProblem(request, content);
    case 'reject':
      if (phase !== 'awaiting-approval') {
        return `${phaseWords[phase]}: only a request that nobody has approved yet can be rejected`;
      }
      return state.ended && 'is being withdrawn';
    case 'hold':
      return holdProblem(request, content);
    case 'release':
      return state.hold === undefined ? 'is not on hold' : undefined;
    case 'withdraw':
      if (state.ended === undefined) return endProblem(state);
      // Whose wish a cancellation in Temporal was can be said afterwards.
      return state.ended.wantedBy === 'unsaid' ? undefined : 'is being withdrawn already';
    case 'extend':
      return extensionProblem(request);
    case 'notice':
      return noticeProblem(request, content);
    case 'identity':
      return identityProblem(request, content);
  }
}

/** Why no decision about a single provider can be taken now; what stands in the way of its leg is the leg's own matter. */
export function providersDecisionProblem(state: RequestState, kind: ProviderDecisionKind): string | undefined {
  const { phase } = state;
  return isUnderWay(state) && (phase === 'running' || kind === 'waive') ? undefined : phaseWords[phase];
}

function endProblem(state: RequestState): string | undefined {
  if (state.rejected !== undefined) return phaseWords.closing;
  return isUnderWay(state) ? undefined : phaseWords[state.phase];
}

function approvalProblem({ state, request }: Judged, { actor }: DecisionContents['approve']): string | undefined {
  if (state.phase !== 'awaiting-approval') return `${phaseWords[state.phase]}: there is nothing to approve`;
  if (state.ended !== undefined) return 'is being withdrawn';
  if (state.hold !== undefined) return 'is on hold: release it first';
  if (request.filedBy === undefined) {
    return 'does not say who filed it (filedBy), so that nobody can tell whether its approver is somebody else: reject it and submit it anew';
  }
  return request.filedBy === actor ? 'was filed by the same staff member: somebody else has to approve it' : undefined;
}

function holdProblem({ state, now }: Judged, { reviewAt }: DecisionContents['hold']): string | undefined {
  if (state.hold !== undefined) return `is on hold already, since ${describeInstant(state.hold.since)}`;
  if (state.ended !== undefined) return 'is being withdrawn';
  const notUnderWay = endProblem(state);
  if (notUnderWay !== undefined) return notUnderWay;
  const aheadMs = parseCheckedInstant(reviewAt) - now;
  if (aheadMs <= 0) return 'needs a review that lies ahead (reviewAt)';
  return aheadMs <= HOLD_REVIEW_MAX_MS ? undefined : 'needs a review within one year (reviewAt)';
}

function extensionProblem({ state, now }: Judged): string | undefined {
  if (state.phase === 'starting') return phaseWords.starting;
  const clock = clockOf(state);
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

function noticeProblem(
  { state, request, now }: Judged,
  { notice, at, recipient }: DecisionContents['notice'],
): string | undefined {
  const givenAt = parseCheckedInstant(at);
  if (givenAt > now + SENDER_CLOCK_SKEW_MS) return 'cannot have been told in the future (at)';
  if (givenAt < request.submittedAt - SENDER_CLOCK_SKEW_MS) return 'had not been made yet at that time (at)';
  if (recipient !== undefined) return undefined;
  if (notice === 'extended') return extensionNoticeProblem(state, givenAt);
  if (notice === 'refused') return refusalProblem(state, givenAt);
  return notice === 'outcome' ? outcomeProblem(state, givenAt) : undefined;
}

function extensionNoticeProblem(state: RequestState, givenAt: number): string | undefined {
  if (state.extension === undefined) return 'has not been extended: decide that first (extend)';
  if (state.extension.noticedAt !== undefined) return 'has this notice already';
  const extendBy = clockOf(state)?.extendBy;
  return extendBy === undefined || givenAt <= extendBy.at
    ? undefined
    : `was not extended in time: the person had to be told by ${extendBy.on}`;
}

/** A refusal can be told of while something is refused, and recorded later: a hold may be over by then. */
function refusalProblem({ rejected, ended, hold, pastHolds = [] }: RequestState, givenAt: number): string | undefined {
  const refusals: readonly { readonly since: number; readonly until?: number }[] = [
    ...(rejected === undefined ? [] : [{ since: rejected.at }]),
    ...(ended === undefined || ended.wantedBy === 'subject' ? [] : [{ since: ended.at }]),
    ...(hold === undefined ? [] : [{ since: hold.since }]),
    ...pastHolds,
  ];
  if (refusals.length === 0) return 'refuses the person nothing: it is neither rejected nor on hold';
  return refusals.some(({ since, until = Infinity }) => givenAt >= since - SENDER_CLOCK_SKEW_MS && givenAt <= until)
    ? undefined
    : 'refused the person nothing at that time (at): it was neither rejected nor on hold';
}

function outcomeProblem(state: RequestState, givenAt: number): string | undefined {
  const { phase, rejected, ended, certificate } = state;
  if (rejected !== undefined) return 'was rejected: record the notice as refused';
  if (certificate === undefined) return `${phaseWords[phase]}: the outcome can be told once there is a certificate`;
  if (ended !== undefined && state.mayHaveErased !== true) {
    return 'was withdrawn before anything was erased: record the notice as refused';
  }
  return givenAt >= certificate.issuedAt - SENDER_CLOCK_SKEW_MS
    ? undefined
    : `had no certificate at that time (at), and so no outcome: it was issued ${describeInstant(certificate.issuedAt)}`;
}

function identityProblem(
  { state, request, now }: Judged,
  { at, informationReceivedAt }: DecisionContents['identity'],
): string | undefined {
  const { identityAskedAt: askedAt, verification } = request;
  if (state.phase === 'starting') return phaseWords.starting;
  if (askedAt === undefined) return 'was made without asking for proof of identity (identityAskedAt)';
  if (verification !== undefined || state.identityConfirmedAt !== undefined) return 'has its proof of identity already';
  const checkedAt = parseCheckedInstant(at);
  if (checkedAt > now + SENDER_CLOCK_SKEW_MS) return 'cannot have been proven in the future (at)';
  if (checkedAt < askedAt) return 'had not asked for proof yet at that time (at)';
  if (informationReceivedAt === undefined) return undefined;
  const problem = informationProblem(parseCheckedInstant(informationReceivedAt), { now, askedAt, checkedAt });
  return problem && `cannot have its information at that time: it ${problem} (informationReceivedAt)`;
}
