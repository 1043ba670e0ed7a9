/** The server on the wire: what is too much or too slow costs it neither memory nor a connection, and what is no request ends. */
import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { apiRoutes } from '../../api/routes';
import { consolePages } from '../../console/pages';
import { accessRoles } from '../../domain/access-role';
import { createConsoleBench, PUBLIC_URL, requestId, servicesWith, type ConsoleBench } from '../console/console-bench';
import { closed } from '../support/closed-socket';

const MB = 1_024 * 1_024;
const BODY_MS_MAX = 400;
const KEY = 'a-key';

let bench: ConsoleBench;
let server: FastifyInstance;
let port: number;
let cookie: string;

beforeAll(async () => {
  bench = await createConsoleBench();
  server = await bench.open(
    { submit: async () => ({ requestId, workflowId: 'w', runId: 'r', duplicate: false, warnings: [] }) },
    {
      signs: true,
      bodyMsMax: BODY_MS_MAX,
      authenticate: async (authorization) =>
        authorization === `Bearer ${KEY}`
          ? { verdict: 'known', principal: { kind: 'service', id: 'intake', roles: new Set(accessRoles) } }
          : { verdict: 'unknown', reason: 'no-bearer-token' },
    },
  );
  await server.listen({ host: '127.0.0.1', port: 0 });
  port = (server.server.address() as AddressInfo).port;
  const browser = await bench.loggedIn(server);
  cookie = [...browser.cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ');
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.log.text = '';
});
afterEach(async () => {
  if (bench.log.text.includes('failed inside')) throw new Error(bench.log.text);
  // Whatever came, it goes on to serve.
  const alive = await fetch(`http://127.0.0.1:${port}/healthz`);
  if (alive.status !== 200) throw new Error(`It was answered ${alive.status}`);
});

interface Target {
  readonly path: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

const services = servicesWith({}, { issuer: { issue: () => Promise.reject(new Error('not here')) } });
const apiTargets: readonly Target[] = apiRoutes(services)
  .filter(({ method }) => method === 'POST')
  .flatMap(({ path, streams }) =>
    Object.keys(streams ?? { 'application/json': '' }).map((type) => ({
      path: `/api/v1${path.replace('{requestId}', requestId)}`,
      type,
      headers: { authorization: `Bearer ${KEY}` },
    })),
  );
const consoleTargets = (): readonly Target[] =>
  [...consolePages(services), { method: 'POST', path: '/logout', form: undefined } as const]
    .filter(({ method }) => method === 'POST')
    .map(({ path, form }) => ({
      path: path.replace(':requestId', requestId),
      type: form === 'multipart' ? 'multipart/form-data; boundary=x' : 'application/x-www-form-urlencoded',
      headers: { cookie, 'sec-fetch-site': 'same-origin', origin: PUBLIC_URL },
    }));

/** Sends until it has sent all, or is told to stop, and says what it was answered and how much was taken from it. */
function pour(
  { path, type, headers }: Target,
  { bytes, start = '' }: { readonly bytes: number; readonly start?: string },
): Promise<{ readonly status: number; readonly taken: number; readonly body: string }> {
  const piece = Buffer.alloc(MB / 16, 'a');
  return new Promise((resolve) => {
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      headers: { 'content-type': type, ...headers },
    });
    let taken = 0;
    let answer: { status: number; body: string } | undefined;
    const end = (): void => resolve({ status: answer?.status ?? 0, taken, body: answer?.body ?? '' });
    sent.once('response', (response) => {
      answer = { status: response.statusCode ?? 0, body: '' };
      response.on('data', (data: Buffer) => answer && (answer.body += data.toString('latin1').slice(0, 10_000)));
      response.once('end', () => {
        end();
        sent.destroy();
      });
    });
    sent.on('error', end);
    const write = (): void => {
      while (taken < bytes && !sent.destroyed) {
        taken += piece.length;
        if (!sent.write(piece)) {
          sent.once('drain', write);
          return;
        }
      }
      sent.end();
    };
    sent.write(start);
    write();
  });
}

