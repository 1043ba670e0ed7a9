/** What the numbers were measured on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type as system } from 'node:os';
import { join } from 'node:path';
import { temporalServer } from '../../local/engine/temporal-server';

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly temporalServer: string;
  readonly temporalSdk: string;
  readonly postgres: string;
  /** Of the last minute, before the measurement: above 0 the machine was at something else, too. */
  readonly load: number;
  /** The commit that was measured. */
  readonly commit: string;
}

const root = join(__dirname, '..', '..', '..');

export function describeMachine(): Machine {
  const [{ model } = { model: 'unknown' }] = cpus();
  return {
    cores: cpus().length,
    processor: model.trim(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `${system()} ${release()}`,
    node: process.version,
    temporalServer: temporalServer.version,
    temporalSdk: dependency('@temporalio/client'),
    postgres: answerOf('psql', ['--version']).replace(/^psql \(PostgreSQL\) /, ''),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    commit: answerOf('git', ['-C', root, 'rev-parse', '--short', 'HEAD']),
  };
}

function dependency(name: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return dependencies[name] ?? 'unknown';
}

function answerOf(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // The report says so; what needs it fails by itself.
    return 'none';
  }
}
