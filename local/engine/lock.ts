import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

const HEARTBEAT_MS = 10_000;
const STALE_MS = 120_000;
const TAKEOVER_STALE_MS = 10_000;

export interface LockHolder {
  pid: number;
  host: string;
}

/**
 * A lock file naming its holder. Returns its release, or the holder when somebody living has it. A lock is taken over
 * when its process is gone (same host) or has not touched it for two minutes (another host or container).
 */
export function tryLock(lockFile: string): { release(): void } | { holder: LockHolder } {
  mkdirSync(path.dirname(lockFile), { recursive: true });
  if (!create(lockFile)) {
    const holder = readHolder(lockFile);
    if (holder && isAlive(holder, lockFile)) return { holder };
    if (!replaceStale(lockFile)) {
      const winner = readHolder(lockFile) ?? holder;
      return { holder: winner ?? { pid: 0, host: hostname() } };
    }
  }
  const heartbeat = setInterval(() => touch(lockFile), HEARTBEAT_MS);
  heartbeat.unref();
  return {
    release() {
      clearInterval(heartbeat);
      rmSync(lockFile, { force: true });
    },
  };
}

/** Linking a written file makes the lock appear whole: nobody ever reads a lock without a holder. */
function create(lockFile: string): boolean {
  const draft = `${lockFile}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, host: hostname() } satisfies LockHolder));
  try {
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Between seeing a stale lock and removing it another process may have replaced it: only one may look and remove. */
function replaceStale(lockFile: string): boolean {
  const takeoverFile = `${lockFile}.takeover`;
  if (!create(takeoverFile)) {
    if (ageMs(takeoverFile) > TAKEOVER_STALE_MS) rmSync(takeoverFile, { force: true });
    return false;
  }
  try {
    const holder = readHolder(lockFile);
    if (holder && isAlive(holder, lockFile)) return false;
    rmSync(lockFile, { force: true });
    return create(lockFile);
  } finally {
    rmSync(takeoverFile, { force: true });
  }
}

function isAlive(holder: LockHolder, lockFile: string): boolean {
  if (ageMs(lockFile) > STALE_MS) return false;
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readHolder(lockFile: string): LockHolder | undefined {
  try {
    const value = JSON.parse(readFileSync(lockFile, 'utf8')) as Partial<LockHolder>;
    return typeof value.pid === 'number' && typeof value.host === 'string'
      ? { pid: value.pid, host: value.host }
      : undefined;
  } catch {
    return undefined;
  }
}

function ageMs(file: string): number {
  const modifiedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return modifiedMs === undefined ? 0 : Date.now() - modifiedMs;
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Removed by hand: there is nothing left to keep fresh.
  }
}
