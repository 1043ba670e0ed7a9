import { randomUUID } from 'node:crypto';
import {
  ErasureClient,
  RequestFailedError,
  RequestNotFoundError,
  RequestOverError,
  RequestStillRunningError,
  type ListOptions,
  type RequestStatus,
} from '../../client';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { certificateOf, eventually, failure, requestInput, unknown, WorkflowBench } from '../support/workflow-bench';
import { planted, terminateAll } from './client-fixture';
import { workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

const decision = {
  provider: 'person',
  actor: 'staff-17',
  reason: { code: 'no-answer', ticket: 'PRIV-1' },
} as const;

let bench: WorkflowBench;
let client: ErasureClient;
const used: string[] = [];

beforeAll(async () => {
  bench = await WorkflowBench.open();
  client = new ErasureClient({ client: bench.client, callTimeoutMs: 3_000 });
});
beforeEach(() => bench.reset());
afterAll(async () => {
  await terminateAll(bench.client, used);
  await bench.close();
});

async function startFor(...providers: Parameters<WorkflowBench['startFor']>): Promise<string> {
  const handle = await bench.startFor(...providers);
  const requestId = handle.workflowId.replace('erasure-', '');
  used.push(requestId);
  return requestId;
}

async function inAttention(): Promise<string> {
  bench.providers.person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
  const requestId = await startFor('person', 'aptrinsic');
  await eventually(async () => ((await client.get(requestId)).state === 'attention' ? true : undefined));
  return requestId;
}

async function idsOf(options: ListOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { requestId } of client.list(options)) found.push(requestId);
  return found;
}

/** Which of `mine` are listed; Temporal's index takes a moment. */
async function expectListed(options: ListOptions, mine: readonly string[], expected: readonly string[]) {
  const listed = async () => (await idsOf(options)).filter((id) => mine.includes(id)).sort();
  await eventually(async () => ((await listed()).length === expected.length ? true : undefined));
  expect(await listed()).toEqual([...expected].sort());
}

