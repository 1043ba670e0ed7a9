/** What is to become of each row: submitted, passed over as a repetition, or rejected with its reasons. */
import { hash } from 'node:crypto';
import { identifierFields, providerFacts, providerName, type Provider } from '../../domain/provider/provider-table';
import { BulkFileError, InvalidSubmissionError, type FieldProblem } from '../errors';
import { identifiersOf, parseSubmission, submissionWarnings, type ErasureSubmission } from '../submission';
import type { BulkRow } from './bulk-rows';
import type { RowIds } from './row-ids';

type Verdict =
  | {
      readonly verdict: 'good';
      readonly submission: ErasureSubmission & { readonly requestId: string };
      /** What looks wrong in it: it is submitted as it is. */
      readonly warnings: readonly FieldProblem[];
    }
  /** The same request stands in an earlier row. */
  | { readonly verdict: 'duplicate'; readonly requestId: string }
  | { readonly verdict: 'rejected'; readonly problems: readonly FieldProblem[] }
  /** Of nothing but separators, as spreadsheets write below their table. */
  | { readonly verdict: 'empty' };

export type CheckedRow = { readonly line: number } & Verdict;

/** More belong into several files: what tells repetitions apart takes about 200 bytes of memory for each row. */
export const ROWS_MAX = 1_000_000;

/** The same rows, ids and `now` (epoch ms) give the same verdicts, so that a file can be gone through twice. */
export async function* checkedRows(
  rows: AsyncIterable<BulkRow>,
  { ids, now }: { readonly ids: RowIds; readonly now: number },
): AsyncGenerator<CheckedRow, void, undefined> {
  const checker = new RowChecker(ids, now);
  let count = 0;
  for await (const row of rows) {
    if (!('empty' in row)) count += 1;
    if (count > ROWS_MAX) throw new BulkFileError(`The file has more than ${ROWS_MAX} rows: divide it.`);
    yield { line: row.line, ...checker.check(row) };
  }
}

class RowChecker {
  readonly #ids: RowIds;
  readonly #now: number;
  /** Digest of the content, by request id. */
  readonly #contents = new Map<string, string>();
  /** Hash of an identifier as it is, by its hash in lower case. */
  readonly #spellings = new Map<number, number>();

  constructor(ids: RowIds, now: number) {
    this.#ids = ids;
    this.#now = now;
  }

  check(row: BulkRow): Verdict {
    if ('empty' in row) return { verdict: 'empty' };
    if ('problem' in row) return rejected({ field: row.field, problem: row.problem });
    let parsed: ErasureSubmission;
    try {
      parsed = parseSubmission(row.value, this.#now);
    } catch (error) {
      if (!(error instanceof InvalidSubmissionError)) throw error;
      return rejected(...error.problems.map(byColumn));
    }
    const requestId = parsed.requestId ?? this.#ids.requestIdOf(parsed);
    const submission = { ...parsed, requestId };
    const key = Buffer.from(requestId.replaceAll('-', ''), 'hex').toString('latin1');
    const content = this.#ids.digestOf(submission);
    const before = this.#contents.get(key);
    if (before === content) return { verdict: 'duplicate', requestId };
    if (before !== undefined) {
      return rejected({ field: 'requestId', problem: 'stands in an earlier row with another content' });
    }
    this.#contents.set(key, content);
    const warnings = submissionWarnings(submission, this.#now).map(byColumn);
    return { verdict: 'good', submission, warnings: [...warnings, ...this.#otherSpellings(submission)] };
  }

  /** Two rows that differ by case only are two people at such a provider; mostly one person was meant. */
  #otherSpellings(submission: ErasureSubmission): FieldProblem[] {
    return [...identifiersOf(submission)].flatMap(([provider, identifier]) => {
      if (!providerFacts(provider).identifier.tellsCase) return [];
      const folded = shortHash(provider, identifier.toLowerCase());
      const exact = shortHash(provider, identifier);
      const before = this.#spellings.get(folded);
      this.#spellings.set(folded, before ?? exact);
      if (before === undefined || before === exact) return [];
      const problem = `differs by case only from that of an earlier row: ids are told apart by case at ${providerName(provider)}`;
      return [{ field: `${provider}.${identifierFields[provider]}`, problem }];
    });
  }
}

function rejected(...problems: readonly FieldProblem[]): Verdict {
  return { verdict: 'rejected', problems };
}

function byColumn({ field, problem }: FieldProblem): FieldProblem {
  return { field: field.replace(/^subject\./, ''), problem };
}

/** 48 bits are enough to warn by, and stay in memory only. */
function shortHash(provider: Provider, text: string): number {
  return hash('sha256', `${provider}\n${text}`, 'buffer').readUIntBE(0, 6);
}
