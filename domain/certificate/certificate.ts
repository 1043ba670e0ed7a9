/** The certificate: what it claims of each provider, on what basis. Free of personal data. */
import { defined } from '../defined';
import type { DecisionContent, DecisionProof } from '../decision/decision';
import type { ProviderDecisionKind } from '../decision/decision-table';
import type { FactKind, Witness } from '../fact/fact';
import { settled, type Round, type SettledLeg } from '../leg/leg-state';
import { currentDeadlines, type LegalClock } from '../law/legal-clock';
import { requestOutcomeMeaning, type Assurance, type LegOutcome, type RequestOutcome } from '../leg/outcome';
import { providerName, type Provider } from '../provider/provider-table';
import type { CallbackRemark, Evidence, WindowKind } from '../leg/receipt';
import type { Verification } from '../request/request';
import type { Regulation } from '../law/regulation';
import type { TrailEntry } from '../request/request-state';
import type { DecisionMode } from '../rules/rules';
import { basisOf, factsOfLeg, leavesUnsaid, type Statement } from './statement';

/** Instants are RFC 3339 in UTC. */
export interface CertificateClaims {
  readonly format: 'erasure-certificate/1';
  readonly environment: string;
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** The run that the request was started as, where a reset has made another of it: its facts are signed for this one. */
  readonly startedAsRunId?: string;
  readonly regulation: Regulation;
  /** When the person asked, as the request says. */
  readonly submittedAt: string;
  /** When our own system received the request. */
  readonly intakeAt: string;
  readonly issuedAt: string;
  readonly receivedVia?: string;
  readonly ground?: string;
  readonly verification?: Verification;
  readonly filedBy?: string;
  readonly decisionMode: DecisionMode;
  /** By when the law wants the person answered; absent where no calendar was chosen for it. */
  readonly legalClock?: LegalClockClaim;
  /** What staff decided about the whole request before the certificate was issued, in order. */
  readonly decisions?: readonly DecisionClaim[];
  readonly outcome: RequestOutcome;
  readonly meaning: string;
  readonly providers: readonly ProviderClaim[];
}

export interface LegalClockClaim {
  readonly rule: string;
  readonly source: string;
  readonly calendar: string;
  readonly calendarSource: string;
  readonly timeZone: string;
  /** From when the law counts. */
  readonly startsAt: string;
  /** The law's day when the certificate was issued, e.g. `2026-03-02`. */
  readonly answerBy: string;
  readonly extended: boolean;
}

/** Kind, actor, reason, and what a decision of its kind says beside them; `proof` where the actor signed for it. */
export interface DecisionClaim {
  readonly kind: string;
  readonly at: string;
  readonly proof?: DecisionProof;
  readonly [detail: string]: unknown;
}

export interface ProviderClaim {
  readonly provider: Provider;
  readonly name: string;
  readonly outcome: LegOutcome;
  readonly assurance?: Assurance;
  /** In plain words: what is known, how, and never more. */
  readonly basis: string;
  /** What the provider's own documents do not promise. */
  readonly leavesUnsaid: readonly string[];
  /** HMAC of the identifier under a key of the issuer; absent where the provider never answered. */
  readonly subjectHash?: string;
  /** Which key that was. */
  readonly subjectHashKeyId?: string;
  readonly rounds: readonly RoundClaim[];
  readonly callback?: { readonly at: string; readonly handle: string; readonly event?: string };
  /** Callbacks that brought a true capability and confirmed nothing, by what they said. Absent where there was none. */
  readonly callbackReports?: readonly {
    readonly says: CallbackRemark;
    readonly handle: string;
    readonly at: string;
    readonly lastAt: string;
    readonly count: number;
  }[];
  readonly lastObservation?: { readonly at: string; readonly found: string; readonly evidence: Evidence };
  readonly withdrawal?: WithdrawalClaim;
  readonly decisions: readonly (DecisionContent<ProviderDecisionKind> & {
    readonly kind: ProviderDecisionKind;
    readonly at: string;
    readonly proof?: DecisionProof;
  })[];
  readonly settledAt: string;
  /** What the claim rests on, each signed by the process that saw it. */
  readonly facts?: readonly FactClaim[];
}

export interface FactClaim {
  readonly kind: FactKind;
  /** What was seen: the very content that was signed. */
  readonly content: object;
  readonly witness: Witness;
}

export interface WithdrawalClaim {
  readonly at: string;
  readonly result: string;
  readonly evidence?: Evidence;
}