/** The most that memory outside of the heap's young part grew by meanwhile, in MB. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / MB;
  };
  const before = used();
  let most = before;
  const looking = setInterval(() => (most = Math.max(most, used())), 5);
  await work().finally(() => clearInterval(looking));
  return most - before;
}

const part = '--x\r\ncontent-disposition: form-data; name="file"; filename="many.csv"\r\n\r\n';

describe('ten megabytes', () => {
  it('are refused by every route that reads a body whole, long before they have come in', async () => {
    const whole = [...apiTargets, ...consoleTargets()].filter(({ type }) => /\/json$|urlencoded$/.test(type));
    expect(whole.length).toBeGreaterThan(30);
    const growth = await growthDuring(async () => {
      for (const target of whole) {
        const { status, taken } = await pour(target, { bytes: 10 * MB });
        const isRefused = [413, 400, 415].includes(status);
        expect([target.path, status, isRefused, taken < 5 * MB]).toEqual([target.path, status, true, true]);
      }
    });
    expect(growth).toBeLessThan(64);
  });

  it('of somebody unknown are answered without being read', async () => {
    for (const target of [...apiTargets, ...consoleTargets()]) {
      const { status } = await pour({ ...target, headers: {} }, { bytes: 10 * MB });
      expect([target.path, [401, 403].includes(status)]).toEqual([target.path, true]);
    }
  });

  it.each([
    ['one line', '/api/v1/batches', 'application/x-ndjson', '', 200],
    ['one line of CSV', '/api/v1/batches', 'text/csv', '', 200],
    ['one cell', '/api/v1/batches', 'text/csv', 'requestId,regulation\n"', 200],
    ['one JSON text', '/api/v1/batches', 'application/x-ndjson', '{"subject":"', 200],
    ['one line of a file', '/many/check', 'multipart/form-data; boundary=x', part, 422],
    [
      'one field of a form',
      '/many/check',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="batch"\r\n\r\n',
      0,
    ],
    [
      'the head of a part',
      '/many/check',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="',
      0,
    ],
    ['what comes before the first part', '/many/file', 'multipart/form-data; boundary=x', '', 0],
    ['a certificate', '/verify', 'multipart/form-data; boundary=x', part, 0],
  ])('of %s are read as they come, and are not kept: %s', async (_what, path, type, start, status) => {
    const target = [...apiTargets, ...consoleTargets()].find((one) => one.path === path);
    if (target === undefined) throw new Error('There is no such route');
    let answer = { status: 0, body: '' };
    const growth = await growthDuring(async () => {
      answer = await pour({ ...target, type }, { bytes: 10 * MB, start });
    });
    expect([answer.status, status === 0 ? [400, 413, 422].includes(answer.status) : answer.status === status]).toEqual([
      answer.status,
      true,
    ]);
    expect(answer.body).not.toContain('aaaaaaaaaaaaaaaaaaaa');
    expect(growth).toBeLessThan(48);
  });

  it.each(apiTargets.map(({ path, type }) => [path, type] as const))(
    'that are packed into ten kilobytes are not unpacked: %s as %s',
    async (path, type) => {
      const packed = gzipSync(Buffer.alloc(10 * MB, 'a'));
      for (const coding of ['gzip', 'deflate', 'br', 'gzip, gzip', 'identity']) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${KEY}`, 'content-type': type, 'content-encoding': coding },
          body: packed,
        });
        const text = await answer.text();
        const isStreamed = type !== 'application/json';
        expect([coding, answer.status, text.includes('"new":0') || text.includes('not-json')]).toEqual([
          coding,
          isStreamed ? 200 : 400,
          true,
        ]);
      }
    },
  );
});

/** Sends these bytes as they are, then what `then` sends, until the server hangs up or `ms` are over. */
async function onWire(
  text: string | Buffer,
  { ms = 3_000, drip }: { readonly ms?: number; readonly drip?: string } = {},
): Promise<{ readonly answer: string; readonly isEnded: boolean; readonly afterMs: number }> {
  const began = performance.now();
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  let isEnded = false;
  socket.setEncoding('latin1').on('data', (data: string) => (answer += data));
  const ended = closed(socket).then(() => (isEnded = true));
  socket.write(text);
  const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip), 50);
  await Promise.race([ended, sleep(ms, undefined, { ref: false })]);
  clearInterval(dripping);
  const afterMs = performance.now() - began;
  socket.destroy();
  return { answer, isEnded, afterMs };
}
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

