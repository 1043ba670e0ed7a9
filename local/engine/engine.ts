/** Gets a real Temporal server on one machine, with nothing installed: an address, a binary, a download, or a build. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { readTemporalConfig } from '../../config/temporal-config';
import type { Environment } from './cache';
import { build, findBuilt, type Report } from './go-build';
import { tryLock } from './lock';
import { assertNamespaceExists, prepareNamespace } from './namespace';
import { areFree, freePorts } from './ports';
import { lastLines, supervise, type SupervisedProcess, withoutTemporalSettings } from './supervised-process';
import { cliOnPath, devServerArguments, download, findDownloaded } from './temporal-cli';
import { prepareTemporalSchema } from './temporal-schema';
import { configureServer, removeDatabase, serverPorts, temporalServer, type PostgresStore } from './temporal-server';
import { channelArgs, clientOptions } from '../../temporal/connection';

const READY_MS_MAX = 30_000;
const ADDRESS_MS_MAX = 10_000;
const STOP_GRACE_MS = 10_000;
const PORT_TRIES_MAX = 3;

export const engineWays = ['address', 'cli', 'download', 'source'] as const;
export type EngineWay = (typeof engineWays)[number];

export interface EngineOptions {
  namespace: string;
  /** Kept, with its log beside it. Without one everything is in a directory that `stop` removes. */
  databaseFile?: string;
  /** Keeps the state instead of the file, for this one engine. Takes the built server: the CLI has its file only. */
  postgres?: PostgresStore;
  /** Free ones when left out. `ui` is only served by the CLI (see `Engine.uiUrl`); the built server has none. */
  ports?: { frontend?: number; ui?: number };
  /** Forces one way; so does ERASURE_ENGINE. */
  way?: EngineWay;
  report?: Report;
  env?: Environment;
  logFile?: string;
}

export interface Engine {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** Address, and TLS and API key where the environment sets them. */
  readonly connectionOptions: ConnectionOptions;
  readonly way: EngineWay;
  /** Of the server itself; unset for an address, and while it is down. */
  readonly pid: number | undefined;
  readonly uiUrl: string | undefined;
  readonly logFile: string | undefined;
  /** Ends the server and removes what was temporary. Does nothing for an address; may be called twice. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would. The data and the ports stay ours for `restart`. */
  kill(): Promise<void>;
  /** Starts the server again on the same data and ports, ending it first if it still runs. */
  restart(): Promise<void>;
}

/** A binary we can start: the server itself where it was built, else the CLI. */
interface ServerProgram {
  way: Exclude<EngineWay, 'address'>;
  binary: string;
}

interface Context {
  env: Environment;
  report: Report;
}

