/** Fills a world with requests that wait. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { newSubject, seed } from '../../local/sample-request';
import type { Stack } from '../../local/stack';
import { startAskedProcess } from '../frame/asked-process';
import type { OwnWorld } from './own-world';

const ALL_WINDOWS_MS = 8 * 24 * 3_600_000;
const CHUNK = 100;
const ASKED_WITHIN_MS = 600_000;
/** What a worker and a server still do once all providers have answered. */
const AFTERWARDS_MS = 2_000;

/** Real ones: all providers have taken them on, MeasureOne has called back, and their windows are being waited out. */
export async function takeOn({ stack, application }: OwnWorld, count: number): Promise<void> {
  const { simulator } = stack;
  for (let done = 0; done < count; done += CHUNK) {
    const subjects = Array.from({ length: Math.min(CHUNK, count - done) }, newSubject);
    for (const subject of subjects) await seed(simulator, subject);
    await simulator.clearCalls();
    await application.submit(subjects);
    await untilAsked(stack, subjects.length);
  }
  await simulator.advance(ALL_WINDOWS_MS);
  await simulator.clearCalls();
  await pause(AFTERWARDS_MS);
}

/** Every provider has taken so many on. */
export async function untilAsked({ simulator }: Pick<Stack, 'simulator'>, count: number): Promise<void> {
  const until = performance.now() + ASKED_WITHIN_MS;
  for (;;) {
    const asked = await askedSoFar(simulator);
    if (asked >= count) return;
    if (performance.now() > until) throw new Error(`Only ${asked} of ${count} were asked everywhere`);
    await pause(200);
  }
}

/** By the provider that has taken on the fewest. */
export async function askedSoFar(simulator: Stack['simulator']): Promise<number> {
  const asking = { measureone: 'purge', person: 'purge', aptrinsic: 'delete' };
  const calls = await Promise.all(
    Object.entries(asking).map(([provider, operation]) => simulator.calls({ provider, operation })),
  );
  return Math.min(...calls.map((of) => of.filter(({ status }) => typeof status === 'number' && status < 300).length));
}

/** Many more than there is time to make real ones. */
export async function addStandIns({ stack }: OwnWorld, count: number): Promise<void> {
  if (count <= 0) return;
  const standIns = await startAskedProcess<number, undefined>({
    script: join(__dirname, 'stand-in-process.js'),
    env: stack.settings,
  });
  try {
    await standIns.ask(count);
  } finally {
    await standIns.stop();
  }
}
