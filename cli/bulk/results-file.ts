/** What became of each row: its line, request id and workflow id, and no identifier. Written row by row. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { BulkFileError } from '../../client/errors';
import type { CheckedRow } from '../../client/bulk/checked-rows';
import type { BulkResult } from '../../client/bulk/submit-bulk';
import { decodedText, textLines } from '../../client/bulk/text-lines';
import { errorCode } from '../../domain/text';
import { workflowIdOf } from '../../temporal/names';
import { csvRow } from '../../client/csv-text';
import { InputError } from '../command-failure';

const HEADER = 'line,requestId,workflowId,result,problem\n';
const TAIL_LENGTH = 65_536;

/** One that was begun for the same rows is continued; any other file is left alone. */
export class ResultsFile {
  readonly #handle: number;
  /** `<request id> <result>` by line, as it was found. */
  readonly #found: ReadonlyMap<number, string>;

  private constructor(handle: number, found: ReadonlyMap<number, string>) {
    this.#handle = handle;
    this.#found = found;
  }

  static async open(path: string): Promise<ResultsFile> {
    prepare(path);
    const found = await readResults(path);
    try {
      return new ResultsFile(openSync(path, 'a'), found);
    } catch (error) {
      throw cannotBeUsed(error);
    }
  }

  /** Before anything is submitted: the results that are there belong to these rows. */
  check(row: CheckedRow): void {
    const [requestId = ''] = this.#found.get(row.line)?.split(' ') ?? [];
    if (requestId === '') return;
    const isSame =
      (row.verdict === 'good' && row.submission.requestId === requestId) ||
      (row.verdict === 'duplicate' && row.requestId === requestId);
    if (isSame) return;
    throw new InputError(
      `The results file has another request on line ${row.line}: the file has changed since. Name another one with --results.`,
    );
  }

  /** A row that is found again keeps its first result. */
  add({ line, requestId = '', result, problems }: BulkResult): void {
    const [foundId, found] = this.#found.get(line)?.split(' ') ?? [];
    if (foundId === requestId && (found === result || found === 'new' || found === 'duplicate')) return;
    const workflowId = requestId === '' ? '' : workflowIdOf(requestId);
    const problem = problems.map((one) => `${one.field}: ${one.problem}`).join('; ');
    try {
      writeSync(this.#handle, `${csvRow([String(line), requestId, workflowId, result, problem])}\n`);
    } catch (error) {
      throw cannotBeUsed(error);
    }
  }

  close(): void {
    closeSync(this.#handle);
  }
}

const resultPattern = /^(\d+),(?:([0-9a-f-]{36}),erasure-\2,(new|duplicate|failed)|,,(rejected)),/;

/** Makes the file, or cuts off the line that a run was writing when it was killed. */
function prepare(path: string): void {
  let handle: number | undefined;
  try {
    handle = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const found = fstatSync(handle);
    if (!found.isFile()) throw anotherFile();
    const { size } = found;
    const start = Buffer.alloc(HEADER.length);
    readSync(handle, start, 0, start.length, 0);
    if (size === 0) writeSync(handle, HEADER);
    else if (start.toString() !== HEADER) throw anotherFile();
    else {
      const tail = Buffer.alloc(Math.min(size, TAIL_LENGTH));
      readSync(handle, tail, 0, tail.length, size - tail.length);
      ftruncateSync(handle, size - tail.length + tail.lastIndexOf('\n') + 1);
    }
  } catch (error) {
    throw error instanceof InputError ? error : cannotBeUsed(error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

async function readResults(path: string): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  try {
    for await (const { line, text } of textLines(decodedText(path))) {
      if (line === 1) continue;
      const [, row, requestId = '', result, rejected] = resultPattern.exec(text) ?? [];
      if (row === undefined) throw anotherFile();
      found.set(Number(row), `${requestId} ${result ?? rejected ?? ''}`);
    }
  } catch (error) {
    throw error instanceof BulkFileError ? anotherFile() : error;
  }
  return found;
}

function anotherFile(): InputError {
  return new InputError('The file for results exists already and is another one. Name it with --results.');
}

function cannotBeUsed(error: unknown): InputError {
  return new InputError(`The file for results cannot be written (${errorCode(error)}).`);
}
