/** The way to the identity provider and back: it leads nowhere else, and lets in nobody who did not begin it. */
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { createBrowserLogin, type BrowserLogin } from '../../access/browser-login';
import { roleMap } from '../../config/identity-provider';
import { LOCAL_AUDIENCE, LOCAL_CLIENT_ID, LOCAL_ROLES, startLocalLogin, type LocalLogin } from '../../local/login-page';
import { createAgents } from '../../network/agents';
import { createFetch } from '../../network/fetch';
import { Browser, createConsoleBench, PUBLIC_URL, type ConsoleBench } from '../console/console-bench';

const MARKUP = '"><script>alert(1)</script>';
const SESSION = '__Host-erasure-session';
const LOGIN = '__Host-erasure-login';
/** What browsers keep of one cookie: its name and its value. */
const COOKIE_BYTES_MAX = 4_096;

let bench: ConsoleBench;
let page: LocalLogin;
/** With a scripted provider, and with a real one. */
let scripted: FastifyInstance;
let real: FastifyInstance;

beforeAll(async () => {
  bench = await createConsoleBench();
  scripted = await bench.open({});
  page = await startLocalLogin({ port: 0, redirectUri: `${PUBLIC_URL}/login/callback` });
  real = await bench.open({}, { login: loginAt() });
});
afterAll(async () => {
  await bench.close();
  await page.close();
});
beforeEach(() => {
  bench.log.text = '';
  bench.nextLogin = { verdict: 'known', principal: { kind: 'staff', id: 'staff-7', roles: new Set(['view']) } };
});

function loginAt(fetch = createFetch(createAgents())): BrowserLogin {
  const provider = {
    issuer: page.url,
    audience: LOCAL_AUDIENCE,
    actorClaim: 'sub',
    rolesClaim: 'roles',
    roles: roleMap.parse(LOCAL_ROLES),
  };
  return createBrowserLogin(provider, { clientId: LOCAL_CLIENT_ID, scope: 'openid' }, fetch);
}

describe('the address that a login leads back to', () => {
  const foreign: readonly string[] = [
    'https://evil.example/',
    'HTTPS://evil.example/',
    'https:evil.example',
    'https:/evil.example',
    'https:///evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\\/evil.example',
    '\\/evil.example',
    '/%5cevil.example',
    '/%2f%2fevil.example',
    '%2f%2fevil.example',
    '/%252f%252fevil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r\nSet-Cookie: a=b',
    '/\r\n\r\n<script>alert(1)</script>',
    '/%0d%0aLocation:%20https://evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/ /evil.example',
    '/\u0000/evil.example',
    '/\u00a0/evil.example',
    '/\u2028/evil.example',
    '／／evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/.%2e//evil.example',
    '/x/..//evil.example',
    '/./\\evil.example',
    '/;//evil.example',
    '/?//evil.example',
    '/#//evil.example',
    '//user:secret@evil.example',
    '/@evil.example',
    `${PUBLIC_URL}@evil.example`,
    `${PUBLIC_URL}.evil.example/`,
    '//erasure.example.com@evil.example/',
    '//[::1]/',
    '/[::1]/',
    '//2130706433/',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    '/javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'evil.example',
    '.evil.example',
    '@evil.example',
    ':443/',
    '?returnTo=//evil.example',
    '#//evil.example',
    '',
    '/'.repeat(1_000),
    `/${'a'.repeat(1_998)}?${MARKUP}`,
    `/${'%2e'.repeat(20_000)}`,
    `/requests?${'%00'.repeat(600)}`,
    '/login',
    '/login/callback?code=1&state=2',
    '/logout',
    '/assets/console.css',
    '/__proto__',
  ];

  it.each(foreign)('is one of ours, or the first page, for %j', async (given) => {
    const browser = new Browser(scripted);
    const there = await browser.get(`/login?returnTo=${encodeURIComponent(given)}`);
    expect([there.statusCode, there.headers.location?.startsWith('https://login.example.com/')]).toEqual([303, true]);
    for (const { name, value } of there.cookies) {
      expect(name.length + encodeURIComponent(value).length).toBeLessThan(COOKIE_BYTES_MAX);
    }
    const back = await browser.get('/login/callback?code=1&state=state-1');
    const location = String(back.headers.location);
    expect([back.statusCode, location.startsWith('/'), /^[\x21-\x7e]*$/.test(location)]).toEqual([303, true, true]);
    const { origin, pathname } = new URL(location, PUBLIC_URL);
    expect([origin, /^\/(login|logout|assets)/.test(pathname)]).toEqual([PUBLIC_URL, false]);
    expect(back.cookies.map(({ name }) => name).toSorted()).toEqual([LOGIN, SESSION]);
  });

  it.each([
    ['as it stands in the query', 'returnTo=//evil.example'],
    ['twice', 'returnTo=/a&returnTo=//evil.example'],
    ['as a field of a field', 'returnTo[]=//evil.example&returnTo[href]=//evil.example'],
    ['under another name', 'return_to=//evil.example&next=//evil.example&redirect_uri=//evil.example'],
    ['with what is sent to the provider', 'returnTo=/&state=x&client_id=x&scope=x&nonce=x'],
  ])('is one of ours where it is given %s', async (_what, query) => {
    const browser = new Browser(scripted);
    const there = await browser.get(`/login?${query}`);
    expect(there.headers.location).toBe(
      `https://login.example.com/authorize?redirect_uri=${encodeURIComponent(`${PUBLIC_URL}/login/callback`)}`,
    );
    expect((await browser.get('/login/callback?code=1&state=state-1')).headers.location).toBe('/');
  });
});

