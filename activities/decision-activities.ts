import type { DecisionForRun, DecisionTokenChecker, DecisionTokenVerdict } from '../security/decision-token';
import { refuseForeignRun } from './run-guard';

/** A decision as it was sent, and the token that is to prove who took it. */
export type DecisionQuestion = DecisionForRun & { readonly token: string };

export interface DecisionActivities {
  /** Checks that the token was signed by somebody we trust, for exactly this decision of this actor about this request, and holds now. */
  checkDecision(question: DecisionQuestion): Promise<DecisionTokenVerdict>;
}

/** Pure but for the clock, so that it is safe to repeat; that a token is used once only is for the run to see to. */
export function createDecisionActivities(parts: {
  /** Absent on a worker without `decision.json`: it can check nothing. */
  readonly checker: DecisionTokenChecker | undefined;
  /** Epoch ms, in real time. */
  readonly now?: () => number;
}): DecisionActivities {
  const { checker, now = Date.now } = parts;
  return {
    async checkDecision({ requestId, run, kind, content, token }) {
      await refuseForeignRun({ requestId, run });
      if (checker === undefined) {
        return { status: 'refused', why: 'This worker has no decision.json, so it cannot check the decision token' };
      }
      // Not the time at which the attempt was scheduled, as elsewhere: whoever signed the token dated it in real time, which
      // skipped time runs ahead of, and a token that ran out while the attempt waited for a worker has run out.
      return checker.check({ requestId, run, kind, content, token, now: now() });
    },
  };
}
