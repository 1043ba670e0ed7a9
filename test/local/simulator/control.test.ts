import { connectControl } from '../../../local/simulator/control-client';
import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import {
  aptrinsic,
  call,
  dayMs,
  hourMs,
  individualId,
  person,
  personId,
  purgeIndividual,
  type Receiver,
  startReceiver,
} from './calling';

let simulator: Simulator;
let receiver: Receiver;
beforeEach(async () => {
  simulator = await startSimulator({ time: '2031-01-01T00:00:00Z' });
  receiver = await startReceiver();
});
afterEach(async () => {
  await simulator.close();
  await receiver.close();
});

describe('the control port', () => {
  it('offers the same interface to another process', async () => {
    const control = await connectControl(simulator.addresses.control);
    expect(control.addresses).toEqual(simulator.addresses);
    expect(control.addresses.aptrinsic).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(Object.keys(control).sort()).toEqual(
      Object.keys(simulator)
        .filter((key) => key !== 'close')
        .sort(),
    );

    expect(await control.seed({ provider: 'measureone', individualId })).toBeUndefined();
    await control.seed({ provider: 'person', personId });
    await control.seed({ provider: 'aptrinsic', identifyId: 'jane', createDate: 0 });
    await control.configure({ person: { defaultDelayMs: dayMs } });
    await control.setDelivery({ individualId, mode: 'late', offsetMs: hourMs });
    await control.addFault({ provider: 'aptrinsic', kind: 'status', status: 503 });
    expect((await aptrinsic(simulator, 'DELETE', 'jane')).status).toBe(503);
    await control.clearFaults();

    const details = [{ event_type: 'individual.purged', url: receiver.url }];
    await purgeIndividual(simulator, { individual_id: individualId, delivery_details: details });
    await person(simulator, 'POST', personId, 'purge', {});
    await control.movePurge({ personId, purgeOn: '2031-01-05T00:00:00Z' });
    await control.dequeuePurge({ personId });
    await control.liveTag({ identifyId: 'jane' });
    expect(await control.setTime('2031-01-02T00:00:00Z')).toMatch(/^2031-01-02/);
    expect(await control.advance(5 * dayMs)).toMatch(/^2031-01-07/);
    expect(await control.time()).toMatch(/^2031-01-07/);
    expect(await control.record('aptrinsic', 'jane')).toMatchObject({
      exists: true,
      events: 2,
      createDate: '1970-01-01T00:00:00.000Z',
    });
    expect(await control.deliverCallback({ individualId })).toHaveLength(1);
    expect(await control.callbacks({ individualId })).toHaveLength(2);
    expect(receiver.received).toHaveLength(2);
    expect(await control.calls({ provider: 'aptrinsic' })).toMatchObject([{ status: 503, fault: 'status' }]);
    await control.clearCalls();
    expect(await control.calls()).toEqual([]);
  });

  it('gives reasons for what it refuses', async () => {
    const control = await connectControl(simulator.addresses.control);
    await expect(control.setTime('2030-01-01T00:00:00Z')).rejects.toThrow('cannot go back');
    await expect(control.seed({ provider: 'person', personId: 'x' })).rejects.toThrow('UUID');
    await expect(control.configure({ person: { rePost: 'sometimes' } } as never)).rejects.toThrow('rePost');
    await expect(control.configure({ person: { nonsense: 1 } } as never)).rejects.toThrow('nonsense');
    expect((await call(`${simulator.addresses.control}/control/explode`, { method: 'POST' })).status).toBe(404);
  });

  it('can be read with GET', async () => {
    await aptrinsic(simulator, 'GET', 'jane');
    const { control } = simulator.addresses;
    expect((await call(`${control}/control/time`)).json.result).toMatch(/^2031-01-01/);
    expect((await call(`${control}/control/calls?provider=aptrinsic`)).json.result).toHaveLength(1);
    expect((await call(`${control}/control/calls?provider=person`)).json.result).toHaveLength(0);
  });

  it('leaves settings alone that are not named', async () => {
    await simulator.configure({ person: { dequeueNothing: 403 } });
    await simulator.configure({ person: { lateByMs: 1 } });
    await simulator.seed({ provider: 'person', personId });
    expect((await person(simulator, 'DELETE')).status).toBe(403);
    expect((await person(simulator, 'POST', personId, 'purge', {})).status).toBe(202);
  });
});

