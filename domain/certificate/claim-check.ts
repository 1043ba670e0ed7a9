/**
 * Whether a statement claims no more than its facts bear out, whose signatures have been checked before. Knows nothing of how
 * the leg came to its outcome: it is the second opinion that a certificate needs, since anybody who may write to the
 * namespace can make up a statement.
 */
import { type DecisionProof, guardedKinds } from '../decision/decision';
import { SECOND_MS } from '../duration';
import type { ProviderWitness, Witness } from '../fact/fact';
import type { SettledLeg, Round } from '../leg/leg-state';
import { requestOutcome, type LegOutcome } from '../leg/outcome';
import { providerName, type Provider } from '../provider/provider-table';
import { speaksAgainst, type Accepted, type Observation, type Receipt } from '../leg/receipt';
import type { Statement } from './statement';

/** The times that are compared may have been written by two of Temporal's servers, whose clocks differ a little. */
const CLOCKS_MS = SECOND_MS;

/** A call that the run's own history holds, whoever made the statement. Its times are the server's. */
export interface RecordedCall {
  readonly provider: Provider;
  readonly what: 'ask' | 'look' | 'withdraw';
  /** Epoch ms of its events. */
  readonly scheduledAt: number;
  readonly closedAt: number;
  /** What it can have done: `nothing` where it provably reached nobody, `unknown-id` where the provider knew no such id. */
  readonly effect: 'nothing' | 'unknown-id' | 'withdrawn' | 'maybe';
  /** The signature of its answer, where it came with one: tells which answer of the statement it is. */
  readonly signature?: string;
  /** In the run's own history, and not in that of another run of the same request: a reset forgets what came after its point. */
  readonly isOwn: boolean;
}

/**
 * Plain sentences, none where all holds. `at`: when the certificate is issued, epoch ms. `calls`: all that the run's history
 * holds; `isWhole`: and those of the runs that it was reset from.
 */
export function claimProblems(
  statement: Statement,
  { at, calls, isWhole }: { readonly at: number; readonly calls: readonly RecordedCall[]; readonly isWhole: boolean },
): readonly string[] {
  const { legs, outcome, trail } = statement;
  const isRejected = trail.some(({ kind }) => kind === 'reject');
  return [
    ...legs.flatMap((leg) => {
      const own = calls.filter(({ provider }) => provider === leg.provider);
      return problemsOfLeg(leg, { statement, at, calls: own, isWhole }).map(
        (problem) => `${providerName(leg.provider)}: ${problem}`,
      );
    }),
    ...(legs.some(({ outcome: ofLeg }: Partial<SettledLeg>) => ofLeg === undefined) ||
    outcome === requestOutcome(legs, { isRejected })
      ? []
      : ['the outcome of the request does not follow from those of its providers']),
    ...problemsOfDecisions(statement),
  ];
}

interface Circumstances {
  readonly statement: Statement;
  readonly at: number;
  readonly calls: readonly RecordedCall[];
  readonly isWhole: boolean;
}

function problemsOfLeg(leg: SettledLeg, circumstances: Circumstances): string[] {
  const { at } = circumstances;
  const { outcome, settledAt }: Partial<SettledLeg> = leg;
  if (outcome === undefined || settledAt === undefined) return ['it has not settled'];
  if (settledAt > at + CLOCKS_MS) return ['it says that it settled in the future'];
  return [
    ...leg.rounds.flatMap((round) => problemsOfRound(round, leg, circumstances)),
    ...problemsOfOmission(leg, circumstances),
    ...problemsOfOutcome(leg, circumstances),
    ...(circumstances.isWhole || !saysThatNothingHappened.includes(outcome)
      ? []
      : ['the run that was reset is gone from Temporal, and with it what it asked']),
  ];
}

/** Only the histories of all runs bear these out; any other outcome is borne out by what was signed. */
const saysThatNothingHappened: readonly LegOutcome[] = ['never-asked', 'not-found', 'withdrawn'];

/** What a provider answered to an asking cannot be left out: it may contradict what is claimed. */
function problemsOfOmission({ rounds }: SettledLeg, { calls }: Circumstances): string[] {
  const told = rounds.map(({ receipt }) => receipt?.witness?.signature);
  const isLeftOut = ({ what, isOwn, signature }: RecordedCall): boolean =>
    what === 'ask' && isOwn && signature !== undefined && !told.includes(signature);
  return calls.some(isLeftOut) ? ['the history holds an answer to an asking that the statement leaves out'] : [];
}

