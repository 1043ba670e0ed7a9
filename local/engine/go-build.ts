import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cacheDirectory, type Environment, executableName } from './cache';
import { type LockHolder, tryLock } from './lock';
import { lastLines, supervise } from './supervised-process';

const BUILD_MS_MAX = 45 * 60_000;
const HEARTBEAT_MS = 30_000;
const GO_VERSION_MIN = [1, 26] as const;

export type Report = (line: string) => void;

/** A Go command we run in exactly one version. Its binary is called like the last part of its package. */
export interface GoProgram {
  name: string;
  version: string;
  package: string;
  /** For people: how long the first build takes. */
  duration: string;
}

function binaryPath(program: GoProgram, env: Environment): string {
  return path.join(cacheDirectory(env), `${program.name}-${program.version}`, binaryName(program));
}

function binaryName(program: GoProgram): string {
  return executableName(path.posix.basename(program.package));
}

/** The binary built earlier, if it is there and runs here (a home directory may be shared with another machine). */
export async function findBuilt(program: GoProgram, env: Environment): Promise<string | undefined> {
  const binary = binaryPath(program, env);
  if (!existsSync(binary)) return undefined;
  const { stdout } = await run(binary, ['--version'], env).catch(() => ({ stdout: '' }));
  return stdout.includes(program.version) ? binary : undefined;
}

/** Builds the program into the cache, or waits for another process that is doing so. Throws when it cannot. */
export async function build(program: GoProgram, options: { env: Environment; report: Report }): Promise<string> {
  const { env, report } = options;
  const go = await versionOnPath('go', 'version', { min: GO_VERSION_MIN, title: 'Go', env });
  const label = `${program.name} ${program.version}`;
  const lock = await lockBuild(program, label, options);
  try {
    // Somebody else may have finished it while we waited.
    const built = await findBuilt(program, env);
    if (built) return built;

    report(`building ${label} from source with ${go}: ${program.duration}, once per user`);
    const binary = binaryPath(program, env);
    mkdirSync(path.dirname(binary), { recursive: true });
    const workDirectory = mkdtempSync(path.join(cacheDirectory(env), 'building-'));
    const stopHeartbeat = heartbeat(report, `still building ${label}`);
    try {
      await install(program, workDirectory, env);
      renameSync(path.join(workDirectory, binaryName(program)), binary);
    } finally {
      stopHeartbeat();
      rmSync(workDirectory, { recursive: true, force: true });
    }
    const usable = await findBuilt(program, env);
    if (!usable) throw new Error(`${binary} was built but does not run as version ${program.version}`);
    return usable;
  } finally {
    lock.release();
  }
}

async function install(program: GoProgram, workDirectory: string, env: Environment): Promise<void> {
  const logFile = path.join(workDirectory, 'go.log');
  const target = `${program.package}@v${program.version}`;
  const building = await supervise({
    command: 'go',
    args: ['install', target],
    env: { ...env, GOBIN: workDirectory },
    logFile,
    removeIfOrphaned: [workDirectory],
  });
  const timer = setTimeout(() => void building.kill(), BUILD_MS_MAX);
  const { code } = await building.exited;
  clearTimeout(timer);
  if (code !== 0) {
    const outcome = code === null ? 'was stopped' : `ended with ${code}`;
    throw new Error(`\`go install ${target}\` ${outcome}: ${lastLines(logFile) || 'it said nothing'}`);
  }
}

async function lockBuild(program: GoProgram, label: string, options: { env: Environment; report: Report }) {
  const lockFile = path.join(cacheDirectory(options.env), `${program.name}-${program.version}.lock`);
  const deadline = Date.now() + BUILD_MS_MAX;
  let holder: LockHolder | undefined;
  let stopHeartbeat: (() => void) | undefined;
  try {
    for (;;) {
      const lock = tryLock(lockFile);
      if ('release' in lock) return lock;
      if (!holder) {
        holder = lock.holder;
        options.report(`process ${holder.pid} on ${holder.host} is building ${label} already; waiting for it`);
        stopHeartbeat = heartbeat(options.report, `still waiting for process ${holder.pid}`);
      }
      if (Date.now() > deadline)
        throw new Error(`process ${holder.pid} never finished building ${label} (${lockFile})`);
      await sleep(500);
    }
  } finally {
    stopHeartbeat?.();
  }
}

/** What the command says its version is. Throws where there is no such command on PATH, or one that is too old. */
export async function versionOnPath(
  command: string,
  flag: string,
  { min: [major, minor], title, env }: { min: readonly [number, number]; title: string; env: Environment },
): Promise<string> {
  const wanted = `${title} ${major}.${minor} or newer is needed`;
  const { stdout } = await run(command, [flag], env).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error(`no \`${command}\` on PATH (${wanted})`);
    throw new Error(`\`${command} ${flag}\` failed: ${error.message.trim()}`);
  });
  const [version, ...numbers] = /(?:go)?(\d+)\.(\d+)\S*/.exec(stdout) ?? [];
  if (!version) throw new Error(`\`${command} ${flag}\` printed "${stdout.trim()}"`);
  const [foundMajor = 0, foundMinor = 0] = numbers.map(Number);
  if (foundMajor < major || (foundMajor === major && foundMinor < minor)) {
    throw new Error(`\`${command}\` on PATH is ${version}, and ${wanted}`);
  }
  return version;
}

export function heartbeat(report: Report, line: string): () => void {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    report(`${line} (${Math.floor(seconds / 60)} min ${seconds % 60} s)`);
  }, HEARTBEAT_MS);
  return () => clearInterval(timer);
}

export function run(command: string, args: readonly string[], env: Environment): Promise<{ stdout: string }> {
  return promisify(execFile)(command, [...args], { env, timeout: 20_000, windowsHide: true });
}
