/** Each kind of finding, brought about at a real Temporal; and what must not be reported. */
import { isDeepStrictEqual } from 'node:util';
import { temporal } from '@temporalio/proto';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TemporalReader } from '../../activities/sweep/temporal-reader';
import { installSweepSchedule } from '../../client/sweep-schedule';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import type { RequestProgress } from '../../domain/request/request-progress';
import type { erasureSweep } from '../../workflows';
import { accepted, alteredBundle, eventually, failure, requestInput, subjectAt } from '../support/workflow-bench';
import { about, SweepBench, type Request } from './sweep-bench';
import { workflowIdOf, providerQueue, WORKFLOW_QUEUE, SWEEP_SCHEDULE_ID, searchAttributes } from '../../temporal/names';

let bench: SweepBench;

beforeAll(async () => {
  bench = await SweepBench.open();
});
afterAll(() => bench.close());

/** Sweeps until what is expected is found: the index lags by a second or two. */
async function expectSwept(handle: Request, kinds: readonly string[], now = Date.now()) {
  return eventually(async () => {
    const { told } = await bench.sweepFromHere({ now });
    const found = about(told, handle);
    return JSON.stringify(found.map(({ kind }) => kind)) === JSON.stringify(kinds) ? found : undefined;
  }).catch(async () => {
    const { told } = await bench.sweepFromHere({ now });
    throw new Error(`expected ${kinds.join(', ') || 'nothing'}, found ${JSON.stringify(about(told, handle))}`);
  });
}

async function kindsOnceListed(handle: Request, now?: number): Promise<readonly string[]> {
  await eventually(async () => {
    for await (const { workflowId } of bench.client.workflow.list()) if (workflowId === handle.workflowId) return true;
    return undefined;
  });
  const { told } = await bench.sweepFromHere(now === undefined ? {} : { now });
  return about(told, handle).map(({ kind }) => kind);
}

describe('without any worker', () => {
  it('names the queues that open requests need, also a request that no worker has taken up for long', async () => {
    const handle = await bench.start({ subject: subjectAt('person') });
    expect(await kindsOnceListed(handle)).toEqual([]);
    const { told, summary } = await bench.sweepFromHere({ now: Date.now() + HOUR_MS });
    expect(about(told, handle)).toMatchObject([{ kind: 'unheard-of', detail: expect.stringContaining('no worker') }]);
    expect(told).toContainEqual({ kind: 'no-worker', queue: WORKFLOW_QUEUE, detail: '1 open request needs it' });
    expect(summary).toMatchObject({ open: 1, lookedAt: 1, counts: { 'no-worker': 1, 'unheard-of': 1 } });
    await handle.terminate('over');
  });

  it('names a queue of a provider only where an open request concerns it', async () => {
    const providers = defineSearchAttributeKey(searchAttributes.providers.name, searchAttributes.providers.type);
    const handle = await bench.start({}, { typedSearchAttributes: [{ key: providers, value: ['aptrinsic'] }] });
    const queues = await eventually(async () => {
      const { told } = await bench.sweepFromHere();
      const named = told.flatMap(({ queue }) => queue ?? []);
      return named.length >= 2 ? named : undefined;
    });
    expect(queues).toEqual([WORKFLOW_QUEUE, providerQueue('aptrinsic')]);
    await handle.terminate('over');
  });

  it('finds a run that was terminated, for as long as Temporal knows it', async () => {
    const handle = await bench.start();
    await handle.terminate('by mistake');
    expect(await expectSwept(handle, ['no-certificate'])).toMatchObject([{ detail: 'terminated' }]);
    await expectSwept(handle, ['no-certificate'], Date.now() + 80 * DAY_MS);
  });

  it('finds a run that timed out', async () => {
    const handle = await bench.start({}, { workflowRunTimeout: 1_000 });
    expect(await expectSwept(handle, ['no-certificate'])).toMatchObject([{ detail: 'timed-out' }]);
  });

  it('finds a run that ended as cancelled, which a worker of ours would not do', async () => {
    const handle = await bench.start({}, { taskQueue: 'elsewhere' });
    const { workflowService: service } = bench.client;
    const { namespace } = bench;
    const { taskToken } = await bench.client.withDeadline(Date.now() + 10_000, () =>
      service.pollWorkflowTaskQueue({ namespace, taskQueue: { name: 'elsewhere' } }),
    );
    await service.respondWorkflowTaskCompleted({
      namespace,
      taskToken,
      commands: [
        {
          commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
          cancelWorkflowExecutionCommandAttributes: {},
        },
      ],
    });
    expect(await expectSwept(handle, ['no-certificate'])).toMatchObject([{ detail: 'cancelled' }]);
  });
});

