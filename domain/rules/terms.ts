import type { Witness } from '../fact/fact';
import { defined } from '../defined';
import type { LegalClock, NoClock } from '../law/legal-clock';
import type { DecisionMode, Rules } from './rules';

/** What the request is held to, as the worker that determined it found it. */
export interface Terms {
  readonly rules: Rules;
  /** Absent where there are no due dates: then `noClock` says why. */
  readonly clock?: LegalClock;
  readonly noClock?: NoClock;
  /** The search attributes are registered: what the request waits for can be filtered by. */
  readonly isIndexed: boolean;
  /** So is the one for tickets, which is younger than the others. */
  readonly areTicketsIndexed?: boolean;
  /** The worker's signature over the rules and the due dates. */
  readonly witness?: Witness;
  /** The same worker's signature over the part of the rules that a provider's worker has to know. */
  readonly approvalRuleWitness?: Witness;
}

/** Whether somebody has to approve the request before a provider is asked, and has to sign for it. */
export interface ApprovalRule {
  readonly approvalNeeded: boolean;
  readonly decisionMode: DecisionMode;
  readonly witness?: Witness;
}

export function approvalRuleOf({ rules, approvalRuleWitness }: Terms): ApprovalRule {
  const { approvalNeeded, decisionMode } = rules;
  return { approvalNeeded, decisionMode, ...defined({ witness: approvalRuleWitness }) };
}
