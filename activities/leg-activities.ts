/** Makes Temporal activities of a provider's adapter: opens the identifier, keeps memory across attempts, converts failures. */
import { ApplicationFailure, CancelledFailure, Context, type Info } from '@temporalio/activity';
import { msToNumber } from '@temporalio/common/lib/time';
import { SECOND_MS } from '../domain/duration';
import type { FailureDetails, FailureType } from '../domain/failure';
import type { LegCall } from '../domain/leg';
import { DAILY_TRY_MS } from '../domain/policy';
import { providerName, type Provider } from '../domain/provider';
import type { Observation, Receipt, Withdrawal } from '../domain/receipt';
import { SealError, type Opener } from '../security/sealing';
import { ProviderFailure, type AdapterCall, type AdapterMemory, type ProviderAdapter } from './providers/provider';

/** The three activities of each provider, named `<provider>.<what>`, each on that provider's own queue. */
export type LegActivities = {
  readonly [P in Provider as `${P}.requestErasure`]: (call: LegCall) => Promise<Receipt>;
} & {
  readonly [P in Provider as `${P}.observeErasure`]: (call: LegCall) => Promise<Observation>;
} & {
  readonly [P in Provider as `${P}.withdrawErasure`]: (call: LegCall) => Promise<Withdrawal>;
};

/** Well below the heartbeat time-out that workflows/activity-options.ts sets. */
const HEARTBEAT_EVERY_MS = 8 * SECOND_MS;

/** What one attempt leaves to the next, as heartbeat details: free of personal data. */
interface AttemptMemory {
  /** The last attempt that came to an orderly end, and so told all it knew. */
  readonly endedAttempt: number;
  /** The erasing operation may have been reached, by that attempt or one before it. */
  readonly reached: boolean;
  /** Since when the provider has been out of reach without a break. */
  readonly unavailableSince?: number;
  /** Since when it has been late with its own time. */
  readonly pendingSince?: number;
  readonly adapter: AdapterMemory;
}

/** A bug in an adapter. Its message stays in the worker: it may quote what the adapter was working on. */
export type ReportBug = (bug: { readonly provider: Provider; readonly kind: string; readonly frames: string }) => void;

export function createLegActivities(parts: {
  readonly adapter: ProviderAdapter;
  readonly opener: Opener;
  readonly reportBug: ReportBug;
}): Partial<LegActivities> {
  const { adapter } = parts;
  const { provider } = adapter;
  return {
    [`${provider}.requestErasure`]: async (call: LegCall) => {
      const receipt = await attempt(parts, call, (c) => adapter.requestErasure(c));
      return { ...receipt, subjectHashKeyId: parts.opener.hashKeyId };
    },
    [`${provider}.observeErasure`]: (call: LegCall) => attempt(parts, call, (c) => adapter.observeErasure(c)),
    [`${provider}.withdrawErasure`]: (call: LegCall) => attempt(parts, call, (c) => adapter.withdrawErasure(c)),
  };
}

async function attempt<Result>(
  parts: { readonly adapter: ProviderAdapter; readonly opener: Opener; readonly reportBug: ReportBug },
  call: LegCall,
  work: (call: AdapterCall) => Promise<Result>,
): Promise<Result> {
  const { opener, adapter } = parts;
  const context = Context.current();
  const { info, cancellationSignal: signal } = context;
  let memory = recall(info);
  const remember = (change: Partial<AttemptMemory>): void => {
    memory = { ...memory, ...change };
    context.heartbeat(memory);
  };
  // A worker that dies is noticed when its beat stops, and a request that is cancelled is heard of in the answer to one.
  const beat = setInterval(() => context.heartbeat(memory), HEARTBEAT_EVERY_MS);
  const keep = (adapterMemory: AdapterMemory): AdapterMemory => ({ ...memory.adapter, ...adapterMemory });

  try {
    const identifier = await opener.open({
      sealed: call.sealed,
      requestId: call.requestId,
      provider: adapter.provider,
    });
    return await work({
      requestId: call.requestId,
      identifier,
      subjectHash: opener.subjectHash(identifier),
      round: call.round,
      now: info.currentAttemptScheduledTimestampMs,
      firstAskedAt: call.firstAskedAt,
      mayHaveAskedBefore: call.askedBefore || memory.reached,
      memory: memory.adapter,
      policy: call.policy,
      signal,
      aboutToAsk: (adapterMemory) => remember({ reached: true, adapter: keep(adapterMemory) }),
      remember: (adapterMemory) => remember({ adapter: keep(adapterMemory) }),
      bodyHmac: (body) => opener.bodyHmac(body),
    });
  } catch (error) {
    if (signal.aborted && context.cancellationDetails?.cancelRequested === true) throw asCancelled(signal);
    const failure = asProviderFailure(error, { ...parts, draining: signal.aborted });
    const now = info.currentAttemptScheduledTimestampMs;
    const spells = spellsAfter(memory, failure.type, now);
    const { reached, adapter: adapterMemory } = memory;
    memory = { reached, adapter: adapterMemory, endedAttempt: info.attempt };
    remember(spells);
    throw toApplicationFailure(failure, { info, call, memory });
  } finally {
    clearInterval(beat);
  }
}

