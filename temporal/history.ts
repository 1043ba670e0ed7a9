/** Reads the history of a run as it is now. `HistoryFollower` goes on reading as it grows. */
import type { ConnectionLike } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { defined } from '../domain/defined';
import { SECOND_MS } from '../domain/duration';
import { hasGrpcStatus } from './temporal-failure';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
/** A connection, or a client. */
export type HistoryService = Pick<ConnectionLike, 'workflowService' | 'withDeadline'>;

export interface Execution {
  readonly namespace: string;
  readonly workflowId: string;
  /** Where absent the newest run. */
  readonly runId?: string;
}

const CALL_MS_MAX = 10 * SECOND_MS;
/** Temporal answers a page of more than 4 MB with an error, and one event may have half of that. */
const EVENTS_AT_ONCE = 200;
/** Its client goes on asking for a page that is too large until the time is over. */
const PAGE_MS_MAX = 3 * SECOND_MS;

/** Every event, page by page: in smaller ones where Temporal cannot answer a page. Throws where it takes longer than `withinMs`. */
export async function* eventsOf(
  service: HistoryService,
  execution: Execution,
  withinMs = Infinity,
): AsyncGenerator<HistoryEvent, void, undefined> {
  const startedAt = performance.now();
  let nextPageToken: Uint8Array = new Uint8Array();
  let [size, most] = [EVENTS_AT_ONCE, EVENTS_AT_ONCE];
  for (;;) {
    if (performance.now() - startedAt > withinMs) throw new Error('The history takes too long to read');
    let page;
    try {
      page = await pageOf(service, execution, {
        nextPageToken,
        maximumPageSize: size,
        timeoutMs: size === 1 ? CALL_MS_MAX : PAGE_MS_MAX,
      });
    } catch (error) {
      if (size === 1 || hasGrpcStatus(error, 'NOT_FOUND')) throw error;
      [size, most] = [1, Math.max(1, Math.floor(size / 2))];
      continue;
    }
    yield* page.history?.events ?? [];
    if (!page.nextPageToken?.length) return;
    nextPageToken = page.nextPageToken;
    size = Math.min(2 * size, most);
  }
}

/** The run that the request was started as: a reset goes on as a run of its own, and keeps it. Undefined where nothing says so. */
export async function originalRunOf(service: HistoryService, execution: Execution): Promise<string | undefined> {
  const { history } = await pageOf(service, execution, { maximumPageSize: 1, timeoutMs: CALL_MS_MAX });
  return history?.events?.[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId || undefined;
}

function pageOf(
  service: HistoryService,
  { namespace, workflowId, runId }: Execution,
  {
    timeoutMs,
    ...page
  }: { readonly nextPageToken?: Uint8Array; readonly maximumPageSize: number; readonly timeoutMs: number },
): Promise<temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse> {
  const execution = { workflowId, ...defined({ runId }) };
  return service.withDeadline(Date.now() + timeoutMs, () =>
    service.workflowService.getWorkflowExecutionHistory({ namespace, execution, ...page }),
  );
}
