/** Where rows are told that are rejected, or odd: line, field and what is wrong with it, never what stood there. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { FieldProblem } from '../../client/errors';
import { csvRow } from '../csv-text';
import { InputError } from '../command-failure';

const HEADER = 'line,field,problem\n';

/** Made at the first row. One of an earlier run is replaced; any other file is left alone. */
export class RejectFile {
  readonly #path: string;
  readonly #what: string;
  #handle: number | undefined;

  constructor(path: string, { what, option }: { readonly what: string; readonly option: string }) {
    this.#path = path;
    this.#what = what;
    try {
      if (!isOurs(path)) {
        throw new InputError(`The file for ${what} exists already and is another one. Name it with ${option}.`);
      }
      unlinkSync(path);
    } catch (error) {
      if (error instanceof InputError) throw error;
      if (codeOf(error) !== 'ENOENT') throw this.#cannotBeWritten(error);
    }
  }

  get isUsed(): boolean {
    return this.#handle !== undefined;
  }

  add(line: number, { field, problem }: FieldProblem): void {
    try {
      if (this.#handle === undefined) {
        this.#handle = openSync(this.#path, 'wx', 0o600);
        writeSync(this.#handle, HEADER);
      }
      writeSync(this.#handle, `${csvRow([String(line), field, problem])}\n`);
    } catch (error) {
      throw this.#cannotBeWritten(error);
    }
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
  }

  #cannotBeWritten(error: unknown): InputError {
    return new InputError(`The file for ${this.#what} cannot be written (${codeOf(error)}).`);
  }
}

/** Whether it is missing, empty, or was written by an earlier run. */
function isOurs(path: string): boolean {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
  try {
    const start = Buffer.alloc(HEADER.length);
    const length = readSync(handle, start);
    return length === 0 || start.toString() === HEADER;
  } finally {
    closeSync(handle);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
