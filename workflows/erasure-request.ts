/** The erasure request: ask every provider, wait out each one's own window, say what is known in one certificate. */
import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import type { ErasureResult } from '../domain/request/erasure-result';
import type { ErasureRequestInput } from '../domain/request/request';
import { checkedRequest, RequestRun } from './request-run';

export async function erasureRequest(input: ErasureRequestInput): Promise<ErasureResult> {
  const request = new RequestRun(checkedRequest(input));
  request.listen();

  // The company's rules, and by when the law wants the person answered: looked up once, and held to from here on.
  await request.determineTerms();

  // Where the rules ask for it, nothing is sent before somebody other than the filer has approved it.
  await request.waitForApproval();

  // Each provider on its own: ask, wait out its window, then look or wait for its callback; ask again where the record came back.
  await request.settleEveryProvider();

  // From here on neither a cancellation nor a late word changes anything: what the certificate says is what the run ends with.
  return CancellationScope.nonCancellable(async () => {
    await request.issueCertificate();

    // The law's clock runs until the person has been told; so does the request.
    await request.waitForAnswerToPerson();
    await condition(allHandlersFinished);
    return request.result();
  });
}
