import { Context } from '@temporalio/activity';
import { defined } from '../domain/defined';
import type { LegalClock } from '../domain/law/legal-clock';
import type { Patience } from '../domain/rules/patience';
import type { Regulation } from '../domain/law/regulation';
import type { Rules } from '../domain/rules/rules';
import type { Terms } from '../domain/rules/terms';
import type { Fact } from '../domain/fact/fact';
import type { FactSigner } from '../security/facts';
import { refuseForeignRun, type RunOfRequest } from './run-guard';
import { recomputedClock, legalClockFor, type ClockFacts, type ClockPolicy } from '../domain/law/counting/due-dates';

/** What rules and due dates depend on. Instants in epoch ms. */
export interface TermsQuestion extends RunOfRequest {
  readonly regulation: Regulation;
  readonly submittedAt: number;
  /** The request's own settings, over those of the rules. */
  readonly policy: Readonly<Partial<Patience>>;
  /** When the person was asked to prove who they are, when what they were asked for arrived, and when it was found good. */
  readonly identity?: NonNullable<ClockFacts['identity']>;
  /** What time it is for the run, which a local activity cannot know; absent from one that is not local. Epoch ms. */
  readonly at?: number;
  /** Of a request that has its due dates already: only the start of its clock may move. */
  readonly pinned?: LegalClock;
}

export interface TermsActivities {
  /** Looks up what the request will be held to: the rules as they are now, and its due dates under its law. */
  determineTerms(question: TermsQuestion): Promise<Terms>;
}

export function createTermsActivities(
  parts: ClockPolicy & {
    readonly rules: Rules;
    /** Whether the namespace knows the search attributes. */
    readonly isIndexed: boolean;
    readonly areTicketsIndexed?: boolean;
    readonly signer: FactSigner;
  },
): TermsActivities {
  const { rules, isIndexed, areTicketsIndexed, signer } = parts;
  return {
    determineTerms: async ({ requestId, run, regulation, submittedAt, policy, identity, pinned, at: toldAt }) => {
      await refuseForeignRun({ requestId, run });
      const facts = { regulation, submittedAt, ...defined({ identity }) };
      const clock = pinned === undefined ? legalClockFor(parts, facts) : recomputedClock(facts, pinned, parts.laws);
      const terms = {
        rules: { ...rules, patience: { ...rules.patience, ...policy } },
        ...(typeof clock === 'string' ? {} : { clock }),
      };
      const at = toldAt ?? Context.current().info.currentAttemptScheduledTimestampMs;
      const sign = (fact: Pick<Fact, 'kind' | 'content'>) => signer.sign({ requestId, run, ...fact }, at);
      const { approvalNeeded, decisionMode } = rules;
      return {
        ...terms,
        ...(typeof clock === 'string' ? { noClock: clock } : {}),
        isIndexed,
        ...(areTicketsIndexed === true && { areTicketsIndexed }),
        witness: sign({ kind: 'rules', content: terms }),
        approvalRuleWitness: sign({ kind: 'approval-rule', content: { approvalNeeded, decisionMode } }),
      };
    },
  };
}
