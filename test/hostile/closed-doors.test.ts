/** Whoever may not see a page learns nothing from it, however it is asked for: nothing is looked up, and nothing of it is answered. */
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { apiRoutes } from '../../api/routes';
import { mayVisit, type PageRoute } from '../../console/page';
import { consolePages } from '../../console/pages';
import { accessRoles, type AccessRole } from '../../domain/access-role';
import { createConsoleBench, requestId, servicesWith, type ConsoleBench } from '../console/console-bench';

let bench: ConsoleBench;
let server: FastifyInstance;
let port: number;
/** What was asked of the client. */
const asked: string[] = [];
/** The cookies of a browser for each kind of visitor. */
const cookies = new Map<string, string>();

const visitors: readonly (readonly [string, readonly AccessRole[] | undefined])[] = [
  ['nobody', undefined],
  ['staff without a role', []],
  ...accessRoles.map((role) => [`staff with ${role}`, [role]] as const),
];

beforeAll(async () => {
  bench = await createConsoleBench();
  const noted = new Proxy(
    {},
    {
      get: (_target, name) => async () => {
        asked.push(String(name));
        throw new Error('This is as far as anybody gets here');
      },
    },
  );
  server = await bench.open(noted, { signs: true });
  await server.listen({ host: '127.0.0.1', port: 0 });
  port = (server.server.address() as AddressInfo).port;
  for (const [who, roles] of visitors) {
    if (roles === undefined) continue;
    const browser = await bench.loggedIn(server, roles);
    cookies.set(who, [...browser.cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; '));
  }
});
afterAll(() => bench.close());

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** The path goes out as it is written here. */
function ask(who: string, method: string, path: string, headers: Readonly<Record<string, string>> = {}) {
  const cookie = cookies.get(who);
  return new Promise<Answer>((resolve, reject) => {
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { 'sec-fetch-site': 'same-origin', ...(cookie !== undefined && { cookie }), ...headers },
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    sent.end();
  });
}

const rows = consolePages(servicesWith({}));
const pathOf = (path: string): string => path.replace(':requestId', requestId);

/** The same address in other words. */
const spellings: readonly (readonly [string, (path: string) => string])[] = [
  ['as it is', (path) => path],
  ['with a query', (path) => `${path}?show=open&as=csv&from=2026-11-01&to=2026-11-02`],
  ['with a slash more at its end', (path) => `${path}/`],
  ['with a slash more at its beginning', (path) => `/${path}`],
  ['in capitals', (path) => path.toUpperCase()],
  ['with a letter encoded', (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`)],
  ['with its slashes encoded', (path) => `/${path.slice(1).replaceAll('/', '%2f')}`],
  ['by a way round', (path) => `/assets/..${path}`],
  ['by an encoded way round', (path) => `/assets/%2e%2e${path}`],
  ['with a parameter of its path', (path) => `${path};admin=1`],
  ['with an ending', (path) => `${path}.json`],
  ['with NUL', (path) => `${path}%00`],
  ['as a whole URL', (path) => `http://erasure.example.com${path}`],
];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** Who may see or send something under this path. */
const mayAny = (path: string, roles: readonly AccessRole[] | undefined): boolean =>
  rows.some((row) => row.path === path && may(row, roles));
const may = (row: PageRoute, roles: readonly AccessRole[] | undefined): boolean =>
  roles !== undefined && mayVisit({ kind: 'staff', id: 'staff-1', roles: new Set(roles) }, row);

const paths = [...new Set(rows.map(({ path }) => path))];

describe('a page of the console', () => {
  it.each(paths)('%s is closed to whoever may not see it, in every spelling and by every method', async (path) => {
    for (const [who] of visitors.filter(([, roles]) => !mayAny(path, roles))) {
      for (const [how, spell] of spellings) {
        for (const method of how === 'as it is' ? methods : ['GET', 'POST']) {
          asked.length = 0;
          const { status, location, body } = await ask(who, method, spell(pathOf(path)));
          const led = location === undefined || /^\/login\?returnTo=|^\/requests\/new$/.test(location);
          const what = [who, how, method, status, location];
          expect([...what, [303, 400, 401, 403, 404].includes(status), led, asked]).toEqual([...what, true, true, []]);
          // A page that says no has no form but the one that logs out.
          expect(body.replace(/<form[^>]*action="\/logout"/, '')).not.toMatch(
            /<form|<table|<main[^>]*>\s*<div id="live"/,
          );
        }
      }
    }
  });

  it.each(rows.map((row) => [row.method, row.path] as const))(
    '%s %s is not what another method of the same address does',
    async (method, path) => {
      const row = rows.find((one) => one.method === method && one.path === path);
      if (row === undefined) throw new Error('There is no such row');
      const isTaken = (other: string) => rows.some((two) => two.path === path && two.method === other);
      const others = methods.filter((one) => !isTaken(one === 'HEAD' ? 'GET' : one));
      const [who = ''] = visitors.find(([, roles]) => may(row, roles)) ?? [];
      for (const other of others) {
        asked.length = 0;
        const { status } = await ask(who, other, pathOf(path));
        expect([other, [400, 404].includes(status), asked]).toEqual([other, true, []]);
      }
    },
  );

  it('is what this test would notice: whoever may see it gets as far as the client', async () => {
    asked.length = 0;
    const { status } = await ask('staff with view', 'GET', `/requests/${requestId}`);
    expect([status, asked]).toEqual([500, ['get']]);
  });
});

describe('the session of a staff member', () => {
  const routes = apiRoutes(servicesWith({}, { issuer: { issue: () => Promise.reject(new Error('not here')) } }));

  it.each(routes.map(({ method, path }) => [method, path] as const))(
    'opens no route of the API, which takes no cookies: %s %s',
    async (method, path) => {
      for (const [who] of visitors) {
        asked.length = 0;
        const url = `/api/v1${path.replace('{requestId}', requestId)}`;
        const { status, body } = await ask(who, method, url, { 'content-type': 'application/json' });
        expect([who, status, asked]).toEqual([who, 401, []]);
        expect(JSON.parse(body)).toMatchObject({ code: 'not-authenticated' });
      }
    },
  );
});
