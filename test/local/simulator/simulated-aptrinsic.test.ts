import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import { aptrinsic, dayMs } from './calling';

const identifyId = 'jane+gdpr@example.com';
let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
  await simulator.seed({ provider: 'aptrinsic', identifyId, createDate: '2024-02-03T04:05:06Z' });
});
afterEach(() => simulator.close());

const remove = (query = '') => aptrinsic(simulator, 'DELETE', identifyId, query);
const read = () => aptrinsic(simulator, 'GET', identifyId);
const record = () => simulator.record('aptrinsic', identifyId);

describe('reading a user', () => {
  it('gives the record with its create date in epoch milliseconds', async () => {
    const { status, json } = await read();
    expect(status).toBe(200);
    expect(json).toMatchObject({
      identifyId,
      aptrinsicId: expect.any(String),
      createDate: Date.parse('2024-02-03T04:05:06Z'),
    });
    await simulator.configure({ aptrinsic: { createDate: 'iso' } });
    expect((await read()).json.createDate).toBe('2024-02-03T04:05:06.000Z');
  });

  it('answers an unknown user and another spelling with 404', async () => {
    for (const id of ['nobody', identifyId.toUpperCase(), 'jane gdpr@example.com']) {
      const { status, json } = await aptrinsic(simulator, 'GET', id);
      expect(status).toBe(404);
      expect(json.externalapierror).toMatchObject({ status: 'NOT_FOUND', message: expect.stringContaining(id) });
    }
  });

  it('refuses another key', async () => {
    expect((await aptrinsic(simulator, 'GET', identifyId, '', 'wrong')).status).toBe(401);
    expect((await aptrinsic(simulator, 'DELETE', identifyId, '', 'wrong')).status).toBe(401);
    expect((await record()).exists).toBe(true);
  });

  it.each([401, 404] as const)('answers everything with %d in the wrong region', async (wrongRegion) => {
    await simulator.configure({ aptrinsic: { wrongRegion } });
    expect((await read()).status).toBe(wrongRegion);
    expect((await remove()).status).toBe(wrongRegion);
    expect((await record()).exists).toBe(true);
  });
});

describe('ids in the path', () => {
  it.each(['a/b', '100%', '%2F', 'a+b', 'a b', 'ü@x', 'a?b#c', 'A'])('%s is one segment, decoded once', async (id) => {
    await simulator.seed({ provider: 'aptrinsic', identifyId: id });
    expect((await aptrinsic(simulator, 'DELETE', id)).status).toBeLessThan(300);
    const [call] = await simulator.calls({ provider: 'aptrinsic' });
    expect(call).toMatchObject({ operation: 'delete', subject: id, rawPath: `/v1/users/${encodeURIComponent(id)}` });
  });

  it('refuses a broken escape, an empty id and a further segment', async () => {
    const call = (path: string) =>
      fetch(`${simulator.addresses.aptrinsic}${path}`, {
        method: 'DELETE',
        headers: { 'x-aptrinsic-api-key': 'aptrinsic-key' },
      });
    expect((await call('/v1/users/100%')).status).toBe(400);
    expect((await call('/v1/users/')).status).toBe(404);
    expect((await call('/v1/users/a/b')).status).toBe(404);
    expect((await simulator.calls()).map(({ rawPath }) => rawPath)).toEqual([
      '/v1/users/100%',
      '/v1/users/',
      '/v1/users/a/b',
    ]);
  });
});

describe('deleting a user', () => {
  it('hides a soft-deleted one, which a second delete does not find', async () => {
    expect((await remove()).status).toBe(200);
    expect((await read()).status).toBe(404);
    expect(await record()).toMatchObject({
      exists: true,
      hidden: true,
      hardDeleted: false,
      softDeletedAt: expect.any(String),
    });
    expect((await remove('?hardDelete=true')).status).toBe(404);
    expect(await record()).toMatchObject({ hardDeleted: false });
  });

  it('can leave it visible, and can upgrade it to a hard delete', async () => {
    await simulator.configure({ aptrinsic: { readAfterSoftDelete: 'visible', secondDelete: 'upgrades' } });
    await remove();
    expect((await read()).status).toBe(200);
    expect((await remove()).status).toBe(404);
    expect((await remove('?hardDelete=true')).status).toBeLessThan(300);
    expect((await read()).status).toBe(404);
    expect(await record()).toMatchObject({ exists: false, hidden: false, hardDeleted: true });
  });

  it('refuses a hardDelete that is no boolean', async () => {
    expect((await remove('?hardDelete=yes')).status).toBe(400);
    expect((await record()).exists).toBe(true);
  });

  it('answers success in a different way each time', async () => {
    const replies = [];
    for (let turn = 0; turn < 4; turn++) {
      const id = `user-${turn}`;
      await simulator.seed({ provider: 'aptrinsic', identifyId: id });
      replies.push(await aptrinsic(simulator, 'DELETE', id));
    }
    expect(replies.map(({ status, text }) => [status, text])).toEqual([
      [200, '{"body":{},"statusCode":"100","statusCodeValue":42}'],
      [200, '{"body":{},"statusCode":"200","statusCodeValue":200}'],
      [200, ''],
      [204, ''],
    ]);
  });
});

describe('a live site identifying the user again', () => {
  it('revives the same record within seven days of a soft delete', async () => {
    const { json: before } = await read();
    await remove();
    await simulator.advance(7 * dayMs - 60_000);
    await simulator.liveTag({ identifyId });
    const { json: after } = await read();
    expect(after).toMatchObject({ aptrinsicId: before.aptrinsicId, createDate: before.createDate });
    expect(await record()).toMatchObject({
      exists: true,
      hidden: false,
      events: 2,
      records: 1,
      revivedAt: expect.any(String),
    });
  });

  it('makes a new record afterwards', async () => {
    const { json: before } = await read();
    await remove();
    await simulator.advance(7 * dayMs + 60_000);
    expect(await record()).toMatchObject({ exists: false, hidden: false });
    await simulator.liveTag({ identifyId });
    const { json: after } = await read();
    expect(after.aptrinsicId).not.toBe(before.aptrinsicId);
    expect(Date.now() + 7 * dayMs - after.createDate).toBeLessThan(60_000);
    expect(await record()).toMatchObject({ exists: true, events: 1, records: 2 });
  });

  it('makes a new record at once after a hard delete', async () => {
    await remove('?hardDelete=true');
    await simulator.liveTag({ identifyId });
    expect(await record()).toMatchObject({ exists: true, hardDeleted: false, events: 1, records: 2 });
  });

  it('only updates one that was never deleted', async () => {
    await simulator.liveTag({ identifyId });
    expect(await record()).toMatchObject({ exists: true, events: 2, records: 1 });
  });
});