describe('list', () => {
  it('names open requests, narrowed down by state and provider', async () => {
    const stuck = await inAttention();
    const waiting = await startFor('measureone', 'person');
    const mine = [stuck, waiting];
    bench.providers.person.ask.set(unknown());
    await expectListed({}, mine, mine);
    await expectListed({ state: 'running' }, mine, mine);
    await expectListed({ state: 'attention', provider: 'measureone' }, mine, []);
    await expectListed({ provider: 'measureone' }, mine, [waiting]);
    await expectListed({ provider: 'aptrinsic' }, mine, [stuck]);
    await expectListed({ state: 'attention', provider: 'aptrinsic' }, mine, []);
    await expectListed({ olderThanMs: HOUR_MS }, mine, []);
    await expectListed({ olderThanMs: 0, state: 'running' }, mine, mine);
    const { value: found } = await client.list({ state: 'attention', provider: 'person', limit: 1 }).next();
    expect(found).toEqual(await client.get(stuck));
  });

  it('tells how requests have ended', async () => {
    bench.providers.person.ask.set(unknown());
    const ended = {
      completed: await startFor('person'),
      'completed-with-exceptions': await startFor('aptrinsic'),
      withdrawn: await startFor('measureone'),
      terminated: await startFor('measureone'),
      failed: randomUUID(),
    };
    await client.decide('waive', ended['completed-with-exceptions'], { ...decision, provider: 'aptrinsic' });
    await client.withdraw(ended.withdrawn);
    await bench.client.workflow.getHandle(workflowIdOf(ended.terminated)).terminate(planted.personId);
    await bench.client.workflow.start(WORKFLOW_TYPE, {
      workflowId: workflowIdOf(ended.failed),
      taskQueue: WORKFLOW_QUEUE,
      args: [{ ...requestInput({ requestId: ended.failed }), regulation: 'none' }],
    });
    const mine = Object.values(ended);
    for (const [state, requestId] of Object.entries(ended) as [keyof typeof ended, string][]) {
      await expectListed({ state }, mine, [requestId]);
    }
    await expectListed({ state: 'running' }, mine, []);
    await expectListed({ state: 'completed', provider: 'aptrinsic' }, mine, []);
    // Nobody knows what a terminated one was about, so it may concern any provider.
    await expectListed({ state: 'terminated', provider: 'aptrinsic' }, mine, [ended.terminated]);
  });

  it('goes through all pages until it has found as many as wanted, and no further', async () => {
    const stuck = await inAttention();
    bench.providers.person.ask.set(unknown());
    const newer = [await startFor('measureone'), await startFor('aptrinsic'), await startFor('measureone')];
    await expectListed({ state: 'running' }, [stuck, ...newer], [stuck, ...newer]);
    expect(await idsOf({ state: 'attention', limit: 1 })).toEqual([stuck]);
    expect(await idsOf({ state: 'running', limit: 2 })).toEqual([newer[2], newer[1]]);
  });

  it('lists what no worker answers for, and soon asks for no more', async () => {
    const mine = await Promise.all(Array.from({ length: 12 }, () => startFor('measureone')));
    await expectListed({ state: 'running' }, mine, mine);
    await bench.stop(WORKFLOW_QUEUE);
    try {
      const impatient = new ErasureClient({ client: bench.client, callTimeoutMs: 1_000 });
      const startedAt = Date.now();
      const found: RequestStatus[] = [];
      for await (const status of impatient.list({ state: 'attention', provider: 'person' })) found.push(status);
      expect(found.map(({ requestId }) => requestId)).toEqual(expect.arrayContaining(mine));
      for (const status of found) expect(status).toMatchObject({ status: 'running', state: 'running' });
      expect(found.some(({ progress }) => progress !== undefined)).toBe(false);
      expect(Date.now() - startedAt).toBeLessThan(8_000);
    } finally {
      await bench.serve(WORKFLOW_QUEUE);
    }
  });

  it.each([
    ['state', { state: "running' OR ''='" }],
    ['provider', { provider: planted.personId }],
    ['olderThanMs', { olderThanMs: -1 }],
    ['olderThanMs', { olderThanMs: NaN }],
    ['limit', { limit: 0 }],
    ['limit', { limit: 1.5 }],
  ])('refuses a %s that is none', async (name, options) => {
    const error = await idsOf(options as ListOptions).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toContain(`${name}: expected`);
    expect(String(error)).not.toContain(planted.personId);
  });
});

