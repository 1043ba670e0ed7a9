import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Delivery } from '../../gateway/callback-delivery';
import { createGatewayMetrics } from '../../gateway/metrics';
import { createGateway } from '../../gateway/server';
import { callbackOf, FakeConfirmer, LogCapture, makeKeys, type Callback, type Keys } from './callback-bench';
import { closed } from '../support/closed-socket';

let keys: Keys;
let callback: Callback;
let delivery: FakeConfirmer;
let log: LogCapture;
let gateway: FastifyInstance;
const sockets: Socket[] = [];

beforeAll(async () => {
  keys = await makeKeys();
  callback = await callbackOf(keys.issuer);
});
afterAll(() => keys.remove());
beforeEach(async () => {
  delivery = new FakeConfirmer();
  log = new LogCapture();
  gateway = createGateway({
    checker: keys.checker,
    delivery,
    metrics: createGatewayMetrics(),
    logger: log.logger,
    invalidPerMinute: 1_000,
    isReady: async () => true,
  });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.close();
});

/** Sends one text, then a byte now and then, until the gateway hangs up. Answers with what came back. */
async function drip(start: string): Promise<string> {
  const { socket, received } = await open();
  socket.write(start);
  const dripping = setInterval(() => socket.write('x'), 100);
  await closed(socket).finally(() => clearInterval(dripping));
  return received();
}

async function open(): Promise<{ readonly socket: Socket; readonly received: () => string }> {
  const socket = connect((gateway.server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, received: () => text };
}

function head(headers: Record<string, string | number>, path = callback.path): string {
  const lines = Object.entries({ host: 'gateway', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}`;
}

describe('the gateway on the wire', () => {
  it('bounds every wait and every size', () => {
    const { headersTimeout, requestTimeout, timeout, keepAliveTimeout } = gateway.server;
    expect({ headersTimeout, requestTimeout, timeout, keepAliveTimeout }).toEqual({
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      timeout: 30_000,
      keepAliveTimeout: 72_000,
    });
  });

  it('hangs up on headers that come drop by drop', async () => {
    gateway.server.headersTimeout = 500;
    expect(await drip(head(callback.headers) + 'x-slow: ')).toMatch(/^HTTP\/1\.1 408 /);
    expect(delivery.delivered).toEqual([]);
  });

  it('hangs up on a body that comes drop by drop, without taking it for a confirmation', async () => {
    gateway.server.headersTimeout = 500;
    gateway.server.requestTimeout = 500;
    expect(await drip(`${head({ ...callback.headers, 'content-length': 50_000 })}\r\n"`)).toMatch(/^HTTP\/1\.1 408 /);
    expect(delivery.delivered).toEqual([]);
  });

  it('answers a forgery without waiting for its body, and hangs up on it', async () => {
    gateway.server.headersTimeout = 500;
    gateway.server.requestTimeout = 500;
    expect(await drip(`${head({ 'content-length': 50_000 })}\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('hangs up on a connection that says nothing at all', async () => {
    gateway.server.headersTimeout = 500;
    const { socket } = await open();
    await closed(socket);
    expect(delivery.delivered).toEqual([]);
  });

  it('stops a body without a length once it is too large', async () => {
    const { socket, received } = await open();
    socket.write(`${head({ ...callback.headers, 'transfer-encoding': 'chunked' })}\r\n`);
    for (let number = 0; number < 70; number += 1) socket.write(`400\r\n${'x'.repeat(1_024)}\r\n`);
    await closed(socket);
    expect(received()).toMatch(/^HTTP\/1\.1 413 /);
    expect(delivery.delivered).toEqual([]);
  });

  it.each([
    ['headers that are too large', () => `${head({ ...callback.headers, 'x-large': 'x'.repeat(10_000) })}\r\n`, 431],
    ['what is no HTTP', () => 'planted-capability\r\n\r\n', 400],
    ['a length that is none', () => `${head({ ...callback.headers, 'content-length': 'planted' })}\r\n`, 400],
    ['two lengths', () => `${head({ 'content-length': 1, 'transfer-encoding': 'chunked' })}\r\n`, 400],
  ])('refuses %s without repeating or logging it', async (_what, request, status) => {
    const { socket, received } = await open();
    socket.write(request());
    await closed(socket);
    expect(received()).toBe(
      `HTTP/1.1 ${status} ${status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}\r\n` +
        'Content-Length: 0\r\nConnection: close\r\n\r\n',
    );
    expect(log.text).toBe('');
  });

  it('finishes a callback under way before it closes', async () => {
    let deliver: (delivery: Delivery) => void = () => undefined;
    delivery.delivery = new Promise((resolve) => (deliver = resolve));
    const { socket, received } = await open();
    socket.write(`${head({ ...callback.headers, 'content-length': 2 })}\r\n{}`);
    while (delivery.delivered.length === 0) await sleep(5);

    let isClosed = false;
    const closing = gateway.close().then(() => (isClosed = true));
    await sleep(100);
    expect([isClosed, received()]).toEqual([false, '']);
    deliver({ outcome: 'delivered' });
    await closing;
    await sleep(20);
    expect(received()).toMatch(/^HTTP\/1\.1 204 /);
  });
});
