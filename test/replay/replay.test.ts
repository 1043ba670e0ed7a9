import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { packageVersion } from '../../cli/version';
import { alteredBundle, quietRuntime, withCoverage, workflowBundle } from '../support/workflow-bench';
import { recordedHistories, type RecordedHistory } from './histories';

const recorded = recordedHistories();
quietRuntime();

async function replay(bundle: WorkflowBundleOption, { history, workflowId }: RecordedHistory): Promise<void> {
  await Worker.runReplayHistory(withCoverage({ workflowBundle: bundle }), history, workflowId);
}

function happy(): RecordedHistory {
  const found = recorded.find(({ story }) => story === 'happy');
  if (found === undefined) throw new Error('The happy story is not recorded');
  return found;
}

describe('the workflow code of today', () => {
  it('has a history of every story to replay, of this release too', () => {
    expect(recorded.filter(({ release }) => release === packageVersion()).map(({ story }) => story)).toEqual([
      'approved-and-withdrawn',
      'attention-retried',
      'daily-try',
      'extended-and-overdue',
      'happy',
      'held-and-released',
      'late-by-two-days',
      'late-callback-raises',
      'moved',
      'newer-record-attested',
      'no-callback',
      'outage',
      'rejected',
      'revival',
      'waived-during-daily-try',
      'withdrawn',
    ]);
  });

  it.each(recorded.map((history) => [history.release, history.story, history] as const))(
    'takes the same way again over a run of %s: %s',
    async (_release, _story, history) => {
      await expect(replay(workflowBundle(), history)).resolves.toBeUndefined();
    },
  );
});

describe('an incompatible change of the workflow code', () => {
  it.each([
    ['another order of the legs', /\[\.\.\.request\.subject\.keys\(\)\]/, '[...request.subject.keys()].reverse()'],
    ['another activity type', /\.requestErasure`\]: requestErasure \}/, '.observeErasure`]: requestErasure }'],
    [
      'one timer more',
      /await (\w+)\.settleEveryProvider/,
      'await (0, workflow_1.condition)(() => false, 1000); await $1.settleEveryProvider',
    ],
  ])('is found out: %s', async (_what, from, to) => {
    const code = alteredBundle([from, to]);
    await expect(replay({ code }, happy())).rejects.toThrow(DeterminismViolationError);
  });
});

describe('the recorded histories', () => {
  it.each(recorded.map((history) => [history.story, history] as const))(
    'hold nothing of the machine they were recorded on: %s',
    (_story, { text }) => {
      const decoded = [...text.matchAll(/"data":"([^"]*)"/g)].map(([, data = '']) => Buffer.from(data, 'base64'));
      const machine = /\/(work|home|root|tmp|Users)\/|node_modules|\d+@[a-z]|customer\.example|idv_/gi;
      expect([text, ...decoded.map(String)].flatMap((plain) => plain.match(machine) ?? [])).toEqual([]);
    },
  );
});
