/** The worker process: one Temporal worker for the workflows, one for each provider with that provider's limits. */
import { Client } from '@temporalio/client';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  TransportError,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import { createBrakeActivities } from '../activities/brake-activities';
import { createCallbackActivities } from '../activities/callback-activities';
import { createCertificateActivities } from '../activities/certificate-activities';
import { createDecisionActivities } from '../activities/decision-activities';
import { createTermsActivities } from '../activities/terms-activities';
import { problemsOfCalendars } from '../domain/law/counting/chosen-calendars';
import { createLegActivities } from '../activities/leg-activities';
import { createWebhookActivities } from '../activities/webhook-activities';
import { createSweepActivities } from '../activities/sweep/sweep-activities';
import { ConfigurationError } from '../config/environment';
import type { WorkerConfig } from '../config/worker-config';
import { sdkLog } from '../config/logging';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import type { Provider } from '../domain/provider/provider-table';
import { regulations, type Regulation } from '../domain/law/regulation';
import { createAgents } from '../network/agents';
import { createCertificateSigner } from '../security/certificate-signature';
import { createDecisionTokenChecker, type DecisionTokenChecker } from '../security/decision-token';
import { createFactChecker, createFactSigner } from '../security/facts';
import type { CertificateKeys, ProviderKeys } from '../security/key-table';
import { createOpener } from '../security/sealing';
import { createAdapter } from './adapters';
import { brakeGates, closeBrakeGates } from './brake-gates';
import { ProviderLeases } from './provider-leases';
import { readWorkerKeys, type WorkerKeys } from './worker-keys';
import { prebuiltWorkflowBundle } from './workflow-bundle';
import { providerQueue, WORKFLOW_QUEUE } from '../temporal/names';
import { grpcStatusOf } from '../temporal/temporal-failure';
import { nativeOptions } from '../temporal/connection';
import { explainConnectionFailure } from '../temporal/connection-problem';
import { checkRetention, checkSearchAttributes } from './namespace-warnings';

/** An asking in flight is not broken off: it ends by its own HTTP time-outs well within this. */
const SHUTDOWN_GRACE_MS = 45 * SECOND_MS;
export const SHUTDOWN_FORCE_MS = 1 * MINUTE_MS;
/**
 * How long a workflow may compute at once. A flood of signals comes in one piece, at about 2 ms each and up to 10,000 of
 * them; a workflow that is broken off in the middle, after 5 s by default, takes the whole process down. The SDK has the
 * option and leaves it out of its types.
 */
export const patientThreads = { isolateExecutionTimeout: 1 * MINUTE_MS } as object;
const QUEUE_LIMIT_SPARE = 1.25;
/** Or the SDK would hold back what an activity tells until little is left of the time after which its worker counts as dead. */
const HEARTBEATS_HELD_BACK_MS = 3 * SECOND_MS;
/**
 * 0.4 MB each. With 100 of them a burst of a thousand requests took half as much CPU again, to read histories once more; what
 * waits for days is not among them anyway where many do.
 */
const CACHED_RUNS = 500;
/** A run's next task waits so long for the worker that knows the run, which may be dead; then any other reads its history. */
const STICKY_MS_MAX = 5 * SECOND_MS;
/**
 * A task queue has four partitions, and the server hands ten tasks a second at most from one to another: with fewer polls than
 * partitions, as a quiet worker has by default, what comes at once waits for that.
 */
const pollers = { type: 'autoscaling', minimum: 5 } as const;
const CONNECT_TRIES_MS = 60 * SECOND_MS;
const CONNECT_MS_MAX = 10 * SECOND_MS;
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
    logger: new DefaultLogger('TRACE', sdkLog(logger)),
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
  // Before Temporal is waited for: what is missing here is told at once.
  const keys = await readWorkerKeys(config);
  const { certificate } = keys;
  const prepared = [
    ...(certificate ? [prepareWorkflowWorker({ config, certificate, keys, logger, overrides })] : []),
    ...[...keys.providers].map(([provider, own]) => prepareProviderWorker({ config, provider, own, keys, logger })),
  ];
  const connection = await connect(config, logger, overrides.connectTriesMs ?? CONNECT_TRIES_MS);
  try {
    const workers = await Promise.all(prepared.map((create) => create(connection)));
    await checkRetention({ connection, namespace: config.temporal.namespace, logger });
    logger.info({ providers: config.providers, workflows: config.servesWorkflows }, 'The worker serves');
    return {
      finished: runUntilDrained(workers, { config, connection, logger }),
      drain: () => drainAll(workers),
    };
  } catch (error) {
    // Refuses to close while one of the other workers holds it; what is to be told is why this one could not be made.
    await connection.close().catch(() => undefined);
    throw await explained(config, error);
  }
}

