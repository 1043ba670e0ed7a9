/** The system under test as its own processes: Temporal, workers, gateway, simulated providers, with a proxy in every line between them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ErasureClient } from '../client';
import { RequestCalls } from '../client/request-calls';
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import { startEngine, type Engine } from '../local/engine/engine';
import { freePorts } from '../local/engine/ports';
import type { Postgres } from '../local/engine/postgres';
import { samplePolicy } from '../local/sample-policy';
import type { Addresses, SimulatorControl } from '../local/simulator/control';
import {
  providerSettings,
  STACK_ENVIRONMENT,
  startSimulatorProcess,
  tokenCredentials,
  unlimitedCalls,
} from '../local/stack';
import { initKeys } from '../security/key-files';
import { channelArgs } from '../temporal/connection';
import { ensureSearchAttributes } from '../temporal/search-attributes';
import { assertVirtualTimeSupported } from '../temporal/virtual-time';
import { DAY_MS } from '../domain/duration';
import { Fleet } from './fleet';
import type { ProxiedLine, RunLog } from './run-log';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';

export const NAMESPACE = 'erasure-chaos';

export interface World {
  readonly directory: string;
  readonly keysDirectory: string;
  readonly engine: Engine;
  /** Straight to Temporal: what moves clocks and looks at runs is no part of what is tested. */
  readonly connection: Connection;
  /** As the product's client has it, through the proxy. */
  readonly productClient: Client;
  readonly client: ErasureClient;
  readonly calls: RequestCalls;
  readonly simulator: SimulatorControl;
  readonly gatewayUrl: string;
  readonly proxies: ReadonlyMap<ProxiedLine, TcpProxy>;
  readonly fleet: Fleet;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly directory: string;
  readonly report: (line: string) => void;
  readonly log: RunLog;
  readonly workers: number;
  /** Where Temporal keeps its state, instead of a file. */
  readonly postgres?: Postgres;
}

/** The policies that workers are started with: which one a request is held to, its first worker decides. */
export const policies = {
  untracked: { ...samplePolicy, answer: 'untracked' },
  tracked: samplePolicy,
  approval: { ...samplePolicy, approval: 'needed', answer: 'untracked' },
} as const;
export type PolicyName = keyof typeof policies;

const CALL_MS_MAX = 10_000;
const POSTGRES_SHARDS = 4;

export async function startWorld(options: WorldOptions): Promise<World> {
  const { directory, report, log } = options;
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const logDirectory = join(directory, 'logs');
    await mkdir(logDirectory, { recursive: true });
    const keysDirectory = join(directory, 'keys');
    await initKeys({ directory: keysDirectory, environment: STACK_ENVIRONMENT, now: Date.now() });
    for (const [name, policy] of Object.entries(policies)) {
      await writeFile(join(directory, `policy-${name}.json`), JSON.stringify(policy));
    }
    // Instead of the user's own, which may have a key and TLS for another server.
    await writeFile(join(directory, 'temporal.toml'), '[profile.default]\n');

    const engine = await startEngine({
      namespace: NAMESPACE,
      report,
      databaseFile: join(directory, 'temporal.db'),
      ...(options.postgres && { postgres: { server: options.postgres, shards: POSTGRES_SHARDS } }),
    });
    undo.push(() => engine.stop());
    const connection = await Connection.connect(engine.connectionOptions);
    undo.push(() => connection.close());
    await assertVirtualTimeSupported(connection, NAMESPACE);
    await ensureSearchAttributes({ connection, namespace: NAMESPACE });

    const proxies = new Map<ProxiedLine, TcpProxy>();
    const proxied = async (line: ProxiedLine, target: string): Promise<string> => {
      const { hostname: host, port } = new URL(target);
      const proxy = await startTcpProxy(() => ({ host, port: Number(port) }));
      undo.push(() => proxy.close());
      proxies.set(line, proxy);
      return `127.0.0.1:${proxy.port}`;
    };
    const temporal = `http://${engine.address}`;
    const common = {
      TEMPORAL_NAMESPACE: NAMESPACE,
      TEMPORAL_CONFIG_FILE: join(directory, 'temporal.toml'),
      ERASURE_KEYS_DIR: keysDirectory,
      GATEWAY_TOKEN_CREDENTIALS: tokenCredentials,
      LOG_LEVEL: 'info',
    };
    const gatewayPort = (await freePorts(1))[0] ?? 0;
    const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;

    const { simulator, process } = await startSimulatorProcess({
      script: join(__dirname, '..', 'local', 'simulator', 'main.js'),
      args: [],
      logDirectory,
    });
    undo.push(() => process.stop());
    await simulator.configure({ person: { defaultDelayMs: 3 * DAY_MS } });
    const simulated = { ...simulator.addresses } as Record<keyof Addresses, string>;
    for (const provider of providerKeys) simulated[provider] = await proxiedUrl(provider);
    async function proxiedUrl(provider: Provider): Promise<string> {
      const original = simulator.addresses[provider];
      const { host } = new URL(original);
      return original.replace(host, await proxied(`worker-${provider}`, original));
    }

    const fleet = new Fleet({
      log,
      report,
      directory,
      logDirectory,
      engine,
      gateway: {
        ...common,
        TEMPORAL_ADDRESS: await proxied('gateway-temporal', temporal),
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_PORT: String(gatewayPort),
      },
      gatewayUrl,
      worker: {
        ...common,
        ...providerSettings(simulated),
        // A queue that waits for its allowance stands in this machine's time, while months pass for everyone else.
        ...unlimitedCalls,
        TEMPORAL_ADDRESS: await proxied('worker-temporal', temporal),
        GATEWAY_PUBLIC_URL: gatewayUrl,
      },
    });
    undo.push(() => fleet.stop());
    await fleet.start(options.workers);

    const throughProxy = await Connection.connect({
      address: await proxied('client-temporal', temporal),
      channelArgs: { ...channelArgs, 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1000 },
    });
    undo.push(() => throughProxy.close());
    const productClient = new Client({ connection: throughProxy, namespace: NAMESPACE });
    return {
      directory,
      keysDirectory,
      engine,
      connection,
      productClient,
      client: new ErasureClient({ client: productClient, callTimeoutMs: CALL_MS_MAX }),
      calls: new RequestCalls(productClient, CALL_MS_MAX),
      simulator,
      gatewayUrl,
      proxies,
      fleet,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
