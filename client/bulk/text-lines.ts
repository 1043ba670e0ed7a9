/** A large text file as it streams in: decoded strictly, in lines of bounded length. */
import { createReadStream } from 'node:fs';
import { EncodingError, textDecoder } from '../text-encoding';
import { BulkFileError, unreadable } from './bulk-file-error';

/** Longest line of NDJSON, and longest row of CSV, in characters. */
export const ROW_LENGTH_MAX = 65_536;

export async function* decodedText(path: string): AsyncGenerator<string, void, undefined> {
  let decoder: ReturnType<typeof textDecoder> | undefined;
  try {
    for await (const chunk of bytesOf(path)) yield (decoder ??= textDecoder(chunk)).decode(chunk);
    yield decoder?.decode() ?? '';
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new BulkFileError(`The file ${error.message} Nothing was submitted.`);
  }
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
  } catch (error) {
    throw unreadable(error);
  }
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
  throw new BulkFileError(`Line ${line} is longer than ${ROW_LENGTH_MAX} characters. Nothing was submitted.`);
}
