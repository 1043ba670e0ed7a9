/** What a running request understands from outside. Shared with the client and the gateway; free of personal data. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  DecisionKind,
  ProviderDecision,
  RequestDecisionKind,
  RequestDecisions,
} from '../domain/decision/decision';
import type { LegProgress } from '../domain/leg/leg-progress';
import type { Provider } from '../domain/provider/provider-table';
import type { CallbackEvidence, CallbackReport } from '../domain/leg/receipt';
import type { RequestProgress } from '../domain/request/request-progress';

interface FromProvider {
  readonly provider: Provider;
}

/** Sent by the gateway when a provider's callback proved itself and names the event that confirms. Welcome at any moment, any number of times. */
export interface ProviderConfirmation extends CallbackEvidence, FromProvider {}

/** The same for a callback that said something else: it confirms nothing, and is kept. */
export interface ProviderReport extends CallbackReport, FromProvider {}

export const providerConfirmed = defineSignal<[ProviderConfirmation]>('providerConfirmed');
export const providerReported = defineSignal<[ProviderReport]>('providerReported');
/** The way of the gateway to a run that takes no more signals: Temporal limits their number, and anybody with access can use it up. */
export const deliverCallback = defineUpdate<void, [ProviderConfirmation | ProviderReport]>('deliverCallback');

/** Each resolves to the leg as it stands after the decision. Refusals say why. */
export const retryProvider = defineUpdate<LegProgress, [ProviderDecision]>('retryProvider');
export const waiveProvider = defineUpdate<LegProgress, [ProviderDecision]>('waiveProvider');
export const attestProvider = defineUpdate<LegProgress, [ProviderDecision]>('attestProvider');

const onRequest = <K extends RequestDecisionKind>(name: string) =>
  defineUpdate<RequestProgress, [RequestDecisions[K]]>(name);

/** Each resolves to the request as it stands after the decision. Refusals say why. */
export const approveRequest = onRequest<'approve'>('approveRequest');
export const rejectRequest = onRequest<'reject'>('rejectRequest');
export const holdRequest = onRequest<'hold'>('holdRequest');
export const releaseRequest = onRequest<'release'>('releaseRequest');
export const withdrawRequest = onRequest<'withdraw'>('withdrawRequest');
export const extendDeadline = onRequest<'extend'>('extendDeadline');
export const recordNotice = onRequest<'notice'>('recordNotice');
export const confirmIdentity = onRequest<'identity'>('confirmIdentity');

export const providerDecisionUpdates = {
  retry: retryProvider,
  waive: waiveProvider,
  attest: attestProvider,
} as const satisfies Record<DecisionKind, unknown>;

export const requestDecisionUpdates = {
  approve: approveRequest,
  reject: rejectRequest,
  hold: holdRequest,
  release: releaseRequest,
  withdraw: withdrawRequest,
  extend: extendDeadline,
  notice: recordNotice,
  identity: confirmIdentity,
} as const satisfies Record<RequestDecisionKind, unknown>;

export const progress = defineQuery<RequestProgress>('progress');
/** The signed certificate (compact JWS) from the moment it is there; null before. */
export const certificate = defineQuery<string | null>('certificate');
