/** What is to become of each row: submitted, passed over as a repetition, or rejected with its reasons. */
import { hash } from 'node:crypto';
import { identifierFields, providerFacts, providerName, type Provider } from '../../domain/provider/provider-table';
import { InvalidSubmissionError, type FieldProblem } from '../errors';
import { identifiersOf, parseSubmission, submissionWarnings, type ErasureSubmission } from '../submission';
import { BulkFileError } from './bulk-file-error';
import type { BulkRow } from './bulk-rows';
import type { RowIds } from './row-ids';

export type JudgedRow = { readonly line: number } & (
  | {
      readonly verdict: 'good';
      readonly submission: ErasureSubmission & { readonly requestId: string };
      /** What is odd about it: it is submitted as it is. */
      readonly warnings: readonly FieldProblem[];
    }
  /** The same request stands in an earlier row. */
  | { readonly verdict: 'duplicate'; readonly requestId: string }
  | { readonly verdict: 'rejected'; readonly problems: readonly FieldProblem[] }
  /** Of nothing but separators, as spreadsheets write below their table. */
  | { readonly verdict: 'empty' }
);

/** More belong into several files: what tells repetitions apart takes about 200 bytes of memory for each row. */
export const ROWS_MAX = 1_000_000;

/** The same rows, ids and `now` (epoch ms) give the same verdicts, so that a file can be gone through twice. */
export async function* judgedRows(
  rows: AsyncIterable<BulkRow>,
  { ids, now }: { readonly ids: RowIds; readonly now: number },
): AsyncGenerator<JudgedRow, void, undefined> {
  const seen: SeenRows = { contents: new Map(), spellings: new Map() };
  let count = 0;
  for await (const row of rows) {
    if (!('empty' in row)) count += 1;
    if (count > ROWS_MAX) throw new BulkFileError(`The file has more than ${ROWS_MAX} rows: divide it.`);
    yield judged(row, { ids, now, seen });
  }
}

interface SeenRows {
  /** Digest of the content, by request id. */
  readonly contents: Map<string, string>;
  /** Hash of an identifier as it is, by its hash in lower case. */
  readonly spellings: Map<number, number>;
}

function judged(
  row: BulkRow,
  { ids, now, seen }: { readonly ids: RowIds; readonly now: number; readonly seen: SeenRows },
): JudgedRow {
  const { line } = row;
  if ('empty' in row) return { line, verdict: 'empty' };
  if ('problem' in row) {
    const { field, problem } = row;
    return { line, verdict: 'rejected', problems: [{ field, problem }] };
  }
  let parsed: ErasureSubmission;
  try {
    parsed = parseSubmission(row.value, now);
  } catch (error) {
    if (!(error instanceof InvalidSubmissionError)) throw error;
    return { line, verdict: 'rejected', problems: error.problems.map(byColumn) };
  }
  const requestId = parsed.requestId ?? ids.requestIdOf(parsed);
  const submission = { ...parsed, requestId };
  const key = Buffer.from(requestId.replaceAll('-', ''), 'hex').toString('latin1');
  const content = ids.digestOf(submission);
  const before = seen.contents.get(key);
  if (before === content) return { line, verdict: 'duplicate', requestId };
  if (before !== undefined) {
    const problem = 'stands in an earlier row with another content';
    return { line, verdict: 'rejected', problems: [{ field: 'requestId', problem }] };
  }
  seen.contents.set(key, content);
  const warnings = [
    ...submissionWarnings(submission, now).map(byColumn),
    ...otherSpellings(submission, seen.spellings),
  ];
  return { line, verdict: 'good', submission, warnings };
}

function byColumn({ field, problem }: FieldProblem): FieldProblem {
  return { field: field.replace(/^subject\./, ''), problem };
}

/** Two rows that differ by case only are two people at such a provider, and mostly one in the head of whoever wrote the file. */
function otherSpellings(submission: ErasureSubmission, spellings: Map<number, number>): FieldProblem[] {
  return [...identifiersOf(submission)].flatMap(([provider, identifier]) => {
    if (!providerFacts(provider).identifier.tellsCase) return [];
    const lower = identifier.toLowerCase();
    const folded = shortHash(provider, lower);
    const exact = lower === identifier ? folded : shortHash(provider, identifier);
    const before = spellings.get(folded);
    spellings.set(folded, before ?? exact);
    if (before === undefined || before === exact) return [];
    const problem = `differs by case only from that of an earlier row: ids are told apart by case at ${providerName(provider)}`;
    return [{ field: `${provider}.${identifierFields[provider]}`, problem }];
  });
}

/** 48 bits are enough to warn by, and stay in memory only. */
function shortHash(provider: Provider, text: string): number {
  return hash('sha256', `${provider}\n${text}`, 'buffer').readUIntBE(0, 6);
}
