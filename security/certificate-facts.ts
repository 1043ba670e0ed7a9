/** Whether the facts that a certificate rests on were signed by whoever saw them: told offline, with the keys of these roles. */
import { defined } from '../domain/defined';
import type { CertificateClaims, FactClaim, ProviderClaim } from '../domain/certificate/certificate';
import { factWords, roleOf } from '../domain/fact/fact';
import { createFactChecker, type FactChecker } from './facts';
import type { FactKeys } from './key-table';

export interface CheckedFact {
  readonly provider: ProviderClaim['provider'];
  readonly name: string;
  readonly kind: FactClaim['kind'];
  readonly keyId: string;
  /** Why it does not hold; absent where it does. */
  readonly problem?: string;
}

export function checkFacts(claims: CertificateClaims, keys: FactKeys): readonly CheckedFact[] {
  // A certificate names its environment; keys of another one have seen nothing of it.
  const checker = createFactChecker({ ...keys, environment: claims.environment });
  return claims.providers.flatMap((claim) =>
    (claim.facts ?? []).map((fact) => checkFact(claims, { claim, fact, checker })),
  );
}

function checkFact(
  { requestId, runId, startedAsRunId }: CertificateClaims,
  { claim, fact, checker }: { readonly claim: ProviderClaim; readonly fact: FactClaim; readonly checker: FactChecker },
): CheckedFact {
  const { provider, name } = claim;
  const { kind, content, witness } = fact;
  const problem = checker.problem({ kind, requestId, run: startedAsRunId ?? runId, provider, content }, witness);
  return { provider, name, kind, keyId: witness.keyId, ...defined({ problem }) };
}

export function factsText(facts: readonly CheckedFact[]): string {
  if (facts.length === 0) return 'The certificate holds no signed facts.';
  return facts
    .map(({ provider, name, kind, keyId, problem }) =>
      problem === undefined
        ? `${name}: ${factWords[kind]} is signed by ${whose(roleOf({ kind, provider }))}, by key ${keyId}.`
        : `${name}: ${factWords[kind]} DOES NOT HOLD: it ${problem} (key ${keyId}).`,
    )
    .join('\n');
}

function whose(role: ReturnType<typeof roleOf>): string {
  return role === 'gateway' ? 'the gateway' : "the provider's worker";
}