describe('the call log', () => {
  it('shows what the provider saw', async () => {
    await simulator.seed({ provider: 'measureone', individualId });
    await purgeIndividual(simulator, { individual_id: individualId }, undefined, { 'x-request': 'r1' });
    await aptrinsic(simulator, 'DELETE', 'a/b', '?hardDelete=true');
    const [login, purge, remove] = await simulator.calls();
    expect(login).toMatchObject({
      provider: 'measureone',
      operation: 'login',
      headers: { authorization: expect.stringMatching(/^Basic /) },
      status: 200,
    });
    expect(login).not.toHaveProperty('body');
    expect(purge).toMatchObject({
      at: expect.stringMatching(/^2031-01-01T00:00:0/),
      wallAt: expect.any(String),
      operation: 'purge',
      subject: individualId,
      method: 'POST',
      rawPath: '/v3/compliances/purge_individual',
      headers: { authorization: expect.stringMatching(/^Bearer /), 'x-request': 'r1', version: '3.0' },
      body: { individual_id: individualId },
      status: 200,
    });
    expect(remove).toMatchObject({
      rawPath: '/v1/users/a%2Fb',
      subject: 'a/b',
      query: { hardDelete: 'true' },
      status: 404,
    });
    expect(remove).not.toHaveProperty('fault');
  });

  it('shows calls to places that do not exist', async () => {
    await call(`${simulator.addresses.person}/nowhere?a=b`);
    expect(await simulator.calls({ operation: 'unknown' })).toMatchObject([
      { provider: 'person', rawPath: '/nowhere', query: { a: 'b' }, status: 404 },
    ]);
  });
});

describe('startSimulator', () => {
  it('takes credentials and settings, and fails on a port that is taken', async () => {
    const credentials = { aptrinsic: { apiKey: 'another' } };
    const second = await startSimulator({ credentials, settings: { aptrinsic: { wrongRegion: 401 } } });
    await second.configure({ aptrinsic: { wrongRegion: false } });
    expect((await aptrinsic(second, 'GET', 'jane', '', 'another')).status).toBe(404);
    expect((await aptrinsic(second, 'GET', 'jane')).status).toBe(401);
    const taken = Number(new URL(second.addresses.person).port);
    await expect(startSimulator({ ports: { person: taken } })).rejects.toThrow('EADDRINUSE');
    await second.close();
  });

  it('ends hanging and slow calls and callbacks under way when it is closed', async () => {
    await simulator.seed({ provider: 'measureone', individualId });
    await simulator.addFault({ provider: 'aptrinsic', kind: 'hang', times: 1 });
    await simulator.addFault({ provider: 'aptrinsic', kind: 'slow', delayMs: 60_000, times: 1 });
    await simulator.addFault({ provider: 'measureone', operation: 'callback', kind: 'slow', delayMs: 60_000 });
    const broken = [1, 2].map(() => aptrinsic(simulator, 'GET', 'jane').catch(() => 'broken'));
    const delivered = simulator.deliverCallback({ individualId, url: receiver.url });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await simulator.close();
    expect(await Promise.all(broken)).toEqual(['broken', 'broken']);
    expect(await delivered).toMatchObject([{ status: 'failed' }]);
    expect(receiver.received).toEqual([]);
  });

  it('refuses settings that do not exist', async () => {
    await expect(startSimulator({ settings: { person: { oops: 1 } } as never })).rejects.toThrow('oops');
  });
});
