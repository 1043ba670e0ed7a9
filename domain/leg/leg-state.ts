/** The state of one leg, by phase: what a phase lacks cannot be read. All instants in epoch ms of the workflow's clock. */
import type { DecisionContent, DecisionProof } from '../decision/decision';
import type { ProviderDecisionKind } from '../decision/decision-table';
import type { Provider } from '../provider/provider-table';
import type { AttentionReason, FailureType, LegBrake, LegFailure, StepMemory } from './failure';
import type { Assurance, LegOutcome } from './outcome';
import type { CallbackEvidence, CallbackReport, Observation, Receipt, Withdrawal } from './receipt';

/** One asking. */
export interface Round {
  readonly number: number;
  readonly askedAt: number;
  /** When the provider's answer to our asking arrived. */
  readonly answeredAt?: number;
  /** When the window ends, without our margin. Moves where the provider moves its own time. */
  readonly windowEndsAt?: number;
  readonly receipt?: Receipt;
  /** A call of it may have reached the provider's erasing operation, though no answer says so. */
  readonly mayHaveReached?: boolean;
  /** The provider's last answer to withdrawing it because of a legal hold. */
  readonly withdrawal?: Withdrawal & { readonly at: number };
  /** When the provider withdrew it during a legal hold: it counts as never asked. */
  readonly withdrawnAt?: number;
  /** When withdrawing it was broken off by a decision: nobody knows whether that call was carried out. */
  readonly withdrawalBrokenOffAt?: number;
  /** When it was found that nothing of it is left at the provider, and not by our doing. What is there later is not ours. */
  readonly goneAt?: number;
}

/** The request is on legal hold: nothing is sent, and what can be withdrawn is. */
export interface LegHold {
  readonly since: number;
  /** The provider's answer to withdrawing, once it was tried. */
  readonly withdrawal?: Withdrawal & { readonly at: number };
  /** The provider refused to withdraw it for good, or could not be reached until its window was over. */
  readonly couldNotWithdraw?: FailureType;
}

export interface Attention {
  readonly reason: AttentionReason;
  /** Since when this has been the reason. */
  readonly since: number;
  /** When the step first failed, where that was earlier, be it for another reason. */
  readonly troubleSince?: number;
  /** The step that did not succeed, and that a retry repeats. */
  readonly step: 'ask' | 'look';
}

/** Callbacks of one kind that confirmed nothing: when the first and the last came, and how many, counted up to a bound. */
export interface RepeatedReport extends CallbackReport {
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
}

/** A step that does not get through and is tried again soon by itself: nobody has to do anything yet. */
export interface Trouble {
  readonly reason: AttentionReason;
  /** When the step first failed. */
  readonly since: number;
  readonly nextTryAt: number;
  /** When the leg asks for attention if the step goes on failing. */
  readonly until: number;
  /** The next try is still to come. */
  readonly isPausing: boolean;
}

/** When a failed step is tried again by itself. */
export type RetryPlan = Pick<Trouble, 'since' | 'nextTryAt' | 'until'>;

export type LegDecision = DecisionContent<ProviderDecisionKind> & {
  readonly kind: ProviderDecisionKind;
  readonly at: number;
  readonly proof?: DecisionProof;
};

/** What is known of a leg in every phase. */
export interface LegFacts {
  readonly provider: Provider;
  readonly rounds: readonly Round[];
  /** Some call of ours may have reached the provider's erasing operation, whatever we know of its answer. */
  readonly askedBefore: boolean;
  /** We know that the provider held the record before we asked. */
  readonly seen: boolean;
  readonly postponements: number;
  readonly callback?: CallbackEvidence & { readonly at: number };
  /** One entry for each kind at most. */
  readonly reports?: readonly RepeatedReport[];
  readonly lastObservation?: Observation & { readonly at: number };
  /** The first look that found the same record, where no receipt says that it was there. */
  readonly sighting?: Observation & { readonly at: number };
  /** A staff member wants it asked again should the next look find the record. */
  readonly askAgainIfPresent: boolean;
  readonly decisions: readonly LegDecision[];
  /** The provider is being asked to withdraw because of a hold, and has not answered yet. */
  readonly isWithdrawing?: boolean;
}

interface Holdable extends LegFacts {
  readonly hold?: LegHold;
}

interface Asking {
  /** The provider is being asked to erase, and has not answered yet. */
  readonly isBeingAsked?: boolean;
}

interface Tried {
  readonly trouble?: Trouble;
  /** The provider's brake holds calls back: the step waits until they may be made. */
  readonly brake?: LegBrake;
  /** What the activities of the step under way have left so far. */
  readonly memory?: StepMemory;
}

