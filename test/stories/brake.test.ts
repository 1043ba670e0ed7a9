/** A provider that refuses everyone: one alarm, everybody waits, and everybody goes on by themselves. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { readWorkerConfig } from '../../config/worker-config';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import type { LegProgress } from '../../domain/leg/leg-progress';
import type { Finding } from '../../domain/sweep/finding';
import { createSweeper } from '../../activities/sweep/sweeper';
import { BrakeCalls } from '../../temporal/brake-calls';
import { brakeIdOf, workflowIdOf } from '../../temporal/names';
import { fastForward } from '../../temporal/virtual-time';
import { startWorker, type RunningWorker } from '../../worker/worker';
import { Story } from '../support/story';
import { ownNamespace } from '../support/test-namespace';
import { eventually, workflowBundle } from '../support/workflow-bench';

const REQUESTS = 50;
const WAIT_MS = 120 * SECOND_MS;
const settings = {
  MEASUREONE_REQUESTS_PER_SECOND: '50',
  MEASUREONE_BRAKE_AFTER_REFUSALS: '5',
  MEASUREONE_BRAKE_AFTER_UNKNOWN_IDS: '12',
  MEASUREONE_BRAKE_FIRST_TRIAL_SECONDS: '2',
};

/** What the workflows log as an error. */
const errors: string[] = [];
let story: Story;
let second: RunningWorker | undefined;

