/** A run's history as Temporal's server wrote it: the only clock and the only order that no code of ours can bend. */
import { z } from 'zod';

const payload = z.looseObject({ data: z.string().optional() });
const payloads = z.looseObject({ payloads: z.array(payload).optional() });
const scheduled = z.looseObject({ scheduledEventId: z.string().optional() });
const eventSchema = z.looseObject({
  eventId: z.string(),
  eventTime: z.string(),
  eventType: z.string(),
  userMetadata: z.looseObject({ summary: payload.optional() }).optional(),
  activityTaskScheduledEventAttributes: z.looseObject({ activityType: z.looseObject({ name: z.string() }) }).optional(),
  activityTaskCompletedEventAttributes: scheduled.optional(),
  activityTaskFailedEventAttributes: scheduled.extend({ failure: z.unknown() }).optional(),
  activityTaskTimedOutEventAttributes: scheduled.optional(),
  activityTaskCanceledEventAttributes: scheduled.optional(),
  timerStartedEventAttributes: z.looseObject({ timerId: z.string() }).optional(),
  timerFiredEventAttributes: z.looseObject({ timerId: z.string() }).optional(),
  timerCanceledEventAttributes: z.looseObject({ timerId: z.string() }).optional(),
  workflowExecutionSignaledEventAttributes: z
    .looseObject({ signalName: z.string(), input: payloads.optional() })
    .optional(),
  workflowExecutionCompletedEventAttributes: z.looseObject({ result: payloads.optional() }).optional(),
  workflowExecutionStartedEventAttributes: z.looseObject({ searchAttributes: z.unknown().optional() }).optional(),
  upsertWorkflowSearchAttributesEventAttributes: z
    .looseObject({ searchAttributes: z.looseObject({ indexedFields: z.record(z.string(), payload) }) })
    .optional(),
});
type Event = z.infer<typeof eventSchema>;

export interface RunActivity {
  /** `measureone.requestErasure`, for example. */
  readonly name: string;
  /** Epoch ms, by the run's own clock. */
  readonly scheduledAt: number;
  readonly closedAt?: number;
  readonly end?: 'completed' | 'failed' | 'timed-out' | 'cancelled';
}

/** The run between two workflow tasks: what it waits for then. */
export interface IdleMoment {
  readonly at: number;
  readonly eventId: string;
  /** Types of activities, and the labels of timers. */
  readonly activities: readonly string[];
  readonly timers: readonly string[];
  readonly blockedOn: readonly string[];
  readonly state?: string;
}

export interface RunSignal {
  readonly name: string;
  readonly at: number;
  readonly content: Readonly<Record<string, unknown>>;
}

export interface RunHistory {
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly end?: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed-out';
  readonly result?: unknown;
  readonly activities: readonly RunActivity[];
  readonly signals: readonly RunSignal[];
  readonly idle: readonly IdleMoment[];
  /** Timers that were waited out, by label. */
  readonly fired: readonly { readonly label: string; readonly at: number }[];
  /** The certificate's second check has refused what the run composed. */
  readonly refusals: readonly string[];
}

const ends: Readonly<Record<string, NonNullable<RunHistory['end']>>> = {
  EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: 'completed',
  EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: 'failed',
  EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: 'cancelled',
  EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: 'terminated',
  EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: 'timed-out',
};

/** `json`: as `historyToJSON` writes it. */
export function readRunHistory(json: string): RunHistory {
  const { events } = z.object({ events: z.array(eventSchema) }).parse(JSON.parse(json));
  return new Reader(events).read();
}

class Reader {
  readonly #events: readonly Event[];
  readonly #activities = new Map<string, RunActivity>();
  readonly #timers = new Map<string, string>();
  readonly #signals: RunSignal[] = [];
  readonly #idle: IdleMoment[] = [];
  readonly #fired: { readonly label: string; readonly at: number }[] = [];
  readonly #refusals: string[] = [];
  #blockedOn: readonly string[] = [];
  #state: string | undefined;

  constructor(events: readonly Event[]) {
    this.#events = events;
  }