/** An attempt that ended without telling (a crash, a lost worker) may have reached anything. */
function recall(info: Info): AttemptMemory {
  const nothing: AttemptMemory = { endedAttempt: 0, reached: false, adapter: {} };
  const told = (info.heartbeatDetails as AttemptMemory | undefined) ?? nothing;
  return { ...told, reached: told.reached || told.endedAttempt !== info.attempt - 1 };
}

/** How long the trouble of this attempt has been going on; another kind of trouble ends it. */
function spellsAfter(
  memory: AttemptMemory,
  type: FailureType,
  now: number,
): Pick<AttemptMemory, 'unavailableSince' | 'pendingSince'> {
  // A provider that is late does not stop being late because it was out of reach once.
  const pending = memory.pendingSince === undefined ? {} : { pendingSince: memory.pendingSince };
  if (type === 'StillPending') return { pendingSince: memory.pendingSince ?? now };
  if (isOutage(type)) return { unavailableSince: memory.unavailableSince ?? now, ...pending };
  return pending;
}

function isOutage(type: FailureType): boolean {
  return type === 'ProviderUnavailable' || type === 'KeyUnavailable';
}

function asCancelled(signal: AbortSignal): CancelledFailure {
  return signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('The activity was cancelled');
}

function asProviderFailure(
  error: unknown,
  {
    adapter: { provider },
    reportBug,
    draining,
  }: { readonly adapter: ProviderAdapter; readonly reportBug: ReportBug; readonly draining: boolean },
): ProviderFailure {
  const name = providerName(provider);
  if (error instanceof ProviderFailure) return error;
  if (error instanceof SealError) {
    return error.code === 'key-unavailable'
      ? new ProviderFailure(
          'KeyUnavailable',
          `This worker does not hold the key that the ${name} identifier is sealed to.`,
        )
      : new ProviderFailure('IdentifierUnusable', `The sealed ${name} identifier was refused: ${error.message}`);
  }
  if (draining) {
    return new ProviderFailure(
      'ProviderUnavailable',
      `The worker shut down while it was calling ${name}; another tries again.`,
    );
  }
  const kind = error instanceof Error ? error.name : typeof error;
  reportBug({ provider, kind, frames: framesOf(error) });
  // Retried, so that the request goes on by itself once a mended worker is deployed.
  return new ProviderFailure(
    'ProviderUnavailable',
    `Our own adapter for ${name} broke (${kind}); the worker's log says where.`,
  );
}

/** Where a bug is, without its message. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  // The message goes first: it may itself have a line that looks like a frame.
  const lines = (error.stack ?? '').replace(error.message, '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).join('\n');
}

function toApplicationFailure(
  failure: ProviderFailure,
  { info, call, memory }: { readonly info: Info; readonly call: LegCall; readonly memory: AttemptMemory },
): ApplicationFailure {
  const details: FailureDetails = { mayHaveReached: memory.reached };
  const nextRetryDelayMs = nextRetryDelay(failure, info, call);
  return ApplicationFailure.create({
    type: failure.type,
    message: failure.message,
    nonRetryable: isBudgetSpent(failure.type, { info, call, memory }),
    details: [details],
    ...(nextRetryDelayMs === undefined ? {} : { nextRetryDelay: nextRetryDelayMs }),
    ...(failure.type === 'StillPending' ? { category: 'BENIGN' as const } : {}),
  });
}

/** A provider's wish only ever lengthens the wait: a storm of `Retry-After: 1` must not become a storm of ours. */
function nextRetryDelay(failure: ProviderFailure, info: Info, call: LegCall): number | undefined {
  const wishedMs = failure.type === 'StillPending' ? call.policy.stillPendingEveryMs : failure.retryAfterMs;
  if (wishedMs === undefined) return undefined;
  const ownMs = ownRetryDelayMs(info);
  return wishedMs > ownMs ? wishedMs : undefined;
}

function ownRetryDelayMs(info: Info): number {
  const { initialInterval = 0, backoffCoefficient = 2, maximumInterval } = info.retryPolicy ?? {};
  const grownMs = msToNumber(initialInterval) * backoffCoefficient ** (info.attempt - 1);
  return Math.min(grownMs, maximumInterval === undefined ? Infinity : msToNumber(maximumInterval));
}

/** Looking has two budgets, and Temporal's time-outs know only their sum; the daily try has none. */
function isBudgetSpent(
  type: FailureType,
  { info, call, memory }: { readonly info: Info; readonly call: LegCall; readonly memory: AttemptMemory },
): boolean {
  const initialMs = msToNumber(info.retryPolicy?.initialInterval ?? 0);
  if (initialMs >= DAILY_TRY_MS) return false;
  const now = info.currentAttemptScheduledTimestampMs;
  if (isOutage(type)) return now - (memory.unavailableSince ?? now) >= call.policy.outageBudgetMs;
  return type === 'StillPending' && now - (memory.pendingSince ?? now) >= call.policy.stillPendingBudgetMs;
}
