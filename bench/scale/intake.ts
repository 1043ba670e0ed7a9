/** A file of many requests, beside a loop of bare starts; and what a long file takes of memory. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { newSubject } from '../../local/sample-request';
import { startAskedProcess } from '../frame/asked-process';
import { cpuMsOf } from '../frame/cpu-time';
import { interleaved } from '../frame/interleave';
import { estimateText, target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { exact, meanOf, ratioOf } from '../frame/statistics';
import type { IntakeAnswer, IntakeQuestion } from './intake-process';
import { startOwnWorld, type OwnWorld } from './own-world';

const CONCURRENCY = 8;
const COMPARED_ROWS = 5_000;
/** Or Node's heap grows for as long as nothing presses, to some 200 MB, whatever is held in it. */
const heldHeap = ['--max-old-space-size=96', '--max-semi-space-size=1'];

interface Cost {
  readonly client: number;
  readonly all: number;
}

async function run({ quick, full, report, directory }: BenchContext): Promise<Result> {
  // Long enough that code which is being compiled, on either side, does not count.
  const rows = quick ? 40 : 1_000;
  const pairs = quick ? 2 : 5;
  const sizes = quick
    ? [COMPARED_ROWS, 10_000]
    : full
      ? [1_000, COMPARED_ROWS, 20_000, 100_000]
      : [1_000, COMPARED_ROWS, 20_000];
  const world = await startOwnWorld({ name: 'intake', report });
  try {
    // Only the intake: nobody works on what was started.
    await world.stack.worker.stop();
    const intake = await startIntake(world);
    let costs: { readonly one: Cost; readonly other: Cost }[];
    try {
      const measure = async (what: 'bulk' | 'bare'): Promise<Cost> => {
        const file = await writeRows(directory, rows);
        const question = { file, concurrency: CONCURRENCY };
        if (what === 'bare') await intake.ask({ do: 'prepare', ...question });
        const pids = [intake.pid, world.stack.engine.pid ?? 0];
        const before = pids.map(cpuMsOf);
        const { started } = await intake.ask({ do: what, ...question });
        if (started !== rows) throw new Error(`${started} of ${rows} were started`);
        const [client = NaN, server = NaN] = pids.map((pid, index) => (cpuMsOf(pid) - (before[index] ?? 0)) / rows);
        report(`${what}: ${client.toFixed(1)} ms of CPU of the client, ${server.toFixed(1)} of the server`);
        return { client, all: client + server };
      };
      for (const what of ['bulk', 'bare'] as const) await measure(what);
      costs = await interleaved(
        pairs,
        () => measure('bare'),
        () => measure('bulk'),
      );
    } finally {
      await intake.stop();
    }
    const memory: { rows: number; mb: number }[] = [];
    for (const size of sizes) {
      const fresh = await startIntake(world, heldHeap);
      try {
        const file = await writeRows(directory, size);
        const { memoryMb } = await fresh.ask({ do: 'seal', file, concurrency: CONCURRENCY });
        report(`${size} rows: ${memoryMb.toFixed(0)} MB`);
        memory.push({ rows: size, mb: memoryMb });
      } finally {
        await fresh.stop();
      }
    }
    const longest = memory.at(-1)?.mb ?? NaN;
    const compared = memory.find((one) => one.rows === COMPARED_ROWS)?.mb ?? NaN;
    return {
      tables: [
        {
          title: 'CPU for a start, ms',
          columns: ['', 'client', 'client and server'],
          rows: [
            ['bare start, sealed before', ...costRow(costs.map(({ one }) => one))],
            ['row of a file: checked twice, sealed, started', ...costRow(costs.map(({ other }) => other))],
          ],
        },
        {
          title: 'The most memory that the client held',
          columns: ['rows', 'MB'],
          rows: memory.map((one) => [String(one.rows), one.mb.toFixed(0)]),
        },
      ],
      plots: [
        {
          name: 'memory',
          title: 'Memory of the client by the length of the file',
          y: 'MB',
          x: 'rows',
          kind: 'lines',
          logarithmicX: true,
          series: [{ name: 'the most it held', points: memory.map((one) => ({ x: one.rows, y: one.mb })) }],
        },
      ],
      targets: [
        target(
          'rate of a file of requests, over bare starts, by CPU of client and server',
          ratioOf(costs.map(({ one, other }) => ({ over: one.all, under: other.all }))),
          { atLeast: 0.8 },
        ),
        target(
          'the same, by CPU of the client alone',
          ratioOf(costs.map(({ one, other }) => ({ over: one.client, under: other.client }))),
          { atLeast: 0.8 },
        ),
        target(`memory with ${sizes.at(-1)} rows, over that with ${COMPARED_ROWS}`, exact(longest / compared), {
          atMost: 1.15,
        }),
      ],
      notes: [
        'Both start the same requests with the same options and the same concurrency of 8; the bare ones were sealed before and not checked. No worker runs, so that nothing but the intake is measured.',
        'Memory was measured with everything but the call to Temporal, in a fresh process for each length, whose heap may have 96 MB: without a limit Node lets it grow to twice that, whatever is held in it. It is not quite constant: what tells repetitions apart takes about 200 bytes for a row, which is why a file is limited to a million rows.',
      ],
    };
  } finally {
    await world.stop();
  }
}

function costRow(costs: readonly Cost[]): string[] {
  return [costs.map(({ client }) => client), costs.map(({ all }) => all)].map((of) => estimateText(meanOf(of), 1));
}

function startIntake({ stack }: OwnWorld, nodeOptions: readonly string[] = []) {
  return startAskedProcess<IntakeQuestion, IntakeAnswer>({
    script: join(__dirname, 'intake-process.js'),
    env: stack.settings,
    nodeOptions,
  });
}

async function writeRows(directory: string, rows: number): Promise<string> {
  const file = join(directory, `requests-${Math.random().toString(36).slice(2)}.csv`);
  const stream = createWriteStream(file);
  stream.write('regulation,submittedAt,receivedVia,measureone.individualId,person.personId,aptrinsic.identifyId\n');
  const submittedAt = new Date(Date.now() - 60_000).toISOString();
  for (let row = 0; row < rows; row += 1) {
    const { measureone, person, aptrinsic } = newSubject();
    const hasRoom = stream.write(`gdpr,${submittedAt},web-form,${measureone},${person},${aptrinsic}\n`);
    if (!hasRoom) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return file;
}

export const intake: Measurement = {
  name: 'intake',
  title: 'Many requests from a file',
  about:
    'A CSV file is checked and submitted as `erasure submit --file` does it, in turn with a loop that does nothing but start the same workflows, prepared before.',
  run,
};
