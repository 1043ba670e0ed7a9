/** Files many requests, row by row as they come in, and says what became of each. */
import type { z } from 'zod';
import type { Principal } from '../access/principal';
import { streamedRows, type BulkForm } from '../client/bulk/bulk-rows';
import { checkedRows, type CheckedRow } from '../client/bulk/checked-rows';
import {
  BulkFileError,
  InvalidSubmissionError,
  RequestConflictError,
  TemporalUnavailableError,
} from '../client/errors';
import { mapInOrder } from '../client/in-order';
import { defined } from '../domain/defined';
import { submissionOf } from './filing';
import type { batchEnd, batchRow } from './schemas';
import type { ApiServices } from './services';

const FILED_AT_ONCE = 8;

export type FiledRow = z.output<typeof batchRow>;
export type FilingEnd = z.output<typeof batchEnd>;

export interface RowsToFile {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly form: BulkForm;
  /** Sets rows without a request id apart from the same rows of other batches. */
  readonly batch: string;
  readonly principal: Principal;
  /** Epoch ms. */
  readonly now: number;
}

/** A result for each row, in their order, and one for the end. */
export async function* filedRows(
  { bytes, form, batch, principal, now }: RowsToFile,
  { client, rowIds, policy, webhookHosts }: Pick<ApiServices, 'client' | 'rowIds' | 'policy' | 'webhookHosts'>,
): AsyncGenerator<FiledRow | FilingEnd, void, undefined> {
  const counts = { rows: 0, new: 0, duplicate: 0, failed: 0, rejected: 0 };

  const file = async (row: CheckedRow): Promise<FiledRow | undefined> => {
    const { line } = row;
    switch (row.verdict) {
      case 'empty':
        return undefined;
      case 'rejected':
        return { line, result: 'rejected', problems: [...row.problems] };
      case 'duplicate':
        return { line, requestId: row.requestId, result: 'duplicate', problems: [] };
      case 'good':
        try {
          const submission = submissionOf(row.submission, { principal, policy, webhookHosts, now });
          const { requestId, duplicate } = await client.submit(submission, { bulk: true });
          const warnings = row.warnings.length === 0 ? undefined : [...row.warnings];
          return { line, requestId, result: duplicate ? 'duplicate' : 'new', problems: [], ...defined({ warnings }) };
        } catch (error) {
          if (error instanceof InvalidSubmissionError)
            return { line, result: 'rejected', problems: [...error.problems] };
          if (!(error instanceof RequestConflictError)) throw error;
          const problems = [{ field: 'requestId', problem: 'is taken by another request' }];
          return { line, requestId: error.requestId, result: 'failed', problems };
        }
    }
  };

  const ended = (end: FilingEnd['end'], detail?: string): FilingEnd => ({ end, ...counts, ...defined({ detail }) });
  try {
    const rows = checkedRows(streamedRows(bytes, form), { ids: await rowIds(batch), now });
    for await (const row of mapInOrder(rows, FILED_AT_ONCE, file)) {
      if (row === undefined) continue;
      counts.rows += 1;
      counts[row.result] += 1;
      yield row;
    }
    yield ended('complete');
  } catch (error) {
    if (error instanceof BulkFileError) yield ended('unreadable', error.message);
    else if (error instanceof TemporalUnavailableError) {
      yield ended(
        'temporal-unavailable',
        'Temporal does not answer. Send the batch again later: nothing is filed twice.',
      );
    } else throw error;
  }
}

/** As NDJSON. */
export async function* linesOf(rows: AsyncIterable<FiledRow | FilingEnd>): AsyncGenerator<string, void, undefined> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}
