/** Submits a file of many requests: every row is checked first, then the good ones are started, a few at a time. */
import { stat } from 'node:fs/promises';
import { byProvider, providerKeys, type Provider } from '../../domain/provider/provider-table';
import { BulkFileError, RequestConflictError, type FieldProblem } from '../errors';
import type { ErasureSubmission } from '../submission';
import type { Submitted } from '../submitting';
import { forEachConcurrently } from './concurrently';
import { bulkRows } from './bulk-rows';
import { checkedRows, type CheckedRow } from './checked-rows';
import type { RowIds } from './row-ids';
import { cannotBeRead } from './text-lines';

export interface BulkOptions {
  readonly ids: RowIds;
  /** Epoch ms; one for both passes. */
  readonly now: number;
}

/** What the first pass found. Rows, without the header. */
export interface BulkCheck {
  readonly rows: number;
  /** To be submitted. */
  readonly good: number;
  /** The same request stands in an earlier row. */
  readonly duplicates: number;
  readonly rejected: number;
  /** Rows of nothing but separators; not among `rows`. */
  readonly empty: number;
  /** Of the good rows: those with a warning, and how many ask each provider. */
  readonly warned: number;
  readonly requests: Readonly<Record<Provider, number>>;
  /** Names the state of the file that was checked. */
  readonly version: string;
}

/** What became of one row. */
export interface BulkResult {
  readonly line: number;
  /** Absent for a rejected row. */
  readonly requestId?: string;
  /** `new`: started now. `duplicate`: started before, or standing in an earlier row. `failed`: its id is taken by another request. */
  readonly result: 'new' | 'duplicate' | 'failed' | 'rejected';
  readonly problems: readonly FieldProblem[];
}

/** How far the second pass has come. */
export interface BulkTally {
  /** Rows of the file that are over: those below, and the duplicates in the file. */
  readonly done: number;
  readonly accepted: number;
  /** Submitted before, or standing in an earlier row: nothing was started for them. */
  readonly duplicates: number;
  /** Their request id is taken by another request. */
  readonly failed: number;
}

/** Looks at every row and sends nothing. Throws `BulkFileError`. */
export async function checkBulk(
  path: string,
  { onRow, ...options }: BulkOptions & { readonly onRow?: (row: CheckedRow) => void | Promise<void> },
): Promise<BulkCheck> {
  const version = await versionOf(path);
  const counts = { good: 0, duplicate: 0, rejected: 0, empty: 0 };
  const requests = byProvider(() => 0);
  let warned = 0;
  for await (const row of untouched(checkedRows(bulkRows(path), options))) {
    counts[row.verdict] += 1;
    if (row.verdict === 'good') {
      if (row.warnings.length > 0) warned += 1;
      for (const provider of providerKeys) if (row.submission.subject[provider] !== undefined) requests[provider] += 1;
    }
    await onRow?.(row);
  }
  const { good, duplicate: duplicates, rejected, empty } = counts;
  return { rows: good + duplicates + rejected, good, duplicates, rejected, empty, warned, requests, version };
}

/** Whoever reads that their file is broken wants to know what has become of its rows. */
async function* untouched<Row>(rows: AsyncIterable<Row>): AsyncGenerator<Row, void, undefined> {
  try {
    yield* rows;
  } catch (error) {
    throw error instanceof BulkFileError ? new BulkFileError(`${error.message} Nothing was submitted.`) : error;
  }
}

export interface SubmitBulkOptions extends BulkOptions {
  /** What `checkBulk` found of the same file. */
  readonly check: BulkCheck;
  readonly submit: (submission: ErasureSubmission) => Promise<Submitted>;
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
  /** After each row that is over. */
  readonly onProgress?: (tally: BulkTally) => void;
  /** Each row once it is over, in the order in which they are. */
  readonly onResult?: (result: BulkResult) => void;
}

export interface BulkSubmitted extends BulkTally {
  /** `signal` stopped it: submitting the file again goes on. */
  readonly stopped: boolean;
}

/**
 * Starts what is good in the file. Safe to repeat, also after a crash in the middle: what was started is found again by
 * its id. Throws `BulkFileError` where the file has changed since its check, and what `ErasureClient.submit` throws for
 * any request (no keys, Temporal away for minutes); `onProgress` has reported how far it came.
 */
export async function submitBulk(path: string, options: SubmitBulkOptions): Promise<BulkSubmitted> {
  const { check, submit, concurrency, signal, onProgress, onResult } = options;
  if ((await versionOf(path)) !== check.version) {
    throw new BulkFileError('The file has changed since it was checked. Nothing was submitted; start again.');
  }
  let tally: BulkTally = { done: 0, accepted: 0, duplicates: 0, failed: 0 };
  const work = async (row: CheckedRow): Promise<void> => {
    if (row.verdict === 'empty') return;
    const result = await resultOf(row, submit);
    onResult?.(result);
    if (result.result === 'rejected') return;
    const count = countOf[result.result];
    tally = { ...tally, done: tally.done + 1, [count]: tally[count] + 1 };
    onProgress?.(tally);
  };
  const end = await forEachConcurrently(checkedRows(bulkRows(path), options), { work, concurrency, signal });
  return { ...tally, stopped: end === 'stopped' };
}

const countOf = { new: 'accepted', duplicate: 'duplicates', failed: 'failed' } as const;

async function resultOf(
  row: Exclude<CheckedRow, { verdict: 'empty' }>,
  submit: SubmitBulkOptions['submit'],
): Promise<BulkResult> {
  const { line } = row;
  if (row.verdict === 'rejected') return { line, result: 'rejected', problems: row.problems };
  if (row.verdict === 'duplicate') return { line, requestId: row.requestId, result: 'duplicate', problems: [] };
  const { requestId } = row.submission;
  try {
    const { duplicate } = await submit(row.submission);
    return { line, requestId, result: duplicate ? 'duplicate' : 'new', problems: [] };
  } catch (error) {
    if (!(error instanceof RequestConflictError)) throw error;
    const problems = [{ field: 'requestId', problem: 'is taken by another request' }];
    return { line, requestId, result: 'failed', problems };
  }
}

/** Whether the file is still the one that was checked. */
async function versionOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    throw cannotBeRead(error);
  });
  // Both passes read it from its beginning: a pipe can be read once only.
  if (!found.isFile()) throw new BulkFileError('A file of many requests has to be an ordinary file.');
  return [found.dev, found.ino, found.size, found.mtimeMs].join(' ');
}
