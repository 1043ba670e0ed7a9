/** What is told to whoever filed a request when it changes: where it stands, and no more than `view` may see. Free of personal data. */
import type { LegProgress } from '../leg/leg-progress';
import { defined } from '../defined';
import type { Provider } from '../provider/provider-table';
import type { RequestOutcome } from '../leg/outcome';
import type { DueProgress } from './due-progress';
import type { RequestProgress, RequestProgressState } from './request-progress';
import type { BlockedOn } from './search-values';

/** Instants are RFC 3339 in UTC. */
export interface WebhookMessage {
  readonly requestId: string;
  readonly state: RequestProgressState;
  readonly outcome?: RequestOutcome;
  /** What it waits for beside its windows; empty where nothing is wrong. */
  readonly blockedOn: readonly BlockedOn[];
  readonly due?: { readonly on: string; readonly at: string; readonly status: DueProgress['status'] };
  /** What came of each provider; absent as long as nothing has. */
  readonly providers: readonly { readonly provider: Provider; readonly outcome?: LegProgress['outcome'] }[];
  /** Whether there is a certificate. */
  readonly certificate: boolean;
}

/** After so many of one request only its certificate and its end are told: each message lengthens the run's history. */
export const WEBHOOK_MESSAGES_MAX = 200;

/** A message is due whenever this has changed. Undefined where there is nothing to tell, or what follows at once tells it. */
export function webhookMessageOf(
  { requestId, state, outcome, blockedOn, due, legs }: RequestProgress,
  { isCertified }: { readonly isCertified: boolean },
): WebhookMessage | undefined {
  if (state === 'starting') return undefined;
  if (state === 'issuing-certificate' && !blockedOn.includes('certificate')) return undefined;
  return {
    requestId,
    state,
    blockedOn,
    providers: legs.map((leg) => ({ provider: leg.provider, ...defined({ outcome: leg.outcome }) })),
    certificate: isCertified,
    ...defined({ outcome, due: due && { on: due.on, at: due.at, status: due.status } }),
  };
}

/** What one message's own run is started with. */
export interface WebhookDeliveryInput {
  readonly url: string;
  /** Counts from 1 on in each request: a message with a smaller one is older, and may come later. */
  readonly sequence: number;
  /** When it became true. */
  readonly at: string;
  readonly message: WebhookMessage;
}
