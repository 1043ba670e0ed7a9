/** The company's rules: what one company has settled for all of its requests. Pinned to a request when it starts. */
import { DAY_MS } from '../duration';
import type { ClockLeads } from '../law/legal-clock';
import type { Patience } from './patience';

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
