import { alteredBundle, eventually, expectReplays, OVER_MS, WorkflowBench } from '../support/workflow-bench';
import { WORKFLOW_QUEUE } from '../../temporal/names';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterAll(() => bench.close());

describe('a bug in a leg', () => {
  it.each([
    ['answered', 0],
    ['timePassed', OVER_MS],
  ])(
    'blocks the run at "%s" instead of becoming an outcome, and a mended worker resumes it',
    async (event, afterMs) => {
      await bench.reset();
      await bench.stop(WORKFLOW_QUEUE);
      const planted = `case '${event}': throw new TypeError('planted bug');`;
      await bench.serve(WORKFLOW_QUEUE, { bundleCode: alteredBundle([new RegExp(`case '${event}':`), planted]) });
      const handle = await bench.start();
      // The clock stands still while the task fails.
      const forwarded = afterMs === 0 ? undefined : bench.forward(handle, afterMs);
      const failed = await eventually(async () => {
        const { events } = await handle.fetchHistory();
        return events?.find((candidate) => candidate.workflowTaskFailedEventAttributes);
      });
      expect(failed.workflowTaskFailedEventAttributes?.failure?.message).toBe('planted bug');
      expect((await handle.describe()).status.name).toBe('RUNNING');

      await bench.stop(WORKFLOW_QUEUE);
      await bench.serve(WORKFLOW_QUEUE);
      await forwarded;
      await bench.settle(handle);
      if (afterMs === 0) await bench.forward(handle, OVER_MS);
      expect(await handle.result()).toMatchObject({
        outcome: 'completed',
        legs: [{ outcome: 'erased' }, { outcome: 'erased' }, { outcome: 'erased' }],
      });
      for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
        expect(bench.providers[provider].ask.calls).toHaveLength(1);
        expect(bench.providers[provider].look.calls).toHaveLength(1);
      }
      await expectReplays(handle);
    },
  );
});
