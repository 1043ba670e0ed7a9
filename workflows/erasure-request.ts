/** The erasure request: ask every provider, wait out each one's own window, say what is known in one certificate. */
import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import type { LegProgress } from '../domain/leg/leg-progress';
import type { RequestOutcome } from '../domain/leg/outcome';
import type { ErasureRequestInput } from '../domain/request/request';
import type { TrailEntry } from '../domain/request/request-state';
import { acceptRequest, RequestRun } from './request-run';

export interface ErasureResult {
  readonly requestId: string;
  readonly outcome: RequestOutcome;
  readonly legs: readonly LegProgress[];
  /** The signed certificate: compact JWS. */
  readonly certificate: string;
  /** What staff decided about the whole request, also after the certificate; absent in results of release 0.1.0. */
  readonly trail?: readonly TrailEntry[];
}

export async function erasureRequest(input: ErasureRequestInput): Promise<ErasureResult> {
  const request = new RequestRun(acceptRequest(input));
  request.listen();

  // By when the law wants the person answered, and the rules of the house: looked up once, and held to from here on.
  await request.determineTerms();

  // Where the rules ask for it, nothing is sent before somebody other than the filer has approved it.
  await request.approval();

  // Each provider on its own: ask, wait out its window, then look or hope for its word; ask again where the record came back.
  await request.settleEveryProvider();

  // From here on neither a cancellation nor a late word changes anything: what the certificate says is what the run ends with.
  return CancellationScope.nonCancellable(async () => {
    const certificate = await request.certify();

    // The law's clock runs until the person has been told; so does the request.
    await request.answerToPerson(certificate);
    await condition(allHandlersFinished);
    return request.result(certificate);
  });
}
