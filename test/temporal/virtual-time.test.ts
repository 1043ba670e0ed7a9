import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Client, Connection, type ConnectionLike, WithStartWorkflowOperation } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { type Engine, startEngine } from '../../local/engine/engine';
import { withoutTemporalSettings } from '../../local/engine/supervised-process';
import { assertVirtualTimeSupported, fastForward, virtualNow, withVirtualTime } from '../../temporal/virtual-time';
import { activities } from '../local/engine/fixtures/activities';
import type * as workflows from '../local/engine/fixtures/workflows';
import { eventually } from '../support/workflow-bench';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const namespace = 'virtual-time';
const taskQueue = 'virtual-time';

let engine: Engine;
let connection: Connection;
let nativeConnection: NativeConnection;
let worker: Worker;
let running: Promise<void>;
let client: Client;

beforeAll(async () => {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  const [started, workflowBundle] = await Promise.all([
    startEngine({ namespace, env: withoutTemporalSettings({ ...process.env, ERASURE_ENGINE: undefined }) }),
    bundleWorkflowCode({ workflowsPath: path.join(__dirname, '../local/engine/fixtures/workflows.ts'), logger }),
  ]);
  engine = started;
  connection = await Connection.connect(engine.connectionOptions);
  nativeConnection = await NativeConnection.connect({ address: engine.address });
  worker = await Worker.create({
    connection: nativeConnection,
    namespace,
    taskQueue,
    workflowBundle,
    activities,
    maxCachedWorkflows: 100,
  });
  running = worker.run();
  client = new Client({ connection, namespace });
});

afterAll(async () => {
  worker?.shutdown();
  await running;
  await nativeConnection?.close();
  await connection?.close();
  await engine?.stop();
});

type Workflows = typeof workflows;
type Name = 'waits' | 'waitsForRelease' | 'worksAndWaits' | 'retries';

async function start<N extends Name>(name: N, args: Parameters<Workflows[N]>) {
  const workflowId = `${name}-${randomUUID()}`;
  const handle = await client.workflow.start<Workflows[N]>(name, { workflowId, taskQueue, args } as never);
  const { startTime } = await handle.describe();
  return {
    handle,
    workflowId,
    forward: (byMs: number, options = {}) => fastForward(connection, { namespace, workflowId, byMs, ...options }),
    hours: async () =>
      ((await virtualNow(connection, { namespace, workflowId })).getTime() - startTime.getTime()) / HOUR_MS,
    status: async () => (await handle.describe()).status.name,
    pending: async () => (await handle.describe()).raw.pendingActivities,
  };
}

