/** What an erasure costs with ever more others open; and with the state in PostgreSQL instead of a file. */
import { runBatch } from '../comparison/batch';
import { memoryMbOf } from '../frame/cpu-time';
import { estimateText, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { meanOf, sum, type Estimate } from '../frame/statistics';
import { startOwnWorld, type OwnWorld } from './own-world';
import { addStandIns } from './open-requests';

interface Level {
  readonly open: number;
  readonly cpuMs: Estimate;
  readonly workerMb: number;
  readonly serverMb: number;
}

interface Store {
  readonly name: string;
  readonly shards?: number;
}

const stores: readonly Store[] = [
  { name: 'SQLite, 1 shard' },
  { name: 'PostgreSQL, 4 shards', shards: 4 },
  { name: 'PostgreSQL, 64 shards', shards: 64 },
];

async function run(context: BenchContext): Promise<Result> {
  const { quick, full, report } = context;
  const levels = quick ? [10, 50] : full ? [100, 1_000, 10_000, 100_000] : [100, 1_000, 3_000];
  const grown = await grow(levels, { report, batches: quick ? 1 : 3, erasures: quick ? 4 : 12 });
  const byStore = await compareStores({ report, batches: quick ? 1 : 4, erasures: quick ? 4 : 12 });
  return {
    tables: [
      {
        title: 'An erasure with ever more others open',
        columns: ['open', 'CPU for an erasure, ms', 'memory of the worker, MB', 'memory of the server, MB'],
        rows: grown.map(({ open, cpuMs, workerMb, serverMb }) => [
          String(open),
          estimateText(cpuMs, 0),
          workerMb.toFixed(0),
          serverMb.toFixed(0),
        ]),
      },
      {
        title: 'An erasure by where Temporal keeps its state, CPU in ms',
        columns: ['', 'worker', 'server', 'PostgreSQL', 'in all'],
        rows: byStore.map(({ name, worker, server, postgres, total }) => [
          name,
          ...[worker, server, postgres, total].map((of) => estimateText(of, 0)),
        ]),
      },
    ],
    plots: [
      {
        name: 'open',
        title: 'CPU for an erasure with ever more others open',
        y: 'ms',
        x: 'open',
        kind: 'lines',
        logarithmicX: true,
        series: [
          {
            name: 'ours',
            points: grown.map(({ open, cpuMs: { mean, low, high } }) => ({ x: open, y: mean, low, high })),
          },
        ],
      },
      {
        name: 'stores',
        title: 'CPU for an erasure by where Temporal keeps its state',
        y: 'ms',
        kind: 'bars',
        series: [
          {
            name: 'ours',
            points: byStore.map(({ name, total: { mean, low, high } }) => ({ x: name, y: mean, low, high })),
          },
        ],
      },
    ],
    targets: [],
    notes: [
      'The open ones are stand-ins for erasures that wait: runs with the same timers and search attributes, in the server only. What real ones take of a worker is measured in “While many wait”. The levels are measured one after the other, not in turn.',
      'PostgreSQL is a cluster of its own with its default settings, on the same machine; its processes count.',
      ...(full ? [] : ['10,000 and 100,000 open were not measured: `npm run bench -- --only growth --full` does it.']),
    ],
  };
}

interface Size {
  readonly report: (line: string) => void;
  readonly batches: number;
  readonly erasures: number;
}

async function grow(levels: readonly number[], { report, batches, erasures }: Size): Promise<readonly Level[]> {
  const world = await startOwnWorld({ name: 'growth', report });
  try {
    const { stack, application } = world;
    await runBatch(stack, application, erasures);
    const measured: Level[] = [];
    let open = 0;
    for (const level of levels) {
      await addStandIns(world, level - open);
      open = level;
      const costs: number[] = [];
      for (let batch = 0; batch < batches; batch += 1) {
        costs.push((await runBatch(stack, application, erasures)).totalMs);
      }
      const cpuMs = meanOf(costs);
      report(`${open} open: ${cpuMs.mean.toFixed(0)} ms of CPU for an erasure`);
      const [workerMb, serverMb] = [stack.worker.pid, stack.engine.pid ?? 0].map(memoryMbOf);
      measured.push({ open, cpuMs, workerMb: workerMb ?? NaN, serverMb: serverMb ?? NaN });
    }
    return measured;
  } finally {
    await world.stop();
  }
}

/** In turn, so that what else the machine does meets all of them alike. */
async function compareStores({ report, batches, erasures }: Size) {
  const worlds: { readonly store: Store; readonly world: OwnWorld }[] = [];
  try {
    for (const store of stores) worlds.push({ store, world: await startOwnWorld({ ...store, report }) });
    const costs = new Map<string, Readonly<Record<string, number>>[]>();
    for (let batch = 0; batch <= batches; batch += 1) {
      for (const { store, world } of batch % 2 === 0 ? worlds : worlds.toReversed()) {
        const { roles, totalMs } = await runBatch(world.stack, world.application, erasures);
        report(`${store.name}: ${totalMs.toFixed(0)} ms of CPU for an erasure`);
        // What is compiled and connected first costs more.
        if (batch > 0) costs.set(store.name, [...(costs.get(store.name) ?? []), roles]);
      }
    }
    return stores.map(({ name }) => {
      const of = costs.get(name) ?? [];
      const mean = (isMeant: (role: string) => boolean): Estimate =>
        meanOf(
          of.map((roles) =>
            sum(
              Object.entries(roles)
                .filter(([role]) => isMeant(role))
                .map(([, ms]) => ms),
            ),
          ),
        );
      return {
        name,
        worker: mean((role) => role === 'worker'),
        server: mean((role) => role === 'server'),
        postgres: mean((role) => role.startsWith('postgres')),
        total: mean(() => true),
      };
    });
  } finally {
    for (const { world } of worlds) await world.stop();
  }
}

export const growth: Measurement = {
  name: 'growth',
  title: 'Growth, and PostgreSQL',
  about:
    'What an erasure costs from its start to its certificate while more and more others are open, on one server; then the same with nothing open on three servers in turn, one on a file and two on PostgreSQL.',
  run,
};
