/** `erasure submit --file`: checks every row, shows what is to come, submits what is good, and says where it stands. */
import { basename } from 'node:path';
import { defined } from '../../domain/defined';
import type { JudgedRow } from '../../client/bulk/judged-rows';
import type { BulkCheck, BulkTally } from '../../client/bulk/submit-bulk';
import type { ErasureSubmission } from '../../client/submission';
import { providerFacts, providerKeys, providerName } from '../../domain/provider/provider-table';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { exitCode, type ExitCode } from '../exit-code';
import { InputError } from '../command-failure';
import { interruptible } from './interruption';
import { LiveLine } from './live-line';
import { progressText } from './progress-text';
import { RejectFile } from './reject-file';
import { ResultsFile } from './results-file';
import { warningLine, Warnings } from './warnings';

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

/** The JSON that `--json` prints. Rows; `left`: those that were not got to. */
interface Summary extends BulkTally {
  readonly rows: number;
  readonly rejected: number;
  readonly empty: number;
  /** Rows that are odd in something. */
  readonly warned: number;
  readonly left: number;
  readonly stopped: boolean;
  readonly elapsedMs: number;
  /** The file that says what is wrong with the rejected and failed rows. */
  readonly rejects?: string;
  /** The file that says what is odd about others. */
  readonly warnings?: string;
  readonly results?: string;
}

const batchPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export async function submitFile(options: SubmitFileOptions, context: CommandContext): Promise<void> {
  const { file, batch, rejects = `${file}.rejects.csv`, warnings = `${file}.warnings.csv` } = options;
  if (batch !== undefined && !batchPattern.test(batch)) {
    throw new InputError('--batch: expected up to 64 letters, digits and . _ -, and nothing personal.');
  }
  const rejectFile = new RejectFile(rejects, { what: 'rejected rows', option: '--rejects' });
  const warningFile = new RejectFile(warnings, { what: 'warnings', option: '--warnings' });
  let results: ResultsFile | undefined;
  try {
    results = options.results === undefined ? undefined : await ResultsFile.open(options.results);
    const surroundings = { rejectFile, rejects, warningFile, warnings, results, context };
    if (options.dryRun) await dryRun(options, surroundings);
    else await submitAll(options, surroundings);
  } finally {
    rejectFile.close();
    warningFile.close();
    results?.close();
  }
}

interface Surroundings {
  readonly rejectFile: RejectFile;
  readonly rejects: string;
  readonly warningFile: RejectFile;
  readonly warnings: string;
  readonly results: ResultsFile | undefined;
  readonly context: CommandContext;
}

async function check(
  { file, batch, dryRun: isDryRun }: SubmitFileOptions,
  { rejectFile, warningFile, results, context }: Surroundings,
  see: (submission: ErasureSubmission) => void = () => undefined,
) {
  const { checkBulk } = await import('../../client/bulk/submit-bulk.js');
  const ids = await rowIds(batch, { needsKeys: !isDryRun, context });
  const now = Date.now();
  const line = new LiveLine(context);
  const warnings = new Warnings();
  const keep = (row: JudgedRow): void => {
    if (row.verdict === 'rejected') for (const problem of row.problems) rejectFile.add(row.line, problem);
    if (row.verdict !== 'good') return;
    see(row.submission);
    for (const warning of row.warnings) {
      warnings.add(row.line, warning);
      warningFile.add(row.line, warning);
    }
  };
  let rows = 0;
  const checked = await checkBulk(file, {
    ids,
    now,
    tell: (row) => {
      rows += 1;
      line.show(() => `Checked ${rows} rows`);
      results?.check(row);
      keep(row);
    },
  });
  line.clear();
  return { checked, warnings, ids, now };
}

async function dryRun(options: SubmitFileOptions, surroundings: Surroundings): Promise<void> {
  const { context, rejects, warnings: warningsPath } = surroundings;
  const { planOf } = await import('./plan.js');
  const plan = planOf(options.policy, context);
  const { checked, warnings } = await check(options, surroundings, (submission) => plan.add(submission));
  const { version: _, ...counts } = checked;
  if (options.json) {
    printJson(context, {
      ...counts,
      odd: warnings.groups(),
      ...plan.json(),
      ...(checked.rejected === 0 ? {} : { rejects }),
      ...(checked.warned === 0 ? {} : { warnings: warningsPath }),
    });
  } else {
    print(context, ...checkLines(checked, warnings, surroundings), ...plan.lines(), 'Nothing was sent.');
  }
  context.exitWith(checked.rejected === 0 ? exitCode.ok : exitCode.usage);
}

