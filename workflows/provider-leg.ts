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
import { defined } from '../domain/defined';
import type { LegActivities } from '../activities/leg-activities';
import { describeInstant } from '../domain/duration';
import type { WithoutTime } from '../domain/without-time';
import { isFailureType, retrying, type FailureDetails, type LegFailure, type StepMemory } from '../domain/leg/failure';
import {
  advance,
  firstAskedAt,
  hostAsked,
  goesOnAfter,
  nextStep,
  openLeg,
  standingWords,
  type Approval,
  type LegCall,
  type LegEvent,
  type LegState,
  type LegStep,
} from '../domain/leg/leg';
import { providerName, type Provider } from '../domain/provider/provider-table';
import type { Patience } from '../domain/rules/patience';
import type { Gate } from '../domain/rules/terms';
import type { ErasureRequest } from '../domain/request/request';
import { isRecord } from '../domain/text';
import { askOptions, lookOptions, withdrawForHoldOptions, withdrawAtEndOptions } from './activity-options';

/** What a leg needs to know of its request, as it stands when it is asked. */
export interface LegSurroundings {
  readonly policy: () => Patience;
  readonly gate: () => Gate;
  readonly approval: () => Approval | undefined;
  readonly onChange: () => void;
}

export class ProviderLeg {
  readonly provider: Provider;
  readonly #request: ErasureRequest;
  readonly #around: LegSurroundings;
  #state: LegState;
  #step: CancellationScope | undefined;

  constructor(request: ErasureRequest, provider: Provider, around: LegSurroundings) {
    this.provider = provider;
    this.#request = request;
    this.#around = around;
    this.#state = openLeg(provider);
  }

  get state(): LegState {
    return this.#state;
  }

