/** Whether a step that has failed is tried again soon, and until when. */
import type { Patience } from '../rules/patience';
import { retrying, type LegFailure } from './failure';
import type { RetryPlan } from './leg-state';
import type { AskStep, LookStep } from './next-step';

/**
 * Undefined where it is time to ask for attention. `isOutOfTime`: Temporal gave up since there was no time left, not since the
 * activity said that no retry mends it.
 */
export function retryPlanAfter(
  failure: LegFailure,
  {
    step,
    patience,
    beganAt,
    at,
    isOutOfTime,
  }: {
    readonly step: AskStep | LookStep;
    readonly patience: Patience;
    /** When the activity began. */
    readonly beganAt: number;
    readonly at: number;
    readonly isOutOfTime: boolean;
  },
): RetryPlan | undefined {
  const { soon } = retrying[failure.type];
  const isWorthIt = failure.kindChanged === true || (step.tries === 'first' && isOutOfTime);
  if (soon === undefined || step.tries === 'daily' || !isWorthIt) return undefined;
  const { unavailableSince, pendingSince } = failure.memory ?? {};
  const troubleSince = step.tries === 'soon' ? step.trouble.since : undefined;
  const since = troubleSince ?? Math.min(unavailableSince ?? pendingSince ?? beganAt, pendingSince ?? Infinity);
  const budgetSince = (soon === 'stillPendingBudgetMs' ? pendingSince : unavailableSince) ?? beganAt;
  const nextTryAt = at + (failure.retryInMs ?? 0);
  const until = budgetSince + patience[soon];
  return nextTryAt < until ? { since, nextTryAt, until } : undefined;
}
