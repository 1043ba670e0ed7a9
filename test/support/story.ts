/** The whole system in one process, at simulated providers, on virtual time: everything but the processes is real. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { pino, type Logger } from 'pino';
import { ErasureClient, type ErasureSubmission } from '../../client';
import { readGatewayConfig } from '../../config/gateway-config';
import { readWorkerConfig } from '../../config/worker-config';
import { DAY_MS, SECOND_MS } from '../../domain/duration';
import type { CertificateClaims, ProviderClaim } from '../../domain/certificate/certificate';
import type { LegProgress } from '../../domain/leg/leg-progress';
import { isProvider, type Provider } from '../../domain/provider/provider-table';
import { startGateway } from '../../gateway/gateway';
import { samplePolicy } from '../../local/sample-policy';
import { defaultCredentials, type SettingsPatch } from '../../local/simulator/simulator-registry';
import { startSimulator, type Simulator } from '../../local/simulator/simulator';
import { fastForward, pendingOf, virtualNow, withVirtualTime, type Pending } from '../../temporal/virtual-time';
import { verifyCertificate } from '../../security/certificate-signature';
import { initKeys, readClientKeys, readVerifyingKeys } from '../../security/key-files';
import { verifyingKeyFile } from '../../security/key-table';
import { createSealer } from '../../security/sealing';
import type { erasureRequest } from '../../workflows';
import { startWorker, type RunningWorker } from '../../worker/worker';
import { StartedRuns } from './started-runs';
import { ownNamespace } from './test-namespace';
import { eventually, mergeWorkflowCoverage, quietRuntime, withCoverage, workflowBundle } from './workflow-bench';
import { workflowIdOf } from '../../temporal/names';

export interface Subject {
  readonly individualId: string;
  readonly personId: string;
  readonly identifyId: string;
}

export interface StoryOptions {
  readonly simulator?: SettingsPatch;
  readonly settings?: Readonly<Record<string, string>>;
  /** Settings of the policy file, over those of the local stack. */
  readonly policy?: object;
  /** The gateway's clock, epoch ms. */
  readonly gatewayNow?: () => number;
}

/** A task that a worker took along when it stopped is missed after 20 s, and comes again 10 s later. */
const FORWARD_MS = 150 * SECOND_MS;
const LOST_TASK_MS = 60 * SECOND_MS;
/** Nobody beats for a certificate that is being signed: it is missed after a minute. */
const CERTIFICATE_MS = 90 * SECOND_MS;

/** Many tests make a provider refuse one request after the other, and are about each of them. */
const withoutBrakes = Object.fromEntries(
  ['MEASUREONE', 'PERSON_API', 'APTRINSIC'].flatMap((name) => [
    [`${name}_BRAKE_AFTER_REFUSALS`, '10000'],
    [`${name}_BRAKE_AFTER_UNKNOWN_IDS`, '10000'],
  ]),
);

export class Story {
  readonly subject: Subject = {
    individualId: `idv_${randomUUID().replaceAll('-', '').slice(0, 27)}`,
    personId: randomUUID(),
    identifyId: `planted+${randomUUID().slice(0, 8)}/ä@customer.example`,
  };
  #requestId: string = randomUUID();
  readonly logged: string[] = [];
  readonly simulator: Simulator;
  readonly connection: Connection;
  readonly client: ErasureClient;
  readonly temporal: Client;
  readonly keysDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly #started: StartedRuns;
  #worker: RunningWorker | undefined;
  #gateway: { readonly url: string; close(): Promise<void> } | undefined;

