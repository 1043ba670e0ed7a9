/** Where `npm run up` keeps its state, and what it leaves there for others to find while it runs. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';
import type { Environment } from './engine/cache';

export const DIRECTORY_VARIABLE = 'ERASURE_LOCAL_DIR';

/** Per user and not per clone, as the cache of the engine is. */
export function localDirectory(given: string | undefined, environment: Environment): string {
  const fallback = (): string => join(envPaths('erasure-orchestrator', { suffix: '' }).data, 'local');
  return resolve(given ?? (environment[DIRECTORY_VARIABLE] || fallback()));
}

const recordSchema = z.object({
  pid: z.int(),
  temporalAddress: z.string(),
  namespace: z.string(),
  controlUrl: z.string(),
});
export type RunningStack = z.infer<typeof recordSchema>;

const recordFile = (directory: string): string => join(directory, 'running.json');

export function recordRunning(directory: string, running: RunningStack): void {
  writeFileSync(recordFile(directory), `${JSON.stringify(running, null, 2)}\n`);
}

export function forgetRunning(directory: string): void {
  rmSync(recordFile(directory), { force: true });
}

/** The stack that runs on this directory, or that was killed and left its record behind. */
export function readRunning(directory: string): (RunningStack & { readonly isAlive: boolean }) | undefined {
  try {
    const running = recordSchema.parse(JSON.parse(readFileSync(recordFile(directory), 'utf8')));
    return { ...running, isAlive: isAlive(running.pid) };
  } catch {
    // None, or half a one: either way nobody vouches for a stack that runs.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const strangers = [
  'TEMPORAL_PROFILE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_SERVER_NAME',
  ...['CLIENT_CERT', 'CLIENT_KEY', 'SERVER_CA_CERT'].flatMap((name) => [
    `TEMPORAL_TLS_${name}_PATH`,
    `TEMPORAL_TLS_${name}_DATA`,
  ]),
];

/** For a POSIX shell: `set -a; . FILE; set +a`. */
export function environmentFile(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${shellQuoted(value)}`);
  const others = strangers.filter((name) => !Object.hasOwn(settings, name));
  return [
    '# Made anew by each `npm run up`. Load it with: set -a; . THIS-FILE; set +a',
    // They would lead a command to the local server with what belongs to another one.
    `unset ${others.join(' ')}`,
    ...lines,
    '',
  ].join('\n');
}

export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
