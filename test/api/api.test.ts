/** What the API lets in, what it answers, and what it never says. */
import type { FastifyInstance } from 'fastify';
import { readWebhookHosts } from '../../config/webhook-config';
import { apiRoutes } from '../../api/routes';
import type { ApiRoute } from '../../api/route';
import { problems } from '../../api/problem';
import { problemShape, requestList, filed, previewShape } from '../../api/schemas';
import {
  DecisionRefusedError,
  NoWorkerError,
  RequestConflictError,
  RequestNotFoundError,
  RequestStillRunningError,
  TemporalUnavailableError,
} from '../../client/errors';
import { readPolicyFile } from '../../config/policy-file';
import { accessRoles, type AccessRole } from '../../domain/access-role';
import { decisionKinds } from '../../domain/decision/decision-table';
import { createBench, NOW, PLANTED, requestId, scriptedClient, submission, type Bench } from './api-bench';

const ALL: readonly AccessRole[] = accessRoles;
let bench: Bench;

beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.log.lines.length = 0;
  bench.calls.length = 0;
});

const submitted = { requestId, workflowId: `erasure-${requestId}`, runId: 'run', duplicate: false, warnings: [] };

interface Sent {
  readonly roles?: readonly AccessRole[];
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function call(server: FastifyInstance, method: 'GET' | 'POST', path: string, sent: Sent = {}) {
  const { roles = ALL, key = bench.keyFor(roles), body, headers = {} } = sent;
  return server.inject({
    method,
    url: path.startsWith('/api/') ? path : `/api/v1${path}`,
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

function expectProblem(answer: Awaited<ReturnType<typeof call>>, code: keyof typeof problems): void {
  expect(problemShape.strict().parse(answer.json())).toMatchObject({ code, status: problems[code].status });
  expect(answer.statusCode).toBe(problems[code].status);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.body).not.toContain(PLANTED);
}

const routes: readonly ApiRoute[] = apiRoutes({
  client: scriptedClient({}),
  report: () => Promise.reject(new Error('not here')),
  policy: undefined,
  webhookHosts: undefined,
  rowIds: () => Promise.reject(new Error('not here')),
  issuer: { issue: () => Promise.reject(new Error('not here')) },
});

describe('the table of routes and roles', () => {
  const expected: Readonly<Record<string, readonly AccessRole[]>> = {
    'POST /requests': ['file'],
    'GET /requests': ['view'],
    'GET /requests/{requestId}': ['view'],
    ...Object.fromEntries(
      decisionKinds.map((kind): [string, readonly AccessRole[]] => [
        `POST /requests/{requestId}/decisions/${kind}`,
        kind === 'approve' || kind === 'reject' ? ['approve'] : ['decide'],
      ]),
    ),
    'GET /requests/{requestId}/certificate': ['view'],
    'POST /preview': ['file'],
    'POST /batches': ['file'],
    'GET /report': ['view'],
    'POST /decision-tokens': ['decide', 'approve'],
  };

  it('has every route', () => {
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual(Object.keys(expected));
  });

  const rows = Object.entries(expected).flatMap(([line, needed]) =>
    accessRoles.map((role): [string, AccessRole, boolean] => [line, role, needed.includes(role)]),
  );

  it.each(rows)('%s for %s alone: %s', async (line, role, isLetIn) => {
    const server = await bench.open({}, { signs: true });
    const [method, path = ''] = line.split(' ');
    const answer = await call(server, method as 'GET' | 'POST', path.replace('{requestId}', requestId), {
      roles: [role],
      ...(method === 'POST' ? { body: 'no json' } : {}),
    });
    // Whoever is let in fails at the body or at the scripted client: in any case not here.
    const { code } = problemShape.strict().parse(answer.json());
    expect(code === 'not-allowed').toBe(!isLetIn);
    expect([400, 403, 415, 422, 500]).toContain(answer.statusCode);
  });

  it.each(routes.map(({ method, path }) => [method, path] as const))(
    '%s %s: nobody without credentials',
    async (method, path) => {
      const server = await bench.open({}, { signs: true });
      for (const key of ['', 'esk_wrong', `esk_${'A'.repeat(43)}`, 'a.b.c']) {
        const answer = await call(server, method, path.replace('{requestId}', requestId), { key, body: '{}' });
        expectProblem(answer, 'not-authenticated');
        expect(answer.headers['www-authenticate']).toBe('Bearer realm="erasure"');
      }
    },
  );
});

describe('filing', () => {
  it('answers 201, and 200 the second time', async () => {
    let duplicate = false;
    const given: unknown[] = [];
    const server = await bench.open({
      submit: async (sent) => {
        given.push(sent);
        return { ...submitted, duplicate };
      },
    });
    const first = await call(server, 'POST', '/requests', { body: submission });
    duplicate = true;
    const second = await call(server, 'POST', '/requests', { body: submission });
    expect([first.statusCode, second.statusCode]).toEqual([201, 200]);
    expect(first.headers.location).toBe(`/api/v1/requests/${requestId}`);
    expect(filed.strict().parse(first.json())).toEqual(submitted);
    expect(given).toEqual(Array(2).fill({ ...submission, filedBy: ALL.join('.') }));
    expect(bench.log.text).not.toContain(PLANTED);
    expect(bench.calls.map(({ operation, status }) => [operation, status])).toEqual([
      ['fileRequest', 201],
      ['fileRequest', 200],
    ]);
  });

  it.each([
    ['without the setting', {}, 422],
    ['with another host listed', { ERASURE_WEBHOOK_HOSTS: 'hooks.example.org' }, 422],
    ['with its host listed', { ERASURE_WEBHOOK_HOSTS: 'hooks.example.com' }, 201],
    ['with its host listed as one of ours', { ERASURE_WEBHOOK_PRIVATE_HOSTS: 'hooks.example.com' }, 201],
  ])('%s, answers a request with a webhook by %j', async (_what, environment, status) => {
    const given: unknown[] = [];
    const webhookHosts = readWebhookHosts(environment);
    const server = await bench.open(
      { submit: async (sent) => (given.push(sent.webhookUrl), submitted) },
      { webhookHosts },
    );
    const webhookUrl = 'https://hooks.example.com/told';
    const answer = await call(server, 'POST', '/requests', { body: { ...submission, webhookUrl } });
    const preview = await call(server, 'POST', '/preview', { body: { ...submission, webhookUrl } });
    expect([answer.statusCode, preview.statusCode]).toEqual([status, status === 201 ? 200 : 422]);
    expect(given).toEqual(status === 201 ? [webhookUrl] : []);
    const fields = ((answer.json() as { errors?: { field: string }[] }).errors ?? []).map(({ field }) => field);
    expect(fields).toEqual(status === 201 ? [] : ['webhookUrl']);
  });

  it('lets a service name the staff member it files for', async () => {
    const given: unknown[] = [];
    const server = await bench.open({ submit: async (sent) => (given.push(sent.filedBy), submitted) });
    await call(server, 'POST', '/requests', { body: { ...submission, filedBy: 'staff-17' } });
    expect(given).toEqual(['staff-17']);
  });

  it.each<[string, unknown, string[]]>([
    ['a missing field', { ...submission, regulation: undefined }, ['regulation']],
    ['a field that is unknown', { ...submission, [PLANTED]: PLANTED }, ['request']],
    [
      'an identifier that is none',
      { ...submission, subject: { measureone: { individualId: 'undefined' } } },
      ['subject.measureone.individualId'],
    ],
    ['a time to come', { ...submission, submittedAt: '2027-11-20T08:00:00Z' }, ['submittedAt']],
    ['no object', [PLANTED], ['request']],
  ])('names the fields of %s', async (_what, body, fields) => {
    const server = await bench.open({});
    const answer = await call(server, 'POST', '/requests', { body });
    expectProblem(answer, 'invalid-request');
    expect(answer.json<{ errors: { field: string }[] }>().errors.map(({ field }) => field)).toEqual(fields);
  });

  it('refuses another content under the same id', async () => {
    const server = await bench.open({
      submit: () => Promise.reject(new RequestConflictError(requestId, 'different-content')),
    });
    expectProblem(await call(server, 'POST', '/requests', { body: submission }), 'request-exists');
  });

  it.each<[string, string, Readonly<Record<string, string>>, keyof typeof problems]>([
    ['no JSON', `{"${PLANTED}`, {}, 'not-json'],
    ['another type', '{}', { 'content-type': 'text/plain' }, 'unsupported-media-type'],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 'unsupported-media-type'],
    ['ten megabytes', `"${'x'.repeat(10_000_000)}"`, {}, 'too-large'],
  ])('refuses %s', async (_what, body, headers, code) => {
    const server = await bench.open({});
    expectProblem(await call(server, 'POST', '/requests', { body, headers }), code);
  });
});

describe('what fails behind it', () => {
  it.each<[string, Error, keyof typeof problems]>([
    ['there is no such request', new RequestNotFoundError(requestId), 'request-not-found'],
    ['Temporal is away', new TemporalUnavailableError('away'), 'temporal-unavailable'],
    ['no worker answers', new NoWorkerError(requestId), 'no-worker'],
    ['there is no certificate yet', new RequestStillRunningError(requestId), 'no-certificate-yet'],
    ['a bug', new TypeError(`cannot read ${PLANTED}`), 'internal'],
  ])('%s', async (_what, error, code) => {
    const server = await bench.open({ certificate: () => Promise.reject(error) });
    const answer = await call(server, 'GET', `/requests/${requestId}/certificate`);
    expectProblem(answer, code);
    expect(bench.log.text).not.toContain(PLANTED);
    expect(Number(answer.headers['retry-after'] ?? 0) > 0).toBe(problems[code].status === 503);
  });

  it.each(['/requests/none', `/requests/${requestId.toUpperCase()}`, '/nothing', '/requests/%E0%A4%A'])(
    'GET %s is not there',
    async (path) => {
      const server = await bench.open({});
      const answer = await call(server, 'GET', path);
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ status: 404 });
    },
  );
});

