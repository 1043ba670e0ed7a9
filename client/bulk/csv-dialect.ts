/** How a CSV file was written: its separator, its line ends, and a first line that only names the separator. */
import { BulkFileError } from './bulk-file-error';
import { knownColumn } from './bulk-columns';
import { ROW_LENGTH_MAX } from './text-lines';

/** In the order in which they are tried. */
export const separators = [',', ';', '\t', '|'] as const;
export type Separator = (typeof separators)[number];

export interface CsvDialect {
  readonly separator: Separator;
  /** Lines before the header that are none of it: the line `sep=;` that Excel reads and writes. */
  readonly linesBefore: 0 | 1;
}

/** Reads as far as the header, and hands on the text without what comes before it, with LF for the CR of old programs. */
export async function readDialect(
  chunks: AsyncIterable<string>,
): Promise<CsvDialect & { readonly text: AsyncGenerator<string, void, undefined> }> {
  const source = chunks[Symbol.asyncIterator]();
  let head = '';
  let isAtEnd = false;
  // Two whole lines: `sep=;` and the header. The character after a CR tells which line end it is.
  while (!isAtEnd && head.length <= 2 * ROW_LENGTH_MAX && (head.match(/(?:\r\n|\n|\r)[^\n]/g) ?? []).length < 2) {
    const next = await source.next();
    if (next.done === true) isAtEnd = true;
    else head += next.value;
  }
  const hasCarriageReturns = /^[^\r\n]*\r(?!\n)/.test(head);
  const normalised = (text: string): string => (hasCarriageReturns ? text.replaceAll('\r', '\n') : text);
  head = normalised(head);
  const named = /^\uFEFF?"?sep=(.)"?[,;\t|]*\r?(?:\n|$)/i.exec(head);
  const rest = head.slice(named?.[0].length ?? 0);
  const separator = named === null ? likeliest(rest) : separatorNamed(named[1]);
  async function* text(): AsyncGenerator<string, void, undefined> {
    yield rest;
    while (!isAtEnd) {
      const next = await source.next();
      if (next.done === true) isAtEnd = true;
      else yield normalised(next.value);
    }
  }
  return { separator, linesBefore: named === null ? 0 : 1, text: text() };
}

function separatorNamed(character: string | undefined): Separator {
  const found = separators.find((separator) => separator === character);
  if (found !== undefined) return found;
  throw new BulkFileError(
    'The first line names a separator that is none of comma, semicolon, tab and |. Nothing was submitted.',
  );
}

/** The one by which the first line names the most columns; the comma where none does. */
function likeliest(text: string): Separator {
  const line = text.split('\n').find((one) => one.trim() !== '') ?? '';
  const counted = separators.map((separator) => ({
    separator,
    columns: line.split(separator).filter((cell) => knownColumn(cell.trim().replace(/^"(.*)"$/, '$1')) !== undefined)
      .length,
  }));
  return counted.reduce((best, one) => (one.columns > best.columns ? one : best)).separator;
}
