/** What was asked of a provider, and what of it is left there. */
import type { LegFacts, LegState, Round } from './leg-state';
import type { Evidence, Receipt } from './receipt';

export function lastRound({ rounds }: LegFacts): Round | undefined {
  return rounds.at(-1);
}

/** A round that was withdrawn during a hold counts as never asked, and one that is gone from the provider is not ours to withdraw. */
export function openRounds({ rounds }: LegFacts): readonly Round[] {
  return rounds.filter(({ withdrawnAt, goneAt }) => withdrawnAt === undefined && goneAt === undefined);
}

/** The provider's last answer to what is still there. */
export function openReceipt(leg: LegFacts): Receipt | undefined {
  return openRounds(leg).findLast((round) => round.receipt !== undefined)?.receipt;
}

/** Something of ours may be at the provider: it took the request on, or a call of ours may have reached it. */
export function mayBeAtProvider(leg: LegFacts): boolean {
  return openRounds(leg).some(({ receipt, mayHaveReached }) =>
    receipt === undefined ? mayHaveReached === true : receipt.status === 'accepted',
  );
}

/** What is there can still be withdrawn, as far as we know. */
export function isWithdrawable(leg: LegFacts): boolean {
  const receipt = openReceipt(leg);
  return receipt === undefined ? mayBeAtProvider(leg) : receipt.status === 'accepted' && receipt.withdrawable;
}

export function wasEverAccepted({ rounds }: LegFacts): boolean {
  return rounds.some(({ receipt }) => receipt?.status === 'accepted');
}

/** The provider may have erased at our asking, or may still do so. Of a settled leg. */
export function mayHaveErased(leg: LegState): boolean {
  if (leg.phase !== 'settled' || leg.outcome === 'waived') return mayBeAtProvider(leg);
  return !['withdrawn', 'never-asked', 'not-found'].includes(leg.outcome);
}

/** Something was, or is being, asked of the provider, and was not withdrawn since. */
export function isAsked(leg: LegFacts): boolean {
  return openRounds(leg).length > 0;
}

/** When the provider was first asked for what is still there, or last asked where nothing is; epoch ms. */
export function firstAskedAt(leg: LegFacts): number | undefined {
  return (openRounds(leg)[0] ?? lastRound(leg))?.askedAt;
}

/** Where the provider answered to what is still there. */
export function hostAsked(leg: LegFacts): string | undefined {
  return openReceipt(leg)?.evidence.host;
}

/** See `LegCall.acceptedFacts`. What another round of asking may have left behind meanwhile is not ours to tell. */
export function acceptedFacts(leg: LegFacts): Evidence['facts'] {
  const receipt = openReceipt(leg);
  return receipt?.status === 'accepted' && receipt.basis === 'taken-on' ? receipt.evidence.facts : undefined;
}

/** A round that was asked and not answered is asked again under its own number. */
export function roundToAsk(leg: LegFacts): number {
  const round = lastRound(leg);
  const isOver = round?.answeredAt !== undefined || round?.withdrawnAt !== undefined || round?.goneAt !== undefined;
  return round === undefined || isOver ? leg.rounds.length + 1 : round.number;
}

export function withLastRound<Leg extends LegFacts>(leg: Leg, change: Partial<Round>): Leg {
  const last = lastRound(leg);
  return { ...leg, rounds: leg.rounds.map((round) => (round === last ? { ...round, ...change } : round)) };
}

/** The provider has one request of ours at most: what becomes of it becomes of every open round. */
export function withOpenRounds<Leg extends LegFacts>(leg: Leg, change: Partial<Round>): Leg {
  const open = openRounds(leg);
  return { ...leg, rounds: leg.rounds.map((round) => (open.includes(round) ? { ...round, ...change } : round)) };
}
