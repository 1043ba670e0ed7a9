/** From one phase to another: what is known stays, what was about the step that is over goes. */
import { defined } from '../defined';
import type { AttentionReason, StepMemory } from './failure';
import type { LegFacts, LegState, OpenLeg, SettledLeg, Settlement, StepFacts } from './leg-state';
import { graceIsOverAt, windowIsOverAt } from './leg-windows';

export function ask(leg: OpenLeg, memory?: StepMemory): LegState {
  const { isBeingAsked }: StepFacts = leg;
  return { ...openFacts(leg), phase: 'ask', ...defined({ isBeingAsked, memory }) };
}

export function look(leg: OpenLeg, memory?: StepMemory): LegState {
  return { ...openFacts(leg), phase: 'look', ...defined({ memory }) };
}

export function waitOutWindow(leg: OpenLeg): LegState {
  return { ...openFacts(leg), phase: 'window', until: certain(windowIsOverAt(leg)) };
}

export function waitForCallback(leg: OpenLeg): LegState & { readonly phase: 'callback' } {
  return { ...openFacts(leg), phase: 'callback', until: certain(graceIsOverAt(leg)) };
}

/** Attention is sticky: the same reason keeps the time it began at. */
export function askForAttention(leg: OpenLeg, reason: AttentionReason, step: 'ask' | 'look', at: number): LegState {
  const before = leg.phase === 'attention' ? leg.attention : undefined;
  const { trouble, memory, isBeingAsked }: StepFacts = leg;
  const since = before?.reason === reason ? before.since : at;
  const troubleSince = before?.troubleSince ?? before?.since ?? trouble?.since ?? at;
  return {
    ...openFacts(leg),
    phase: 'attention',
    attention: { reason, since, ...(troubleSince < since ? { troubleSince } : {}), step },
    ...defined({ memory, isBeingAsked }),
  };
}

type EndFacts = LegFacts &
  Partial<
    Pick<SettledLeg, 'endedAt' | 'endedInAttention' | 'withdrawal' | 'couldNotWithdraw' | 'withdrawnAfterDecisionAt'>
  >;

export function settle(leg: LegState, settlement: Settlement, at: number, end: Partial<EndFacts> = leg): SettledLeg {
  const { endedAt, endedInAttention, couldNotWithdraw, withdrawal, withdrawnAfterDecisionAt } = end;
  return {
    ...factsOf(leg),
    phase: 'settled',
    ...settlement,
    settledAt: at,
    ...defined({ endedAt, endedInAttention, couldNotWithdraw, withdrawal, withdrawnAfterDecisionAt }),
  };
}

/** What every phase has. */
export function factsOf(leg: LegFacts): LegFacts {
  const facts: { readonly [K in keyof Required<LegFacts>]: LegFacts[K] } = {
    provider: leg.provider,
    rounds: leg.rounds,
    askedBefore: leg.askedBefore,
    seen: leg.seen,
    postponements: leg.postponements,
    callback: leg.callback,
    reports: leg.reports,
    lastObservation: leg.lastObservation,
    sighting: leg.sighting,
    askAgainIfPresent: leg.askAgainIfPresent,
    decisions: leg.decisions,
    isWithdrawing: leg.isWithdrawing,
  };
  return defined(facts);
}

function openFacts(leg: OpenLeg): LegFacts & Pick<OpenLeg, 'hold'> {
  return { ...factsOf(leg), ...defined({ hold: leg.hold }) };
}

/** A wait without an end is a bug: it stops the run until it is mended. */
function certain(until: number | undefined): number {
  if (until === undefined) throw new TypeError('There is no window that could be waited out');
  return until;
}
