/** What the process with DBOS can be asked. */
import type { PlainOutcome, PlainRequest } from '../plain/plain-types';

export type DbosQuestion = { readonly start: readonly PlainRequest[] } | { readonly resultsOf: readonly string[] };

export interface DbosResult {
  readonly outcomes: readonly PlainOutcome[];
  readonly certificate: string;
}
