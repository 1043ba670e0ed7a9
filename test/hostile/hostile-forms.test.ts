/** Forms and bodies that no page of ours has made: none decides, files or changes anything that its sender could not by a form of ours. */
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { decodeJwt } from 'jose';
import { apiRoutes } from '../../api/routes';
import { consolePages } from '../../console/pages';
import { accessRoles } from '../../domain/access-role';
import { createBench, submission, type Bench } from '../api/api-bench';
import {
  Browser,
  createConsoleBench,
  PUBLIC_URL,
  requestId,
  servicesWith,
  type ConsoleBench,
} from '../console/console-bench';

let bench: ConsoleBench;
let apiBench: Bench;
let server: FastifyInstance;
let browser: Browser;
/** What reached the client: each decision, and each filing. */
const done: unknown[] = [];

const client = {
  decide: (async (kind: string, id: string, decision: object) => {
    done.push([kind, id, decision]);
    return {};
  }) as never,
  submit: async (filed: object) => {
    done.push(filed);
    return { requestId, workflowId: 'w', runId: 'r', duplicate: false, warnings: [] };
  },
  get: async () => ({
    requestId,
    workflowId: `erasure-${requestId}`,
    runId: 'run',
    status: 'running' as const,
    state: 'running' as const,
    startedAt: '2026-11-20T08:00:00.000Z',
  }),
};

beforeAll(async () => {
  bench = await createConsoleBench();
  apiBench = await createBench();
  server = await bench.open(client);
  browser = await bench.loggedIn(server);
});
afterAll(async () => {
  await bench.close();
  await apiBench.close();
});
beforeEach(() => {
  done.length = 0;
  bench.log.text = '';
  apiBench.log.text = '';
});
afterEach(() => {
  const bugs = [...bench.log.lines, ...apiBench.log.lines].filter(({ msg }) => msg.includes('failed inside'));
  if (bugs.length > 0) throw new Error(`Something failed inside the server: ${JSON.stringify(bugs)}`);
  if ('polluted' in {}) throw new Error('Every object has got a field more');
});

const decideUrl = `/requests/${requestId}/decisions/waive`;
const decisionId = requestId.replace('7f', '00');
const fields: Readonly<Record<string, string>> = {
  'reason.code': 'contract-ended',
  'reason.ticket': 'PRIV-1',
  provider: 'person',
  confirmed: 'yes',
  decisionId,
};
const encoded = new URLSearchParams(fields).toString();
const decided = [
  'waive',
  requestId,
  { actor: 'staff-1', decisionId, provider: 'person', reason: { code: 'contract-ended', ticket: 'PRIV-1' } },
];

/** With these very bytes. */
function send(
  url: string,
  { payload, headers, method = 'POST' }: { payload?: string; headers: Record<string, string>; method?: 'POST' | 'GET' },
): Promise<LightMyRequestResponse> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ');
  const from = { 'sec-fetch-site': 'same-origin', origin: PUBLIC_URL };
  return server.inject({
    method,
    url,
    headers: { cookie, ...from, ...headers },
    ...(payload !== undefined && { payload }),
  });
}
const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' };

