/** How long and how often each activity is tried. The one place where it is decided what a retry may mend. */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { ActivityCancellationType } from '@temporalio/workflow';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import type { FailureType } from '../domain/failure';
import { DAILY_TRY_MS, type Policy } from '../domain/policy';
import { WORKFLOW_QUEUE, providerQueue, type Provider } from '../domain/provider';

/** Above the sum of the HTTP time-outs of one adapter call: a login, a look and the call itself. */
const START_TO_CLOSE_MS = 2 * MINUTE_MS;
/** How soon a crashed worker is noticed; a running attempt beats every 8 s. */
const HEARTBEAT_TIMEOUT_MS = 30 * SECOND_MS;

/** No retry mends these: the leg asks for attention at once. */
const hopeless: FailureType[] = [
  'IdentifierUnusable',
  'IdentifierInvalid',
  'ProviderRejected',
  'ProviderContractBroken',
];
/** Retrying soon does not mend it, somebody may within days: only the daily try goes on. */
const hopelessForNow: FailureType[] = [...hopeless, 'ProviderUnauthorized', 'ApprovalMissing', 'AnotherHost'];

const soon = { initialInterval: 10 * SECOND_MS, backoffCoefficient: 2, maximumInterval: 6 * HOUR_MS };
const daily = { initialInterval: DAILY_TRY_MS, backoffCoefficient: 1, nonRetryableErrorTypes: hopeless };

/**
 * Asking is waited for also when it is cancelled: a request the provider took on meanwhile must not be forgotten.
 */
export function askOptions(provider: Provider, policy: Policy, tries: 'soon' | 'daily'): ActivityOptions {
  return {
    taskQueue: providerQueue(provider),
    startToCloseTimeout: START_TO_CLOSE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(tries === 'daily'
      ? { retry: daily }
      : {
          scheduleToCloseTimeout: policy.outageBudgetMs,
          retry: { ...soon, nonRetryableErrorTypes: hopelessForNow },
        }),
  };
}

/** The activity itself ends an outage at its own, shorter budget, and sets the interval while the provider is merely late. */
export function lookOptions(provider: Provider, policy: Policy, tries: 'soon' | 'daily'): ActivityOptions {
  return {
    taskQueue: providerQueue(provider),
    startToCloseTimeout: START_TO_CLOSE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    // What a look finds is kept, also where a decision came meanwhile.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(tries === 'daily'
      ? { retry: daily }
      : {
          scheduleToCloseTimeout: policy.stillPendingBudgetMs + policy.outageBudgetMs,
          // A queue that no worker serves is an outage too, and the activity itself cannot notice it.
          scheduleToStartTimeout: policy.outageBudgetMs,
          retry: { ...soon, nonRetryableErrorTypes: hopelessForNow },
        }),
  };
}

export function withdrawOptions(provider: Provider, policy: Policy): ActivityOptions {
  return {
    taskQueue: providerQueue(provider),
    startToCloseTimeout: START_TO_CLOSE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    scheduleToCloseTimeout: policy.withdrawalBudgetMs,
    retry: { ...soon, maximumInterval: HOUR_MS, nonRetryableErrorTypes: hopelessForNow },
  };
}

/**
 * A legal hold is tried to be kept for as long as it lasts: one patient activity, which a release or a decision breaks
 * off, and which ends with the window. What the provider did by then is waited for, or it would be missing from the record.
 */
export function undoOptions(provider: Provider, remainingMs: number | undefined): ActivityOptions {
  return {
    taskQueue: providerQueue(provider),
    startToCloseTimeout: START_TO_CLOSE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(remainingMs === undefined ? {} : { scheduleToCloseTimeout: Math.max(remainingMs, MINUTE_MS) }),
    retry: { ...soon, maximumInterval: HOUR_MS, nonRetryableErrorTypes: hopeless },
  };
}

/** Tried for as long as it takes: nothing is asked of anybody before it is known what the request is held to. */
export const intakeOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: HOUR_MS },
  summary: 'Take the request on: rules and due dates',
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
