/** Submits a file of many requests: every row is checked first, then the good ones are started, a few at a time. */
import { stat } from 'node:fs/promises';
import { RequestConflictError } from '../errors';
import type { Submitted } from '../erasure-client';
import type { ErasureSubmission } from '../submission';
import { BulkFileError, unreadable } from './bulk-file-error';
import { bulkFormatOf, bulkRows } from './bulk-rows';
import { judgedRows, type JudgedRow, type RowProblem } from './judged-rows';
import type { RowIds } from './row-ids';
import { takeAll } from './take-all';

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
  /** Names the state of the file that was checked. */
  readonly version: string;
}

/** How the second pass stands. */
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
  options: BulkOptions & { readonly tell?: (row: JudgedRow) => void | Promise<void> },
): Promise<BulkCheck> {
  const version = await versionOf(path);
  const count = { good: 0, duplicate: 0, rejected: 0 };
  for await (const row of judgedRows(bulkRows(path, bulkFormatOf(path)), options)) {
    count[row.verdict] += 1;
    await options.tell?.(row);
  }
  const rows = count.good + count.duplicate + count.rejected;
  return { rows, good: count.good, duplicates: count.duplicate, rejected: count.rejected, version };
}

export interface SubmitBulkOptions extends BulkOptions {
  /** What `checkBulk` found of the same file. */
  readonly check: BulkCheck;
  readonly submit: (submission: ErasureSubmission) => Promise<Submitted>;
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
  /** After each row that is over. */
  readonly onProgress?: (tally: BulkTally) => void;
  readonly onFailed?: (line: number, problem: RowProblem) => void | Promise<void>;
}

export interface BulkSubmitted extends BulkTally {
  /** `signal` stopped it: submitting the file again goes on. */
  readonly stopped: boolean;
}

/**
 * Starts what is good in the file. Safe to repeat, also after a crash in the middle: what was started is found again by
 * its id. Throws `BulkFileError` where the file has changed since its check, and what `ErasureClient.submit` throws for
 * everybody alike (no keys, Temporal away for minutes); `onProgress` has told how far it came.
 */
export async function submitBulk(path: string, options: SubmitBulkOptions): Promise<BulkSubmitted> {
  const { check, submit, concurrency, signal, onProgress, onFailed } = options;
  if ((await versionOf(path)) !== check.version) {
    throw new BulkFileError('The file has changed since it was checked. Nothing was submitted; start again.');
  }
  let tally: BulkTally = { done: 0, accepted: 0, duplicates: 0, failed: 0 };
  const add = (kind: 'accepted' | 'duplicates' | 'failed'): void => {
    tally = { ...tally, done: tally.done + 1, [kind]: tally[kind] + 1 };
    onProgress?.(tally);
  };
  const take = async (row: JudgedRow): Promise<void> => {
    if (row.verdict === 'rejected') return;
    if (row.verdict === 'duplicate') return add('duplicates');
    try {
      add((await submit(row.submission)).duplicate ? 'duplicates' : 'accepted');
    } catch (error) {
      if (!(error instanceof RequestConflictError)) throw error;
      const problem = 'is taken by another request';
      await onFailed?.(row.line, { field: 'requestId', problem });
      add('failed');
    }
  };
  const rows = judgedRows(bulkRows(path, bulkFormatOf(path)), options);
  const end = await takeAll(rows, { take, concurrency, signal });
  return { ...tally, stopped: end === 'stopped' };
}

/** Whether the file is still the one that was checked. */
async function versionOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(error);
  });
  // Both passes read it from its beginning: a pipe can be read once only.
  if (!found.isFile()) throw new BulkFileError('A file of many requests has to be an ordinary file.');
  return [found.dev, found.ino, found.size, found.mtimeMs].join(' ');
}
