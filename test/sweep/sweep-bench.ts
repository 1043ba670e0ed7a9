/** A namespace of its own, in which nothing but what a test breaks is there to be found. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle, type WorkflowStartOptions } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createTermsActivities } from '../../activities/terms-activities';
import { createSweepActivities, type SweepActivities } from '../../activities/sweep/sweep-activities';
import { createSweeper } from '../../activities/sweep/sweeper';
import type { WebhookSettings } from '../../activities/sweep/webhook';
import { ensureSearchAttributes } from '../../temporal/search-attributes';
import { DAY_MS } from '../../domain/duration';
import { certifiedBy } from '../../domain/certificate/certified';
import type { Statement } from '../../domain/certificate/statement';
import type { Finding } from '../../domain/sweep/finding';
import type { Provider } from '../../domain/provider/provider-table';
import type { ErasureRequestInput } from '../../domain/request/request';
import { defaultRules } from '../support/default-rules';
import {
  beginSweep,
  sweepOn,
  type SweepInput,
  type SweepResult,
  type SweepSummary,
} from '../../domain/sweep/sweep-result';
import { prepareNamespace } from '../../local/engine/namespace';
import { fastForward, withVirtualTime } from '../../temporal/virtual-time';
import type { erasureRequest, erasureSweep } from '../../workflows';
import {
  mergeWorkflowCoverage,
  PROVIDERS,
  quietRuntime,
  requestInput,
  ScriptedProvider,
  withCoverage,
  workflowBundle,
} from '../support/workflow-bench';
import { workflowIdOf, providerQueue, WORKFLOW_QUEUE, WORKFLOW_TYPE, SWEEP_TYPE } from '../../temporal/names';

export type Request = WorkflowHandle<typeof erasureRequest>;

export class SweepBench {
  readonly namespace = `sweep-${randomUUID()}`;
  readonly address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
  readonly client: Client;
  readonly logged: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
  readonly providers = Object.fromEntries(PROVIDERS.map((provider) => [provider, new ScriptedProvider()])) as Record<
    Provider,
    ScriptedProvider
  >;
  isIndexed = true;
  webhook: WebhookSettings | undefined;
  readonly #connection: Connection;
  readonly #native: NativeConnection;
  readonly #workers: { readonly queue: string; readonly worker: Worker; readonly running: Promise<void> }[] = [];

  private constructor(connection: Connection, native: NativeConnection) {
    this.#connection = connection;
    this.#native = native;
    this.client = new Client({ connection: withVirtualTime(connection), namespace: this.namespace });
  }

  static async open(): Promise<SweepBench> {
    quietRuntime();
    const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const bench = new SweepBench(await Connection.connect({ address }), await NativeConnection.connect({ address }));
    await prepareNamespace({
      connectionOptions: { address },
      namespace: bench.namespace,
      deadline: Date.now() + 30_000,
      signal: new AbortController().signal,
    });
    await ensureSearchAttributes({ connection: bench.#connection, namespace: bench.namespace });
    return bench;
  }

  async serveWorkflows(options: Pick<WorkerOptions, 'workflowBundle'> = {}): Promise<void> {
    await this.#serve(WORKFLOW_QUEUE, {
      workflowBundle: options.workflowBundle ?? workflowBundle(),
      activities: {
        determineTerms: (question: Parameters<ReturnType<typeof createTermsActivities>['determineTerms']>[0]) =>
          createTermsActivities({
            rules: { ...defaultRules, answerTracked: false },
            calendars: { gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE' } },
            isIndexed: this.isIndexed,
            signer: {
              keyId: 'none',
              sign: (_fact, at, more) => ({ ...more, keyId: 'none', at, signature: '' }) as never,
            },
          }).determineTerms(question),
        certify: async (statement: Statement) => certifiedBy('certificate', statement),
        issueCertificate: async () => 'certificate',
        ...this.#sweepActivities(),
      },
    });
  }

  async serveProvider(provider: Provider): Promise<void> {
    const { ask, look, withdraw } = this.providers[provider];
    await this.#serve(providerQueue(provider), {
      activities: {
        [`${provider}.requestErasure`]: ask.activity,
        [`${provider}.observeErasure`]: look.activity,
        [`${provider}.withdrawErasure`]: withdraw.activity,
      },
    });
  }

  async #serve(queue: string, options: Pick<WorkerOptions, 'workflowBundle' | 'activities'>): Promise<void> {
    const worker = await Worker.create(
      withCoverage({
        connection: this.#native,
        namespace: this.namespace,
        taskQueue: queue,
        shutdownGraceTime: 200,
        ...options,
      }),
    );
    this.#workers.push({ queue, worker, running: worker.run() });
  }

  async stop(queue: string): Promise<void> {
    const stopped = this.#workers.filter((entry) => entry.queue === queue && entry.worker.getState() === 'RUNNING');
    for (const { worker } of stopped) worker.shutdown();
    await Promise.all(stopped.map(({ running }) => running));
  }

  /** Not by its client's types: some of these are what nobody should start. */
  async start(
    input: Partial<ErasureRequestInput> = {},
    options: Partial<WorkflowStartOptions> & { readonly extra?: object } = {},
  ): Promise<Request> {
    const request = requestInput({ submittedAt: new Date(Date.now() - DAY_MS).toISOString(), ...input });
    const { extra, ...rest } = options;
    return this.client.workflow.start(WORKFLOW_TYPE, {
      workflowId: workflowIdOf(request.requestId),
      taskQueue: WORKFLOW_QUEUE,
      args: [{ ...request, ...extra }],
      ...(rest as object),
    });
  }

  async forward(handle: { readonly workflowId: string }, byMs: number): Promise<void> {
    const { workflowId } = handle;
    await fastForward(this.#connection, { namespace: this.namespace, workflowId, byMs });
  }

  /** Without a worker, as `erasure sweep` does it. */
  async sweepFromHere(
    options: {
      readonly now?: number;
      readonly looks?: number;
      readonly last?: SweepSummary;
      readonly client?: Client;
    } = {},
  ) {
    const { now = Date.now(), looks = Infinity, last, client = this.client } = options;
    const told: Finding[] = [];
    const steps = createSweeper({ client, looks, report: (finding) => told.push(finding) });
    let soFar = await beginSweep(steps, { now, ...(last === undefined ? {} : { last }) });
    while (soFar.at !== 'over') soFar = await sweepOn(steps, soFar);
    return { summary: soFar.summary, told };
  }

  /** As the real one, but for one call about one run, or about none, which Temporal does not answer. */
  clientWithout(call: 'getWorkflowExecutionHistory' | 'describeWorkflowExecution', of?: Request): Client {
    const fails = (question: { readonly execution?: { readonly workflowId?: string | null } | null }): boolean =>
      of === undefined || question.execution?.workflowId === of.workflowId;
    const { workflowService: real } = this.client;
    const workflowService = new Proxy(real, {
      get: (service, name) => {
        const method = service[name as 'getWorkflowExecutionHistory'].bind(service);
        return name === call
          ? (question: Parameters<typeof fails>[0]) =>
              fails(question) ? Promise.reject(new TypeError('planted')) : method(question)
          : method;
      },
    });
    return new Proxy(this.client, {
      get: (client, name) => {
        if (name === 'workflowService') return workflowService;
        const found: unknown = client[name as 'withDeadline'];
        return typeof found === 'function' ? (found as (...args: unknown[]) => unknown).bind(client) : found;
      },
    });
  }

  async sweepByWorkflow(input: SweepInput = {}): Promise<SweepResult> {
    return (await this.startSweep(input)).result();
  }

  async startSweep(input: SweepInput = {}): Promise<WorkflowHandle<typeof erasureSweep>> {
    return this.client.workflow.start<typeof erasureSweep>(SWEEP_TYPE, {
      workflowId: `sweep-${randomUUID()}`,
      taskQueue: WORKFLOW_QUEUE,
      args: [input],
    });
  }

  #sweepActivities(): SweepActivities {
    const log = (fields: object, message: string): void => {
      this.logged.push({ fields: fields as Record<string, unknown>, message });
    };
    const activities = (): SweepActivities =>
      createSweepActivities({
        client: this.client,
        looks: 1_000,
        log: { info: log, warn: log },
        ...(this.webhook === undefined ? {} : { webhook: this.webhook }),
      });
    return {
      ...activities(),
      callWebhook: (summary) => activities().callWebhook(summary),
    };
  }

  async close(): Promise<void> {
    await this.terminateAll();
    for (const { queue } of this.#workers) await this.stop(queue);
    mergeWorkflowCoverage();
    await this.#native.close();
    await this.#connection.close();
  }

  async terminateAll(): Promise<void> {
    for await (const { workflowId } of this.client.workflow.list({ query: 'CloseTime IS NULL' })) {
      await this.client.workflow
        .getHandle(workflowId)
        .terminate('end of test')
        // It has ended by itself.
        .catch(() => undefined);
    }
  }
}

/** What is said of one request. */
export function about(findings: readonly Finding[], { workflowId }: { readonly workflowId: string }): Finding[] {
  return findings.filter(({ requestId }) => requestId !== undefined && workflowIdOf(requestId) === workflowId);
}
