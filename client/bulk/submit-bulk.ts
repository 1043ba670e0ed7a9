/** Submits a file of many requests: every row is checked first, then the good ones are started, a few at a time. */
import { stat } from 'node:fs/promises';
import { byProvider, providerKeys, type Provider } from '../../domain/provider/provider-table';
import { RequestConflictError, type FieldProblem } from '../errors';
import type { Submitted } from '../submitting';
import type { ErasureSubmission } from '../submission';
import { BulkFileError, unreadable } from './bulk-file-error';
import { bulkFormatOf, bulkRows } from './bulk-rows';
import { judgedRows, type JudgedRow } from './judged-rows';
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
  /** Rows of nothing but separators; not among `rows`. */
  readonly empty: number;
  /** Of the good rows: those that are odd in something, and how many ask each provider. */
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
  const count = { good: 0, duplicate: 0, rejected: 0, empty: 0 };
  const requests = byProvider(() => 0);
  let warned = 0;
  for await (const row of judgedRows(bulkRows(path, bulkFormatOf(path)), options)) {
    count[row.verdict] += 1;
    if (row.verdict === 'good') {
      warned += row.warnings.length === 0 ? 0 : 1;
      for (const provider of providerKeys) requests[provider] += row.submission.subject[provider] === undefined ? 0 : 1;
    }
    await options.tell?.(row);
  }
  const { good, duplicate: duplicates, rejected, empty } = count;
  return { rows: good + duplicates + rejected, good, duplicates, rejected, empty, warned, requests, version };
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
 * everybody alike (no keys, Temporal away for minutes); `onProgress` has told how far it came.
 */
export async function submitBulk(path: string, options: SubmitBulkOptions): Promise<BulkSubmitted> {
  const { check, submit, concurrency, signal, onProgress, onResult } = options;
  if ((await versionOf(path)) !== check.version) {
    throw new BulkFileError('The file has changed since it was checked. Nothing was submitted; start again.');
  }
  let tally: BulkTally = { done: 0, accepted: 0, duplicates: 0, failed: 0 };
  const add = (result: BulkResult): void => {
    onResult?.(result);
    if (result.result === 'rejected') return;
    const kind = tallied[result.result];
    tally = { ...tally, done: tally.done + 1, [kind]: tally[kind] + 1 };
    onProgress?.(tally);
  };
  const take = async (row: JudgedRow): Promise<void> => {
    const { line } = row;
    switch (row.verdict) {
      case 'empty':
        return;
      case 'rejected':
        return add({ line, result: 'rejected', problems: row.problems });
      case 'duplicate':
        return add({ line, requestId: row.requestId, result: 'duplicate', problems: [] });
      case 'good': {
        const { requestId } = row.submission;
        try {
          const { duplicate } = await submit(row.submission);
          add({ line, requestId, result: duplicate ? 'duplicate' : 'new', problems: [] });
        } catch (error) {
          if (!(error instanceof RequestConflictError)) throw error;
          const problems = [{ field: 'requestId', problem: 'is taken by another request' }];
          add({ line, requestId, result: 'failed', problems });
        }
      }
    }
  };
  const rows = judgedRows(bulkRows(path, bulkFormatOf(path)), options);
  const end = await takeAll(rows, { take, concurrency, signal });
  return { ...tally, stopped: end === 'stopped' };
}

const tallied = { new: 'accepted', duplicate: 'duplicates', failed: 'failed' } as const;

/** Whether the file is still the one that was checked. */
async function versionOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(error);
  });
  // Both passes read it from its beginning: a pipe can be read once only.
  if (!found.isFile()) throw new BulkFileError('A file of many requests has to be an ordinary file.');
  return [found.dev, found.ino, found.size, found.mtimeMs].join(' ');
}
