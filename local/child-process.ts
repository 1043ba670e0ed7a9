/** Our own processes on one machine: started as in production, their output in a log file, never left behind. */
import { existsSync, readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { lastLines, supervise, type SupervisedProcess } from './engine/supervised-process';

const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 10_000;

export interface OwnProcess {
  readonly name: string;
  readonly logFile: string;
  readonly pid: number;
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts `node <script> <args>` and waits until `isReady` says so of what it has logged. */
export async function startProcess(options: {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logDirectory: string;
  readonly isReady: (logged: string) => boolean | Promise<boolean>;
}): Promise<OwnProcess> {
  const { name, script, args, env, logDirectory, isReady } = options;
  const logFile = join(logDirectory, `${name}-${randomUUID().slice(0, 8)}.log`);
  const child = await supervise({
    command: process.execPath,
    args: [script, ...args],
    env: { ...inherited(), ...env },
    logFile,
  });
  await untilReady(child, { name, logFile, isReady });
  return {
    name,
    logFile,
    pid: child.pid,
    exited: child.exited,
    stop: () => child.stop({ graceMs: STOP_GRACE_MS }),
    kill: () => child.kill(),
  };
}

async function untilReady(
  child: SupervisedProcess,
  parts: {
    readonly name: string;
    readonly logFile: string;
    readonly isReady: (logged: string) => boolean | Promise<boolean>;
  },
): Promise<void> {
  const { name, logFile, isReady } = parts;
  let hasExited = false;
  void child.exited.then(() => (hasExited = true));
  const until = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''))) {
    if (!hasExited && performance.now() < until) {
      await pause(50);
      continue;
    }
    const why = hasExited ? 'ended at once' : `was not ready within ${READY_WITHIN_MS / 1000} s`;
    await child.kill();
    throw new Error(`The ${name} ${why}. Its log ends with:\n${lastLines(logFile)}`);
  }
}

/** What any Node process needs of the environment; settings of ours are given explicitly. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'NODE_EXTRA_CA_CERTS', 'LANG', 'TZ'];
  return Object.fromEntries(
    names.map((name) => [name, process.env[name]]).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
