/** `npm run bench`: measures, and makes docs/benchmark.md from it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { describeMachine } from './frame/machine';
import type { Measurement } from './frame/measurement';
import { keep, resultText, writeReport } from './frame/report-page';
import { measurements } from './measurements';

interface Options {
  readonly only?: readonly string[];
  readonly quick?: true;
}

async function main(): Promise<void> {
  const names = measurements.map(({ name }) => name);
  const options = new Command('npm run bench --')
    .description('Measures what erasures cost, beside what people would use instead; writes docs/benchmark.md.')
    .addOption(new Option('--only <names...>', 'these measurements only').choices(names))
    .option('--quick', 'fewer repetitions, to the terminal only: docs/benchmark.md stays as it is')
    .addHelpText(
      'after',
      `\nMeasurements:\n${measurements.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join('\n')}`,
    )
    .parse()
    .opts<Options>();
  if (process.platform !== 'linux') throw new Error('The benchmark reads CPU times from /proc: it needs Linux');
  const chosen = measurements.filter(({ name }) => options.only?.includes(name) ?? true);
  for (const measurement of chosen) await measure(measurement, options.quick === true);
  if (options.quick !== true) tell(`The report is ${await writeReport(measurements)}`);
}

async function measure(measurement: Measurement, quick: boolean): Promise<void> {
  const machine = describeMachine();
  tell(`--- ${measurement.name}: ${measurement.title} (load ${machine.load})`);
  const directory = await mkdtemp(join(tmpdir(), 'erasure-bench-'));
  const startedAt = performance.now();
  try {
    const result = await measurement.run({ quick, report: tell, directory });
    const tookSeconds = Math.round((performance.now() - startedAt) / 1000);
    process.stdout.write(resultText(measurement, result));
    if (quick) return;
    const measuredAt = new Date().toISOString();
    await keep({ name: measurement.name, measuredAt, tookSeconds, machine, result });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `The benchmark failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
