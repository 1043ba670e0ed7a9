/** Actions, beside those of a workflow that looks every hour: counted from real histories, on virtual time. */
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { newSubject, seed } from '../../local/sample-request';
import type { Stack } from '../../local/stack';
import { fastForward, withVirtualTime } from '../../temporal/virtual-time';
import { actionsOf, bytesOf, eventsOf } from '../frame/history-cost';
import { estimateText, target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { meanOf, ratioOf, type Estimate } from '../frame/statistics';
import { PLAIN_QUEUE, POLLING_WORKFLOW, pollingWorkflowId, type PlainRequest } from '../plain/plain-types';
import { ALL_WINDOWS_MS, runBatch, untilAsked } from './batch';
import { startWorld } from './compared-world';

const HOUR_MS = 3_600_000;
const FORWARD_MS_MAX = 300_000;
/** Until shortly before the person API's purge, which the simulator's clock decides. */
const BEFORE_PURGE_MS = 71.5 * HOUR_MS;

interface Cost {
  readonly actions: number;
  readonly events: number;
  readonly bytes: number;
}

async function run(context: BenchContext): Promise<Result> {
  const erasures = context.quick ? 1 : 2;
  const world = await startWorld(context);
  try {
    const { stack, own } = world;
    const { workflowIds } = await runBatch(stack, own, erasures);
    const ours = await costsOf(stack, workflowIds);
    const polling: Cost[] = [];
    for (let erasure = 0; erasure < erasures; erasure += 1) {
      context.report('an erasure that looks every hour');
      polling.push(...(await costsOf(stack, [await pollOnce(stack)])));
    }
    return resultOf(ours, polling);
  } finally {
    await world.stop();
  }
}

async function pollOnce(stack: Stack): Promise<string> {
  const { connection, namespace, simulator } = stack;
  const subject = newSubject();
  await seed(simulator, subject);
  await simulator.clearCalls();
  const client = new Client({ connection: withVirtualTime(connection), namespace });
  const request: PlainRequest = {
    requestId: randomUUID(),
    individualId: subject.measureone,
    personId: subject.person,
    identifyId: subject.aptrinsic,
  };
  const workflowId = pollingWorkflowId(request.requestId);
  const handle = await client.workflow.start(POLLING_WORKFLOW, { workflowId, taskQueue: PLAIN_QUEUE, args: [request] });
  await untilAsked(stack, 1);
  const forward = (byMs: number) => fastForward(connection, { namespace, workflowId, byMs, timeoutMs: FORWARD_MS_MAX });
  await forward(BEFORE_PURGE_MS);
  await simulator.advance(ALL_WINDOWS_MS);
  await handle.signal('individualPurged');
  await forward(ALL_WINDOWS_MS);
  await handle.result();
  return workflowId;
}

async function costsOf({ connection, namespace }: Stack, workflowIds: readonly string[]): Promise<Cost[]> {
  const client = new Client({ connection, namespace });
  const costs: Cost[] = [];
  for (const workflowId of workflowIds) {
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    costs.push({ actions: actionsOf(history), events: eventsOf(history), bytes: bytesOf(history) });
  }
  return costs;
}

function resultOf(ours: readonly Cost[], polling: readonly Cost[]): Result {
  const mean = (of: readonly Cost[], part: keyof Cost): Estimate => meanOf(of.map((cost) => cost[part]));
  const rows = [
    ['ours', ours],
    ['a look every hour', polling],
  ] as const;
  const ratio = ratioOf(polling.map(({ actions }, index) => ({ over: ours[index]?.actions ?? NaN, under: actions })));
  return {
    tables: [
      {
        title: 'An erasure',
        columns: ['', 'Actions', 'events', 'bytes of history'],
        rows: rows.map(([name, costs]) => [
          name,
          estimateText(mean(costs, 'actions'), 1),
          estimateText(mean(costs, 'events'), 1),
          estimateText(mean(costs, 'bytes'), 0),
        ]),
      },
    ],
    plots: [
      {
        name: 'actions',
        title: 'Actions for an erasure',
        kind: 'bars',
        y: 'Actions',
        series: rows.map(([name, costs]) => ({ name, points: [{ x: 'an erasure', y: mean(costs, 'actions').mean }] })),
      },
    ],
    targets: [
      target(
        'Actions, ours over those of a look every hour',
        ratio,
        { atMost: Number((1 / 30).toFixed(4)) },
        { digits: 4 },
      ),
    ],
    notes: [
      'Counted from real histories on virtual time, none computed. The count is kind to polling: one timer an hour serves all providers, MeasureOne is never polled, since it has nothing to look at, and each look is one Action.',
      'Ours is without search attributes and legal clock, as in the comparison with the plain application; as installed it takes some Actions more, which [that comparison](#against-a-plain-temporal-application) shows.',
    ],
  };
}

export const polling: Measurement = {
  name: 'polling',
  title: 'Against a look every hour',
  about:
    'A [workflow](../bench/plain/polling-workflow.ts) that sleeps for an hour, looks at every provider that has not settled and sleeps again, until all three windows are over.',
  run,
};
