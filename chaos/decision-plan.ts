/** Decisions that staff members take at random: sensible ones, and ones that must be refused. */
import type { DecisionKind } from '../domain/decision/decision-table';
import {
  extensionGrounds,
  holdGrounds,
  noticeKinds,
  rejectionGrounds,
  withdrawalWishes,
} from '../domain/decision/decision-table';
import { DAY_MS, HOUR_MS } from '../domain/duration';
import type { Provider } from '../domain/provider/provider-table';
import type { Random } from './random';

/** Instants are filled in when it is taken: the run's clock is known then only. */
export interface PlannedDecision {
  readonly kind: DecisionKind | 'cancel';
  readonly content: Readonly<Record<string, unknown>>;
}

const kinds: Readonly<Record<DecisionKind | 'cancel', number>> = {
  hold: 4,
  release: 1,
  retry: 3,
  waive: 2,
  attest: 2,
  withdraw: 2,
  cancel: 2,
  extend: 1,
  notice: 2,
  identity: 1,
  approve: 1,
  reject: 1,
};

export function plannedDecisions(
  random: Random,
  providers: readonly Provider[],
): { readonly afterMs: number; readonly decision: PlannedDecision }[] {
  return Array.from({ length: random.between(1, 2) }, () => {
    const kind = random.weighted(kinds);
    const afterMs = random.chance(0.3) ? random.between(1, HOUR_MS) : random.between(1, 9 * DAY_MS);
    return { afterMs, decision: { kind, content: contentOf(kind, random, providers) } };
  });
}

export function contentOf(
  kind: PlannedDecision['kind'],
  random: Random,
  providers: readonly Provider[],
): Readonly<Record<string, unknown>> {
  const common = { actor: `staff-${random.between(1, 9)}`, reason: { code: 'fault-suite', ticket: 'CHAOS-1' } };
  switch (kind) {
    case 'hold':
      return { ...common, ground: random.pick(holdGrounds), owner: 'staff-9' };
    case 'reject':
      return { ...common, ground: random.pick(rejectionGrounds) };
    case 'withdraw':
      return { ...common, wantedBy: random.pick(withdrawalWishes) };
    case 'extend':
      return { ...common, because: random.pick(extensionGrounds) };
    case 'notice':
      return { ...common, notice: random.pick(noticeKinds), channel: 'email', reference: 'CHAOS-MAIL-1' };
    case 'identity':
      return { ...common, method: 'account-login', reference: 'CHAOS-ID-1' };
    case 'retry':
    case 'waive':
    case 'attest':
      return { ...common, provider: random.pick(providers) };
    case 'approve':
    case 'release':
    case 'cancel':
      return common;
  }
}