async function submitAll(options: SubmitFileOptions, surroundings: Surroundings): Promise<void> {
  const { file, concurrency } = options;
  const { context, rejectFile, rejects, warningFile, warnings: warningsPath, results } = surroundings;
  const { submitBulk } = await import('../../client/bulk/submit-bulk.js');
  // Before Temporal is asked for anything: a wrong file is told also where it is away, and a long check holds no connection.
  const { checked, warnings, ids, now } = await check(options, surroundings);
  remark(context, ...checkLines(checked, warnings, surroundings));
  await connected(context, async (client) => {
    const startedAt = Date.now();
    const line = new LiveLine(context);
    const total = checked.good + checked.duplicates;
    let tally: BulkTally = { done: 0, accepted: 0, duplicates: 0, failed: 0 };
    const standing = (): string => {
      const { done, ...counts } = tally;
      return progressText({ done, total, elapsedMs: Date.now() - startedAt, counts });
    };
    const end = (stopped: boolean): Summary => ({
      rows: checked.rows,
      rejected: checked.rejected,
      empty: checked.empty,
      warned: checked.warned,
      ...tally,
      left: total - tally.done,
      stopped,
      elapsedMs: Date.now() - startedAt,
      ...(rejectFile.isUsed ? { rejects } : {}),
      ...(warningFile.isUsed ? { warnings: warningsPath } : {}),
      ...defined({ results: options.results }),
    });
    try {
      const { stopped } = await interruptible(context, (signal) =>
        submitBulk(file, {
          ids,
          now,
          check: checked,
          submit: (submission) => client.submit(submission),
          concurrency,
          signal,
          onProgress: (sofar) => {
            tally = sofar;
            line.show(standing);
          },
          onResult: (result) => {
            results?.add(result);
            if (result.result === 'failed') for (const problem of result.problems) rejectFile.add(result.line, problem);
          },
        }),
      );
      line.clear();
      tell(end(stopped), { json: options.json, file, context });
    } catch (error) {
      line.clear();
      // How far it came is worth as much as why it ended.
      tell(end(true), { json: options.json, file, context });
      throw error;
    }
  });
}

function tell(
  summary: Summary,
  { json, file, context }: { readonly json: boolean; readonly file: string; readonly context: CommandContext },
): void {
  if (json) printJson(context, summary);
  else print(context, ...summaryLines(summary));
  if (summary.stopped && summary.left > 0) {
    remark(
      context,
      `Not finished. Submit ${basename(file)} again: what was started is found again, and the rest is done.`,
    );
  }
  context.exitWith(exitCodeOf(summary));
}

function exitCodeOf({ stopped, left, failed, rejected }: Summary): ExitCode {
  if (stopped && left > 0) return exitCode.interrupted;
  if (failed > 0) return exitCode.conflict;
  return rejected > 0 ? exitCode.usage : exitCode.ok;
}

function checkLines(
  { rows, good, duplicates, rejected, empty, warned, requests }: BulkCheck,
  warnings: Warnings,
  { rejects, warnings: warningsPath }: Surroundings,
): string[] {
  const tooMany = providerKeys.filter(
    (provider) => requests[provider] > (providerFacts(provider).peopleMax ?? Infinity),
  );
  return [
    `Rows        ${rows}`,
    `  good      ${good}`,
    `  repeated  ${duplicates} (the same request stands in an earlier row)`,
    `  rejected  ${rejected}${rejected === 0 ? '' : ` (line and field: ${basename(rejects)})`}`,
    ...(empty === 0 ? [] : [`  empty     ${empty} more, of nothing but separators: skipped`]),
    ...(warned === 0 ? [] : [`Look again  ${warned} of the good rows (line and field: ${basename(warningsPath)})`]),
    ...warnings.groups().map((group) => `  ${warningLine(group)}`),
    ...tooMany.map(
      (provider) =>
        `Look again  ${requests[provider]} people at ${providerName(provider)}: for more than ` +
        `${providerFacts(provider).peopleMax} its documents ask to go through its support`,
    ),
  ];
}

function summaryLines({ accepted, duplicates, failed, rejected, left, elapsedMs }: Summary): string[] {
  return [
    `Accepted    ${accepted}`,
    `Duplicates  ${duplicates}`,
    `Failed      ${failed}${failed === 0 ? '' : ' (their request ids are taken by other requests)'}`,
    `Rejected    ${rejected}`,
    `Not done    ${left}`,
    `Took        ${(elapsedMs / 1000).toFixed(1)} s`,
  ];
}

async function rowIds(
  batch: string | undefined,
  { needsKeys, context }: { readonly needsKeys: boolean; readonly context: CommandContext },
) {
  const { rowIdsOf, rowIdsWith } = await import('../../client/bulk/row-ids.js');
  const { clientVariables } = await import('../../config/client-config.js');
  const { ConfigurationError, readEnvironment } = await import('../../config/environment.js');
  const { ERASURE_KEYS_DIR: keysDirectory, ERASURE_KEY_PERMISSIONS: permissions } = readEnvironment(
    clientVariables,
    context.environment,
  );
  if (keysDirectory !== undefined) {
    const { sealerFromFiles } = await import('../../client/prepared-request.js');
    return rowIdsOf(sealerFromFiles(keysDirectory, permissions), batch);
  }
  if (needsKeys) throw new ConfigurationError(['ERASURE_KEYS_DIR is missing']);
  // Enough to tell repeated rows from others; no id of it is ever used.
  const { randomUUID } = await import('node:crypto');
  return rowIdsWith(randomUUID(), batch ?? '');
}
