import type { BrakeReason } from '../brake/brake-reason';
import type { ShortageReason } from '../brake/shortage';
import type { ProviderWitness } from '../fact/fact';
import { MINUTE_MS } from '../duration';

/**
 * The `type` of every failure that a step of a leg can end with. An outcome is a value; a failure is one of these.
 * Which are tried again, and for how long, is said by `retrying` below; when each try comes, by workflows/activity-options.ts.
 */
export const failureTypes = [
  /** The workflow's own guard refused its input. The only way a run can fail. */
  'InvalidRequest',
  /** Sealed by nobody we trust, swapped or altered. */
  'IdentifierUnusable',
  /** Sealed as it should be, and no identifier of anybody at this provider: it was not asked. */
  'IdentifierInvalid',
  /** Sealed to a key that this worker does not hold (yet). */
  'KeyUnavailable',
  /** No answer, 408, 425, 429 or 5xx: the same call may work later. */
  'ProviderUnavailable',
  /** An answer came that is not one of the provider's own: something between us and it gave it, and it says nothing. */
  'UnrecognizedAnswer',
  /** Our credentials were refused. */
  'ProviderUnauthorized',
  /** The login was taken, and the token of each of several logins refused: another process may be logging in as well. */
  'TokenRefused',
  /** Any other 4xx of the provider's own: the same call will be refused again. */
  'ProviderRejected',
  /** An answer of the provider's own that is not what it promises, contradicts itself, or is about someone else. */
  'ProviderContractBroken',
  /** The provider's time has come and it has not done it yet. */
  'StillPending',
  /** The worker that would ask was shown no approval that it can prove. */
  'ApprovalMissing',
  /** The worker calls another host than the one that was asked, which cannot know what became of it. */
  'AnotherHost',
  /**
   * The provider's brake holds calls back: it was not called, or in vain as the brake's trial; or no calls are left to it for
   * now, which it may have answered itself.
   */
  'ProviderBraked',
] as const;

export type FailureType = (typeof failureTypes)[number];

export function isFailureType(value: unknown): value is FailureType {
  return failureTypes.some((type) => type === value);
}

/** Why a leg waits for a staff member or for the world to mend. */
export type AttentionReason =
  | Exclude<FailureType, 'InvalidRequest' | 'ProviderBraked'>
  /** The same record was there again after the last round we start by ourselves. */
  | 'Reappeared'
  /** A record created after we asked stands under this identifier: perhaps a returning customer. */
  | 'NewerRecord'
  /** The erasure was taken off the provider's queue by somebody else: perhaps at the person's own wish. */
  | 'TakenOffQueue'
  /** The provider keeps moving its own time further away. */
  | 'Postponed'
  /** We looked and could not tell. */
  | 'Inconclusive'
  /** Its callback says that the erasure failed, or contradicts itself. */
  | 'CallbackContradicts';

/**
 * How each kind of failure is tried again. `soon`: within minutes to hours, until this budget of the policy is spent;
 * absent where that mends nothing. `forMs`: for so long at least since it began, as it either passes soon or needs a person.
 * `daily`: the leg in attention goes on trying once a day by itself, since time, a deploy
 * or the provider may mend it.
 */
export const retrying: Readonly<
  Record<
    FailureType,
    { readonly soon?: 'outageBudgetMs' | 'stillPendingBudgetMs'; readonly forMs?: number; readonly daily: boolean }
  >
> = {
  InvalidRequest: { daily: false },
  IdentifierUnusable: { daily: false },
  IdentifierInvalid: { daily: false },
  KeyUnavailable: { soon: 'outageBudgetMs', daily: true },
  ProviderUnavailable: { soon: 'outageBudgetMs', daily: true },
  UnrecognizedAnswer: { soon: 'outageBudgetMs', daily: true },
  // By then the brake has told whether everybody is refused, who then waits for it without attention.
  ProviderUnauthorized: { forMs: 5 * MINUTE_MS, daily: true },
  TokenRefused: { forMs: 10 * MINUTE_MS, daily: true },
  ProviderRejected: { daily: false },
  ProviderContractBroken: { daily: false },
  StillPending: { soon: 'stillPendingBudgetMs', daily: true },
  ApprovalMissing: { daily: true },
  AnotherHost: { daily: true },
  // Not tried again: the leg waits until the brake is released.
  ProviderBraked: { daily: false },
};

/** Retried soon for as long as an outage may last: the provider, or the way to it, is not there for the moment. */
export function isOutage(type: FailureType): boolean {
  return retrying[type].soon === 'outageBudgetMs';
}

/** What a leg can be in attention for, of what its steps can fail with. */
export function isAttentionReason(type: FailureType): type is AttentionReason & FailureType {
  return type !== 'InvalidRequest' && type !== 'ProviderBraked';
}

export function triesDaily(reason: AttentionReason): boolean {
  return isFailureType(reason) && retrying[reason].daily;
}

