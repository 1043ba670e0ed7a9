/** A PostgreSQL of our own, from the machine's packages: a cluster in a temporary directory, on a free loopback port. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Environment } from './cache';
import type { Report } from './go-build';
import { freePorts } from './ports';
import { lastLines, supervise, type SupervisedProcess, withoutTemporalSettings } from './supervised-process';

const DEBIAN = '/usr/lib/postgresql';
/** The account that the packages make: PostgreSQL refuses to run as root. */
const ACCOUNT = 'postgres';
const SUPERUSER = 'erasure';
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;
const COMMAND_MS_MAX = 120_000;

export interface Postgres {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly version: string;
  /** Of the postmaster, whose children are the rest of it; unset while it is down. */
  readonly pid: number | undefined;
  url(database: string): string;
  createDatabase(name: string): Promise<void>;
  /** SIGKILL of the postmaster, as a crash would. The data and the port stay ours for `restart`. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it and removes everything; may be called twice. */
  stop(): Promise<void>;
}

export async function startPostgres(options: { report?: Report; env?: Environment } = {}): Promise<Postgres> {
  const { report = () => undefined, env = process.env } = options;
  const bin = findBinaries(env);
  const account = accountToRunAs();
  const directory = mkdtempSync(path.join(tmpdir(), 'erasure-postgres-'));
  const data = path.join(directory, 'data');
  const logFile = path.join(directory, 'postgres.log');
  const password = randomBytes(16).toString('hex');
  const host = '127.0.0.1';
  const childEnv = { ...withoutTemporalSettings(env), LC_ALL: 'C', PGPASSWORD: password };
  let running: SupervisedProcess | undefined;

  const command = (name: string, args: readonly string[]) => [
    ...(account === undefined ? [] : ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']),
    path.join(bin, name),
    ...args,
  ];
  const run = async (name: string, args: readonly string[]) => {
    const [program = '', ...rest] = command(name, args);
    return promisify(execFile)(program, rest, { env: childEnv, cwd: '/', timeout: COMMAND_MS_MAX });
  };
  const server = (port: number) => ['-h', host, '-p', String(port), '-U', SUPERUSER];

  const answers = (port: number) =>
    run('psql', [...server(port), '-qc', 'select 1', 'postgres']).then(
      () => true,
      () => false,
    );

  const launch = async (port: number) => {
    const settings = { listen_addresses: host, port, unix_socket_directories: '', max_connections: 300 };
    const [program = '', ...args] = command('postgres', [
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]);
    const started = await supervise({ command: program, args, env: childEnv, logFile, removeIfOrphaned: [directory] });
    let hasEnded = false;
    void started.exited.then(() => (hasEnded = true));
    const deadline = Date.now() + READY_MS_MAX;
    // Asked by a query: after a crash, it listens long before it has recovered.
    while (!hasEnded && !(await answers(port))) {
      if (Date.now() > deadline) break;
      await sleep(100);
    }
    if (hasEnded || Date.now() > deadline) {
      await started.kill();
      throw new Error(`PostgreSQL did not start. Its log ${logFile} ends with:\n${lastLines(logFile)}`);
    }
    started.unref();
    running = started;
  };
  /** SIGQUIT, upon which the postmaster ends its children, which are in sessions of their own, and itself. */
  const end = async () => {
    const ending = running;
    running = undefined;
    if (ending === undefined) return;
    process.kill(ending.pid, 'SIGQUIT');
    // While it is waited for, nothing else may keep our own process alive.
    const patience = new AbortController();
    const over = sleep(STOP_MS_MAX, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([ending.exited, over]);
    patience.abort();
    await ending.kill();
  };

  let port = 0;
  try {
    if (account !== undefined) chownSync(directory, account.uid, account.gid);
    const passwordFile = path.join(directory, 'password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
    await run('initdb', [
      `--pgdata=${data}`,
      `--username=${SUPERUSER}`,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ]);
    [port = 0] = await freePorts(1);
    await launch(port);
  } catch (error) {
    if (!existsSync(logFile)) rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  const { stdout } = await run('postgres', ['--version']);
  const version = /\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'unknown';
  report(`PostgreSQL ${version}: ready at ${host}:${port}`);

  return {
    host,
    port,
    user: SUPERUSER,
    password,
    version,
    get pid() {
      return running?.pid;
    },
    url: (database) => `postgresql://${SUPERUSER}:${password}@${host}:${port}/${database}`,
    async createDatabase(name) {
      await run('createdb', [...server(port), name]);
    },
    async kill() {
      const ending = running;
      running = undefined;
      await ending?.kill();
    },
    async restart() {
      await end();
      await launchAfterCrash(() => launch(port));
    },
    async stop() {
      await end();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The children of a killed postmaster notice it, and end, a moment later; until then the data is theirs. */
async function launchAfterCrash(launch: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + STOP_MS_MAX;
  for (;;) {
    try {
      return await launch();
    } catch (error) {
      const isHeld = error instanceof Error && /shared memory block|is already in use|lock file/i.test(error.message);
      if (!isHeld || Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

/** Debian keeps them off PATH, a directory for each version. */
function findBinaries(env: Environment): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const directories = [
    ...versions.map((version) => path.join(DEBIAN, version, 'bin')),
    ...(env['PATH'] ?? '').split(path.delimiter),
  ];
  const found = directories.find((directory) =>
    ['initdb', 'postgres'].every((n) => existsSync(path.join(directory, n))),
  );
  if (found === undefined) throw new Error(`no PostgreSQL server: no initdb and postgres in ${DEBIAN} or on PATH`);
  return found;
}

function accountToRunAs(): { uid: number; gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  const [, uid, gid] =
    new RegExp(`^${ACCOUNT}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  if (uid === undefined) throw new Error(`PostgreSQL does not run as root, and there is no account "${ACCOUNT}"`);
  return { uid: Number(uid), gid: Number(gid) };
}
