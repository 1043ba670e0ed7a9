/** One provider of one request: performs the steps that the leg's state machine names until the leg has settled. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  proxyActivities,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import { isShortageReason } from '../domain/brake/shortage';
import { defined } from '../domain/defined';
import type { BrakeActivities } from '../activities/brake-activities';
import type { LegActivities } from '../activities/leg-activities';
import { describeInstant } from '../domain/duration';
import { isFailureType, retrying, type FailureDetails, type LegFailure, type StepMemory } from '../domain/leg/failure';
import { advance, startLeg, type Leg } from '../domain/leg/leg';
import type { Approval, LegCall } from '../domain/leg/leg-call';
import type { LegEvent, LegState, StepFacts } from '../domain/leg/leg-state';
import type { AskStep, BrakeStep, LegStep, LookStep, WaitStep, WithdrawStep } from '../domain/leg/next-step';
import { retryPlanAfter } from '../domain/leg/retry-plan';
import { acceptedFacts, firstAskedAt, hostAsked } from '../domain/leg/rounds';
import { providerName, type Provider } from '../domain/provider/provider-table';
import type { ErasureRequest } from '../domain/request/request';
import type { Patience } from '../domain/rules/patience';
import type { ApprovalRule } from '../domain/rules/terms';
import { isRecord } from '../domain/text';
import type { WithoutTime } from '../domain/without-time';
import { askAttempts, brakeOptions, lookAttempts, withdrawAttempts, type LegAttempts } from './activity-options';
import type { RunClock } from './held-clock';

/** What a leg needs to know of its request, as it stands when it is asked. */
export interface RequestOfLeg {
  readonly patience: () => Patience;
  readonly approvalRule: () => ApprovalRule;
  readonly approval: () => Approval | undefined;
  /** Whose calls go first at the provider. */
  readonly priorityKey: () => number;
  readonly clock: RunClock;
  /** See the leg's event `interrupted`. */
  readonly asksAnew: () => boolean;
  readonly onChange: () => void;
}

export class ProviderLeg {
  readonly provider: Provider;
  readonly #sealed: string;
  readonly #requestId: string;
  readonly #request: RequestOfLeg;
  #leg: Leg;
  #step: CancellationScope | undefined;

  constructor({ requestId, subject }: ErasureRequest, provider: Provider, request: RequestOfLeg) {
    this.provider = provider;
    this.#sealed = subject.get(provider) ?? '';
    this.#requestId = requestId;
    this.#request = request;
    this.#leg = startLeg(provider);
  }

  get state(): LegState {
    return this.#leg.state;
  }

  /** Asks, waits, looks and asks again until there is an outcome. A bug in here blocks the run instead of becoming one. */
  async run(): Promise<void> {
    const request = CancellationScope.current();
    for (;;) {
      if (request.consideredCancelled) this.#apply({ type: 'requestEnded' });
      const { next } = this.#leg;
      if (next.do === 'finish') return;
      try {
        await this.#perform(next);
      } catch (error) {
        if (!isCancellation(error)) throw error;
        // Asking or withdrawing that is broken off leaves it open whether the provider was reached, unless its activity knows.
        if (next.do === 'ask') this.#apply({ type: 'interrupted', mayHaveReached: mayHaveReached(error) });
        if (next.do === 'withdraw') {
          this.#apply({ type: 'interrupted', asksAnew: this.#request.asksAnew() });
        }
      }
    }
  }

