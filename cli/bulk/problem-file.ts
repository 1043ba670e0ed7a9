/** A file of the problems of rows: line, field and what is wrong with it, never what stood there. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { FieldProblem } from '../../client/errors';
import { errorCode } from '../../domain/text';
import { InputError } from '../command-failure';
import { csvRow } from '../../client/csv-text';

const HEADER = 'line,field,problem\n';
const LINES_SHOWN = 5;

/** The same problem of several rows. */
export interface ProblemGroup extends FieldProblem {
  readonly rows: number;
  /** The first of them. */
  readonly lines: readonly number[];
}

/** Made at the first problem. One of an earlier run is replaced; any other file is left alone. */
export class ProblemFile {
  readonly path: string;
  readonly #what: string;
  readonly #groups = new Map<string, ProblemGroup>();
  #handle: number | undefined;

  constructor(path: string, { what, option }: { readonly what: string; readonly option: string }) {
    this.path = path;
    this.#what = what;
    try {
      if (!isOurs(path)) {
        throw new InputError(`The file for ${what} exists already and is another one. Name it with ${option}.`);
      }
      unlinkSync(path);
    } catch (error) {
      if (error instanceof InputError) throw error;
      if (errorCode(error) !== 'ENOENT') throw this.#cannotBeWritten(error);
    }
  }

  get isUsed(): boolean {
    return this.#handle !== undefined;
  }

  add(line: number, problems: readonly FieldProblem[]): void {
    for (const { field, problem } of problems) {
      const key = `${field}\n${problem}`;
      const { rows, lines } = this.#groups.get(key) ?? { rows: 0, lines: [] };
      this.#groups.set(key, { field, problem, rows: rows + 1, lines: [...lines, line].slice(0, LINES_SHOWN) });
      this.#write(csvRow([String(line), field, problem]));
    }
  }

  groups(): readonly ProblemGroup[] {
    return [...this.#groups.values()];
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
  }

  #write(row: string): void {
    try {
      if (this.#handle === undefined) {
        this.#handle = openSync(this.path, 'wx', 0o600);
        writeSync(this.#handle, HEADER);
      }
      writeSync(this.#handle, `${row}\n`);
    } catch (error) {
      throw this.#cannotBeWritten(error);
    }
  }

  #cannotBeWritten(error: unknown): InputError {
    return new InputError(`The file for ${this.#what} cannot be written (${errorCode(error)}).`);
  }
}

/** Whether it is empty, or was written by an earlier run. */
function isOurs(path: string): boolean {
  const handle = openSync(path, 'r');
  try {
    const start = Buffer.alloc(HEADER.length);
    return readSync(handle, start) === 0 || start.toString() === HEADER;
  } finally {
    closeSync(handle);
  }
}
