/** The report: one Markdown page with its plots, made from what the measurements left. Nobody edits it by hand. */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from './machine';
import type { Measurement, Result, Table, Target } from './measurement';
import { svgOf } from './svg-plot';

/** What one run of a measurement left, kept beside the report so that a single one can be measured again. */
export interface Kept {
  readonly name: string;
  readonly measuredAt: string;
  readonly tookSeconds: number;
  readonly machine: Machine;
  readonly result: Result;
}

/** As seen from dist/. */
const docs = join(__dirname, '..', '..', '..', 'docs');
const page = join(docs, 'benchmark.md');
const directory = join(docs, 'benchmark');

export async function keep(kept: Kept): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${kept.name}.json`), await formatted(JSON.stringify(kept), 'json'));
}

export function readKept(name: string): Kept | undefined {
  const file = join(directory, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : undefined;
}

/** From all that is kept; what no measurement makes any more is removed. */
export async function writeReport(measurements: readonly Measurement[]): Promise<string> {
  const kept = measurements.flatMap(({ name }) => readKept(name) ?? []);
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.svg'))) rmSync(join(directory, name));
  for (const [file, content] of reportFiles(measurements, kept)) {
    const text = file.endsWith('.md') ? await formatted(content, 'markdown') : content;
    await writeFile(join(docs, file), text);
  }
  return page;
}

/** The page, before it is formatted, and its plots, by their path in docs/. */
export function reportFiles(measurements: readonly Measurement[], kept: readonly Kept[]): ReadonlyMap<string, string> {
  const found = measurements.flatMap((measurement) => {
    const one = kept.find(({ name }) => name === measurement.name);
    return one === undefined ? [] : [{ measurement, kept: one }];
  });
  const missing = measurements.filter((one) => found.every(({ measurement }) => measurement !== one));
  const plots = found.flatMap(({ kept: one }) =>
    one.result.plots.map((plot) => [`benchmark/${plotFile(one, plot.name)}`, svgOf(plot)] as const),
  );
  return new Map([['benchmark.md', pageOf(found, missing)], ...plots]);
}

/** Loaded when it is needed: who only reads the report needs no formatter. */
async function formatted(text: string, parser: 'json' | 'markdown'): Promise<string> {
  const { format } = await import('prettier');
  return format(text, { printWidth: 120, singleQuote: true, parser });
}

interface Found {
  readonly measurement: Measurement;
  readonly kept: Kept;
}

function pageOf(found: readonly Found[], missing: readonly Measurement[]): string {
  const unmeasured = [
    ...missing.map(({ title, name }) => `${title} (\`${name}\`): not run yet.`),
    ...found.flatMap(({ kept }) =>
      kept.result.targets
        .filter(({ verdict }) => verdict === 'not measured')
        .map(({ what, measured }) => `${what}: ${measured}.`),
    ),
  ];
  return [
    '# Benchmark',
    'Made by `npm run bench` from what it measured, and never edited by hand. `npm run bench -- --only NAME` measures one part again. All times are CPU time: the machine is shared, so wall time says little. Intervals are 95 % confidence intervals. "Unclear" means that the interval lies on both sides of the target.',
    '## Targets',
    tableText(
      ['part', 'target', 'measured', 'verdict'],
      found.flatMap(({ kept, measurement }) =>
        kept.result.targets.map((one) => [
          `[${one.what}](#${anchorOf(measurement.title)})`,
          one.target,
          one.measured,
          verdictText(one),
        ]),
      ),
    ),
    '## What was not measured',
    unmeasured.length === 0 ? 'Everything that has a target was.' : unmeasured.map((line) => `- ${line}`).join('\n'),
    '## The machine',
    machines(found.map(({ kept }) => kept)),
    ...found.flatMap(sectionOf),
  ].join('\n\n');
}

function sectionOf({ measurement, kept }: Found): string[] {
  const { result, machine } = kept;
  return [
    `## ${measurement.title}`,
    measurement.about,
    ...result.tables.flatMap(({ title, columns, rows }: Table) => [`**${title}**`, tableText(columns, rows)]),
    ...result.plots.map((plot) => `![${plot.title}](benchmark/${plotFile(kept, plot.name)})`),
    result.notes.map((note) => `- ${note}`).join('\n'),
    `Measured ${kept.measuredAt.slice(0, 16).replace('T', ' ')} UTC at commit ${machine.commit} in ${Math.round(kept.tookSeconds / 60)} minutes; load before it ${machine.load}.`,
  ];
}

/** Alike for all of one run; said once for each that differs. */
function machines(all: readonly Kept[]): string {
  const texts = all.map(
    ({ machine: of }) =>
      `${of.cores} × ${of.processor}, ${of.memoryGb} GB, ${of.kernel}, Node ${of.node}, Temporal server ${of.temporalServer} on SQLite unless said otherwise, Temporal SDK ${of.temporalSdk}, PostgreSQL ${of.postgres}.`,
  );
  return [...new Set(texts)].join('\n\n');
}

function tableText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n');
}

function verdictText({ verdict }: Target): string {
  return verdict === 'met' ? 'met' : `**${verdict}**`;
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

function plotFile({ name }: Pick<Kept, 'name'>, plot: string): string {
  return `${name}-${plot}.svg`;
}

/** For the terminal. */
export function resultText(measurement: Measurement, { tables, targets, notes }: Result): string {
  return [
    `\n${measurement.title}`,
    ...tables.flatMap(({ title, columns, rows }) => ['', title, aligned([columns, ...rows])]),
    '',
    ...targets.map(
      ({ what, target, measured, verdict }) => `${verdict.toUpperCase()}: ${what}: ${measured}, wanted ${target}`,
    ),
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
