/** Many requests in one call: rows stream in, and a line for each streams out. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { BulkForm } from '../../client/bulk/bulk-rows';
import { filedRows, linesOf } from '../filing-rows';
import { csv, mediaTypeOf, ndjson } from '../media-type';
import { route, type ApiRoute } from '../route';
import { batchEnd, batchRow } from '../schemas';
import type { ApiServices } from '../services';

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
      const { principal, query, body, now, request } = call;
      const form = formOf[mediaTypeOf(request.headers['content-type'])] ?? 'ndjson';
      const bytes = body as AsyncIterable<Uint8Array>;
      const rows = filedRows({ bytes, form, batch: query.batch ?? '', principal, now }, services);
      const lines = Readable.from(linesOf(rows), { objectMode: false, highWaterMark: UNREAD_BYTES_MAX });
      return { status: 200, body: lines, contentType: ndjson };
    },
  });
}
