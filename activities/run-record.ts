/** What the run's own history says it did at the providers: nobody can take anything out of it. */
import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { RecordedCall } from '../domain/claim-check';
import { SECOND_MS } from '../domain/duration';
import { seenIn, type Fact, type ProviderWitness } from '../domain/fact';
import type { FailureDetails } from '../domain/failure';
import { providerKeys, type Provider } from '../domain/provider';
import type { FactChecker } from '../security/facts';
import type { RunOfRequest } from './own-run';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

const CALL_MS_MAX = 10 * SECOND_MS;

/** One activity at a provider, with all that the history says of it. */
interface ActivityRecord {
  readonly provider: Provider;
  readonly what: RecordedCall['what'];
  readonly activityId: string;
  readonly scheduledAt: number;
  closing?: HistoryEvent;
  isStarted: boolean;
}

/** Every asking, look and withdrawal of these runs. */
export function recordedCalls(
  histories: readonly (readonly HistoryEvent[])[],
  { checker, requestId, run }: RunOfRequest & { readonly checker: FactChecker },
): readonly RecordedCall[] {
  return histories.flatMap((events) =>
    activitiesIn(events).map((record) => {
      const { provider, what, scheduledAt, closing } = record;
      const signature = witnessOf(answerIn(record))?.signature;
      return {
        provider,
        what,
        scheduledAt,
        // One that is still under way may yet reach the provider.
        closedAt: closing === undefined ? Infinity : (timeOf(closing) ?? Infinity),
        effect: effectOf(
          record,
          (fact, witness) => checker.problem({ ...fact, requestId, run }, witness) === undefined,
        ),
        ...(signature === undefined ? {} : { signature }),
      };
    }),
  );
}

const callType = /^(\w+)\.(requestErasure|observeErasure|withdrawErasure)$/;
const whats: ReadonlyMap<string | undefined, RecordedCall['what']> = new Map([
  ['requestErasure', 'ask'],
  ['observeErasure', 'look'],
  ['withdrawErasure', 'withdraw'],
]);

function activitiesIn(events: readonly HistoryEvent[]): readonly ActivityRecord[] {
  const records = new Map<string, ActivityRecord>();
  for (const event of events) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const [, key, name] = callType.exec(scheduled?.activityType?.name ?? '') ?? [];
    const provider = providerKeys.find((known) => known === key);
    const what = whats.get(name);
    if (provider !== undefined && what !== undefined) {
      records.set(String(event.eventId), {
        provider,
        what,
        activityId: scheduled?.activityId ?? '',
        scheduledAt: timeOf(event) ?? 0,
        isStarted: false,
      });
      continue;
    }
    const started = records.get(String(event.activityTaskStartedEventAttributes?.scheduledEventId));
    if (started !== undefined) started.isStarted = true;
    const closed = records.get(String(closingAttributes(event)?.scheduledEventId));
    if (closed !== undefined) closed.closing = event;
  }
  return [...records.values()];
}

function closingAttributes(event: HistoryEvent) {
  return (
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes
  );
}

type IsProven = (fact: Pick<Fact, 'kind' | 'provider' | 'content'>, witness: ProviderWitness | undefined) => boolean;

function effectOf(record: ActivityRecord, isProven: IsProven): RecordedCall['effect'] {
  const { provider, what } = record;
  const answer = answerIn(record);
  if (what === 'look') return 'nothing';
  if (answer === undefined) return what === 'ask' && reachedNobody(record, isProven) ? 'nothing' : 'maybe';
  const kind = what === 'ask' ? 'receipt' : 'withdrawal';
  if (!isProven({ kind, provider, content: seenIn(answer) }, witnessOf(answer))) return 'maybe';
  if (what === 'withdraw') return answer['status'] === 'withdrawn' ? 'undone' : 'maybe';
  return answer['status'] === 'unknown' ? 'unknown-id' : 'maybe';
}

function answerIn({ closing }: ActivityRecord): Record<string, unknown> | undefined {
  return firstOf(closing?.activityTaskCompletedEventAttributes?.result);
}

/** The worker signed for it, or the server itself says that no worker ever took it up. */
function reachedNobody({ provider, activityId, closing, isStarted }: ActivityRecord, isProven: IsProven): boolean {
  const failure = closing?.activityTaskFailedEventAttributes?.failure;
  const details = firstOf(
    failure?.applicationFailureInfo?.details ?? closing?.activityTaskCanceledEventAttributes?.details,
  ) as FailureDetails | undefined;
  if (details !== undefined) {
    return isProven({ kind: 'unreached', provider, content: { activityId } }, details.witness);
  }
  const timeout = closing?.activityTaskTimedOutEventAttributes?.failure;
  return timeout !== undefined && timeout !== null && !isStarted && (timeout.cause ?? undefined) === undefined;
}

function witnessOf(answer: Record<string, unknown> | undefined): ProviderWitness | undefined {
  return answer?.['witness'] as ProviderWitness | undefined;
}

function firstOf(payloads: Payloads): Record<string, unknown> | undefined {
  const [payload] = payloads?.payloads ?? [];
  return payload === undefined ? undefined : defaultPayloadConverter.fromPayload(payload);
}

function timeOf({ eventTime }: HistoryEvent): number | undefined {
  return optionalTsToMs(eventTime);
}

/** The whole history of the run; and of every other run of this request where it is a reset, which forgets what came after its point. */
export async function readHistories(
  client: Client,
  { workflowId, runId, run }: { readonly workflowId: string; readonly runId: string; readonly run: string },
): Promise<readonly (readonly HistoryEvent[])[]> {
  const runIds = new Set([runId]);
  if (runId !== run) {
    runIds.add(run);
    for await (const { runId: other } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
      runIds.add(other);
    }
  }
  return Promise.all([...runIds].map((id) => readHistory(client, { workflowId, runId: id })));
}

async function readHistory(
  client: Client,
  execution: { readonly workflowId: string; readonly runId: string },
): Promise<readonly HistoryEvent[]> {
  const { namespace } = client.options;
  const events: HistoryEvent[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const page: temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse = await client.withDeadline(
      Date.now() + CALL_MS_MAX,
      () =>
        client.workflowService.getWorkflowExecutionHistory({
          namespace,
          execution,
          ...(nextPageToken === undefined ? {} : { nextPageToken }),
        }),
    );
    events.push(...(page.history?.events ?? []));
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken !== undefined);
  return events;
}