beforeEach(async () => {
  errors.length = 0;
  // It goes with the last worker of the test before.
  Runtime.install({
    logger: new DefaultLogger('ERROR', ({ level, message }) => level === 'ERROR' && errors.push(message)),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
  story = await Story.open({ settings });
  const environment = { ...story.environment, GATEWAY_PUBLIC_URL: story.gatewayUrl };
  second = await startWorker(readWorkerConfig(environment), story.logger, { workflowBundle: workflowBundle() });
});

afterEach(async () => {
  second?.drain();
  await second?.finished;
  await story.temporal.workflow
    .getHandle(brakeIdOf('measureone'))
    .terminate('end of test')
    .catch(() => undefined);
  await story.close();
});

interface Person {
  readonly requestId: string;
  readonly individualId: string;
}

async function people(count: number): Promise<readonly Person[]> {
  const all = Array.from({ length: count }, () => ({
    requestId: randomUUID(),
    individualId: `idv_${randomUUID().replaceAll('-', '').slice(0, 27)}`,
  }));
  for (const { individualId } of all) await story.simulator.seed({ provider: 'measureone', individualId });
  return all;
}

async function submit(all: readonly Person[]): Promise<void> {
  for (const { requestId, individualId } of all) {
    await story.client.submit(story.submission({ requestId, subject: { measureone: { individualId } } }));
  }
}

async function legOf({ requestId }: Person): Promise<LegProgress> {
  const { legs } = await story.client.progress(requestId);
  const [leg] = legs;
  if (leg === undefined) throw new Error('The request has no leg');
  return leg;
}

async function untilAll(
  all: readonly Person[],
  states: readonly LegProgress['state'][],
): Promise<readonly LegProgress[]> {
  const seen = new Map<string, LegProgress>();
  return eventually(async () => {
    for (const person of all) {
      if (states.includes(seen.get(person.requestId)?.state ?? 'asking')) continue;
      seen.set(person.requestId, await legOf(person));
    }
    const legs = [...seen.values()];
    return legs.every(({ state }) => states.includes(state)) ? legs : undefined;
  }, WAIT_MS).catch((error: unknown) => {
    throw new Error(`They are ${JSON.stringify([...seen.values()].map(({ state }) => state))}`, { cause: error });
  });
}

async function forward(all: readonly Person[], byMs: number): Promise<void> {
  for (const { requestId } of all) {
    const run = { namespace: ownNamespace, workflowId: workflowIdOf(requestId) };
    await fastForward(story.connection, { ...run, byMs });
  }
}

async function callsMade(): Promise<number> {
  return (await story.simulator.calls({ provider: 'measureone' })).length;
}

async function sweep(): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const sweeper = createSweeper({ client: story.temporal, looks: 1_000, report: (one) => found.push(one) });
  await sweeper.beginSweep({});
  let cursor: string | undefined;
  do {
    const plan = { now: Date.now() + HOUR_MS, round: 0, shares: 1, since: 0, canAsk: true };
    const page = await sweeper.sweepOpen({ plan, ...(cursor === undefined ? {} : { cursor }) });
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

function alarms(): readonly string[] {
  return errors.filter((message) => message.includes('The brake of MeasureOne is on'));
}

const kinds = [
  ['bad credentials', 'unauthorized', { kind: 'bad-credentials' }],
  ['an outage', 'unavailable', { kind: 'status', status: 503 }],
  ["a load balancer's page", 'unrecognized', { kind: 'in-between', status: 200, says: 'page' }],
] as const;

describe('a provider that refuses everyone', () => {
  it.each(kinds)(
    '%s: one alarm, nobody in attention, few calls; all go on by themselves',
    async (_name, reason, fault) => {
      const all = await people(REQUESTS);
      await story.simulator.addFault({ provider: 'measureone', ...fault });
      await submit(all);
      const legs = await untilAll(all, ['braked', 'attention']);
      expect(legs.filter(({ state }) => state === 'attention')).toEqual([]);
      expect(legs[0]).toMatchObject({
        state: 'braked',
        brake: { reason },
        youCan: expect.stringContaining('nothing to do'),
      });
      expect(legs.every(({ rounds }) => rounds === 0 || reason !== 'unauthorized')).toBe(true);
      expect(alarms()).toHaveLength(1);

      const findings = await sweep();
      expect(findings.filter(({ kind }) => kind === 'braked')).toEqual([
        expect.objectContaining({
          kind: 'braked',
          providers: ['measureone'],
          detail: expect.stringContaining('MeasureOne'),
        }),
      ]);
      expect(findings.filter(({ kind }) => kind === 'attention' || kind === 'failing')).toEqual([]);

      const made = await callsMade();
      // Each worker finds out by itself, with what it had in flight, and every call may be a login and its own.
      expect(made).toBeLessThan(2 * 2 * (5 + 10) + 10);

      await story.simulator.clearFaults();
      await untilAll(all, ['waiting-out-window']);
      expect((await new BrakeCalls(story.temporal, 'measureone').read()).on).toBeUndefined();
      expect(alarms()).toHaveLength(1);

      await story.simulator.advance(122 * HOUR_MS);
      await forward(all, 122 * HOUR_MS);
      const outcomes = await Promise.all(
        all.map(async ({ requestId }) => (await story.client.result(requestId, { timeoutMs: WAIT_MS })).outcome),
      );
      expect(outcomes.filter((outcome) => outcome !== 'completed')).toEqual([]);
    },
  );

  it('a pause: all wait for as long as it asks, without attention and trial, and go on by themselves', async () => {
    const all = await people(6);
    const pauseMs = 60 * SECOND_MS;
    const headers = { 'retry-after': String(pauseMs / SECOND_MS) };
    await story.simulator.addFault({ provider: 'measureone', kind: 'status', status: 429, headers });
    const from = Date.now();
    await submit(all);
    const legs = await untilAll(all, ['braked', 'attention']);
    const heldBackAt = Date.now();
    expect(legs.map(({ state }) => state)).toEqual(all.map(() => 'braked'));
    expect(legs[0]).toMatchObject({ brake: { reason: 'paused' }, until: expect.any(String) });
    const made = await callsMade();
    await story.simulator.clearFaults();
    await pause(from + pauseMs - SECOND_MS - Date.now());
    expect(await callsMade()).toBe(made);
    await pause(heldBackAt + pauseMs + SECOND_MS - Date.now());
    // They come back over a minute, which is waited for on virtual time: the provider's own pause is over by then.
    await forward(all, 2 * MINUTE_MS);
    await untilAll(all, ['waiting-out-window']);
    expect(alarms()).toEqual([]);
  });

  it('another environment, which knows nobody: those that were told so are named, the others wait for it to be mended', async () => {
    const all = await people(REQUESTS);
    await story.simulator.addFault({ provider: 'measureone', kind: 'status', status: 404, operation: 'purge' });
    await submit(all);
    const legs = await untilAll(all, ['braked', 'settled']);
    const told = all.filter((_, index) => legs[index]?.state === 'settled');
    // Two workers that count for themselves, and what was in flight in each.
    expect(told.length).toBeLessThanOrEqual(2 * (12 + 10));
    expect(alarms()).toHaveLength(1);
    const brake = new BrakeCalls(story.temporal, 'measureone');
    expect((await brake.read()).on).toMatchObject({ reason: 'unknown-ids' });
    // The worker that did not trip it has its own named once it has looked, some seconds later.
    const unnamed = async () => {
      const { requestIds = [] } = (await brake.read()).on ?? {};
      return told.map(({ requestId }) => requestId).filter((id) => !requestIds.includes(id));
    };
    await eventually(async () => ((await unnamed()).length === 0 ? true : undefined), WAIT_MS);
    const found = (await sweep()).find(({ kind }) => kind === 'braked');
    expect(told.filter(({ requestId }) => found?.detail?.includes(requestId) !== true)).toEqual([]);

    await story.simulator.clearFaults();
    await untilAll(all, ['waiting-out-window', 'settled']);
    const settled = await Promise.all(all.map(legOf));
    expect(settled.filter(({ state }) => state === 'settled')).toHaveLength(told.length);
    const { last } = await brake.read();
    expect(told.filter(({ requestId }) => !last?.requestIds?.includes(requestId))).toEqual([]);
  });
});