/** For people: what happened, and what a staff member can do about it. Shown in the Temporal UI and by `erasure status`. */
export const attentionGuide: Record<AttentionReason, { readonly happened: string; readonly todo: string }> = {
  IdentifierUnusable: {
    happened: 'the sealed identifier was altered, meant for another request, or signed by nobody we trust',
    todo: 'submit a new request with the right identifier, then waive this leg',
  },
  IdentifierInvalid: {
    happened:
      'the identifier is none of this provider: a placeholder, of another form, or with characters that no id has',
    todo: 'submit a new request with the right identifier, then waive this leg',
  },
  KeyUnavailable: {
    happened: 'no worker holds the key that this identifier is sealed to',
    todo: 'give the workers the key; it is tried again daily',
  },
  ProviderUnavailable: {
    happened: 'the provider could not be reached, or no worker serves it',
    todo: 'nothing, it is tried again daily; retry to try now',
  },
  UnrecognizedAnswer: {
    happened:
      'something between us and the provider answered in its place, such as a proxy, a firewall or a login page',
    todo: 'mend the way to the provider, or its base URL; it is tried again daily; retry to try now',
  },
  ProviderUnauthorized: {
    happened: 'the provider refused our credentials',
    todo: 'mend the credentials; it is tried again daily; retry to try now',
  },
  TokenRefused: {
    happened: 'the provider took our login and refused the token of each, as if others logged in with the same client',
    todo: 'let one process serve this provider, or check the rights of the client; it is tried again daily; retry to try now',
  },
  ProviderRejected: {
    happened: 'the provider refused the request for good',
    todo: 'find out why with the provider, then retry, attest or waive',
  },
  ProviderContractBroken: {
    happened: 'the provider answered something that it never promised',
    todo: 'find out what it means with the provider, then retry, attest or waive',
  },
  StillPending: {
    happened: "the provider's own time is over and the data are still there",
    todo: 'ask the provider; it is looked at again daily; retry to look now',
  },
  ApprovalMissing: {
    happened: 'the worker that asks the provider was shown no approval that it can prove, so it did not ask',
    todo: 'give the workers the right fact-keys.json and decision.json; it is tried again daily; retry to try now',
  },
  AnotherHost: {
    happened:
      'the workers call another host of this provider than the one that was asked, which cannot know the record',
    todo: 'set the address of the host that was asked; it is tried again daily; retry to try now',
  },
  Reappeared: {
    happened: 'the same record came back again after each erasure',
    todo: 'stop what brings it back, then retry (looks, and erases again)',
  },
  NewerRecord: {
    happened: 'a record newer than this request stands under the identifier, perhaps a returning customer',
    todo: 'find out; attest if the old record is gone, or submit a new request for the new one',
  },
  TakenOffQueue: {
    happened: "the erasure was taken off the provider's queue by somebody, perhaps at the person's own wish",
    todo: 'ask the person; then retry (looks, and asks again) or waive',
  },
  Postponed: {
    happened: 'the provider keeps moving the time of its erasure',
    todo: 'ask the provider; retry to go on waiting',
  },
  Inconclusive: {
    happened: 'we looked and could not tell whether the data are gone',
    todo: 'find out with the provider; then retry (looks again), attest or waive',
  },
  CallbackContradicts: {
    happened: "the provider's callback said that something had failed, or contradicted itself",
    todo: 'find out with the provider; then retry (asks again), attest or waive; a callback that confirms ends it, too',
  },
};

export function failureWords(type: FailureType): string {
  if (isAttentionReason(type)) return attentionGuide[type].happened;
  return type === 'ProviderBraked' ? "the provider's brake holds calls back" : 'the input was refused';
}

/** What an adapter remembers from one attempt to the next. */
export interface AdapterMemory {
  /** The record was seen before the first asking. */
  readonly seen?: boolean;
  /** An earlier attempt to withdraw was sent; its answer may have been lost. */
  readonly withdrawing?: boolean;
}

/** What the attempts of one activity leave to the next activity of the same step. Instants in epoch ms. */
export interface StepMemory {
  /** Since when the provider has been out of reach without a break. */
  readonly unavailableSince?: number;
  /** Since when it has been late with its own time. */
  readonly pendingSince?: number;
  readonly adapter: AdapterMemory;
}

/** What an activity's failure tells the workflow besides its type. Carried as the first of its `details`; free of personal data. */
export interface FailureDetails {
  /** False only where it is certain that no call of this activity can have reached the provider's erasing operation. */
  readonly mayHaveReached: boolean;
  /** The worker's signature where it is certain. */
  readonly witness?: ProviderWitness;
  readonly memory?: StepMemory;
  /** How long to wait before the next try. */
  readonly retryInMs?: number;
  /** Of `ProviderBraked`: what the brake is on for. */
  readonly brake?: LegBrake;
  /** Trying goes on: it ended only to tell that another kind of failure has taken the place of the one that is known. */
  readonly kindChanged?: boolean;
}

/** The provider's brake, as a leg that waits for it knows it. */
export interface LegBrake {
  readonly reason: BrakeReason | ShortageReason;
  /** Epoch ms. */
  readonly since: number;
  /** When calls may be made again, where that is known; epoch ms. */
  readonly until?: number;
}

export type LegFailure = { readonly type: FailureType } & FailureDetails;
