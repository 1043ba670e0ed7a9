import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GoProgram } from './go-build';
import { areFree, freePorts } from './ports';
import type { Postgres } from './postgres';

export const temporalServer: GoProgram = {
  name: 'temporal-server',
  version: '1.32.1',
  package: 'go.temporal.io/server/cmd/server',
  duration: 'about 7 minutes on 2 cores',
};

export const dynamicConfig: Readonly<Record<string, boolean | number | string>> = {
  'frontend.WorkflowTimeSkippingEnabled': true,
  // The allowance for clocks that differ between hosts (1 s) and 20 timer reads a second are what skipping time would
  // mostly consist of: with these, a skipped timer or retry takes 15 ms and not 0.9 s (measured).
  'history.timerProcessorMaxTimeShift': '10ms',
  'history.timerProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollHostRPS': 1000,
  // As in the CLI's dev server: a search attribute can be used as soon as it is registered.
  'system.forceSearchAttributesCacheRefreshOnRead': true,
  'frontend.persistenceMaxQPS': 10_000,
  'history.persistenceMaxQPS': 45_000,
};

const SERVICES = ['frontend', 'matching', 'history', 'worker'] as const;

/**
 * A server that starts on an existing database asks the addresses in it for its cluster, for as long as their last sign
 * of life is younger than this, and is not ready before that (measured: 30 s and more).
 */
const MEMBERSHIP_MS = 20_000;

/** The ports this database was served on last, so that a restart is quick; otherwise free ones. */
export async function serverPorts(options: { databaseFile: string; frontend: number | undefined }): Promise<number[]> {
  const { databaseFile, frontend } = options;
  const portsFile = `${databaseFile}.ports.json`;
  const last = existsSync(portsFile) ? (JSON.parse(readFileSync(portsFile, 'utf8')) as number[]) : undefined;
  if (last) {
    const again = [frontend ?? last[0]!, ...last.slice(1)];
    if (await areFree(again)) return again;
    await sleep(lastWrittenMs(databaseFile) + MEMBERSHIP_MS - Date.now());
  }
  const [first, ...others] = await freePorts(2 * SERVICES.length + 1);
  const ports = [frontend ?? first!, ...others];
  writeFileSync(portsFile, JSON.stringify(ports));
  return ports;
}

export function removeDatabase(databaseFile: string): void {
  for (const suffix of ['', '-wal', '-shm', '.ports.json']) rmSync(`${databaseFile}${suffix}`, { force: true });
}

function lastWrittenMs(databaseFile: string): number {
  const files = [databaseFile, `${databaseFile}-wal`];
  return Math.max(...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

/** A PostgreSQL to keep the state in, instead of a file. The number of shards is fixed with the first start. */
export interface PostgresStore {
  readonly server: Postgres;
  readonly shards: number;
}

export const postgresDatabases = { temporal: 'temporal', visibility: 'temporal_visibility' } as const;

/** Writes the configuration into `directory` and returns the arguments that start the server on it. */
export function configureServer(options: {
  directory: string;
  databaseFile: string;
  postgres: PostgresStore | undefined;
  ports: readonly number[];
}): string[] {
  const { directory, databaseFile, postgres, ports } = options;
  const [frontend, http, ...others] = ports as [number, number, ...number[]];
  const services = SERVICES.map((service, index) => {
    const membershipPort = others[index];
    const rpc =
      service === 'frontend'
        ? { grpcPort: frontend, httpPort: http, membershipPort, bindOnLocalHost: true }
        : { grpcPort: others[SERVICES.length + index - 1], membershipPort, bindOnLocalHost: true };
    return [service, { rpc }] as const;
  });
  const dynamicConfigFile = path.join(directory, 'dynamic-config.yaml');
  const configFile = path.join(directory, 'server.yaml');

  // JSON is YAML.
  const config = {
    log: { stdout: true, level: 'warn' },
    persistence: postgres === undefined ? onFile(databaseFile) : onPostgres(postgres),
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(services),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${frontend}`,
          httpAddress: `127.0.0.1:${http}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '60s' },
  };
  writeFileSync(
    dynamicConfigFile,
    JSON.stringify(Object.fromEntries(Object.entries(dynamicConfig).map(([key, value]) => [key, [{ value }]]))),
  );
  writeFileSync(configFile, JSON.stringify(config, undefined, 2));
  return ['--config-file', configFile, '--allow-no-auth', 'start'];
}

function onFile(databaseFile: string): object {
  const file = {
    sql: {
      pluginName: 'sqlite',
      databaseName: databaseFile,
      connectAddr: 'localhost',
      connectProtocol: 'tcp',
      connectAttributes: { mode: 'rwc', setup: 'true', journal_mode: 'wal', synchronous: '1' },
      maxConns: 1,
      maxIdleConns: 1,
      maxConnLifetime: '1h',
    },
  };
  return { defaultStore: 'file', visibilityStore: 'file', numHistoryShards: 1, datastores: { file } };
}

function onPostgres({ server, shards }: PostgresStore): object {
  const database = (databaseName: string) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `${server.host}:${server.port}`,
      connectProtocol: 'tcp',
      user: server.user,
      password: server.password,
      maxConns: 20,
      maxIdleConns: 20,
      maxConnLifetime: '1h',
    },
  });
  return {
    defaultStore: 'default',
    visibilityStore: 'visibility',
    numHistoryShards: shards,
    datastores: {
      default: database(postgresDatabases.temporal),
      visibility: database(postgresDatabases.visibility),
    },
  };
}
