import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { DAY_MS } from '../../domain/duration';
import { RETENTION_DAYS_MIN, retentionMsOf } from '../../temporal/retention';
import { hasGrpcStatus } from '../../temporal/temporal-failure';
import { channelArgs } from '../../temporal/connection';

const PROBE = 'engine-readiness-probe';

/** Waits until the server answers, registers the namespace, and waits until workflows can be started in it. */
export async function prepareNamespace(options: {
  connectionOptions: ConnectionOptions;
  namespace: string;
  deadline: number;
  /** Ends the waiting early, since the server has ended. */
  signal: AbortSignal;
}): Promise<void> {
  const { connectionOptions, namespace, deadline, signal } = options;
  const connection = Connection.lazy({
    ...connectionOptions,
    interceptors: [],
    channelArgs: {
      ...channelArgs,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 200,
    },
  });
  try {
    await untilItSucceeds({ deadline, signal }, async () => {
      await connection.withDeadline(Date.now() + 2000, async () => {
        await register(connection, namespace);
        await connection.workflowService.countWorkflowExecutions({ namespace });
        await connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: PROBE }, taskQueueType: 1 });
        await assertShardAnswers(connection, namespace);
      });
    });
  } finally {
    await connection.close();
  }
}

/** A server somebody else runs is used as it is: a missing namespace is theirs to create. */
export async function assertNamespaceExists(options: {
  connectionOptions: ConnectionOptions;
  namespace: string;
  deadline: number;
}): Promise<void> {
  const { connectionOptions, namespace, deadline } = options;
  const connection = Connection.lazy({ ...connectionOptions, interceptors: [] });
  try {
    await connection.withDeadline(deadline, () => connection.workflowService.describeNamespace({ namespace }));
  } catch (error) {
    if (hasGrpcStatus(error, 'NOT_FOUND')) {
      throw new Error(
        `the Temporal server at ${connectionOptions.address} has no namespace "${namespace}": create it with ` +
          `\`temporal operator namespace create --retention ${RETENTION_DAYS_MIN}d ${namespace}\` or set TEMPORAL_NAMESPACE`,
        { cause: error },
      );
    }
    throw new Error(
      `the Temporal server at ${connectionOptions.address} (TEMPORAL_ADDRESS) does not answer: ${text(error)}`,
      { cause: error },
    );
  } finally {
    await connection.close();
  }
}

async function register(connection: Connection, namespace: string): Promise<void> {
  const retention = msToTs(RETENTION_DAYS_MIN * DAY_MS);
  try {
    const currentMs = await retentionMsOf({ connection, namespace });
    if (currentMs !== undefined && currentMs >= RETENTION_DAYS_MIN * DAY_MS) return;
    // The CLI's dev server makes `default` by itself, with a retention of a day.
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: retention },
    });
  } catch (error) {
    if (!hasGrpcStatus(error, 'NOT_FOUND')) throw error;
    await connection.workflowService
      .registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention })
      .catch((failure: unknown) => {
        if (!hasGrpcStatus(failure, 'ALREADY_EXISTS')) throw failure;
      });
  }
}

/** "No such workflow" proves that frontend, namespace cache and history shard work. */
async function assertShardAnswers(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId: PROBE },
    });
  } catch (error) {
    if (hasGrpcStatus(error, 'NOT_FOUND') && !text(error).includes('Namespace')) return;
    throw error;
  }
}

async function untilItSucceeds(
  { deadline, signal }: { deadline: number; signal: AbortSignal },
  attempt: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw new Error('it ended', { cause: error });
      if (Date.now() > deadline) throw new Error(`it was not ready in time (last: ${text(error)})`, { cause: error });
      await sleep(50);
    }
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