describe('the list', () => {
  it('asks for one page, and hands its cursor on', async () => {
    const given: unknown[] = [];
    const server = await bench.open({
      page: async (options) => {
        given.push(options);
        return {
          requests: [
            {
              requestId,
              runId: 'r',
              status: 'running',
              startedAt: NOW,
              dueAt: NOW,
              state: 'running',
              providers: ['person'],
              blockedOn: ['person'],
            },
            { requestId, runId: 'r', status: 'terminated', startedAt: NOW, closedAt: NOW },
            { requestId, runId: 'r', status: 'running', startedAt: NOW },
          ],
          cursor: 'next',
        };
      },
    });
    const answer = await call(
      server,
      'GET',
      '/requests?needsStaff=true&waitingFor=person&dueWithinDays=7&ticket=PRIV-1&limit=3&cursor=abc',
    );
    expect(answer.statusCode).toBe(200);
    expect(given).toEqual([
      {
        needsStaff: true,
        waitingFor: 'person',
        dueWithinMs: 7 * 86_400_000,
        ticket: 'PRIV-1',
        limit: 3,
        cursor: 'abc',
      },
    ]);
    const list = requestList.strict().parse(answer.json());
    expect(list.requests.map(({ state }) => state)).toEqual(['running', 'terminated', 'starting']);
    expect(list.cursor).toBe('next');
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'state=none',
    'overdue=yes',
    'provider=none',
    'dueWithinDays=-1',
    'cursor=%20',
    'ticket=two%20words',
    'ticket=',
    `ticket=${'x'.repeat(65)}`,
    `ticket=${PLANTED}%40customer.example`,
    `${PLANTED}=1`,
  ])('refuses %s by name', async (query) => {
    const server = await bench.open({});
    expectProblem(await call(server, 'GET', `/requests?${query}`), 'invalid-filter');
  });
});

