/** What an erasure costs with us, and with a plain application of the same shape, on one server in turn. */
import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { actionsOf, bytesOf, eventsOf } from '../frame/history-cost';
import { inTurn } from '../frame/interleave';
import { estimateText, target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { meanOf, ratioOf, type Estimate } from '../frame/statistics';
import type { Stack } from '../../local/stack';
import type { ComparedApplication } from './application';
import { erasedIn, runBatch, type BatchCost } from './batch';
import { startWorld, type World } from './compared-world';

export interface Comparison {
  readonly own: ApplicationCost;
  readonly plain: ApplicationCost;
  /** Where it was measured. */
  readonly installed?: ApplicationCost;
  /** Total CPU, ours over the plain one's. */
  readonly ratio: Estimate;
  /** The same, of ours as it is installed. */
  readonly installedRatio?: Estimate;
}

interface ApplicationCost {
  readonly totalMs: Estimate;
  readonly roles: Readonly<Record<string, Estimate>>;
  readonly history: HistoryCost;
}

interface HistoryCost {
  readonly events: Estimate;
  readonly bytes: Estimate;
  readonly actions: Estimate;
}

export interface Size {
  /** Batches of each application. */
  readonly rounds: number;
  /** In each batch. */
  readonly erasures: number;
}

const roleNames = ['worker', 'server', 'client', 'gateway'] as const;

/** Interleaved batches, after one of each that does not count: what is compiled and logged in first costs more. */
export async function compare(
  world: Pick<World, 'own' | 'plain' | 'installed'>,
  size: Size,
  { report }: Pick<BenchContext, 'report'>,
): Promise<Comparison> {
  const { own, plain, installed } = world;
  const batch = async (application: ComparedApplication): Promise<BatchCost> => {
    const cost = await runBatch(application.stack, application, size.erasures);
    report(`${application.name}: ${cost.totalMs.toFixed(0)} ms of CPU for an erasure`);
    return cost;
  };
  const applications = [own, ...(installed === undefined ? [] : [installed]), plain];
  for (const application of applications) await batch(application);
  const rounds = await inTurn(
    size.rounds,
    Object.fromEntries(applications.map((application) => [application.name, () => batch(application)])),
  );
  const batchesOf = ({ name }: ComparedApplication): BatchCost[] =>
    rounds.flatMap((round) => (round[name] === undefined ? [] : [round[name]]));
  const overPlain = (application: ComparedApplication): Estimate =>
    ratioOf(
      batchesOf(application).map(({ totalMs }, index) => ({
        over: totalMs,
        under: batchesOf(plain)[index]?.totalMs ?? NaN,
      })),
    );
  return {
    own: await costOf(own, batchesOf(own)),
    plain: await costOf(plain, batchesOf(plain)),
    ratio: overPlain(own),
    ...(installed && {
      installed: await costOf(installed, batchesOf(installed)),
      installedRatio: overPlain(installed),
    }),
  };
}

async function costOf({ stack }: ComparedApplication, batches: readonly BatchCost[]): Promise<ApplicationCost> {
  const roles = roleNames.map((role) => [role, meanOf(batches.map(({ roles: spent }) => spent[role] ?? 0))] as const);
  return {
    totalMs: meanOf(batches.map(({ totalMs }) => totalMs)),
    roles: Object.fromEntries(roles),
    history: await historyCostOf(
      stack,
      batches.flatMap(({ workflowIds }) => workflowIds),
    ),
  };
}

/** Of every run, which must have ended as an untroubled one does. */
async function historyCostOf({ connection, namespace }: Stack, ids: readonly string[]): Promise<HistoryCost> {
  const client = new Client({ connection, namespace });
  const costs: { events: number; bytes: number; actions: number }[] = [];
  for (const id of ids) {
    const history = await client.workflow.getHandle(id).fetchHistory();
    const [payload] = history.events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads ?? [];
    const result = payload ? defaultPayloadConverter.fromPayload<object>(payload) : undefined;
    if (erasedIn(result ?? {}) !== 3) throw new Error(`${id} did not erase everywhere: ${JSON.stringify(result)}`);
    costs.push({ events: eventsOf(history), bytes: bytesOf(history), actions: actionsOf(history) });
  }
  return {
    events: meanOf(costs.map(({ events }) => events)),
    bytes: meanOf(costs.map(({ bytes }) => bytes)),
    actions: meanOf(costs.map(({ actions }) => actions)),
  };
}

const sizes: Record<'full' | 'quick', Size> = {
  full: { rounds: 6, erasures: 16 },
  quick: { rounds: 2, erasures: 5 },
};

async function run(context: BenchContext): Promise<Result> {
  const world = await startWorld(context, { withInstalled: true });
  try {
    const size = sizes[context.quick ? 'quick' : 'full'];
    return resultOf(await compare(world, size, context), size);
  } finally {
    await world.stop();
  }
}

function resultOf({ own, plain, ratio, installed, installedRatio }: Comparison, size: Size): Result {
  const ms = (estimate: Estimate | undefined): string =>
    estimate === undefined ? '–' : `${estimateText(estimate, 0)} ms`;
  const all = [
    ['ours', own],
    ['plain', plain],
    ...(installed === undefined ? [] : [['ours, as installed', installed] as const]),
  ] as const;
  return {
    tables: [
      {
        title: 'CPU for an erasure',
        columns: ['', ...roleNames, 'total'],
        rows: all.map(([name, { roles, totalMs }]) => [name, ...roleNames.map((role) => ms(roles[role])), ms(totalMs)]),
      },
      {
        title: 'History of an erasure',
        columns: ['', 'events', 'bytes', 'Actions'],
        rows: all.map(([name, { history }]) => [
          name,
          estimateText(history.events, 1),
          estimateText(history.bytes, 0),
          estimateText(history.actions, 1),
        ]),
      },
    ],
    plots: [
      {
        name: 'cpu',
        title: 'CPU for an erasure, by process',
        kind: 'bars',
        y: 'ms of CPU',
        series: all.map(([name, { roles, totalMs }]) => ({
          name,
          points: [
            ...roleNames.map((role) => ({ x: role, y: roles[role]?.mean ?? 0, ...interval(roles[role]) })),
            { x: 'total', y: totalMs.mean, ...interval(totalMs) },
          ],
        })),
      },
    ],
    targets: [
      target('Total CPU, ours over the plain application', ratio, { atMost: 1.25 }),
      target(
        'History of an untroubled request',
        kilobytes(own.history.bytes),
        { atMost: 15 },
        { unit: 'kB', digits: 1 },
      ),
      target('Events of an untroubled request', own.history.events, { atMost: 55 }, { digits: 1 }),
      target('Actions of an untroubled request', own.history.actions, { atMost: 11 }, { digits: 1 }),
    ],
    notes: [
      `${size.rounds} interleaved batches of ${size.erasures} erasures of each, after one of each that does not count.`,
      'Virtual time costs the server something for each skip, and the measurement one call for each run. Both applications pay it alike, so in real time the ratio would be a little further from 1.',
      `"Ours, as installed" has search attributes and the legal clock besides, which the plain application has not: ${installedRatio === undefined ? 'not measured' : estimateText(installedRatio, 2)} times its CPU. In neither is the answer to the person waited for, which is one update more.`,
      'Neither has a limit of calls a second, which the plain application knows nothing of. With the limits that ours has by default (5 calls a second at MeasureOne, 10 at the person API) a batch takes five times as long, and what virtual time and waiting servers cost meanwhile would count as ours.',
      'The gateway takes our callback; the plain application takes it in its client process.',
    ],
  };
}

function interval(estimate: Estimate | undefined): { low: number; high: number } | object {
  return estimate === undefined ? {} : { low: estimate.low, high: estimate.high };
}

function kilobytes({ mean, low, high, n }: Estimate): Estimate {
  return { mean: mean / 1000, low: low / 1000, high: high / 1000, n };
}

export const cpu: Measurement = {
  name: 'cpu',
  title: 'Against a plain Temporal application',
  about:
    'The [plain application](../bench/plain/plain-workflow.ts) does the same as ours in the shape of a good sample: three providers over HTTP with a queue each, the windows as timers, two looks, the callback as a signal, an activity that writes the certificate. It has no guards, seals nothing, signs nothing and checks no signature. Both run on one Temporal server at the same simulated providers, in interleaved batches, on virtual time; the CPU seconds of worker, server, client and gateway are counted, those of the providers are not.',
  run,
};
