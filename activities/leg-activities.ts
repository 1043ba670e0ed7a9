/** Makes Temporal activities of a provider's adapter: opens the identifier, keeps memory across attempts, converts failures. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure, CancelledFailure, Context, type Info } from '@temporalio/activity';
import { shortageAlarm, TURN_MS_MAX } from '../domain/brake/shortage';
import type { Sign } from '../domain/brake/streak';
import { brakeAlarm } from '../domain/brake/trip-text';
import type { BrakeOn } from '../domain/brake/trip-state';
import { defined } from '../domain/defined';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import {
  isOutage,
  retrying,
  type AdapterMemory,
  type FailureDetails,
  type FailureType,
  type StepMemory,
} from '../domain/leg/failure';
import type { LegCall } from '../domain/leg/leg-call';
import { seenIn, type Fact, type ProviderWitness } from '../domain/fact/fact';
import { providerName, type Provider } from '../domain/provider/provider-table';
import type { Observation, Receipt, Withdrawal } from '../domain/leg/receipt';
import type { DecisionTokenChecker } from '../security/decision-token';
import type { FactChecker, FactSigner } from '../security/facts';
import type { Opened, Opener } from '../security/sealing';
import type { BrakeGate } from './brake-gate';
import { nothingSaid, signOfFailure, signOfLook, signOfReceipt, signOfWithdrawal } from './call-sign';
import { asProviderFailure, type ReportBug } from './own-failure';
import { refuseForeignRun } from './run-guard';
import { throwIfCancelled } from './providers/cancellation';
import { ProviderFailure, type AdapterCall, type ProviderAdapter } from './providers/provider';

/** The three activities of each provider, named `<provider>.<what>`, each on that provider's own queue. */
export type LegActivities = {
  readonly [P in Provider as `${P}.requestErasure`]: (call: LegCall) => Promise<Receipt>;
} & {
  readonly [P in Provider as `${P}.observeErasure`]: (call: LegCall) => Promise<Observation>;
} & {
  readonly [P in Provider as `${P}.withdrawErasure`]: (call: LegCall) => Promise<Withdrawal>;
};

/** Well below the heartbeat time-out that workflows/activity-options.ts sets. */
const HEARTBEAT_EVERY_MS = 4 * SECOND_MS;

/** So often at most, failures that take turns make the workflow hear of it. */
const CHANGE_TOLD_EVERY_MS = HOUR_MS;

/** After an outage, so often at least what is tried again for some minutes only. */
const REFUSED_EVERY_MS = MINUTE_MS;

/** What one attempt leaves to the next, as heartbeat details: free of personal data. */
interface AttemptMemory extends StepMemory {
  /** The last attempt that came to an orderly end, and so told all it knew. */
  readonly endedAttempt: number;
  /** The erasing operation may have been reached, by that attempt or one before it. */
  readonly reached: boolean;
  /** Since when our credentials or tokens are refused, with nothing else in between. */
  readonly refusedSince?: number;
}

export interface LegActivityParts {
  readonly adapter: ProviderAdapter;
  readonly opener: Opener;
  readonly reportBug: ReportBug;
  /** Signs what this worker sees at its provider. */
  readonly signer: FactSigner;
  /** Checks what the workers of the workflows have signed. */
  readonly checker: FactChecker;
  /** Absent on a worker without `decision.json`: it can prove no approval. */
  readonly decisions: DecisionTokenChecker | undefined;
  readonly brake: BrakeGate;
}

type AnswerKind = 'receipt' | 'observation' | 'withdrawal';

export function createLegActivities(parts: LegActivityParts): Partial<LegActivities> {
  const { adapter } = parts;
  const { provider } = adapter;
  return {
    [`${provider}.requestErasure`]: (call: LegCall) =>
      attempt(parts, call, 'receipt', signOfReceipt, async (c) => ({
        ...(await adapter.requestErasure(c)),
        subjectHashKeyId: parts.opener.hashKeyId,
      })),
    [`${provider}.observeErasure`]: (call: LegCall) =>
      attempt(parts, call, 'observation', signOfLook, (c) => adapter.observeErasure(c)),
    [`${provider}.withdrawErasure`]: (call: LegCall) =>
      attempt(parts, call, 'withdrawal', signOfWithdrawal, (c) => adapter.withdrawErasure(c)),
  };
}

