/** The whole system on one machine: Temporal, the simulated providers, a worker and the gateway as they run in production. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ErasureClient } from '../client';
import { initKeys, readClientKeys, VERIFYING_KEYS_FILE } from '../security/key-files';
import { createSealer } from '../security/sealing';
import { startProcess, type OwnProcess } from './child-process';
import { startEngine, type Engine } from './engine/engine';
import { freePorts } from './engine/ports';
import { connectControl } from './simulator/control-client';
import type { Addresses, SimulatorControl } from './simulator/control';
import { assertVirtualTimeSupported, withVirtualTime } from './virtual-time';

export const STACK_ENVIRONMENT = 'local';
/** Any credentials do: the simulator is told the same ones. */
const credentials = {
  MEASUREONE_CLIENT_ID: 'local-measureone',
  MEASUREONE_CLIENT_SECRET: 'local-measureone-secret',
  PERSON_CLIENT_ID: 'local-person',
  PERSON_CLIENT_SECRET: 'local-person-secret',
  APTRINSIC_API_KEY: 'local-aptrinsic-key',
};

export interface Stack {
  readonly engine: Engine;
  readonly connection: Connection;
  readonly namespace: string;
  readonly client: ErasureClient;
  readonly simulator: SimulatorControl;
  readonly gatewayUrl: string;
  readonly keysDirectory: string;
  readonly verifyingKeysFile: string;
  readonly directory: string;
  readonly worker: OwnProcess;
  startWorker(): Promise<OwnProcess>;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly report: (line: string) => void;
  readonly namespace?: string;
  /** More settings of the worker, e.g. `APTRINSIC_HARD_DELETE`. */
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** Where the compiled programs are; beside this file, unless it runs uncompiled. */
  readonly programs?: string;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const { report, namespace = 'erasure-demo', workerSettings = {}, programs = join(__dirname, '..') } = options;
  const program = (path: string): string => join(programs, path);
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), 'erasure-local-'));
    undo.push(() => rm(directory, { recursive: true, force: true }));
    const logDirectory = join(directory, 'logs');
    const keysDirectory = join(directory, 'keys');
    await mkdir(logDirectory);
    await initKeys({ directory: keysDirectory, environment: STACK_ENVIRONMENT, now: Date.now() });

    const engine = await startEngine({ namespace, report });
    undo.push(() => engine.stop());
    const connection = await Connection.connect(engine.connectionOptions);
    undo.push(() => connection.close());
    await assertVirtualTimeSupported(connection, engine.namespace);

    const [gatewayPort = 0] = await freePorts(1);
    const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
    const common = {
      ...temporalSettings(engine),
      ERASURE_KEYS_DIR: keysDirectory,
      LOG_LEVEL: 'info',
    };
    const { simulator, process: simulatorProcess } = await startSimulatorProcess(
      program('local/simulator/main.js'),
      logDirectory,
    );
    undo.push(() => simulatorProcess.stop());
    report(
      `Providers, simulated: ${Object.entries(simulator.addresses)
        .map(([name, url]) => `${name} ${url}`)
        .join(', ')}`,
    );

    const startWorker = async (): Promise<OwnProcess> => {
      const worker = await startProcess({
        name: 'worker',
        script: program('cli/main.js'),
        args: ['worker'],
        env: { ...common, ...providerSettings(simulator.addresses), GATEWAY_PUBLIC_URL: gatewayUrl, ...workerSettings },
        logDirectory,
        isReady: (logged) => logged.includes('The worker serves'),
      });
      undo.push(() => worker.stop());
      return worker;
    };
    const gateway = await startProcess({
      name: 'gateway',
      script: program('cli/main.js'),
      args: ['gateway'],
      env: { ...common, GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: String(gatewayPort) },
      logDirectory,
      isReady: () => isReady(`${gatewayUrl}/readyz`),
    });
    undo.push(() => gateway.stop());
    const worker = await startWorker();
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
      keysDirectory,
      verifyingKeysFile: join(keysDirectory, VERIFYING_KEYS_FILE),
      directory,
      worker,
      startWorker,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function temporalSettings(engine: Engine): Record<string, string> {
  const ofAddress =
    engine.way === 'address' ? Object.entries(process.env).filter(([name]) => name.startsWith('TEMPORAL_')) : [];
  return {
    ...(Object.fromEntries(ofAddress) as Record<string, string>),
    TEMPORAL_ADDRESS: engine.address,
    TEMPORAL_NAMESPACE: engine.namespace,
  };
}

async function startSimulatorProcess(
  script: string,
  logDirectory: string,
): Promise<{ simulator: SimulatorControl; process: OwnProcess }> {
  let addresses: Addresses | undefined;
  const process = await startProcess({
    name: 'simulator',
    script,
    args: [],
    env: Object.fromEntries(Object.entries(credentials).map(([name, value]) => [`SIMULATOR_${name}`, value])),
    logDirectory,
    isReady: (logged) => {
      const line = logged.split('\n').find((text) => text.startsWith('{'));
      if (line !== undefined) addresses = JSON.parse(line) as Addresses;
      return addresses !== undefined;
    },
  });
  return { simulator: await connectControl(addresses?.control ?? ''), process };
}

function providerSettings(addresses: Addresses): Record<string, string> {
  return {
    MEASUREONE_BASE_URL: addresses.measureone,
    MEASUREONE_CLIENT_ID: credentials.MEASUREONE_CLIENT_ID,
    MEASUREONE_CLIENT_SECRET: credentials.MEASUREONE_CLIENT_SECRET,
    PERSON_API_BASE_URL: addresses.person,
    PERSON_API_CLIENT_ID: credentials.PERSON_CLIENT_ID,
    PERSON_API_CLIENT_SECRET: credentials.PERSON_CLIENT_SECRET,
    APTRINSIC_BASE_URL: addresses.aptrinsic,
    APTRINSIC_API_KEY: credentials.APTRINSIC_API_KEY,
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Not listening yet: the caller's own time-out decides how long that may go on.
    return false;
  }
}