/** What a leg knows of its step, whatever its phase. */
export type StepFacts = LegFacts & Asking & Tried;

export type AskLeg = Holdable & Asking & Tried & { readonly phase: 'ask' };
export type LookLeg = Holdable & Tried & { readonly phase: 'look' };
export type AttentionLeg = Holdable &
  Asking &
  Pick<Tried, 'memory' | 'brake'> & { readonly phase: 'attention'; readonly attention: Attention };
/** `until`: the end of the window and our margin. */
export type WindowLeg = Holdable & { readonly phase: 'window'; readonly until: number };
/** `until`: how long we wait for the callback. */
export type CallbackLeg = Holdable & { readonly phase: 'callback'; readonly until: number };

/** The whole request was withdrawn or cancelled before the leg had settled. */
interface Ended {
  readonly endedAt: number;
  /** What the leg was in attention for at that time. */
  readonly endedInAttention?: AttentionReason;
}

export type WithdrawLeg = LegFacts & Ended & { readonly phase: 'withdraw' };

export type Settlement =
  | { readonly outcome: 'erased'; readonly assurance: Assurance }
  | { readonly outcome: Exclude<LegOutcome, 'erased'>; readonly assurance?: never };

export type SettledLeg = LegFacts &
  Partial<Ended> &
  Settlement & {
    readonly phase: 'settled';
    readonly settledAt: number;
    /** The provider's answer to withdrawing at the end of the request. */
    readonly withdrawal?: Withdrawal & { readonly at: number };
    /** Why it could not be made to. */
    readonly couldNotWithdraw?: FailureType;
    /** When the provider withdrew it although a staff member had decided about it meanwhile. */
    readonly withdrawnAfterDecisionAt?: number;
  };

/** Goes on by itself, or once a staff member has decided; a legal hold can stop it. */
export type OpenLeg = AskLeg | WindowLeg | CallbackLeg | LookLeg | AttentionLeg;
export type LegState = OpenLeg | WithdrawLeg | SettledLeg;

export type LegEvent = { readonly at: number } & (
  | { readonly type: 'asked' }
  | { readonly type: 'answered'; readonly receipt: Receipt }
  | { readonly type: 'observed'; readonly observation: Observation }
  | { readonly type: 'failed'; readonly failure: LegFailure; readonly retryPlan?: RetryPlan }
  /**
   * The step was broken off; an asking in flight may have reached the provider, unless its activity knows that it did not.
   * `asksAnew`: false for runs begun before 0.4, which waited out the window of what may have been withdrawn.
   */
  | { readonly type: 'interrupted'; readonly mayHaveReached?: boolean; readonly asksAnew?: boolean }
  | { readonly type: 'timePassed' }
  /** Or this leg's step is to be the brake's trial. */
  | { readonly type: 'brakeReleased' }
  | { readonly type: 'calledBack'; readonly evidence: CallbackEvidence }
  | { readonly type: 'reported'; readonly report: CallbackReport }
  | {
      readonly type: 'decided';
      readonly kind: ProviderDecisionKind;
      readonly decision: DecisionContent<ProviderDecisionKind>;
      readonly proof?: DecisionProof;
    }
  | { readonly type: 'held' }
  | { readonly type: 'released' }
  | { readonly type: 'requestEnded' }
  | { readonly type: 'withdrawing' }
  | { readonly type: 'withdrawalAnswered'; readonly withdrawal: Withdrawal }
  | { readonly type: 'withdrawalFailed'; readonly reason: FailureType }
);

export function openLeg(provider: Provider): AskLeg {
  return {
    provider,
    phase: 'ask',
    rounds: [],
    askedBefore: false,
    seen: false,
    postponements: 0,
    askAgainIfPresent: false,
    decisions: [],
  };
}

export function isOpen(leg: LegState): leg is OpenLeg {
  return leg.phase !== 'settled' && leg.phase !== 'withdraw';
}

/** A leg that should have settled and has not is a bug: it stops the run until it is mended. */
export function settled(leg: LegState): SettledLeg {
  if (leg.phase !== 'settled') throw new TypeError(`The leg of ${leg.provider} has not settled`);
  return leg;
}

export function isAsking(leg: LegState): leg is AskLeg | AttentionLeg {
  return leg.phase === 'ask' || (leg.phase === 'attention' && leg.attention.step === 'ask');
}

export function isLooking(leg: LegState): leg is LookLeg | AttentionLeg {
  return leg.phase === 'look' || (leg.phase === 'attention' && leg.attention.step === 'look');
}

export function holdOf(leg: LegState): LegHold | undefined {
  return isOpen(leg) ? leg.hold : undefined;
}