/** The times that the workflow wrote beside an answer fit what was signed, and when the server says that it came. */
function problemsOfRound(
  { number, askedAt, receipt, answeredAt, windowEndsAt, withdrawal, withdrawnAt }: Round,
  leg: SettledLeg,
  { calls }: Circumstances,
): string[] {
  if (withdrawnAt !== undefined && (withdrawal?.status !== 'withdrawn' || withdrawal.witness === undefined)) {
    return [`round ${number} says that it was withdrawn, and no signed answer does`];
  }
  if (receipt === undefined) return [];
  const { witness, window } = receipt;
  if (answeredAt === undefined || witness === undefined) return [`round ${number} has an answer without its time`];
  const call = callOf(witness, calls);
  if (call === undefined) return [`the answer to round ${number} is not in the history`];
  const endsAt = window && ('endsAt' in window ? window.endsAt : answeredAt + window.lastsMs);
  return [
    ...(askedAt > call.scheduledAt + CLOCKS_MS ? [`round ${number} says that it was asked after it was`] : []),
    ...(answeredAt < call.closedAt - CLOCKS_MS ? [`round ${number} says that its answer came before it did`] : []),
    ...(isFirstAsking(leg, witness) ? [] : [`round ${number} was judged by another first asking`]),
    ...((endsAt ?? 0) > (windowEndsAt ?? Infinity) || (endsAt === undefined) !== (windowEndsAt === undefined)
      ? [`the window of round ${number} ends before the provider's own answer says so`]
      : []),
  ];
}

function problemsOfOutcome(leg: SettledLeg, circumstances: Circumstances): string[] {
  switch (leg.outcome) {
    case 'unknown':
      return [];
    case 'erased':
      return leg.assurance === 'verified' ? problemsOfVerified(leg, circumstances) : problemsOfConfirmed(leg);
    case 'presumed-erased':
      return problemsOfPresumed(leg, circumstances);
    case 'not-found':
      return problemsOfNotFound(leg, circumstances);
    case 'never-asked':
      return circumstances.calls.every(isHarmless) && leg.rounds.every(({ receipt }) => receipt === undefined)
        ? []
        : ['it says that the provider was never asked, and the history holds an asking'];
    case 'withdrawn':
      return problemsOfWithdrawn(circumstances);
    case 'attested':
    case 'waived':
      return problemsOfStaffOutcome(leg, circumstances.statement);
  }
}

function problemsOfVerified(leg: SettledLeg, { calls }: Circumstances): string[] {
  const wasThere =
    leg.rounds.some(({ receipt }) => receipt?.status === 'accepted' && receipt.seen) || isSame(leg.sighting);
  return [
    ...(wasThere ? [] : ['no signed answer says that the record was there']),
    ...problemsOfAbsence(leg, calls, 'it says that the erasure was verified'),
  ];
}

function problemsOfConfirmed(leg: SettledLeg): string[] {
  const last = effectiveRounds(leg).at(-1);
  const withdrawnAt = Math.max(...leg.rounds.map((round) => round.withdrawnAt ?? -Infinity));
  return [
    ...(leg.callback?.witness === undefined ? ['there is no callback that a gateway signed for'] : []),
    ...(last !== undefined && isAccepted(last) && last.receipt.confirmedBy === 'callback'
      ? []
      : ['it was not asked to call back']),
    ...(leg.callback !== undefined && leg.callback.at <= withdrawnAt
      ? ['its callback is about what was withdrawn']
      : []),
    ...problemsOfWindow(leg),
    ...problemsOfReports(leg, leg.callback?.at ?? -Infinity),
  ];
}

/** The provider said, before it settled, that it has not erased, and did not take it back. */
function problemsOfReports({ reports = [], settledAt }: SettledLeg, since: number): string[] {
  const isAgainst = reports.some(({ says, lastAt }) => speaksAgainst(says) && lastAt > since && lastAt < settledAt);
  return isAgainst ? ['its callback speaks against the erasure'] : [];
}

function problemsOfPresumed(leg: SettledLeg, { calls }: Circumstances): string[] {
  const last = effectiveRounds(leg).at(-1);
  if (last === undefined || !isAccepted(last)) return ['no signed answer says that the provider took the request on'];
  const looksAfter = last.receipt.confirmedBy === 'look';
  return [
    ...problemsOfWindow(leg),
    ...(looksAfter ? [] : problemsOfReports(leg, Math.max(last.askedAt, leg.callback?.at ?? -Infinity))),
    ...(looksAfter ? problemsOfAbsence(leg, calls, 'it says that nothing contradicts the erasure') : []),
  ];
}

function problemsOfNotFound(leg: SettledLeg, { calls }: Circumstances): string[] {
  const answered = leg.rounds.filter(({ receipt }) => receipt !== undefined);
  const isKnown = calls.some(({ what, effect }) => what === 'ask' && effect === 'maybe');
  return [
    ...(answered.length > 0 && answered.every(({ receipt }) => isUnknownId(receipt))
      ? []
      : ['no signed answer says that the provider knows no such identifier']),
    ...(isKnown ? ['the history holds an asking that the provider may have taken on'] : []),
    ...(answered.some(({ receipt }) => receipt?.window !== undefined)
      ? problemsOfAbsence(leg, calls, 'it says that the provider knew no such identifier after the window')
      : []),
  ];
}

