import { createReadStream } from 'node:fs';
import type { CommandContext } from './context';
import { EncodingError, textDecoder } from '../client/text-encoding';
import { errorCode, parsedJson } from '../domain/text';
import { InputError } from './command-failure';

const LENGTH_MAX = 2 * 1024 * 1024;

/** Reads a whole text file; `-` is stdin. `what` names it in failures, which repeat neither the path nor the content. */
export async function readText(file: string, what: string, { stdin }: CommandContext): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of file === '-' ? stdin : createReadStream(file)) {
      chunks.push(Buffer.from(chunk as Uint8Array));
      length += (chunk as Uint8Array).length;
      if (length > LENGTH_MAX) throw new InputError(`${what} is larger than ${LENGTH_MAX / 1024 / 1024} MiB.`);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${what} cannot be read (${errorCode(error)}).`);
  }
  return decoded(Buffer.concat(chunks), what);
}

function decoded(bytes: Buffer, what: string): string {
  try {
    const decoder = textDecoder(bytes);
    return decoder.decode(bytes) + decoder.decode();
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new InputError(`${what} ${error.message}`);
  }
}

export async function readJson(file: string, what: string, context: CommandContext): Promise<unknown> {
  return parseJson(await readText(file, what, context), what);
}

export function parseJson(text: string, what: string): unknown {
  const content = parsedJson(text);
  if (content === undefined) throw new InputError(`${what} is not JSON.`);
  return content;
}
