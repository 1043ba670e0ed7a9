/** The worker process: one Temporal worker for the workflows, one for each provider with that provider's limits. */
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createCertificateActivities } from '../activities/certificate-activities';
import { createLegActivities } from '../activities/leg-activities';
import type { WorkerConfig } from '../config/worker-config';
import { sdkLogger } from '../config/logging';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import { providerQueue, WORKFLOW_QUEUE, type Provider } from '../domain/provider';
import { createCertificateSigner } from '../security/certificate';
import { readCertificateKeys, readProviderKeys } from '../security/key-files';
import { createOpener } from '../security/sealing';
import { createAdapter } from './adapters';
import { prebuiltWorkflowBundle } from './workflow-bundle';

/** An asking in flight is not broken off: it ends by its own HTTP time-outs well within this. */
const SHUTDOWN_GRACE_MS = 45 * SECOND_MS;
const SHUTDOWN_FORCE_MS = 1 * MINUTE_MS;
const CONNECT_TRIES_MS = 60 * SECOND_MS;
const CONNECT_PAUSE_MS = 2 * SECOND_MS;

export interface RunningWorker {
  /** Resolves once everything has drained; rejects if a worker broke. */
  readonly finished: Promise<void>;
  /** Takes up nothing new and lets what runs come to its end. */
  drain(): void;
}

/** Must come before anything else of the SDK: the runtime is one per process. */
export function installRuntime(config: Pick<WorkerConfig, 'logLevel' | 'metricsAddress'>, logger: Logger): void {
  const level = config.logLevel.toUpperCase() as 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  Runtime.install({
    logger: sdkLogger(logger),
    shutdownSignals: [],
    telemetryOptions: {
      logging: {
        forward: {},
        filter: { core: level === 'TRACE' || level === 'DEBUG' ? level : 'WARN', other: 'ERROR' },
      },
      ...(config.metricsAddress === undefined
        ? {}
        : { metrics: { prometheus: { bindAddress: config.metricsAddress, countersTotalSuffix: true } } }),
    },
  });
}

export async function startWorker(
  config: WorkerConfig,
  logger: Logger,
  overrides: Pick<WorkerOptions, 'workflowBundle'> & {
    /** How long Temporal may stay out of reach at the start. */
    readonly connectTriesMs?: number;
  } = {},
): Promise<RunningWorker> {
  const connection = await connect(config, logger, overrides.connectTriesMs ?? CONNECT_TRIES_MS);
  try {
    const workers = await Promise.all([
      ...(config.servesWorkflows ? [createWorkflowWorker(connection, config, overrides)] : []),
      ...config.providers.map((provider) => createProviderWorker(connection, { config, provider, logger })),
    ]);
    logger.info({ providers: config.providers, workflows: config.servesWorkflows }, 'The worker serves');
    return {
      finished: runUntilDrained(workers, { connection, logger }),
      drain: () => drainAll(workers),
    };
  } catch (error) {
    // Refuses to close while one of the other workers holds it; what is to be told is why this one could not be made.
    await connection.close().catch(() => undefined);
    throw error;
  }
}

async function runUntilDrained(
  workers: readonly Worker[],
  parts: { readonly connection: NativeConnection; readonly logger: Logger },
): Promise<void> {
  try {
    await runAll(workers, parts.logger);
  } finally {
    await parts.connection.close();
  }
}

/** One worker breaking drains the others: half a worker process would look alive and leave requests waiting. */
async function runAll(workers: readonly Worker[], logger: Logger): Promise<void> {
  await Promise.all(
    workers.map((worker) =>
      worker.run().catch((error: unknown) => {
        logger.error({ queue: worker.options.taskQueue }, 'A worker broke; the process drains and ends');
        drainAll(workers);
        throw error;
      }),
    ),
  );
}

function drainAll(workers: readonly Worker[]): void {
  for (const worker of workers) {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  }
}

const common = {
  shutdownGraceTime: SHUTDOWN_GRACE_MS,
  shutdownForceTime: SHUTDOWN_FORCE_MS,
} as const;

async function createWorkflowWorker(
  connection: NativeConnection,
  config: WorkerConfig,
  overrides: Pick<WorkerOptions, 'workflowBundle'>,
): Promise<Worker> {
  const keys = await readCertificateKeys(config.keysDirectory);
  return Worker.create({
    ...common,
    connection,
    namespace: config.temporal.namespace,
    taskQueue: WORKFLOW_QUEUE,
    workflowBundle: overrides.workflowBundle ?? prebuiltWorkflowBundle(),
    activities: createCertificateActivities({
      signer: createCertificateSigner(keys),
      environment: keys.environment,
    }),
    maxCachedWorkflows: 500,
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
  });
}

async function createProviderWorker(
  connection: NativeConnection,
  parts: { readonly config: WorkerConfig; readonly provider: Provider; readonly logger: Logger },
): Promise<Worker> {
  const { config, provider, logger } = parts;
  const keys = await readProviderKeys(config.keysDirectory, provider);
  const { adapter, limits } = createAdapter(provider, { config, keys });
  return Worker.create({
    ...common,
    connection,
    namespace: config.temporal.namespace,
    taskQueue: providerQueue(provider),
    activities: createLegActivities({
      adapter,
      opener: createOpener(keys),
      reportBug: (bug) => logger.error(bug, 'An adapter broke: this is a bug'),
    }),
    maxConcurrentActivityTaskExecutions: limits.concurrency,
    maxTaskQueueActivitiesPerSecond: limits.requestsPerSecond,
    activityTaskPollerBehavior: { type: 'autoscaling' },
  });
}

/** Temporal may come up after us; a worker that waits for ever would look alive. */
async function connect(config: WorkerConfig, logger: Logger, triesMs: number): Promise<NativeConnection> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await NativeConnection.connect(config.temporal.connection);
    } catch (error) {
      if (performance.now() - startedAt > triesMs) throw new TemporalUnreachable(error, triesMs);
      logger.warn('Temporal cannot be reached yet; trying again');
      await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
    }
  }
}

export class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
  constructor(cause: unknown, triesMs: number) {
    super(`Temporal could not be reached for ${triesMs / SECOND_MS} s. Check TEMPORAL_ADDRESS and its credentials.`, {
      cause,
    });
  }
}
