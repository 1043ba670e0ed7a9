/**
 * The brake of one provider: one run, which shares the provider's limits out among the workers, and holds
 * calls back while the provider refuses everyone. It starts no timer and no activity.
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  log,
  metricMeter,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  brakeView,
  grantLease,
  openBrake,
  pauseOf,
  type BrakeState,
  type BrakeView,
} from '../domain/brake/brake-state';
import { describeBrake } from '../domain/brake/brake-text';
import type { Lease, LeaseRequest } from '../domain/brake/lease';
import { leaseRequestProblem } from '../domain/brake/lease-check';
import { shortageAlarm } from '../domain/brake/shortage';
import { describeTrip } from '../domain/brake/trip-text';
import { notTripped, type TripState } from '../domain/brake/trip-state';
import { providerKeys, providerName, type Provider } from '../domain/provider/provider-table';
import { brakeIdOf, brakeMessages } from '../temporal/names';
import { listenForTrips } from './brake-trips';
import { madeWhenRead } from './made-when-read';

export const lease = defineUpdate<Lease, [LeaseRequest]>('lease');
export const brake = defineQuery<BrakeView>(brakeMessages.view);

/** Temporal refuses further updates after 2,000 in one run. */
const UPDATES_MAX = 1_000;

export async function providerBrake(handedOn: BrakeState = openBrake, handedOnTrips = notTripped): Promise<void> {
  const provider = providerKeys.find((key) => brakeIdOf(key) === workflowInfo().workflowId);
  if (provider === undefined) {
    throw ApplicationFailure.nonRetryable('The id of this workflow names no provider', 'InvalidRequest');
  }
  let state = handedOn;
  let trips: TripState = handedOnTrips;
  let updates = 0;
  const details = (): string => [...describeTrip(provider, trips), describeBrake(provider, state)].join('\n');
  setCurrentDetails(madeWhenRead(details));

  setHandler(brake, () => brakeView(state), { description: 'What the workers may call, and what was handed out' });
  setHandler(
    lease,
    (request) => {
      const granted = grantLease(state, request, Date.now());
      tellOfShortage(provider, state, granted.state);
      state = granted.state;
      updates += 1;
      if (granted.isNameShared) {
        log.warn(`Two workers of ${providerName(provider)} have one ERASURE_WORKER_NAME`, {
          provider,
          name: request.name,
        });
      }
      return granted.lease;
    },
    {
      validator: (request) => {
        const problem = leaseRequestProblem(request);
        if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'InvalidRequest');
      },
      description: "A worker's part of the calls, for some seconds",
    },
  );
  listenForTrips(provider, {
    get: () => trips,
    set: (changed) => {
      trips = changed;
      updates += 1;
    },
    pause: () => pauseOf(state),
  });

  await condition(() => (updates >= UPDATES_MAX || workflowInfo().continueAsNewSuggested) && allHandlersFinished());
  await continueAsNew<typeof providerBrake>(state, trips);
}

/** Once for each: a line of the log and a count. The sweep names one that lasts. */
function tellOfShortage(provider: Provider, before: BrakeState, { shortage }: BrakeState): void {
  if (shortage === undefined || shortage.since === before.shortage?.since) return;
  const { reason } = shortage;
  log.warn(shortageAlarm(provider, shortage), { provider, reason });
  metricMeter
    .createCounter('erasure_shortages', undefined, 'How often no calls were left to a provider')
    .add(1, { provider, reason });
}
