import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { DAY_MS } from '../../domain/duration';
import type { Delivery } from '../../gateway/callback-delivery';
import { createGatewayMetrics } from '../../gateway/metrics';
import { createGateway, type GatewayOptions } from '../../gateway/server';
import { CAPABILITY_HEADER } from '../../security/capability-header';
import { callbackOf, FakeConfirmer, LogCapture, makeKeys, type Callback, type Keys } from './callback-bench';

const PURGED = JSON.stringify({ event: 'individual.purged', individual_id: 'idv_planted' });
const NOT_FOUND = '{"error":"not found"}';

let keys: Keys;
let strangers: Keys;
let delivery: FakeConfirmer;
let log: LogCapture;
let gateway: FastifyInstance;
let callback: Callback;

beforeAll(async () => {
  keys = await makeKeys();
  strangers = await makeKeys();
});
afterAll(async () => {
  await keys.remove();
  await strangers.remove();
});
beforeEach(async () => {
  delivery = new FakeConfirmer();
  log = new LogCapture();
  gateway = open();
  callback = await callbackOf(keys.issuer);
});
afterEach(() => gateway.close());

function open(overrides: Partial<GatewayOptions> = {}): FastifyInstance {
  return createGateway({
    checker: keys.checker,
    delivery,
    metrics: createGatewayMetrics(),
    logger: log.logger,
    invalidPerMinute: 1_000_000,
    isReady: async () => true,
    ...overrides,
  });
}

function post(options: InjectOptions = {}): Promise<LightMyRequestResponse> {
  return gateway.inject({ method: 'POST', url: callback.path, headers: callback.headers, payload: PURGED, ...options });
}

const withCapability = (capability: string | string[]): InjectOptions => ({
  headers: { ...callback.headers, [CAPABILITY_HEADER]: capability },
});

describe('a callback that proves itself', () => {
  it('is delivered, with nothing of its body but the event name', async () => {
    const answer = await post();
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    const { requestId, runId, handle } = callback;
    const from = { requestId, runId, provider: 'measureone', handle, receivedAt: expect.any(Number) };
    expect(delivery.delivered).toEqual([{ ...from, event: 'individual.purged' }]);
  });

  it.each<[string, string, number, InjectOptions]>([
    ['no body and no content type', 'no-event', 204, { payload: '', headers: { 'content-type': undefined } }],
    ['no body', 'no-event', 204, { payload: '' }],
    ['null', 'no-event', 204, { payload: 'null' }],
    ['a list', 'no-event', 204, { payload: '[]' }],
    ['a depth bomb', 'no-event', 204, { payload: '['.repeat(32_000) + ']'.repeat(32_000) }],
    ['another event', 'another-event', 204, { payload: '{"event":"individual.created"}' }],
    ['somebody else’s id', 'another-person', 204, { payload: PURGED.replace('planted', 'other') }],
    ['a failure', 'failure', 204, { payload: '{"status":"FAILED"}' }],
    ['no JSON', 'unreadable', 400, { payload: '{"event":' }],
    ['an unknown encoding', 'unreadable', 415, { headers: { 'content-encoding': 'zstd' } }],
    ['a bomb', 'unreadable', 413, { headers: { 'content-encoding': 'gzip' }, payload: gzipSync(' '.repeat(65_537)) }],
  ])('is kept as evidence, and confirms nothing, with %s: %s, %i', async (_what, says, status, options) => {
    const answer = await post({ ...options, headers: { ...callback.headers, ...options.headers } });
    expect(answer.statusCode).toBe(status);
    expect(delivery.delivered).toEqual([expect.objectContaining({ handle: callback.handle, says })]);
    expect(delivery.confirmed).toEqual([]);
    expect(log.about(callback.handle)).toEqual([expect.objectContaining({ level: 40, says })]);
  });

  it.each<[string, InjectOptions]>([
    ['no content type', { headers: { 'content-type': undefined } }],
    ['another charset', { headers: { 'content-type': 'application/json; charset=iso-8859-1' } }],
    ['another content type', { headers: { 'content-type': 'text/plain' } }],
    ['a content type that is none', { headers: { 'content-type': '////' } }],
    ['gzip', { headers: { 'content-encoding': 'gzip' }, payload: gzipSync(PURGED) }],
  ])('confirms with %s', async (_what, options) => {
    expect((await post({ ...options, headers: { ...callback.headers, ...options.headers } })).statusCode).toBe(204);
    expect(delivery.confirmed).toHaveLength(1);
  });

  it.each<[string, number, InjectOptions]>([
    ['a wrong content length', 400, { headers: { 'content-length': '5' } }],
    ['too much', 413, { payload: `"${'x'.repeat(64 * 1024)}"` }],
  ])('is not read at all with %s: %i', async (_what, status, options) => {
    const answer = await post({ ...options, headers: { ...callback.headers, ...options.headers } });
    expect(answer.statusCode).toBe(status);
    expect(Object.keys(answer.json())).toEqual(['error']);
    expect(delivery.delivered).toEqual([]);
  });

  it.each<[Delivery, number, string]>([
    [{ outcome: 'delivered' }, 204, 'info'],
    [{ outcome: 'already-over' }, 204, 'warn'],
    [{ outcome: 'unknown' }, 404, 'warn'],
    [{ outcome: 'temporal-away', reason: '14 UNAVAILABLE' }, 503, 'error'],
    [{ outcome: 'run-full', reason: '8 RESOURCE_EXHAUSTED' }, 503, 'error'],
  ])('is answered by what became of it: %j', async (outcome, status, level) => {
    delivery.delivery = outcome;
    const answer = await post();
    expect(answer.statusCode).toBe(status);
    expect(log.about(callback.handle).map((line) => log.logger.levels.labels[line.level])).toEqual([level]);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '30' : undefined);
    expect(answer.body).toBe({ 204: '', 404: NOT_FOUND, 503: '{"error":"try again later"}' }[status]);
  });

  it('is answered only once its delivery is known', async () => {
    let deliver: (delivery: Delivery) => void = () => undefined;
    delivery.delivery = new Promise((resolve) => (deliver = resolve));
    let isAnswered = false;
    const answer = post().finally(() => (isAnswered = true));
    while (delivery.delivered.length === 0) await sleep(5);
    await sleep(50);
    expect(isAnswered).toBe(false);
    deliver({ outcome: 'temporal-away', reason: 'x' });
    expect((await answer).statusCode).toBe(503);
  });
});

