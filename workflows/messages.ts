/** What a running request understands from outside. Shared with the client and the gateway; free of personal data. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ProviderDecision } from '../domain/decision';
import type { LegProgress, RequestProgress } from '../domain/progress';
import type { Provider } from '../domain/provider';
import type { CallbackEvidence } from '../domain/receipt';

/** Sent by the gateway when a provider's callback proved itself. Welcome at any moment, any number of times. */
export interface ProviderConfirmation extends CallbackEvidence {
  readonly provider: Provider;
}

export const providerConfirmed = defineSignal<[ProviderConfirmation]>('providerConfirmed');

/** Each resolves to the leg as it stands after the decision. Refusals say why. */
export const retryProvider = defineUpdate<LegProgress, [ProviderDecision]>('retryProvider');
export const waiveProvider = defineUpdate<LegProgress, [ProviderDecision]>('waiveProvider');
export const attestProvider = defineUpdate<LegProgress, [ProviderDecision]>('attestProvider');

export const progress = defineQuery<RequestProgress>('progress');
