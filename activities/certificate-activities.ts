import { ApplicationFailure, Context } from '@temporalio/activity';
import { certificateClaims } from '../domain/certificate/certificate';
import { claimProblems } from '../domain/certificate/claim-check';
import { certifiedBy, type Certified } from '../domain/certificate/certified';
import type { Statement } from '../domain/certificate/statement';
import type { CertificateSigner } from '../security/certificate-signature';
import type { DecisionTokenChecker } from '../security/decision-token';
import type { FactChecker } from '../security/facts';
import { packCertificate } from '../security/packed-certificate';
import { refuseForeignRun } from './run-guard';
import { lastEventAt, readHistories, recordedCalls, requestProblems } from './history-check';
import { signatureProblems } from './signature-check';

export interface CertificateActivities {
  /**
   * Signs what the statement claims, once every fact of it is found to be signed by whoever saw it and to bear the claim out,
   * and answers with the certificate, packed. `EvidenceRefused` where it does not hold. Safe to repeat: nothing is stored.
   */
  issueCertificate(statement: Statement): Promise<string>;
  /** The same as a local activity, whose answer alone is in the history. */
  certify(statement: Statement): Promise<Certified>;
}

export function createCertificateActivities(parts: {
  readonly signer: CertificateSigner;
  readonly environment: string;
  readonly checker: FactChecker;
  /** Absent on a worker without `decision.json`: it can check no decision. */
  readonly decisions: DecisionTokenChecker | undefined;
}): CertificateActivities {
  const { signer, environment, checker, decisions } = parts;
  const issueCertificate = async (statement: Statement): Promise<string> => {
    await refuseForeignRun(statement);
    const { info, client } = Context.current();
    const { requestId, run, workflowId, runId } = statement;
    const { histories, areWhole } = await readHistories(client, { workflowId, runId, run });
    const own = histories[0] ?? [];
    // The server does not know of a local activity, whose own times are those of this process's clock.
    const at = info.isLocal ? lastEventAt(own) : info.currentAttemptScheduledTimestampMs;
    const calls = recordedCalls(histories, { checker, requestId, run });
    const problems = [
      ...(runId === info.workflowExecution?.runId ? [] : ['the statement names another run']),
      ...requestProblems(statement, own),
      ...(await signatureProblems(statement, { checker, decisions })),
      ...claimProblems(statement, { at, calls, isWhole: areWhole }),
    ];
    if (problems.length > 0) throw evidenceRefused(problems);
    return packCertificate(await signer.sign(certificateClaims(statement, { environment, at })));
  };
  return {
    issueCertificate,
    certify: async (statement) => certifiedBy(await issueCertificate(statement), statement),
  };
}

const PROBLEMS_MAX = 5;

function evidenceRefused(problems: readonly string[]): ApplicationFailure {
  const told = problems.slice(0, PROBLEMS_MAX).join('; ');
  const more = problems.length > PROBLEMS_MAX ? `; and ${problems.length - PROBLEMS_MAX} more` : '';
  return ApplicationFailure.create({
    type: 'EvidenceRefused',
    message: `No certificate was issued, since its evidence does not hold: ${told}${more}.`,
  });
}
