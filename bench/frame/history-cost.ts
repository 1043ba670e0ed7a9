/** What a run has cost, counted from its real history: Temporal Cloud's Actions, and events. */
import { defaultPayloadConverter } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

type History = temporal.api.history.v1.IHistory;
const { EventType } = temporal.api.enums.v1;

/** Virtual time adds these; a run in real time has none of them. */
const ofVirtualTime: readonly unknown[] = [
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
];

/** Start, each attempt of each activity, timer, signal, accepted update, upsert: 1 each; child workflow: 2. Queries leave no trace. */
export function actionsOf(history: History): number {
  return (history.events ?? []).reduce((sum, event) => {
    switch (event.eventType) {
      case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
      case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
      case EventType.EVENT_TYPE_TIMER_STARTED:
      case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
      case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
        return sum + 1;
      case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: {
        // What `patched` notes down is not billed.
        const { searchAttributes } = event.upsertWorkflowSearchAttributesEventAttributes ?? {};
        const names = Object.keys(searchAttributes?.indexedFields ?? {});
        return names.every((name) => name === 'TemporalChangeVersion') ? sum : sum + 1;
      }
      case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
        return sum + (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1;
      case EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
        return sum + 2;
      default:
        return sum;
    }
  }, 0);
}

/** The types of the local activities that a run has done, in their order. */
export function localActivitiesOf(history: History): readonly string[] {
  return (history.events ?? []).flatMap(({ markerRecordedEventAttributes: marker }) => {
    const [data] = marker?.details?.['data']?.payloads ?? [];
    if (marker?.markerName !== 'core_local_activity' || data === undefined) return [];
    return [defaultPayloadConverter.fromPayload<{ readonly activity_type: string }>(data).activity_type];
  });
}

/** What each wake-up of the workflow leaves: it was to be woken, was, and has done what it did. */
export function wakeUpEventsOf(history: History): number {
  return (history.events ?? []).filter(
    (event) =>
      event.workflowTaskScheduledEventAttributes ??
      event.workflowTaskStartedEventAttributes ??
      event.workflowTaskCompletedEventAttributes,
  ).length;
}

/** Events as a run in real time would have them. */
export function eventsOf(history: History): number {
  return (history.events ?? []).filter((event) => !ofVirtualTime.includes(event.eventType)).length;
}

/** What a history takes when it is stored, as a run in real time would have it. */
export function bytesOf(history: History): number {
  return (history.events ?? [])
    .filter((event) => !ofVirtualTime.includes(event.eventType))
    .reduce((sum, event) => sum + temporal.api.history.v1.HistoryEvent.encode(event).finish().length, 0);
}
