/**
 * Steps that only compute are done beside the workflow, in a local activity: it costs no Action and no wake-up of its own, and
 * leaves one event. Where that fails, for whatever reason, it is an activity of its own, which staff can see, and which is tried
 * as often as its options say.
 */
import { TemporalFailure } from '@temporalio/workflow';
import type { RunClock } from './held-clock';

export async function localFirst<Result>(
  clock: RunClock,
  locally: () => Promise<Result>,
  asActivity: () => Promise<Result>,
): Promise<Result> {
  try {
    return await clock.around(locally);
  } catch (error) {
    // What a local activity fails with comes as it is, in no ActivityFailure.
    if (!(error instanceof TemporalFailure)) throw error;
    return asActivity();
  }
}
