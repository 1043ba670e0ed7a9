/** The rules of the house: what one company has settled for all of its requests. Pinned to a request when it starts. */
import { defined } from '../defined';
import { DAY_MS } from '../duration';
import type { Witness } from '../certificate/fact';
import type { ClockLeads, LegalClock, NoClock } from '../law/legal-clock';
import { defaultPatience, type Patience } from './patience';

/** `asserted`: a decision is what whoever may write to the namespace says. `authenticated`: its actor signed for it. */
export type DecisionMode = 'asserted' | 'authenticated';

export interface Rules {
  readonly patience: Patience;
  readonly decisionMode: DecisionMode;
  /** Nothing is sent to any provider before somebody other than the filer has approved the request. */
  readonly approvalNeeded: boolean;
  /** The request stays open until the answer to the person has been recorded. */
  readonly answerTracked: boolean;
  /** How long before a legal deadline it is reported. */
  readonly leads: ClockLeads;
}

export const defaultLeads: ClockLeads = {
  acknowledgeMs: 3 * DAY_MS,
  extensionDecisionMs: 10 * DAY_MS,
  dueSoonMs: 7 * DAY_MS,
};

/** How long after its receipt a request without a due date is reported as unanswered: about the shortest of the laws' periods. */
export const UNANSWERED_AFTER_MS = 30 * DAY_MS;

/** What the request is held to, as the worker that took it on found it. */
export interface Terms {
  readonly rules: Rules;
  /** Absent where there are no due dates: then `noClock` says why. */
  readonly clock?: LegalClock;
  readonly noClock?: NoClock;
  /** The search attributes are registered: what the request waits for can be filtered by. */
  readonly isIndexed: boolean;
  /** The worker's signature over the rules and the due dates. */
  readonly witness?: Witness;
  /** The same worker's signature over the part of the rules that a provider's worker has to know. */
  readonly gateWitness?: Witness;
}

/** Whether somebody has to approve the request before a provider is asked, and has to sign for it. */
export interface Gate {
  readonly approvalNeeded: boolean;
  readonly decisionMode: DecisionMode;
  readonly witness?: Witness;
}

export function gateOf({ rules, gateWitness }: Terms): Gate {
  const { approvalNeeded, decisionMode } = rules;
  return { approvalNeeded, decisionMode, ...defined({ witness: gateWitness }) };
}

/** How requests were held before there were rules: for runs of release 0.1.0. */
export function termsWithoutRules(patience: Patience): Terms {
  return {
    rules: {
      patience,
      decisionMode: 'asserted',
      approvalNeeded: false,
      answerTracked: false,
      leads: defaultLeads,
    },
    isIndexed: false,
  };
}

export const defaultRules: Rules = {
  patience: defaultPatience,
  decisionMode: 'asserted',
  approvalNeeded: false,
  answerTracked: true,
  leads: defaultLeads,
};