describe('deciding', () => {
  const hold = {
    ground: 'court-order',
    owner: 'staff-9',
    reviewAt: '2027-03-01T09:00:00Z',
    reason: { code: 'litigation-hold', ticket: 'PRIV-1' },
  };

  it('is done in the name of whoever calls', async () => {
    const given: unknown[] = [];
    const server = await bench.open({
      decide: (async (kind: string, id: string, decision: unknown) => {
        given.push([kind, id, decision]);
        return { provider: 'person', state: 'settled', waitsFor: 'nothing', rounds: 1 };
      }) as never,
    });
    const body = { reason: { code: 'contract-ended', ticket: 'PRIV-1' }, provider: 'person', decisionId: 'd-1' };
    const answer = await call(server, 'POST', `/requests/${requestId}/decisions/waive`, { body });
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { provider: 'person' }]);
    expect(given).toEqual([['waive', requestId, { ...body, actor: ALL.join('.') }]]);
  });

  it('carries a signature of the server where it has a key for that', async () => {
    const given: { token?: string }[] = [];
    const server = await bench.open(
      {
        runOf: async () => requestId,
        decide: (async (_kind: string, _id: string, decision: { token?: string }) => {
          given.push(decision);
          return {
            requestId,
            legs: [],
            todo: [],
            notes: [],
            blockedOn: [],
            trail: [],
            state: 'on-hold',
            decisionMode: 'authenticated',
          };
        }) as never,
      },
      { signs: true },
    );
    const answer = await call(server, 'POST', `/requests/${requestId}/decisions/hold`, { body: hold });
    expect(answer.statusCode).toBe(200);
    expect(given[0]?.token?.split('.')).toHaveLength(3);
  });

  it.each<[string, object, RegExp]>([
    ['another actor', { ...hold, actor: 'staff-1' }, /does not belong/],
    ['a token of one’s own', { ...hold, token: 'a.b.c' }, /does not belong/],
    ['no ground', { ...hold, ground: undefined }, /expected one of legal-claims/],
    ['a reason in words', { ...hold, reason: 'because' }, /./],
    ['an owner with a name', { ...hold, owner: `${PLANTED}@example.com` }, /opaque/],
  ])('takes no %s', async (_what, body, message) => {
    const server = await bench.open({});
    const answer = await call(server, 'POST', `/requests/${requestId}/decisions/hold`, { body });
    expectProblem(answer, 'invalid-request');
    expect(JSON.stringify(answer.json())).toMatch(message);
  });

  it('says why the run refused it', async () => {
    const server = await bench.open({
      decide: () => Promise.reject(new DecisionRefusedError(requestId, 'It is on hold already.')),
    });
    const answer = await call(server, 'POST', `/requests/${requestId}/decisions/hold`, { body: hold });
    expectProblem(answer, 'decision-refused');
    expect(answer.json()).toMatchObject({ detail: 'It is on hold already.' });
  });
});