describe('watch', () => {
  it('yields changes only, and ends with the end', async () => {
    const requestId = await startFor('measureone', 'person');
    const seen: RequestStatus[] = [];
    const watching = (async () => {
      for await (const status of client.watch(requestId, { everyMs: 50 })) seen.push(status);
    })();
    await eventually(() =>
      seen.at(-1)?.progress?.legs.every(({ state }) => state === 'waiting-out-window') ? true : undefined,
    );
    const settledIn = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(seen).toHaveLength(settledIn);
    await client.decide('waive', requestId, decision);
    await eventually(() => (seen.length > settledIn ? true : undefined));
    await bench.forward({ workflowId: workflowIdOf(requestId) }, 10 * DAY_MS).catch(() => undefined);
    await watching;
    expect(new Set(seen.map((status) => JSON.stringify(status))).size).toBe(seen.length);
    expect(seen.at(-1)).toMatchObject({ status: 'completed', state: 'completed-with-exceptions' });
    expect(seen.at(-1)).toEqual(await client.get(requestId));
    expect(seen.slice(0, -1).every(({ status }) => status === 'running')).toBe(true);
  });

  it('sees the end at once, however seldom it looks', async () => {
    const requestId = await startFor('measureone');
    await bench.settle(bench.client.workflow.getHandle(workflowIdOf(requestId)));
    const told: string[] = [];
    const watching = (async () => {
      for await (const { state } of client.watch(requestId, { everyMs: DAY_MS })) told.push(state);
    })();
    await eventually(() => (told.length > 0 ? true : undefined));
    await bench.client.workflow.getHandle(workflowIdOf(requestId)).terminate();
    await watching;
    expect(told).toEqual(['running', 'terminated']);
  });

  it('outlives the absence of every worker', async () => {
    const requestId = await startFor('measureone');
    const impatient = new ErasureClient({ client: bench.client, callTimeoutMs: 2_500 });
    const watching = impatient.watch(requestId, { everyMs: 50 });
    const next = async (wanted: (status: RequestStatus) => boolean): Promise<RequestStatus> => {
      for (;;) {
        const { value, done } = await watching.next();
        if (done === true) throw new Error('It ended');
        if (wanted(value)) return value;
      }
    };
    await next(({ progress }) => progress?.legs[0]?.state === 'waiting-out-window');
    await bench.stop(WORKFLOW_QUEUE);
    const away = next(({ progress }) => progress === undefined);
    expect(await away).toMatchObject({ status: 'running', state: 'running' });
    await bench.serve(WORKFLOW_QUEUE);
    await next(({ progress }) => progress !== undefined);
    await client.withdraw(requestId);
    // Its last words may be heard before Temporal says that it has ended.
    await next(({ status, state }) => status !== 'running' && state === 'withdrawn');
    expect(await watching.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with the reason of the signal that aborts it, also in the middle of a wait', async () => {
    const requestId = await startFor('measureone');
    await bench.settle(bench.client.workflow.getHandle(workflowIdOf(requestId)));
    const reason = new Error('enough');
    const aborted = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { state } of client.watch(requestId, { everyMs: DAY_MS, signal: aborted.signal })) {
        seen.push(state);
        setTimeout(() => aborted.abort(reason), 200);
      }
    })();
    await expect(watching).rejects.toBe(reason);
    expect(seen).toEqual(['running']);
    expect((await client.get(requestId)).status).toBe('running');
    await expect(client.watch(requestId, { signal: aborted.signal }).next()).rejects.toBe(reason);
  });

  it('does not know a request that is none, nor a time between looks that is none', async () => {
    await expect(client.watch(randomUUID()).next()).rejects.toBeInstanceOf(RequestNotFoundError);
    await expect(client.watch(planted.personId).next()).rejects.toBeInstanceOf(RequestNotFoundError);
    await expect(client.watch(randomUUID(), { everyMs: 0 }).next()).rejects.toBeInstanceOf(RangeError);
  });
});

describe('withdraw and certificate', () => {
  it('withdraws once, whoever repeats it, and hands out the certificate then', async () => {
    const requestId = await startFor('measureone');
    await expect(client.certificate(requestId)).rejects.toBeInstanceOf(RequestStillRunningError);
    const taken = await client.withdraw(requestId);
    expect(taken).toMatchObject({ requestId });
    await client.withdraw(requestId);
    expect((await client.result(requestId, { timeoutMs: 10_000 })).outcome).toBe('withdrawn');
    expect(await client.withdraw(requestId)).toMatchObject({ status: 'completed', state: 'withdrawn' });
    expect(await client.certificate(requestId)).toBe(certificateOf(requestId));
  });

  it('cannot withdraw what is over', async () => {
    bench.providers.person.ask.set(unknown());
    const completed = await startFor('person');
    await client.result(completed, { timeoutMs: 10_000 });
    const error = await client.withdraw(completed).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestOverError);
    expect(error).toMatchObject({ requestId: completed, state: 'completed' });

    const terminated = await startFor('measureone');
    await bench.client.workflow.getHandle(workflowIdOf(terminated)).terminate();
    await expect(client.withdraw(terminated)).rejects.toMatchObject({ state: 'terminated' });
    await expect(client.certificate(terminated)).rejects.toBeInstanceOf(RequestFailedError);
  });

  it('do not know a request that is none', async () => {
    for (const id of [randomUUID(), planted.personId]) {
      await expect(client.withdraw(id)).rejects.toBeInstanceOf(RequestNotFoundError);
      await expect(client.certificate(id)).rejects.toBeInstanceOf(RequestNotFoundError);
    }
  });
});