  read(): RunHistory {
    let isBatch = false;
    for (const [index, event] of this.#events.entries()) {
      this.#take(event);
      isBatch = event.eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED' || (isBatch && isOfTask(event));
      const next = this.#events[index + 1];
      if (isBatch && !(next !== undefined && isOfTask(next))) this.#rest(event);
    }
    const first = this.#events[0];
    const last = this.#events.at(-1);
    const end = ends[last?.eventType ?? ''];
    const result = last?.workflowExecutionCompletedEventAttributes?.result;
    return {
      startedAt: timeOf(first),
      ...(end !== undefined && { end, endedAt: timeOf(last) }),
      ...(result !== undefined && { result: valueOf(result.payloads?.[0]) }),
      activities: [...this.#activities.values()],
      signals: this.#signals,
      idle: end === undefined ? this.#idle : this.#idle.slice(0, -1),
      fired: this.#fired,
      refusals: this.#refusals,
    };
  }

  #take(event: Event): void {
    const at = timeOf(event);
    const started = event.activityTaskScheduledEventAttributes;
    if (started) this.#activities.set(event.eventId, { name: started.activityType.name, scheduledAt: at });
    this.#close(event.activityTaskCompletedEventAttributes, at, 'completed');
    this.#close(event.activityTaskFailedEventAttributes, at, 'failed');
    this.#close(event.activityTaskTimedOutEventAttributes, at, 'timed-out');
    this.#close(event.activityTaskCanceledEventAttributes, at, 'cancelled');
    const failure = JSON.stringify(event.activityTaskFailedEventAttributes?.failure ?? '');
    if (failure.includes('EvidenceRefused')) this.#refusals.push(failure);
    const timer = event.timerStartedEventAttributes;
    if (timer) this.#timers.set(timer.timerId, textOf(event.userMetadata?.summary) ?? '');
    const fired = this.#timers.get(event.timerFiredEventAttributes?.timerId ?? '');
    if (fired !== undefined) this.#fired.push({ label: fired, at });
    const over = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
    if (over) this.#timers.delete(over.timerId);
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal) {
      const content = valueOf(signal.input?.payloads?.[0]);
      this.#signals.push({ name: signal.signalName, at, content: isRecord(content) ? content : {} });
    }
    const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes.indexedFields;
    if (fields?.['ErasureBlockedOn']) this.#blockedOn = textsOf(valueOf(fields['ErasureBlockedOn']));
    if (fields?.['ErasureState']) this.#state = textsOf(valueOf(fields['ErasureState']))[0];
  }

  #close(of: { scheduledEventId?: string | undefined } | undefined, closedAt: number, end: RunActivity['end']): void {
    const id = of?.scheduledEventId;
    const activity = id === undefined ? undefined : this.#activities.get(id);
    if (id === undefined || activity === undefined || end === undefined) return;
    this.#activities.set(id, { ...activity, closedAt, end });
  }

  #rest(event: Event): void {
    const pending = [...this.#activities.values()].filter(({ end }) => end === undefined);
    this.#idle.push({
      at: timeOf(event),
      eventId: event.eventId,
      activities: pending.map(({ name }) => name),
      timers: [...this.#timers.values()],
      blockedOn: this.#blockedOn,
      ...(this.#state !== undefined && { state: this.#state }),
    });
  }
}

/** What a workflow task has brought about is written together with its end. */
function isOfTask(event: Event): boolean {
  if (/EXECUTION_UPDATE_(ACCEPTED|COMPLETED|REJECTED)$/.test(event.eventType)) return true;
  return Object.values(event).some(
    (attributes) => isRecord(attributes) && 'workflowTaskCompletedEventId' in attributes,
  );
}

export function timeOf(event: Pick<Event, 'eventTime'> | undefined): number {
  return Date.parse(event?.eventTime ?? '');
}

function textOf(of: z.infer<typeof payload> | undefined): string | undefined {
  const value = valueOf(of);
  return typeof value === 'string' ? value : undefined;
}

function textsOf(value: unknown): string[] {
  return [value].flat().filter((text): text is string => typeof text === 'string');
}

function valueOf(of: z.infer<typeof payload> | undefined): unknown {
  if (of?.data === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(of.data, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