  /** Something happened outside. The step under way is broken off if that changes what is to be done. */
  handle(event: WithoutTime<LegEvent>): void {
    const { next } = this.#leg;
    this.#apply(event);
    if (this.#leg.next !== next) this.#step?.cancel();
  }

  #apply(event: WithoutTime<LegEvent>): void {
    const before = this.#leg;
    this.#leg = advance(before, { ...event, at: this.#request.clock.stamp() } as LegEvent);
    // Thousands of signals that change nothing must cost nothing: a workflow task that takes seconds takes its worker down.
    if (this.#leg !== before) this.#request.onChange();
  }

  async #perform(step: Exclude<LegStep, { do: 'finish' }>): Promise<void> {
    if (step.do === 'withdraw' && step.for === 'end') {
      return CancellationScope.nonCancellable(() => this.#withdraw(step));
    }
    this.#step = new CancellationScope();
    await this.#step.run(async () => {
      switch (step.do) {
        case 'ask':
          return this.#ask(step);
        case 'look':
          return this.#look(step);
        case 'wait':
          return this.#wait(step);
        case 'withdraw':
          return this.#withdraw(step);
        case 'waitForBrake':
          return this.#waitForBrake(step);
        case 'waitForDecision':
        case 'waitForRelease':
          return CancellationScope.current().cancelRequested;
      }
    });
  }

  async #ask(step: AskStep): Promise<void> {
    this.#apply({ type: 'asked' });
    const { options, tries } = askAttempts(this.provider, step);
    const { [`${this.provider}.requestErasure` as const]: requestErasure } = proxyActivities<LegActivities>({
      ...options,
      priority: { priorityKey: this.#request.priorityKey() },
      summary: this.#label(step.tries === 'daily' ? 'ask to erase, once a day' : `ask to erase, round ${step.round}`),
    });
    await this.#attempt(async () => {
      const approval = {
        approvalRule: this.#request.approvalRule(),
        ...defined({ approval: this.#request.approval() }),
      };
      const receipt = await requestErasure({ ...this.#call(step.round, tries, this.#memory), ...approval });
      this.#apply({ type: 'answered', receipt });
    }, this.#onFailure(step));
  }

  async #look(step: LookStep): Promise<void> {
    const { options, tries } = lookAttempts(this.provider, step, this.#request.patience());
    const { [`${this.provider}.observeErasure` as const]: observeErasure } = proxyActivities<LegActivities>({
      ...options,
      priority: { priorityKey: this.#request.priorityKey() },
      summary: this.#label(step.tries === 'daily' ? 'look whether it is gone, once a day' : 'look whether it is gone'),
    });
    await this.#attempt(async () => {
      const observation = await observeErasure(this.#call(step.round, tries, this.#memory));
      this.#apply({ type: 'observed', observation });
    }, this.#onFailure(step));
  }

  async #wait(step: WaitStep): Promise<void> {
    const remainingMs = step.until - this.#request.clock.now();
    if (remainingMs > 0) {
      const label = `${waitLabels[step.for]} until ${describeInstant(step.until)}`;
      await sleep(remainingMs, { summary: this.#label(label) });
    }
    this.#apply({ type: 'timePassed' });
  }

  /** Asks its provider nothing, so that breaking it off never leaves open whether it did. */
  async #waitForBrake({ brake }: BrakeStep): Promise<void> {
    const { waitForBrake } = proxyActivities<BrakeActivities>({
      ...brakeOptions,
      summary: this.#label(
        isShortageReason(brake.reason) ? 'wait until calls are left to it' : 'wait until its brake is released',
      ),
    });
    const run = workflowInfo().originalExecutionRunId;
    await waitForBrake({ requestId: this.#requestId, run, provider: this.provider, brake });
    this.#apply({ type: 'brakeReleased' });
  }

  async #withdraw(step: WithdrawStep): Promise<void> {
    this.#apply({ type: 'withdrawing' });
    const { options, tries } = withdrawAttempts(this.provider, step, this.#request.patience());
    const { [`${this.provider}.withdrawErasure` as const]: withdrawErasure } = proxyActivities<LegActivities>({
      ...options,
      priority: { priorityKey: this.#request.priorityKey() },
      summary: this.#label(step.for === 'end' ? 'withdraw the request' : 'withdraw the request for a legal hold'),
    });
    await this.#attempt(
      async () => {
        const withdrawal = await withdrawErasure(this.#call(this.state.rounds.length, tries));
        this.#apply({ type: 'withdrawalAnswered', withdrawal });
      },
      (error) => ({ type: 'withdrawalFailed', reason: readFailure(error).type }),
    );
  }

  /** Only Temporal's own failures become events of the leg; anything else is a bug and blocks the task until it is mended. */
  async #attempt(
    activity: () => Promise<void>,
    eventOf: (error: ActivityFailure) => WithoutTime<LegEvent>,
  ): Promise<void> {
    try {
      await activity();
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      this.#apply(eventOf(error));
    }
  }

  #onFailure(step: AskStep | LookStep): (error: ActivityFailure) => WithoutTime<LegEvent> {
    const { clock } = this.#request;
    const beganAt = clock.now();
    return (error) => {
      const failure = readFailure(error);
      const isOutOfTime = error.retryState === 'TIMEOUT';
      const patience = this.#request.patience();
      const retryPlan = retryPlanAfter(failure, { step, patience, beganAt, at: clock.now(), isOutOfTime });
      return { type: 'failed', failure, ...defined({ retryPlan }) };
    };
  }

  get #memory(): StepMemory | undefined {
    const { memory }: StepFacts = this.state;
    return memory;
  }

  #call(round: number, tries: LegAttempts['tries'], memory?: StepMemory): LegCall {
    const { state } = this;
    return {
      requestId: this.#requestId,
      run: workflowInfo().originalExecutionRunId,
      provider: this.provider,
      sealed: this.#sealed,
      round,
      firstAskedAt: firstAskedAt(state) ?? this.#request.clock.now(),
      askedBefore: state.askedBefore,
      tries,
      patience: this.#request.patience(),
      ...defined({
        host: hostAsked(state),
        acceptedFacts: acceptedFacts(state),
        memory,
      }),
    };
  }

  #label(text: string): string {
    return `${providerName(this.provider)}: ${text}`;
  }
}

