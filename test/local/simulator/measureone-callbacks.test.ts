import { randomBytes } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import { hourMs, individualId, purgeIndividual, type Receiver, startReceiver } from './calling';

let simulator: Simulator;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
  simulator = await startSimulator();
  await simulator.seed({ provider: 'measureone', individualId });
});
afterEach(async () => {
  await simulator.close();
  await receiver.close();
});

const purge = (credentials?: object) =>
  purgeIndividual(simulator, {
    individual_id: individualId,
    delivery_details: [
      {
        event_type: 'individual.purged',
        url: `${receiver.url}/callbacks/handle`,
        headers: { 'X-Capability': 'secret', 'Content-Type': 'application/xml' },
        ...(credentials && { x_auth_token_credentials: credentials }),
      },
    ],
  });

describe('individual.purged', () => {
  it('is delivered at the instant of the purge, with the headers asked for', async () => {
    await purge();
    const { purgeOn } = await simulator.record('measureone', individualId);
    await simulator.setTime(Date.parse(purgeOn ?? '') - 60_000);
    expect(receiver.received).toHaveLength(0);
    await simulator.advance(30 * 24 * hourMs);
    expect(receiver.received).toHaveLength(1);
    const [callback] = receiver.received;
    expect(callback).toMatchObject({
      path: '/callbacks/handle',
      headers: { 'x-capability': 'secret', 'content-type': 'application/json' },
    });
    expect(JSON.parse(callback?.body ?? '')).toMatchObject({ event: 'individual.purged' });

    const [delivery] = await simulator.callbacks({ individualId });
    expect(delivery).toMatchObject({ status: 200, cause: 'scheduled', attempt: 1 });
    expect(Date.parse(delivery?.at ?? '') - Date.parse(purgeOn ?? '')).toBeLessThan(1000);
  });

  it('is never sent where no details were given', async () => {
    await purgeIndividual(simulator, { individual_id: individualId });
    await simulator.advance(500 * hourMs);
    expect(await simulator.callbacks()).toEqual([]);
  });

  it.each([
    ['early', 100 * hourMs, 20 * hourMs],
    ['late', 72 * hourMs, 192 * hourMs],
  ] as const)('can come %s', async (mode, offsetMs, expectedAfterMs) => {
    await simulator.setDelivery({ individualId, mode, offsetMs });
    await purge();
    const { receivedAt } = await simulator.record('measureone', individualId);
    await simulator.setTime(Date.parse(receivedAt ?? '') + expectedAfterMs - 60_000);
    expect(receiver.received).toHaveLength(0);
    await simulator.advance(60_000);
    expect(receiver.received).toHaveLength(1);
    await simulator.advance(1000 * hourMs);
    expect(receiver.received).toHaveLength(1);
  });

  it('can never come', async () => {
    await simulator.setDelivery({ individualId, mode: 'never' });
    await purge();
    await simulator.advance(1000 * hourMs);
    expect(await simulator.record('measureone', individualId)).toMatchObject({ exists: false });
    expect(receiver.received).toHaveLength(0);
  });

  it('follows a change of behaviour made after the request', async () => {
    await purge();
    await simulator.configure({ measureone: { delivery: { mode: 'never' } } });
    await simulator.advance(200 * hourMs);
    expect(receiver.received).toHaveLength(0);
    await simulator.setDelivery({ individualId, mode: 'on-time' });
    await simulator.advance(1);
    expect(receiver.received).toHaveLength(1);
  });

  it('is not sent again by a change of behaviour', async () => {
    await purge();
    await simulator.advance(121 * hourMs);
    await simulator.setDelivery({ individualId, mode: 'late' });
    await simulator.advance(100 * hourMs);
    expect(receiver.received).toHaveLength(1);
  });

  it('starts anew with a repeat that restarts the clock', async () => {
    await simulator.configure({ measureone: { repeat: 'accepted-restarts-clock' } });
    await purge();
    await simulator.advance(100 * hourMs);
    await purge();
    await simulator.advance(100 * hourMs);
    expect(receiver.received).toHaveLength(0);
    await simulator.advance(20 * hourMs);
    expect(receiver.received).toHaveLength(1);
  });

  it('is sent twice, and with any payload, where told so', async () => {
    await simulator.setDelivery({ individualId, mode: 'on-time', duplicates: 2, payload: { odd: true } });
    await purge();
    await simulator.advance(120 * hourMs);
    expect(receiver.received.map(({ body }) => body)).toEqual(['{"odd":true}', '{"odd":true}', '{"odd":true}']);
    expect((await simulator.callbacks()).map(({ cause }) => cause)).toEqual(['scheduled', 'duplicate', 'duplicate']);
  });

  it('is retried on the simulator clock until it is taken', async () => {
    receiver.answers.splice(0, 1, { status: 503 }, { status: 404 }, { status: 200 });
    await purge();
    await simulator.advance(120 * hourMs);
    expect(receiver.received).toHaveLength(1);
    await simulator.advance(60_000);
    expect(receiver.received).toHaveLength(2);
    await simulator.advance(100 * hourMs);
    const deliveries = await simulator.callbacks();
    expect(deliveries.map(({ status, attempt, cause }) => [status, attempt, cause])).toEqual([
      [503, 1, 'scheduled'],
      [404, 2, 'retry'],
      [200, 3, 'retry'],
    ]);
    expect(Date.parse(deliveries[2]?.at ?? '') - Date.parse(deliveries[1]?.at ?? '')).toBeGreaterThanOrEqual(600_000);
  });

  it('is given up after the last retry, also where nobody listens', async () => {
    await receiver.close();
    await purge();
    await simulator.advance(500 * hourMs);
    const deliveries = await simulator.callbacks();
    expect(deliveries.map(({ status }) => status)).toEqual(Array(5).fill('failed'));
    expect(deliveries[0]?.error).toContain('ECONNREFUSED');
  });
});