describe('a form of the console', () => {
  it('is taken as our page makes it', async () => {
    const { statusCode } = await send(decideUrl, { payload: encoded, headers: urlencoded });
    expect([statusCode, done]).toEqual([303, [decided]]);
  });

  it.each([
    ['as a query', { method: 'GET' as const, url: `${decideUrl}?${encoded}`, headers: {} }, 200],
    ['as a query of an empty form', { url: `${decideUrl}?${encoded}`, payload: '', headers: urlencoded }, 404],
    [
      'with its method in a field',
      { method: 'GET' as const, url: `${decideUrl}?_method=POST&${encoded}`, headers: {} },
      200,
    ],
    [
      'with its method in a header',
      { method: 'GET' as const, url: `${decideUrl}?${encoded}`, headers: { 'x-http-method-override': 'POST' } },
      200,
    ],
    ['with the query of a logout', { method: 'GET' as const, url: '/logout', headers: {} }, 404],
    ...[
      'text/plain',
      'text/plain; application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json',
      'text/csv',
      'application/x-ndjson',
      'application/octet-stream',
      'application/x-www-form-urlencoded-not',
    ].map((type) => [`as ${type}`, { payload: encoded, headers: { 'content-type': type } }, 415] as const),
    ['without a type', { payload: encoded, headers: {} }, 415],
    ['compressed', { payload: '\u001f\u008b\u0008', headers: { ...urlencoded, 'content-encoding': 'gzip' } }, 404],
    ['that is no text', { payload: '%ff%fe=%c3%28&%00=%00', headers: urlencoded }, 404],
  ] as readonly (readonly [string, Parameters<typeof send>[1] & { url?: string }, number])[])(
    'decides nothing %s',
    async (_what, { url = decideUrl, ...sent }, status) => {
      const { statusCode } = await send(url, sent);
      expect([statusCode, done]).toEqual([status, []]);
    },
  );

  it.each([
    [{ origin: `${PUBLIC_URL}.evil.example` }],
    [{ origin: `${PUBLIC_URL}:8443` }],
    [{ origin: `${PUBLIC_URL}/` }],
    [{ origin: PUBLIC_URL.replace('https', 'http') }],
    [{ origin: PUBLIC_URL.replace('//', '//user@') }],
    [{ origin: `${PUBLIC_URL}, https://evil.example` }],
    [{ origin: PUBLIC_URL.toUpperCase() }],
    [{ referer: `${PUBLIC_URL}/` }],
    [{ host: 'erasure.example.com' }],
    [{ 'x-requested-with': 'XMLHttpRequest' }],
    [{ 'sec-fetch-site': 'same-origin, cross-site', origin: PUBLIC_URL }],
    [{ 'sec-fetch-site': 'Same-Origin', origin: PUBLIC_URL }],
    [{ 'sec-fetch-site': 'cross-site', origin: PUBLIC_URL }],
  ])('decides nothing where a browser says %j of where it comes from', async (headers) => {
    const { 'sec-fetch-site': site = '', origin = '' } = headers as Record<string, string>;
    const { statusCode } = await browser.post(decideUrl, fields, {
      ...headers,
      'sec-fetch-site': site,
      origin,
    } as Record<string, string>);
    expect([statusCode, done]).toEqual([403, []]);
  });

  it.each(Object.keys(fields).filter((name) => name !== 'decisionId'))(
    'decides nothing where %s is there twice, whichever was meant',
    async (name) => {
      for (const other of [fields[name] ?? '', 'other']) {
        for (const both of [`${encoded}&${name}=${other}`, `${name}=${other}&${encoded}`]) {
          const { statusCode } = await send(decideUrl, { payload: both, headers: urlencoded });
          expect([both, [404, 422].includes(statusCode), done]).toEqual([both, true, []]);
        }
      }
    },
  );

  it.each([
    ['__proto__', '1'],
    ['__proto__.polluted', '1'],
    ['__proto__[polluted]', '1'],
    ['constructor', '1'],
    ['constructor.prototype.polluted', '1'],
    ['constructor[prototype][polluted]', '1'],
    ['reason.__proto__.polluted', '1'],
    ['reason', 'other'],
    ['reason[code]', 'other'],
    ['hasOwnProperty', '1'],
    ['toString', '1'],
    ['actor', 'staff-9'],
    ['token', 'a.b.c'],
    ['kind', 'withdraw'],
    ['requestId', decisionId],
    ['', ''],
  ])('decides what stands in its own fields, whatever else is sent: %s', async (name, value) => {
    const payload = new URLSearchParams([[name, value], ...Object.entries(fields), [name, value]]).toString();
    const { statusCode } = await send(decideUrl, { payload, headers: urlencoded });
    expect([statusCode, done]).toEqual([303, [decided]]);
  });

  it.each([
    ['twenty thousand fields', `${'a&'.repeat(20_000)}${encoded}`, 303],
    ['one field twenty thousand times', `${'x=1&'.repeat(15_000)}${encoded}`, 303],
    ['more than it may be long', `${'a&'.repeat(33_000)}${encoded}`, 413],
  ])('is read at once with %s', async (_what, payload, status) => {
    const began = process.cpuUsage();
    const { statusCode } = await send(decideUrl, { payload, headers: urlencoded });
    expect([statusCode, done.length]).toEqual([status, status === 303 ? 1 : 0]);
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  });

  it.each(consolePages(servicesWith({})).flatMap(({ method, path }) => (method === 'POST' ? [path] : [])))(
    'is read by its type or refused, and never is an error of ours: %s',
    async (path) => {
      const url = path.replace(':requestId', requestId);
      const proto = '--x\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\n1\r\n--x--\r\n';
      const bodies: readonly (readonly [string | undefined, Record<string, string>])[] = [
        [undefined, {}],
        ['', urlencoded],
        ['__proto__=1&constructor=1&toString=1', urlencoded],
        ['{}', { 'content-type': 'application/json' }],
        ['a', { 'content-type': 'text/csv' }],
        ['a', { 'content-type': 'application/x-ndjson' }],
        ['', { 'content-type': 'multipart/form-data' }],
        ['no parts', { 'content-type': 'multipart/form-data; boundary=x' }],
        [proto, { 'content-type': 'multipart/form-data; boundary=x' }],
        [
          '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nrequestId,regu',
          { 'content-type': 'multipart/form-data; boundary=x' },
        ],
        [proto.replaceAll('__proto__', 'constructor'), { 'content-type': 'multipart/form-data; boundary=x' }],
        [
          proto.replace('\r\n\r\n', `; filename*=UTF-8''%ff%00\r\n\r\n`),
          { 'content-type': 'multipart/form-data; boundary=x' },
        ],
      ];
      for (const [payload, headers] of bodies) {
        const { statusCode } = await send(url, { ...(payload !== undefined && { payload }), headers });
        expect([payload, headers, [200, 400, 404, 413, 415, 422].includes(statusCode), done]).toEqual([
          payload,
          headers,
          true,
          [],
        ]);
      }
    },
  );
});

