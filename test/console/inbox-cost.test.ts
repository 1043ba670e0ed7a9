/** What an inbox asks of Temporal's index with 100,000 open requests. What it costs in CPU is a matter of `npm run bench`. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import { RequestCalls } from '../../client/request-calls';
import { urgentCounts, urgentFirst } from '../../client/urgent-list';
import { DAY_MS, SECOND_MS } from '../../domain/duration';
import { searchAttributes, workflowIdOf, WORKFLOW_TYPE } from '../../temporal/names';
import { createConsoleBench, NOW, type ConsoleBench } from './console-bench';

const OPEN = 100_000;
/** With counts that are too old; with those of somebody else's look one or two. */
const CALLS_MAX = 12;
/** Runs that it reads: a page of the index for each list that a look may need. */
const RUNS_MAX = 1_500;

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());

function indexed(value: unknown, type: string) {
  const payload = defaultPayloadConverter.toPayload(value);
  return { ...payload, metadata: { ...payload?.metadata, type: Buffer.from(type) } };
}

function run(n: number) {
  const at = msToTs(NOW - (n % 30) * DAY_MS);
  return {
    execution: { workflowId: workflowIdOf(randomUUID()), runId: randomUUID() },
    type: { name: WORKFLOW_TYPE },
    startTime: at,
    executionTime: at,
    status: 1,
    historyLength: { toNumber: () => 20 },
    searchAttributes: {
      indexedFields: {
        [searchAttributes.state.name]: indexed('running', 'Keyword'),
        [searchAttributes.providers.name]: indexed(['measureone', 'person', 'aptrinsic'], 'KeywordList'),
        [searchAttributes.dueAt.name]: indexed(new Date(NOW + (n % 40) * DAY_MS).toISOString(), 'Datetime'),
        [searchAttributes.blockedOn.name]: indexed(n % 3 === 0 ? ['staff', 'person'] : [], 'KeywordList'),
      },
    },
  };
}

/** Temporal, as far as its index is concerned: there is always one page more. */
function standIn(): { readonly calls: RequestCalls; readonly asked: { calls: number; runs: number } } {
  const asked = { calls: 0, runs: 0 };
  const runs = Array.from({ length: 500 }, (_, n) => run(n));
  const client = {
    options: {
      namespace: 'test',
      loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [] },
    },
    workflowService: {
      listWorkflowExecutions: async ({ pageSize }: { readonly pageSize: number }) => {
        const executions = runs.slice(0, pageSize);
        asked.calls += 1;
        asked.runs += executions.length;
        return { executions, nextPageToken: Buffer.from('more') };
      },
    },
    workflow: {
      count: async () => {
        asked.calls += 1;
        return { count: OPEN };
      },
    },
    withDeadline: async (_deadline: number, work: () => Promise<unknown>) => work(),
    connection: { withDeadline: async (_deadline: number, work: () => Promise<unknown>) => work() },
  };
  return { calls: new RequestCalls(client as unknown as Client, SECOND_MS), asked };
}

it.each(['/', '/?show=needs-staff', '/?show=person', '/?page=3'])(
  '%s asks the index a dozen times',
  async (address) => {
    const { calls, asked } = standIn();
    const server = await bench.open({
      urgentCounts: () => urgentCounts(calls),
      urgentFirst: (options) => urgentFirst(calls, options),
    });
    const browser = await bench.loggedIn(server);
    for (let look = 0; look < 3; look += 1) {
      bench.now += 10 * SECOND_MS;
      Object.assign(asked, { calls: 0, runs: 0 });
      const { statusCode, body } = await browser.get(address);
      expect(statusCode).toBe(200);
      expect(body.match(/<tr class="/g)).toHaveLength(100);
      expect(asked.calls).toBeGreaterThan(0);
      expect(asked.calls).toBeLessThanOrEqual(CALLS_MAX);
      expect(asked.runs).toBeLessThanOrEqual(RUNS_MAX);
    }
  },
);
