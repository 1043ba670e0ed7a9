/** How a CSV file was written: its separator, its line ends, and a first line that only names the separator. */
import { BulkFileError } from '../errors';
import { knownColumn } from './bulk-columns';
import { ROW_LENGTH_MAX } from './text-lines';

/** In the order in which they are tried. */
const separators = [',', ';', '\t', '|'] as const;
type Separator = (typeof separators)[number];

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
  const read = async (): Promise<string | undefined> => {
    const next = await source.next();
    return next.done === true ? undefined : next.value;
  };
  let head = '';
  // Two whole lines: `sep=;` and the header. The character after a CR tells which line end it is.
  while (head.length <= 2 * ROW_LENGTH_MAX && (head.match(/(?:\r\n|\n|\r)[^\n]/g) ?? []).length < 2) {
    const chunk = await read();
    if (chunk === undefined) break;
    head += chunk;
  }
  const hasCarriageReturns = /^[^\r\n]*\r(?!\n)/.test(head);
  const withLineFeeds = (text: string): string => (hasCarriageReturns ? text.replaceAll('\r', '\n') : text);
  head = withLineFeeds(head);
  const named = /^\uFEFF?"?sep=(.)"?[,;\t|]*\r?(?:\n|$)/i.exec(head);
  const rest = head.slice(named?.[0].length ?? 0);
  async function* text(): AsyncGenerator<string, void, undefined> {
    yield rest;
    for (let chunk = await read(); chunk !== undefined; chunk = await read()) yield withLineFeeds(chunk);
  }
  return named === null
    ? { separator: likeliest(rest), linesBefore: 0, text: text() }
    : { separator: separatorNamed(named[1]), linesBefore: 1, text: text() };
}

function separatorNamed(character: string | undefined): Separator {
  const found = separators.find((separator) => separator === character);
  if (found !== undefined) return found;
  throw new BulkFileError('The first line names a separator that is none of comma, semicolon, tab and |.');
}

/** The one by which the first line names the most columns; the comma where none does. */
function likeliest(text: string): Separator {
  const line = text.split('\n').find((one) => one.trim() !== '') ?? '';
  const columns = (separator: Separator): number =>
    line.split(separator).filter((cell) => knownColumn(cell.trim().replace(/^"(.*)"$/, '$1')) !== undefined).length;
  return separators.reduce((best, one) => (columns(one) > columns(best) ? one : best));
}
