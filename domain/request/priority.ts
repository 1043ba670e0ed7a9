/** Whose calls go first where many wait at one provider. Keys of Temporal: 1 is the first of five, 3 what has none. */
import { deadlinesOf, rulesOf, type RequestState } from './request-state';

export const DUE_PRIORITY = 1;
export const ORDINARY_PRIORITY = 3;
/** Of what was filed together with many others. */
export const BULK_PRIORITY = 5;

/** `startedWith`: the priority that the request was started with. */
export function priorityKeyOf(
  state: RequestState,
  { now, startedWith = ORDINARY_PRIORITY }: { readonly now: number; readonly startedWith?: number | undefined },
): number {
  const deadlines = deadlinesOf(state);
  const isDue = deadlines !== undefined && now >= deadlines.due.at - rulesOf(state).leads.dueSoonMs;
  return isDue ? DUE_PRIORITY : startedWith;
}
