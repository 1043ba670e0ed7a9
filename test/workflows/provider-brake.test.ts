/** Gates of several workers at the real brake of a real Temporal; and whose activities go first on a provider's queue. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createCallGate, type CallGate } from '../../activities/providers/call-gate';
import { LEASED_PART } from '../../domain/brake/lease';
import { MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { BULK_PRIORITY, DUE_PRIORITY } from '../../domain/request/priority';
import { brakeIdOf, providerQueue, WORKFLOW_QUEUE, WORKFLOW_TYPE, workflowIdOf } from '../../temporal/names';
import { BrakeCalls } from '../../temporal/brake-calls';
import { ProviderLeases } from '../../worker/provider-leases';
import { brake } from '../../workflows/provider-brake';
import { accepted, eventually, requestInput, subjectAt, WorkflowBench } from '../support/workflow-bench';
import { ownNamespace } from '../support/test-namespace';

const CALLS_PER_SECOND = 40;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open({ served: [] });
});
afterAll(async () => {
  await bench.client.workflow
    .getHandle(brakeIdOf('person'))
    .terminate('the test is over')
    .catch(() => undefined);
  await bench.close();
});

/** A worker with a backlog, whose calls only note when they left. */
class CallingWorker {
  readonly gate: CallGate;
  readonly left: number[] = [];
  #isKilled = false;