/** Temporal answered, and does not let us work there: or it is something else that broke. */
async function explained({ temporal }: WorkerConfig, error: unknown): Promise<unknown> {
  if (!(error instanceof TransportError) && grpcStatusOf(error) === undefined) return error;
  const message = await explainConnectionFailure(temporal, error);
  return new TemporalUnreachable(message, { cause: error });
}

async function runUntilDrained(
  workers: readonly PartOfProcess[],
  parts: { readonly config: WorkerConfig; readonly connection: NativeConnection; readonly logger: Logger },
): Promise<void> {
  try {
    await runAll(workers, parts.logger);
  } catch (error) {
    throw await explained(parts.config, error);
  } finally {
    closeBrakeGates(parts.connection);
    await parts.connection.close();
  }
}

/** One worker breaking drains the others: half a worker process would look alive and leave requests waiting. */
async function runAll(workers: readonly PartOfProcess[], logger: Logger): Promise<void> {
  await Promise.all(
    workers.map(async ({ worker, drained }) => {
      try {
        await worker.run();
      } catch (error) {
        logger.error({ queue: worker.options.taskQueue }, 'A worker broke; the process drains and ends');
        drainAll(workers);
        throw error;
      }
      await drained?.();
    }),
  );
}

function drainAll(workers: readonly PartOfProcess[]): void {
  for (const { worker } of workers) {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  }
}

const common = {
  shutdownGraceTime: SHUTDOWN_GRACE_MS,
  shutdownForceTime: SHUTDOWN_FORCE_MS,
} as const;

interface PartOfProcess {
  readonly worker: Worker;
  /** To be done once it runs nothing any more, and Temporal is still there. */
  readonly drained?: () => Promise<void>;
}

/** All that is needed of this machine is there; what is left needs Temporal. */
type CreateWorker = (connection: NativeConnection) => Promise<PartOfProcess>;

function prepareWorkflowWorker({
  config,
  certificate,
  keys,
  logger,
  overrides,
}: {
  readonly config: WorkerConfig;
  readonly certificate: CertificateKeys;
  readonly keys: WorkerKeys;
  readonly logger: Logger;
  readonly overrides: Pick<WorkerOptions, 'workflowBundle'>;
}): CreateWorker {
  refuseUnknownCalendars(config, logger);
  refuseUnprovenDecisions(config, keys);
  const checker = createFactChecker(keys.facts);
  const decisions = decisionChecker(keys);
  const signer = createFactSigner(certificate);
  return async (connection) => {
    const indexed = await checkSearchAttributes({ connection, namespace: config.temporal.namespace, logger });
    const client = new Client({ connection, namespace: config.temporal.namespace });
    const worker = await Worker.create({
      ...common,
      connection,
      namespace: config.temporal.namespace,
      taskQueue: WORKFLOW_QUEUE,
      workflowBundle: overrides.workflowBundle ?? prebuiltWorkflowBundle(),
      activities: {
        ...createTermsActivities({ ...config.policy, ...indexed, signer }),
        ...createDecisionActivities({ checker: decisions }),
        ...createCallbackActivities({ checker }),
        ...createBrakeActivities({ gates: brakeGates(connection, { config, logger }) }),
        ...createCertificateActivities({
          signer: createCertificateSigner(certificate),
          environment: certificate.environment,
          checker,
          decisions,
        }),
        ...createWebhookActivities({
          client,
          settings: config.webhook && {
            ...config.webhook,
            environment: certificate.environment,
            proxy: config.proxy,
          },
        }),
        ...createSweepActivities({
          client,
          looks: config.sweep.looks,
          log: logger,
          ...(config.sweep.webhook && {
            webhook: {
              ...config.sweep.webhook,
              environment: certificate.environment,
              agents: createAgents(config),
            },
          }),
        }),
      },
      ...patientThreads,
      maxCachedWorkflows: CACHED_RUNS,
      stickyQueueScheduleToStartTimeout: STICKY_MS_MAX,
      workflowTaskPollerBehavior: pollers,
      activityTaskPollerBehavior: pollers,
    });
    return { worker };
  };
}

