/** Text as people's programs save it. What cannot be decoded is never replaced: it would make another identifier of it. */

/** The text cannot be read. The message completes "The file …" and quotes nothing. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
}

/** `start`: the first bytes, some hundred of them where there are as many. */
export function textDecoder(start: Uint8Array): { decode(bytes?: Uint8Array): string } {
  const encoding = encodingOf(start);
  const decoder = new TextDecoder(encoding, { fatal: true });
  return {
    // Without bytes: the end of the text.
    decode(bytes) {
      try {
        return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
      } catch {
        if (encoding !== 'utf-8')
          throw new EncodingError(`is damaged: it begins as ${encoding.toUpperCase()} and is not.`);
        throw new EncodingError(
          'is not UTF-8. It may be in Windows-1252 or Latin-1, in which spreadsheets save CSV where nothing else is chosen. ' +
            'Save it as UTF-8 ("CSV UTF-8").',
        );
      }
    },
  };
}

const signatures: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'an Excel workbook or a zip archive'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel workbook'],
  [[0x1f, 0x8b], 'a gzip archive'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF'],
  [[0xff, 0xfe, 0, 0], 'in UTF-32'],
  [[0, 0, 0xfe, 0xff], 'in UTF-32'],
];

function encodingOf(start: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const begins = (bytes: readonly number[]): boolean => bytes.every((byte, index) => start[index] === byte);
  const other = signatures.find(([bytes]) => begins(bytes));
  if (other !== undefined) throw new EncodingError(`is ${other[1]}, not text in UTF-8. Save it as UTF-8.`);
  if (begins([0xff, 0xfe])) return 'utf-16le';
  if (begins([0xfe, 0xff])) return 'utf-16be';
  if (start.includes(0)) {
    throw new EncodingError('has NUL characters, as UTF-16 without a byte order mark has. Save it as UTF-8.');
  }
  return 'utf-8';
}
