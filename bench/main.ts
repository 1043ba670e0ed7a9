/** `npm run bench`: measures, and makes docs/benchmark.md from it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { describeMachine } from './frame/machine';
import type { BenchContext, Measurement } from './frame/measurement';
import { keep, readKept, resultText, writeReport } from './frame/report-page';
import { toTheEnd } from '../local/to-the-end';
import { guard, runGuard } from './comparison/guard';
import { measurements } from './measurements';

interface Options {
  readonly only?: readonly string[];
  readonly quick?: true;
  readonly full?: true;
  readonly sleepers?: number;
  readonly guard?: true;
}

async function main(): Promise<void> {
  const names = measurements.map(({ name }) => name);
  const options = new Command('npm run bench --')
    .description('Measures what erasures cost, beside what people would use instead; writes docs/benchmark.md.')
    .addOption(new Option('--only <names...>', 'these measurements only').choices(names))
    .option('--full', 'the sizes that the targets name: hours')
    .option('--sleepers <count>', 'how many wait in the measurement of that name', countOf)
    .option('--quick', 'fewer repetitions, to the terminal only: docs/benchmark.md stays as it is')
    .option('--guard', 'a minute: fails where ours has become dearer beside the plain application; writes nothing')
    .addHelpText(
      'after',
      `\nMeasurements:\n${measurements.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join('\n')}`,
    )
    .parse()
    .opts<Options>();
  if (process.platform !== 'linux') throw new Error('The benchmark reads CPU times from /proc: it needs Linux');
  if (options.guard === true) return heldToKept();
  const chosen = measurements.filter(({ name }) => options.only?.includes(name) ?? true);
  const { quick = false, full = false, sleepers } = options;
  for (const measurement of chosen) await measure(measurement, { quick, full, sleepers });
  if (!quick) tell(`The report is ${await writeReport(measurements)}`);
}

async function heldToKept(): Promise<void> {
  const kept = readKept(guard.name)?.result.data;
  if (kept === undefined) {
    process.stderr.write(`Nothing is kept to hold it to. Make it with: npm run bench -- --only ${guard.name}\n`);
    process.exitCode = 1;
    return;
  }
  if (!(await runGuard(kept, tell))) process.exitCode = 1;
}

async function measure(
  measurement: Measurement,
  size: Pick<BenchContext, 'quick' | 'full' | 'sleepers'>,
): Promise<void> {
  const machine = describeMachine();
  tell(`--- ${measurement.name}: ${measurement.title} (load ${machine.load})`);
  const directory = await mkdtemp(join(tmpdir(), 'erasure-bench-'));
  const startedAt = performance.now();
  try {
    const result = await measurement.run({ ...size, report: tell, directory });
    const tookSeconds = Math.round((performance.now() - startedAt) / 1000);
    process.stdout.write(resultText(measurement, result));
    if (size.quick) return;
    const measuredAt = new Date().toISOString();
    await keep({ name: measurement.name, measuredAt, tookSeconds, machine, result });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function countOf(value: string): number {
  const count = Number(value);
  if (!(Number.isInteger(count) && count > 0)) throw new InvalidArgumentError('expected a whole number above 0');
  return count;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function failed(why: string): void {
  tell(`The benchmark failed: ${why}`);
  process.exitCode = 1;
}

toTheEnd(main(), () => failed('it ended in the middle')).catch((error: unknown) =>
  failed(error instanceof Error ? (error.stack ?? error.message) : String(error)),
);