/**
 * The pinned binaries of the cache come before a CLI on PATH: they are the version our tests are measured on. What
 * costs minutes (the download, then the build) comes last.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const env = options.env ?? process.env;
  const context: Context = { env, report: options.report ?? (() => undefined) };
  const way = options.way ?? parseWay(env['ERASURE_ENGINE']);
  if (way === 'address' || (way === undefined && env['TEMPORAL_ADDRESS'])) return useAddress(options, context);
  const program = await findProgram(options.postgres === undefined ? way : 'source', context);
  if (options.postgres !== undefined) await prepareTemporalSchema(options.postgres.server, context);
  return startServer(program, options, context);
}

function parseWay(value: string | undefined): EngineWay | undefined {
  if (value === undefined || value === '') return undefined;
  const way = engineWays.find((known) => known === value);
  if (!way) throw new Error(`ERASURE_ENGINE must be one of ${engineWays.join(', ')}, not "${value}"`);
  return way;
}

async function useAddress(options: EngineOptions, { env, report }: Context): Promise<Engine> {
  if (!env['TEMPORAL_ADDRESS']) throw new Error('the engine way "address" needs TEMPORAL_ADDRESS to be set');
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter(([, value]) => (value?.trim() ?? '') !== ''),
  ) as Record<string, string>;
  const connectionOptions = clientOptions(readTemporalConfig(env));
  const config = loadClientConnectConfig({ overrideEnvVars });
  const address = connectionOptions.address ?? env['TEMPORAL_ADDRESS'];
  const namespace = config.namespace ?? options.namespace;
  await assertNamespaceExists({ connectionOptions, namespace, deadline: Date.now() + ADDRESS_MS_MAX });
  report(`using the Temporal server at ${address}, namespace ${namespace} (TEMPORAL_ADDRESS)`);
  const nothing = async () => undefined;
  return {
    address,
    namespace,
    connectionOptions,
    way: 'address',
    pid: undefined,
    uiUrl: undefined,
    logFile: undefined,
    stop: nothing,
    kill: () => Promise.reject(new Error('a server given by its address is not ours to kill')),
    restart: () => Promise.reject(new Error('a server given by its address is not ours to restart')),
  };
}

async function findProgram(forced: EngineWay | undefined, context: Context): Promise<ServerProgram> {
  const { env } = context;
  const ways: { way: ServerProgram['way']; title: string; find: () => Promise<string | undefined> }[] = [
    { way: 'source', title: 'a server built earlier', find: () => findBuilt(temporalServer, env) },
    { way: 'download', title: 'a CLI downloaded earlier', find: () => findDownloaded(env) },
    { way: 'cli', title: 'the Temporal CLI on PATH', find: () => cliOnPath(env) },
    { way: 'download', title: 'downloading the Temporal CLI', find: () => download(context) },
    { way: 'source', title: 'building the Temporal server from source', find: () => build(temporalServer, context) },
  ];

  const failures: string[] = [];
  for (const { way, title, find } of ways.filter((one) => forced === undefined || one.way === forced)) {
    try {
      const binary = await find();
      if (binary !== undefined) return { way, binary };
      failures.push(`${title}: none in the cache`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.push(`${title}: ${reason}`);
      context.report(`${title} is not possible: ${reason.split('\n', 1)[0]}`);
    }
  }
  throw new Error(
    [
      `No Temporal server could be found or made${forced ? ` the way "${forced}" that was asked for` : ''}. Tried:`,
      ...failures.map((failure) => `  - ${failure}`),
      'Install the Temporal CLI 1.9 or newer (https://docs.temporal.io/cli), or Go 1.26 or newer (https://go.dev/dl), ' +
        'or set TEMPORAL_ADDRESS to a server that runs already.',
    ].join('\n'),
  );
}

async function startServer(program: ServerProgram, options: EngineOptions, context: Context): Promise<Engine> {
  const { namespace } = options;
  const frontend = options.ports?.frontend;
  // Otherwise whoever listens there would be taken for ours.
  if (frontend !== undefined && !(await areFree([frontend]))) throw new Error(`port ${frontend} is in use`);
  const directory = mkdtempSync(path.join(tmpdir(), 'erasure-engine-'));
  const databaseFile = path.resolve(options.databaseFile ?? path.join(directory, 'temporal.db'));
  mkdirSync(path.dirname(databaseFile), { recursive: true });
  const logFile =
    options.logFile ?? (options.databaseFile ? `${databaseFile}.log` : path.join(directory, 'server.log'));
  const release = lockDatabase(databaseFile, directory);

  let running: SupervisedProcess | undefined;
  let isStopped = false;
  const launch = async (ports: readonly number[]) => {
    const args =
      program.way === 'source'
        ? configureServer({ directory, databaseFile, postgres: options.postgres, ports })
        : devServerArguments({ databaseFile, frontendPort: ports[0]!, uiPort: options.ports?.ui });
    running = await startProcess({
      program,
      args,
      address: `127.0.0.1:${ports[0]}`,
      namespace,
      logFile,
      directory,
      context,
    });
  };
  const end = async (how: 'stop' | 'kill') => {
    const ending = running;
    running = undefined;
    await (how === 'kill' ? ending?.kill() : ending?.stop({ graceMs: STOP_GRACE_MS }));
  };

  let ports: readonly number[];
  try {
    ports = await launchOnFreePorts({ program, databaseFile, isTemporary: !options.databaseFile, frontend, launch });
  } catch (error) {
    release();
    // Otherwise the directory stays, since the error names the log in it.
    if (path.dirname(logFile) !== directory) rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  const address = `127.0.0.1:${ports[0]}`;

  return {
    address,
    namespace,
    connectionOptions: { address, channelArgs },
    way: program.way,
    uiUrl: program.way !== 'source' && options.ports?.ui ? `http://127.0.0.1:${options.ports.ui}` : undefined,
    logFile,
    get pid() {
      return running?.pid;
    },
    async stop() {
      isStopped = true;
      // There is nothing to flush where everything is removed.
      await end(options.databaseFile ? 'stop' : 'kill');
      release();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
    kill: () => end('kill'),
    async restart() {
      if (isStopped) throw new Error('this engine was stopped; start another one');
      await end('stop');
      await launch(ports);
    },
  };
}

function lockDatabase(databaseFile: string, directory: string): () => void {
  const lock = tryLock(`${databaseFile}.lock`);
  if ('release' in lock) return () => lock.release();
  rmSync(directory, { recursive: true, force: true });
  throw new Error(`the database file ${databaseFile} is in use by process ${lock.holder.pid} on ${lock.holder.host}`);
}

async function launchOnFreePorts(options: {
  program: ServerProgram;
  databaseFile: string;
  isTemporary: boolean;
  frontend: number | undefined;
  launch: (ports: readonly number[]) => Promise<void>;
}): Promise<readonly number[]> {
  const { program, databaseFile, isTemporary, frontend, launch } = options;
  for (let tries = 1; ; tries += 1) {
    const ports =
      program.way === 'source' ? await serverPorts({ databaseFile, frontend }) : [frontend ?? (await freePorts(1))[0]!];
    try {
      await launch(ports);
      return ports;
    } catch (error) {
      const portWasTaken = error instanceof Error && /address already in use|can't set .*port/i.test(error.message);
      if (!portWasTaken || tries >= PORT_TRIES_MAX) throw error;
      if (isTemporary) removeDatabase(databaseFile);
    }
  }
}

async function startProcess(options: {
  program: ServerProgram;
  args: readonly string[];
  address: string;
  namespace: string;
  logFile: string;
  directory: string;
  context: Context;
}): Promise<SupervisedProcess> {
  const { program, address, namespace, logFile, context } = options;
  const startedAt = Date.now();
  const server = await supervise({
    command: program.binary,
    args: options.args,
    env: withoutTemporalSettings(context.env),
    logFile,
    removeIfOrphaned: [options.directory],
  });
  const ended = new AbortController();
  void server.exited.then(() => ended.abort());
  try {
    await prepareNamespace({
      connectionOptions: { address },
      namespace,
      deadline: startedAt + READY_MS_MAX,
      signal: ended.signal,
    });
    if (ended.signal.aborted) throw new Error('it ended');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await server.kill();
    throw new Error(
      `Temporal (${program.binary}) did not start: ${reason}. Its log is ${logFile}; the last lines:\n${lastLines(logFile)}`,
      { cause: error },
    );
  }
  // From here on our own process may end without stopping it first.
  server.unref();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  context.report(`Temporal (${program.binary}): ready at ${address}, namespace ${namespace}, after ${seconds} s`);
  return server;
}
