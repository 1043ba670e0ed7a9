/** What is to become of each row: submitted, passed over as a repetition, or rejected with its reasons. */
import { InvalidSubmissionError } from '../errors';
import { parseSubmission, type ErasureSubmission } from '../submission';
import { BulkFileError } from './bulk-file-error';
import type { BulkRow } from './bulk-rows';
import type { RowIds } from './row-ids';

/** What is wrong with one field; neither its value nor an unknown name is repeated. */
export interface RowProblem {
  readonly field: string;
  readonly problem: string;
}

export type JudgedRow = { readonly line: number } & (
  | { readonly verdict: 'good'; readonly submission: ErasureSubmission & { readonly requestId: string } }
  /** The same request stands in an earlier row. */
  | { readonly verdict: 'duplicate' }
  | { readonly verdict: 'rejected'; readonly problems: readonly RowProblem[] }
);

/** More belong into several files: what tells repetitions apart takes about 100 bytes of memory for each row. */
export const ROWS_MAX = 1_000_000;

/** The same rows, ids and `now` (epoch ms) give the same verdicts, so that a file can be gone through twice. */
export async function* judgedRows(
  rows: AsyncIterable<BulkRow>,
  { ids, now }: { readonly ids: RowIds; readonly now: number },
): AsyncGenerator<JudgedRow, void, undefined> {
  const contents = new Map<string, string>();
  let count = 0;
  for await (const row of rows) {
    count += 1;
    if (count > ROWS_MAX) throw new BulkFileError(`The file has more than ${ROWS_MAX} rows: divide it.`);
    yield judged(row, { ids, now, contents });
  }
}

function judged(
  row: BulkRow,
  { ids, now, contents }: { readonly ids: RowIds; readonly now: number; readonly contents: Map<string, string> },
): JudgedRow {
  const { line } = row;
  if ('problem' in row) {
    const { field, problem } = row;
    return { line, verdict: 'rejected', problems: [{ field, problem }] };
  }
  let parsed: ErasureSubmission;
  try {
    parsed = parseSubmission(row.value, now);
  } catch (error) {
    if (!(error instanceof InvalidSubmissionError)) throw error;
    return { line, verdict: 'rejected', problems: error.problems.map(problemOf) };
  }
  const requestId = parsed.requestId ?? ids.requestIdOf(parsed);
  const submission = { ...parsed, requestId };
  const key = Buffer.from(requestId.replaceAll('-', ''), 'hex').toString('latin1');
  const content = ids.digestOf(submission);
  const before = contents.get(key);
  if (before === content) return { line, verdict: 'duplicate' };
  if (before !== undefined) {
    const problem = 'stands in an earlier row with another content';
    return { line, verdict: 'rejected', problems: [{ field: 'requestId', problem }] };
  }
  contents.set(key, content);
  return { line, verdict: 'good', submission };
}

function problemOf(text: string): RowProblem {
  const end = text.indexOf(': ');
  return { field: text.slice(0, end).replace(/^subject\./, ''), problem: text.slice(end + 2) };
}
