/** How long and how often Temporal tries each activity. Which failures a retry can help is said by `retrying` in domain/leg/failure.ts. */
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { ActivityCancellationType } from '@temporalio/workflow';
import { defined } from '../domain/defined';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import { failureTypes, retrying, type FailureType } from '../domain/leg/failure';
import type { CallTries } from '../domain/leg/leg-call';
import type { AskStep, LookStep, WithdrawStep } from '../domain/leg/next-step';
import { DAILY_TRY_MS, type Patience } from '../domain/rules/patience';
import type { Provider } from '../domain/provider/provider-table';
import { WORKFLOW_QUEUE, providerQueue } from '../temporal/names';

/** Above the sum of the HTTP time-outs of one adapter call, and of the turns they wait for: a login, two looks and the call itself. */
const START_TO_CLOSE_MS = 5 * MINUTE_MS;
/** How soon a crashed worker is noticed; a running attempt sends a heartbeat every 4 s. */
const HEARTBEAT_TIMEOUT_MS = 13 * SECOND_MS;
/** The wait after an attempt whose worker was lost, doubled after each further one. How long any other waits, the activity itself says. */
const LOST_WORKER_WAIT_MS = SECOND_MS;

/** How long the first activity of a step tries: a failure that lasts longer comes to the workflow, and is shown. */
const FIRST_TRIES_MS = 20 * MINUTE_MS;

const tries = {
  first: { mode: 'first', firstWaitMs: 10 * SECOND_MS, longestWaitMs: 6 * HOUR_MS },
  /** Goes on about where the first tries ended. */
  soon: { mode: 'soon', firstWaitMs: FIRST_TRIES_MS, longestWaitMs: 6 * HOUR_MS },
  daily: { mode: 'daily', firstWaitMs: DAILY_TRY_MS, longestWaitMs: DAILY_TRY_MS },
  withdraw: { mode: 'soon', firstWaitMs: 10 * SECOND_MS, longestWaitMs: HOUR_MS },
} as const satisfies Record<string, CallTries>;

/** How one activity of a leg is tried: for Temporal, and for the activity itself. */
export interface LegAttempts {
  readonly options: ActivityOptions;
  readonly tries: CallTries;
}

export function askAttempts(provider: Provider, step: AskStep): LegAttempts {
  return stepAttempts(provider, step, () => ({ scheduleToCloseTimeout: remainingMs(step) }));
}

/** The activity itself ends an outage at its own, shorter budget, and sets the interval while the provider is merely late. */
export function lookAttempts(provider: Provider, step: LookStep, patience: Patience): LegAttempts {
  return stepAttempts(provider, step, () => ({
    scheduleToCloseTimeout: patience.stillPendingBudgetMs + patience.outageBudgetMs,
    // A queue that no worker serves is an outage too, and the activity itself cannot notice it.
    scheduleToStartTimeout: Math.min(patience.outageBudgetMs, remainingMs(step)),
  }));
}

/**
 * There is no attention for it and no daily try: what a deploy may mend is tried for as long as the budget lasts. During a
 * legal hold that is for as long as the hold lasts: a release or a decision breaks it off, and it ends with the window.
 */
export function withdrawAttempts(provider: Provider, step: WithdrawStep, patience: Patience): LegAttempts {
  const untilWindowEndsMs = step.until === undefined ? undefined : Math.max(step.until - Date.now(), MINUTE_MS);
  const scheduleToCloseTimeout = step.for === 'end' ? patience.withdrawalBudgetMs : untilWindowEndsMs;
  return attempts(provider, tries.withdraw, defined({ scheduleToCloseTimeout }));
}

function stepAttempts(provider: Provider, step: AskStep | LookStep, whileSoon: () => ActivityOptions): LegAttempts {
  switch (step.tries) {
    case 'first':
      return attempts(provider, tries.first, { scheduleToCloseTimeout: FIRST_TRIES_MS });
    case 'soon':
      return attempts(provider, { ...tries.soon, knownFailure: step.trouble.reason }, whileSoon());
    case 'daily':
      return attempts(provider, { ...tries.daily, knownFailure: step.reason }, {});
  }
}

