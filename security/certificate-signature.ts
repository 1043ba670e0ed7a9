import type { JWK } from 'jose';
import { verifyingKey } from './key-shapes';
import type { CertificateKeys } from './key-table';
import { createClaimsChecker, createClaimsSigner, type ClaimsSigner, type RefusalReason } from './signed-claims';

const CLAIMS_TYPE = 'erasure-certificate+jwt';
export const CERTIFICATE_LENGTH_MAX = 1_048_576;

export type CertificateSigner = ClaimsSigner;

export function createCertificateSigner(keys: CertificateKeys): CertificateSigner {
  return createClaimsSigner(CLAIMS_TYPE, keys.certificate[0]);
}

/** The certificate does not hold. The message is a plain sentence for whoever verifies it. */
export class CertificateInvalid extends Error {
  override readonly name = 'CertificateInvalid';
  readonly reason: RefusalReason;
  /** Of `unknown-key`: the key that it names. */
  readonly keyId: string | undefined;

  constructor(reason: RefusalReason, keyId: string | undefined) {
    super(reason === 'unknown-key' ? `The certificate is signed by an unknown key: ${keyId}.` : sentences[reason]);
    this.reason = reason;
    this.keyId = keyId;
  }
}

const sentences: Readonly<Record<Exclude<RefusalReason, 'unknown-key'>, string>> = {
  malformed: 'This is not a certificate: the text is malformed or incomplete.',
  'algorithm-not-allowed': 'The certificate is signed with an algorithm that is not allowed.',
  'wrong-type': 'This is a signed text, but not a certificate.',
  altered: 'The certificate was altered, or was not signed by the key it names.',
};

/**
 * What the certificate claims, and which of `keys` signed it; `CertificateInvalid` when it does not hold to the last byte.
 * Takes the text exactly as it was signed: a line break at the end of a file is for the caller to remove.
 */
export async function verifyCertificate(
  jws: string,
  keys: readonly JWK[],
): Promise<{ readonly claims: unknown; readonly keyId: string }> {
  const usable = keys.flatMap((key) => verifyingKey.safeParse(key).data ?? []);
  const check = createClaimsChecker(CLAIMS_TYPE, { keys: usable, lengthMax: CERTIFICATE_LENGTH_MAX });
  const checked = await check(jws);
  if (checked.refused !== undefined) throw new CertificateInvalid(checked.refused, checked.keyId);
  return checked;
}