async function attempt<Result extends object>(
  parts: LegActivityParts,
  call: LegCall,
  kind: AnswerKind,
  signOf: (answer: Result) => Sign,
  work: (call: AdapterCall) => Promise<Result>,
): Promise<Result & { readonly witness: ProviderWitness }> {
  await refuseForeignRun(call);
  const { opener, adapter } = parts;
  const context = Context.current();
  const { info, cancellationSignal: signal } = context;
  let memory = recall(info, call);
  const remember = (change: Partial<AttemptMemory>): void => {
    memory = { ...memory, ...change };
    context.heartbeat(memory);
  };
  // A worker that dies is noticed when its heartbeats stop, and the answer to one says that a request is cancelled.
  const heartbeats = setInterval(() => context.heartbeat(memory), HEARTBEAT_EVERY_MS);
  let reachedBeforeAsking = memory.reached;
  const keep = (adapterMemory: AdapterMemory): AdapterMemory => ({ ...memory.adapter, ...adapterMemory });

  try {
    refuseAnotherHost(call, adapter);
    const opened = await opener.open({
      sealed: call.sealed,
      requestId: call.requestId,
      provider: adapter.provider,
    });
    if (kind === 'receipt') await refuseUnapproved(call, opened, parts);
    // A withdrawal cannot wait: the window may end before the brake is released.
    if (kind !== 'withdrawal') await refuseBraked(call, parts, signal);
    const { identifier } = opened;
    const mayHaveAskedBefore = call.askedBefore || memory.reached;
    const answer = await work({
      requestId: call.requestId,
      runId: call.run,
      identifier,
      subjectHash: opener.subjectHash(identifier),
      round: call.round,
      now: info.currentAttemptScheduledTimestampMs,
      firstAskedAt: call.firstAskedAt,
      mayHaveAskedBefore,
      memory: memory.adapter,
      patience: call.patience,
      signal,
      ...defined({ acceptedFacts: call.acceptedFacts }),
      aboutToAsk: (adapterMemory) => {
        reachedBeforeAsking = memory.reached;
        const adapter = keep(adapterMemory);
        const isNews = !isDeepStrictEqual(adapter, memory.adapter);
        memory = { ...memory, reached: true, adapter };
        // That it was reached is assumed of every attempt that has not come to an orderly end: a call to Temporal less.
        if (isNews) context.heartbeat(memory);
      },
      didNotAsk: () => remember({ reached: reachedBeforeAsking }),
      remember: (adapterMemory) => remember({ adapter: keep(adapterMemory) }),
      bodyHmac: (body) => opener.bodyHmac(body),
    });
    const seen = plain(answer);
    await parts.brake.tell(call.requestId, signOf(answer));
    const fact = { kind, content: seenIn(seen), askedBefore: mayHaveAskedBefore, filedBy: opened.filedBy };
    return { ...seen, witness: witnessOf(parts, call, fact) };
  } catch (error) {
    const sign = error instanceof ProviderFailure ? signOfFailure(error) : nothingSaid;
    const brakeOn = await parts.brake.tell(call.requestId, sign);
    if (signal.aborted && context.cancellationDetails?.cancelRequested === true) {
      const details = reachOf(parts, call, { kind, reached: memory.reached });
      throw new CancelledFailure('The activity was cancelled', [details]);
    }
    const ownFailure = asProviderFailure(error, { ...parts, draining: signal.aborted });
    const isOfAll = brakeOn !== undefined && sign.says === 'refuses' && kind !== 'withdrawal';
    const failure = isOfAll
      ? brakedLikeAll(ownFailure, brakeOn)
      : kind === 'withdrawal'
        ? ownFailure
        : paused(ownFailure);
    const now = info.currentAttemptScheduledTimestampMs;
    const trouble = troubleAfter(memory, failure.type, now);
    const { reached, adapter: adapterMemory } = memory;
    memory = { reached, adapter: adapterMemory, endedAttempt: info.attempt };
    remember(trouble);
    throw toApplicationFailure(failure, { info, call, memory, parts, kind });
  } finally {
    clearInterval(heartbeats);
  }
}

/** As it will come back from the history, where a member that is undefined is none. */
function plain<Result extends object>(answer: Result): Result {
  return JSON.parse(JSON.stringify(answer)) as Result;
}

function witnessOf(
  { signer, adapter }: LegActivityParts,
  call: LegCall,
  fact: Pick<Fact, 'kind' | 'content'> & { readonly askedBefore: boolean; readonly filedBy?: string | undefined },
): ProviderWitness {
  const { requestId, run, round, firstAskedAt } = call;
  const { kind, content, askedBefore, filedBy } = fact;
  const at = Context.current().info.currentAttemptScheduledTimestampMs;
  const more = { round, firstAskedAt, askedBefore, ...defined({ filedBy }) };
  return signer.sign({ kind, requestId, run, provider: adapter.provider, content }, at, more);
}

