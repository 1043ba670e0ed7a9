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
  const request = new RequestRun(acceptRequest(input));
  request.listen();

  // Each provider on its own: ask, wait out its window, then look or hope for its word; ask again where the record came back.
  await Promise.all(request.legs.map((leg) => leg.run()));

  // From here on neither a cancellation nor a late word changes anything: what the certificate says is what the run ends with.
  return CancellationScope.nonCancellable(async () => {
    const { issueCertificate } = proxyActivities<CertificateActivities>(certificateOptions);
    const statement = request.closeBooks();
    const certificate = await issueCertificate(statement);
    request.finish(statement.outcome);
    await condition(allHandlersFinished);
    return {
      requestId: statement.requestId,
      outcome: statement.outcome,
      legs: statement.legs.map(legProgress),
      certificate,
    };
  });
}