describe('with workers', () => {
  beforeAll(async () => {
    await bench.terminateAll();
    await bench.serveWorkflows();
    for (const provider of ['measureone', 'person', 'aptrinsic'] as const) await bench.serveProvider(provider);
  });

  async function waitFor(handle: Request, state: string, provider = 'person'): Promise<void> {
    await eventually(async () => {
      const { legs } = (await handle.query('progress')) as { legs: { provider: string; state: string }[] };
      return legs.some((leg) => leg.provider === provider && leg.state === state) ? true : undefined;
    });
  }

  it('is silent about a request that waits out its windows, and once it has completed', async () => {
    const handle = await bench.start();
    await waitFor(handle, 'waiting-out-window');
    expect(await kindsOnceListed(handle)).toEqual([]);
    await bench.forward(handle, 9 * DAY_MS);
    await handle.result();
    await expectSwept(handle, []);
    expect(await kindsOnceListed(handle)).toEqual([]);
  });

  it('finds a request whose timer has not fired in time', async () => {
    const handle = await bench.start({ subject: subjectAt('person') });
    await waitFor(handle, 'waiting-out-window');
    // Its windows are over by then, and its clock stands still.
    const found = await expectSwept(handle, ['unheard-of'], Date.now() + 6 * DAY_MS);
    expect(found[0]?.detail).toMatch(/^a timer that was due at 20\S+ \S+ UTC has not fired$/);
    await handle.terminate('over');
  });

  it('reports a refused start once, without the id that somebody made up for it', async () => {
    const handle = await bench.start({}, { extra: { email: 'planted@customer.example' } });
    const stray = await bench.start({}, { workflowId: 'erasure-planted@customer.example' });
    for (const refused of [handle, stray]) await expect(refused.result()).rejects.toThrow('Workflow execution failed');
    await expectSwept(handle, ['refused-at-start']);
    const { told, summary } = await bench.sweepFromHere();
    const { runId } = await stray.describe();
    expect(told).toContainEqual({ kind: 'refused-at-start', runId });
    expect(JSON.stringify(told)).not.toContain('planted');
    const next = await bench.sweepFromHere({ last: { ...summary, at: new Date(Date.now() + 1).toISOString() } });
    expect(next.told.filter(({ kind }) => kind === 'refused-at-start')).toEqual([]);
  });

  it('finds nothing wrong with a terminated run that was reset and goes on', async () => {
    const handle = await bench.start({ subject: subjectAt('person') });
    await waitFor(handle, 'waiting-out-window');
    const { events } = await handle.fetchHistory();
    const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
    await handle.terminate('by mistake');
    const { runId } = await handle.describe();
    await bench.client.workflowService.resetWorkflowExecution({
      namespace: bench.namespace,
      workflowExecution: { workflowId: handle.workflowId, runId },
      workflowTaskFinishEventId: firstTask ?? null,
      requestId: `reset-${runId}`,
      reason: 'goes on',
    });
    await expectSwept(handle, []);
    await bench.client.workflow.getHandle(handle.workflowId).terminate('over');
    await expectSwept(handle, ['no-certificate']);
  });

  it('finds a leg in attention, with its provider', async () => {
    bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const handle = await bench.start();
    const [found] = await expectSwept(handle, ['attention']);
    expect(found?.providers).toEqual(['aptrinsic']);
    bench.providers.aptrinsic.ask.set(failure('ProviderUnauthorized', { nonRetryable: true }));
    const daily = await bench.start({ subject: subjectAt('aptrinsic') });
    expect(await expectSwept(daily, ['attention'])).toMatchObject([{ providers: ['aptrinsic'] }]);
    await handle.terminate('over');
    await daily.terminate('over');
  });

  it('knows the timers that only remind, so that a leg which nothing wakes does not hide behind them', async () => {
    bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const handle = await bench.start({ subject: subjectAt('aptrinsic') });
    const [found] = await expectSwept(handle, ['attention']);
    const { requestId = '', runId = '' } = found ?? {};
    const reader = new TemporalReader(bench.client);
    const seen = await reader.inspect({ requestId, runId });
    expect(seen?.details.timers).toEqual([{ dueAt: expect.any(Number), isReminder: true }]);
    expect(seen?.request.index).toMatchObject({ state: 'running', blockedOn: ['staff', 'aptrinsic'] });
    await handle.terminate('over');
  });

  it('finds what is due soon, cannot make it, and is overdue, as the days go by', async () => {
    bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const handle = await bench.start({ subject: subjectAt('aptrinsic') });
    await expectSwept(handle, ['attention']);
    const { due } = (await handle.query('progress')) as RequestProgress;
    await bench.forward(handle, Date.parse(due?.at ?? '') - 6 * DAY_MS - Date.now());
    const soon = await expectSwept(handle, ['cannot-make-it', 'due-soon', 'attention']);
    expect(soon[0]?.dueAt).toMatch(/^20\d\d-/);
    await bench.forward(handle, 7 * DAY_MS);
    expect((await expectSwept(handle, ['overdue', 'cannot-make-it', 'attention']))[0]?.dueAt).toBe(soon[0]?.dueAt);
    await handle.terminate('over');
  });

  it('finds an activity that somebody has paused', async () => {
    bench.providers.person.ask.set(failure('ProviderUnavailable'));
    const handle = await bench.start({ subject: subjectAt('person') });
    await eventually(async () =>
      (await handle.describe()).raw.pendingActivities?.[0]?.lastFailure ? true : undefined,
    );
    expect(await kindsOnceListed(handle)).toEqual([]);
    await bench.client.workflowService.pauseActivity({
      namespace: bench.namespace,
      execution: { workflowId: handle.workflowId },
      type: 'person.requestErasure',
    });
    await expectSwept(handle, ['paused']);
    bench.providers.person.ask.set(accepted());
    await handle.terminate('over');
  });

  it('asks a request that keeps no search attributes itself', async () => {
    bench.isIndexed = false;
    bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const handle = await bench.start({ subject: subjectAt('aptrinsic') });
    await waitFor(handle, 'attention', 'aptrinsic');
    bench.isIndexed = true;
    expect(await expectSwept(handle, ['attention'])).toMatchObject([{ providers: ['aptrinsic'] }]);
    await handle.terminate('over');
  });

  it.each(['getWorkflowExecutionHistory', 'describeWorkflowExecution'] as const)(
    'names a run whose %s fails, and tells of the others all the same',
    async (call) => {
      bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { nonRetryable: true }));
      const broken = await bench.start({ subject: subjectAt('aptrinsic') });
      const other = await bench.start({ subject: subjectAt('aptrinsic') });
      for (const handle of [broken, other]) await waitFor(handle, 'attention', 'aptrinsic');
      for (const handle of [broken, other]) await expectSwept(handle, ['attention']);
      const { told } = await bench.sweepFromHere({ client: bench.clientWithout(call, broken) });
      expect(about(told, broken).map(({ kind }) => kind)).toEqual(['unreadable', 'attention']);
      expect(about(told, other).map(({ kind }) => kind)).toEqual(['attention']);
      for (const handle of [broken, other]) await handle.terminate('over');
    },
  );

  it('reads a run whose history is far longer than any that we write', async () => {
    const handle = await bench.start({ subject: subjectAt('person') });
    await waitFor(handle, 'waiting-out-window');
    const long = 'x'.repeat(400_000);
    for (let sent = 0; sent < 25; sent += 1) await handle.signal('providerConfirmed', long);
    expect(await kindsOnceListed(handle)).toEqual([]);
    await expectSwept(handle, ['unheard-of'], Date.now() + 6 * DAY_MS);
    await handle.terminate('over');
  });

  it('finds a second run of one request, open or ended, and none where the first was refused at its start', async () => {
    const request = requestInput({ subject: subjectAt('person') });
    const start = () => bench.start(request);
    const first = await start();
    await waitFor(first, 'waiting-out-window');
    await bench.forward(first, 9 * DAY_MS);
    await first.result();
    await expectSwept(first, []);
    const second = await start();
    const detail = expect.stringMatching(/^an earlier run ended at 20\S+ \S+ UTC \(completed\)$/) as string;
    expect(await expectSwept(second, ['second-run'])).toMatchObject([{ detail }]);
    await waitFor(second, 'waiting-out-window');
    await bench.forward(second, 9 * DAY_MS);
    await second.result();
    expect(await expectSwept(second, ['second-run'])).toMatchObject([{ detail }]);

    const refused = requestInput({ subject: subjectAt('person') });
    await expect((await bench.start(refused, { extra: { email: 'x' } })).result()).rejects.toThrow(
      'Workflow execution failed',
    );
    await expectSwept(await bench.start(refused), []);
    await bench.client.workflow.getHandle(workflowIdOf(refused.requestId)).terminate('over');
  });

  it('looks at another share of the requests in each round, and leaves none out', async () => {
    const handles = await Promise.all(Array.from({ length: 6 }, () => bench.start({ subject: subjectAt('person') })));
    for (const handle of handles) await waitFor(handle, 'waiting-out-window');
    const now = Date.now() + 6 * DAY_MS;
    await expectSwept(handles[5] as Request, ['unheard-of'], now);
    const found = new Set<string | undefined>();
    let last: Awaited<ReturnType<typeof bench.sweepFromHere>>['summary'] | undefined;
    for (let round = 1; round <= 7; round += 1) {
      const { summary, told } = await bench.sweepFromHere({ now, looks: 2, ...(last === undefined ? {} : { last }) });
      expect(summary.lookedAt).toBeLessThan(6);
      for (const { requestId } of told) found.add(requestId);
      last = summary;
    }
    expect(handles.map(({ workflowId }) => found.has(workflowId.slice('erasure-'.length)))).toEqual(
      handles.map(() => true),
    );
    for (const handle of handles) await handle.terminate('over');
  });

  it('finds a bug that blocks a request, by the attempts of its workflow task', async () => {
    await bench.stop(WORKFLOW_QUEUE);
    const bug = alteredBundle([/case 'answered':/, "case 'answered': throw new TypeError('planted bug');"]);
    await bench.serveWorkflows({ workflowBundle: { code: bug } });
    const handle = await bench.start({ subject: subjectAt('person') });
    expect(await expectSwept(handle, ['task-failing'])).toMatchObject([
      { detail: expect.stringMatching(/^attempt \d+$/) },
    ]);
    await handle.terminate('over');
    await bench.stop(WORKFLOW_QUEUE);
    await bench.serveWorkflows();
  });

  it('is a workflow, whose result, log and metrics say the same', async () => {
    await bench.terminateAll();
    const handle = await bench.start();
    await handle.terminate('by mistake');
    await expectSwept(handle, ['no-certificate']);
    bench.logged.length = 0;
    const result = await bench.sweepByWorkflow();
    expect(about(result.findings, handle)).toMatchObject([{ kind: 'no-certificate', detail: 'terminated' }]);
    expect(result).toMatchObject({ webhook: 'none' });
    const lines = bench.logged.filter(({ fields }) => handle.workflowId.endsWith(String(fields['requestId'])));
    expect(lines).toMatchObject([{ fields: { finding: 'no-certificate' }, message: expect.stringContaining('sweep') }]);
    expect(bench.logged.at(-1)).toEqual({
      message: 'The sweep is over',
      fields: expect.objectContaining({ found: Object.values(result.counts).reduce((sum, count) => sum + count, 0) }),
    });
  });

  it('goes on in another run where its history grows long, and says at the end what it would have said in one', async () => {
    await bench.terminateAll();
    const handle = await bench.start();
    await handle.terminate('by mistake');
    await expectSwept(handle, ['no-certificate']);
    await bench.stop(WORKFLOW_QUEUE);
    const long = alteredBundle([/if \(\(0, workflow_1\.workflowInfo\)\(\)\.continueAsNewSuggested\)/, 'if (true)']);
    await bench.serveWorkflows({ workflowBundle: { code: long } });
    const now = Date.now();
    // Until the index has caught up with what the tests before have ended.
    const sweep = await eventually(async () => {
      const { summary } = await bench.sweepFromHere({ now });
      const started = await bench.startSweep({ now: new Date(now).toISOString() });
      return isDeepStrictEqual(await started.result(), { ...summary, webhook: 'none' }) ? started : undefined;
    });
    const runs: string[] = [];
    await eventually(async () => {
      runs.length = 0;
      for await (const { status } of bench.client.workflow.list({ query: `WorkflowId = '${sweep.workflowId}'` })) {
        runs.push(status.name);
      }
      return runs.includes('COMPLETED') || undefined;
    });
    expect(runs.filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThanOrEqual(2);
    await bench.stop(WORKFLOW_QUEUE);
    await bench.serveWorkflows();
  });

  it('counts its rounds from one run of its Schedule to the next', async () => {
    await installSweepSchedule(bench.client, HOUR_MS);
    const schedule = bench.client.schedule.getHandle(SWEEP_SCHEDULE_ID);
    await schedule.update(({ state, ...rest }) => ({ ...rest, state, spec: { intervals: [{ every: SECOND_MS }] } }));
    const rounds = await eventually(async () => {
      const { recentActions } = (await schedule.describe()).info;
      const results = await Promise.all(
        recentActions.map(({ action: { workflow } }) =>
          bench.client.workflow
            .getHandle<typeof erasureSweep>(workflow.workflowId, workflow.firstExecutionRunId)
            .result(),
        ),
      );
      return results.length >= 4 ? results.map(({ round }) => round) : undefined;
    });
    await schedule.delete();
    const [first = 0] = rounds;
    expect(rounds).toEqual(rounds.map((_round, index) => first + index));
  });

  it('ends with all that it found where the webhook cannot be told', async () => {
    bench.webhook = { url: 'http://127.0.0.1:1', secret: new Uint8Array(32), environment: 'test' };
    const sweep = await bench.startSweep({ looks: 10, now: new Date().toISOString() });
    await eventually(async () => {
      const [pending] = (await sweep.describe()).raw.pendingActivities ?? [];
      return pending?.activityType?.name === 'callWebhook' && pending.lastFailure ? true : undefined;
    });
    await bench.forward(sweep, 11 * MINUTE_MS);
    const result = await sweep.result();
    expect(result).toMatchObject({ webhook: 'failed', counts: { 'no-certificate': expect.any(Number) } });
    expect(result.counts['no-certificate']).toBeGreaterThan(0);
  });
});
