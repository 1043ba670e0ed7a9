/** The rows of a CSV or NDJSON file, one after the other, as somebody else wrote them. */
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { BulkFileError } from '../errors';
import { readHeader, rowProblem, submissionOfRow } from './bulk-columns';
import { readDialect } from './csv-dialect';
import { decodedText, ROW_LENGTH_MAX, textLines } from './text-lines';

type Content =
  { readonly value: unknown } | { readonly problem: string; readonly field: string } | { readonly empty: true };

/** `line`: where the row begins, from 1. `problem` where it is no row at all; `empty` where nothing stands in its cells. */
export type BulkRow = { readonly line: number } & Content;

/** What a stream of rows is written in. */
export type BulkForm = 'csv' | 'ndjson';

/** The rows as they come in. Throws `BulkFileError`. */
export function streamedRows(
  source: AsyncIterable<Uint8Array>,
  form: BulkForm,
): AsyncGenerator<BulkRow, void, undefined> {
  return form === 'csv' ? csvRows(decodedText(source)) : ndjsonRows(decodedText(source));
}

/**
 * By the name of the file: `.csv`, `.ndjson` or `.jsonl`. Reads as it goes, in constant memory. Throws `BulkFileError` where
 * the file as a whole cannot be understood.
 */
export function bulkRows(path: string): AsyncGenerator<BulkRow, void, undefined> {
  if (/\.csv$/i.test(path)) return csvRows(decodedText(path));
  if (/\.(ndjson|jsonl)$/i.test(path)) return ndjsonRows(decodedText(path));
  throw new BulkFileError('The name of the file has to end with .csv, .ndjson or .jsonl.');
}

export async function* ndjsonRows(chunks: AsyncIterable<string>): AsyncGenerator<BulkRow, void, undefined> {
  let isFirst = true;
  for await (const { line, text } of textLines(chunks)) {
    // Files that were joined have a byte order mark in their midst; `trim` takes it for white space, JSON does not.
    const row = text.trim();
    if (row === '') continue;
    if (isFirst && row.startsWith('[')) {
      throw new BulkFileError('The file is one JSON array: write one object on each line.');
    }
    isFirst = false;
    yield { line, ...parsed(row) };
  }
}

function parsed(text: string): Content {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own message quotes the text.
    return { field: 'row', problem: 'is not JSON' };
  }
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly empty_lines: number };
}

export async function* csvRows(chunks: AsyncIterable<string>): AsyncGenerator<BulkRow, void, undefined> {
  const { separator, linesBefore, text } = await readDialect(chunks);
  const parser = parse({
    delimiter: separator,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: ROW_LENGTH_MAX,
    record_delimiter: ['\r\n', '\n'],
  });
  // A failure of the source is thrown where the parser is read.
  pipeline(Readable.from(text), parser, () => undefined);
  let columns: readonly string[] | undefined;
  let before = { lines: 0, empty_lines: 0 };
  let countedTwice = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const line = linesBefore + before.lines + 1 + info.empty_lines - before.empty_lines - countedTwice;
      before = info;
      // The parser takes each CRLF inside quotes for two line ends.
      countedTwice += record.join('').split('\r\n').length - 1;
      if (record.every((cell) => cell.trim() === '')) {
        if (columns !== undefined) yield { line, empty: true };
      } else if (columns === undefined) columns = readHeader(record);
      else {
        const problem = rowProblem(columns, record);
        yield problem === undefined
          ? { line, value: submissionOfRow(columns, record) }
          : { line, field: 'row', problem };
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Of its message only the number: it quotes the text. The line that was read last is no help, since it reads ahead.
    const [, line = '1'] = /at line (\d+)/.exec(error.message) ?? [];
    // One stray quote makes all that follows doubtful: rows could run into each other.
    throw new BulkFileError(
      `The file is no CSV from line ${linesBefore + Number(line)} on (${error.code}): check the quotes there.`,
    );
  }
  if (columns === undefined) throw new BulkFileError('The file is empty: its first row has to name the columns.');
}