describe('a callback that does not prove itself', () => {
  const forgeries: Record<string, () => Promise<InjectOptions> | InjectOptions> = {
    'no capability': () => ({ headers: { 'content-type': 'application/json' } }),
    'an empty capability': () => withCapability(''),
    'the capability twice': () => withCapability([callback.capability, callback.capability]),
    'a capability with another signature': () => withCapability(flipped(callback.capability, -10)),
    'a capability with other claims': () => withCapability(flipped(callback.capability, 120)),
    'a capability with another header': () => withCapability(flipped(callback.capability, 5)),
    'a capability cut short': () => withCapability(callback.capability.slice(0, -1)),
    'an unsigned capability': () => withCapability(unsigned(callback.capability)),
    'random bytes': () => withCapability(randomBytes(300).toString('base64url')),
    'the capability of a stranger': async () => {
      const { requestId } = callback;
      const forged = await callbackOf(strangers.issuer, { requestId });
      return { url: forged.path, headers: forged.headers };
    },
    'an expired capability': async () => {
      const { requestId } = callback;
      const expired = await callbackOf(keys.issuer, { requestId, now: Date.now() - 60 * DAY_MS - 1_000 });
      return { url: expired.path, headers: expired.headers };
    },
    'the capability of another request': async () => withCapability((await callbackOf(keys.issuer)).capability),
    'another handle': () => ({ url: `/callbacks/measureone/${randomBytes(24).toString('base64url')}` }),
    'another provider': () => ({ url: `/callbacks/person/${callback.handle}` }),
    'an unknown provider': () => ({ url: `/callbacks/constructor/${callback.handle}` }),
    'the provider in capitals': () => ({ url: `/callbacks/MEASUREONE/${callback.handle}` }),
    'the capability in the query': () => ({
      url: `${callback.path}?${CAPABILITY_HEADER}=${callback.capability}`,
      headers: {},
    }),
    'a body too large': () => ({ headers: { 'content-type': 'application/json' }, payload: 'x'.repeat(100_000) }),
  };

  it.each(Object.keys(forgeries))('is answered like an unknown route: %s', async (kind) => {
    const unknownRoute = await gateway.inject({ method: 'POST', url: '/nowhere', payload: PURGED });
    const answer = await post(await forgeries[kind]?.());
    expect(facts(answer)).toEqual(facts(unknownRoute));
    expect([answer.statusCode, answer.body]).toEqual([404, NOT_FOUND]);
    expect(delivery.delivered).toEqual([]);
  });

  it.each<[string, () => InjectOptions]>([
    ['GET', () => ({ method: 'GET', payload: '' })],
    ['PUT', () => ({ method: 'PUT' })],
    ['OPTIONS', () => ({ method: 'OPTIONS' })],
    ['DELETE', () => ({ method: 'DELETE' })],
    ['a path too long', () => ({ url: `/callbacks/measureone/${'a'.repeat(2_000)}` })],
    ['a path that cannot be decoded', () => ({ url: '/callbacks/measureone/%E0%A4%A' })],
    ['a path with more parts', () => ({ url: `${callback.path}/x` })],
    ['an unknown route with a large body', () => ({ url: '/nowhere', payload: 'x'.repeat(100_000) })],
  ])('is answered like an unknown route, with a good capability too: %s', async (_what, options) => {
    const answer = await post(options());
    expect(facts(answer)).toEqual(facts(await gateway.inject({ method: 'POST', url: '/nowhere' })));
    expect(delivery.delivered).toEqual([]);
  });

  it('is answered to HEAD like an unknown route', async () => {
    const answer = await post({ method: 'HEAD', payload: '' });
    expect(facts(answer)).toEqual(facts(await gateway.inject({ method: 'HEAD', url: '/nowhere' })));
    expect(answer.statusCode).toBe(404);
  });

  it('is never accepted in 2,000 forgeries, and true callbacks pass among them from the same address', async () => {
    gateway = open({ invalidPerMinute: 100 });
    const kinds = Object.values(forgeries);
    const counts: Record<number, number> = {};
    const trueOnes: number[] = [];
    for (let number = 0; number < 2_000; number += 1) {
      const { statusCode } = await post(await kinds[number % kinds.length]?.());
      counts[statusCode] = (counts[statusCode] ?? 0) + 1;
      if (number % 200 === 199) trueOnes.push((await post()).statusCode);
    }
    expect(counts).toEqual({ 404: 100, 429: 1_900 });
    expect(trueOnes).toEqual(Array.from({ length: 10 }, () => 204));
    expect(delivery.delivered).toHaveLength(10);
    expect(new Set(delivery.delivered.map(({ handle }) => handle))).toEqual(new Set([callback.handle]));
  });

  it('is limited by its address only', async () => {
    gateway = open({ invalidPerMinute: 2 });
    const forged = (remoteAddress: string, headers = {}) => post({ remoteAddress, headers, payload: '' });
    const statuses: number[] = [];
    for (let number = 0; number < 3; number += 1) {
      statuses.push((await forged('198.51.100.1', { 'x-forwarded-for': `203.0.113.${number}` })).statusCode);
    }
    expect(statuses).toEqual([404, 404, 429]);
    expect((await forged('198.51.100.2')).statusCode).toBe(404);
    const limited = await forged('198.51.100.1');
    expect(limited.body).toBe('{"error":"too many requests"}');
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(limited.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('does not use up the limit by being valid', async () => {
    gateway = open({ invalidPerMinute: 1 });
    for (let number = 0; number < 5; number += 1) expect((await post()).statusCode).toBe(204);
    expect((await post({ headers: {} })).statusCode).toBe(404);
  });
});

describe('the gateway', () => {
  it('is alive, and ready while Temporal answers', async () => {
    let isReady = true;
    gateway = open({ isReady: async () => isReady });
    expect((await gateway.inject('/readyz')).statusCode).toBe(200);
    isReady = false;
    expect([(await gateway.inject('/readyz')).statusCode, (await gateway.inject('/readyz')).body]).toEqual([
      503,
      '{"status":"not ready"}',
    ]);
    expect((await gateway.inject('/healthz')).statusCode).toBe(200);
  });

  it('answers a bug of its own without saying anything about it, and logs no message', async () => {
    gateway = open({ checker: { check: () => Promise.reject(new Error(`secret ${callback.capability}`)) } });
    const answer = await post();
    expect([answer.statusCode, answer.body]).toEqual([500, '{"error":"internal error"}']);
    expect(log.lines.map(({ msg, reason }) => [msg, reason])).toEqual([
      ['A request failed inside the gateway', 'Error'],
    ]);
    expect(log.text).not.toContain('secret');
  });

  it('names no software and repeats nothing of a request', async () => {
    const marker = randomUUID();
    const answers = await Promise.all([
      post({ url: `/callbacks/${marker}/${marker}?${marker}`, headers: { 'x-request-id': marker, origin: marker } }),
      post({ payload: `{"event":"${marker}"}` }),
      post({ payload: marker }),
      gateway.inject({ method: 'GET', url: `/${marker}`, headers: { 'request-id': marker } }),
    ]);
    for (const { body, headers } of answers) {
      expect(JSON.stringify([body, headers])).not.toContain(marker);
      const known = ['connection', 'content-length', 'content-type', 'date'];
      expect(Object.keys(headers).filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  it('logs neither capabilities nor bodies nor URLs, whatever happens', async () => {
    const planted = 'planted-individual';
    const payload = JSON.stringify({ event: 'individual.purged', individual_id: planted });
    for (const outcome of ['delivered', 'already-over', 'unknown'] as const) {
      delivery.delivery = { outcome };
      await post({ payload, url: `${callback.path}?${planted}` });
    }
    delivery.delivery = { outcome: 'temporal-away', reason: '4 DEADLINE_EXCEEDED' };
    await post({ payload });
    await post({ payload: `{"event":"${planted}"}` });
    await post({ payload: planted });
    await post({ url: `/callbacks/measureone/${planted}` });
    await post({ url: `/${planted}` });
    await post(withCapability(flipped(callback.capability, -10)));
    expect(log.about(callback.handle)).toHaveLength(6);
    expect(log.lines).toHaveLength(8);
    const secrets = [planted, callback.capability, CAPABILITY_HEADER, '/callbacks/', 'idv_planted'];
    for (const secret of [...secrets, ...callback.capability.split('.')]) expect(log.text).not.toContain(secret);
  });
});

function flipped(text: string, at: number): string {
  const index = at < 0 ? text.length + at : at;
  return text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);
}

function unsigned(capability: string): string {
  const header = Buffer.from('{"alg":"none","typ":"erasure-callback+jwt"}').toString('base64url');
  return `${header}.${capability.split('.')[1]}.`;
}

function facts({ statusCode, body, headers }: LightMyRequestResponse): object {
  return { statusCode, body, headers: { ...headers, date: undefined } };
}
