/**
 * What a process saw, signed with a key that only its role has. Whoever may write to the namespace can run workers and send
 * signals of their own; a certificate rests on these signatures alone.
 */
import { providerKeys, type Provider } from '../provider/provider-table';

/**
 * - `rules`: what the request is held to, by a worker that serves the workflows. `approvalRule`: its part that says who must approve.
 * - `receipt`, `observation`, `withdrawal`: what a provider answered, by the worker that called it.
 * - `unreached`: an attempt to ask failed, and no call of it can have reached the provider. By the same worker.
 * - `callback`: a provider's report that proved itself, by the gateway.
 */
export type FactKind = 'rules' | 'approval-rule' | 'receipt' | 'observation' | 'withdrawal' | 'unreached' | 'callback';

/** Who saw a fact: the roles that have a key to sign what they see. */
export const factRoles = [...providerKeys, 'gateway', 'workflows'] as const;
export type FactRole = (typeof factRoles)[number];

/** The signature of whoever saw a fact, and when. */
export interface Witness {
  readonly keyId: string;
  /** Epoch ms: when the attempt that saw it was scheduled, on the workflow's clock; of a callback, the gateway's own clock. */
  readonly at: number;
  /** Ed25519 over the fact's canonical JSON, base64url. */
  readonly signature: string;
}

/** The signature of a provider's worker: also over what its answer was judged by. */
export interface ProviderWitness extends Witness {
  readonly round: number;
  /** When the request first asked this provider, as the worker was told; epoch ms. */
  readonly firstAskedAt: number;
  /** Whether the provider may have been asked before, as the worker knew or was told. */
  readonly askedBefore: boolean;
  /** Who filed the request, as whoever sealed the identifier signed for it; absent where they did not say. */
  readonly filedBy?: string;
}

/** What is signed. `run` is the run that the request was started as: a reset keeps it. */
export interface Fact {
  readonly kind: FactKind;
  readonly requestId: string;
  readonly run: string;
  readonly provider?: Provider;
  /** What was seen, as plain JSON. */
  readonly content: object;
}

/** Who must have signed a fact of this kind. */
export function roleOf({ kind, provider }: Pick<Fact, 'kind' | 'provider'>): FactRole | undefined {
  switch (kind) {
    case 'rules':
    case 'approval-rule':
      return 'workflows';
    case 'callback':
      return 'gateway';
    case 'receipt':
    case 'observation':
    case 'withdrawal':
    case 'unreached':
      return provider;
  }
}

/** What is signed of an answer: all of it but the signature itself, and the sentences that are our own. */
export function seenIn(answer: object): object {
  const { witness: _witness, leavesUnsaid: _leavesUnsaid, ...seen } = answer as Record<string, unknown>;
  return seen;
}

/** For people: each goes on with "is signed by …" or with what is wrong with it. */
export const factWords: Readonly<Record<FactKind, string>> = {
  rules: 'the set of rules',
  'approval-rule': 'the need of an approval',
  receipt: 'the answer to the asking',
  observation: 'the look',
  withdrawal: 'the answer to the withdrawal',
  unreached: 'the failed attempt',
  callback: 'the callback',
};
