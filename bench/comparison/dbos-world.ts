/** The same job on DBOS with a PostgreSQL of its own, as processes; at the same simulated providers. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../local/engine/ports';
import { startPostgres, type Postgres } from '../../local/engine/postgres';
import type { Subject } from '../../local/scenarios';
import type { Stack } from '../../local/stack';
import { startAskedProcess, type AskedProcess } from '../frame/asked-process';
import { cpuMsOf, familyOf } from '../frame/cpu-time';
import type { BenchContext } from '../frame/measurement';
import { sum } from '../frame/statistics';
import type { DbosQuestion, DbosResult } from '../dbos/dbos-question';
import { providersOf } from './compared-world';

const bench = join(__dirname, '..', '..', '..', 'bench');
const INSTALL_MS_MAX = 300_000;

export interface DbosWorld {
  readonly postgres: Postgres;
  submit(subjects: readonly Subject[]): Promise<readonly string[]>;
  resultsOf(requestIds: readonly string[]): Promise<readonly DbosResult[]>;
  /** CPU so far in ms: the application, and PostgreSQL with all its processes. */
  cpuMs(): { readonly worker: number; readonly server: number };
  /** SIGKILL of the application. */
  kill(): void;
  /** The application again, which takes up what it left. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What only the benchmark needs is in its own package: `npm ci` there, and its own compilation. */
export async function buildDbosApplication(report: (line: string) => void): Promise<void> {
  report('bench: npm ci and compilation of what only the benchmark needs');
  for (const args of [['ci'], ['run', '--silent', 'build']]) {
    await promisify(execFile)('npm', args, { cwd: bench, timeout: INSTALL_MS_MAX });
  }
}

export async function startDbosWorld(
  stack: Stack,
  { report }: Pick<BenchContext, 'report'>,
  windowMs: number,
): Promise<DbosWorld> {
  await buildDbosApplication(report);
  const postgres = await startPostgres({ report });
  let application: AskedProcess<DbosQuestion, readonly DbosResult[]> | undefined;
  const stop = async (): Promise<void> => {
    await application?.stop();
    await postgres.stop();
  };
  const [port = 0] = await freePorts(1);
  const start = async (): Promise<void> => {
    application = await startAskedProcess<DbosQuestion, readonly DbosResult[]>({
      script: join(bench, 'dist', 'dbos', 'dbos-application.js'),
      env: {
        DATABASE_URL: postgres.url('dbos'),
        PLAIN_PROVIDERS: JSON.stringify(providersOf(stack, `http://127.0.0.1:${port}`)),
        CALLBACK_PORT: String(port),
        WINDOW_MS: String(windowMs),
      },
    });
  };
  const running = (): AskedProcess<DbosQuestion, readonly DbosResult[]> => {
    if (application === undefined) throw new Error('The application with DBOS does not run');
    return application;
  };
  try {
    await postgres.createDatabase('dbos');
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    postgres,
    async submit(subjects) {
      const requests = subjects.map(({ measureone, person, aptrinsic }) => ({
        requestId: randomUUID(),
        individualId: measureone,
        personId: person,
        identifyId: aptrinsic,
      }));
      await running().ask({ start: requests });
      return requests.map(({ requestId }) => requestId);
    },
    resultsOf: (requestIds) => running().ask({ resultsOf: requestIds }),
    cpuMs: () => ({
      worker: cpuMsOf(running().pid),
      server: sum(familyOf(postgres.pid ?? 0).map(cpuMsOf)),
    }),
    kill() {
      process.kill(running().pid, 'SIGKILL');
      application = undefined;
    },
    start,
    stop,
  };
}
