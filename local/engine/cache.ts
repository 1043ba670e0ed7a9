import path from 'node:path';
import envPaths from 'env-paths';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Per user and not per clone, so that what took minutes to build or download is shared by every clone. */
export function cacheDirectory(env: Environment): string {
  const name = 'erasure-orchestrator';
  return env['XDG_CACHE_HOME'] ? path.join(env['XDG_CACHE_HOME'], name) : envPaths(name, { suffix: '' }).cache;
}

export function executableName(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
