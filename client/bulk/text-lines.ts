/** A large text file as it streams in: decoded strictly, in lines of bounded length. */
import { createReadStream } from 'node:fs';
import { errorCode } from '../../domain/text';
import { BulkFileError } from '../errors';
import { EncodingError, textDecoder } from '../text-encoding';

/** Longest line of NDJSON, and longest row of CSV, in characters. */
export const ROW_LENGTH_MAX = 65_536;

/** `source`: a file's path, or what comes in. */
export async function* decodedText(
  source: string | AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const chunks = typeof source === 'string' ? createReadStream(source) : source;
  let decoder: ReturnType<typeof textDecoder> | undefined;
  try {
    for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
      yield (decoder ??= textDecoder(chunk)).decode(chunk);
    }
    yield decoder?.decode() ?? '';
  } catch (error) {
    if (error instanceof BulkFileError) throw error;
    if (error instanceof EncodingError) throw new BulkFileError(`The file ${error.message}`);
    throw cannotBeRead(error);
  }
}

/** The message of a file system error is left behind: it names whole paths. */
export function cannotBeRead(error: unknown): BulkFileError {
  return new BulkFileError(`The file cannot be read (${errorCode(error)}).`);
}

/** Lines end with LF or CRLF only: other line separators of Unicode may stand in JSON. */
export async function* textLines(
  chunks: AsyncIterable<string>,
): AsyncGenerator<{ readonly line: number; readonly text: string }, void, undefined> {
  let rest = '';
  let line = 0;
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const text of parts) yield { line: (line += 1), text: checked(text.replace(/\r$/, ''), line) };
    checked(rest, line + 1);
  }
  if (rest !== '') yield { line: line + 1, text: checked(rest.replace(/\r$/, ''), line + 1) };
}

function checked(text: string, line: number): string {
  if (text.length <= ROW_LENGTH_MAX) return text;
  throw new BulkFileError(`Line ${line} is longer than ${ROW_LENGTH_MAX} characters.`);
}