describe('a session', () => {
  const nameOf = '__Host-erasure-session';

  it('is renewed by a login, and the one that an attacker has planted before is nobody’s', async () => {
    const attacker = await bench.loggedIn(server, ['view'], 'staff-attacker');
    const victim = new Browser(server);
    victim.cookies.set(nameOf, attacker.cookies.get(nameOf) ?? '');
    await victim.get('/login');
    bench.nextLogin = { verdict: 'known', principal: { kind: 'staff', id: 'staff-2', roles: new Set(accessRoles) } };
    await victim.get('/login/callback?code=1&state=state-1');
    expect(victim.cookies.get(nameOf)).not.toBe(attacker.cookies.get(nameOf));
    await victim.post(decideUrl, fields);
    await attacker.post(decideUrl, fields);
    expect(done).toMatchObject([['waive', requestId, { actor: 'staff-2' }]]);
  });

  it('is taken from the browser by a logout, as is a login that was under way', async () => {
    const leaving = await bench.loggedIn(server);
    await leaving.get('/login');
    expect([...leaving.cookies.keys()].toSorted()).toEqual(['__Host-erasure-login', nameOf]);
    await leaving.post('/logout');
    expect([...leaving.cookies]).toEqual([]);
    const { statusCode } = await leaving.post(decideUrl, fields);
    expect([statusCode, done]).toEqual([401, []]);
  });

  it('decides in its own name with the form that was made for another session', async () => {
    const other = await bench.loggedIn(server, accessRoles, 'staff-3');
    const page = await other.get(`${decideUrl}?provider=person`);
    const made = /name="decisionId" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    await browser.post(decideUrl, { ...fields, decisionId: made });
    expect(done).toMatchObject([['waive', requestId, { actor: 'staff-1', decisionId: made }]]);
  });
});

