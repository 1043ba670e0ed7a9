/** A certificate and what it was made from, as a run's history has them. */
import { legProgress } from '../leg/leg-progress';
import type { ErasureResult } from '../request/erasure-result';
import type { Statement } from './statement';

export type Certified = Omit<ErasureResult, 'requestId'>;

export function certifiedBy(certificate: string, { outcome, legs, trail }: Statement): Certified {
  return { certificate, outcome, legs: legs.map((leg) => legProgress(leg)), trail };
}
