import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing compiles TypeScript in a plain node. */
export function compiledEngine(): string {
  return path.join(process.env['TEST_PROGRAMS'] ?? '', 'local', 'engine');
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('it never came to be');
    await sleep(20);
  }
}
