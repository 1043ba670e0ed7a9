/** Everything that can be told about a certificate offline, in one answer: whose it is, and whether what it rests on holds. */
import { defined } from '../domain/defined';
import type { CertificateClaims } from '../domain/certificate/certificate';
import { certificateClaimsIn } from './certificate-claims';
import { checkDecisions, signedDecisions, type CheckedDecision } from './certificate-decisions';
import { checkFacts, type CheckedFact } from './certificate-facts';
import { CertificateInvalid, verifyCertificate } from './certificate-signature';
import type { DecisionKeys, FactKeys, VerifyingKeys } from './key-table';

/** What the issuer gives away; what is missing cannot be checked. */
export interface IssuerKeys {
  readonly certificate?: VerifyingKeys;
  readonly facts?: FactKeys;
  readonly decisions?: DecisionKeys;
}

/**
 * - `no-certificate`: another text, or one that is cut off.
 * - `no-key`: there is nothing to check it with.
 * - `unknown-key`: signed by a key that is none of the issuer's.
 * - `altered`: not what that key has signed.
 * - `unreadable`: signed by it, in a form that this version does not know.
 * - `unfounded`: signed by it, and a fact or a decision in it does not hold.
 * - `not-fully-checked`: signed by it; the keys for what it rests on are not all there.
 * - `valid`: signed by it, and everything that it rests on holds.
 */
export type CertificateVerdict =
  | { readonly verdict: 'no-certificate' | 'no-key' | 'altered' }
  | { readonly verdict: 'unknown-key' | 'unreadable'; readonly keyId: string }
  | ({ readonly verdict: 'unfounded' | 'not-fully-checked' | 'valid' } & ReadCertificate);

export interface ReadCertificate {
  readonly keyId: string;
  readonly claims: CertificateClaims;
  /** Absent where there are no keys for them. */
  readonly facts?: readonly CheckedFact[];
  readonly decisions?: readonly CheckedDecision[];
}

/** Never throws for what is handed over. */
export async function judgeCertificate(certificate: string, keys: IssuerKeys): Promise<CertificateVerdict> {
  // Without keys, too: that it is no certificate at all can be told.
  const signed = await signedBy(certificate, keys.certificate ?? []);
  if ('verdict' in signed) {
    const lacksKey = signed.verdict === 'unknown-key' && keys.certificate === undefined;
    return lacksKey ? { verdict: 'no-key' } : signed;
  }
  const { keyId } = signed;
  const claims = certificateClaimsIn(signed.claims);
  if (claims === undefined) return { verdict: 'unreadable', keyId };
  const facts = keys.facts && checkFacts(claims, keys.facts);
  const hasDecisions = signedDecisions(claims).length > 0;
  const decisions = keys.decisions && hasDecisions ? await checkDecisions(claims, keys.decisions) : undefined;
  const isUnfounded = [...(facts ?? []), ...(decisions ?? [])].some(({ problem }) => problem !== undefined);
  const isChecked = facts !== undefined && (decisions !== undefined || !hasDecisions);
  const verdict = isUnfounded ? 'unfounded' : isChecked ? 'valid' : 'not-fully-checked';
  return { verdict, keyId, claims, ...defined({ facts, decisions }) };
}

type Signed = { readonly claims: unknown; readonly keyId: string };

async function signedBy(certificate: string, keys: VerifyingKeys): Promise<Signed | CertificateVerdict> {
  try {
    return await verifyCertificate(certificate, keys);
  } catch (error) {
    if (!(error instanceof CertificateInvalid)) throw error;
    const { reason, keyId } = error;
    if (reason === 'altered') return { verdict: 'altered' };
    return reason === 'unknown-key' && keyId !== undefined
      ? { verdict: 'unknown-key', keyId }
      : { verdict: 'no-certificate' };
  }
}
