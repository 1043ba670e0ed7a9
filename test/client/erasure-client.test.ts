import { randomUUID } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import {
  DecisionRefusedError,
  ErasureClient,
  RequestConflictError,
  RequestFailedError,
  RequestNotFoundError,
  RequestStillRunningError,
  SealingUnavailableError,
  type ErasureSubmission,
} from '../../client';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { defaultPatience } from '../../domain/rules/patience';
import { createSealer } from '../../security/sealing';
import { certificateOf, eventually, failure, requestInput, WorkflowBench } from '../support/workflow-bench';
import { planted, submission, temporaryKeys, terminateAll, type TemporaryKeys } from './client-fixture';
import { workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

const decision = {
  provider: 'person',
  actor: 'staff-17',
  reason: { code: 'credentials-mended', ticket: 'PRIV-1' },
} as const;

let bench: WorkflowBench;
let keys: TemporaryKeys;
let client: ErasureClient;
const used: string[] = [];

beforeAll(async () => {
  bench = await WorkflowBench.open();
  keys = await temporaryKeys();
  client = new ErasureClient({ client: bench.client, sealer: createSealer(keys.client) });
});
afterAll(async () => {
  await terminateAll(bench.client, used);
  await keys.remove();
  await bench.close();
});

function fresh(overrides: Partial<ErasureSubmission> = {}): ErasureSubmission & { readonly requestId: string } {
  const requestId = randomUUID();
  used.push(requestId);
  return { ...submission({ requestId, ...overrides }), requestId };
}

async function toTheEnd(requestId: string): Promise<void> {
  await bench.forward({ workflowId: workflowIdOf(requestId) }, 6 * DAY_MS);
  await client.result(requestId, { timeoutMs: 10_000 });
}

/** A history with all its payloads decoded. */
function plainTextOf(history: Parameters<typeof historyToJSON>[0]): string {
  const json = JSON.stringify(historyToJSON(history));
  const payloads = [...json.matchAll(/"data":\s*"([^"]+)"|\\"data\\":\s*\\"([^"\\]+)/g)];
  return [json, ...payloads.map(([, plain, escaped]) => Buffer.from(plain ?? escaped ?? '', 'base64').toString())].join(
    '\n',
  );
}

describe('submit', () => {
  it('starts the workflow with sealed identifiers, a pinned policy and a fingerprint', async () => {
    const request = fresh({ policy: { marginMs: 2 * HOUR_MS } });
    const submitted = await client.submit(request);
    expect(submitted).toMatchObject({ requestId: request.requestId, workflowId: `erasure-${request.requestId}` });
    expect(submitted.duplicate).toBe(false);

    const handle = bench.client.workflow.getHandle(submitted.workflowId);
    const seen = plainTextOf(await handle.fetchHistory());
    expect(seen).toContain(`"requestId":"${request.requestId}"`);
    for (const identifier of Object.values(planted)) expect(seen).not.toContain(identifier);
    const { memo, taskQueue, raw } = await handle.describe();
    expect(memo).toEqual({ fingerprint: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) });
    expect(taskQueue).toBe(WORKFLOW_QUEUE);
    expect(Buffer.from(raw.executionConfig?.userMetadata?.summary?.data ?? []).toString()).toContain('gdpr');
    const [call] = await eventually(() => {
      const calls = bench.providers.person.ask.calls.filter(({ requestId }) => requestId === request.requestId);
      return calls.length > 0 ? calls : undefined;
    });
    expect(call?.patience).toEqual({ ...defaultPatience, marginMs: 2 * HOUR_MS });
  });

  it('makes up a request id where none is given', async () => {
    const submitted = await client.submit(submission({ requestId: undefined }));
    used.push(submitted.requestId);
    expect((await client.get(submitted.requestId)).status).toBe('running');
  });

  it('answers the same submission with the run there is', async () => {
    const request = fresh();
    const first = await client.submit(request);
    expect(await client.submit(structuredClone(request))).toEqual({ ...first, duplicate: true });
  });

  it('answers the same submission with the run there was, once it has ended', async () => {
    const request = fresh();
    const first = await client.submit(request);
    await toTheEnd(request.requestId);
    expect(await client.submit(request)).toEqual({ ...first, duplicate: true });
  });

  it('starts one run however many submit at once', async () => {
    const request = fresh();
    const all = await Promise.all(Array.from({ length: 8 }, () => client.submit(request)));
    expect(new Set(all.map(({ runId }) => runId)).size).toBe(1);
    expect(all.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  it('refuses another content under the same id, whichever part differs', async () => {
    const request = fresh();
    await client.submit(request);
    const others: ErasureSubmission[] = [
      { ...request, subject: { ...request.subject, person: { personId: randomUUID() } } },
      { ...request, subject: { person: { personId: planted.personId } } },
      { ...request, regulation: 'ccpa' },
      { ...request, policy: { marginMs: 0 } },
    ];
    for (const other of others) {
      const error = await client.submit(other).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RequestConflictError);
      expect(error).toMatchObject({ requestId: request.requestId, reason: 'different-content' });
    }
  });

  it('cannot take a request for the same that was started without it', async () => {
    const request = fresh();
    await bench.start({ requestId: request.requestId });
    const error = await client.submit(request).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'RequestConflictError', reason: 'unknown-content' });
    expect(String(error)).toContain('nobody can tell');
  });

  it('knows a request again that was fingerprinted with an intake key since replaced', async () => {
    const request = fresh();
    const first = await client.submit(request);
    const newer = await temporaryKeys();
    const rotated = createSealer({ ...keys.client, intake: [newer.client.intake[0], ...keys.client.intake] });
    const later = new ErasureClient({ client: bench.client, sealer: rotated });
    expect(await later.submit(request)).toEqual({ ...first, duplicate: true });
    const stranger = new ErasureClient({ client: bench.client, sealer: createSealer(newer.client) });
    await expect(stranger.submit(request)).rejects.toMatchObject({ reason: 'different-content' });
    await newer.remove();
  });

  it('refuses what is no request before anything is started', async () => {
    const request = fresh({ submittedAt: new Date(Date.now() + DAY_MS).toISOString() });
    await expect(client.submit(request)).rejects.toMatchObject({
      problems: [{ field: 'submittedAt', problem: 'lies in the future' }],
    });
    await expect(client.get(request.requestId)).rejects.toBeInstanceOf(RequestNotFoundError);
  });

  it('says that it has no keys, or none of this provider', async () => {
    const following = new ErasureClient({ client: bench.client });
    await expect(following.submit(fresh())).rejects.toBeInstanceOf(SealingUnavailableError);
    const { person: _, ...sealing } = keys.client.sealing;
    const partial = new ErasureClient({ client: bench.client, sealer: createSealer({ ...keys.client, sealing }) });
    await expect(partial.submit(fresh())).rejects.toBeInstanceOf(SealingUnavailableError);
  });
});

describe('get, progress and result', () => {
  it('shows a running request with its progress', async () => {
    const { requestId } = fresh();
    const { runId } = await client.submit(submission({ requestId }));
    await bench.settle(bench.client.workflow.getHandle(workflowIdOf(requestId)));
    const found = await client.get(requestId);
    expect(found).toMatchObject({ requestId, runId, status: 'running', progress: { requestId, state: 'running' } });
    expect(found).not.toHaveProperty('closedAt');
    expect((await client.progress(requestId)).legs.map(({ provider }) => provider)).toEqual([
      'measureone',
      'person',
      'aptrinsic',
    ]);
  });

  it('answers for a completed one from its result', async () => {
    const { requestId } = fresh();
    await client.submit(submission({ requestId }));
    await toTheEnd(requestId);
    const found = await client.get(requestId);
    expect(found).toMatchObject({
      status: 'completed',
      result: { outcome: 'completed', certificate: certificateOf(requestId) },
    });
    expect(found.closedAt).toBeDefined();
    expect(found).not.toHaveProperty('progress');
    expect(await client.result(requestId)).toEqual(found.result);
  });

  it('says that a request is still running when the time to wait is over', async () => {
    const { requestId } = fresh();
    await client.submit(submission({ requestId }));
    await expect(client.result(requestId, { timeoutMs: 300 })).rejects.toBeInstanceOf(RequestStillRunningError);
  });

  it('tells why a request was refused when it started', async () => {
    const { requestId } = fresh();
    await bench.client.workflow.start(WORKFLOW_TYPE, {
      workflowId: workflowIdOf(requestId),
      taskQueue: WORKFLOW_QUEUE,
      args: [{ ...requestInput({ requestId }), regulation: planted.personId }],
    });
    const error = await client.result(requestId).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestFailedError);
    expect(String(error)).toContain('regulation: expected one of');
    expect(String(error)).not.toContain(planted.personId);
    expect(await client.get(requestId)).toMatchObject({
      status: 'failed',
      failure: expect.stringContaining('regulation'),
    });
    await expect(client.progress(requestId)).rejects.toBeInstanceOf(RequestFailedError);
  });

  it('tells a terminated request, without repeating what somebody typed as the reason', async () => {
    const { requestId } = fresh();
    const { workflowId } = await client.submit(submission({ requestId }));
    await bench.client.workflow.getHandle(workflowId).terminate(planted.personId);
    const error = await client.result(requestId).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'RequestFailedError', status: 'terminated' });
    expect(JSON.stringify(await client.get(requestId)) + String(error)).not.toContain(planted.personId);
  });

  it('does not know a request that is none', async () => {
    const calls = (id: string) => [
      () => client.get(id),
      () => client.progress(id),
      () => client.result(id),
      () => client.decide('retry', id, decision),
    ];
    for (const call of calls(randomUUID())) await expect(call()).rejects.toBeInstanceOf(RequestNotFoundError);
    for (const call of calls(planted.personId)) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RequestNotFoundError);
      expect(String(error)).not.toContain(planted.personId);
    }
  });
});

