/** What a report counts of one request. */
import { defined } from '../../domain/defined';
import type { FoundRequest, RequestOrigin } from '../found-request';
import type { RequestStatus } from '../request-status';
import type { RequestStateName } from '../states';
import type { RejectionGround } from '../../domain/decision/decision-table';
import { parseInstant } from '../../domain/instant';
import type { Assurance, LegOutcome, RequestOutcome } from '../../domain/leg/outcome';
import type { TrailEntry } from '../../domain/request/request-state';

/** Instants in epoch ms. */
export interface RequestFacts extends RequestOrigin {
  /** How it ended with a certificate, also where its answer is still owed. */
  readonly outcome?: RequestOutcome;
  /** While its run is open. */
  readonly openAs?: RequestStateName;
  /** Its run ended without a certificate. */
  readonly endedAs?: RequestStateName;
  readonly rejectedFor?: RejectionGround;
  readonly legs: readonly { readonly outcome: LegOutcome; readonly assurance?: Assurance }[];
  /** The answer to the person. `elsewhere`: the rules leave it to another system, so it counts by the certificate's time. */
  readonly answered?: { readonly at: number; readonly how: 'recorded' | 'elsewhere' };
  readonly dueAt?: number;
}

export function factsOf(
  { dueAt: indexedDueAt, closedAt }: FoundRequest,
  { regulation, submittedAt }: RequestOrigin,
  { status, state, progress, result }: RequestStatus,
): RequestFacts {
  const trail = result?.trail ?? progress?.trail ?? [];
  const outcome = result?.outcome ?? progress?.outcome;
  const legs = (result?.legs ?? progress?.legs ?? []).flatMap((leg) =>
    leg.outcome === undefined ? [] : [{ outcome: leg.outcome, ...defined({ assurance: leg.assurance }) }],
  );
  const dueAt = (progress?.due === undefined ? undefined : Date.parse(progress.due.at)) ?? indexedDueAt;
  const rejectedFor = trail.findLast((entry) => entry.kind === 'reject')?.content.ground;
  const answeredAt = answeredIn(trail, { isOnHold: progress?.state === 'on-hold' });
  const isAnsweredElsewhere = answeredAt === undefined && result !== undefined && outcome !== 'withdrawn';
  return {
    regulation,
    submittedAt,
    legs,
    ...defined({ outcome }),
    ...(status === 'running' ? { openAs: state } : {}),
    ...(status !== 'running' && result === undefined ? { endedAs: state } : {}),
    ...defined({ rejectedFor }),
    ...(answeredAt === undefined ? {} : { answered: { at: answeredAt, how: 'recorded' } }),
    // Where no answer is waited for, the run ends with its certificate.
    ...(isAnsweredElsewhere && closedAt !== undefined ? { answered: { at: closedAt, how: 'elsewhere' } } : {}),
    ...defined({ dueAt }),
  };
}

/** The first notice to the person of what was done; or of why it was not, given after what refused it and while that stands. */
function answeredIn(trail: readonly TrailEntry[], { isOnHold }: { readonly isOnHold: boolean }): number | undefined {
  const refusal = trail.findLastIndex(
    ({ kind }) => kind === 'reject' || kind === 'withdraw' || kind === 'cancelled' || (isOnHold && kind === 'hold'),
  );
  const given = trail.flatMap((entry, index) => {
    if (entry.kind !== 'notice' || entry.content.recipient !== undefined) return [];
    const answers =
      entry.content.notice === 'outcome' || (entry.content.notice === 'refused' && refusal >= 0 && index > refusal);
    return answers ? [parseInstant(entry.content.at) ?? entry.at] : [];
  });
  return given.length === 0 ? undefined : Math.min(...given);
}
