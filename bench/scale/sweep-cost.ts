/** One sweep over many open requests. */
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import type { SweepResult } from '../../domain/sweep/sweep-result';
import { SWEEP_TYPE, WORKFLOW_QUEUE } from '../../temporal/names';
import { memoryMbOf, startCpuClock } from '../frame/cpu-time';
import { actionsOf } from '../frame/history-cost';
import type { BenchContext, Measurement, Result } from '../frame/measurement';
import { startOwnWorld } from './own-world';
import { addStandIns, takeOn } from './open-requests';

const FULL = 100_000;
const CHOSEN = 2_000;
const ENDED_WITHIN_MS = 1_800_000;

interface Swept {
  readonly open: number;
  readonly lookedAt: number;
  readonly workerMs: number;
  readonly serverMs: number;
  readonly memoryMb: number;
  readonly actions: number;
}

async function run({ quick, full, report }: BenchContext): Promise<Result> {
  const real = quick ? 10 : 50;
  const counts = (quick ? [50, 100] : full ? [1_000, 10_000, FULL] : [500, CHOSEN]).map((open) => open - real);
  const world = await startOwnWorld({ name: 'sweep', report });
  try {
    const { stack, application } = world;
    const temporal = new Client({ connection: stack.connection, namespace: stack.namespace });
    const sweepOnce = async (): Promise<Swept> => {
      const stopClock = startCpuClock(application.roles());
      const handle = await temporal.workflow.start(SWEEP_TYPE, {
        workflowId: `bench-sweep-${randomUUID()}`,
        taskQueue: WORKFLOW_QUEUE,
        args: [{}],
      });
      const result = (await temporal.withDeadline(Date.now() + ENDED_WITHIN_MS, () =>
        handle.result(),
      )) as unknown as SweepResult;
      const spent = stopClock();
      const actions = actionsOf(await handle.fetchHistory());
      const { open, lookedAt } = result;
      report(`a sweep over ${open} requests, ${lookedAt} of them looked at closely`);
      return {
        open,
        lookedAt,
        workerMs: spent['worker'] ?? 0,
        serverMs: spent['server'] ?? 0,
        memoryMb: memoryMbOf(stack.worker.pid),
        actions,
      };
    };
    await takeOn(world, real);
    // The first one also loads what a sweep needs.
    await sweepOnce();
    const swept: Swept[] = [];
    let waiting = 0;
    for (const count of counts) {
      await addStandIns(world, count - waiting);
      waiting = count;
      swept.push(await sweepOnce());
    }
    return {
      tables: [
        {
          title: 'One sweep',
          columns: [
            'open requests',
            'looked at closely',
            'CPU of the worker, s',
            'CPU of the server, s',
            'memory of the worker afterwards, MB',
            'Actions',
          ],
          rows: swept.map((one) => [
            String(one.open),
            String(one.lookedAt),
            (one.workerMs / 1000).toFixed(2),
            (one.serverMs / 1000).toFixed(2),
            one.memoryMb.toFixed(0),
            String(one.actions),
          ]),
        },
      ],
      plots: [
        {
          name: 'cpu',
          title: 'CPU of one sweep, worker and server',
          y: 's',
          x: 'open requests',
          kind: 'lines',
          series: [
            {
              name: 'one sweep',
              points: swept.map((one) => ({ x: one.open, y: (one.workerMs + one.serverMs) / 1000 })),
            },
          ],
        },
      ],
      targets: [
        {
          what: `a sweep over ${FULL} requests`,
          target: 'its CPU, memory and Actions are told',
          measured: `${swept.at(-1)?.open ?? 0} were swept`,
          verdict: (swept.at(-1)?.open ?? 0) >= FULL ? 'met' : 'not measured',
        },
      ],
      notes: [
        `${real} of the open requests are real; the others are stand-ins, runs with the same search attributes and timers. A stand-in answers no question about its progress, so a close look at one costs another amount than at a real one. A sweep lists every request and looks closely at a bounded number of them.`,
      ],
    };
  } finally {
    await world.stop();
  }
}

export const sweepCost: Measurement = {
  name: 'sweep',
  title: 'A sweep over many',
  about: 'The sweep runs as its Schedule would start it, over more and more open requests.',
  run,
};
