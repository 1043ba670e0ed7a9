/** Processes as they run in production, killed with SIGKILL at the worst moments. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { NoWorkerError } from '../../client';
import type { LegProgress } from '../../domain/leg/leg-progress';
import { providerKeys, type Provider } from '../../domain/provider/provider-table';
import { startStack, type Stack } from '../../local/stack';
import { fastForward } from '../../temporal/virtual-time';
import { testNamespace } from '../support/test-namespace';
import { eventually } from '../support/workflow-bench';
import { workflowIdOf } from '../../temporal/names';

let stack: Stack;
beforeEach(async () => {
  stack = await startStack({
    report: () => undefined,
    namespace: testNamespace(9),
    policy: { answer: 'untracked' },
    programs: process.env['TEST_PROGRAMS'] ?? '',
  });
  await stack.simulator.configure({ person: { defaultDelayMs: 3 * DAY_MS } });
});
afterEach(() => stack.stop(), 60_000);

async function seedAndSubmit(): Promise<string> {
  const requestId = randomUUID();
  const subject = {
    individualId: `idv_${randomUUID()}`,
    personId: randomUUID(),
    identifyId: `${randomUUID()}@customer.example`,
  };
  const createDate = new Date(Date.now() - 400 * DAY_MS).toISOString();
  await stack.simulator.seed({ provider: 'measureone', individualId: subject.individualId });
  await stack.simulator.seed({ provider: 'person', personId: subject.personId });
  await stack.simulator.seed({ provider: 'aptrinsic', identifyId: subject.identifyId, createDate });
  await stack.client.submit({
    requestId,
    regulation: 'gdpr',
    submittedAt: new Date(Date.now() - SECOND_MS).toISOString(),
    subject: {
      measureone: { individualId: subject.individualId },
      person: { personId: subject.personId },
      aptrinsic: { identifyId: subject.identifyId },
    },
  });
  return requestId;
}

async function forward(requestId: string, byMs: number): Promise<void> {
  await stack.simulator.advance(byMs);
  const { connection, namespace } = stack;
  // The first workflow task after a crash waits 10 s for the dead worker.
  const forwarded = { namespace, workflowId: workflowIdOf(requestId), byMs, settleMs: 30_000 };
  expect(await fastForward(connection, forwarded)).toMatchObject({ settled: true });
}

/** The first question after a crash goes to the dead worker's own queue, and is asked again. */
async function legsOf(requestId: string): Promise<readonly LegProgress[]> {
  return eventually(
    () =>
      stack.client.progress(requestId).then(
        ({ legs }) => legs,
        (error: unknown) => {
          if (error instanceof NoWorkerError) return undefined;
          throw error;
        },
      ),
    60_000,
  );
}

async function untilAll(requestId: string, state: LegProgress['state'], withinMs: number): Promise<void> {
  await eventually(async () => {
    const legs = await legsOf(requestId);
    return legs.every((leg) => leg.state === state) ? true : undefined;
  }, withinMs);
}

async function outcomesOf(requestId: string): Promise<Record<string, string>> {
  const { legs } = await stack.client.result(requestId, { timeoutMs: 90_000 }).catch(async (error: unknown) => {
    const instead = JSON.stringify({
      ...(await stack.client.progress(requestId)),
      callbacks: await stack.simulator.callbacks({}),
    });
    throw new Error(`There is no certificate, but ${instead}`, { cause: error });
  });
  return Object.fromEntries(
    legs.map(({ provider, outcome, assurance }) => [provider, [outcome, assurance].filter(Boolean).join('/')]),
  );
}

const acts: Readonly<Record<Provider, string>> = { measureone: 'purge', person: 'purge', aptrinsic: 'delete' };

describe('a worker killed between acceptance and report', () => {
  it('loses nothing: the next one takes the answers for "maybe asked before" and waits out the full windows', async () => {
    for (const provider of providerKeys) {
      await stack.simulator.addFault({ provider, operation: acts[provider], kind: 'hang', acting: true, times: 1 });
    }
    const requestId = await seedAndSubmit();
    await eventually(async () => {
      const calls = await stack.simulator.calls();
      return providerKeys.every((provider) =>
        calls.some((call) => call.provider === provider && call.operation === acts[provider]),
      )
        ? true
        : undefined;
    });
    await stack.worker.kill();
    await stack.startWorker();
    await untilAll(requestId, 'waiting-out-window', 60_000);
    const asked = (await stack.simulator.calls()).filter((call) => call.operation === acts[call.provider as Provider]);
    // The person API is looked at first, and the purge found there is taken over instead of asked for again.
    expect(asked.map(({ provider }) => provider).toSorted()).toEqual([
      'aptrinsic',
      'aptrinsic',
      'measureone',
      'measureone',
      'person',
    ]);

    await forward(requestId, 7 * DAY_MS + 2 * HOUR_MS);
    expect(await outcomesOf(requestId)).toEqual({
      measureone: 'erased/confirmed',
      person: 'erased/verified',
      aptrinsic: 'presumed-erased',
    });
  });
});

describe('killing worker and Temporal during every wait', () => {
  it('changes nothing: windows, retries, attention and the hope for a callback go on where they were', async () => {
    const until = new Date(Date.parse(await stack.simulator.time()) + 36 * HOUR_MS).toISOString();
    await stack.simulator.addFault({ provider: 'person', kind: 'down', until });
    await stack.simulator.addFault({ provider: 'aptrinsic', kind: 'bad-credentials', until });
    await stack.simulator.configure({ measureone: { delivery: { mode: 'late', offsetMs: 24 * HOUR_MS } } });
    const requestId = await seedAndSubmit();
    let worker = stack.worker;
    const crash = async (): Promise<void> => {
      await worker.kill();
      await stack.engine.kill();
      await stack.engine.restart();
      worker = await stack.startWorker();
    };
    const states = async (): Promise<string[]> => (await legsOf(requestId)).map(({ state }) => state);
    // MeasureOne in its window, the person API in retries, Aptrinsic in attention: each before the first crash.
    const before = ['waiting-out-window', 'asking', 'attention'];
    await eventually(async () => ((await states())[0] === before[0] ? true : undefined));
    await forward(requestId, 10 * MINUTE_MS);
    await eventually(async () => (isDeepStrictEqual(await states(), before) ? true : undefined));
    await crash();
    expect(await states()).toEqual(before);
    for (let day = 0; day < 2; day += 1) await forward(requestId, DAY_MS);
    await forward(requestId, 6 * HOUR_MS);
    expect(await states()).toEqual(['waiting-out-window', 'waiting-out-window', 'waiting-out-window']);

    await crash();
    await forward(requestId, 3 * DAY_MS);
    expect((await states())[0]).toBe('waiting-for-callback');

    await crash();
    await forward(requestId, DAY_MS);
    await forward(requestId, 6 * DAY_MS);
    expect(await outcomesOf(requestId)).toEqual({
      measureone: 'erased/confirmed',
      person: 'erased/verified',
      aptrinsic: 'erased/verified',
    });
  });
});
