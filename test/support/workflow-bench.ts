/** The real workflow on the real server with virtual time, at scripted providers: for stories of the workflow alone. */
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { optionalTsToMs, type Timestamp } from '@temporalio/common/lib/time';
import { NativeConnection, Runtime, Worker, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';
import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import type { DecisionQuestion } from '../../activities/decision-activities';
import type { DecisionTokenVerdict } from '../../security/decision-token';
import type { TermsQuestion } from '../../activities/terms-activities';
import type { FailureDetails, FailureType, StepMemory } from '../../domain/leg/failure';
import { DAY_MS } from '../../domain/duration';
import type { LegCall } from '../../domain/leg/leg-call';
import { defaultPatience } from '../../domain/rules/patience';
import { byProvider, type Provider } from '../../domain/provider/provider-table';
import type { LegProgress } from '../../domain/leg/leg-progress';
import type { Observation, Receipt, Withdrawal } from '../../domain/leg/receipt';
import type { ErasureRequestInput } from '../../domain/request/request';
import type { Rules } from '../../domain/rules/rules';
import { defaultRules } from './default-rules';
import type { Terms } from '../../domain/rules/terms';
import { certifiedBy } from '../../domain/certificate/certified';
import { defined } from '../../domain/defined';
import { packCertificate } from '../../security/packed-certificate';
import type { Statement } from '../../domain/certificate/statement';
import { fastForward, virtualNow, withVirtualTime } from '../../temporal/virtual-time';
import type { erasureRequest } from '../../workflows';
import { progress } from '../../workflows/messages';
import { absent, accepted } from './receipts';
import { StartedRuns } from './started-runs';
import { ownNamespace } from './test-namespace';

export const PROVIDERS: readonly Provider[] = ['measureone', 'person', 'aptrinsic'];
export {
  absent,
  accepted,
  evidence,
  HOURS_120_MS,
  inconclusive,
  newerRecord,
  OVER_MS,
  pending,
  presentAgain,
  takenOffQueue,
  unclearRecord,
  unknown,
} from './receipts';
import { workflowIdOf, providerQueue, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

export function failure(
  type: FailureType,
  options: {
    readonly mayHaveReached?: boolean;
    readonly nonRetryable?: boolean;
    readonly nextRetryDelayMs?: number;
    readonly memory?: StepMemory;
    readonly kindChanged?: boolean;
  } = {},
): ApplicationFailure {
  const details: FailureDetails = {
    mayHaveReached: options.mayHaveReached ?? true,
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.nextRetryDelayMs === undefined ? {} : { retryInMs: options.nextRetryDelayMs }),
    ...(options.kindChanged === undefined ? {} : { kindChanged: options.kindChanged }),
  };
  return ApplicationFailure.create({
    type,
    message: `scripted ${type}`,
    nonRetryable: options.nonRetryable ?? options.kindChanged ?? false,
    details: [details],
    ...(options.nextRetryDelayMs === undefined ? {} : { nextRetryDelay: options.nextRetryDelayMs }),
  });
}

type Answer<T> = T | Error | ((call: LegCall, attempt: number) => T | Promise<T>);

/** A worker gives up refused credentials after some minutes of its first tries; a script does so at once. */
function givenUp(error: Error): Error {
  if (!(error instanceof ApplicationFailure) || error.type !== 'ProviderUnauthorized') return error;
  const { type, message, details } = error;
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: details ?? [] });
}

/** A worker says of each failure when it is tried again; a script need not. */
function triedAgain(error: unknown, { tries }: LegCall, attempt: number): unknown {
  if (!(error instanceof ApplicationFailure) || error.nextRetryDelay !== undefined) return error;
  const { type, message, details, nonRetryable, category } = error;
  return ApplicationFailure.create({
    message,
    details: details ?? [],
    nonRetryable: nonRetryable ?? false,
    nextRetryDelay: Math.min(tries.firstWaitMs * 2 ** (attempt - 1), tries.longestWaitMs),
    ...defined({ type: type ?? undefined, category: category ?? undefined }),
  });
}

/** Answers in order; the last one is repeated. Writes down what it was asked. */
export class Script<T> {
  readonly calls: (LegCall & { readonly attempt: number; readonly at: number })[] = [];
  #answers: Answer<T>[];

  constructor(...answers: Answer<T>[]) {
    this.#answers = answers;
  }

  set(...answers: Answer<T>[]): void {
    this.#answers = answers;
  }

  reset(answer: Answer<T>): void {
    this.set(answer);
    this.calls.length = 0;
  }

