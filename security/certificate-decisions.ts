/** Whether the tokens of the decisions that a certificate names hold: told offline, with the keys of those who may decide. */
import { defined } from '../domain/defined';
import type { CertificateClaims, DecisionClaim } from '../domain/certificate/certificate';
import type { DecisionKind } from '../domain/decision/decision-table';
import { createDecisionTokenChecker } from './decision-token';
import type { DecisionKeys } from './key-table';

export interface CheckedDecision {
  readonly kind: string;
  readonly at: string;
  readonly keyId: string;
  /** Why its token does not hold; absent where it does. */
  readonly problem?: string;
}

/** Of those that their actors have signed. */
export function signedDecisions({ decisions = [], providers }: CertificateClaims): readonly SignedDecision[] {
  const all = [...decisions, ...providers.flatMap((claim) => claim.decisions as readonly DecisionClaim[])];
  return all.filter((decision): decision is SignedDecision => decision.proof !== undefined);
}

type SignedDecision = DecisionClaim & Required<Pick<DecisionClaim, 'proof'>>;

export async function checkDecisions(
  claims: CertificateClaims,
  keys: DecisionKeys,
): Promise<readonly CheckedDecision[]> {
  // A certificate names its environment; keys of another one have decided nothing of it.
  const checker = createDecisionTokenChecker({ ...keys, environment: claims.environment });
  const { requestId, runId, startedAsRunId: run = runId } = claims;
  const checks = signedDecisions(claims).map(async ({ kind, at, proof, happenedAt, ...said }) => {
    const content = { ...said, ...defined({ at: happenedAt }) };
    const of = { requestId, run, kind: kind as DecisionKind, content };
    const verdict = await checker.check({ ...of, token: proof.token, now: 'taken' });
    return { kind, at, keyId: proof.keyId, ...(verdict.status === 'refused' ? { problem: verdict.why } : {}) };
  });
  return Promise.all(checks);
}

export function decisionsText(decisions: readonly CheckedDecision[]): string {
  if (decisions.length === 0) return 'The certificate holds no signed decisions.';
  return decisions
    .map(({ kind, at, keyId, problem }) =>
      problem === undefined
        ? `The decision ${kind} of ${at} is signed for by its actor, by key ${keyId}.`
        : `The decision ${kind} of ${at} DOES NOT HOLD. ${problem} (key ${keyId}).`,
    )
    .join('\n');
}
