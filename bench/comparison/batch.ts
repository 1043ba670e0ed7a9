/** Some erasures from their start to their end, on virtual time, and what they cost. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { newSubject, seed } from '../../local/sample-request';
import type { Stack } from '../../local/stack';
import { skipWheneverIdle } from '../../temporal/virtual-time';
import { atOnce } from '../frame/at-once';
import { startCpuClock } from '../frame/cpu-time';
import type { Application } from './application';

const DAY_MS = 24 * 3_600_000;
/** All windows are over by then: the longest is a week. */
export const ALL_WINDOWS_MS = 8 * DAY_MS;
const AT_ONCE = 8;
const ASKED_WITHIN_MS = 300_000;
/** What a server still writes once the last run has ended. */
const AFTERWARDS_MS = 500;

export interface BatchCost {
  /** CPU in ms for an erasure, by what did the work. */
  readonly roles: Readonly<Record<string, number>>;
  readonly totalMs: number;
  readonly workflowIds: readonly string[];
}

export async function runBatch(stack: Stack, application: Application, erasures: number): Promise<BatchCost> {
  const { simulator } = stack;
  const subjects = Array.from({ length: erasures }, newSubject);
  for (const subject of subjects) await seed(simulator, subject);
  await simulator.clearCalls();

  const stopClock = startCpuClock(application.roles());
  const workflowIds = await application.submit(subjects);
  await untilAsked(stack, erasures);
  // The world first: MeasureOne's callbacks arrive, and are kept, while all three windows are being waited out.
  await simulator.advance(ALL_WINDOWS_MS);
  await endAll(stack, workflowIds);
  await pause(AFTERWARDS_MS);
  const spent = Object.entries(stopClock()).map(([role, ms]) => [role, ms / erasures] as const);
  return {
    roles: Object.fromEntries(spent),
    totalMs: spent.reduce((total, [, ms]) => total + ms, 0),
    workflowIds,
  };
}

/** Every provider has taken every request on: three calls that erase for each. */
export async function untilAsked({ simulator }: Stack, erasures: number): Promise<void> {
  const until = performance.now() + ASKED_WITHIN_MS;
  const asking = [
    { provider: 'measureone', operation: 'purge' },
    { provider: 'person', operation: 'purge' },
    { provider: 'aptrinsic', operation: 'delete' },
  ];
  for (;;) {
    const calls = await Promise.all(asking.map((filter) => simulator.calls(filter)));
    const done = calls.map(
      (of) => new Set(of.filter(({ status }) => Number(status) < 300).map(({ subject }) => subject)).size,
    );
    if (done.every((count) => count >= erasures)) return;
    if (performance.now() > until) throw new Error(`Only ${done.join(', ')} of ${erasures} were asked`);
    await pause(100);
  }
}

/** Lets every run skip what it waits for, and waits for its end: what they ended with. */
export async function endAll({ connection, namespace }: Stack, workflowIds: readonly string[]): Promise<unknown[]> {
  const client = new Client({ connection, namespace });
  await atOnce(workflowIds, AT_ONCE, (workflowId) => skipWheneverIdle(connection, { namespace, workflowId }));
  return atOnce(workflowIds, AT_ONCE, (workflowId) => client.workflow.getHandle(workflowId).result());
}

/** At how many providers what an erasure ended with says that the data are erased. */
export function erasedIn(result: unknown): number {
  return JSON.stringify(result).match(/"outcome":"erased"/g)?.length ?? 0;
}

/** At how many it says that nothing was erased: untrue of a provider that had taken the request on. */
export function deniedIn(result: unknown): number {
  return JSON.stringify(result).match(/"outcome":"(not-found|still-there|never-asked)"/g)?.length ?? 0;
}
