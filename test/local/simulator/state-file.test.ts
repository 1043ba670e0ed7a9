import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import {
  aptrinsic,
  dayMs,
  hourMs,
  individualId,
  measureoneToken,
  person,
  personId,
  purgeIndividual,
  type Receiver,
  startReceiver,
} from './calling';

const identifyId = 'jane';
let directory: string;
let stateFile: string;
let simulator: Simulator;
let receiver: Receiver;

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'simulator-state-'));
  stateFile = path.join(directory, 'state.json');
  receiver = await startReceiver();
  simulator = await startSimulator({ stateFile });
});
afterEach(async () => {
  await simulator.close();
  await receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await simulator.close();
  simulator = await startSimulator({ stateFile });
}

/** What is in the file a tenth of a second after the last change is all that is left. */
async function killAndRestart(): Promise<void> {
  await pause(100);
  const left = path.join(directory, 'left.json');
  copyFileSync(stateFile, left);
  await simulator.close();
  stateFile = left;
  simulator = await startSimulator({ stateFile });
}

async function askAll(): Promise<void> {
  await simulator.seed({ provider: 'measureone', individualId });
  await simulator.seed({ provider: 'person', personId });
  await simulator.seed({ provider: 'aptrinsic', identifyId });
  const detail = { event_type: 'individual.purged', url: `${receiver.url}/here`, headers: { 'X-Capability': 'mine' } };
  await purgeIndividual(simulator, { individual_id: individualId, delivery_details: [detail] });
  await person(simulator, 'POST', personId, 'purge', {});
  await aptrinsic(simulator, 'DELETE', identifyId);
}

const records = () =>
  Promise.all([
    simulator.record('measureone', individualId),
    simulator.record('person', personId),
    simulator.record('aptrinsic', identifyId),
  ]);

describe('a simulator with a state file', () => {
  it('knows after a hard kill what it knew, and keeps its appointments', async () => {
    await simulator.configure({ person: { defaultDelayMs: 6 * dayMs } });
    await askAll();
    await simulator.advance(2 * dayMs);
    const before = await records();
    const at = Date.parse(await simulator.time());
    await killAndRestart();

    expect(await records()).toEqual(before);
    expect(before[0]).toMatchObject({ exists: true, hidden: true });
    expect(before[2]).toMatchObject({ exists: true, hidden: true });
    const lateMs = Date.parse(await simulator.time()) - at;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(5_000);

    await simulator.advance(3 * dayMs + hourMs);
    const [individual, queued, user] = await records();
    expect(individual).toMatchObject({ exists: false, purgedAt: before[0].purgeOn });
    expect(queued).toMatchObject({ exists: true, purge: { done: false } });
    expect(user).toMatchObject({ exists: true, hidden: true });
    expect(receiver.received).toHaveLength(1);
    expect(receiver.received[0]).toMatchObject({ path: '/here', headers: { 'x-capability': 'mine' } });

    await restart();
    await simulator.advance(2 * dayMs);
    const [, purged, gone] = await records();
    expect(purged).toMatchObject({ exists: false, purgedAt: before[1].purge?.purgeOn });
    expect(gone).toMatchObject({ exists: false });
    // What was sent is not sent again.
    expect(receiver.received).toHaveLength(1);
  });

  it('tries a failed callback again after a restart, and does what fell due in between', async () => {
    await askAll();
    receiver.answers.splice(0, 1, { status: 503 });
    await simulator.advance(120 * hourMs + 1_000);
    expect(receiver.received).toHaveLength(1);
    await restart();
    receiver.answers.splice(0, 1, { status: 200 });
    await simulator.advance(hourMs);
    expect(receiver.received).toHaveLength(2);
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);

    await simulator.seed({ provider: 'measureone', individualId: 'idv_other' });
    await simulator.configure({ measureone: { purgeAfterMs: 50 } });
    await purgeIndividual(simulator, { individual_id: 'idv_other' });
    await simulator.close();
    await pause(60);
    simulator = await startSimulator({ stateFile });
    expect(await simulator.record('measureone', 'idv_other')).toMatchObject({ exists: false });
  });

  it('keeps settings, the behaviour of one individual, and a purge that was taken off', async () => {
    await simulator.configure({ measureone: { success: ['204'] }, aptrinsic: { readAfterSoftDelete: 'visible' } });
    await simulator.setDelivery({ individualId, mode: 'never' });
    await askAll();
    await simulator.dequeuePurge({ personId });
    await restart();
    expect((await aptrinsic(simulator, 'GET', identifyId)).status).toBe(200);
    await simulator.advance(60 * dayMs);
    expect(receiver.received).toEqual([]);
    expect(await simulator.record('person', personId)).toMatchObject({ exists: true });
  });

  it('forgets tokens, so that everybody logs in again', async () => {
    await simulator.seed({ provider: 'measureone', individualId });
    const token = await measureoneToken(simulator);
    await restart();
    expect((await purgeIndividual(simulator, { individual_id: individualId }, token)).status).toBe(401);
    expect((await purgeIndividual(simulator, { individual_id: individualId })).status).toBeLessThan(300);
  });

  it.each(['', '{"format":"simulator-state/1"', '{"format":"simulator-state/2"}', '[]'])(
    'refuses a damaged file instead of beginning without state: %p',
    async (content) => {
      const damaged = path.join(directory, 'damaged.json');
      writeFileSync(damaged, content);
      await expect(startSimulator({ stateFile: damaged })).rejects.toThrow(/damaged\.json is damaged .* delete it/);
      expect(readFileSync(damaged, 'utf8')).toBe(content);
    },
  );

  it('writes nothing when nothing happens', async () => {
    await pause(100);
    expect(existsSync(stateFile)).toBe(false);
  });
});
