import type { ConnectionLike } from '@temporalio/client';
import { SECOND_MS } from '../domain/duration';

const ANSWER_MS_MAX = 2 * SECOND_MS;

/**
 * Whether Temporal answers in this namespace. Anybody may ask, so questions asked at once share one answer.
 * `tell` is called when that changes, with what went wrong or with nothing.
 */
export function createReadiness({
  connection,
  namespace,
  tell,
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  readonly tell: (error: unknown) => void;
}): () => Promise<boolean> {
  let wasReady = true;
  let underWay: Promise<boolean> | undefined;
  return () => (underWay ??= ask().finally(() => (underWay = undefined)));

  async function ask(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    // The client goes on trying for a while after its own deadline.
    const tooLate = new Promise<Error>((resolve) => {
      timer = setTimeout(() => resolve(new Error('Temporal did not answer in time')), ANSWER_MS_MAX);
    });
    const answer = connection
      .withDeadline(Date.now() + ANSWER_MS_MAX, () => connection.workflowService.describeNamespace({ namespace }))
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    const failure = await Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
    const isReady = failure === undefined;
    if (isReady !== wasReady) tell(failure);
    wasReady = isReady;
    return isReady;
  }
}
