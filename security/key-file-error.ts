import { basename } from 'node:path';

/** A key file cannot be written or read. The message names the file and the field, never what is in it. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  /** Base name of the file, or of the directory. */
  readonly file: string;
  readonly isMissing: boolean;

  constructor(file: string, problem: string, { isMissing = false }: { readonly isMissing?: boolean } = {}) {
    super(`${basename(file)}: ${problem}`);
    this.file = basename(file);
    this.isMissing = isMissing;
  }
}