describe('fastForward', () => {
  it('leaves a timer of 120 h open one minute before, and has it fired one minute later', async () => {
    const before = Date.now();
    const { forward, hours, status } = await start('waits', [120]);
    expect(await forward(120 * HOUR_MS - MINUTE_MS)).toEqual({ completed: true, ended: false, settled: true });
    expect(await status()).toBe('RUNNING');
    const aheadMs = (await hours()) * HOUR_MS - (120 * HOUR_MS - MINUTE_MS);
    expect(aheadMs).toBeGreaterThanOrEqual(0);
    // Real time passes, too: much of it on a machine under load.
    expect(aheadMs).toBeLessThanOrEqual(Date.now() - before);

    expect(await forward(MINUTE_MS)).toMatchObject({ ended: true, settled: true });
    expect(await status()).toBe('COMPLETED');
    expect(Date.now() - before).toBeLessThan(MINUTE_MS);
  });

  it('has milliseconds', async () => {
    const before = Date.now();
    const { forward, hours } = await start('waits', [1]);
    await forward(59 * MINUTE_MS + 1_234);
    const passedMs = (await hours()) * HOUR_MS - 59 * MINUTE_MS;
    expect(passedMs).toBeGreaterThanOrEqual(1_234);
    expect(passedMs).toBeLessThanOrEqual(1_234 + Date.now() - before);
  });

  it('makes every attempt of an activity in retry back-off, each at its time', async () => {
    const { forward, pending, hours } = await start('retries', [100]);
    expect(await forward(100 * HOUR_MS)).toEqual({ completed: true, ended: false, settled: true });
    // Attempts at 0, 6, …, 96 hours are behind us; the next is due at 102.
    expect(await pending()).toMatchObject([{ attempt: 18 }]);
    expect(await hours()).toBeCloseTo(100, 2);
  });

  it('goes no further where something is due just before the end', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => start('retries', [1_000])));
    await Promise.all(
      all.map(async ({ forward, hours }) => {
        for (let times = 1; times <= 20; times += 1) {
          // An attempt fails some milliseconds before this begins, so that the next is due that long before the end.
          await forward(6 * HOUR_MS);
          expect(Math.abs((await hours()) - 6 * times)).toBeLessThan(0.1);
        }
      }),
    );
  });

  it("goes through more retries than the server's default of 200 skips", async () => {
    const { forward, pending } = await start('retries', [1000]);
    expect(await forward(205 * 6 * HOUR_MS)).toMatchObject({ completed: true });
    expect(await pending()).toMatchObject([{ attempt: 206 }]);
  });

  it('lets a running activity finish in its own time, and returns when what followed has settled', async () => {
    const { forward, handle } = await start('worksAndWaits', [400, [10, 10, 10]]);
    const before = Date.now();
    expect(await forward(15 * HOUR_MS)).toEqual({ completed: true, ended: false, settled: true });
    // The first piece of work, its wait, and the second.
    expect(Date.now() - before).toBeGreaterThan(700);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.activityTaskCompletedEventAttributes)).toHaveLength(2);
    expect(events?.filter((event) => event.timerStartedEventAttributes)).toHaveLength(2);
  });

  it('says when it did not wait for what is still under way', async () => {
    const slow = await start('worksAndWaits', [1_000, [10]]);
    // The clock gets there by itself while the activity runs.
    expect(await slow.forward(50, { settleMs: 0 })).toEqual({ completed: true, ended: false, settled: false });
    expect(await slow.forward(11 * HOUR_MS)).toMatchObject({ ended: true });
  });

  it('moves the clock of a workflow that waits for a signal', async () => {
    const { forward, hours, handle } = await start('waitsForRelease', []);
    expect(await forward(50 * HOUR_MS)).toEqual({ completed: true, ended: false, settled: true });
    expect(await hours()).toBeCloseTo(50, 2);
    await handle.signal('released');
    await handle.result();
  });

  it('gives up after its time-out, says what held it up, and calls the rest off', async () => {
    const { forward, hours, handle, workflowId, pending } = await start('worksAndWaits', [5_000, [1, 100]]);
    const isAtWork = async () => (await pending())?.length === 1;
    await eventually(async () => (await isAtWork()) || undefined);
    await expect(forward(50 * HOUR_MS, { timeoutMs: 300, settleMs: 0 })).rejects.toThrow(
      `${workflowId} could not be moved forward by ${50 * HOUR_MS} ms within 300 ms; under way: activity work (attempt 1)`,
    );
    await eventually(async () => !(await isAtWork()) || undefined);
    expect(await hours()).toBeLessThan(0.1);
    await handle.terminate();
  });

  it('says that an execution has ended, and throws for one that never was', async () => {
    const { forward, handle } = await start('waits', [1]);
    expect(await forward(2 * HOUR_MS)).toEqual({ completed: false, ended: true, settled: true });
    await handle.result();
    expect(await forward(HOUR_MS)).toEqual({ completed: false, ended: true, settled: true });

    const never = fastForward(connection, { namespace, workflowId: 'never', byMs: 1 });
    await expect(never).rejects.toThrow('workflow not found');
  });

  it.each([0, -1, 0.5, Number.NaN])('refuses to move by %p ms', async (byMs) => {
    await expect(fastForward(connection, { namespace, workflowId: 'any', byMs })).rejects.toThrow(RangeError);
  });
});

describe('withVirtualTime', () => {
  const options = (name: string) => ({ workflowId: `${name}-${randomUUID()}`, taskQueue, args: [120] as [number] });

  it('starts workflows that skip whenever they are idle, whichever way they are started', async () => {
    const idle = new Client({ connection: withVirtualTime(connection, { skipWheneverIdle: true }), namespace });
    const started = await idle.workflow.start('waits', options('idle'));
    const signalled = await idle.workflow.signalWithStart('waits', { ...options('signalled'), signal: 'released' });
    const begun = new WithStartWorkflowOperation('waitsOnceBegun', {
      ...options('begun'),
      workflowIdConflictPolicy: 'FAIL',
    });
    await idle.workflow.executeUpdateWithStart('begin', { startWorkflowOperation: begun });

    for (const handle of [started, signalled, await begun.workflowHandle()]) {
      await handle.result();
      const { startTime, closeTime } = await handle.describe();
      expect((closeTime!.getTime() - startTime.getTime()) / HOUR_MS).toBeCloseTo(120, 2);
    }
  });

  it('waits for fastForward by default, and leaves the connection it was given as it is', async () => {
    const patient = new Client({ connection: withVirtualTime(connection), namespace });
    withVirtualTime(connection, { skipWheneverIdle: true });
    for (const each of [patient, client]) {
      const handle = await each.workflow.start('waits', options('patient'));
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect((await handle.describe()).status.name).toBe('RUNNING');
      const { workflowId } = handle;
      expect(await fastForward(connection, { namespace, workflowId, byMs: 121 * HOUR_MS })).toMatchObject({
        ended: true,
      });
    }
  });
});

describe('assertVirtualTimeSupported', () => {
  it('accepts the engine', async () => {
    await assertVirtualTimeSupported(connection, namespace);
  });

  it('does not take a missing namespace for support', async () => {
    await expect(assertVirtualTimeSupported(connection, 'missing')).rejects.toThrow('Namespace missing is not found');
  });

  it('says what is needed where the server does not know how', async () => {
    const old = {
      withDeadline: (_deadline: number, call: () => unknown) => call(),
      workflowService: {
        pollWorkflowExecutionTimeSkipping: () =>
          Promise.reject(Object.assign(new Error('unknown method'), { code: 12, details: '', metadata: {} })),
      },
    };
    await expect(assertVirtualTimeSupported(old as unknown as ConnectionLike, namespace)).rejects.toThrow(
      'has no virtual time: it takes server 1.32 or newer',
    );
  });
});