export interface RoundClaim {
  readonly number: number;
  readonly askedAt: string;
  readonly answeredAt?: string;
  readonly windowKind?: WindowKind;
  readonly windowEndsAt?: string;
  readonly marginMs?: number;
  readonly evidence?: Evidence;
  readonly withdrawnAt?: string;
  /** The provider's last answer to withdrawing it because of a legal hold. */
  readonly withdrawal?: WithdrawalClaim;
  /** A decision broke that off before there was an answer. */
  readonly withdrawalBrokenOffAt?: string;
}

export function certificateClaims(
  statement: Statement,
  issue: { readonly environment: string; readonly at: number },
): CertificateClaims {
  const { requestId, workflowId, runId, regulation, receivedVia, ground, verification, filedBy, outcome } = statement;
  const { clock } = statement.laterTerms ?? statement.terms;
  return {
    format: 'erasure-certificate/1',
    environment: issue.environment,
    requestId,
    workflowId,
    runId,
    ...defined({ startedAsRunId: statement.run === runId ? undefined : statement.run }),
    regulation,
    submittedAt: iso(statement.submittedAt),
    intakeAt: iso(statement.startedAt),
    issuedAt: iso(issue.at),
    ...defined({ receivedVia, ground, verification, filedBy }),
    decisionMode: statement.terms.rules.decisionMode,
    ...defined({ legalClock: clock && legalClockClaim(clock, statement.isExtended) }),
    decisions: statement.trail.flatMap(decisionClaim),
    outcome,
    meaning: requestOutcomeMeaning[outcome],
    providers: statement.legs.map(providerClaim),
  };
}

function providerClaim(leg: SettledLeg): ProviderClaim {
  const { provider, outcome, assurance, callback, reports, lastObservation, withdrawal, settledAt } = settled(leg);
  const answered = leg.rounds.find((round) => round.receipt !== undefined)?.receipt;
  return {
    provider,
    name: providerName(provider),
    outcome,
    ...defined({ assurance }),
    basis: basisOf(leg),
    leavesUnsaid: leavesUnsaid(leg),
    ...defined({
      subjectHash: answered?.subjectHash,
      subjectHashKeyId: answered?.subjectHashKeyId,
      callback: callback && { handle: callback.handle, ...defined({ event: callback.event }), at: iso(callback.at) },
      callbackReports: reports?.map(({ says, handle, at, lastAt, count }) => {
        return { says, handle, at: iso(at), lastAt: iso(lastAt), count };
      }),
      lastObservation: lastObservation && {
        at: iso(lastObservation.at),
        found: lastObservation.status,
        evidence: lastObservation.evidence,
      },
      withdrawal: withdrawal && withdrawalClaim(withdrawal),
    }),
    rounds: leg.rounds.map(roundClaim),
    decisions: leg.decisions.map((decision) => ({ ...decision, at: iso(decision.at) })),
    settledAt: iso(settledAt),
    facts: factsOfLeg(leg).flatMap(({ kind, content, witness }) =>
      witness === undefined ? [] : [{ kind, content, witness }],
    ),
  };
}

function legalClockClaim(clock: LegalClock, extended: boolean): LegalClockClaim {
  const { rule, source, calendar, calendarSource, timeZone, startsAt } = clock;
  const answerBy = currentDeadlines(clock, { extended }).due.on;
  return { rule, source, calendar, calendarSource, timeZone, startsAt: iso(startsAt), answerBy, extended };
}

/** What the run itself reported is in its history, and no decision. */
function decisionClaim(entry: TrailEntry): DecisionClaim[] {
  if (entry.kind === 'reminded' || entry.kind === 'called-back') return [];
  const { kind } = entry;
  const at = iso(entry.at);
  if (kind === 'cancelled') return [{ kind, at }];
  const { at: happenedAt, ...said } = { at: undefined, ...entry.content };
  return [{ ...said, ...defined({ happenedAt, proof: entry.proof }), kind, at }];
}

function roundClaim(round: Round): RoundClaim {
  const { number, askedAt, answeredAt, windowEndsAt, receipt, withdrawnAt, withdrawal, withdrawalBrokenOffAt } = round;
  return {
    number,
    askedAt: iso(askedAt),
    ...defined({
      answeredAt: isoIfKnown(answeredAt),
      windowKind: receipt?.windowKind,
      windowEndsAt: isoIfKnown(windowEndsAt),
      marginMs: receipt?.marginMs,
      evidence: receipt?.evidence,
      withdrawnAt: isoIfKnown(withdrawnAt),
      withdrawal: withdrawal && withdrawalClaim(withdrawal),
      withdrawalBrokenOffAt: isoIfKnown(withdrawalBrokenOffAt),
    }),
  };
}

function withdrawalClaim({ at, status, evidence }: NonNullable<SettledLeg['withdrawal']>): WithdrawalClaim {
  return { at: iso(at), result: status, ...defined({ evidence }) };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function isoIfKnown(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : iso(epochMs);
}
