import { randomBytes } from 'node:crypto';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { MINUTE_MS } from '../../domain/duration';
import { createGatewayMetrics, type GatewayMetrics } from '../../gateway/metrics';
import { createGateway, type GatewayOptions } from '../../gateway/server';
import { createCredentialCheck } from '../../security/token-credentials';
import { callbackOf, FakeConfirmer, LogCapture, makeKeys, type Callback, type Keys } from './callback-bench';

const SECRET = 'planted-secret-of-measureone';
const data = { client_id: 'measureone', client_secret: SECRET };

let keys: Keys;
let delivery: FakeConfirmer;
let log: LogCapture;
let metrics: GatewayMetrics;
let gateway: FastifyInstance;
let callback: Callback;
let now: number;

beforeAll(async () => void (keys = await makeKeys()));
afterAll(() => keys.remove());
beforeEach(async () => {
  delivery = new FakeConfirmer();
  log = new LogCapture();
  metrics = createGatewayMetrics();
  now = Date.now();
  callback = await callbackOf(keys.issuer);
  gateway = open();
});
afterEach(() => gateway.close());

type TokenMode = NonNullable<GatewayOptions['token']>;

function open(mode: Partial<TokenMode> = {}, more: Partial<GatewayOptions> = {}): FastifyInstance {
  return createGateway({
    checker: keys.checker,
    token: {
      issuer: keys.tokenIssuer,
      checker: keys.tokenChecker,
      isCaller: createCredentialCheck([
        { headers: {}, data },
        { headers: { 'x-client-secret': SECRET }, data: {} },
      ]),
      headers: ['authorization', 'x-auth-token'],
      required: true,
      ...mode,
    },
    delivery,
    metrics,
    logger: log.logger,
    invalidPerMinute: 1_000,
    isReady: async () => true,
    now: () => now,
    ...more,
  });
}

const tokenUrl = (handle = callback.handle) => `/callbacks/measureone/token/${handle}`;

function ask(options: InjectOptions = {}) {
  const headers = { 'content-type': 'application/json' };
  return gateway.inject({ method: 'POST', url: tokenUrl(), headers, payload: JSON.stringify(data), ...options });
}

async function fetchToken(handle?: string): Promise<string> {
  return (await ask({ url: tokenUrl(handle) })).json<{ access_token: string }>().access_token;
}

function deliver(headers: Record<string, string>, options: InjectOptions = {}) {
  const url = callback.path;
  return gateway.inject({
    method: 'POST',
    url,
    headers: { ...callback.headers, ...headers },
    payload: '{"event":"individual.purged"}',
    ...options,
  });
}

async function counted(name: string): Promise<Record<string, number>> {
  const { values = [] } = (await metrics.registry.getSingleMetric(name)?.get()) ?? {};
  const rows = values.filter(({ value }) => value > 0).map(({ labels, value }) => [Object.values(labels)[0], value]);
  return Object.fromEntries(rows) as Record<string, number>;
}

const level = (number = 0) => log.logger.levels.labels[number];

