/** Ids for rows that bring none: the same row gives the same id, so that a file can be submitted again. */
import { createHmac } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Sealer } from '../../security/sealing';
import type { ErasureSubmission } from '../submission';

export interface RowIds {
  requestIdOf(submission: ErasureSubmission): string;
  /** Tells one content from another under the same id; 16 characters of one byte. */
  digestOf(submission: ErasureSubmission): string;
}

/**
 * Keyed by a secret that only the holder of the intake key can compute: nobody can find out by guessing identifiers whose
 * request an id is. It goes over the whole row, so another request of the same person is another one.
 * `batch` sets apart what would otherwise be the same row.
 */
export async function rowIdsOf(sealer: Pick<Sealer, 'fingerprints'>, batch = ''): Promise<RowIds> {
  const [secret] = await sealer.fingerprints({ purpose: 'erasure bulk row ids v1' });
  if (secret === undefined) throw new TypeError('A sealer has at least one intake key');
  return rowIdsWith(secret, batch);
}

export function rowIdsWith(secret: string, batch: string): RowIds {
  const hmac = (purpose: string, content: unknown): Buffer =>
    createHmac('sha256', secret)
      .update(`${purpose}\n${canonicalize({ batch, content }) ?? ''}`)
      .digest();
  return {
    requestIdOf: (submission) => uuidOf(hmac('id', submission)),
    digestOf: (submission) => hmac('content', submission).toString('latin1', 0, 16),
  };
}

/** RFC 9562, version 8: made by a rule of our own. */
function uuidOf(bytes: Buffer): string {
  const own = Buffer.from(bytes.subarray(0, 16));
  own[6] = ((own[6] ?? 0) & 0x0f) | 0x80;
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80;
  return own.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
