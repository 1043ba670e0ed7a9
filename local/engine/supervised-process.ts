import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Environment } from './cache';

const LINE_LENGTH_MAX = 300;

/**
 * A tiny parent for the process we start: whatever ends us, SIGKILL included, closes the channel, and the supervisor
 * then kills the process and its group. Text, not a file, so that it runs from TypeScript (jest) as from dist.
 * It sits in a session of its own: a Ctrl-C meant for us must not stop the server under workers that still drain.
 */
const SUPERVISOR = `
const { spawn } = require('node:child_process');
const { openSync, rmSync } = require('node:fs');
const { command, args, logFile, removeIfOrphaned } = JSON.parse(process.argv[1]);
const log = openSync(logFile, 'a');
const child = spawn(command, args, { stdio: ['ignore', log, log], detached: true, windowsHide: true });
const signalGroup = (signal) => {
  try {
    if (child.pid) process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch {}
};
const stop = (graceMs) => {
  signalGroup('SIGTERM');
  setTimeout(signalGroup, graceMs, 'SIGKILL');
};
const finish = (message) => {
  if (process.connected) return process.send(message, () => process.exit(0));
  for (const path of removeIfOrphaned) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
};
child.on('spawn', () => process.connected && process.send({ pid: child.pid }));
child.on('error', (error) => finish({ failed: error.message }));
child.on('exit', (code, signal) => {
  signalGroup('SIGKILL');
  finish({ code, signal });
});
process.on('message', ({ graceMs }) => stop(graceMs));
process.on('disconnect', () => signalGroup('SIGKILL'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(5000));
`;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SupervisedProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** SIGTERM, then SIGKILL after the grace; resolves once it has gone. */
  stop(options: { graceMs: number }): Promise<void>;
  /** SIGKILL; resolves once it has gone. */
  kill(): Promise<void>;
  /** Lets our own process end by itself while this one runs; it is killed then. */
  unref(): void;
}

type SupervisorMessage = { pid: number } | { failed: string } | Exit;

export async function supervise(options: {
  command: string;
  args: readonly string[];
  env: Environment;
  logFile: string;
  /** Removed when we died without stopping the process. */
  removeIfOrphaned?: readonly string[];
}): Promise<SupervisedProcess> {
  const { NODE_OPTIONS: _forUsOnly, ...env } = options.env;
  const { command, args, logFile, removeIfOrphaned = [] } = options;
  const supervisor = spawn(
    process.execPath,
    ['-e', SUPERVISOR, JSON.stringify({ command, args, logFile, removeIfOrphaned })],
    { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true, windowsHide: true, env },
  );
  const { pid, exited } = await started(supervisor, command);

  return {
    pid,
    exited,
    async stop({ graceMs }) {
      reference(supervisor);
      if (supervisor.connected) supervisor.send({ graceMs }, () => undefined);
      await exited;
    },
    async kill() {
      reference(supervisor);
      killGroup(pid);
      await exited;
    },
    unref() {
      supervisor.unref();
      supervisor.channel?.unref();
    },
  };
}

function started(supervisor: ChildProcess, command: string): Promise<{ pid: number; exited: Promise<Exit> }> {
  return new Promise((resolve, reject) => {
    let pid: number | undefined;
    let exit: Exit = { code: null, signal: null };
    const exited = new Promise<Exit>((gone) => {
      supervisor.once('exit', () => {
        // Only a supervisor that was itself killed leaves the process behind.
        if (pid !== undefined && exit.code === null && exit.signal === null) killGroup(pid);
        gone(exit);
        reject(new Error(`could not start ${command}`));
      });
    });
    supervisor.once('error', reject);
    supervisor.on('message', (message: SupervisorMessage) => {
      if ('pid' in message) {
        pid = message.pid;
        resolve({ pid, exited });
      } else if ('failed' in message) {
        reject(new Error(`could not start ${command}: ${message.failed}`));
      } else {
        exit = message;
      }
    });
  });
}

function reference(supervisor: ChildProcess): void {
  supervisor.ref();
  supervisor.channel?.ref();
}

function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    // Gone already; macOS says EPERM of a group whose last process was not waited for yet.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** For an error message: the end of the log, without the stack traces that the server puts into its lines. */
export function lastLines(logFile: string, count = 10): string {
  if (!existsSync(logFile)) return '';
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count);
  return lines.map((line) => (line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)}…` : line)).join('\n');
}

/** A TEMPORAL_… variable of ours would configure the server, the CLI or the UI. */
export function withoutTemporalSettings(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