describe('the token endpoint', () => {
  it('issues a token for one handle, to be found by its path and not to be kept', async () => {
    const answer = await ask();
    expect([answer.statusCode, answer.headers['cache-control'], answer.headers['pragma']]).toEqual([
      200,
      'no-store',
      'no-cache',
    ]);
    expect(answer.json()).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 });
    const { access_token: token } = answer.json<{ access_token: string }>();
    const { handle } = callback;
    expect(await keys.tokenChecker.check({ token, provider: 'measureone', handle, now })).toBe('valid');
    expect(await counted('erasure_gateway_tokens_total')).toEqual({ issued: 1 });
  });

  it('answers with nothing but the token where the whole answer is to be the token', async () => {
    const answer = await ask({ url: `${tokenUrl()}/plain` });
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      'text/plain',
      'no-store',
    ]);
    const { handle } = callback;
    expect(await keys.tokenChecker.check({ token: answer.body, provider: 'measureone', handle, now })).toBe('valid');
  });

  it.each<[string, InjectOptions]>([
    ['JSON without a content type', { headers: {} }],
    ['JSON with a charset', { headers: { 'content-type': 'application/json; charset=utf-8' } }],
    [
      'a form',
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        payload: new URLSearchParams(data).toString(),
      },
    ],
    ['a header and no body', { headers: { 'x-client-secret': SECRET }, payload: '' }],
    ['more than was asked for', { payload: JSON.stringify({ ...data, more: [1] }) }],
  ])('takes the credentials as %s', async (_how, options) => {
    expect((await ask(options)).statusCode).toBe(200);
  });

  it.each<[string, InjectOptions]>([
    ['nothing', { payload: '' }],
    ['another secret', { payload: JSON.stringify({ ...data, client_secret: `${SECRET}x` }) }],
    ['half of the credentials', { payload: JSON.stringify({ client_secret: SECRET }) }],
    ['a list', { payload: JSON.stringify([data]) }],
    ['a secret that is no text', { payload: JSON.stringify({ ...data, client_secret: [SECRET] }) }],
    ['no JSON', { payload: `{"client_secret":"${SECRET}` }],
    ['a form that is called JSON', { payload: new URLSearchParams(data).toString() }],
    [
      'a field given twice',
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: `${new URLSearchParams(data).toString()}&client_secret=${SECRET}`,
      },
    ],
    [
      'the secret in the query',
      { url: `/callbacks/measureone/token/${'h'.repeat(32)}?client_secret=${SECRET}`, payload: '' },
    ],
    ['another provider', { url: `/callbacks/person/token/${'h'.repeat(32)}` }],
    ['an unknown provider', { url: `/callbacks/constructor/token/${'h'.repeat(32)}` }],
    ['what is no handle', { url: '/callbacks/measureone/token/h' }],
  ])('refuses %s, without a word about it', async (_what, options) => {
    const answer = await ask(options);
    expect([answer.statusCode, answer.body]).toEqual([401, '{"error":"not authorized"}']);
    expect(await counted('erasure_gateway_tokens_total')).toEqual({ refused: 1 });
    expect(await counted('erasure_gateway_callback_token_missing_total')).toEqual({});
    expect(log.lines.map((line) => level(line.level))).toEqual(['warn']);
    expect(log.text).not.toContain(SECRET);
  });

  it('takes no large body, and no other method', async () => {
    expect((await ask({ payload: JSON.stringify({ ...data, more: 'x'.repeat(8_200) }) })).statusCode).toBe(413);
    expect((await ask({ method: 'GET', payload: '' })).statusCode).toBe(404);
    expect(await counted('erasure_gateway_tokens_total')).toEqual({ failed: 1 });
  });

  it('shares one limit with callbacks that do not prove themselves, and never limits who knows the credentials', async () => {
    gateway = open({}, { invalidPerMinute: 2 });
    expect((await ask({ payload: '' })).statusCode).toBe(401);
    expect((await deliver({ 'x-erasure-capability': 'x' })).statusCode).toBe(404);
    const limited = await ask({ payload: '' });
    expect([limited.statusCode, Number(limited.headers['retry-after']) > 0]).toEqual([429, true]);
    expect((await deliver({ 'x-erasure-capability': 'x' })).statusCode).toBe(429);
    expect((await ask()).statusCode).toBe(200);
    expect((await ask({ payload: '', remoteAddress: '198.51.100.7' })).statusCode).toBe(401);
    expect(await counted('erasure_gateway_tokens_total')).toEqual({ refused: 2, 'too-many': 1, issued: 1 });
  });

  it('is not there while tokens are off', async () => {
    gateway = open({}, { token: undefined });
    const answer = await ask();
    expect([answer.statusCode, answer.body]).toEqual([404, '{"error":"not found"}']);
    expect((await deliver({})).statusCode).toBe(204);
  });
});