describe('the token fetched for a callback', () => {
  const credentials = (more: object = {}) => ({
    token_type: 'JWT',
    http_method: 'POST',
    url: `${receiver.url}/token`,
    ...more,
  });

  it('is found by its path and sent as a bearer token', async () => {
    receiver.answers.splice(0, 1, { status: 200, body: '{"data":{"jwt":"a.b.c"}}' }, { status: 200 });
    await purge(credentials({ headers: { 'x-client': 'm1' }, data: { secret: 's' }, response_token_path: 'data.jwt' }));
    await simulator.advance(120 * hourMs);
    expect(receiver.received).toHaveLength(2);
    expect(receiver.received[0]).toMatchObject({
      path: '/token',
      body: '{"secret":"s"}',
      headers: { 'x-client': 'm1', 'content-type': 'application/json' },
    });
    expect(receiver.received[1]?.headers).toMatchObject({ authorization: 'Bearer a.b.c', 'x-capability': 'secret' });
    expect(await simulator.callbacks()).toMatchObject([{ tokenStatus: 200, status: 200 }]);
  });

  it('is the whole answer without a path, asked for by form, sent as x-auth-token', async () => {
    await simulator.configure({ measureone: { tokenHeader: 'x-auth-token' } });
    receiver.answers.splice(0, 1, { status: 200, body: '"a.b.c"\n' }, { status: 200 });
    await purge(credentials({ headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, data: { a: 'b c' } }));
    await simulator.advance(120 * hourMs);
    expect(receiver.received[0]?.body).toBe('a=b+c');
    expect(receiver.received[1]?.headers).toMatchObject({ 'x-auth-token': 'a.b.c' });
  });

  it.each([
    [{ status: 401 }, /token endpoint answered 401/],
    [{ status: 200, body: '{"other":1}' }, /no token at data.jwt/],
  ])('keeps the callback from being sent when it cannot be had: %j', async (answer, reason) => {
    receiver.answers.splice(0, 1, answer);
    await simulator.setDelivery({ individualId, mode: 'on-time', retryDelaysMs: [] });
    await purge(credentials({ response_token_path: 'data.jwt' }));
    await simulator.advance(120 * hourMs);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/token']);
    expect(await simulator.callbacks()).toMatchObject([
      { tokenStatus: answer.status, status: 'failed', error: expect.stringMatching(reason) },
    ]);
  });
});

