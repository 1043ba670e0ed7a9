import { Context } from '@temporalio/activity';
import { certificateClaims } from '../domain/certificate';
import type { Statement } from '../domain/statement';
import type { CertificateSigner } from '../security/certificate';

export interface CertificateActivities {
  /** Signs what the statement proves, and answers with the certificate as a compact JWS. Safe to repeat: nothing is stored. */
  issueCertificate(statement: Statement): Promise<string>;
}

export function createCertificateActivities(parts: {
  readonly signer: CertificateSigner;
  readonly environment: string;
}): CertificateActivities {
  return {
    async issueCertificate(statement) {
      const at = Context.current().info.currentAttemptScheduledTimestampMs;
      return parts.signer.sign(certificateClaims(statement, { environment: parts.environment, at }));
    },
  };
}
