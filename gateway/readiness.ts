import type { ConnectionLike } from '@temporalio/client';
import { SECOND_MS } from '../domain/duration';

const ANSWER_MS_MAX = 2 * SECOND_MS;

/** Whether Temporal answers in this namespace. Anybody may ask, so questions asked at once share one answer. */
export function createReadiness({
  connection,
  namespace,
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
}): () => Promise<boolean> {
  let underWay: Promise<boolean> | undefined;
  return () => (underWay ??= ask().finally(() => (underWay = undefined)));

  async function ask(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    // The client goes on trying for a while after its own deadline.
    const tooLate = new Promise<false>((resolve) => (timer = setTimeout(resolve, ANSWER_MS_MAX, false)));
    const answer = connection
      .withDeadline(Date.now() + ANSWER_MS_MAX, () => connection.workflowService.describeNamespace({ namespace }))
      .then(
        () => true,
        () => false,
      );
    return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
  }
}
