/** Waiting for the certificate, which confirms the erasure, and for the end of the run, which may be much later. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { computeLegalClock } from '../support/legal-clock';
import { ErasureClient, RequestFailedError, RequestStillRunningError, type RequestStatus } from '../../client';
import { DAY_MS } from '../../domain/duration';
import { ownNamespace } from '../support/test-namespace';
import { certificateOf, eventually, OVER_MS, rulesFor, WorkflowBench } from '../support/workflow-bench';
import { workflowIdOf, WORKFLOW_QUEUE } from '../../temporal/names';

const said = { actor: 'staff-17', reason: { code: 'person-told', ticket: 'PRIV-1' } } as const;

let bench: WorkflowBench;
let client: ErasureClient;
let queries: number;
beforeAll(async () => {
  bench = await WorkflowBench.open();
  client = new ErasureClient({ client: countingQueries(bench.client), callTimeoutMs: 3_000 });
});
beforeEach(async () => {
  await bench.reset();
  queries = 0;
  bench.terms = ({ regulation, submittedAt, policy }) => ({
    rules: rulesFor({ policy }, { answerTracked: true }),
    clock: computeLegalClock({ regulation, submittedAt }, { timeZone: 'Europe/London', calendar: 'IE' }),
    isIndexed: false,
  });
});
afterAll(() => bench.close());

function countingQueries(inner: Client): Client {
  const workflowService = Object.create(inner.workflowService, {
    queryWorkflow: {
      value: (...args: Parameters<typeof inner.workflowService.queryWorkflow>) => {
        queries += 1;
        return inner.workflowService.queryWorkflow(...args);
      },
    },
  }) as typeof inner.workflowService;
  const connection = Object.create(inner.connection, { workflowService: { value: workflowService } });
  return new Client({ connection: connection as typeof inner.connection, namespace: ownNamespace });
}

async function started(): Promise<{ readonly requestId: string; readonly workflowId: string }> {
  const { workflowId } = await bench.startFor('person');
  await bench.settle(bench.client.workflow.getHandle(workflowId));
  return { requestId: workflowId.replace('erasure-', ''), workflowId };
}

async function tellPerson(requestId: string): Promise<void> {
  const handle = bench.client.workflow.getHandle(workflowIdOf(requestId));
  const at = new Date(await bench.now(handle)).toISOString();
  const notice = { ...said, notice: 'outcome', at, channel: 'email', reference: 'MSG-1' } as const;
  await client.decide('notice', requestId, notice);
}

async function statesWatched(requestId: string): Promise<RequestStatus[]> {
  const seen: RequestStatus[] = [];
  for await (const status of client.watch(requestId, { everyMs: DAY_MS })) seen.push(status);
  return seen;
}

describe('with an answer to the person that is tracked', () => {
  it('result resolves with the certificate, says what is owed and by when, and asks the worker once', async () => {
    const { requestId, workflowId } = await started();
    const waiting = client.result(requestId);
    await bench.forward({ workflowId }, OVER_MS);
    const result = await waiting;
    expect(queries).toBe(1);
    expect(result).toMatchObject({
      requestId,
      outcome: 'completed',
      certificate: certificateOf(requestId),
      legs: [{ provider: 'person', outcome: 'erased', assurance: 'verified' }],
      outstandingAnswer: { by: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    });
    expect(result.outstandingAnswer?.todo.join()).toContain('tell the person the outcome');
    expect((await client.get(requestId)).status).toBe('running');
    // It is there for whoever comes later, too.
    expect(await client.result(requestId, { timeoutMs: 5_000 })).toEqual(result);
  });

  it('untilClosed goes on until it is recorded that the person was told; after that nothing is owed', async () => {
    const { requestId, workflowId } = await started();
    await bench.forward({ workflowId }, OVER_MS);
    await client.result(requestId);
    await expect(client.untilClosed(requestId, { timeoutMs: 500 })).rejects.toBeInstanceOf(RequestStillRunningError);
    const waiting = client.untilClosed(requestId);
    await tellPerson(requestId);
    expect(await waiting).toMatchObject({ requestId, outcome: 'completed', certificate: certificateOf(requestId) });
    expect(await client.result(requestId)).toEqual(await client.untilClosed(requestId));
    expect(await client.result(requestId)).not.toHaveProperty('outstandingAnswer');
  });

  it('watch ends with the certificate, seen at once however seldom it looks, and goes on where that is wanted', async () => {
    const { requestId, workflowId } = await started();
    const onAndOn: RequestStatus[] = [];
    const watching = statesWatched(requestId);
    const watchingOn = (async () => {
      const options = { everyMs: DAY_MS, untilClosed: true };
      for await (const status of client.watch(requestId, options)) onAndOn.push(status);
    })();
    await eventually(() => (queries >= 2 ? true : undefined));
    await bench.forward({ workflowId }, OVER_MS);
    const seen = await watching;
    expect(seen.map(({ state }) => state)).toEqual(['running', 'awaiting-answer']);
    expect(seen.at(-1)).toMatchObject({
      status: 'running',
      certificate: certificateOf(requestId),
      outcome: 'completed',
      progress: { blockedOn: expect.arrayContaining(['answer']) },
    });
    await eventually(() => onAndOn.find(({ state }) => state === 'awaiting-answer'));
    await tellPerson(requestId);
    await watchingOn;
    expect(onAndOn.map(({ state }) => state)).toEqual(['running', 'awaiting-answer', 'completed']);
  });

  it('needs no worker to see a certificate that is there', async () => {
    const { requestId, workflowId } = await started();
    await bench.forward({ workflowId }, OVER_MS);
    await client.result(requestId);
    await bench.stop(WORKFLOW_QUEUE);
    try {
      const impatient = new ErasureClient({ client: bench.client, callTimeoutMs: 1_000 });
      const result = await impatient.result(requestId);
      expect(result).toMatchObject({ outcome: 'completed', certificate: certificateOf(requestId) });
      expect(result.outstandingAnswer?.todo.join()).toContain('no worker answers');
      const last: RequestStatus[] = [];
      for await (const status of impatient.watch(requestId, { everyMs: 50 })) last.push(status);
      expect(last.at(-1)).toMatchObject({ certificate: certificateOf(requestId), outcome: 'completed' });
    } finally {
      await bench.serve(WORKFLOW_QUEUE);
    }
  });
});

describe('waiting for a certificate', () => {
  it('ends as the run does where that ends without one', async () => {
    const { requestId, workflowId } = await started();
    const waiting = [client.result(requestId), client.untilClosed(requestId)].map((one) =>
      one.catch((error: unknown) => error),
    );
    await bench.client.workflow.getHandle(workflowId).terminate('planted@customer.example');
    for (const error of await Promise.all(waiting)) {
      expect(error).toBeInstanceOf(RequestFailedError);
      expect(String(error)).not.toContain('planted');
    }
  });

  it('goes on in the run that a reset has made', async () => {
    const { requestId, workflowId } = await started();
    const waiting = client.result(requestId);
    const handle = bench.client.workflow.getHandle(workflowId);
    const { events } = await handle.fetchHistory();
    const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
    await bench.client.workflowService.resetWorkflowExecution({
      namespace: ownNamespace,
      workflowExecution: { workflowId, runId: (await handle.describe()).runId },
      workflowTaskFinishEventId: firstTask ?? null,
      requestId: `reset-${requestId}`,
      reason: 'goes on',
    });
    await bench.settle(bench.client.workflow.getHandle(workflowId));
    await bench.forward({ workflowId }, OVER_MS);
    expect(await waiting).toMatchObject({ outcome: 'completed', certificate: certificateOf(requestId) });
  });

  it('ends with the reason of the signal that aborts it', async () => {
    const { requestId } = await started();
    const aborted = new AbortController();
    const reason = new Error('enough');
    const waiting = [
      client.result(requestId, { signal: aborted.signal }),
      client.untilClosed(requestId, { signal: aborted.signal }),
    ];
    setTimeout(() => aborted.abort(reason), 300);
    for (const ended of await Promise.allSettled(waiting)) expect(ended).toEqual({ status: 'rejected', reason });
  });

  it('outlives a connection that breaks', async () => {
    const { requestId, workflowId } = await started();
    const cable = await Cable.lay();
    const connection = await Connection.connect({ address: cable.address });
    const far = new ErasureClient({ client: new Client({ connection, namespace: ownNamespace }) });
    const waiting = far.result(requestId);
    await eventually(() => (cable.hasCarried ? true : undefined));
    cable.cut();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await bench.forward({ workflowId }, OVER_MS);
    expect(await waiting).toMatchObject({ certificate: certificateOf(requestId) });
    await connection.close();
    await cable.close();
  });

  it('is done by hundreds at once', async () => {
    const { requestId, workflowId } = await started();
    const waiting = Array.from({ length: 300 }, () => client.result(requestId));
    await bench.forward({ workflowId }, OVER_MS);
    const results = await Promise.all(waiting);
    expect(new Set(results.map(({ certificate }) => certificate))).toEqual(new Set([certificateOf(requestId)]));
  });
});

/** Between a client and Temporal. What is cut off can connect again. */
class Cable {
  hasCarried = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async lay(): Promise<Cable> {
    const [host = '', port = ''] = (process.env['TEST_TEMPORAL_ADDRESS'] ?? '').split(':');
    const server = createServer((near) => {
      const far = connect(Number(port), host);
      for (const socket of [near, far]) {
        cable.#sockets.add(socket);
        socket.on('error', () => undefined);
      }
      near.on('data', () => (cable.hasCarried = true));
      near.pipe(far).pipe(near);
    });
    const cable = new Cable(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return cable;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }
}