describe('the name that a browser calls us by', () => {
  const headers: readonly Readonly<Record<string, string>>[] = [
    { host: 'evil.example' },
    { host: 'erasure.example.com:evil.example' },
    { host: `evil.example/${MARKUP}` },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', 'x-forwarded-port': '1' },
    { forwarded: 'host=evil.example;proto=http' },
    { 'x-original-host': 'evil.example', 'x-host': 'evil.example', 'x-forwarded-server': 'evil.example' },
    { 'x-original-url': '/evil.example', 'x-rewrite-url': '/evil.example', 'x-forwarded-prefix': '//evil.example' },
    { referer: 'https://evil.example/', origin: 'https://evil.example' },
  ];
  const paths = ['/', '/login', '/login/callback', '/nowhere', '/api/v1/', '/api/v1/openapi.json', '/api/v1/requests'];

  it.each(headers.map((one) => [one]))('is in no answer, whatever it says: %j', async (given) => {
    const staff = await bench.loggedIn(scripted);
    for (const path of paths) {
      for (const browser of [new Browser(scripted), staff]) {
        const answer = await browser.get(path, given);
        const said = `${JSON.stringify(answer.headers)}${answer.body}`;
        expect([path, /evil|<script>alert/.test(said)]).toEqual([path, false]);
      }
    }
  });
});

