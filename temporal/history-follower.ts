/**
 * Follows a request's history in Temporal's own long poll: every event is seen when it comes, without a worker, and at no
 * cost in Actions. The certificate is the result of the activity that signs it.
 */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { RequestOutcome } from '../domain/leg/outcome';
import { legProgress, type LegProgress } from '../domain/leg/leg-progress';
import type { TrailEntry } from '../domain/request/request-state';
import type { Statement } from '../domain/certificate/statement';
import type { HistoryEvent } from './history';

type Payloads = temporal.api.common.v1.IPayloads;
const { EventType, HistoryEventFilterType } = temporal.api.enums.v1;

const SIGNING_ACTIVITY = 'issueCertificate';
const closings: readonly unknown[] = [
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
];

/** The certificate and what it was made from, as the run's history has them. */
export interface Certified {
  readonly certificate: string;
  readonly outcome: RequestOutcome;
  readonly legs: readonly LegProgress[];
  readonly trail: readonly TrailEntry[];
}

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
      const { outcome, legs, trail } = statement;
      this.#certified = {
        certificate: first<string>(completed.result),
        outcome,
        legs: legs.map((leg) => legProgress(leg)),
        trail,
      };
    }
    if (closings.includes(eventType)) this.#isClosed = true;
  }
}

function first<T>(payloads: Payloads | null | undefined): T {
  const [payload] = payloads?.payloads ?? [];
  if (payload === undefined) throw new TypeError('The history of a certificate is not as the workflow leaves it');
  return defaultPayloadConverter.fromPayload<T>(payload);
}
