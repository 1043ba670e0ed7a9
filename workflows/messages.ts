/**
 * What a running request understands from outside: signals, queries, and an update for each row of the decision table
 * (domain/decision/decision-table.ts has their names). Shared with the client and the gateway; free of personal data.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import type { DecisionContent } from '../domain/decision/decision';
import {
  decisionKinds,
  decisionRow,
  type DecisionKind,
  type ProviderDecisionKind,
} from '../domain/decision/decision-table';
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

/** A decision about a provider resolves to its leg, one about the request to the request: as it stands after the decision. */
export type DecisionAnswer<K extends DecisionKind = DecisionKind> = K extends ProviderDecisionKind
  ? LegProgress
  : RequestProgress;

/** The update of each decision. Refusals say why. */
export const decisionUpdates = Object.fromEntries(
  decisionKinds.map((kind) => [kind, defineUpdate(decisionRow(kind).update)]),
) as { readonly [K in DecisionKind]: UpdateDefinition<DecisionAnswer<K>, [DecisionContent<K>]> };

export const progress = defineQuery<RequestProgress>('progress');
/** The signed certificate, packed as in the history (`security/packed-certificate.ts`), from the moment it is there; null before. */
export const certificate = defineQuery<string | null>('certificate');
