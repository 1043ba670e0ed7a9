/** Where rejected rows are told: line, field and what is wrong with it, never what stood there. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { RowProblem } from '../../client/bulk/judged-rows';
import { csvRow } from '../csv-text';
import { InputError } from '../failure';

const HEADER = 'line,field,problem\n';

/** Made at the first rejected row. One of an earlier run is replaced; any other file is left alone. */
export class RejectFile {
  readonly #path: string;
  #handle: number | undefined;

  constructor(path: string) {
    this.#path = path;
    if (!isOurs(path)) {
      throw new InputError('The file for rejected rows exists already and is another one. Name it with --rejects.');
    }
    try {
      unlinkSync(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw cannotBeWritten(error);
    }
  }

  get isUsed(): boolean {
    return this.#handle !== undefined;
  }

  add(line: number, { field, problem }: RowProblem): void {
    try {
      if (this.#handle === undefined) {
        this.#handle = openSync(this.#path, 'wx', 0o600);
        writeSync(this.#handle, HEADER);
      }
      writeSync(this.#handle, `${csvRow([String(line), field, problem])}\n`);
    } catch (error) {
      throw cannotBeWritten(error);
    }
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
  }
}

/** Whether it is missing, empty, or was written by an earlier run. */
function isOurs(path: string): boolean {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw cannotBeWritten(error);
  }
  try {
    const start = Buffer.alloc(HEADER.length);
    const length = readSync(handle, start);
    return length === 0 || start.toString() === HEADER;
  } catch (error) {
    throw cannotBeWritten(error);
  } finally {
    closeSync(handle);
  }
}

function cannotBeWritten(error: unknown): InputError {
  return new InputError(`The file for rejected rows cannot be written (${codeOf(error)}).`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
