/** The erasure request: ask every provider, wait out each one's own window, say what is known in one certificate. */
import { allHandlersFinished, CancellationScope, condition, proxyActivities } from '@temporalio/workflow';
import type { CertificateActivities } from '../activities/certificate-activities';
import { legProgress, type LegProgress } from '../domain/progress';
import type { RequestOutcome } from '../domain/outcome';
import type { ErasureRequestInput } from '../domain/request';
import { certificateOptions } from './activity-options';
import { acceptRequest, RequestRun } from './request-run';

export interface ErasureResult {
  readonly requestId: string;
  readonly outcome: RequestOutcome;
  readonly legs: readonly LegProgress[];
  /** The signed certificate: compact JWS. */
  readonly certificate: string;
}

export async function erasureRequest(input: ErasureRequestInput): Promise<ErasureResult> {
  const run = new RequestRun(acceptRequest(input));
  run.listen();

  await Promise.all(run.legs.map((leg) => leg.run()));

  return CancellationScope.nonCancellable(async () => {
    const { issueCertificate } = proxyActivities<CertificateActivities>(certificateOptions);
    const statement = run.closeBooks();
    const certificate = await issueCertificate(statement);
    run.finish(statement.outcome);
    await condition(allHandlersFinished);
    return {
      requestId: statement.requestId,
      outcome: statement.outcome,
      legs: statement.legs.map(legProgress),
      certificate,
    };
  });
}