/** Enough for one try, also where workers were away for longer than the rest of the budget. */
function remainingMs(step: AskStep | LookStep): number {
  return Math.max((step.tries === 'soon' ? step.trouble.until : 0) - Date.now(), MINUTE_MS);
}

function attempts(provider: Provider, how: CallTries, timeouts: ActivityOptions): LegAttempts {
  const mayMend =
    how === tries.withdraw ? isMendedWhileWithdrawing : how.mode === 'daily' ? isMendedDaily : isMendedSoon;
  return {
    options: {
      taskQueue: providerQueue(provider),
      startToCloseTimeout: START_TO_CLOSE_MS,
      heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
      // Waited for also when it is cancelled: what a provider took on, did or answered meanwhile belongs into the record.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      ...timeouts,
      retry: {
        initialInterval: LOST_WORKER_WAIT_MS,
        backoffCoefficient: 2,
        maximumInterval: how.longestWaitMs,
        nonRetryableErrorTypes: failureTypes.filter((type) => !mayMend(type)),
      },
    },
    tries: how,
  };
}

function isMendedDaily(type: FailureType): boolean {
  return retrying[type].daily;
}

/** Also a refusal of our credentials that comes after an outage: the activity itself ends it after some minutes. */
function isMendedSoon(type: FailureType): boolean {
  return retrying[type].soon !== undefined || retrying[type].forMs !== undefined;
}

/** There is no phase in which it could wait for the brake. */
function isMendedWhileWithdrawing(type: FailureType): boolean {
  return isMendedDaily(type) || type === 'ProviderBraked';
}

/** For as long as the brake is on. It only asks how that stands, so it need not stand in the provider's own queue. */
export const brakeOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  retry: { initialInterval: MINUTE_MS, backoffCoefficient: 2, maximumInterval: 15 * MINUTE_MS },
};

/** Of what is done locally first, see local-first.ts. */
export const onceLocally: LocalActivityOptions = {
  startToCloseTimeout: 10 * SECOND_MS,
  retry: { maximumAttempts: 1 },
};

/** Tried for as long as it takes: nothing is asked of anybody before it is known what the request is held to. */
export const termsOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: HOUR_MS },
  summary: 'Determine the terms: rules and due dates',
} satisfies ActivityOptions;

/** Local: it only computes, and costs no Action. Tried for as long as it takes: a callback must not be lost. */
export const callbackOptions: LocalActivityOptions = {
  startToCloseTimeout: 30 * SECOND_MS,
  localRetryThreshold: 10 * SECOND_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: MINUTE_MS },
  summary: 'Check who signed the callback',
};

/** Whoever decides is waiting for the answer. */
export const decisionOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  scheduleToCloseTimeout: 5 * MINUTE_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: 30 * SECOND_MS },
};

/** Tried for as long as it takes: without its certificate a request is not over. Evidence that does not hold is told at once. */
export const certificateOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: MINUTE_MS,
  retry: {
    initialInterval: SECOND_MS,
    backoffCoefficient: 2,
    maximumInterval: HOUR_MS,
    nonRetryableErrorTypes: ['EvidenceRefused'],
  },
  summary: 'Check the evidence and sign the certificate',
} satisfies ActivityOptions;

export const dailyCertificateOptions: ActivityOptions = {
  ...certificateOptions,
  retry: { initialInterval: DAILY_TRY_MS, backoffCoefficient: 1 },
  summary: 'Check the evidence and sign the certificate, once a day',
};

/** Starts a run and asks nobody outside: tried for as long as it takes. */
export const handOnOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  retry: { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: HOUR_MS },
};

/** At most 29 tries. */
export const webhookOptions: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 30 * SECOND_MS,
  scheduleToCloseTimeout: 3 * DAY_MS,
  retry: {
    initialInterval: 10 * SECOND_MS,
    backoffCoefficient: 2,
    maximumInterval: 4 * HOUR_MS,
    nonRetryableErrorTypes: ['WebhookGone'],
  },
};
