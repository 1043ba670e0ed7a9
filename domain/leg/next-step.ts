/** What is to be done next about a leg: decided by its state and nothing else. */
import { defined } from '../defined';
import { triesDaily, type AttentionReason, type LegBrake } from './failure';
import { isAsking, type AttentionLeg, type LegState, type OpenLeg, type Trouble } from './leg-state';
import { windowIsOverAt } from './leg-windows';
import { isWithdrawable, openReceipt, roundToAsk } from './rounds';

export type AskStep = { readonly do: 'ask'; readonly round: number; readonly askedBefore: boolean } & Tries;
export type LookStep = { readonly do: 'look'; readonly round: number } & Tries;
export type WaitStep = { readonly do: 'wait'; readonly for: 'window' | 'callback' | 'nextTry'; readonly until: number };
/** Until the provider's brake is released, or the step is to be its trial; or until calls are left. */
export type BrakeStep = { readonly do: 'waitForBrake'; readonly brake: LegBrake };
/** `hold`: for as long as the hold lasts, at most until its window is over; `end`: for a bounded time. */
export type WithdrawStep = { readonly do: 'withdraw'; readonly for: 'hold' | 'end'; readonly until?: number };

export type LegStep =
  | AskStep
  | WaitStep
  | LookStep
  | BrakeStep
  | { readonly do: 'waitForDecision' }
  | { readonly do: 'waitForRelease' }
  | WithdrawStep
  | { readonly do: 'finish' };

/**
 * How a step is tried. `first`: it has not failed yet; `soon`: it has, and is tried again within minutes to hours; `daily`:
 * the leg asks for attention meanwhile.
 */
export type Tries =
  | { readonly tries: 'first' }
  | { readonly tries: 'soon'; readonly trouble: Trouble }
  | { readonly tries: 'daily'; readonly reason: AttentionReason };

export function nextStep(leg: LegState): LegStep {
  switch (leg.phase) {
    case 'withdraw':
      return { do: 'withdraw', for: 'end' };
    case 'settled':
      return { do: 'finish' };
    default:
      return stopsForHold(leg) ? stepInHold(leg) : stepOf(leg);
  }
}

/** Flat, and what is not flat in it is kept by the state as it is: two steps are the same if all their fields are. */
export function isSameStep(one: LegStep, other: LegStep): boolean {
  const [fields, others] = [Object.entries(one), new Map<string, unknown>(Object.entries(other))];
  return fields.length === others.size && fields.every(([name, value]) => others.get(name) === value);
}

function stepOf(leg: OpenLeg): LegStep {
  switch (leg.phase) {
    case 'ask':
      return brakeStep(leg) ?? pauseOf(leg.trouble) ?? askStep(leg, triesOf(leg.trouble));
    case 'look':
      return brakeStep(leg) ?? pauseOf(leg.trouble) ?? lookStep(leg, triesOf(leg.trouble));
    case 'window':
    case 'callback':
      return { do: 'wait', for: leg.phase, until: leg.until };
    case 'attention':
      return brakeStep(leg) ?? stepInAttention(leg);
  }
}

function stepInAttention(leg: AttentionLeg): LegStep {
  const { reason, step } = leg.attention;
  if (!triesDaily(reason)) return { do: 'waitForDecision' };
  return step === 'ask' ? askStep(leg, { tries: 'daily', reason }) : lookStep(leg, { tries: 'daily', reason });
}

function brakeStep({ brake }: { readonly brake?: LegBrake }): BrakeStep | undefined {
  return brake && { do: 'waitForBrake', brake };
}

function askStep(leg: OpenLeg, tries: Tries): AskStep {
  return { do: 'ask', round: roundToAsk(leg), askedBefore: leg.askedBefore, ...tries };
}

function lookStep(leg: OpenLeg, tries: Tries): LookStep {
  return { do: 'look', round: leg.rounds.length, ...tries };
}

function pauseOf(trouble: Trouble | undefined): WaitStep | undefined {
  return trouble?.isPausing === true ? { do: 'wait', for: 'nextTry', until: trouble.nextTryAt } : undefined;
}

function triesOf(trouble: Trouble | undefined): Tries {
  return trouble === undefined ? { tries: 'first' } : { tries: 'soon', trouble };
}

/** What a hold stops: asking, and a window that the provider can still be kept from carrying through. */
function stopsForHold(leg: OpenLeg): boolean {
  return leg.hold !== undefined && (isAsking(leg) || (leg.phase === 'window' && isToBeWithdrawn(leg)));
}

function stepInHold(leg: OpenLeg): LegStep {
  if (!isToBeWithdrawn(leg)) return { do: 'waitForRelease' };
  const until = openReceipt(leg) === undefined ? undefined : windowIsOverAt(leg);
  return { do: 'withdraw', for: 'hold', ...defined({ until }) };
}

/** Withdrawing has not been tried in this hold. */
function isToBeWithdrawn(leg: OpenLeg): boolean {
  return leg.hold?.withdrawal === undefined && leg.hold?.couldNotWithdraw === undefined && isWithdrawable(leg);
}
