/** Waits, for one leg, until its provider's brake is released or the leg's step is to be the trial. Asks the provider nothing. */
import { ApplicationFailure } from '@temporalio/activity';
import { brakeAlarm } from '../domain/brake/trip-text';
import type { FailureDetails, FailureType } from '../domain/leg/failure';
import type { Provider } from '../domain/provider/provider-table';
import type { BrakeGate } from './brake-gate';
import { refuseForeignRun, type RunOfRequest } from './run-guard';

export interface BrakeActivities {
  /** Each attempt looks once; between two of them it costs nothing. */
  waitForBrake(wait: BrakeWait): Promise<void>;
}

export interface BrakeWait extends RunOfRequest {
  readonly provider: Provider;
}

export function createBrakeActivities({
  gates,
}: {
  readonly gates: Readonly<Record<Provider, BrakeGate>>;
}): BrakeActivities {
  return {
    async waitForBrake(wait) {
      await refuseForeignRun(wait);
      const { requestId, provider } = wait;
      const passage = await gates[provider].pass(requestId);
      if (passage === 'go') return;
      const { on, askAgainInMs } = passage;
      const type: FailureType = 'ProviderBraked';
      const details: FailureDetails = { mayHaveReached: false, brake: { reason: on.reason, since: on.since } };
      throw ApplicationFailure.create({
        type,
        message: brakeAlarm(provider, on),
        details: [details],
        nextRetryDelay: askAgainInMs,
        category: 'BENIGN',
      });
    },
  };
}