describe('a preview', () => {
  const policy = () => readPolicyFile(undefined);

  it('starts nothing, and says what would happen', async () => {
    const gdpr = { ...policy(), calendars: { gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE' } } };
    const server = await bench.open({}, { policy: gdpr });
    const answer = await call(server, 'POST', '/preview', { body: submission });
    const preview = previewShape.strict().parse(answer.json());
    expect(preview).toMatchObject({
      requestId,
      approvalNeeded: false,
      canBeMet: true,
      due: { on: '2026-12-21', timeZone: 'Europe/Berlin', calendar: 'DE' },
      providers: [{ provider: 'measureone', name: 'MeasureOne' }],
    });
    expect(answer.body).not.toContain(PLANTED);
  });

  it('says that a provider cannot make it', async () => {
    const gdpr = { ...policy(), calendars: { gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE' } } };
    const server = await bench.open({}, { policy: gdpr });
    const late = { ...submission, submittedAt: '2026-10-25T08:00:00.000Z' };
    const preview = previewShape.strict().parse((await call(server, 'POST', '/preview', { body: late })).json());
    expect(preview.canBeMet).toBe(false);
    expect(preview.remarks.join()).toMatch(/cannot make its due date/);
  });

  it.each<[string, ReturnType<typeof policy> | undefined, RegExp]>([
    ['no policy file', undefined, /no policy file/],
    ['no calendar', { ...readPolicyFile(undefined), calendars: {} }, /calendar/],
  ])('promises no due date where there is %s', async (_what, given, why) => {
    const server = await bench.open({}, { policy: given });
    const preview = previewShape.strict().parse((await call(server, 'POST', '/preview', { body: submission })).json());
    expect(preview.due).toBeUndefined();
    expect(preview.noDueDate).toMatch(why);
  });
});

describe('a batch', () => {
  const header = 'requestId,regulation,submittedAt,measureone.individualId';
  const rowOf = (id: string, person: string) => `${id},gdpr,2026-11-20T08:00:00Z,${person}`;
  const send = (server: FastifyInstance, body: string, type = 'text/csv') =>
    call(server, 'POST', '/batches', { body, headers: { 'content-type': type } });
  const linesOf = (answer: { readonly body: string }) =>
    answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('answers a line for each row in their order, and how it ended', async () => {
    const other = requestId.replace(/0$/, '1');
    const server = await bench.open({
      submit: async ({ requestId: id = '' }) => {
        // The first one takes longest.
        if (id === requestId) await new Promise((resolve) => setTimeout(resolve, 50));
        return { ...submitted, requestId: id };
      },
    });
    const body = [
      header,
      rowOf(requestId, 'p-1'),
      rowOf(other, 'p-2'),
      rowOf(requestId, 'p-1'),
      rowOf(other, 'undefined'),
      '',
    ].join('\n');
    const answer = await send(server, body);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    expect(linesOf(answer).map(({ line, result, end }) => [line ?? end, result])).toEqual([
      [2, 'new'],
      [3, 'new'],
      [4, 'duplicate'],
      [5, 'rejected'],
      ['complete', undefined],
    ]);
    expect(linesOf(answer).at(-1)).toEqual({ end: 'complete', rows: 4, new: 2, duplicate: 1, failed: 0, rejected: 1 });
  });

  it('gives rows without an id the same one again', async () => {
    const server = await bench.open({ submit: async ({ requestId: id = '' }) => ({ ...submitted, requestId: id }) });
    const row = JSON.stringify({ ...submission, requestId: undefined });
    const [first] = linesOf(await send(server, row, 'application/x-ndjson'));
    const [second] = linesOf(await send(server, row, 'application/x-ndjson'));
    expect(first).toMatchObject({ line: 1, result: 'new' });
    expect(second).toEqual(first);
    const [other] = linesOf(
      await call(server, 'POST', '/batches?batch=b', {
        body: row,
        headers: { 'content-type': 'application/x-ndjson' },
      }),
    );
    expect(other?.['requestId']).not.toBe(first?.['requestId']);
  });

  it.each<[string, string, object]>([
    ['broken CSV', `${header}\n${rowOf(requestId, 'p-1')}\n"${PLANTED}`, { end: 'unreadable' }],
    ['no header', `${PLANTED}\n1`, { end: 'unreadable', rows: 0 }],
    ['nothing', '\n', { end: 'unreadable', rows: 0 }],
  ])('ends with the reason at %s', async (_what, body, end) => {
    const server = await bench.open({ submit: async () => submitted });
    const answer = await send(server, body);
    expect(linesOf(answer).at(-1)).toMatchObject(end);
    expect(answer.body).not.toContain(PLANTED);
    expect(answer.body).not.toContain('Nothing was submitted');
  });

  it('stops where Temporal is away, and says that it can be sent again', async () => {
    const server = await bench.open({ submit: () => Promise.reject(new TemporalUnavailableError('away')) });
    expect(linesOf(await send(server, `${header}\n${rowOf(requestId, 'p-1')}\n`)).at(-1)).toMatchObject({
      end: 'temporal-unavailable',
    });
  });

  it('takes no other type', async () => {
    const server = await bench.open({});
    expectProblem(await send(server, '{}', 'application/json'), 'unsupported-media-type');
  });

  it('reads a batch of any size as it comes in', async () => {
    let filedCount = 0;
    const server = await bench.open({ submit: async () => ((filedCount += 1), submitted) });
    const rows = Array.from({ length: 5_000 }, (_, index) =>
      JSON.stringify({ ...submission, requestId: undefined, subject: { measureone: { individualId: `p-${index}` } } }),
    );
    const answer = await send(server, rows.join('\n'), 'application/x-ndjson');
    expect(linesOf(answer).at(-1)).toMatchObject({ end: 'complete', rows: 5_000, new: 5_000 });
    expect(filedCount).toBe(5_000);
  });
});

describe('limits', () => {
  it('hold for each caller', async () => {
    const server = await bench.open({ page: async () => ({ requests: [] }) }, { callsPerMinute: 2 });
    const list = (roles: readonly AccessRole[]) => call(server, 'GET', '/requests', { roles });
    expect([(await list(ALL)).statusCode, (await list(ALL)).statusCode]).toEqual([200, 200]);
    const third = await list(ALL);
    expectProblem(third, 'too-many-calls');
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
    expect((await list(['view'])).statusCode).toBe(200);
  });

  it('hold for strangers, and keep out nobody else', async () => {
    const server = await bench.open({ page: async () => ({ requests: [] }) }, { refusalsPerMinute: 1 });
    expectProblem(await call(server, 'GET', '/requests', { key: 'x' }), 'not-authenticated');
    expectProblem(await call(server, 'GET', '/requests', { key: 'x' }), 'too-many-calls');
    expect((await call(server, 'GET', '/requests')).statusCode).toBe(200);
  });
});

describe('beside the API', () => {
  it('says whether it lives and whether it can serve', async () => {
    const server = await bench.open({}, { isReady: false });
    expect((await server.inject('/healthz')).json()).toEqual({ status: 'alive' });
    expect((await server.inject('/readyz')).statusCode).toBe(503);
    expect((await (await bench.open({})).inject('/readyz')).json()).toEqual({ status: 'ready' });
  });

  it('lets no script run and nothing be framed', async () => {
    const server = await bench.open({});
    for (const path of ['/api/v1/', '/api/v1/openapi.json', '/healthz', '/nothing']) {
      const { headers } = await server.inject(path);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
    }
  });
});
