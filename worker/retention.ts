/** Whether Temporal keeps ended requests long enough: the certificate is a run's result, and goes when the run is forgotten. */
import type { ConnectionLike } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { Logger } from 'pino';
import { DAY_MS, SECOND_MS } from '../domain/duration';
import { grpcStatusOf } from '../temporal/temporal-failure';

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

/** Says in the log what is not as it should be. Never throws: a short retention harms certificates, not erasures. */
export async function checkRetention({
  connection,
  namespace,
  logger,
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  readonly logger: Logger;
}): Promise<void> {
  const wantedDays = RETENTION_DAYS_MIN;
  let retentionMs: number | undefined;
  try {
    retentionMs = await retentionMsOf({ connection, namespace });
  } catch (error) {
    logger.info(
      { namespace, wantedDays, grpcCode: grpcStatusOf(error) },
      'The retention of the namespace cannot be read; check it yourself',
    );
    return;
  }
  if (retentionMs === undefined) {
    logger.info({ namespace, wantedDays }, 'Temporal does not tell the retention of the namespace; check it yourself');
    return;
  }
  if (retentionMs >= wantedDays * DAY_MS) return;
  logger.warn(
    { namespace, retentionDays: retentionMs / DAY_MS, wantedDays },
    'Temporal forgets ended requests, and their certificates, too early: give the namespace a longer retention',
  );
}
