/** What activities were scheduled with, as a history has it. */
import type { temporal } from '@temporalio/proto';

export function payloadsOf(
  events: readonly temporal.api.history.v1.IHistoryEvent[],
  activity: RegExp,
): Readonly<Record<string, unknown>>[] {
  return events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    const data = scheduled?.input?.payloads?.[0]?.data;
    if (!activity.test(scheduled?.activityType?.name ?? '') || !data) return [];
    return [JSON.parse(Buffer.from(data).toString()) as Readonly<Record<string, unknown>>];
  });
}