describe('the credentials of a token request in encrypted form', () => {
  const key = randomBytes(32);
  const encrypted = (text: string, by: Uint8Array = key): Promise<string> =>
    new CompactEncrypt(Buffer.from(text)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(by);
  const order = async (more: object = {}) => ({
    token_type: 'JWT',
    http_method: 'POST',
    url: `${receiver.url}/token`,
    key_id: 'key-1',
    headers: { 'x-client': await encrypted('m1') },
    data: { secret: await encrypted('sécret') },
    ...more,
  });
  beforeEach(async () => {
    await simulator.configure({ measureone: { encryptionKeys: { 'key-1': key.toString('base64url') } } });
    await simulator.setDelivery({ individualId, mode: 'on-time', retryDelaysMs: [] });
  });

  it('are decrypted with the key registered under the key id', async () => {
    receiver.answers.splice(0, 1, { status: 200, body: 'a.b.c' }, { status: 200 });
    await purge(await order());
    await simulator.advance(120 * hourMs);
    expect(receiver.received[0]).toMatchObject({
      path: '/token',
      body: '{"secret":"sécret"}',
      headers: { 'x-client': 'm1' },
    });
    expect(receiver.received[1]?.headers).toMatchObject({ authorization: 'Bearer a.b.c' });
  });

  it.each<[string, () => Promise<object>, RegExp]>([
    ['an unknown key id', async () => ({ key_id: 'key-2' }), /no encryption key is registered/],
    ['values in the clear', async () => ({ data: { secret: 'sécret' } }), /cannot be decrypted/],
    ['another key', async () => ({ data: { secret: await encrypted('x', randomBytes(32)) } }), /cannot be decrypted/],
  ])('with %s keep the callback from being sent', async (_what, more, reason) => {
    await purge(await order(await more()));
    await simulator.advance(120 * hourMs);
    expect(receiver.received).toEqual([]);
    expect(await simulator.callbacks()).toMatchObject([{ status: 'failed', error: expect.stringMatching(reason) }]);
  });
});

describe('the token of a MeasureOne that takes it otherwise', () => {
  const credentials = () => ({ token_type: 'JWT', http_method: 'POST', url: `${receiver.url}/token` });
  const sequence = (...answers: { status: number; body?: string }[]) => receiver.answers.splice(0, 1, ...answers);
  const tokens = () =>
    receiver.received.map(({ path, headers }) => (path === '/token' ? 'fetched' : headers.authorization));
  const ok = { status: 200 };
  const token = (body: string) => ({ status: 200, body });

  it('is fetched anew for each attempt, unless told otherwise', async () => {
    sequence(token('one'), { status: 401 }, token('two'), ok);
    await purge(credentials());
    await simulator.advance(121 * hourMs);
    expect(tokens()).toEqual(['fetched', 'Bearer one', 'fetched', 'Bearer two']);
  });

  it('is fetched once and used until long after it is stale', async () => {
    await simulator.configure({ measureone: { tokenUse: 'kept' } });
    await simulator.setDelivery({ individualId, mode: 'on-time', retryDelaysMs: [hourMs, hourMs] });
    sequence(token('one'), { status: 401 });
    await purge(credentials());
    await simulator.advance(130 * hourMs);
    expect(tokens()).toEqual(['fetched', 'Bearer one', 'Bearer one', 'Bearer one']);
  });

  it('is used until it is refused, and then fetched again', async () => {
    await simulator.configure({ measureone: { tokenUse: 'kept-until-refused' } });
    await simulator.setDelivery({ individualId, mode: 'on-time', duplicates: 1, retryDelaysMs: [hourMs] });
    sequence(token('one'), ok, { status: 401 }, token('two'), ok);
    await purge(credentials());
    await simulator.advance(120 * hourMs);
    await simulator.deliverCallback({ individualId });
    expect(tokens()).toEqual(['fetched', 'Bearer one', 'Bearer one', 'fetched', 'Bearer two']);
  });

  it('is put on the callback in a header that nobody expects', async () => {
    await simulator.configure({ measureone: { tokenHeader: 'x-measureone-jwt' } });
    sequence(token('one'), ok);
    await purge(credentials());
    await simulator.advance(120 * hourMs);
    expect(receiver.received[1]?.headers).toMatchObject({ 'x-measureone-jwt': 'one' });
    expect(receiver.received[1]?.headers).not.toHaveProperty('authorization');
  });
});

describe('deliverCallback', () => {
  it('sends the genuine callback before its time', async () => {
    await purge();
    expect(await simulator.deliverCallback({ individualId })).toMatchObject([{ status: 200, cause: 'control' }]);
    expect(receiver.received[0]?.headers).toMatchObject({ 'x-capability': 'secret' });
    await simulator.advance(120 * hourMs);
    expect(receiver.received).toHaveLength(2);
  });

  it('forges one to any address, with any headers and payload', async () => {
    const order = {
      individualId: 'idv_never-seen',
      url: `${receiver.url}/forged`,
      headers: { 'x-capability': 'stolen' },
      payload: 'not json',
    };
    receiver.answers.splice(0, 1, { status: 401 });
    expect(await simulator.deliverCallback(order)).toMatchObject([{ status: 401 }]);
    expect(receiver.received).toMatchObject([
      { path: '/forged', headers: { 'x-capability': 'stolen' }, body: 'not json' },
    ]);
    await expect(simulator.deliverCallback({ individualId: 'idv_never-seen' })).rejects.toThrow('name a url');
  });
});

describe('faults of callbacks', () => {
  it('lose an answer, so that the event comes again', async () => {
    await simulator.addFault({ provider: 'measureone', operation: 'callback', kind: 'reset-after-acting', times: 1 });
    await purge();
    await simulator.advance(121 * hourMs);
    expect(receiver.received).toHaveLength(2);
  });

  it('name somebody else, carry garbage, or do not get out', async () => {
    for (const kind of ['wrong-subject', 'wrong-body', 'down', 'slow'] as const) {
      const more = kind === 'slow' ? { kind, delayMs: 20 } : { kind };
      await simulator.addFault({ provider: 'measureone', operation: 'callback', times: 1, ...more });
      await simulator.deliverCallback({ individualId, url: receiver.url });
    }
    expect(receiver.received.map(({ body }) => body)).toEqual([
      expect.stringContaining('idv_somebodyElse'),
      expect.stringContaining('<!doctype html>'),
      expect.stringContaining('individual.purged'),
    ]);
    expect((await simulator.callbacks()).map(({ status, fault }) => [status, fault])).toEqual([
      [200, 'wrong-subject'],
      [200, 'wrong-body'],
      ['failed', 'down'],
      [200, 'slow'],
    ]);
  });

  it('are counted apart from those of calls', async () => {
    await simulator.addFault({ provider: 'measureone', kind: 'down', times: 1 });
    expect(await simulator.deliverCallback({ individualId, url: receiver.url })).toMatchObject([{ status: 200 }]);
    await expect(purge()).rejects.toThrow('fetch failed');
  });

  it('are refused where they make no sense', async () => {
    await expect(
      simulator.addFault({ provider: 'measureone', operation: 'callback', kind: 'forbidden' }),
    ).rejects.toThrow('callback');
  });
});