/** Nothing is asked of a provider that asked another worker to leave it alone, or that refuses everyone, unless this is the trial. */
async function refuseBraked(
  { requestId }: LegCall,
  { adapter: { provider }, brake }: LegActivityParts,
  signal: AbortSignal,
): Promise<void> {
  const pausedForMs = await brake.pausedForMs();
  if (pausedForMs > TURN_MS_MAX) {
    const since = Date.now();
    const on = { reason: 'paused', since, until: since + pausedForMs } as const;
    throw new ProviderFailure('ProviderBraked', `It was not called. ${shortageAlarm(provider, on)}`, { brake: on });
  }
  if (pausedForMs > 0) await pause(pausedForMs, undefined, { signal }).catch(() => throwIfCancelled(signal));
  const passage = await brake.pass(requestId);
  if (passage === 'go') return;
  const { reason, since } = passage.on;
  const message = `It was not called. ${brakeAlarm(provider, passage.on)}`;
  throw new ProviderFailure('ProviderBraked', message, { brake: { reason, since } });
}

/** It was refused like everyone else, which is the brake's alarm and not this request's. */
function brakedLikeAll({ message }: ProviderFailure, { reason, since }: BrakeOn): ProviderFailure {
  return new ProviderFailure('ProviderBraked', message, { brake: { reason, since } });
}

/** It was asked, and asks to be left alone for longer than a call waits: this step waits for that as all others do. */
function paused(failure: ProviderFailure): ProviderFailure {
  const { type, message, isPaceOnly, neverLeft, retryAfterMs = 0 } = failure;
  if (type !== 'ProviderUnavailable' || !isPaceOnly || neverLeft || retryAfterMs <= TURN_MS_MAX) return failure;
  const since = Date.now();
  return new ProviderFailure('ProviderBraked', message, {
    brake: { reason: 'paused', since, until: since + retryAfterMs },
  });
}

/** What became of an erasure can be learnt where it was asked for, and nowhere else: another region knows nobody. */
function refuseAnotherHost({ host }: LegCall, { provider, host: ours }: ProviderAdapter): void {
  if (host === undefined || host === ours) return;
  const message = `${providerName(provider)} was not called: this worker calls ${ours}, and ${host} was asked.`;
  throw new ProviderFailure('AnotherHost', message);
}

/** Not the workflow's word alone: whoever may write to the namespace can run a workflow worker of their own. */
async function refuseUnapproved(
  { requestId, run, approvalRule, approval }: LegCall,
  { filedBy }: Opened,
  { adapter, checker, decisions }: LegActivityParts,
): Promise<void> {
  const name = providerName(adapter.provider);
  const refused = (why: string) => new ProviderFailure('ApprovalMissing', `${name} was not asked: ${why}.`);
  if (approvalRule === undefined) throw refused('nothing says whether an approval is needed');
  const { witness, ...content } = approvalRule;
  const problem = checker.problem({ kind: 'approval-rule', requestId, run, content }, witness);
  if (problem !== undefined) throw refused(`what says whether an approval is needed ${problem}`);
  if (!approvalRule.approvalNeeded || approvalRule.decisionMode === 'asserted') return;
  if (decisions === undefined) throw refused('this worker has no decision.json, so it cannot check the approval');
  if (approval === undefined) throw refused('no approval came with it');
  if (filedBy === undefined) throw refused('whoever filed it did not sign for who that was (filedBy)');
  if (filedBy === approval.content.actor) throw refused('it was approved by whoever filed it');
  const { token, content: decision } = approval;
  const subject = { requestId, run, kind: 'approve', content: decision, token, now: 'taken' } as const;
  const verdict = await decisions.check(subject);
  if (verdict.status === 'refused') throw refused(`its approval does not hold. ${verdict.why}`);
}

/** An attempt that ended without telling (a crash, a lost worker) may have reached anything. */
function recall(info: Info, call: LegCall): AttemptMemory {
  const begun: AttemptMemory = { adapter: {}, ...call.memory, endedAttempt: 0, reached: false };
  const told = (info.heartbeatDetails as AttemptMemory | undefined) ?? begun;
  return { ...told, reached: told.reached || told.endedAttempt !== info.attempt - 1 };
}

