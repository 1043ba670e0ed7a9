import type { LegState } from '../leg/leg-state';
import type { ErasureRequest } from './request';
import type { RequestState } from './request-state';

/** A request and its legs at one moment: whatever is shown, reminded of, indexed, decided and certified is made from this. */
export interface RequestSnapshot {
  readonly request: Omit<ErasureRequest, 'subject' | 'patience'>;
  /** When the run started. All instants in epoch ms. */
  readonly startedAt: number;
  readonly state: RequestState;
  readonly legs: readonly LegState[];
  readonly now: number;
}