/** An activity that was broken off in the middle of a try says so itself. Between two tries nobody can. */
function mayHaveReached(cancellation: unknown): boolean {
  const cause = cancellation instanceof ActivityFailure ? cancellation.cause : undefined;
  const details =
    cause instanceof CancelledFailure ? (cause.details[0] as Partial<FailureDetails> | undefined) : undefined;
  return details?.mayHaveReached !== false;
}

const waitLabels: Readonly<Record<WaitStep['for'], string>> = {
  window: 'wait out the window',
  callback: 'wait for the callback',
  nextTry: 'wait for the next try',
};

/** Where Temporal's own time-out ended the activity, what its last attempt said is the cause of it. */
function readFailure({ cause }: ActivityFailure): LegFailure {
  const timeout = cause instanceof TimeoutFailure ? cause : undefined;
  const last = timeout === undefined ? cause : timeout.cause;
  const isUnserved = timeout?.timeoutType === 'SCHEDULE_TO_START';
  const details =
    last instanceof ApplicationFailure ? (last.details?.[0] as Partial<FailureDetails> | null) : undefined;
  const type = last instanceof ApplicationFailure && isFailureType(last.type) ? last.type : undefined;
  const memory = memoryOf(timeout?.lastHeartbeatDetails) ?? details?.memory;
  const { retryInMs, kindChanged, brake } = timeout === undefined ? (details ?? {}) : {};
  return {
    // Anything else is a fault of a deployed worker, e.g. an activity that it does not have: the next deploy may mend it.
    type:
      type === undefined || (timeout !== undefined && (isUnserved || !retrying[type].soon))
        ? 'ProviderUnavailable'
        : type,
    // The answer is unknown, unless the last attempt told it; an activity that no worker ever took up reached nobody.
    mayHaveReached: timeout === undefined ? details?.mayHaveReached !== false : !(isUnserved && last === undefined),
    ...defined({ memory, retryInMs, kindChanged, brake }),
  };
}

function memoryOf(heartbeat: unknown): StepMemory | undefined {
  if (!isRecord(heartbeat) || !isRecord(heartbeat['adapter'])) return undefined;
  const { unavailableSince, pendingSince, adapter } = heartbeat;
  return {
    adapter,
    ...defined({
      unavailableSince: typeof unavailableSince === 'number' ? unavailableSince : undefined,
      pendingSince: typeof pendingSince === 'number' ? pendingSince : undefined,
    }),
  };
}