  readonly activity = async (call: LegCall): Promise<T> => {
    const { attempt, currentAttemptScheduledTimestampMs: at } = Context.current().info;
    this.calls.push({ ...call, attempt, at });
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    try {
      if (answer instanceof Error) throw call.tries.mode === 'first' ? givenUp(answer) : answer;
      if (typeof answer !== 'function') return answer as T;
      return await (answer as (call: LegCall, attempt: number) => T | Promise<T>)(call, attempt);
    } catch (error) {
      throw triedAgain(error, call, attempt);
    }
  };
}

export class ScriptedProvider {
  readonly ask = new Script<Receipt>(accepted());
  readonly look = new Script<Observation>(absent);
  readonly withdraw = new Script<Withdrawal>({ status: 'withdrawn' });

  reset(): void {
    this.ask.reset(accepted());
    this.look.reset(absent);
    this.withdraw.reset({ status: 'withdrawn' });
  }
}

/** An answer that is on its way until the test lets it arrive. */
export interface HeldAnswer<T> {
  readonly answer: () => Promise<T>;
  /** Resolves once the provider has been asked. */
  readonly asked: Promise<void>;
  release(answer: T | Error): void;
}

export function workflowBundle(): WorkflowBundleOption {
  return { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' };
}

const coverage = process.env['TEST_COVERAGE'] === 'true' ? new WorkflowCoverage() : undefined;
const measured = globalThis as { __coverage__?: Record<string, unknown> };
let ofWorkflows: Record<string, unknown> = {};

/** Adds the sinks that bring the workflow code's own coverage out of its sandbox. */
export function withCoverage<Options extends object>(options: Options): Options {
  if (coverage === undefined || !('workflowBundle' in options)) return options;
  return coverage.augmentWorkerOptionsWithBundle(options as never) as unknown as Options;
}

/** Beside what jest measures itself, never in its place: the modules of this process go on counting in their own objects. */
export function mergeWorkflowCoverage(): void {
  const ofJest = measured.__coverage__;
  if (coverage === undefined || ofJest === undefined) return;
  measured.__coverage__ = ofWorkflows;
  coverage.mergeIntoGlobalCoverage();
  // jest sends it to its parent without the methods of istanbul's classes.
  ofWorkflows = JSON.parse(JSON.stringify(measured.__coverage__)) as Record<string, unknown>;
  measured.__coverage__ = Object.assign(ofJest, ofWorkflows);
}

/** The SDK's own lines would drown the test report; failures are asserted instead. */
export function quietRuntime(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('ERROR', () => undefined),
      shutdownSignals: [],
      telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
    });
  } catch {
    // Installed already by another helper of this test file: one per process.
  }
}

/** The default rules with a request's own patience, and what a test is about. */
export function rulesFor({ policy }: Pick<TermsQuestion, 'policy'>, rules: Partial<Rules> = {}): Rules {
  return { ...defaultRules, patience: { ...defaultPatience, ...policy }, ...rules };
}

function withoutClock(question: TermsQuestion): Terms {
  return { rules: rulesFor(question, { answerTracked: false }), isIndexed: false };
}

function refusesTokens(): DecisionTokenVerdict {
  return { status: 'refused', why: 'No token is good in this test' };
}

/** The form of a certificate, signed by nobody. */
export function certificateOf(requestId: string): string {
  const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  return `${part({ alg: 'EdDSA' })}.${part({ requestId, text: 'ü' })}.${part({ signature: 'of nobody' })}`;
}

/** The same as a run's history has it. */
export function packedCertificateOf(requestId: string): string {
  return packCertificate(certificateOf(requestId));
}

export class WorkflowBench {
  readonly client: Client;
  readonly connection: Connection;
  readonly providers: Readonly<Record<Provider, ScriptedProvider>>;
  readonly statements: Statement[] = [];
  /** The signing of certificates waits for this. */
  certificateGate: (() => Promise<unknown>) | undefined;
  /** What requests are held to; the person's answer is not waited for where a test is about something else. */
  terms: (question: TermsQuestion) => Terms | Promise<Terms> = withoutClock;
  verdict: (question: DecisionQuestion) => DecisionTokenVerdict | Promise<DecisionTokenVerdict> = refusesTokens;
  /** Local activities fail, so that what they would do is seen: as an activity of its own, which can be waited for. */
  isLocalRefused = false;
  readonly #native: NativeConnection;
  readonly #held: ((answer: Error) => void)[] = [];
  readonly #started = new StartedRuns();
  readonly #workers: { readonly what: string; readonly worker: Worker; readonly running: Promise<void> }[] = [];

