/** What a command may touch of the process it runs in. */
import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../config/environment';
import type { ExitCode } from './exit-code';

export interface CommandContext {
  readonly environment: Environment;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** What was asked for, and nothing else. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** What the process is to exit with once the command is done. */
  exitWith(code: ExitCode): void;
}

export function printJson({ stdout }: CommandContext, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** For commands that answer many times: one object on each line. */
export function printJsonLine({ stdout }: CommandContext, value: unknown): void {
  stdout.write(`${JSON.stringify(value)}\n`);
}

export function print({ stdout }: CommandContext, ...lines: readonly string[]): void {
  stdout.write(`${lines.join('\n')}\n`);
}

/** What is good to know beside what was asked for. */
export function remark({ stderr }: CommandContext, ...lines: readonly string[]): void {
  stderr.write(`${lines.join('\n')}\n`);
}
