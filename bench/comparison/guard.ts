/**
 * The short form for each change: ours over the plain application, in CPU, events and bytes of history. A run is held to the
 * ten that the report keeps: what they scattered by is the noise, and more than that is a change.
 */
import type { BenchContext, Measurement, Result } from '../frame/measurement';
import { estimateText } from '../frame/measurement';
import { meanOf, sum } from '../frame/statistics';
import { compare } from './cpu';
import { startWorld, type World } from './compared-world';

const SIZE = { rounds: 3, erasures: 12 } as const;
const RUNS = 10;
/** Standard deviations of the kept runs; of ten runs, none comes near it by chance. */
const DEVIATIONS = 4;
/** The least that is let pass: another machine's ratio differs by some percent. */
const MARGIN_MIN = 0.1;

const figures = {
  cpu: 'total CPU, ours over the plain application',
  events: 'events of the history, ours over the plain application',
  bytes: 'bytes of the history, ours over the plain application',
} as const;
type Figure = keyof typeof figures;
type Figures = Readonly<Record<Figure, number>>;

interface Limit {
  readonly mean: number;
  readonly deviation: number;
  readonly limit: number;
}

async function figuresOf(world: World, context: Pick<BenchContext, 'report'>): Promise<Figures> {
  const { own, plain, ratio } = await compare({ own: world.own, plain: world.plain }, SIZE, context);
  return {
    cpu: ratio.mean,
    events: own.history.events.mean / plain.history.events.mean,
    bytes: own.history.bytes.mean / plain.history.bytes.mean,
  };
}

function limitOf(values: readonly number[]): Limit {
  const { mean } = meanOf(values);
  const deviation = Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (values.length - 1));
  return { mean, deviation, limit: mean + Math.max(DEVIATIONS * deviation, MARGIN_MIN * mean) };
}

function limitsOf(runs: readonly Figures[]): Record<Figure, Limit> {
  const of = (figure: Figure): Limit => limitOf(runs.map((run) => run[figure]));
  return { cpu: of('cpu'), events: of('events'), bytes: of('bytes') };
}

/** Prints each figure with its limit, and answers whether all are within theirs. `kept`: the data of the kept runs. */
export async function runGuard(kept: unknown, report: (line: string) => void): Promise<boolean> {
  const limits = limitsOf(kept as readonly Figures[]);
  const world = await startWorld({ report: () => undefined });
  try {
    const found = await figuresOf(world, { report: () => undefined });
    const isWithin = (Object.keys(figures) as Figure[]).map((figure) => {
      const { limit, mean } = limits[figure];
      const within = found[figure] <= limit;
      report(
        `${within ? 'ok' : 'TOO HIGH'}: ${figures[figure]}: ${found[figure].toFixed(2)}, at most ${limit.toFixed(2)} (kept: ${mean.toFixed(2)})`,
      );
      return within;
    });
    return isWithin.every(Boolean);
  } finally {
    await world.stop();
  }
}

async function run(context: BenchContext): Promise<Result> {
  const runs: Figures[] = [];
  while (runs.length < (context.quick ? 2 : RUNS)) {
    // Each with servers and workers of its own, as a run of the guard; the simulator's clock must not run years ahead, either.
    const world = await startWorld({ report: () => undefined });
    try {
      runs.push(await figuresOf(world, { report: () => undefined }));
    } finally {
      await world.stop();
    }
    context.report(`run ${runs.length}: ${JSON.stringify(runs.at(-1))}`);
  }
  return resultOf(runs);
}

function resultOf(runs: readonly Figures[]): Result {
  const limits = limitsOf(runs);
  return {
    tables: [
      {
        title: `What ${runs.length} runs of the short form found`,
        columns: ['ours over plain', 'mean', 'least', 'most', 'standard deviation', 'limit'],
        rows: (['cpu', 'events', 'bytes'] as const).map((figure) => {
          const values = runs.map((one) => one[figure]);
          const { deviation, limit } = limits[figure];
          return [
            { cpu: 'total CPU', events: 'events', bytes: 'bytes of history' }[figure],
            estimateText(meanOf(values), 2),
            Math.min(...values).toFixed(2),
            Math.max(...values).toFixed(2),
            deviation.toFixed(3),
            limit.toFixed(2),
          ];
        }),
      },
    ],
    plots: [
      {
        name: 'runs',
        title: 'Total CPU, ours over the plain application, in each run',
        kind: 'lines',
        x: 'run',
        y: 'ratio',
        series: [
          { name: 'run', points: runs.map((one, index) => ({ x: index + 1, y: one.cpu })) },
          { name: 'limit', points: runs.map((_, index) => ({ x: index + 1, y: limits.cpu.limit })) },
        ],
      },
    ],
    targets: [],
    notes: [
      `\`npm run bench -- --guard\` makes one such run (${SIZE.rounds} batches of ${SIZE.erasures} erasures of each) and fails where a figure is above its limit: ${DEVIATIONS} standard deviations above the mean of these runs, ${MARGIN_MIN * 100} % at least.`,
    ],
    data: runs,
  };
}

export const guard: Measurement = {
  name: 'guard',
  title: 'The short form, and its noise',
  about:
    'The comparison with the plain application in a minute, for each change. What it may find at most follows from ten runs of it.',
  run,
};
