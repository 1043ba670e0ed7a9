import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { transformFileSync } from '@swc/core';

/** Nothing compiles TypeScript in a plain node, so a child process that needs the engine gets a compiled copy. */
export function compileEngine(target: string): string {
  const root = path.join(__dirname, '../../..');
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(path.join(root, 'local/engine'))) {
    const { code } = transformFileSync(path.join(root, 'local/engine', file), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    writeFileSync(path.join(target, file.replace(/\.ts$/, '.js')), code);
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(target, 'node_modules'), 'dir');
  return target;
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
  const deadline = Date.now() + 5000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('it never came to be');
    await sleep(20);
  }
}
