import { isRecord } from '../../domain/text';
import { ErasureClientError } from '../errors';

/** The file as a whole cannot be taken: nothing of it was submitted. The message names lines and columns, never content. */
export class BulkFileError extends ErasureClientError {
  override readonly name = 'BulkFileError';
}

/** The message of a file system error is left behind: it names whole paths. */
export function unreadable(error: unknown): BulkFileError {
  const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : 'unknown reason';
  return new BulkFileError(`The file cannot be read (${code}).`);
}
