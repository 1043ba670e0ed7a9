/** Many requests in one call: rows stream in, and a line for each streams out. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { streamedRows, type BulkForm } from '../../client/bulk/bulk-rows';
import { checkedRows, type CheckedRow } from '../../client/bulk/checked-rows';
import {
  BulkFileError,
  InvalidSubmissionError,
  RequestConflictError,
  TemporalUnavailableError,
} from '../../client/errors';
import { mapInOrder } from '../../client/in-order';
import { defined } from '../../domain/defined';
import { submissionOf } from '../filing';
import { csv, mediaTypeOf, ndjson } from '../media-type';
import { route, type ApiCall, type ApiRoute } from '../route';
import { batchEnd, batchRow } from '../schemas';
import type { ApiServices } from '../services';

const FILED_AT_ONCE = 8;
/** Lines that nobody has read yet. Many clients send everything before they read: they must not wait for each other. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
const formOf: Readonly<Record<string, BulkForm>> = { [csv]: 'csv', [ndjson]: 'ndjson' };

const batchQuery = z.strictObject({
  batch: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 letters, digits and . _ -')
    .optional()
    .meta({ description: 'Sets rows without a request id apart from the same rows of other batches' }),
});

type Row = z.output<typeof batchRow>;
type End = z.output<typeof batchEnd>;

export function batchRoute(services: ApiServices): ApiRoute {
  return route({
    method: 'POST',
    path: '/batches',
    role: 'file',
    name: 'fileBatch',
    summary: 'File many requests',
    description:
      'CSV with a header, or one JSON object on each line. Each row is filed as it comes in; a line of NDJSON says what became of it, in their order, and the last line how it ended. Safe to send again, whole, after whatever has happened: rows without a request id get the same one again.',
    query: batchQuery,
    streams: {
      [csv]: 'The columns are those of erasure submit --file',
      [ndjson]: 'A request on each line',
    },
    answers: {
      200: {
        description: 'A line for each row, and one for the end',
        content: { [ndjson]: z.union([batchRow, batchEnd]) },
      },
    },
    problems: ['invalid-filter', 'unsupported-media-type'],
    handle: async (call) => {
      const lines = Readable.from(linesOf(call, services), { objectMode: false, highWaterMark: UNREAD_BYTES_MAX });
      return call.reply.code(200).type(ndjson).send(lines);
    },
  });
}

async function* linesOf(
  call: ApiCall<unknown, z.output<typeof batchQuery>, unknown>,
  { client, rowIds, policy }: ApiServices,
): AsyncGenerator<string, void, undefined> {
  const { principal, query, body, now, request } = call;
  const form = formOf[mediaTypeOf(request.headers['content-type'])] ?? 'ndjson';
  const counts = { rows: 0, new: 0, duplicate: 0, failed: 0, rejected: 0 };

  const file = async (row: CheckedRow): Promise<Row | undefined> => {
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
          const submission = submissionOf(row.submission, { principal, policy, now });
          const { requestId, duplicate } = await client.submit(submission);
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

  const ended = (end: End['end'], detail?: string): string => lineOf({ end, ...counts, ...defined({ detail }) });
  try {
    const ids = await rowIds(query.batch ?? '');
    const rows = checkedRows(streamedRows(body as AsyncIterable<Uint8Array>, form), { ids, now });
    for await (const row of mapInOrder(rows, FILED_AT_ONCE, file)) {
      if (row === undefined) continue;
      counts.rows += 1;
      counts[row.result] += 1;
      yield lineOf(row);
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

function lineOf(value: Row | End): string {
  return `${JSON.stringify(value)}\n`;
}