const head = (path: string, headers: Readonly<Record<string, string>>, method = 'POST'): string =>
  `${method} ${path} HTTP/1.1\r\n${Object.entries({ host: 'x', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

describe('a body that comes a byte at a time', () => {
  const slow = { 'content-length': '60000' };
  const known = { authorization: `Bearer ${KEY}` };
  const chunk = '1\r\na\r\n';

  it.each<[string, string, string, (() => Record<string, string>)?, string?]>([
    ['to the API', '408', '/api/v1/requests', () => ({ ...known, ...slow, 'content-type': 'application/json' })],
    [
      'to the API, in chunks',
      '408',
      '/api/v1/requests',
      () => ({ ...known, 'transfer-encoding': 'chunked', 'content-type': 'application/json' }),
      chunk,
    ],
    [
      'to the console',
      '408',
      `/requests/${requestId}/decisions/hold`,
      () => ({ cookie, ...slow, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    ['of nobody, to the API', '401', '/api/v1/requests', () => ({ ...slow, 'content-type': 'application/json' })],
    ['of nobody, as a batch', '401', '/api/v1/batches', () => ({ ...slow, 'content-type': 'text/csv' })],
    [
      'of nobody, as an endless batch',
      '401',
      '/api/v1/batches',
      () => ({ 'transfer-encoding': 'chunked', 'content-type': 'application/x-ndjson' }),
      chunk,
    ],
    [
      'of nobody, as an upload',
      '401',
      '/many/check',
      () => ({ ...slow, 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=x' }),
    ],
    ['of another site', '403', '/logout', () => ({ ...slow, 'content-type': 'text/plain' })],
    ['to nowhere', '408', '/api/v1/nowhere', () => ({ ...slow, 'content-type': 'application/json' })],
    ['of no type', '408', '/api/v1/nowhere', () => slow],
    [
      'where there is none to be',
      '401',
      '/api/v1/requests',
      () => ({ ...slow, 'content-type': 'application/json', expect: '100-continue' }),
    ],
  ])(
    '%s: it is answered %s, and its connection ends',
    async (_what, status, path, headers = () => slow, drip = 'a') => {
      const { answer, isEnded, afterMs } = await onWire(head(path, headers()), { drip, ms: 10_000 });
      const answered = answer.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
      expect([String(statusOf(answered)), isEnded]).toEqual([status, true]);
      // One answer, and not another one for what came after it.
      expect(answered.split('HTTP/1.1 ').length).toBe(2);
      expect(afterMs).toBeGreaterThan(BODY_MS_MAX * 0.5);
    },
  );

  it('may be a batch, which takes as long as it takes, and its lines come back meanwhile', async () => {
    const headers = { ...known, 'transfer-encoding': 'chunked', 'content-type': 'application/x-ndjson' };
    const start = `${head('/api/v1/batches', headers)}2\r\n1\n\r\n`;
    const { answer, isEnded } = await onWire(start, { drip: '2\r\n1\n\r\n', ms: BODY_MS_MAX * 2 });
    expect([statusOf(answer), isEnded]).toEqual([200, false]);
    expect(answer.split('"rejected"').length).toBeGreaterThan(5);
  });

  it.each<[string, string, () => Record<string, string>, string]>([
    ['a batch', '/api/v1/batches', () => ({ ...known, 'content-type': 'application/x-ndjson' }), ''],
    [
      'an upload',
      '/many/file',
      () => ({
        cookie,
        'sec-fetch-site': 'same-origin',
        accept: 'application/x-ndjson',
        'content-type': 'multipart/form-data; boundary=x',
      }),
      part.replace('.csv', '.ndjson'),
    ],
    [
      'an upload that waits for a page',
      '/many/file',
      () => ({ cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=x' }),
      part,
    ],
  ])('may be %s that is broken off anywhere, which is no failure of ours', async (_what, path, headers, start) => {
    const chunked = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
    const open = `${head(path, { ...headers(), 'transfer-encoding': 'chunked' })}${start === '' ? '' : chunked(start)}`;
    for (const ms of [20, 150, 600]) await onWire(open, { drip: chunked('1\n'.repeat(20)), ms });
    await sleep(100);
    expect(bench.log.lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it.each([
    ['which are read', known, '422'],
    ['which are not read', {}, '401'],
  ])('does not end a connection whose bodies come in time, %s', async (_what, who, status) => {
    const body = '{}';
    const headers = { ...who, 'content-type': 'application/json', 'content-length': String(body.length) };
    const one = `${head('/api/v1/requests', headers)}${body}`;
    const { answer, isEnded } = await onWire(one, { drip: one, ms: BODY_MS_MAX * 2 });
    expect(isEnded).toBe(false);
    expect(answer.split(`HTTP/1.1 ${status}`).length).toBeGreaterThan(10);
  });
});

describe('many headers', () => {
  const repeat = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => line(index)).join('');

  it.each<[string, string, number]>([
    ['ten thousand', repeat(10_000, (index) => `x-${index}: 1\r\n`), 431],
    ['ten thousand cookies', repeat(10_000, (index) => `cookie: c${index}=1\r\n`), 431],
    ['ten thousand cookies in one', `cookie: ${repeat(10_000, (index) => `c${index}=1; `)}\r\n`, 431],
    ['one of 40 kB', `authorization: Bearer ${'a'.repeat(40_000)}\r\n`, 431],
    ['five thousand small ones', repeat(5_000, () => 'a:\r\n'), 401],
    ['six thousand cookies in one', `cookie: ${'a=;'.repeat(6_000)}\r\n`, 401],
    ['cookies with names of objects', 'cookie: __proto__=1; constructor=1; __Host-erasure-session=__proto__\r\n', 401],
    ['cookies without an end', `cookie: __Host-erasure-session="${'\\'.repeat(20_000)}\r\n`, 401],
    ['cookies that cannot be decoded', `cookie: __Host-erasure-session=${'%ff%'.repeat(5_000)};=;;=a\r\n`, 401],
    ['a key of 30 kB', `authorization: Bearer ${'a'.repeat(30_000)}\r\n`, 401],
    ['blanks in place of a key', `authorization: bearer${' '.repeat(30_000)}x y\r\n`, 401],
    ['a service key of 30 kB', `authorization: Bearer esk_${'a'.repeat(30_000)}\r\n`, 401],
    ['a type of 30 kB', `content-type: ${'application/json;'.repeat(1_800)}\r\n`, 401],
    ['languages without end', `accept: ${'*/*,'.repeat(7_000)}\r\naccept-language: a\r\n`, 401],
  ])('%s: answered at once', async (_what, headers, status) => {
    const began = process.cpuUsage();
    const text = `POST /api/v1/requests HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n${headers}\r\n`;
    const { answer, isEnded } = await onWire(text);
    expect([statusOf(answer), isEnded]).toEqual([status, true]);
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
    // The same at a page of the console, which reads cookies.
    const page = await onWire(text.replace('POST /api/v1/requests', 'GET /'));
    expect([statusOf(page.answer), page.isEnded]).toEqual([status === 431 ? 431 : 303, true]);
  });
});

