/** How long Temporal keeps ended requests: a certificate is a run's result, and goes when the run is forgotten. */
import type { ConnectionLike } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { SECOND_MS } from '../domain/duration';

export const RETENTION_DAYS_MIN = 90;
const ANSWER_MS_MAX = 5 * SECOND_MS;

/** Undefined where Temporal does not tell. Throws a gRPC error where the namespace cannot be asked. */
export async function retentionMsOf({
  connection,
  namespace,
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
}): Promise<number | undefined> {
  const { config } = await connection.withDeadline(Date.now() + ANSWER_MS_MAX, () =>
    connection.workflowService.describeNamespace({ namespace }),
  );
  return optionalTsToMs(config?.workflowExecutionRetentionTtl);
}
