/** Everything that the run log says of one erasure, gathered as it comes, and judged when it has ended. */
import type { Provider } from '../domain/provider/provider-table';
import type { LoggedCall } from '../local/simulator/call-log';
import type { RunHistory } from './run-history';
import type { RunLogEntry } from './run-log';

type Entry<Kind extends RunLogEntry['kind']> = Extract<RunLogEntry, { readonly kind: Kind }>;

export type Submitting = Entry<'submitting'>;
export type SentCallback = Entry<'callback'>;
export type Decided = Entry<'decided'>;
export type Deciding = Entry<'deciding'>;
export type WorldChange = Entry<'world'>;
export type FoundRecord = Entry<'record'>;
export type Ended = Entry<'ended'>;

/** A call with its instants in epoch ms: by this machine's clock, and by the provider's. */
export interface SeenCall {
  readonly call: LoggedCall;
  readonly provider: Provider;
  readonly wallAt: number;
  readonly at: number;
}

/** Something broke that may have interrupted calls under way. */
export interface Interruption {
  readonly wallAt: number;
  readonly what: string;
}

export interface ErasureEvidence {
  readonly requestId: string;
  readonly entries: readonly RunLogEntry[];
  /** In the order in which the providers received them. */
  readonly calls: readonly SeenCall[];
  readonly history?: RunHistory;
  /** Of the whole suite, while this erasure was open. */
  readonly interruptions: readonly Interruption[];
}

export function entriesOf<Kind extends RunLogEntry['kind']>(
  { entries }: Pick<ErasureEvidence, 'entries'>,
  kind: Kind,
): readonly Entry<Kind>[] {
  return entries.filter((entry): entry is Entry<Kind> => entry.kind === kind);
}

/** Whose ids, as the request that was filed has them. */
export function subjectOf(evidence: ErasureEvidence): Submitting['subject'] {
  return entriesOf(evidence, 'submitting')[0]?.subject ?? {};
}

export function callsOf({ calls }: ErasureEvidence, provider: Provider): readonly SeenCall[] {
  return calls.filter((call) => call.provider === provider);
}

export function seenCall({ call }: Entry<'provider-call'>): SeenCall {
  return { call, provider: call.provider as Provider, wallAt: Date.parse(call.wallAt), at: Date.parse(call.at) };
}

/** Decisions that were taken, or may have been: their answer was lost. */
export function takenDecisions(
  evidence: ErasureEvidence,
  kind: Decided['decision'],
): readonly { readonly deciding: Deciding; readonly decided: Decided }[] {
  const decidings = entriesOf(evidence, 'deciding').filter(({ decision }) => decision === kind);
  const decideds = entriesOf(evidence, 'decided').filter(({ decision }) => decision === kind);
  return decidings.flatMap((deciding, index) => {
    const decided = decideds[index];
    return decided === undefined || decided.answer === 'refused' ? [] : [{ deciding, decided }];
  });
}
