/** Everything that Temporal keeps and shows of one workflow, as bytes and as text. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { temporal } from '@temporalio/proto';
import type { LoggedCall } from '../../local/simulator/call-log';
import { defaultCredentials } from '../../local/simulator/simulator-registry';
import type { Story } from '../support/story';
import { ownNamespace } from '../support/test-namespace';
import { eventually } from '../support/workflow-bench';
import type { Place, Planted } from './scanner';

const { History, HistoryEvent } = temporal.api.history.v1;
const { DescribeWorkflowExecutionResponse, ListWorkflowExecutionsResponse, QueryWorkflowResponse } =
  temporal.api.workflowservice.v1;

export interface Kept {
  readonly connection: Connection;
  readonly workflowId: string;
  /** For the names of the places. */
  readonly when: string;
  /** What a worker is asked besides. */
  readonly queries?: readonly string[];
}

export async function temporalPlaces({
  connection,
  workflowId,
  when,
  queries = ['__temporal_workflow_metadata', 'progress'],
}: Kept): Promise<Place[]> {
  const { workflowService } = connection;
  const execution = { workflowId };
  const events = await wholeHistory(connection, workflowId);
  const description = await workflowService.describeWorkflowExecution({ namespace: ownNamespace, execution });
  const listed = await eventually(async () => {
    const answer = await workflowService.listWorkflowExecutions({
      namespace: ownNamespace,
      query: `WorkflowId = "${workflowId}"`,
    });
    return answer.executions.length > 0 ? answer : undefined;
  });
  const answers: Place[] = [];
  // One after another: of two at once at a run that its worker no longer holds, the SDK may lose one (measured).
  for (const queryType of queries) {
    const answer = await workflowService.queryWorkflow({ namespace: ownNamespace, execution, query: { queryType } });
    answers.push({
      name: `the answer to ${queryType} ${when}`,
      content: QueryWorkflowResponse.encode(answer).finish(),
    });
  }
  return [
    { name: `the history ${when}`, content: History.encode({ events }).finish() },
    { name: `the history as JSON ${when}`, content: historyToJSON(History.fromObject({ events })) },
    { name: `the description ${when}`, content: DescribeWorkflowExecutionResponse.encode(description).finish() },
    { name: `the list ${when}`, content: ListWorkflowExecutionsResponse.encode(listed).finish() },
    ...answers,
  ];
}

async function wholeHistory(
  { workflowService }: Connection,
  workflowId: string,
): Promise<temporal.api.history.v1.IHistoryEvent[]> {
  const events: temporal.api.history.v1.IHistoryEvent[] = [];
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const page = await workflowService.getWorkflowExecutionHistory({
      namespace: ownNamespace,
      execution: { workflowId },
      nextPageToken,
    });
    events.push(...(page.history?.events ?? []).map((event) => HistoryEvent.fromObject(event)));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
  return events;
}

/** The identifiers, and every secret that a process of ours was given or was sent. */
export async function plantedIn(story: Story): Promise<Planted[]> {
  const { individualId, personId, identifyId } = story.subject;
  const calls = await story.simulator.calls();
  const secrets = new Set([...calls.flatMap(secretsOf), ...(await privateKeyParts(story.keysDirectory))]);
  return [
    ...Object.entries({ individualId, personId, personIdInHex: personId.replaceAll('-', ''), identifyId }).map(
      ([name, value]) => ({ name, value, guessable: true }),
    ),
    ...Object.entries({
      'the MeasureOne secret': defaultCredentials.measureone.clientSecret,
      'the person API secret': defaultCredentials.person.clientSecret,
      'the Aptrinsic key': defaultCredentials.aptrinsic.apiKey,
    }).map(([name, value]) => ({ name, value, guessable: false })),
    ...[...secrets].map((value, index) => ({ name: `secret ${index + 1}`, value, guessable: false })),
  ];
}

/** Tokens of the providers, and the capabilities that we handed out. */
export function secretsOf({ headers, body }: LoggedCall): string[] {
  const token = headers.authorization?.replace(/^\S+ /, '');
  const deliveries = (body as { delivery_details?: { headers?: Record<string, string> }[] } | undefined)
    ?.delivery_details;
  const capabilities = (deliveries ?? []).map((delivery) => delivery.headers?.['x-erasure-capability']);
  return [token, ...capabilities].filter((value) => value !== undefined);
}

export async function privateKeyParts(directory: string): Promise<string[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) => [...text.matchAll(/"[dk]": "([A-Za-z0-9_-]{20,})"/g)].map(([, part = '']) => part));
}