describe('what is no request', () => {
  const smuggled = 'GET /api/v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n';

  it.each<[string, string | Buffer, readonly number[]]>([
    [
      'a length and chunks',
      `POST /logout HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      [400],
    ],
    [
      'two lengths',
      `POST /logout HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 6\r\n\r\n${smuggled}`,
      [400],
    ],
    ['two lengths in one', `POST /logout HTTP/1.1\r\nhost: x\r\ncontent-length: 0, 6\r\n\r\n${smuggled}`, [400]],
    ['a length below zero', `POST /logout HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n${smuggled}`, [400]],
    ['a length with a sign', `POST /logout HTTP/1.1\r\nhost: x\r\ncontent-length: +5\r\n\r\n${smuggled}`, [400]],
    [
      'a huge length',
      `POST /api/v1/requests HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 99999999999999999999999\r\n\r\n`,
      [400],
    ],
    [
      'a coding that is none',
      `POST /logout HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n${smuggled}`,
      [400],
    ],
    [
      'chunks that are not the last coding',
      `POST /logout HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, gzip\r\n\r\n${smuggled}`,
      [400],
    ],
    ['a blank before a colon', `POST /logout HTTP/1.1\r\nhost: x\r\ncontent-length : 5\r\n\r\n${smuggled}`, [400]],
    [
      'a header that is folded',
      `POST /logout HTTP/1.1\r\nhost: x\r\nx: a\r\n content-length: 5\r\n\r\n${smuggled}`,
      [400],
    ],
    ['NUL in a header', `GET / HTTP/1.1\r\nhost: x\r\nx: a\u0000b\r\n\r\n`, [400]],
    ['line ends that are none', 'GET / HTTP/1.1\nhost: x\nx: a\rb\n\n', [400]],
    [
      'a chunk of a size that is none',
      'POST /logout HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      [400],
    ],
    [
      'a chunk of a huge size',
      'POST /logout HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
      [400],
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', [400]],
    ['two hosts', 'GET /nowhere HTTP/1.1\r\nhost: x\r\nhost: evil.example\r\nconnection: close\r\n\r\n', [400, 404]],
    ['HTTP of another age', 'GET /\r\n\r\n', [303, 400]],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]), [400]],
    ['a method that is none', 'get / HTTP/1.1\r\nhost: x\r\n\r\n', [400]],
    ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n', [0]],
    ['a target that is no path', 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', [404]],
    ['a path of 30 kB', `GET /${'a'.repeat(30_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, [404]],
    ['a path of 40 kB', `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, [431]],
    [
      'a request id of 30 kB',
      `GET /requests/${'a'.repeat(30_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      [404],
    ],
    [
      'a path of nothing but dots',
      `GET ${'/..'.repeat(9_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      [404],
    ],
    [
      'a path that cannot be decoded',
      'GET /requests/%ff%fe%c0%af HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      [400, 404],
    ],
    [
      'a query of ten thousand fields',
      `GET /?${'a=1&'.repeat(8_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      [303, 431],
    ],
    [
      'bytes beyond ASCII',
      Buffer.from('GET /\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 'latin1'),
      [400, 404],
    ],
  ])('%s: it is answered once, and its connection ends', async (_what, text, statuses) => {
    const { answer, isEnded } = await onWire(text);
    expect([statuses.includes(statusOf(answer)), isEnded]).toEqual([true, true]);
    expect(answer).not.toContain('"openapi"');
    expect(answer.split('HTTP/1.1 ').length).toBeLessThanOrEqual(2);
  });

  it('is no other protocol: what asks for one is answered as any other request', async () => {
    for (const upgrade of ['websocket', 'h2c', 'TLS/1.0']) {
      const { answer } = await onWire(
        head(
          '/healthz',
          { connection: 'upgrade, close', upgrade, 'http2-settings': 'AAA', 'sec-websocket-key': 'a' },
          'GET',
        ),
        { ms: 1_000 },
      );
      expect([upgrade, statusOf(answer)]).toEqual([upgrade, 200]);
    }
  });
});
