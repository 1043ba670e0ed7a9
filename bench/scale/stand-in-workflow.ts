/**
 * What Temporal sees of an erasure that waits: an open run of the same type with its three timers, and the same search
 * attributes. It costs a tenth of a real one to make, which is what makes ten thousands of them possible.
 */
import { setHandler, sleep, defineQuery } from '@temporalio/workflow';

const DAY_MS = 24 * 3_600_000;

export async function erasureRequest(): Promise<void> {
  setHandler(defineQuery<string>('standsIn'), () => 'for an erasure that waits');
  await Promise.all([sleep(5 * DAY_MS), sleep(30 * DAY_MS), sleep(7 * DAY_MS)]);
}
