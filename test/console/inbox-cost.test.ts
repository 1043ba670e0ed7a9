/** What an inbox asks of Temporal's index with 100,000 open requests. What it costs in CPU is a matter of `npm run bench`. */
import type { Client } from '@temporalio/client';
import { standInIndex } from '../../bench/front-door/index-stand-in';
import { RequestCalls } from '../../client/request-calls';
import { urgentCounts, urgentFirst } from '../../client/urgent-list';
import { SECOND_MS } from '../../domain/duration';
import { createConsoleBench, type ConsoleBench } from './console-bench';

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

/** Counts what is asked of an index with so many open requests. */
function counted(): { readonly calls: RequestCalls; readonly asked: { calls: number; runs: number } } {
  const asked = { calls: 0, runs: 0 };
  const index = standInIndex(OPEN);
  const { options, connection, workflow, workflowService } = index;
  const client = {
    options,
    connection,
    withDeadline: async (_deadline: number, work: () => Promise<unknown>) => work(),
    workflowService: {
      listWorkflowExecutions: async (question: Parameters<typeof workflowService.listWorkflowExecutions>[0]) => {
        const page = await workflowService.listWorkflowExecutions(question);
        asked.calls += 1;
        asked.runs += page.executions.length;
        return page;
      },
    },
    workflow: {
      count: async (query: string) => {
        asked.calls += 1;
        return workflow.count(query);
      },
    },
  };
  return { calls: new RequestCalls(client as unknown as Client, SECOND_MS), asked };
}

it.each(['/', '/?show=needs-staff', '/?show=person', '/?page=3'])(
  '%s asks the index a dozen times',
  async (address) => {
    const { calls, asked } = counted();
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
