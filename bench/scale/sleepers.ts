/** What a new erasure costs, and a worker holds, while many others wait: beside a server and a worker with none waiting. */
import { runBatch } from '../comparison/batch';
import { memoryMbOf } from '../frame/cpu-time';
import { interleaved } from '../frame/interleave';
import { estimateText, target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { exact, meanOf, ratioOf } from '../frame/statistics';
import { startOwnWorld } from './own-world';
import { addStandIns, takeOn } from './open-requests';

/** More than a worker keeps in its memory: of further ones it knows nothing. */
const REAL = 600;
const FULL = 100_000;
const CHOSEN = 3_000;
/** To be taken to their ends at once. */
const CHUNK = 50;

async function run({ quick, full, sleepers, report }: BenchContext): Promise<Result> {
  const count = sleepers ?? (full ? FULL : quick ? 100 : CHOSEN);
  const real = Math.min(count, quick ? 50 : REAL);
  // Where the many take most of an hour to make, a few pairs more take nothing.
  const size = quick ? { pairs: 2, erasures: 5 } : { pairs: full ? 12 : 5, erasures: 15 };
  const none = await startOwnWorld({ name: 'none waiting', report });
  try {
    const many = await startOwnWorld({ name: `${count} waiting`, report });
    try {
      report(`taking on ${real} erasures, and ${count - real} stand-ins for others`);
      await takeOn(many, real);
      await addStandIns(many, count - real);
      report('the worker with none waiting sees as many, to their ends');
      for (let done = 0; done < real; done += CHUNK) {
        await runBatch(none.stack, none.application, Math.min(CHUNK, real - done));
      }
      const memory: { none: number; many: number }[] = [];
      const worlds = [none, many];
      for (const { stack, application } of worlds) await runBatch(stack, application, size.erasures);
      const pairs = await interleaved(
        size.pairs,
        async () => (await runBatch(none.stack, none.application, size.erasures)).totalMs,
        async () => {
          const { totalMs } = await runBatch(many.stack, many.application, size.erasures);
          memory.push({ none: memoryMbOf(none.stack.worker.pid), many: memoryMbOf(many.stack.worker.pid) });
          report(`with ${count} waiting: ${totalMs.toFixed(0)} ms of CPU for an erasure`);
          return totalMs;
        },
      );
      const rate = ratioOf(pairs.map(({ one, other }) => ({ over: one, under: other })));
      const held = memory.at(-1) ?? { none: NaN, many: NaN };
      const memoryRatio = exact(held.many / held.none);
      return {
        tables: [
          {
            title: 'New erasures while others wait',
            columns: ['', 'none waiting', `${count} waiting`],
            rows: [
              [
                'CPU for a new erasure, ms',
                estimateText(meanOf(pairs.map(({ one }) => one)), 0),
                estimateText(meanOf(pairs.map(({ other }) => other)), 0),
              ],
              ['memory of the worker, MB', held.none.toFixed(0), held.many.toFixed(0)],
            ],
          },
        ],
        plots: [
          {
            name: 'memory',
            title: 'Memory of the worker, batch after batch',
            y: 'MB',
            x: 'batches',
            kind: 'lines',
            series: [
              { name: 'none waiting', points: memory.map((one, index) => ({ x: index + 1, y: one.none })) },
              { name: `${count} waiting`, points: memory.map((one, index) => ({ x: index + 1, y: one.many })) },
            ],
          },
        ],
        targets: [
          target(`rate of new erasures with ${count} waiting, over none`, rate, { atLeast: 0.9 }),
          target(`memory of the worker with ${count} waiting, over none`, memoryRatio, { atMost: 1.15 }),
        ],
        notes: [
          'Both workers have seen as many erasures before: a worker grows with the first ones, whether they wait or not.',
          `Of the ${count} that wait, ${real} are erasures that were really taken on; the others are stand-ins, open runs with the same timers and search attributes, of which the worker knows nothing, as it knows nothing of an erasure that it has dropped from its memory.`,
          ...(count < FULL
            ? [`${FULL} waiting were not measured: \`npm run bench -- --only sleepers --full\` does it.`]
            : []),
        ],
      };
    } finally {
      await many.stop();
    }
  } finally {
    await none.stop();
  }
}

export const sleepers: Measurement = {
  name: 'sleepers',
  title: 'While many wait',
  about:
    'Two servers, each with a worker of its own; on one of them many erasures wait for their windows. Batches of new erasures go through both in turn, from their start to their certificate, on virtual time. The rate is by CPU time of worker, server, gateway and client together.',
  run,
};
