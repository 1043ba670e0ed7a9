import type { ProviderWitness, Witness } from '../fact/fact';

/** What a provider's answer leaves behind as proof. Free of personal data: status, times, opaque ids, keyed digests. */
export interface Evidence {
  /** Host that was asked, e.g. `api.example.com`. */
  readonly host: string;
  /** HTTP status of the answer that counts. */
  readonly httpStatus: number;
  /** HMAC-SHA-256 of the answer's body under the provider's hashing key, base64url; absent for an empty body. */
  readonly bodyHmac?: string;
  /** The provider's own words and times, by the names that it gives them. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

export type WindowKind = 'erasure' | 'revival';

/** How long an answer about the data means nothing: a length from acceptance, or an instant the provider named (epoch ms). */
export type Window = { readonly lastsMs: number } | { readonly endsAt: number };

/** How completion can be known at this provider: it calls back, we can look, or nobody says. */
export type ConfirmedBy = 'callback' | 'look' | 'nobody';

/** Why a request counts as taken on. */
export type AcceptanceBasis =
  /** The provider's own answer to this asking says so. */
  | 'taken-on'
  /** It never said so: it knows no such identifier, after an asking that it may have carried out. */
  | 'unknown-after-asking'
  /** An erasure of the record was queued already, and it is not known whether by an asking of ours. */
  | 'queued-already';

/** To be waited out as an erasure to come. Proves nothing was erased yet; `basis` says whether the provider took it on. */
export interface Accepted {
  readonly status: 'accepted';
  readonly basis: AcceptanceBasis;
  readonly window: Window;
  readonly windowKind: WindowKind;
  readonly marginMs: number;
  readonly confirmedBy: ConfirmedBy;
  /** How long after the window to wait for the callback. Meaningful where it confirms. */
  readonly graceMs: number;
  /** We know the provider held the record before we asked. */
  readonly seen: boolean;
  /** Whether this provider can withdraw a request it took on. */
  readonly withdrawable: boolean;
  /** HMAC of the identifier under the provider's hashing key, base64url. */
  readonly subjectHash: string;
  /** Which key that was; absent in what releases before 0.2.0 wrote. */
  readonly subjectHashKeyId?: string;
  readonly evidence: Evidence;
  /** What the provider's documents do not promise, for the certificate. Whole sentences. */
  readonly leavesUnsaid: readonly string[];
  readonly witness?: ProviderWitness;
}

/** The provider knows no such identifier at this host; it says nothing more. A window is given where one could hide the record. */
export interface Unknown {
  readonly status: 'unknown';
  readonly window?: Window;
  readonly windowKind: WindowKind;
  readonly marginMs: number;
  readonly subjectHash: string;
  readonly subjectHashKeyId?: string;
  readonly evidence: Evidence;
  readonly leavesUnsaid: readonly string[];
  readonly witness?: ProviderWitness;
}

export type Receipt = Accepted | Unknown;

/** What we found when we looked. */
export type Observation = { readonly evidence: Evidence; readonly witness?: ProviderWitness } & (
  | { readonly status: 'absent' }
  | {
      readonly status: 'present';
      /** Whether it is the record we asked to erase: created before we asked (`true`), after (`false`), or we cannot tell. */
      readonly sameRecord: boolean | 'unclear';
      /** The provider no longer means to erase it: somebody took our request off its queue. */
      readonly takenOffQueue?: boolean;
    }
  /** The provider means to do it at `endsAt` (epoch ms), which lies in the future. */
  | { readonly status: 'pending'; readonly endsAt: number }
  | { readonly status: 'inconclusive' }
);

/** What became of withdrawing a request. `since`: epoch ms from which it was too late, where known. */
export type Withdrawal = { readonly evidence?: Evidence; readonly witness?: ProviderWitness } & (
  | { readonly status: 'withdrawn' }
  | { readonly status: 'too-late'; readonly since?: number }
  | { readonly status: 'nothing-to-withdraw' }
);

/**
 * What a callback said that brought a true capability and is no confirmation, as a code: never a word of its body.
 * `contradiction`: it names the event that confirms, and something beside it says otherwise.
 */
export const callbackRemarks = {
  'no-event': 'named no event',
  'another-event': 'named another event',
  'another-person': 'was about somebody else',
  failure: 'said that something had failed',
  contradiction: 'named the event of an erasure and contradicted it',
  unreadable: 'could not be read',
} as const;
export type CallbackRemark = keyof typeof callbackRemarks;

/** Such a callback: confirms nothing, and is kept as evidence. */
export interface CallbackReport {
  readonly says: CallbackRemark;
  readonly handle: string;
  readonly witness?: Witness;
}

/** The provider itself says that it has not erased, or not surely. */
export function speaksAgainst(remark: CallbackRemark): boolean {
  return remark === 'failure' || remark === 'contradiction';
}

/** The provider told us that it is done. Times are added by the workflow when the signal arrives. */
export interface CallbackEvidence {
  /** The public handle of the capability that authenticated it. */
  readonly handle: string;
  /** The event name in its body, where it had one. */
  readonly event?: string;
  readonly witness?: Witness;
}