/** Also while decisions are merely asserted: requests that were taken on before keep the rules they were taken on with. */
function decisionChecker({ decision }: WorkerKeys): DecisionTokenChecker | undefined {
  return decision && createDecisionTokenChecker(decision);
}

function refuseUnprovenDecisions({ policy }: WorkerConfig, { decision }: WorkerKeys): void {
  if (decision !== undefined || policy.rules.decisionMode === 'asserted') return;
  throw new ConfigurationError([
    'ERASURE_KEYS_DIR: the policy says decisions: "authenticated", and decision.json is missing: no decision token could be checked',
  ]);
}

function refuseUnknownCalendars({ policy }: WorkerConfig, logger: Logger): void {
  const problems = problemsOfCalendars(policy);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const laws = [...regulations, ...(Object.keys(policy.laws) as Regulation[])];
  const without = laws.filter((regulation) => policy.calendars[regulation] === undefined);
  if (without.length > 0) {
    logger.warn(
      { regulations: without },
      'The policy names no calendar for these laws: their requests have no due date',
    );
  }
}

function prepareProviderWorker({
  config,
  provider,
  own,
  keys,
  logger,
}: {
  readonly config: WorkerConfig;
  readonly provider: Provider;
  readonly own: ProviderKeys;
  readonly keys: WorkerKeys;
  readonly logger: Logger;
}): CreateWorker {
  const leases = new ProviderLeases(provider);
  const { adapter, gate, limits } = createAdapter(provider, { config, keys: own, ask: leases.ask, log: logger });
  return async (connection) => {
    const { namespace } = config.temporal;
    leases.use(new Client({ connection, namespace }));
    const worker = await Worker.create({
      ...common,
      connection,
      namespace,
      taskQueue: providerQueue(provider),
      activities: createLegActivities({
        adapter,
        opener: createOpener(own),
        signer: createFactSigner(own),
        checker: createFactChecker(keys.facts),
        decisions: decisionChecker(keys),
        brake: brakeGates(connection, { config, logger })[provider],
        reportBug: (bug) => logger.error(bug, 'An adapter broke: this is a bug'),
      }),
      maxConcurrentActivityTaskExecutions: limits.concurrency,
      // A second net, wide enough not to slow down what the gate lets through: Temporal divides it over the parts of a queue.
      maxTaskQueueActivitiesPerSecond: limits.requestsPerSecond * QUEUE_LIMIT_SPARE,
      maxHeartbeatThrottleInterval: HEARTBEATS_HELD_BACK_MS,
      activityTaskPollerBehavior: pollers,
    });
    return { worker, drained: () => gate.leave() };
  };
}

/** Temporal may come up after us; a worker that waits for ever would look alive. */
async function connect(config: WorkerConfig, logger: Logger, triesMs: number): Promise<NativeConnection> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await connectOnce(config);
    } catch (error) {
      const message = await explainConnectionFailure(config.temporal, error);
      if (performance.now() - startedAt > triesMs) throw new TemporalUnreachable(message, { cause: error, triesMs });
      logger.warn({ because: message }, 'Temporal cannot be reached yet; trying again');
      await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
    }
  }
}

/** Its own attempt never ends where somebody takes the connection and says nothing. */
async function connectOnce({ temporal }: WorkerConfig): Promise<NativeConnection> {
  const attempt = NativeConnection.connect(nativeOptions(temporal));
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error('Temporal took the connection and did not answer'));
      void attempt.then((connection) => connection.close()).catch(() => undefined);
    }, CONNECT_MS_MAX);
  });
  return Promise.race([attempt, tooLate]).finally(() => clearTimeout(timer));
}

export class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
  constructor(message: string, { cause, triesMs }: { readonly cause: unknown; readonly triesMs?: number }) {
    super(triesMs === undefined ? message : `${message} It was tried for ${triesMs / SECOND_MS} s.`, { cause });
  }
}
