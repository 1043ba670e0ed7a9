/** Waits, for one leg, until calls are left to its provider and its brake is released, or the leg's step is to be the trial. Asks the provider nothing. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { isShortageReason, shortageAlarm, shortageAskAgainInMs } from '../domain/brake/shortage';
import { brakeAlarm } from '../domain/brake/trip-text';
import { HOUR_MS } from '../domain/duration';
import type { FailureDetails, FailureType, LegBrake } from '../domain/leg/failure';
import type { Provider } from '../domain/provider/provider-table';
import type { BrakeGate } from './brake-gate';
import { refuseForeignRun, type RunOfRequest } from './run-guard';

export interface BrakeActivities {
  /** Each attempt looks once; between two of them it costs nothing. */
  waitForBrake(wait: BrakeWait): Promise<void>;
}

export interface BrakeWait extends RunOfRequest {
  readonly provider: Provider;
  /** What its step met. */
  readonly brake?: LegBrake;
}

export function createBrakeActivities({
  gates,
}: {
  readonly gates: Readonly<Record<Provider, BrakeGate>>;
}): BrakeActivities {
  return {
    async waitForBrake(wait) {
      await refuseForeignRun(wait);
      const { requestId, provider, brake } = wait;
      // First: the trial is not for one that could not call.
      const short = (await gates[provider].shortage()) ?? untold(brake);
      if (short !== undefined) {
        throw waitOn(short.shortage, { message: shortageAlarm(provider, short.shortage), ...short });
      }
      const passage = await gates[provider].pass(requestId);
      if (passage === 'go') return;
      const { on, askAgainInMs } = passage;
      throw waitOn({ reason: on.reason, since: on.since }, { message: brakeAlarm(provider, on), askAgainInMs });
    },
  };
}

/**
 * What the step met may not be known to all workers yet. Believed once, lest it be refused again and again meanwhile; also
 * where it is over by our clock, which may be ahead of theirs.
 */
function untold(brake: LegBrake | undefined) {
  if (brake === undefined || Context.current().info.attempt > 1) return undefined;
  const { reason, since, until = 0 } = brake;
  const now = Date.now();
  if (!isShortageReason(reason)) return undefined;
  const shortage = { reason, since, until };
  const told = { ...shortage, until: Math.min(until, now + HOUR_MS) };
  return { shortage, askAgainInMs: shortageAskAgainInMs(told, now, Math.random()) };
}

function waitOn(
  brake: LegBrake,
  { message, askAgainInMs }: { readonly message: string; readonly askAgainInMs: number },
): ApplicationFailure {
  const type: FailureType = 'ProviderBraked';
  const details: FailureDetails = { mayHaveReached: false, brake };
  return ApplicationFailure.create({
    type,
    message,
    details: [details],
    nextRetryDelay: askAgainInMs,
    category: 'BENIGN',
  });
}