describe('decisions', () => {
  it('settles a leg by waiving and by attesting it', async () => {
    const { requestId } = fresh();
    await client.submit(submission({ requestId }));
    expect(await client.decide('waive', requestId, decision)).toMatchObject({ provider: 'person', outcome: 'waived' });
    expect(await client.decide('attest', requestId, { ...decision, provider: 'aptrinsic' })).toMatchObject({
      outcome: 'attested',
    });
  });

  it('retries a leg in attention', async () => {
    bench.providers.person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const { requestId } = fresh();
    await client.submit(submission({ requestId }));
    await eventually(async () =>
      (await client.progress(requestId)).legs.some(({ state }) => state === 'attention') ? true : undefined,
    );
    expect((await client.decide('retry', requestId, decision)).state).toBe('asking');
  });

  it("refuses in the workflow's own words", async () => {
    const { requestId } = fresh();
    await client.submit(submission({ requestId }));
    const refused = async (decide: Promise<unknown>): Promise<string> => {
      const error = await decide.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DecisionRefusedError);
      return (error as Error).message;
    };
    expect(await refused(client.decide('retry', requestId, { ...decision, provider: 'measureone' }))).toBe(
      'MeasureOne needs no retry: it is not in attention',
    );
    expect(await refused(client.decide('waive', requestId, { ...decision, actor: planted.identifyId }))).toMatch(
      /^actor: /,
    );
    await client.decide('waive', requestId, decision);
    expect(await refused(client.decide('waive', requestId, decision))).toBe('Person API is settled already (waived)');
  });

  it('takes a decision of one id once, and answers its repetition alike', async () => {
    const { requestId } = fresh();
    await client.submit(submission({ requestId }));
    const first = await client.decide('waive', requestId, { ...decision, decisionId: 'd-1' });
    expect(await client.decide('waive', requestId, { ...decision, decisionId: 'd-1' })).toEqual(first);
  });

  it('refuses when the request is over', async () => {
    const { requestId } = fresh();
    const { workflowId } = await client.submit(submission({ requestId }));
    await bench.client.workflow.getHandle(workflowId).terminate();
    await expect(client.decide('waive', requestId, decision)).rejects.toThrow(/is over \(terminated\)/);
  });
});