/** How long the trouble of this attempt has been going on; another kind of trouble ends it. */
function troubleAfter(
  memory: AttemptMemory,
  type: FailureType,
  now: number,
): Pick<AttemptMemory, 'unavailableSince' | 'pendingSince' | 'refusedSince'> {
  // A provider that is late does not stop being late because it was out of reach once.
  const pending = memory.pendingSince === undefined ? {} : { pendingSince: memory.pendingSince };
  if (type === 'StillPending') return { pendingSince: memory.pendingSince ?? now };
  if (isOutage(type)) return { unavailableSince: memory.unavailableSince ?? now, ...pending };
  if (retrying[type].forMs !== undefined) return { refusedSince: memory.refusedSince ?? now, ...pending };
  return pending;
}

/** Signed for where it is certain that the provider was not asked. */
function reachOf(
  parts: LegActivityParts,
  call: LegCall,
  { kind, reached }: { readonly kind: AnswerKind; readonly reached: boolean },
): FailureDetails {
  if (kind !== 'receipt' || reached) return { mayHaveReached: reached };
  const { activityId } = Context.current().info;
  const unreached = { kind: 'unreached', content: { activityId }, askedBefore: call.askedBefore } as const;
  return { mayHaveReached: false, witness: witnessOf(parts, call, unreached) };
}

function toApplicationFailure(
  failure: ProviderFailure,
  {
    info,
    call,
    memory,
    parts,
    kind,
  }: {
    readonly info: Info;
    readonly call: LegCall;
    readonly memory: AttemptMemory;
    readonly parts: LegActivityParts;
    readonly kind: AnswerKind;
  },
): ApplicationFailure {
  const { endedAttempt: _endedAttempt, refusedSince: _refusedSince, reached, ...left } = memory;
  const nextRetryDelay = retryDelayMs(failure, { info, call, kind });
  const isSpent = isBudgetSpent(failure.type, { info, call, memory, kind });
  const kindChanged = !isSpent && isNews(failure.type, info, call);
  const details: FailureDetails = {
    ...reachOf(parts, call, { kind, reached }),
    memory: left,
    retryInMs: nextRetryDelay,
    ...defined({ brake: failure.brake }),
    ...(kindChanged ? { kindChanged } : {}),
  };
  return ApplicationFailure.create({
    type: failure.type,
    message: failure.message,
    nonRetryable: isSpent || kindChanged,
    details: [details],
    nextRetryDelay,
    ...(['StillPending', 'ProviderBraked'].includes(failure.type) ? { category: 'BENIGN' as const } : {}),
  });
}

/** Another kind of failure than the workflow knows of, and shows: nobody hears of an attempt that merely waits for its next. */
function isNews(type: FailureType, info: Info, { tries: { mode, knownFailure } }: LegCall): boolean {
  // It passes soon, or is told when it does not.
  if (mode !== 'daily' && retrying[type].forMs !== undefined) return false;
  const runsForMs = info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs;
  return knownFailure !== undefined && type !== knownFailure && runsForMs >= CHANGE_TOLD_EVERY_MS;
}

/** A provider's wish only ever lengthens the wait: a storm of `Retry-After: 1` must not become a storm of ours. */
function retryDelayMs(
  { type, retryAfterMs }: ProviderFailure,
  {
    info: { attempt },
    call: { tries, patience },
    kind,
  }: { readonly info: Info; readonly call: LegCall; readonly kind: AnswerKind },
): number {
  // After an outage of hours the next attempt would be hours away, and these minutes over.
  const isForMinutes = retrying[type].forMs !== undefined && tries.mode === 'soon' && kind !== 'withdrawal';
  const longestMs = isForMinutes ? REFUSED_EVERY_MS : tries.longestWaitMs;
  const ownMs = Math.min(tries.firstWaitMs * 2 ** (attempt - 1), longestMs);
  const wishedMs = type === 'StillPending' ? patience.stillPendingEveryMs : retryAfterMs;
  return Math.max(ownMs, wishedMs ?? 0);
}

/** Looking has two budgets, and Temporal's time-outs know only their sum; the daily try has none. */
function isBudgetSpent(
  type: FailureType,
  {
    info,
    call,
    memory,
    kind,
  }: { readonly info: Info; readonly call: LegCall; readonly memory: AttemptMemory; readonly kind: AnswerKind },
): boolean {
  if (call.tries.mode === 'daily') return false;
  const now = info.currentAttemptScheduledTimestampMs;
  const { forMs } = retrying[type];
  // A withdrawal has no attention: it is tried for as long as its own time lasts.
  if (forMs !== undefined && kind !== 'withdrawal') return now - (memory.refusedSince ?? now) >= forMs;
  if (isOutage(type)) return now - (memory.unavailableSince ?? now) >= call.patience.outageBudgetMs;
  return type === 'StillPending' && now - (memory.pendingSince ?? now) >= call.patience.stillPendingBudgetMs;
}