  private constructor(connection: Connection, native: NativeConnection) {
    this.connection = connection;
    this.#native = native;
    this.client = new Client({
      connection: withVirtualTime(connection),
      namespace: ownNamespace,
      interceptors: { workflow: [this.#started.interceptor] },
    });
    this.providers = byProvider(() => new ScriptedProvider());
  }

  static async open(
    options: { readonly served?: readonly Provider[]; readonly bundleCode?: string } = {},
  ): Promise<WorkflowBench> {
    quietRuntime();
    const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const bench = new WorkflowBench(await Connection.connect({ address }), await NativeConnection.connect({ address }));
    await bench.serve(WORKFLOW_QUEUE, options.bundleCode === undefined ? {} : { bundleCode: options.bundleCode });
    for (const provider of options.served ?? PROVIDERS) await bench.serve(provider);
    return bench;
  }

  /** `bundleCode`: another workflow bundle than the right one, see `alteredBundle`. */
  async serve(what: typeof WORKFLOW_QUEUE | Provider, options: { readonly bundleCode?: string } = {}): Promise<void> {
    const worker = await Worker.create(
      withCoverage({
        connection: this.#native,
        namespace: ownNamespace,
        shutdownGraceTime: 200,
        ...(what === WORKFLOW_QUEUE
          ? {
              taskQueue: WORKFLOW_QUEUE,
              workflowBundle: options.bundleCode === undefined ? workflowBundle() : { code: options.bundleCode },
              activities: {
                determineTerms: (question: TermsQuestion) => {
                  this.#refuseIfLocal();
                  return this.terms(question);
                },
                checkDecision: (question: DecisionQuestion) => {
                  this.#refuseIfLocal();
                  return this.verdict(question);
                },
                checkCallback: () => Promise.resolve(null),
                // Nobody releases a brake here.
                waitForBrake: () => Promise.reject(failure('ProviderBraked', { nextRetryDelayMs: 365 * DAY_MS })),
                issueCertificate: async (statement: Statement) => {
                  this.statements.push(statement);
                  await this.certificateGate?.();
                  return packedCertificateOf(statement.requestId);
                },
                certify: (statement: Statement) => {
                  this.#refuseIfLocal();
                  this.statements.push(statement);
                  return certifiedBy(packedCertificateOf(statement.requestId), statement);
                },
              },
            }
          : { taskQueue: providerQueue(what), activities: this.#activitiesOf(what) }),
      }),
    );
    this.#workers.push({ what, worker, running: worker.run() });
  }

  /** Stops what serves this queue, after it has finished what it is at. */
  async stop(what: typeof WORKFLOW_QUEUE | Provider): Promise<void> {
    const stopped = this.#workers.filter((entry) => entry.what === what && entry.worker.getState() === 'RUNNING');
    for (const { worker } of stopped) worker.shutdown();
    await Promise.all(stopped.map(({ running }) => running));
  }

  /** For `beforeEach`: ends the runs of the test before, and gives every script its first answer again. */
  async reset(): Promise<void> {
    this.#releaseAll();
    await this.#started.end(this.client);
    this.statements.length = 0;
    this.certificateGate = undefined;
    this.isLocalRefused = false;
    this.terms = withoutClock;
    this.verdict = refusesTokens;
    for (const provider of PROVIDERS) this.providers[provider].reset();
  }

  hold<T>(): HeldAnswer<T> {
    let asked = (): void => undefined;
    let release = (_answer: T | Error): void => undefined;
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    const answer = new Promise<T>((resolve, reject) => {
      release = (value) => (value instanceof Error ? reject(value) : resolve(value));
    });
    answer.catch(() => undefined);
    this.#held.push(release);
    return {
      answer: () => {
        asked();
        return answer;
      },
      asked: wasAsked,
      release,
    };
  }

  /** What waits in a local activity holds up its whole workflow task. */
  #refuseIfLocal(): void {
    const isHeld = this.isLocalRefused || this.certificateGate !== undefined;
    if (isHeld && Context.current().info.isLocal) throw new Error('This test has no local activities');
  }

  #releaseAll(): void {
    for (const release of this.#held.splice(0)) release(new Error('The test is over'));
  }

  #activitiesOf(provider: Provider): Record<string, (call: LegCall) => Promise<unknown>> {
    const { ask, look, withdraw } = this.providers[provider];
    return {
      [`${provider}.requestErasure`]: ask.activity,
      [`${provider}.observeErasure`]: look.activity,
      [`${provider}.withdrawErasure`]: withdraw.activity,
    };
  }

  async start(overrides: Partial<ErasureRequestInput> = {}): Promise<WorkflowHandle<typeof erasureRequest>> {
    const input = requestInput(overrides);
    return this.client.workflow.start<typeof erasureRequest>(WORKFLOW_TYPE, {
      workflowId: workflowIdOf(input.requestId),
      taskQueue: WORKFLOW_QUEUE,
      args: [input],
    });
  }

  /** A request that concerns these providers only. */
  async startFor(...providers: Provider[]): Promise<WorkflowHandle<typeof erasureRequest>> {
    return this.start({ subject: subjectAt(...providers) });
  }

  /** How one provider's leg stands; of the only one where the request has one. */
  async leg(handle: WorkflowHandle<typeof erasureRequest>, provider?: Provider): Promise<LegProgress> {
    const { legs } = await handle.query(progress);
    const leg = legs.find((candidate) => provider === undefined || candidate.provider === provider);
    if (leg === undefined) throw new Error(`The request has no leg ${provider}`);
    return leg;
  }

  /** What the certificate of this request was made from. */
  statementOf(handle: { readonly workflowId: string }): Statement {
    const statement = this.statements.find((candidate) => candidate.workflowId === handle.workflowId);
    if (statement === undefined) throw new Error('No certificate was asked for');
    return statement;
  }

  /**
   * Waits until nothing is under way any more, without touching the clock: no workflow task is pending and every activity
   * waits for its next attempt. (A fast-forward by less than that takes in real time jumps to whatever is due next.)
   */
  async settle(handle: WorkflowHandle<typeof erasureRequest>): Promise<void> {
    await eventually(async () => {
      const { raw } = await handle.describe();
      const nowMs = optionalTsToMs(raw.workflowExtendedInfo?.timeSkippingInfo?.currentTime) ?? Date.now();
      const isUnderWay = ({ nextAttemptScheduleTime }: { nextAttemptScheduleTime?: Timestamp | null }): boolean =>
        (optionalTsToMs(nextAttemptScheduleTime) ?? 0) <= nowMs;
      return raw.pendingWorkflowTask || raw.pendingActivities?.some(isUnderWay) ? undefined : true;
    });
  }

  async forward(handle: { readonly workflowId: string }, byMs: number): Promise<void> {
    await fastForward(this.connection, { namespace: ownNamespace, workflowId: handle.workflowId, byMs });
  }

  async now(handle: { readonly workflowId: string }): Promise<number> {
    return (await virtualNow(this.connection, { namespace: ownNamespace, workflowId: handle.workflowId })).getTime();
  }

  async close(): Promise<void> {
    this.#releaseAll();
    await this.#started.end(this.client);
    for (const { worker } of this.#workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(this.#workers.map(({ running }) => running));
    mergeWorkflowCoverage();
    await this.#native.close();
    await this.connection.close();
  }
}

export function requestInput(overrides: Partial<ErasureRequestInput> = {}): ErasureRequestInput {
  return {
    requestId: randomUUID(),
    regulation: 'gdpr',
    submittedAt: new Date(Date.now() - DAY_MS).toISOString(),
    subject: subjectAt(...PROVIDERS),
    ...overrides,
  };
}

export function subjectAt(...providers: Provider[]): Partial<Record<Provider, string>> {
  return Object.fromEntries(providers.map((provider) => [provider, sealedLike(provider)]));
}

/** Has the form of a sealed identifier; scripted providers never open it. */
export function sealedLike(text: string): string {
  return `eyJhbGciOiJFQ0RILUVTIn0..${Buffer.from(text).toString('base64url')}.AAAA.BBBB`;
}

/** Soon at first, and then less often: a query for each look keeps a worker busy. */
const POLL_MS_MIN = 20;
const POLL_MS_MAX = 200;

/** Polls until `probe` gives something, for what happens by itself soon. */
export async function eventually<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  withinMs = 30_000,
): Promise<T> {
  const until = Date.now() + withinMs;
  let pauseMs = POLL_MS_MIN;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`Nothing of the kind within ${withinMs} ms: ${probe.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 1.25, POLL_MS_MAX);
  }
}

/** As it is built for production: a measured one reads differently. */
export function readBundle(): string {
  return readFileSync(join(process.env['TEST_PROGRAMS'] ?? '', 'worker', 'workflows.bundle.js'), 'utf8');
}

/** The workflow bundle with one piece of code replaced: a bug that was deployed, or a shorter time-out. */
export function alteredBundle(...changes: readonly (readonly [from: RegExp, to: string])[]): string {
  return changes.reduce((code, [from, to]) => {
    const found = [...code.matchAll(new RegExp(from.source, 'g'))].length;
    if (found === 0 || (found > 1 && !from.global)) throw new Error(`The bundle has ${found} places like ${from}`);
    return code.replace(from, to);
  }, readBundle());
}

/** Throws where the workflow code would not take the same way again over the history that this run left. */
export async function expectReplays(handle: WorkflowHandle): Promise<void> {
  const history = await handle.fetchHistory();
  await Worker.runReplayHistory(withCoverage({ workflowBundle: workflowBundle() }), history, handle.workflowId);
}