  /** Asks, waits, looks and asks again until there is an outcome. A bug in here blocks the run instead of becoming one. */
  async run(): Promise<void> {
    const request = CancellationScope.current();
    for (;;) {
      if (request.consideredCancelled) this.#apply({ type: 'requestEnded' });
      const step = nextStep(this.#state);
      if (step.do === 'finish') return;
      try {
        await this.#perform(step);
      } catch (error) {
        if (!isCancellation(error)) throw error;
        // An asking or a withdrawal that is broken off leaves it open whether the provider was reached, unless its activity knows.
        if (step.do === 'ask') this.#apply({ type: 'interrupted', mayHaveReached: mayHaveReached(error) });
        if (step.do === 'withdraw') this.#apply({ type: 'interrupted' });
      }
    }
  }

  /** Tells the leg what happened outside. The step it is at is broken off if that changes what is to be done. */
  tell(happening: WithoutTime<LegEvent>): void {
    const before = this.#state;
    this.#apply(happening);
    // Of thousands of repetitions each has to be cheap: a workflow task that takes seconds takes its worker down.
    if (this.#state !== before && !isSameStep(nextStep(before), nextStep(this.#state))) this.#step?.cancel();
  }

  #apply(happening: WithoutTime<LegEvent>): void {
    const before = this.#state;
    this.#state = advance(before, { ...happening, at: Date.now() } as LegEvent);
    // Thousands of signals that change nothing must cost nothing.
    if (this.#state !== before) this.#around.onChange();
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
        case 'waitForDecision':
        case 'waitForRelease':
          return CancellationScope.current().cancelRequested;
      }
    });
  }

  async #ask(step: LegStep & { do: 'ask' }): Promise<void> {
    this.#apply({ type: 'asked' });
    const { [`${this.provider}.requestErasure` as const]: requestErasure } = proxyActivities<LegActivities>({
      ...askOptions(this.provider, step),
      summary: this.#label(step.daily ? 'ask to erase, once a day' : `ask to erase, round ${step.round}`),
    });
    await this.#attempt(async () => {
      const receipt = await requestErasure(this.#call(step.round, step));
      this.#apply({ type: 'answered', receipt });
    }, this.#onFailure(step));
  }

  async #look(step: LegStep & { do: 'look' }): Promise<void> {
    const { [`${this.provider}.observeErasure` as const]: observeErasure } = proxyActivities<LegActivities>({
      ...lookOptions(this.provider, this.#around.policy(), step),
      summary: this.#label(step.daily ? 'look whether it is gone, once a day' : 'look whether it is gone'),
    });
    await this.#attempt(async () => {
      const observation = await observeErasure(this.#call(step.round, step));
      this.#apply({ type: 'observed', observation });
    }, this.#onFailure(step));
  }

  async #wait(step: LegStep & { do: 'wait' }): Promise<void> {
    const remainingMs = step.until - Date.now();
    const label = waitLabels[step.for];
    if (remainingMs > 0) {
      await sleep(remainingMs, { summary: this.#label(`${label} until ${describeInstant(step.until)}`) });
    }
    this.#apply({ type: 'timePassed' });
  }

  async #withdraw(step: LegStep & { do: 'withdraw' }): Promise<void> {
    this.#apply({ type: 'withdrawing' });
    const { [`${this.provider}.withdrawErasure` as const]: withdrawErasure } = proxyActivities<LegActivities>({
      ...(step.for === 'end'
        ? withdrawAtEndOptions(this.provider, this.#around.policy())
        : withdrawForHoldOptions(this.provider, step.until === undefined ? undefined : step.until - Date.now())),
      summary: this.#label(
        step.for === 'end' ? 'withdraw the request' : 'withdraw the request because of a legal hold',
      ),
    });
    await this.#attempt(
      async () => {
        const withdrawal = await withdrawErasure(this.#call(this.#state.rounds.length));
        this.#apply({ type: 'withdrawalAnswered', withdrawal });
      },
      () => ({ type: 'withdrawalFailed' }),
    );
  }

  /** Only Temporal's own failures are told to the leg; anything else is a bug and blocks the task until it is mended. */
  async #attempt(
    activity: () => Promise<void>,
    told: (error: ActivityFailure) => WithoutTime<LegEvent>,
  ): Promise<void> {
    try {
      await activity();
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      this.#apply(told(error));
    }
  }

  #onFailure(step: LegStep & { do: 'ask' | 'look' }): (error: ActivityFailure) => WithoutTime<LegEvent> {
    const beganAt = Date.now();
    return (error) => {
      const failure = readFailure(error);
      const isOutOfTime = error.retryState === 'TIMEOUT';
      const goesOn = goesOnAfter(failure, {
        step,
        policy: this.#around.policy(),
        beganAt,
        at: Date.now(),
        isOutOfTime,
      });
      return { type: 'failed', failure, ...defined({ goesOn }) };
    };
  }

  #call(round: number, step?: LegStep & { do: 'ask' | 'look' }): LegCall {
    const { requestId, subject } = this.#request;
    const host = hostAsked(this.#state);
    const approval = this.#around.approval();
    const standing = standingWords(this.#state);
    const { attention, memory } = this.#state;
    const knownFailure = step?.trouble?.reason ?? attention?.reason;
    return {
      requestId,
      run: workflowInfo().originalExecutionRunId,
      provider: this.provider,
      sealed: subject.get(this.provider) ?? '',
      round,
      firstAskedAt: firstAskedAt(this.#state) ?? Date.now(),
      askedBefore: this.#state.askedBefore,
      ...defined({ host, standing }),
      gate: this.#around.gate(),
      ...defined({ approval }),
      ...(step === undefined || memory === undefined ? {} : { memory }),
      ...(step === undefined || knownFailure === undefined ? {} : { knownFailure }),
      policy: this.#around.policy(),
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

const waitLabels: Readonly<Record<(LegStep & { do: 'wait' })['for'], string>> = {
  window: 'wait out the window',
  callback: 'hope for the callback',
  nextTry: 'wait for the next try',
};

/** What the last attempt told stands behind a time-out of Temporal's. */
function readFailure({ cause }: ActivityFailure): LegFailure {
  const timeout = cause instanceof TimeoutFailure ? cause : undefined;
  const last = timeout === undefined ? cause : timeout.cause;
  const isUnserved = timeout?.timeoutType === 'SCHEDULE_TO_START';
  const details =
    last instanceof ApplicationFailure ? (last.details?.[0] as Partial<FailureDetails> | null) : undefined;
  const type = last instanceof ApplicationFailure && isFailureType(last.type) ? last.type : undefined;
  const memory = memoryOf(timeout?.lastHeartbeatDetails) ?? details?.memory;
  const { retryInMs, kindChanged } = timeout === undefined ? (details ?? {}) : {};
  return {
    // Anything else is a fault of a deployed worker, e.g. an activity that it does not have: the next deploy may mend it.
    type:
      type === undefined || (timeout !== undefined && (isUnserved || !retrying[type].soon))
        ? 'ProviderUnavailable'
        : type,
    // The answer is unknown, unless the last attempt told it; an activity that no worker ever took up reached nobody.
    mayHaveReached: timeout === undefined ? details?.mayHaveReached !== false : !(isUnserved && last === undefined),
    ...defined({ memory, retryInMs, kindChanged }),
  };
}

function memoryOf(heartbeat: unknown): StepMemory | undefined {
  if (!isRecord(heartbeat) || !isRecord(heartbeat['adapter'])) return undefined;
  const { unavailableSince, pendingSince, adapter } = heartbeat;
  return {
    adapter,
    ...(typeof unavailableSince === 'number' ? { unavailableSince } : {}),
    ...(typeof pendingSince === 'number' ? { pendingSince } : {}),
  };
}

function isSameStep(one: LegStep, other: LegStep): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
