/** What the run's own history says it did at the providers: nobody can take a single event out of it. */
import { isDeepStrictEqual } from 'node:util';
import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { defined } from '../domain/defined';
import type { RecordedCall } from '../domain/certificate/claim-check';
import { MINUTE_MS } from '../domain/duration';
import { seenIn, type Fact, type ProviderWitness } from '../domain/fact/fact';
import type { FailureDetails } from '../domain/leg/failure';
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import { parseErasureRequest } from '../domain/request/request';
import type { Statement } from '../domain/certificate/statement';
import type { FactChecker } from '../security/facts';
import type { RunOfRequest } from './run-guard';
import { eventsOf, type HistoryEvent } from '../temporal/history';
import { requestIdOf } from '../temporal/names';
import { hasGrpcStatus } from '../temporal/temporal-failure';

type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

/** How long after the end of its run a call can still be on its way: its start-to-close time-out. */
const OUTLIVES_RUN_MS_MAX = 2 * MINUTE_MS;

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
  return histories.flatMap((events, index) => {
    const endedAt = endOf(events);
    return activitiesIn(events).map((record) => {
      const { provider, what, scheduledAt, closing } = record;
      const signature = witnessOf(answerIn(record))?.signature;
      return {
        provider,
        what,
        scheduledAt,
        // One that is still under way may yet reach the provider; one whose run was terminated is not tried again.
        closedAt: closing === undefined ? endedAt + OUTLIVES_RUN_MS_MAX : (timeOf(closing) ?? Infinity),
        effect: effectOf(
          record,
          (fact, witness) => checker.problem({ ...fact, requestId, run }, witness) === undefined,
        ),
        ...defined({ signature }),
        // The run's own history comes first.
        isOwn: index === 0,
      };
    });
  });
}

function endOf(events: readonly HistoryEvent[]): number {
  const last = events.at(-1);
  const isTerminated = (last?.workflowExecutionTerminatedEventAttributes ?? undefined) !== undefined;
  return last !== undefined && isTerminated ? (timeOf(last) ?? Infinity) : Infinity;
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
  if (what === 'withdraw') return answer['status'] === 'withdrawn' ? 'withdrawn' : 'maybe';
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

/** When the newest event was written, by the server's clock: while a run computes, when it began to. Epoch ms. */
export function lastEventAt(events: readonly HistoryEvent[]): number {
  const last = events.at(-1);
  return (last && timeOf(last)) ?? 0;
}

function timeOf({ eventTime }: HistoryEvent): number | undefined {
  return optionalTsToMs(eventTime);
}

/** Whether the statement is about what its run was started with, all of it: plain sentences, none where it is. */
export function requestProblems(statement: Statement, [first]: readonly HistoryEvent[]): readonly string[] {
  const input = firstOf(first?.workflowExecutionStartedEventAttributes?.input);
  const startedAt = (first && timeOf(first)) ?? 0;
  const parsed = parseErasureRequest(input, {
    requestIdOfWorkflow: requestIdOf(statement.workflowId),
    now: startedAt,
  });
  if ('problems' in parsed) return ['the run was started with something else than an erasure request'];
  const { request } = parsed;
  const { regulation, submittedAt, receivedVia, ground, verification, filedBy } = request;
  const filed = { startedAt, regulation, submittedAt, receivedVia, ground, verification, filedBy };
  const altered = (Object.keys(filed) as (keyof typeof filed)[]).filter(
    (field) => !isDeepStrictEqual(filed[field], statement[field]),
  );
  const providers = statement.legs.map(({ provider }) => provider);
  return [
    ...altered.map((field) => `${field} is not what the run was started with`),
    ...(isDeepStrictEqual(providers, [...request.subject.keys()])
      ? []
      : ['its providers are not those that the run was started for']),
  ];
}

export interface Histories {
  /** The run's own first. */
  readonly histories: readonly (readonly HistoryEvent[])[];
  /** Whether each of the runs is still there: Temporal forgets one that has ended, and somebody may delete it. */
  readonly areWhole: boolean;
}

/** The whole history of the run; and of every other run of this request where it is a reset, which forgets what came after its point. */
export async function readHistories(
  client: Client,
  { workflowId, runId, run }: { readonly workflowId: string; readonly runId: string; readonly run: string },
): Promise<Histories> {
  const own = await readHistory(client, { workflowId, runId });
  if (runId === run) return { histories: [own], areWhole: true };
  const others = new Set([run]);
  for await (const { runId: other } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    if (other !== runId) others.add(other);
  }
  const read = await Promise.all([...others].map((other) => readOther(client, { workflowId, runId: other })));
  const there = read.flatMap((events) => (events === undefined ? [] : [events]));
  return { histories: [own, ...there], areWhole: there.length === read.length };
}

async function readOther(
  client: Client,
  execution: { readonly workflowId: string; readonly runId: string },
): Promise<readonly HistoryEvent[] | undefined> {
  try {
    return await readHistory(client, execution);
  } catch (error) {
    if (hasGrpcStatus(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

async function readHistory(
  client: Client,
  execution: { readonly workflowId: string; readonly runId: string },
): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for await (const event of eventsOf(client, { namespace: client.options.namespace, ...execution })) events.push(event);
  return events;
}