  private constructor(parts: {
    readonly simulator: Simulator;
    readonly connection: Connection;
    readonly keysDirectory: string;
    readonly client: ErasureClient;
    readonly temporal: Client;
    readonly started: StartedRuns;
    readonly environment: Readonly<Record<string, string>>;
  }) {
    this.simulator = parts.simulator;
    this.connection = parts.connection;
    this.keysDirectory = parts.keysDirectory;
    this.client = parts.client;
    this.temporal = parts.temporal;
    this.#started = parts.started;
    this.environment = parts.environment;
    const { logged } = this;
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged.push(chunk.toString());
        done();
      },
    });
    this.logger = pino({ level: 'trace' }, stream);
  }

  static async open(options: StoryOptions = {}): Promise<Story> {
    quietRuntime();
    const keysDirectory = join(await mkdtemp(join(tmpdir(), 'erasure-story-')), 'keys');
    await initKeys({ directory: keysDirectory, environment: 'test', now: Date.now() });
    const policyFile = join(keysDirectory, '..', 'policy.json');
    // A story is over with its certificate, where it is not about the answer to the person.
    await writeFile(policyFile, JSON.stringify({ ...samplePolicy, answer: 'untracked', ...options.policy }));
    const simulator = await startSimulator({
      settings: { ...options.simulator, person: { defaultDelayMs: 3 * DAY_MS, ...options.simulator?.person } },
    });
    const connection = await Connection.connect({ address: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' });
    const started = new StartedRuns();
    const temporal = new Client({
      connection: withVirtualTime(connection),
      namespace: ownNamespace,
      interceptors: { workflow: [started.interceptor] },
    });
    const sealer = createSealer(await readClientKeys(keysDirectory));
    const story = new Story({
      simulator,
      connection,
      keysDirectory,
      temporal,
      client: new ErasureClient({ client: temporal, sealer }),
      started,
      environment: {
        TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '',
        TEMPORAL_NAMESPACE: ownNamespace,
        ERASURE_KEYS_DIR: keysDirectory,
        ERASURE_POLICY_FILE: policyFile,
        GATEWAY_PORT: '0',
        MEASUREONE_BASE_URL: simulator.addresses.measureone,
        MEASUREONE_CLIENT_ID: defaultCredentials.measureone.clientId,
        MEASUREONE_CLIENT_SECRET: defaultCredentials.measureone.clientSecret,
        PERSON_API_BASE_URL: simulator.addresses.person,
        PERSON_API_CLIENT_ID: defaultCredentials.person.clientId,
        PERSON_API_CLIENT_SECRET: defaultCredentials.person.clientSecret,
        APTRINSIC_BASE_URL: simulator.addresses.aptrinsic,
        APTRINSIC_API_KEY: defaultCredentials.aptrinsic.apiKey,
        ...withoutBrakes,
        ...options.settings,
      },
    });
    const { gatewayNow } = options;
    const clock = gatewayNow === undefined ? {} : { now: gatewayNow };
    story.#gateway = await startGateway(readGatewayConfig(story.environment), story.logger, clock);
    await story.startWorker();
    return story;
  }

  get gatewayUrl(): string {
    return this.#gateway?.url ?? '';
  }

  /** Settings given here replace those of the environment: a worker deployed with a mended setting. */
  async startWorker(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const environment = { ...this.environment, GATEWAY_PUBLIC_URL: this.gatewayUrl, ...settings };
    this.#worker = await startWorker(
      readWorkerConfig(environment),
      this.logger,
      withCoverage({ workflowBundle: workflowBundle() }),
    );
  }

  async stopWorker(): Promise<void> {
    this.#worker?.drain();
    await this.#worker?.finished;
    this.#worker = undefined;
  }

  /** The records are old: what the providers find was there long before anybody asked. */
  async seed(): Promise<void> {
    const { individualId, personId, identifyId } = this.subject;
    const createDate = new Date(Date.now() - 400 * DAY_MS).toISOString();
    await this.simulator.seed({ provider: 'measureone', individualId });
    await this.simulator.seed({ provider: 'person', personId });
    await this.simulator.seed({ provider: 'aptrinsic', identifyId, createDate });
  }

  submission(overrides: Partial<ErasureSubmission> = {}): ErasureSubmission {
    const { individualId, personId, identifyId } = this.subject;
    return {
      requestId: this.requestId,
      regulation: 'gdpr',
      submittedAt: new Date(Date.now() - 10 * SECOND_MS).toISOString(),
      subject: { measureone: { individualId }, person: { personId }, aptrinsic: { identifyId } },
      ...overrides,
    };
  }

  get requestId(): string {
    return this.#requestId;
  }

  /** The story is about a request that was filed under another id. */
  follow(requestId: string): void {
    this.#requestId = requestId;
  }

  get handle(): WorkflowHandle<typeof erasureRequest> {
    return this.temporal.workflow.getHandle<typeof erasureRequest>(workflowIdOf(this.requestId));
  }

  async submit(overrides: Partial<ErasureSubmission> = {}): Promise<void> {
    await this.client.submit(this.submission(overrides));
  }

  /**
   * The world first, then the request: as in real life, what is due at the provider is due when we look. Whoever is asked
   * after the world has moved is asked days too late, so every asking that the test does not make fail is waited for.
   */
  async forward(byMs: number): Promise<void> {
    await eventually(
      async () => ((await this.#pending()).every(({ isWaiting }) => isWaiting) ? true : undefined),
      LOST_TASK_MS,
    ).catch((error: unknown) => this.#failed('The world cannot move yet', error));
    await this.simulator.advance(byMs);
    const workflowId = workflowIdOf(this.requestId);
    // A provider that asks to be left alone is left alone in real time.
    await fastForward(this.connection, { namespace: ownNamespace, workflowId, byMs, timeoutMs: FORWARD_MS });
  }

  /** In steps, so that retries meet the world of their own day. */
  async forwardInSteps(byMs: number, stepMs: number): Promise<void> {
    for (let left = byMs; left > 0; left -= stepMs) await this.forward(Math.min(stepMs, left));
  }

  async now(): Promise<number> {
    const workflowId = workflowIdOf(this.requestId);
    return (await virtualNow(this.connection, { namespace: ownNamespace, workflowId })).getTime();
  }

  async leg(provider: Provider): Promise<LegProgress> {
    const { legs } = await this.client.progress(this.requestId);
    const leg = legs.find((candidate) => candidate.provider === provider);
    if (leg === undefined) throw new Error(`${provider} is not part of the request`);
    return leg;
  }

  /** Waits, in real time, until the leg has come to this state by itself. */
  async until(provider: Provider, state: LegProgress['state']): Promise<LegProgress> {
    let last: LegProgress | undefined;
    return eventually(async () => {
      last = await this.leg(provider);
      return last.state === state ? last : undefined;
    }, LOST_TASK_MS).catch((error: unknown) => this.#failed(`${provider} is not ${state}, but ${last?.state}`, error));
  }

  /** Records that the person was told, as soon as that can be recorded. */
  async tell(notice: 'acknowledged' | 'extended' | 'refused' | 'outcome'): Promise<void> {
    if (notice === 'outcome') {
      await eventually(async () =>
        (await this.client.get(this.requestId)).state === 'awaiting-answer' ? true : undefined,
      );
    }
    await this.client.decide('notice', this.requestId, {
      actor: 'staff-7',
      reason: { code: 'person-told', ticket: 'PRIV-1' },
      notice,
      at: new Date(await this.now()).toISOString(),
      channel: 'email',
      reference: 'MSG-1',
    });
  }

  /** The certificate as it was signed. */
  async signed(): Promise<string> {
    const { certificate } = await this.client
      .result(this.requestId, { timeoutMs: CERTIFICATE_MS })
      .catch((error: unknown) => this.#failed('There is no certificate', error));
    return certificate;
  }

  async certificate(): Promise<CertificateClaims> {
    const certificate = await this.signed();
    const keys = await readVerifyingKeys(join(this.keysDirectory, verifyingKeyFile.name));
    return (await verifyCertificate(certificate, keys)).claims as CertificateClaims;
  }

  async claim(provider: Provider): Promise<ProviderClaim> {
    const claim = (await this.certificate()).providers.find((candidate) => candidate.provider === provider);
    if (claim === undefined) throw new Error(`The certificate does not speak of ${provider}`);
    return claim;
  }

  async outcomes(): Promise<Partial<Record<Provider, string>>> {
    const { providers } = await this.certificate();
    return Object.fromEntries(
      providers.map(({ provider, outcome, assurance }) => [provider, [outcome, assurance].filter(Boolean).join('/')]),
    );
  }

  /** An asking that fails, and not by a fault of the test's, counts as under way while it waits for its next try, too. */
  async #pending(): Promise<readonly Pending[]> {
    const workflowId = workflowIdOf(this.requestId);
    const pending = await pendingOf(this.connection, { namespace: ownNamespace, workflowId });
    return Promise.all(
      pending.map(async (step) => {
        const { provider, isAsking } = askingOf(step.activity);
        const isFaulty =
          provider !== undefined && (await this.simulator.calls({ provider })).at(-1)?.fault !== undefined;
        return { ...step, isWaiting: step.isWaiting && (!isAsking || isFaulty) };
      }),
    );
  }

  async #failed(what: string, cause: unknown): Promise<never> {
    const stands = await this.client
      .progress(this.requestId)
      .then(({ state, todo, legs }) => ({ state, todo, legs }))
      .catch((error: unknown) => ({ state: String(error) }));
    throw new Error(`${what}: ${JSON.stringify({ ...stands, pending: await this.#pending() })}`, { cause });
  }

  async close(): Promise<void> {
    await this.#started.end(this.temporal);
    await this.stopWorker();
    await this.#gateway?.close();
    await this.simulator.close();
    mergeWorkflowCoverage();
    await this.connection.close();
    await rm(join(this.keysDirectory, '..'), { recursive: true, force: true });
  }
}

/** Nobody is asked either before the request has been taken on. */
function askingOf(activity = ''): { readonly isAsking: boolean; readonly provider?: Provider } {
  const [provider = '', step] = activity.split('.');
  if (!isProvider(provider)) return { isAsking: activity === 'determineTerms' };
  return { isAsking: step === 'requestErasure', provider };
}
