import type { JWK } from 'jose';
import { importPrivateKey, publicKeyRing } from './key-ring';
import { verifyingKey } from './key-shapes';
import type { CertificateKeys } from './key-table';
import { ClaimsRefused, signClaims, verifyClaims, type RefusalReason } from './signed-claims';

const CLAIMS_TYPE = 'erasure-certificate+jwt';
const CERTIFICATE_LENGTH_MAX = 1_048_576;

export interface CertificateSigner {
  readonly keyId: string;
  /** A compact JWS over the JSON of `claims`; the same claims give the same text. */
  sign(claims: object): Promise<string>;
}

export function createCertificateSigner(keys: CertificateKeys): CertificateSigner {
  const keyId = keys.certificate[0].kid;
  const key = importPrivateKey(keys.certificate[0]);
  return { keyId, sign: (claims) => signClaims({ claims, type: CLAIMS_TYPE, key, keyId }) };
}

/** The certificate does not hold. The message is a plain sentence for whoever verifies it. */
export class CertificateInvalid extends Error {
  override readonly name = 'CertificateInvalid';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * What the certificate claims, and which of `keys` signed it; `CertificateInvalid` when it does not hold to the last byte.
 * Takes the text exactly as it was signed: a line break at the end of a file is for the caller to remove.
 */
export async function verifyCertificate(
  jws: string,
  keys: readonly JWK[],
): Promise<{ readonly claims: unknown; readonly keyId: string }> {
  const usable = keys.flatMap((key) => {
    const parsed = verifyingKey.safeParse(key);
    return parsed.success ? [parsed.data] : [];
  });
  const options = {
    text: jws,
    type: CLAIMS_TYPE,
    keys: publicKeyRing(usable),
    lengthMax: CERTIFICATE_LENGTH_MAX,
  } as const;
  return verifyClaims(options).catch((error: unknown) => {
    if (!(error instanceof ClaimsRefused)) throw error;
    throw new CertificateInvalid(error.reason, sentenceOf(error));
  });
}

function sentenceOf({ reason, keyId }: ClaimsRefused): string {
  switch (reason) {
    case 'malformed':
      return 'This is not a certificate: the text is malformed or incomplete.';
    case 'algorithm-not-allowed':
      return 'The certificate is signed with an algorithm that is not allowed.';
    case 'wrong-type':
      return 'This is a signed text, but not a certificate.';
    case 'unknown-key':
      return `The certificate is signed by an unknown key: ${keyId}.`;
    case 'altered':
      return 'The certificate was altered, or was not signed by the key it names.';
  }
}
