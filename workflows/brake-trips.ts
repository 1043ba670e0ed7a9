/** The part of a provider's brake that holds its calls back while it refuses everyone: what workers and staff tell it, and the alarm. */
import { ApplicationFailure, defineQuery, defineUpdate, log, metricMeter, setHandler } from '@temporalio/workflow';
import { brakeAlarm } from '../domain/brake/trip-text';
import { releaseProblem, reportProblem } from '../domain/brake/trip-check';
import type { Pause } from '../domain/brake/shortage';
import { tripStateAfter, type TripReport, type TripState } from '../domain/brake/trip-state';
import type { Provider } from '../domain/provider/provider-table';
import { brakeMessages } from '../temporal/names';

interface ReleaseOfBrake {
  /** Opaque id of the staff member. */
  readonly actor: string;
  /** A code or a ticket; no free text, nothing personal. */
  readonly reason: string;
}

const reportToBrake = defineUpdate<TripState, [TripReport]>(brakeMessages.report);
const releaseBrake = defineUpdate<TripState, [ReleaseOfBrake]>(brakeMessages.release);
const tripState = defineQuery<TripState & Pause>(brakeMessages.state);

export function listenForTrips(
  provider: Provider,
  {
    get,
    set,
    pause,
  }: {
    readonly get: () => TripState;
    /** Also where nothing has changed. */
    readonly set: (state: TripState) => void;
    readonly pause: () => Pause;
  },
): void {
  function apply(report: TripReport): TripState {
    const before = get();
    const after = tripStateAfter(before, { ...report, at: Date.now() });
    set(after);
    tellOfChange(provider, before, after);
    return after;
  }

  setHandler(tripState, () => ({ ...get(), ...pause() }), {
    description: 'Whether the brake is on, since when, why, when the next trial is, and until when no call may be made',
  });
  setHandler(reportToBrake, apply, {
    validator: (report) => refuse(reportProblem(report)),
    description: 'For workers: what calls to the provider say about it',
  });
  setHandler(releaseBrake, ({ actor, reason }) => apply({ type: 'releasedByStaff', actor, reason }), {
    validator: (release) =>
      refuse(releaseProblem(release) ?? (get().on === undefined ? 'The brake is not on' : undefined)),
    description: 'Releases the brake by hand: { "actor": "<staff id>", "reason": "<code or ticket>" }',
  });
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'InvalidRequest');
}

/** The one alarm: a line of the log and a count. The sweep and the current details go on showing it. */
function tellOfChange(provider: Provider, before: TripState, { on, last }: TripState): void {
  const isOther = on?.reason === 'unknown-ids' && before.on?.reason !== 'unknown-ids';
  if (on !== undefined && (before.on === undefined || isOther)) {
    const { reason, requestIds } = on;
    log.error(brakeAlarm(provider, on), { provider, reason, requestIds });
    metricMeter
      .createCounter('erasure_brake_trips', undefined, "How often a provider's brake went on")
      .add(1, { provider, reason });
  }
  if (before.on !== undefined && on === undefined && last !== undefined) {
    log.warn('The brake of a provider was released: what waits goes on', { provider, reason: last.reason, ...last.by });
  }
}
