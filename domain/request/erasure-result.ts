import { legProgress, type LegProgress } from '../leg/leg-progress';
import type { RequestOutcome } from '../leg/outcome';
import { outcomeOf, type TrailEntry } from './request-state';
import type { RequestSnapshot } from './snapshot';
import { ticketsOf } from './tickets';

/** What a run of `erasureRequest` ends with. */
export interface ErasureResult {
  readonly requestId: string;
  readonly outcome: RequestOutcome;
  readonly legs: readonly LegProgress[];
  /** The signed certificate: a compact JWS. In a run's own result it is packed; the client unpacks it. */
  readonly certificate: string;
  /** What staff decided about the whole request, also after the certificate. */
  readonly trail: readonly TrailEntry[];
  /** Of its decisions, and of the check of who the person is; absent where there is none. */
  readonly tickets?: readonly string[];
}

export function erasureResult(snapshot: RequestSnapshot): ErasureResult {
  const { request, state, legs } = snapshot;
  const { certificate, trail } = state;
  const tickets = ticketsOf(snapshot);
  if (certificate === undefined) throw new TypeError('A request has a result once it has a certificate');
  return {
    requestId: request.requestId,
    outcome: outcomeOf(state),
    legs: legs.map((leg) => legProgress(leg)),
    certificate: certificate.signed,
    trail,
    ...(tickets.length > 0 && { tickets }),
  };
}