describe('a body of the API', () => {
  const routes = apiRoutes(servicesWith({}, { issuer: { issue: () => Promise.reject(new Error('not here')) } }));
  const taking = routes.filter(({ body }) => body !== undefined).map(({ path }) => path);
  let shared: FastifyInstance | undefined;
  const deep = (depth: number) => `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`;
  const within = (extra: string) => JSON.stringify(submission).replace(/\}$/, `,${extra}}`);
  const decision = (extra: string, inReason = '"code":"a"') =>
    `{"requestId":"${requestId}","run":"${requestId}","kind":"waive","content":{"provider":"person","actor":"${accessRoles.join('.')}","reason":{"ticket":"b",${inReason}},${extra}}}`;

  const hostile: readonly (readonly [string, string | Buffer])[] = [
    ['__proto__', within('"__proto__":{"polluted":1,"requestId":"x"}')],
    [
      '__proto__ inside',
      within(
        '"subject":{"measureone":{"individualId":"1"},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      ),
    ],
    ['constructor', within('"constructor":{"prototype":{"polluted":1}}')],
    ['depth in a decision', decision(`"provider":${deep(5_000)}`)],
    ['depth in the reason of a decision', decision('"x":1', `"code":${deep(5_000)}`)],
    ['the same key twice', within('"filedBy":"staff-1","filedBy":"staff-2","x":1')],
    ['depth', deep(5_000)],
    ['depth in a field', within(`"x":${deep(5_000)}`)],
    ['depth without an end', '['.repeat(60_000)],
    ['a huge number', within('"submittedAt":1e400')],
    ['a long number', within(`"submittedAt":${'9'.repeat(50_000)}`)],
    ['a lone surrogate', within(String.raw`"receivedVia":"\ud800"`)],
    ['a lone surrogate as a key', within(String.raw`"\ud800":"x"`)],
    ['NUL', within(String.raw`"receivedVia":"\u0000"`)],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['a byte order mark', `\uFEFF${JSON.stringify(submission)}`],
    ['a text', '"text"'],
    ['null', 'null'],
    ['an array of arrays', `[${'[],'.repeat(20_000)}[]]`],
    ['many keys', `{${Array.from({ length: 5_000 }, (_, index) => `"k${index}":1`).join()}}`],
    ['nothing', ''],
    ['UTF-16', Buffer.from(JSON.stringify(submission), 'utf16le')],
    ['gzip', Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0])],
  ];

  it.each(hostile)('is refused with %s, wherever it is sent, and is no error of ours', async (_what, payload) => {
    const api = (shared ??= await apiBench.open(client, { signs: true }));
    for (const path of taking) {
      const answer = await api.inject({
        method: 'POST',
        url: `/api/v1${path.replace('{requestId}', requestId)}`,
        headers: { authorization: `Bearer ${apiBench.keyFor(accessRoles)}`, 'content-type': 'application/json' },
        payload,
      });
      expect([path, answer.json<{ code: string }>().code, done]).toEqual([
        path,
        expect.stringMatching(/^(not-json|invalid-request|not-allowed)$/),
        [],
      ]);
    }
  });

  it.each([
    ['__proto__', decision('"__proto__":{"polluted":1}', '"code":"a","__proto__":{"polluted":1}')],
    ['depth', decision(`"x":${deep(5_000)}`)],
    ['depth in its reason', decision('"x":1', `"code":"a","x":${deep(5_000)}`)],
  ])('that asks for a signature is signed without what else stands in it: %s', async (_what, payload) => {
    const api = (shared ??= await apiBench.open(client, { signs: true }));
    const sign = (body: string) =>
      api.inject({
        method: 'POST',
        url: '/api/v1/decision-tokens',
        headers: { authorization: `Bearer ${apiBench.keyFor(accessRoles)}`, 'content-type': 'application/json' },
        payload: body,
      });
    const digestOf = async (body: string) => {
      const { token } = (await sign(body)).json<{ token: string }>();
      return decodeJwt(token)['digest'];
    };
    const plain = await digestOf(decision('"x":1'));
    expect([typeof plain, await digestOf(payload)]).toEqual(['string', plain]);
  });
});
