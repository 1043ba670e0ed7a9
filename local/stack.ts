/** The whole system on one machine: Temporal, the simulated providers, a worker and the gateway as they run in production. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ErasureClient } from '../client';
import { defined } from '../domain/defined';
import { providerFacts, providerKeys } from '../domain/provider/provider-table';
import { ensureSearchAttributes } from '../temporal/search-attributes';
import { initKeys, readClientKeys } from '../security/key-files';
import { keyFiles, verifyingKeyFile } from '../security/key-table';
import { upgradeKeys } from '../security/key-upgrade';
import { createSealer } from '../security/sealing';
import { startProcess, type OwnProcess } from './child-process';
import type { Environment } from './engine/cache';
import { startEngine, type Engine } from './engine/engine';
import { freePorts } from './engine/ports';
import type { PostgresStore } from './engine/temporal-server';
import { startUi } from './engine/ui';
import { LOCAL_AUDIENCE, LOCAL_CLIENT_ID, LOCAL_ROLES, startLocalLogin } from './login-page';
import { keepPolicy } from './sample-policy';
import { connectControl } from './simulator/control-client';
import type { Addresses, SimulatorControl } from './simulator/control';
import { simulatedProviders } from './simulator/simulator-registry';
import { startLocalReceiver } from './webhook-receiver';
import { assertVirtualTimeSupported, withVirtualTime } from '../temporal/virtual-time';

export const STACK_ENVIRONMENT = 'local';
/** Always the same, since what a simulated provider was told in a request of days ago must go on to be let in. */
export const tokenCredentials = JSON.stringify({
  data: { client_id: 'callbacks', client_secret: 'local-callback-token-secret' },
});

/** Settings of a worker that calls every provider as often as it can, where its limits are not what is looked at. */
export const unlimitedCalls: Readonly<Record<string, string>> = Object.fromEntries(
  providerKeys.flatMap((provider) => {
    const { variables } = providerFacts(provider).limits;
    return [
      [`${variables}_REQUESTS_PER_SECOND`, '10000'],
      // What a process was given and may have called counts as called when it is killed.
      [`${variables}_REQUESTS_PER_DAY`, '999999999'],
    ];
  }),
);

export interface Stack {
  readonly engine: Engine;
  readonly connection: Connection;
  readonly namespace: string;
  readonly client: ErasureClient;
  readonly simulator: SimulatorControl;
  readonly gatewayUrl: string;
  /** API and console, and the page that logs in to it; only where ports are given. */
  readonly server: { readonly url: string; readonly loginUrl: string } | undefined;
  /** Whom requests can name to be told of their changes; only where ports are given. */
  readonly webhookUrl: string | undefined;
  /** Where a port was given for it, and it could be had. */
  readonly uiUrl: string | undefined;
  readonly keysDirectory: string;
  readonly verifyingKeysFile: string;
  /** Whose keys sign what a certificate rests on. */
  readonly factKeysFile: string;
  readonly logDirectory: string;
  readonly directory: string;
  /** What a client, a worker or a gateway of one's own has to be told. */
  readonly settings: Readonly<Record<string, string>>;
  readonly worker: OwnProcess;
  /** All of ours that were started with the stack. */
  readonly processes: readonly OwnProcess[];
  startWorker(): Promise<OwnProcess>;
  stop(): Promise<void>;
}

export type StackPorts = Readonly<
  Record<'server' | 'login' | 'webhooks' | 'temporal' | 'ui' | 'gateway' | keyof Addresses, number>
>;