function problemsOfWithdrawn({ calls }: Circumstances): string[] {
  const withdrawn = calls.filter(({ what, effect }) => what === 'withdraw' && effect === 'withdrawn');
  const withdrawnAt = Math.max(...withdrawn.map(({ scheduledAt }) => scheduledAt));
  const isAskedAfter = calls.some(
    ({ what, effect, closedAt }) => what === 'ask' && effect !== 'nothing' && closedAt > withdrawnAt,
  );
  if (withdrawn.length === 0) return ['no signed answer says that the provider withdrew it'];
  return isAskedAfter ? ['the provider was asked again after it had withdrawn it'] : [];
}

function problemsOfStaffOutcome(leg: SettledLeg, { terms }: Statement): string[] {
  const kind = leg.outcome === 'attested' ? 'attest' : 'waive';
  const decision = leg.decisions.findLast((one) => one.kind === kind);
  if (decision === undefined) return [`no staff member decided to ${kind}`];
  return terms.rules.decisionMode === 'authenticated' && decision.proof === undefined
    ? [`nobody signed for the decision to ${kind}`]
    : [];
}

/** A look after the window, at the host that was asked, in the last round that was asked. */
function problemsOfAbsence(leg: SettledLeg, calls: readonly RecordedCall[], claim: string): string[] {
  const { lastObservation: look } = leg;
  const last = leg.rounds.findLast(({ receipt }) => receipt !== undefined);
  const receipt = last?.receipt;
  if (look?.status !== 'absent' || look.witness === undefined) return [`${claim}, and no signed look found it absent`];
  const { round } = look.witness;
  const lookedAt = callOf(look.witness, calls)?.scheduledAt;
  if (lookedAt === undefined) return [`${claim}, and the look is not in the history`];
  const overAt = windowOverAt(last) ?? Infinity;
  return [
    ...(round === last?.number ? [] : [`${claim}, and nobody looked after the last round`]),
    ...(lookedAt >= overAt - CLOCKS_MS ? [] : [`${claim}, and the look came before the window was over`]),
    ...(look.evidence.host === receipt?.evidence.host
      ? []
      : [`${claim}, and the look was at another host than the one that was asked`]),
    ...(isFirstAsking(leg, look.witness) ? [] : [`${claim}, and the look was judged by another first asking`]),
  ];
}

function problemsOfWindow(leg: SettledLeg): string[] {
  const overAt = windowOverAt(effectiveRounds(leg).at(-1));
  return overAt !== undefined && leg.settledAt >= overAt ? [] : ['it settled before its window was over'];
}

/** From the provider's own answer. What it moved later lies after it. */
function windowOverAt(round: Round | undefined): number | undefined {
  if (round?.windowEndsAt === undefined || round.receipt === undefined) return undefined;
  return round.windowEndsAt + round.receipt.marginMs;
}

type AcceptedRound = Round & { readonly receipt: Accepted };

function isAccepted(round: Round): round is AcceptedRound {
  return round.receipt?.status === 'accepted';
}

function isUnknownId(receipt: Receipt | undefined): boolean {
  return receipt?.status === 'unknown' && receipt.witness?.askedBefore === false;
}

/** Those that the provider answered and has not withdrawn. */
function effectiveRounds(leg: SettledLeg): readonly Round[] {
  return leg.rounds.filter(({ withdrawnAt, receipt }) => withdrawnAt === undefined && receipt !== undefined);
}

function isSame(look: Observation | undefined): boolean {
  return look?.status === 'present' && look.sameRecord === true && look.witness !== undefined;
}

function isHarmless({ what, effect }: RecordedCall): boolean {
  return what !== 'ask' || effect === 'nothing';
}

/** Of the first round, or of a later one where those before it were withdrawn. */
function isFirstAsking({ rounds }: SettledLeg, { firstAskedAt, round }: ProviderWitness): boolean {
  return rounds.some(({ number, askedAt }) => number <= round && askedAt === firstAskedAt);
}

function callOf({ signature }: Witness, calls: readonly RecordedCall[]): RecordedCall | undefined {
  return calls.find((call) => call.signature === signature);
}

/** Where decisions are to be signed for, each guarded one is; and nobody was asked before somebody approved. */
function problemsOfDecisions({ terms, trail, legs }: Statement): string[] {
  const { decisionMode, approvalNeeded } = terms.rules;
  const unsigned = trail.filter(
    (entry) => isGuarded(entry.kind) && (entry as { readonly proof?: DecisionProof }).proof === undefined,
  );
  const approvedAt = trail.find(({ kind }) => kind === 'approve')?.at ?? Infinity;
  const askedAt = legs.flatMap(({ rounds }) => rounds.map((round) => round.askedAt));
  return [
    ...(decisionMode === 'authenticated' && unsigned.length > 0
      ? [`nobody signed for the decision to ${unsigned[0]?.kind}`]
      : []),
    ...(approvalNeeded && askedAt.some((at) => at < approvedAt)
      ? ['a provider was asked before the request was approved']
      : []),
  ];
}

function isGuarded(kind: string): boolean {
  return guardedKinds.some((guarded) => guarded === kind);
}
