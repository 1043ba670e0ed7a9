/** `erasure submit --file`: checks every row, shows what is to come, submits what is good, and says where it stands. */
import { basename } from 'node:path';
import type { BulkCheck, BulkTally } from '../../client/bulk/submit-bulk';
import type { ErasureSubmission } from '../../client/submission';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { exitCode, type ExitCode } from '../exit-code';
import { InputError } from '../failure';
import { interruptible } from './interruption';
import { LiveLine } from './live-line';
import { progressText } from './progress-text';
import { RejectFile } from './reject-file';

export interface SubmitFileOptions {
  readonly file: string;
  readonly batch?: string;
  readonly rejects?: string;
  readonly concurrency: number;
  readonly dryRun: boolean;
  readonly policy?: string;
  readonly json: boolean;
}

/** The JSON that `--json` prints. Rows; `left`: those that were not got to. */
interface Summary extends BulkTally {
  readonly rows: number;
  readonly rejected: number;
  readonly left: number;
  readonly stopped: boolean;
  readonly elapsedMs: number;
  /** The file that says what is wrong with the rejected and failed rows. */
  readonly rejects?: string;
}

const batchPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export async function submitFile(options: SubmitFileOptions, context: CommandContext): Promise<void> {
  const { file, batch, rejects = `${file}.rejects.csv` } = options;
  if (batch !== undefined && !batchPattern.test(batch)) {
    throw new InputError('--batch: expected up to 64 letters, digits and . _ -, and nothing personal.');
  }
  const rejectFile = new RejectFile(rejects);
  try {
    if (options.dryRun) await dryRun(options, { rejectFile, rejects, context });
    else await submitAll(options, { rejectFile, rejects, context });
  } finally {
    rejectFile.close();
  }
}

interface Surroundings {
  readonly rejectFile: RejectFile;
  readonly rejects: string;
  readonly context: CommandContext;
}

async function check(
  { file, batch, dryRun: isDryRun }: SubmitFileOptions,
  { rejectFile, context }: Surroundings,
  see: (submission: ErasureSubmission) => void = () => undefined,
) {
  const { checkBulk } = await import('../../client/bulk/submit-bulk.js');
  const ids = await rowIds(batch, { needsKeys: !isDryRun, context });
  const now = Date.now();
  const line = new LiveLine(context);
  let rows = 0;
  const checked = await checkBulk(file, {
    ids,
    now,
    tell: (row) => {
      rows += 1;
      line.show(() => `Checked ${rows} rows`);
      if (row.verdict === 'good') see(row.submission);
      if (row.verdict === 'rejected') for (const problem of row.problems) rejectFile.add(row.line, problem);
    },
  });
  line.clear();
  return { checked, ids, now };
}

async function dryRun(options: SubmitFileOptions, surroundings: Surroundings): Promise<void> {
  const { context, rejects } = surroundings;
  const { planOf } = await import('./plan.js');
  const plan = planOf(options.policy, context);
  const { checked } = await check(options, surroundings, (submission) => plan.add(submission));
  const { version: _, ...counts } = checked;
  if (options.json) {
    printJson(context, { ...counts, ...plan.json(), ...(checked.rejected === 0 ? {} : { rejects }) });
  } else {
    print(context, ...checkLines(checked, rejects), ...plan.lines(), 'Nothing was sent.');
  }
  context.exitWith(checked.rejected === 0 ? exitCode.ok : exitCode.usage);
}

async function submitAll(options: SubmitFileOptions, surroundings: Surroundings): Promise<void> {
  const { file, concurrency } = options;
  const { context, rejectFile, rejects } = surroundings;
  const { submitBulk } = await import('../../client/bulk/submit-bulk.js');
  // Before Temporal is asked for anything: a wrong file is told also where it is away, and a long check holds no connection.
  const { checked, ids, now } = await check(options, surroundings);
  remark(context, ...checkLines(checked, rejects));
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
      ...tally,
      left: total - tally.done,
      stopped,
      elapsedMs: Date.now() - startedAt,
      ...(rejectFile.isUsed ? { rejects } : {}),
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
          onFailed: (row, problem) => rejectFile.add(row, problem),
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

function checkLines({ rows, good, duplicates, rejected }: BulkCheck, rejects: string): string[] {
  return [
    `Rows        ${rows}`,
    `  good      ${good}`,
    `  repeated  ${duplicates} (the same request stands in an earlier row)`,
    `  rejected  ${rejected}${rejected === 0 ? '' : ` (line and field: ${basename(rejects)})`}`,
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