describe('the way back from the identity provider', () => {
  interface Begun {
    readonly browser: Browser;
    readonly code: string;
    readonly state: string;
  }

  /** A browser that has chosen this staff member there, and was sent back. */
  async function begun(staff = 'staff-clerk'): Promise<Begun> {
    const browser = new Browser(real);
    const there = await browser.get('/login');
    const body = new URLSearchParams({
      ...Object.fromEntries(new URL(String(there.headers.location)).searchParams),
      staff,
    });
    const chosen = await fetch(`${page.url}/authorize`, { method: 'POST', body, redirect: 'manual' });
    const { searchParams } = new URL(chosen.headers.get('location') ?? '');
    return { browser, code: searchParams.get('code') ?? '', state: searchParams.get('state') ?? '' };
  }

  const comeBack = ({ browser }: Begun, query: string): Promise<LightMyRequestResponse> =>
    browser.get(`/login/callback${query}`);

  function expectRefused(answer: LightMyRequestResponse, begunHere: readonly Begun[]): void {
    const set = answer.cookies.filter(({ name, value }) => name === SESSION && value !== '');
    expect([answer.statusCode, set, answer.body.includes('<script>alert')]).toEqual([403, [], false]);
    for (const { code, state } of begunHere) {
      expect(`${answer.body}${bench.log.text}`).not.toContain(code);
      expect(`${answer.body}${bench.log.text}`).not.toContain(state);
    }
    expect(bench.log.text).not.toContain('failed inside');
    expect(bench.log.text).not.toContain('alert');
  }

  it('lets in who began it', async () => {
    const login = await begun();
    const answer = await comeBack(login, `?code=${login.code}&state=${login.state}`);
    expect([answer.statusCode, login.browser.cookies.has(SESSION)]).toEqual([303, true]);
  });

  const rows: readonly (readonly [string, (mine: Begun, other: Begun) => string])[] = [
    ['without anything', () => ''],
    ['without a state', ({ code }) => `?code=${code}`],
    ['with an empty state', ({ code }) => `?code=${code}&state=`],
    ['with the state of another browser', ({ code }, { state }) => `?code=${code}&state=${state}`],
    ['with its state twice', ({ code, state }) => `?code=${code}&state=${state}&state=${state}`],
    ['with two states', ({ code, state }, other) => `?code=${code}&state=${other.state}&state=${state}`],
    ['with its state in capitals', ({ code, state }) => `?code=${code}&state=${state.toUpperCase()}x`],
    ['with the code of another browser', ({ state }, { code }) => `?code=${code}&state=${state}`],
    ['with code and state of another browser', (_mine, { code, state }) => `?code=${code}&state=${state}`],
    ['without a code', ({ state }) => `?state=${state}`],
    ['with an empty code', ({ state }) => `?code=&state=${state}`],
    ['with a code that nobody gave', ({ state }) => `?code=${encodeURIComponent(MARKUP)}&state=${state}`],
    ['with two codes', ({ code, state }, other) => `?code=${code}&code=${other.code}&state=${state}`],
    ['with an error as well', ({ code, state }) => `?code=${code}&state=${state}&error=access_denied`],
    ['with an error', ({ state }) => `?error=access_denied&state=${state}`],
    ['with markup as its error', ({ state }) => `?error=${encodeURIComponent(MARKUP)}&state=${state}`],
    [
      'with markup that tells of its error',
      ({ state }) =>
        `?error=server_error&error_description=${encodeURIComponent(MARKUP)}&error_uri=javascript:alert(1)&state=${state}`,
    ],
    ['with an error of no state', () => `?error=${encodeURIComponent(MARKUP)}`],
    ['with a long error', ({ state }) => `?error=${'e'.repeat(20_000)}&state=${state}`],
    ['with a word of another issuer', ({ code, state }) => `?code=${code}&state=${state}&iss=https://evil.example`],
    ['with a token of its own', ({ state }) => `?id_token=a.b.c&access_token=x&state=${state}`],
    ['as a fragment', ({ code, state }) => `?x=%23code=${code}%26state=${state}`],
    ['with what cannot be decoded', ({ code, state }) => `?code=${code}%&state=${state}%ff`],
    ['with a question mark more', ({ code, state }) => `??code=${code}&state=${state}`],
  ];

  it.each(rows)('lets in nobody %s', async (_what, query) => {
    const [mine, other] = [await begun(), await begun('staff-officer')];
    expectRefused(await comeBack(mine, query(mine, other)), [mine, other]);
    // What was tried has used the login up.
    expectRefused(await comeBack(mine, `?code=${mine.code}&state=${mine.state}`), [mine, other]);
  });

  it('lets in nobody a second time, even with the cookies of the first', async () => {
    const login = await begun();
    const kept = new Map(login.browser.cookies);
    const query = `?code=${login.code}&state=${login.state}`;
    expect((await comeBack(login, query)).statusCode).toBe(303);
    const again: Begun = { ...login, browser: new Browser(real) };
    for (const [name, value] of kept) again.browser.cookies.set(name, value);
    expectRefused(await comeBack(again, query), [login]);
  });

  it.each(['http://evil.example', 'http://[', 'http://a b', 'http://evil.example:99999', 'https://user@evil.example'])(
    'is refused by its query, whatever host the whole address names: %s',
    async (host) => {
      if (!real.server.listening) await real.listen({ host: '127.0.0.1', port: 0 });
      const { port } = real.server.address() as AddressInfo;
      const { browser, state } = await begun();
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ');
      const path = `${host}/login/callback?error=access_denied&state=${state}`.replace(' ', '%20');
      const status = await new Promise<number>((resolve, reject) => {
        const sent = httpRequest({ host: '127.0.0.1', port, path, headers: { cookie } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.once('error', reject);
        sent.end();
      });
      expect([[403, 404].includes(status), bench.log.text.includes('failed inside')]).toEqual([true, false]);
    },
  );
});

describe('what an identity provider says of itself', () => {
  /** Its description, changed. */
  const login = (change: Readonly<Record<string, unknown>>): BrowserLogin => {
    const fetch = createFetch(createAgents());
    return loginAt(async (url, options) => {
      const answer = await fetch(url, options);
      if (!url.endsWith('/.well-known/openid-configuration')) return answer;
      return Response.json({ ...((await answer.json()) as object), ...change });
    });
  };

  it.each([
    ['javascript:alert(1)', false],
    ['data:text/html,x', false],
    ['//evil.example', false],
    ['http://elsewhere.example/end', false],
    ['not a URL', false],
    [7, false],
    [null, false],
    ['https://login.example.com/end', true],
    ['http://127.0.0.1:9/end', true],
  ])('is a link after the logout only where it leads to a page: %j', async (end, isLink) => {
    const server = await bench.open({}, { login: login({ end_session_endpoint: end }) });
    const browser = new Browser(server);
    expect((await browser.get('/login')).statusCode).toBe(303);
    const { statusCode, body } = await browser.post('/logout');
    const links = [...body.matchAll(/href="([^"]*)"/g)].map(([, link = '']) => link);
    expect([statusCode, links.filter((link) => !/^(\/(?!\/)|#)/.test(link))]).toEqual([200, isLink ? [end] : []]);
  });
});