  constructor(workerName?: string) {
    const leases = new ProviderLeases('person');
    leases.use(bench.client);
    this.gate = createCallGate({
      name: 'Person API',
      limits: { callsPerSecond: CALLS_PER_SECOND, callsPerDay: 1_000_000 },
      worker: randomBytes(8).toString('hex'),
      workerName,
      ask: (request) => (this.#isKilled ? new Promise(() => undefined) : leases.ask(request)),
      log: { warn: () => undefined },
    });
    for (let caller = 0; caller < 5; caller += 1) void this.#call();
  }

  /** As by SIGKILL: it says nothing any more. */
  kill(): void {
    this.#isKilled = true;
  }

  async #call(): Promise<void> {
    while (!this.#isKilled) {
      await this.gate.turn().catch(() => pause(SECOND_MS));
      if (!this.#isKilled) this.left.push(performance.now());
    }
  }
}

const view = () => bench.client.workflow.getHandle(brakeIdOf('person')).query(brake);

describe('the brake of a provider', () => {
  it('shares the rate out, and gives what a killed worker had to the others, and at once to the next of its name', async () => {
    const workers = [new CallingWorker('one'), new CallingWorker('two')];
    await eventually(async () => ((await view().catch(() => undefined))?.workers === 2 ? true : undefined), 60_000);
    await pause(6 * SECOND_MS);
    const bothAt = performance.now();
    await pause(6 * SECOND_MS);
    const killedAt = performance.now();
    workers[0]?.kill();
    await pause(20 * SECOND_MS);
    const aloneAt = performance.now();
    await pause(5 * SECOND_MS);
    workers[1]?.kill();
    const againAt = performance.now();
    workers.push(new CallingWorker('two'));
    await pause(3 * SECOND_MS);
    workers[2]?.kill();
    const all = workers.flatMap(({ left }) => left).toSorted((one, other) => one - other);
    const perSecond = (from: number, until: number) =>
      (all.filter((at) => at >= from && at < until).length / (until - from)) * SECOND_MS;
    // More than its own half, on a machine that has other things to do.
    const enough = CALLS_PER_SECOND * LEASED_PART * 0.75;
    expect(perSecond(bothAt, killedAt)).toBeGreaterThan(enough);
    expect(workers[0]?.left.filter((at) => at >= bothAt && at < killedAt).length).toBeGreaterThan(40);
    expect(perSecond(aloneAt, againAt)).toBeGreaterThan(enough);
    // It has a second to begin in, and nothing to wait for: its name says that the one before it has ended.
    expect(perSecond(againAt + SECOND_MS, againAt + 3 * SECOND_MS)).toBeGreaterThan(enough);
    const most = Math.max(...all.map((from) => all.filter((at) => at >= from && at < from + SECOND_MS).length));
    expect(most).toBeLessThanOrEqual(CALLS_PER_SECOND * 1.05 + workers.length);
    expect((await view()).callsIn24Hours).toBeGreaterThanOrEqual(all.length - 8);
  });

  it('tells whoever asks, with a lease or without one, that the provider is to be left alone', async () => {
    const before = Date.now();
    const told = new CallingWorker();
    await eventually(() => (told.left.length > 0 ? true : undefined));
    told.gate.pause(2 * MINUTE_MS);
    const calls = new BrakeCalls(bench.client, 'person');
    const {
      pausedUntil = 0,
      shortage,
      on,
    } = await eventually(async () => {
      const found = await calls.read();
      // Before it is told, it says only that there was no pause up to the last request.
      return (found.pausedUntil ?? 0) > before + MINUTE_MS ? found : undefined;
    });
    told.kill();
    expect(on).toBeUndefined();
    expect(shortage).toMatchObject({ reason: 'paused', until: pausedUntil });
  });

  it('refuses what is no request for a lease', async () => {
    const handle = bench.client.workflow.getHandle(brakeIdOf('person'));
    await expect(handle.executeUpdate('lease', { args: [{ worker: 'jane@example.com' }] })).rejects.toMatchObject({
      cause: { type: 'InvalidRequest', message: 'worker: expected 8 to 32 hexadecimal digits' },
    });
  });
});

describe('a brake that somebody has terminated', () => {
  it('holds nobody up by what it said last', async () => {
    const calls = new BrakeCalls(bench.client, 'person');
    expect((await calls.read()).pausedUntil).toBeGreaterThan(Date.now());
    await bench.client.workflow.getHandle(brakeIdOf('person')).terminate('test');
    expect(await calls.read()).toEqual({});
  });
});

describe("a provider's queue", () => {
  it('hands out what is nearly due before what was filed with many, though that came first', async () => {
    const started: string[] = [];
    const start = async (priorityKey: number): Promise<void> => {
      const input = requestInput({ subject: subjectAt('aptrinsic') });
      const { requestId } = input;
      const handle = await bench.client.workflow.start(WORKFLOW_TYPE, {
        workflowId: workflowIdOf(requestId),
        taskQueue: WORKFLOW_QUEUE,
        args: [input],
        priority: { priorityKey },
      });
      await eventually(async () => ((await handle.describe()).raw.pendingActivities?.length === 1 ? true : undefined));
      started.push(`${priorityKey} ${requestId}`);
    };
    // So many that they are hardly ever all in the same part of the queue.
    await Promise.all(Array.from({ length: 24 }, () => start(BULK_PRIORITY)));
    await Promise.all(Array.from({ length: 8 }, () => start(DUE_PRIORITY)));
    const asked: number[] = [];
    const connection = await NativeConnection.connect({ address: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' });
    const worker = await Worker.create({
      connection,
      namespace: ownNamespace,
      taskQueue: providerQueue('aptrinsic'),
      maxConcurrentActivityTaskExecutions: 1,
      activities: {
        'aptrinsic.requestErasure': async ({ requestId }: { readonly requestId: string }) => {
          asked.push(Number(started.find((one) => one.endsWith(requestId))?.[0]));
          return accepted();
        },
      },
    });
    await worker.runUntil(() => eventually(() => (asked.length === 32 ? true : undefined), 60_000));
    await connection.close();
    // A queue has four parts, which are served in turns, and each of them keeps its order.
    const meanPlace = (priority: number): number => {
      const places = asked.flatMap((key, place) => (key === priority ? [place] : []));
      return places.reduce((sum, place) => sum + place, 0) / places.length;
    };
    expect(meanPlace(DUE_PRIORITY)).toBeLessThan(meanPlace(BULK_PRIORITY) - 2);
  });
});