export interface StackOptions {
  readonly report: (line: string) => void;
  /** Everything is kept here, and found again. Without one it is in a directory that `stop` removes. */
  readonly directory?: string;
  /** Free ones when left out, and no Temporal UI. */
  readonly ports?: StackPorts;
  /** How the engine is looked for; `process.env` when left out. */
  readonly environment?: Environment;
  readonly namespace?: string;
  /** More settings of the worker. */
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** Where the compiled programs are; beside this file, unless it runs uncompiled. */
  readonly programs?: string;
  /** Settings of the policy file, over those of `samplePolicy`; where there is a policy file already, it stays as it is. */
  readonly policy?: object;
  /** Where Temporal keeps its state, instead of a file. */
  readonly postgres?: PostgresStore;
  /** Left out where something is measured without them. */
  readonly withoutSearchAttributes?: true;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { report, namespace = 'erasure-demo', workerSettings = {}, programs = join(__dirname, '..'), ports } = options;
  const program = (path: string): string => join(programs, path);
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'erasure-local-')));
    if (options.directory === undefined) undo.push(() => rm(directory, { recursive: true, force: true }));
    const logDirectory = await makeLogDirectory(directory);
    const keysDirectory = await keepKeys(directory);

    const environment = options.environment ?? process.env;
    const engine = await startEngine({
      namespace,
      report,
      env: environment,
      ...(options.directory === undefined ? {} : { databaseFile: join(directory, 'temporal.db') }),
      ...(ports === undefined ? {} : { ports: { frontend: ports.temporal, ui: ports.ui } }),
      ...defined({ postgres: options.postgres }),
    });
    undo.push(() => engine.stop());
    const connection = await Connection.connect(engine.connectionOptions);
    undo.push(() => connection.close());
    await assertVirtualTimeSupported(connection, engine.namespace);
    if (options.withoutSearchAttributes !== true) {
      await ensureSearchAttributes({ connection, namespace: engine.namespace });
    }
    const policyFile = await keepPolicy(directory, options.policy);
    const uiUrl =
      ports === undefined ? undefined : await serveUi(engine, { port: ports.ui, environment, report, undo });

    const gatewayPort = ports?.gateway ?? (await freePorts(1))[0] ?? 0;
    const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
    const common = {
      ...(await temporalSettings(engine, directory)),
      ERASURE_KEYS_DIR: keysDirectory,
      GATEWAY_TOKEN_CREDENTIALS: tokenCredentials,
    };
    // Before the simulator, which may have a callback to make up for.
    const gateway = await startProcess({
      name: 'gateway',
      script: program('cli/main.js'),
      args: ['gateway'],
      env: { ...common, LOG_LEVEL: 'info', GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: String(gatewayPort) },
      logDirectory,
      isReady: () => isReady(`${gatewayUrl}/readyz`),
    });
    undo.push(() => gateway.stop());
    const { simulator, process: simulatorProcess } = await startSimulatorProcess({
      script: program('local/simulator/main.js'),
      args: [
        ...(options.directory === undefined ? [] : ['--state', join(directory, 'simulator.json')]),
        ...(ports === undefined ? [] : simulatorPorts(ports)),
      ],
      logDirectory,
    });
    undo.push(() => simulatorProcess.stop());
    report(
      `Providers, simulated: ${Object.entries(simulator.addresses)
        .map(([name, url]) => `${name} ${url}`)
        .join(', ')}`,
    );

    const receiver = ports === undefined ? undefined : await startLocalReceiver({ port: ports.webhooks });
    if (receiver !== undefined) undo.push(() => receiver.close());
    const settings = {
      ...common,
      ...receiver?.settings,
      ...providerSettings(simulator.addresses),
      GATEWAY_PUBLIC_URL: gatewayUrl,
      ERASURE_POLICY_FILE: policyFile,
    };
    const startWorker = async (): Promise<OwnProcess> => {
      const worker = await startProcess({
        name: 'worker',
        script: program('cli/main.js'),
        args: ['worker'],
        env: { ...settings, ERASURE_WORKER_NAME: 'local', LOG_LEVEL: 'info', ...workerSettings },
        logDirectory,
        isReady: (logged) => logged.includes('The worker serves'),
      });
      undo.push(() => worker.stop());
      return worker;
    };
    const worker = await startWorker();
    const served =
      ports === undefined
        ? undefined
        : await startServerProcess({ script: program('cli/main.js'), settings, ports, logDirectory, undo });
    report(`Worker and gateway (${gatewayUrl}) run; their logs are in ${logDirectory}`);

    const temporal = new Client({ connection: withVirtualTime(connection), namespace: engine.namespace });
    const sealer = createSealer(await readClientKeys(keysDirectory));
    return {
      engine,
      connection,
      namespace: engine.namespace,
      client: new ErasureClient({ client: temporal, sealer }),
      simulator,
      gatewayUrl,
      server: served,
      webhookUrl: receiver?.url,
      uiUrl,
      keysDirectory,
      verifyingKeysFile: join(keysDirectory, verifyingKeyFile.name),
      factKeysFile: join(keysDirectory, keyFiles['fact-keys'].name),
      logDirectory,
      directory,
      settings,
      worker,
      processes: [gateway, simulatorProcess, worker, ...(served === undefined ? [] : [served.process])],
      startWorker,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Empty, with the logs of the time before beside it: they tell why it ended. */
async function makeLogDirectory(directory: string): Promise<string> {
  const logDirectory = join(directory, 'logs');
  if (existsSync(logDirectory)) {
    await rm(`${logDirectory}.before`, { recursive: true, force: true });
    await rename(logDirectory, `${logDirectory}.before`);
  }
  await mkdir(logDirectory, { recursive: true });
  return logDirectory;
}

/** Made once, and whole: whoever is killed in between leaves no half of them. */
async function keepKeys(directory: string): Promise<string> {
  const keysDirectory = join(directory, 'keys');
  if (existsSync(keysDirectory)) {
    await upgradeKeys({ directory: keysDirectory, now: Date.now() });
    return keysDirectory;
  }
  const draft = join(directory, `keys-${randomUUID().slice(0, 8)}`);
  await initKeys({ directory: draft, environment: STACK_ENVIRONMENT, now: Date.now() });
  await rename(draft, keysDirectory);
  return keysDirectory;
}

/** A machine that cannot have the UI can have all the rest. */
async function serveUi(
  engine: Engine,
  options: {
    readonly port: number;
    readonly environment: Environment;
    readonly report: (line: string) => void;
    readonly undo: (() => Promise<void>)[];
  },
): Promise<string | undefined> {
  if (engine.uiUrl !== undefined) return engine.uiUrl;
  const { port, environment, report, undo } = options;
  try {
    const ui = await startUi({
      temporalAddress: engine.address,
      defaultNamespace: engine.namespace,
      port,
      report,
      env: environment,
    });
    undo.push(() => ui.stop());
    return ui.url;
  } catch (error) {
    report(`There will be no Temporal UI: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function temporalSettings(engine: Engine, directory: string): Promise<Record<string, string>> {
  const own = { TEMPORAL_ADDRESS: engine.address, TEMPORAL_NAMESPACE: engine.namespace };
  if (engine.way === 'address') {
    const ofAddress = Object.entries(process.env).filter(([name]) => name.startsWith('TEMPORAL_'));
    return { ...(Object.fromEntries(ofAddress) as Record<string, string>), ...own };
  }
  // Instead of the user's own, which may have a key and TLS for another server.
  const profile = join(directory, 'temporal.toml');
  await writeFile(profile, '[profile.default]\n');
  return { ...own, TEMPORAL_CONFIG_FILE: profile };
}

function simulatorPorts(ports: StackPorts): string[] {
  return [...providerKeys, 'control' as const].flatMap((name) => [`--${name}-port`, String(ports[name])]);
}

export async function startSimulatorProcess({
  script,
  args,
  logDirectory,
}: {
  readonly script: string;
  readonly args: readonly string[];
  readonly logDirectory: string;
}): Promise<{ simulator: SimulatorControl; process: OwnProcess }> {
  let addresses: Addresses | undefined;
  const process = await startProcess({
    name: 'simulator',
    script,
    args,
    env: {},
    logDirectory,
    isReady: (logged) => {
      const line = logged.split('\n').find((text) => text.startsWith('{'));
      if (line !== undefined) addresses = JSON.parse(line) as Addresses;
      return addresses !== undefined;
    },
  });
  return { simulator: await connectControl(addresses?.control ?? ''), process };
}

/** API and console as they run in production, but for who logs in. */
async function startServerProcess({
  script,
  settings,
  ports,
  logDirectory,
  undo,
}: {
  readonly script: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly ports: StackPorts;
  readonly logDirectory: string;
  readonly undo: (() => Promise<void>)[];
}): Promise<{ readonly url: string; readonly loginUrl: string; readonly process: OwnProcess }> {
  const url = `http://127.0.0.1:${ports.server}`;
  const login = await startLocalLogin({ port: ports.login, redirectUri: `${url}/login/callback` });
  undo.push(() => login.close());
  const process = await startProcess({
    name: 'server',
    script,
    args: ['server'],
    env: {
      ...settings,
      LOG_LEVEL: 'info',
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(ports.server),
      SERVER_PUBLIC_URL: url,
      SERVER_OIDC_ISSUER: login.url,
      SERVER_OIDC_AUDIENCE: LOCAL_AUDIENCE,
      SERVER_OIDC_CLIENT_ID: LOCAL_CLIENT_ID,
      SERVER_OIDC_ROLES: LOCAL_ROLES,
    },
    logDirectory,
    isReady: () => isReady(`${url}/readyz`),
  });
  undo.push(() => process.stop());
  return { url, loginUrl: login.url, process };
}

/** Where each simulated provider is, and the credentials that it knows. */
export function providerSettings(addresses: Addresses): Record<string, string> {
  const given = providerKeys.flatMap((provider) =>
    Object.entries(providerFacts(provider).settings).map(([name, { variable, kind }]) => {
      if (kind === 'base-url') return [variable, addresses[provider]] as const;
      if (kind === 'token-credentials') return [variable, tokenCredentials] as const;
      return [variable, kind === 'secret' ? simulatedProviders[provider].credentials[name] : undefined] as const;
    }),
  );
  return defined(Object.fromEntries(given)) as Record<string, string>;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Not listening yet: the caller's own time-out decides how long that may go on.
    return false;
  }
}
