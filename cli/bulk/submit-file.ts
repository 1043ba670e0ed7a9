/** `erasure submit --file`: checks every row, shows what is to come, submits what is good, and says how far it came. */
import { basename } from 'node:path';
import type { BulkCheck, BulkOptions, BulkTally } from '../../client/bulk/submit-bulk';
import { defined } from '../../domain/defined';
import { InputError } from '../command-failure';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { exitCode, type ExitCode } from '../exit-code';
import { sealerIfAny, sealerOf } from '../sealer';
import { interruptible } from './interruption';
import { LiveLine } from './live-line';
import type { BulkPlan } from './plan';
import { ProblemFile } from './problem-file';
import { progressText } from './progress-text';
import { ResultsFile } from './results-file';
import { checkLines, summaryLines, type Summary } from './submit-file-text';

export interface SubmitFileOptions {
  readonly file: string;
  readonly batch?: string;
  readonly rejects?: string;
  readonly warnings?: string;
  readonly results?: string;
  readonly concurrency: number;
  readonly dryRun: boolean;
  readonly policy?: string;
  readonly json: boolean;
}

/** The options, and the files that are written beside the one that is submitted. */
interface Run {
  readonly options: SubmitFileOptions;
  readonly rejects: ProblemFile;
  readonly warnings: ProblemFile;
  readonly results: ResultsFile | undefined;
  readonly context: CommandContext;
}

const batchPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export async function submitFile(options: SubmitFileOptions, context: CommandContext): Promise<void> {
  const { file, batch } = options;
  if (batch !== undefined && !batchPattern.test(batch)) {
    throw new InputError('--batch: expected up to 64 letters, digits and . _ -, and nothing personal.');
  }
  const { rejects: rejectsPath = `${file}.rejects.csv`, warnings: warningsPath = `${file}.warnings.csv` } = options;
  const rejects = new ProblemFile(rejectsPath, { what: 'rejected rows', option: '--rejects' });
  const warnings = new ProblemFile(warningsPath, { what: 'warnings', option: '--warnings' });
  let results: ResultsFile | undefined;
  try {
    results = options.results === undefined ? undefined : await ResultsFile.open(options.results);
    const run = { options, rejects, warnings, results, context };
    if (options.dryRun) await preview(run);
    else await submitRows(run);
  } finally {
    rejects.close();
    warnings.close();
    results?.close();
  }
}

async function preview(run: Run): Promise<void> {
  const { options, rejects, warnings, context } = run;
  const { BulkPlan } = await import('./plan.js');
  const plan = await BulkPlan.under(options.policy, context);
  const check = await checkRows(run, await bulkOptions(run), plan);
  if (options.json) {
    const { version: _, ...counts } = check;
    printJson(context, { ...counts, odd: warnings.groups(), ...plan.json(check), ...usedFiles(rejects, warnings) });
  } else {
    print(context, ...checkLines(check, { rejects, warnings }), ...plan.lines(check), 'Nothing was sent.');
  }
  context.exitWith(check.rejected === 0 ? exitCode.ok : exitCode.usage);
}

async function submitRows(run: Run): Promise<void> {
  const { options, rejects, warnings, results, context } = run;
  const { submitBulk } = await import('../../client/bulk/submit-bulk.js');
  const passes = await bulkOptions(run);
  // Before connecting: a wrong file is reported also where Temporal is away, and a long check holds no connection.
  const check = await checkRows(run, passes);
  remark(context, ...checkLines(check, { rejects, warnings }));
  await connected(context, async (client) => {
    const startedAt = Date.now();
    const line = new LiveLine(context);
    const total = check.good + check.duplicates;
    let tally: BulkTally = { done: 0, accepted: 0, duplicates: 0, failed: 0 };
    const finish = (stopped: boolean): void => {
      line.clear();
      const { rows, rejected, empty, warned } = check;
      const left = total - tally.done;
      const elapsedMs = Date.now() - startedAt;
      const files = { ...usedFiles(rejects, warnings), ...defined({ results: options.results }) };
      showSummary({ rows, rejected, empty, warned, ...tally, left, stopped, elapsedMs, ...files }, run);
    };
    try {
      const { stopped } = await interruptible(context, (signal) =>
        submitBulk(options.file, {
          ...passes,
          check,
          submit: (submission) => client.submit(submission, { bulk: true }),
          concurrency: options.concurrency,
          signal,
          onProgress: (now) => {
            tally = now;
            const { done, ...counts } = tally;
            line.show(() => progressText({ done, total, elapsedMs: Date.now() - startedAt, counts }));
          },
          onResult: (result) => {
            results?.add(result);
            if (result.result === 'failed') rejects.add(result.line, result.problems);
          },
        }),
      );
      finish(stopped);
    } catch (error) {
      // How far it came is worth as much as why it ended.
      finish(true);
      throw error;
    }
  });
}

async function checkRows({ options, ...run }: Run, passes: BulkOptions, plan?: BulkPlan): Promise<BulkCheck> {
  const { checkBulk } = await import('../../client/bulk/submit-bulk.js');
  const line = new LiveLine(run.context);
  let rows = 0;
  const check = await checkBulk(options.file, {
    ...passes,
    onRow: (row) => {
      rows += 1;
      line.show(() => `Checked ${rows} rows`);
      run.results?.check(row);
      if (row.verdict === 'rejected') run.rejects.add(row.line, row.problems);
      if (row.verdict !== 'good') return;
      plan?.add(row.submission);
      run.warnings.add(row.line, row.warnings);
    },
  });
  line.clear();
  return check;
}

/** The same for both passes. */
async function bulkOptions({ options: { batch, dryRun }, context }: Run): Promise<BulkOptions> {
  const { rowIdsOf, rowIdsWith } = await import('../../client/bulk/row-ids.js');
  const { randomUUID } = await import('node:crypto');
  const sealer = dryRun ? await sealerIfAny(context) : await sealerOf(context);
  // Without keys it is enough to tell repeated rows from others; no id of it is ever used.
  const ids = sealer === undefined ? rowIdsWith(randomUUID(), batch ?? '') : await rowIdsOf(sealer, batch);
  return { ids, now: Date.now() };
}

function usedFiles(rejects: ProblemFile, warnings: ProblemFile) {
  return {
    ...(rejects.isUsed ? { rejects: rejects.path } : {}),
    ...(warnings.isUsed ? { warnings: warnings.path } : {}),
  };
}

function showSummary(summary: Summary, { options, context }: Run): void {
  if (options.json) printJson(context, summary);
  else print(context, ...summaryLines(summary));
  if (summary.stopped && summary.left > 0) {
    remark(
      context,
      `Not finished. Submit ${basename(options.file)} again: what was started is found again, and the rest is done.`,
    );
  }
  context.exitWith(exitCodeOf(summary));
}

function exitCodeOf({ stopped, left, failed, rejected }: Summary): ExitCode {
  if (stopped && left > 0) return exitCode.interrupted;
  if (failed > 0) return exitCode.conflict;
  return rejected > 0 ? exitCode.usage : exitCode.ok;
}
