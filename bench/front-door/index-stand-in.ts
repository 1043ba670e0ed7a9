/** Temporal as far as its index is concerned, with any number of open requests: every question has full pages of runs of its own. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { DAY_MS } from '../../domain/duration';
import { searchAttributes, workflowIdOf, WORKFLOW_TYPE } from '../../temporal/names';

const { ListWorkflowExecutionsResponse: Page } = temporal.api.workflowservice.v1;

interface Asked {
  readonly query: string;
  readonly pageSize: number;
  readonly nextPageToken?: Uint8Array;
}

/** Answers are decoded from bytes for every call, as those of a real one are; the way over the network is left out. */
export function standInIndex(open: number): Client {
  const pages = new Map<string, Uint8Array>();
  const pageOf = (question: string, { size, number }: { size: number; number: number }): Uint8Array => {
    const key = `${number} ${size} ${question}`;
    const known = pages.get(key);
    if (known !== undefined) return known;
    const executions = Array.from({ length: size }, (_, n) => run(n));
    const page = Page.encode({ executions, nextPageToken: Buffer.from(String(number + 1)) }).finish();
    pages.set(key, page);
    return page;
  };
  return {
    options: {
      namespace: 'bench',
      loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [] },
    },
    workflowService: {
      listWorkflowExecutions: async ({ query, pageSize, nextPageToken = new Uint8Array() }: Asked) =>
        // Dates in a query follow the clock: without them it is the same question.
        Page.decode(
          pageOf(query.replaceAll(/\d{4}-[^'"]+/g, ''), {
            size: pageSize,
            number: Number(Buffer.from(nextPageToken).toString()),
          }),
        ),
    },
    workflow: { count: async () => ({ count: open }) },
    withDeadline: async (_deadline: number, work: () => Promise<unknown>) => work(),
    connection: { withDeadline: async (_deadline: number, work: () => Promise<unknown>) => work() },
  } as unknown as Client;
}

/** The n-th: days until it is due, and whom it waits for, vary. */
function run(n: number): temporal.api.workflow.v1.IWorkflowExecutionInfo {
  const at = msToTs(Date.now() - (n % 30) * DAY_MS);
  return {
    execution: { workflowId: workflowIdOf(randomUUID()), runId: randomUUID() },
    type: { name: WORKFLOW_TYPE },
    startTime: at,
    executionTime: at,
    status: temporal.api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING,
    taskQueue: 'erasure',
    searchAttributes: {
      indexedFields: {
        [searchAttributes.state.name]: indexed('running', 'Keyword'),
        [searchAttributes.providers.name]: indexed(['measureone', 'person', 'aptrinsic'], 'KeywordList'),
        [searchAttributes.dueAt.name]: indexed(new Date(Date.now() + (n % 40) * DAY_MS).toISOString(), 'Datetime'),
        [searchAttributes.blockedOn.name]: indexed(n % 3 === 0 ? ['staff', 'person'] : [], 'KeywordList'),
      },
    },
  };
}

function indexed(value: unknown, type: string): temporal.api.common.v1.IPayload {
  const payload = defaultPayloadConverter.toPayload(value);
  return { ...payload, metadata: { ...payload.metadata, type: Buffer.from(type) } };
}
