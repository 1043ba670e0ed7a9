/** What a staff member can decide about a leg, and what it changes. */
import { defined } from '../defined';
import { providerDecisionKinds } from '../decision/decision';
import type { ProviderDecisionKind } from '../decision/decision-table';
import { ask, look, settle, waitOutWindow } from './change-phase';
import { isAsking, type AttentionLeg, type LegEvent, type LegState } from './leg-state';
import { isAsked } from './rounds';

/** Why a decision cannot be taken now, or undefined if it can; the sentence goes on from the provider's name. */
export function refusalReason(leg: LegState, kind: ProviderDecisionKind): string | undefined {
  if (leg.phase === 'settled') return `is settled already (${leg.outcome})`;
  if (leg.phase === 'withdraw') return 'is being withdrawn, and settles by itself';
  if (kind === 'attest' && !isAsked(leg))
    return 'cannot be attested: nothing was asked of it that still stands; waive it to release the request from it';
  if (kind === 'retry' && leg.phase !== 'attention') return 'needs no retry: it is not in attention';
  if (kind === 'retry' && leg.hold !== undefined && isAsking(leg))
    return 'is on hold, and asks nothing before its release';
  return undefined;
}

/** What can be decided about the leg now. */
export function offeredDecisions(leg: LegState): readonly ProviderDecisionKind[] {
  return providerDecisionKinds.filter((kind) => refusalReason(leg, kind) === undefined);
}

export function decided(leg: LegState, { kind, decision, proof, at }: LegEvent & { type: 'decided' }): LegState {
  if (refusalReason(leg, kind) !== undefined) return leg;
  const kept: LegState = { ...leg, decisions: [...leg.decisions, { ...decision, kind, at, ...defined({ proof }) }] };
  switch (kind) {
    case 'waive':
      return settle(kept, { outcome: 'waived' }, at);
    case 'attest':
      return settle(kept, { outcome: 'attested' }, at);
    case 'retry':
      return kept.phase === 'attention' ? retried(kept) : leg;
  }
}

/** With budgets of its own, and whatever the adapter knows. */
function retried(leg: AttentionLeg): LegState {
  const { reason, step } = leg.attention;
  const isBack = reason === 'Reappeared' || reason === 'TakenOffQueue';
  const again = { ...leg, postponements: 0, askAgainIfPresent: leg.askAgainIfPresent || isBack };
  // What the provider postponed lies ahead again: a look before it says nothing.
  if (reason === 'Postponed') return waitOutWindow(again);
  const memory = leg.memory && { adapter: leg.memory.adapter };
  return step === 'ask' ? ask(again, memory) : look(again, memory);
}
