/** How long and how often each activity is tried. The one place where it is decided what a retry may mend. */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { ActivityCancellationType } from '@temporalio/workflow';
import { defined } from '../domain/defined';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import { failureTypes, retrying } from '../domain/leg/failure';
import type { LegStep } from '../domain/leg/leg';
import { DAILY_TRY_MS, type Patience } from '../domain/rules/patience';
import type { Provider } from '../domain/provider/provider-table';
import { WORKFLOW_QUEUE, providerQueue } from '../temporal/names';

/** Above the sum of the HTTP time-outs of one adapter call: a login, a look and the call itself. */
const START_TO_CLOSE_MS = 2 * MINUTE_MS;
/** How soon a crashed worker is noticed; a running attempt beats every 8 s. */
const HEARTBEAT_TIMEOUT_MS = 30 * SECOND_MS;

/** Not even the daily try mends these. */
const hopeless = failureTypes.filter((type) => !retrying[type].daily);
/** Retrying soon does not mend these. */
const hopelessForNow = failureTypes.filter((type) => retrying[type].soon === undefined);

/** How long the first activity of a step tries: a failure that lasts longer comes to the workflow, and is shown. */
const FIRST_TRIES_MS = 20 * MINUTE_MS;

const soon = { initialInterval: 10 * SECOND_MS, backoffCoefficient: 2, maximumInterval: 6 * HOUR_MS };
const daily = { initialInterval: DAILY_TRY_MS, backoffCoefficient: 1 };

type Step<Do extends 'ask' | 'look'> = LegStep & { readonly do: Do };

export function askOptions(provider: Provider, step: Step<'ask'>): ActivityOptions {
  return {
    ...legOptions(provider),
    ...patience(step, { restMs: restOf(step) }),
  };
}

/** The activity itself ends an outage at its own, shorter budget, and sets the interval while the provider is merely late. */
export function lookOptions(provider: Provider, policy: Patience, step: Step<'look'>): ActivityOptions {
  return {
    ...legOptions(provider),
    ...patience(step, {
      restMs: policy.stillPendingBudgetMs + policy.outageBudgetMs,
      // A queue that no worker serves is an outage too, and the activity itself cannot notice it.
      queuedMs: Math.min(policy.outageBudgetMs, restOf(step)),
    }),
  };
}

/** Enough for one try, also where workers were away for longer than the rest of the budget. */
function restOf({ trouble }: Step<'ask' | 'look'>): number {
  return Math.max((trouble?.until ?? 0) - Date.now(), MINUTE_MS);
}

/** Waited for also when it is cancelled: what a provider took on, did or answered meanwhile belongs into the record. */
function legOptions(provider: Provider): ActivityOptions {
  return {
    taskQueue: providerQueue(provider),
    startToCloseTimeout: START_TO_CLOSE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  };
}

function patience(
  { daily: isDaily, trouble }: Step<'ask' | 'look'>,
  { restMs, queuedMs }: { readonly restMs: number; readonly queuedMs?: number },
): ActivityOptions {
  if (isDaily) return { retry: { ...daily, nonRetryableErrorTypes: hopeless } };
  if (trouble === undefined) {
    return { scheduleToCloseTimeout: FIRST_TRIES_MS, retry: { ...soon, nonRetryableErrorTypes: hopelessForNow } };
  }
  return {
    scheduleToCloseTimeout: restMs,
    ...defined({ scheduleToStartTimeout: queuedMs }),
    // Goes on about where the first tries ended.
    retry: { ...soon, initialInterval: FIRST_TRIES_MS, nonRetryableErrorTypes: hopelessForNow },
  };
}

/** There is no attention for it and no daily try: what a deploy may mend is tried for as long as the budget lasts. */
export function withdrawAtEndOptions(provider: Provider, policy: Patience): ActivityOptions {
  return {
    ...legOptions(provider),
    scheduleToCloseTimeout: policy.withdrawalBudgetMs,
    retry: { ...soon, maximumInterval: HOUR_MS, nonRetryableErrorTypes: hopeless },
  };
}

/**
 * A legal hold is tried to be kept for as long as it lasts: one patient activity, which a release or a decision breaks
 * off, and which ends with the window.
 */
export function withdrawForHoldOptions(provider: Provider, remainingMs: number | undefined): ActivityOptions {
  return {
    ...legOptions(provider),
    ...(remainingMs === undefined ? {} : { scheduleToCloseTimeout: Math.max(remainingMs, MINUTE_MS) }),
    retry: { ...soon, maximumInterval: HOUR_MS, nonRetryableErrorTypes: hopeless },
  };
}

/** Tried for as long as it takes: nothing is asked of anybody before it is known what the request is held to. */
export const termsOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: HOUR_MS },
  summary: 'Determine the terms: rules and due dates',
};

/** Local: it only computes, and costs no Action. Tried for as long as it takes: a callback must not be lost. */
export const callbackOptions: LocalActivityOptions = {
  startToCloseTimeout: 30 * SECOND_MS,
  localRetryThreshold: 10 * SECOND_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: MINUTE_MS },
};

/** Whoever decides is waiting for the answer. */
export const decisionOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  scheduleToCloseTimeout: 5 * MINUTE_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: 30 * SECOND_MS },
};

/** Tried for as long as it takes: without its certificate a request is not over. Evidence that does not hold is told at once. */
export const certificateOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: MINUTE_MS,
  retry: {
    initialInterval: SECOND_MS,
    backoffCoefficient: 2,
    maximumInterval: HOUR_MS,
    nonRetryableErrorTypes: ['EvidenceRefused'],
  },
  summary: 'Check the evidence and sign the certificate',
};

export const dailyCertificateOptions: ActivityOptions = {
  ...certificateOptions,
  retry: { initialInterval: DAILY_TRY_MS, backoffCoefficient: 1 },
  summary: 'Check the evidence and sign the certificate, once a day',
};