describe('a callback in token mode', () => {
  it.each<[string, (token: string) => Record<string, string>]>([
    ['as a bearer token', (token) => ({ authorization: `Bearer ${token}` })],
    ['in other letters', (token) => ({ authorization: `BEARER  ${token}` })],
    ['with the colon of the document', (token) => ({ authorization: `Bearer: ${token}` })],
    ['without a scheme', (token) => ({ authorization: token })],
    ['as x-auth-token', (token) => ({ 'x-auth-token': token })],
    ['as x-auth-token with a scheme', (token) => ({ 'x-auth-token': `Bearer ${token}` })],
    ['beside what a proxy has put in', (token) => ({ authorization: 'Basic eDp5', 'x-auth-token': token })],
  ])('is accepted with its token %s', async (_how, headers) => {
    expect((await deliver(headers(await fetchToken()))).statusCode).toBe(204);
    expect(delivery.delivered).toHaveLength(1);
    expect(await counted('erasure_gateway_callbacks_total')).toEqual({ accepted: 1 });
    expect(await counted('erasure_gateway_callback_token_missing_total')).toEqual({});
  });

  it('is accepted with its token in a header of one’s own choice, and in no other', async () => {
    gateway = open({ headers: ['x-measureone-token'] });
    const token = await fetchToken();
    expect((await deliver({ 'x-measureone-token': token })).statusCode).toBe(204);
    expect((await deliver({ authorization: `Bearer ${token}` })).statusCode).toBe(401);
    expect(await counted('erasure_gateway_callback_token_missing_total')).toEqual({ missing: 1 });
  });

  const bad: [string, string, () => Promise<Record<string, string>> | Record<string, string>][] = [
    ['no token', 'missing', () => ({})],
    ['an empty one', 'missing', () => ({ 'x-auth-token': '' })],
    ['a scheme and nothing', 'malformed', () => ({ authorization: 'Bearer' })],
    ['somebody’s password', 'malformed', () => ({ authorization: 'Basic eDp5' })],
    ['its capability as the token', 'algorithm-not-allowed', () => ({ 'x-auth-token': callback.capability })],
    [
      'the token of another handle',
      'another-callback',
      async () => ({ 'x-auth-token': await fetchToken(randomBytes(24).toString('base64url')) }),
    ],
    ['an altered one', 'altered', async () => ({ 'x-auth-token': `${(await fetchToken()).slice(0, -4)}AAAA` })],
    [
      'the token twice',
      'malformed',
      async () => {
        const token = await fetchToken();
        return { 'x-auth-token': `${token}, ${token}` };
      },
    ],
    [
      'a stale one',
      'expired',
      async () => {
        const token = await fetchToken();
        now += 6 * MINUTE_MS;
        return { 'x-auth-token': token };
      },
    ],
  ];
  it.each(bad)('is refused with %s, and raises the alarm (%s)', async (_what, reason, headers) => {
    const answer = await deliver(await headers());
    expect([answer.statusCode, answer.body]).toEqual([401, '{"error":"not authorized"}']);
    expect(delivery.delivered).toEqual([]);
    expect(await counted('erasure_gateway_callback_token_missing_total')).toEqual({ [reason]: 1 });
    expect(await counted('erasure_gateway_callbacks_total')).toEqual({ 'no-token': 1 });
    const alarms = log.about(callback.handle).filter((line) => level(line.level) === 'error');
    expect(alarms.map((line) => [line.msg, line.reason])).toEqual([
      ['A callback without a true token was refused', reason],
    ]);
    expect(log.text).not.toContain(callback.capability);
  });

  it('is refused for ever with a token that is used again, and taken with a fresh one', async () => {
    const token = await fetchToken();
    expect((await deliver({ 'x-auth-token': token })).statusCode).toBe(204);
    expect((await deliver({ 'x-auth-token': token })).statusCode).toBe(204);
    now += 6 * MINUTE_MS;
    expect((await deliver({ 'x-auth-token': token })).statusCode).toBe(401);
    expect((await deliver({ 'x-auth-token': await fetchToken() })).statusCode).toBe(204);
  });

  it('raises no alarm without its capability, whatever token it has: anybody can send that', async () => {
    const headers = { 'x-auth-token': await fetchToken(), 'x-erasure-capability': '' };
    const answer = await deliver(headers);
    expect([answer.statusCode, answer.body]).toEqual([404, '{"error":"not found"}']);
    expect(await counted('erasure_gateway_callback_token_missing_total')).toEqual({});
    expect(await counted('erasure_gateway_callbacks_total')).toEqual({ 'not-proven': 1 });
    expect(log.lines.filter((line) => level(line.level) === 'error')).toEqual([]);
  });

  it('is let in and noticed without its token, while that is not required yet', async () => {
    gateway = open({ required: false });
    expect((await deliver({})).statusCode).toBe(204);
    expect((await deliver({ 'x-auth-token': await fetchToken() })).statusCode).toBe(204);
    expect((await deliver({ 'x-erasure-capability': '' })).statusCode).toBe(404);
    expect(await counted('erasure_gateway_callback_token_missing_total')).toEqual({ missing: 1 });
    expect(await counted('erasure_gateway_callbacks_total')).toEqual({ accepted: 2, 'not-proven': 1 });
    expect(log.lines.filter((line) => line.reason === 'missing').map((line) => level(line.level))).toEqual(['warn']);
  });
});
