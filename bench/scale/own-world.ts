/** Our own system alone on a server of its own, its client a process as well: so that several can be measured in turn. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErasureSubmission } from '../../client';
import { startPostgres } from '../../local/engine/postgres';
import { sampleSubmission } from '../../local/sample-request';
import { startStack, unlimitedCalls, type Stack } from '../../local/stack';
import { workflowIdOf } from '../../temporal/names';
import type { Application } from '../comparison/application';
import { startAskedProcess } from '../frame/asked-process';
import { familyOf, type Roles } from '../frame/cpu-time';

export interface OwnWorld {
  readonly stack: Stack;
  readonly application: Application;
  stop(): Promise<void>;
}

export async function startOwnWorld(options: {
  readonly name: string;
  readonly report: (line: string) => void;
  /** On PostgreSQL with so many shards; on a file of SQLite where absent. */
  readonly shards?: number;
}): Promise<OwnWorld> {
  const { name, report, shards } = options;
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const postgres = shards === undefined ? undefined : await startPostgres({ report });
    if (postgres !== undefined) undo.push(() => postgres.stop());
    const stack = await startStack({
      report: () => undefined,
      namespace: 'erasure-bench',
      policy: { answer: 'untracked' },
      // What a provider allows in a second is no part of what an erasure costs.
      workerSettings: unlimitedCalls,
      ...(postgres === undefined || shards === undefined ? {} : { postgres: { server: postgres, shards } }),
    });
    undo.push(() => stack.stop());
    await stack.simulator.configure({ person: { defaultDelayMs: 3 * 24 * 3_600_000, timeFormats: ['z'] } });
    const client = await startAskedProcess<readonly ErasureSubmission[], undefined>({
      script: join(__dirname, '..', 'comparison', 'own-client.js'),
      env: stack.settings,
    });
    undo.push(() => client.stop());
    report(`${name}: runs`);
    const roles = (): Roles => ({
      worker: stack.worker.pid,
      server: pidOf(stack.engine.pid, 'Temporal server'),
      client: client.pid,
      gateway: pidOf(stack.processes.find((process) => process.name === 'gateway')?.pid, 'gateway'),
      ...(postgres?.pid === undefined ? {} : postgresRoles(postgres.pid)),
    });
    return {
      stack,
      application: {
        name,
        roles,
        async submit(subjects) {
          const submissions = subjects.map((subject) => sampleSubmission(randomUUID(), subject));
          await client.ask(submissions);
          return submissions.map(({ requestId = '' }) => workflowIdOf(requestId));
        },
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Each connection has a process, which stays; those that clean up come and go, and are left out. */
function postgresRoles(postmaster: number): Roles {
  const staying = familyOf(postmaster).filter(
    (pid) => !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('autovacuum worker'),
  );
  return Object.fromEntries(staying.map((pid) => [`postgres ${pid}`, pid]));
}

function pidOf(pid: number | undefined, what: string): number {
  if (pid === undefined) throw new Error(`The ${what} must be one of ours: its CPU time is measured`);
  return pid;
}
