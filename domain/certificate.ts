/** The certificate: what it claims of each provider, on what basis. Free of personal data. */
import type { DecisionKind, ProviderDecision } from './decision';
import type { LegState, Round } from './leg';
import { requestOutcomeMeaning, type Assurance, type LegOutcome, type RequestOutcome } from './outcome';
import { providerName, type Provider } from './provider';
import type { Evidence, WindowKind } from './receipt';
import type { Regulation, Verification } from './request';
import { basisOf, leavesUnsaid, type Statement } from './statement';

/** Instants are RFC 3339 in UTC. */
export interface CertificateClaims {
  readonly format: 'erasure-certificate/1';
  readonly environment: string;
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly regulation: Regulation;
  /** When the person asked, as the request says. */
  readonly submittedAt: string;
  /** When our own system took the request on. */
  readonly intakeAt: string;
  readonly issuedAt: string;
  readonly receivedVia?: string;
  readonly ground?: string;
  readonly verification?: Verification;
  /** `asserted`: decisions are what whoever may write to the Temporal namespace said they are. */
  readonly decisionMode: 'asserted';
  readonly outcome: RequestOutcome;
  readonly meaning: string;
  readonly providers: readonly ProviderClaim[];
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
  readonly rounds: readonly RoundClaim[];
  readonly callback?: { readonly at: string; readonly handle: string; readonly event?: string };
  readonly lastObservation?: { readonly at: string; readonly found: string; readonly evidence: Evidence };
  readonly withdrawal?: { readonly at: string; readonly result: string; readonly evidence?: Evidence };
  readonly decisions: readonly (ProviderDecision & { readonly kind: DecisionKind; readonly at: string })[];
  readonly settledAt: string;
}

export interface RoundClaim {
  readonly number: number;
  readonly askedAt: string;
  readonly acceptedAt?: string;
  readonly windowKind?: WindowKind;
  readonly windowEndsAt?: string;
  readonly marginMs?: number;
  readonly evidence?: Evidence;
}

export function certificateClaims(
  statement: Statement,
  issue: { readonly environment: string; readonly at: number },
): CertificateClaims {
  const { requestId, workflowId, runId, regulation, receivedVia, ground, verification, outcome } = statement;
  return {
    format: 'erasure-certificate/1',
    environment: issue.environment,
    requestId,
    workflowId,
    runId,
    regulation,
    submittedAt: iso(statement.submittedAt),
    intakeAt: iso(statement.startedAt),
    issuedAt: iso(issue.at),
    ...given({ receivedVia, ground, verification }),
    decisionMode: 'asserted',
    outcome,
    meaning: requestOutcomeMeaning[outcome],
    providers: statement.legs.map(providerClaim),
  };
}

function providerClaim(leg: LegState): ProviderClaim {
  const { provider, outcome, assurance, callback, lastObservation, withdrawal, settledAt } = leg;
  if (outcome === undefined || settledAt === undefined) throw new TypeError('Only a settled leg can be certified');
  const subjectHash = leg.rounds.find((round) => round.receipt !== undefined)?.receipt?.subjectHash;
  return {
    provider,
    name: providerName(provider),
    outcome,
    ...given({ assurance }),
    basis: basisOf(leg),
    leavesUnsaid: leavesUnsaid(leg),
    ...given({
      subjectHash,
      callback: callback && { ...callback, at: iso(callback.at) },
      lastObservation: lastObservation && {
        at: iso(lastObservation.at),
        found: lastObservation.status,
        evidence: lastObservation.evidence,
      },
      withdrawal: withdrawal && {
        at: iso(withdrawal.at),
        result: withdrawal.status,
        ...given({ evidence: withdrawal.evidence }),
      },
    }),
    rounds: leg.rounds.map(roundClaim),
    decisions: leg.decisions.map((decision) => ({ ...decision, at: iso(decision.at) })),
    settledAt: iso(settledAt),
  };
}

function roundClaim({ number, askedAt, acceptedAt, windowEndsAt, receipt }: Round): RoundClaim {
  return {
    number,
    askedAt: iso(askedAt),
    ...given({
      acceptedAt: acceptedAt === undefined ? undefined : iso(acceptedAt),
      windowKind: receipt?.windowKind,
      windowEndsAt: windowEndsAt === undefined ? undefined : iso(windowEndsAt),
      marginMs: receipt?.marginMs,
      evidence: receipt?.evidence,
    }),
  };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Only the members that have a value: what is not known does not appear. */
function given<T extends object>(members: T): Given<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<T>;
}
