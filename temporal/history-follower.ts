/**
 * Follows a request's history in Temporal's own long poll: every event is seen when it comes, without a worker, and at no
 * cost in Actions. The certificate is in the answer of the local activity that signs it, or is the result of an activity: of
 * runs that began before release 0.4, and where it could not be signed at once.
 */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { certifiedBy, type Certified } from '../domain/certificate/certified';
import type { Statement } from '../domain/certificate/statement';
import type { HistoryEvent } from './history';

type Payloads = temporal.api.common.v1.IPayloads;
const { EventType, HistoryEventFilterType } = temporal.api.enums.v1;

const SIGNING_ACTIVITY = 'issueCertificate';
const LOCAL_SIGNING_ACTIVITY = 'certify';
/** How Temporal's SDKs call the event that a local activity leaves. */
const LOCAL_ACTIVITY_MARKER = 'core_local_activity';
const closings: readonly unknown[] = [
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
];

export class HistoryFollower {
  readonly #client: Client;
  readonly #workflowId: string;
  readonly #statements = new Map<string, Statement>();
  #nextPageToken: Uint8Array = new Uint8Array();
  #certified: Certified | undefined;
  #isClosed = false;

  /** Of the newest run that there is at the first call of `next`. */
  constructor(client: Client, workflowId: string) {
    this.#client = client;
    this.#workflowId = workflowId;
  }

  get certified(): Certified | undefined {
    return this.#certified;
  }

  /** The run that is followed has ended, in whatever way. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads on; waits for the next event, or about 20 s, where everything has been read. A call that fails can be repeated. */
  async next(): Promise<void> {
    const { workflowService, options } = this.#client;
    const { history, nextPageToken } = await workflowService.getWorkflowExecutionHistory({
      namespace: options.namespace,
      execution: { workflowId: this.#workflowId },
      waitNewEvent: true,
      historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT,
      skipArchival: true,
      // It names the run, too.
      nextPageToken: this.#nextPageToken,
    });
    for (const event of history?.events ?? []) this.#read(event);
    if (nextPageToken && nextPageToken.length > 0) this.#nextPageToken = nextPageToken;
    else this.#isClosed = true;
  }

  #read(event: HistoryEvent): void {
    const { eventType, activityTaskScheduledEventAttributes: scheduled } = event;
    if (scheduled?.activityType?.name === SIGNING_ACTIVITY) {
      this.#statements.set(String(event.eventId), first<Statement>(scheduled.input));
    }
    const completed = event.activityTaskCompletedEventAttributes;
    const statement = this.#statements.get(String(completed?.scheduledEventId));
    if (completed && statement !== undefined) {
      this.#certified = certifiedBy(first<string>(completed.result), statement);
    }
    this.#certified ??= certifiedLocally(event);
    if (closings.includes(eventType)) this.#isClosed = true;
  }
}

function certifiedLocally({ markerRecordedEventAttributes: marker }: HistoryEvent): Certified | undefined {
  const { data, result } = marker?.details ?? {};
  if (marker?.markerName !== LOCAL_ACTIVITY_MARKER || !data || !result) return undefined;
  const { activity_type: type } = first<{ readonly activity_type?: string }>(data);
  return type === LOCAL_SIGNING_ACTIVITY ? first<Certified>(result) : undefined;
}

function first<T>(payloads: Payloads | null | undefined): T {
  const [payload] = payloads?.payloads ?? [];
  if (payload === undefined) throw new TypeError('The history of a certificate is not as the workflow leaves it');
  return defaultPayloadConverter.fromPayload<T>(payload);
}
