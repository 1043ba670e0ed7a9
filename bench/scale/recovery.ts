/** The only worker is killed while it works, and comes back; then Temporal. */
import { setTimeout as pause } from 'node:timers/promises';
import { temporal as proto } from '@temporalio/proto';
import { newSubject, seed } from '../../local/sample-request';
import type { Stack } from '../../local/stack';
import type { OwnProcess } from '../../local/child-process';
import { atOnce } from '../frame/at-once';
import { cpuMsOf } from '../frame/cpu-time';
import { target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { exact } from '../frame/statistics';
import { startOwnWorld, type OwnWorld } from './own-world';
import { askedSoFar, untilAsked } from './open-requests';

const COUNTS = [150, 1_000];
const AT_ONCE = 8;
const RESUMED_WITHIN_MS = 600_000;
const { PENDING_ACTIVITY_STATE_STARTED: STARTED } = proto.api.enums.v1.PendingActivityState;

/** An attempt of an activity that a worker had begun. */
interface Attempt {
  readonly workflowId: string;
  readonly activityId: string;
  readonly attempt: number;
}

async function run({ quick, report }: BenchContext): Promise<Result> {
  const killed: Killed[] = [];
  for (const count of quick ? [20] : COUNTS) killed.push(await killedWith(count, report));
  return {
    tables: killed.map(({ count, worker, server }) => ({
      title: `Killed with ${count} in flight`,
      columns: ['', 'the only worker', 'Temporal'],
      rows: [
        ['taken on before the kill', `${worker.asked} of ${count}`, `${server.asked} of ${count}`],
        ['calls under way at the kill', String(worker.underWay), '-'],
        ['serves again after, s', seconds(worker.servesMs), seconds(server.servesMs)],
        ['all of those calls taken up again after, s', seconds(worker.resumedMs), '-'],
        ['all requests taken on after, s', seconds(worker.allMs), seconds(server.allMs)],
        ['CPU of the worker meanwhile, s', seconds(worker.cpuMs), seconds(server.cpuMs)],
        ['providers asked twice', String(worker.repeated), String(server.repeated)],
      ],
    })),
    plots: [],
    targets: killed.map(({ count, worker }) =>
      target(
        `worker killed with ${count} in flight: all that it was doing is taken up again, after it serves`,
        exact((worker.resumedMs - worker.servesMs) / 1000),
        { atMost: 15 },
        { unit: 's', digits: 1 },
      ),
    ),
    notes: [
      'In flight means: submitted, and some providers asked, when SIGKILL strikes. Seconds are wall time from the kill, on a machine that does other things too; what takes CPU is given beside it. Nothing may be lost: the measurement fails unless every request is taken on in the end.',
      'A call of a dead worker is tried again 14 s after its last sign of life, and then stands in its queue behind those that wait there: with many in flight, what the machine can do in a second decides.',
    ],
  };
}

interface Killed {
  readonly count: number;
  readonly worker: Awaited<ReturnType<typeof killWorker>>;
  readonly server: Recovery;
}

async function killedWith(count: number, report: BenchContext['report']): Promise<Killed> {
  const world = await startOwnWorld({ name: 'recovery', report });
  try {
    const worker = await killWorker(world, count, report);
    return { count, worker, server: await restartTemporal(world, { worker: worker.worker, count, report }) };
  } finally {
    await world.stop();
  }
}

interface Recovery {
  readonly asked: number;
  readonly servesMs: number;
  readonly allMs: number;
  readonly cpuMs: number;
  readonly repeated: number;
}

async function killWorker(
  { stack, application }: OwnWorld,
  count: number,
  report: (line: string) => void,
): Promise<Recovery & { readonly worker: OwnProcess; readonly underWay: number; readonly resumedMs: number }> {
  const ids = await submit(stack, application, count);
  await untilAsked(stack, Math.floor(count / 3));
  const asked = await askedSoFar(stack.simulator);
  await stack.worker.kill();
  const killedAt = performance.now();
  const underWay = (await atOnce(ids, AT_ONCE, (id) => startedAttempts(stack, id))).flat();
  report(`the worker is killed, with ${underWay.length} calls under way`);
  const worker = await stack.startWorker();
  const servesMs = performance.now() - killedAt;
  await untilResumed(stack, underWay);
  const resumedMs = performance.now() - killedAt;
  await untilAsked(stack, count);
  const allMs = performance.now() - killedAt;
  return {
    worker,
    asked,
    underWay: underWay.length,
    servesMs,
    resumedMs,
    allMs,
    ...(await costs(stack, worker, count)),
  };
}

async function restartTemporal(
  { stack, application }: OwnWorld,
  parts: { readonly worker: OwnProcess; readonly count: number; readonly report: (line: string) => void },
): Promise<Recovery> {
  const { worker, count, report } = parts;
  const before = cpuMsOf(worker.pid);
  await submit(stack, application, count);
  await untilAsked(stack, Math.floor(count / 3));
  const asked = await askedSoFar(stack.simulator);
  await stack.engine.kill();
  const killedAt = performance.now();
  report('Temporal is killed');
  await stack.engine.restart();
  const servesMs = performance.now() - killedAt;
  await untilAsked(stack, count);
  const allMs = performance.now() - killedAt;
  const { cpuMs, repeated } = await costs(stack, worker, count);
  return { asked, servesMs, allMs, cpuMs: cpuMs - before, repeated };
}

async function submit(stack: Stack, application: OwnWorld['application'], count: number): Promise<readonly string[]> {
  const subjects = Array.from({ length: count }, newSubject);
  for (const subject of subjects) await seed(stack.simulator, subject);
  await stack.simulator.clearCalls();
  return application.submit(subjects);
}

async function costs({ simulator }: Stack, worker: OwnProcess, count: number) {
  const purges = await Promise.all(
    [
      { provider: 'measureone', operation: 'purge' },
      { provider: 'person', operation: 'purge' },
      { provider: 'aptrinsic', operation: 'delete' },
    ].map((filter) => simulator.calls(filter)),
  );
  const repeated = purges.reduce((sum, calls) => sum + calls.length, 0) - purges.length * count;
  return { cpuMs: cpuMsOf(worker.pid), repeated };
}

async function startedAttempts({ connection, namespace }: Stack, workflowId: string): Promise<Attempt[]> {
  const { pendingActivities } = await connection.workflowService.describeWorkflowExecution({
    namespace,
    execution: { workflowId },
  });
  return (pendingActivities ?? []).flatMap(({ state, activityId, attempt }) =>
    state === STARTED ? [{ workflowId, activityId: activityId ?? '', attempt: attempt ?? 1 }] : [],
  );
}

/** Every one of them has ended, or is being tried again. */
async function untilResumed({ connection, namespace }: Stack, attempts: readonly Attempt[]): Promise<void> {
  const until = performance.now() + RESUMED_WITHIN_MS;
  let left = attempts;
  while (left.length > 0) {
    if (performance.now() > until) throw new Error(`${left.length} calls were never taken up again`);
    const still = await atOnce(left, AT_ONCE, async (one) => {
      const { pendingActivities } = await connection.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId: one.workflowId },
      });
      const now = (pendingActivities ?? []).find(({ activityId }) => activityId === one.activityId);
      const isResumed = now === undefined || ((now.attempt ?? 1) > one.attempt && now.state === STARTED);
      return isResumed ? [] : [one];
    });
    left = still.flat();
    await pause(200);
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

export const recovery: Measurement = {
  name: 'recovery',
  title: 'After a kill',
  about:
    'Many requests are submitted, and in the middle of asking their providers the only worker is killed and started again; then the same with the Temporal server.',
  run,
};
