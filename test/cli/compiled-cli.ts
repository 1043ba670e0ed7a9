/** The command as it is installed: compiled (by the global set-up), run as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
}

export class CompiledCli {
  readonly #main = join(process.env['TEST_PROGRAMS'] ?? '', 'cli', 'main.js');

  start(args: readonly string[], { environment = {}, stdin }: RunOptions = {}): Running {
    const child = spawn(process.execPath, [this.#main, ...args], {
      // Nothing of the developer's own: neither settings nor a profile file.
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...environment },
      stdio: 'pipe',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
    return { child, ended, stdout: () => stdout, stderr: () => stderr };
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }
}
