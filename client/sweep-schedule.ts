/** The Schedule that runs the sweep: installed once in a namespace of Temporal, and changed by installing it again. */
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import { defined } from '../domain/defined';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import { ErasureClientError } from './errors';
import { WORKFLOW_QUEUE, SWEEP_SCHEDULE_ID, SWEEP_TYPE } from '../temporal/names';
import { addressOf } from '../temporal/connection';
import { withUnavailability } from './open-connection';

const CALL_MS_MAX = 10 * SECOND_MS;
/** While one sweep runs the next is left out; one that hangs must not keep all further ones from running. */
const SWEEP_MS_MAX = 6 * HOUR_MS;
export const SWEEP_EVERY_MS_MIN = 15 * MINUTE_MS;

/** Instants are RFC 3339 in UTC. */
export interface SweepScheduleStatus {
  readonly everyMs?: number;
  /** Somebody has paused it: no sweep runs. */
  readonly isPaused: boolean;
  readonly isRunning: boolean;
  readonly lastStartedAt?: string;
  readonly nextAt?: string;
}

/** Creates the Schedule, or gives an existing one this interval. Safe to repeat; a paused one stays paused. */
export async function installSweepSchedule(client: Client, everyMs: number): Promise<'created' | 'updated'> {
  if (!(Number.isSafeInteger(everyMs) && everyMs >= SWEEP_EVERY_MS_MIN)) {
    throw new RangeError(`everyMs: expected at least ${SWEEP_EVERY_MS_MIN} milliseconds`);
  }
  const options = scheduleOptions(everyMs);
  return within(client, async () => {
    try {
      await client.schedule.create(options);
      return 'created';
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
    await client.schedule.getHandle(SWEEP_SCHEDULE_ID).update(({ state }): ScheduleUpdateOptions => {
      const { scheduleId: _scheduleId, ...rest } = options;
      return { ...rest, state: { paused: state.paused, ...defined({ note: state.note }) } };
    });
    return 'updated';
  });
}

/** Whether there was one. */
export async function uninstallSweepSchedule(client: Client): Promise<boolean> {
  return within(client, async () => {
    try {
      await client.schedule.getHandle(SWEEP_SCHEDULE_ID).delete();
      return true;
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return false;
      throw error;
    }
  });
}

/** Undefined where there is none. */
export async function sweepScheduleStatus(client: Client): Promise<SweepScheduleStatus | undefined> {
  return within(client, async () => {
    try {
      return statusOf(await client.schedule.getHandle(SWEEP_SCHEDULE_ID).describe());
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    }
  });
}

function scheduleOptions(everyMs: number): ScheduleOptions {
  return {
    scheduleId: SWEEP_SCHEDULE_ID,
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: SWEEP_TYPE,
      workflowId: SWEEP_SCHEDULE_ID,
      taskQueue: WORKFLOW_QUEUE,
      args: [{}],
      workflowExecutionTimeout: SWEEP_MS_MAX,
      staticSummary: 'Sweep: no erasure request stays silent',
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      // After an outage one sweep finds as much as all that were missed.
      catchupWindow: everyMs,
    },
  };
}

function statusOf({ spec, state, info }: ScheduleDescription): SweepScheduleStatus {
  const everyMs = spec.intervals?.[0]?.every;
  const last = info.recentActions.at(-1)?.takenAt;
  const [next] = info.nextActionTimes;
  return {
    isPaused: state.paused,
    isRunning: info.runningActions.length > 0,
    ...defined({ everyMs, lastStartedAt: last?.toISOString(), nextAt: next?.toISOString() }),
  };
}

async function within<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + CALL_MS_MAX, call);
  } catch (error) {
    if (error instanceof ErasureClientError) throw error;
    throw withUnavailability(error, addressOf(client.connection));
  }
}
