/** Who gets into the console, who does not, and what is shown then. */
import { TemporalUnavailableError } from '../../client/errors';
import { localPath } from '../../console/login-pages';
import { consolePages } from '../../console/pages';
import { accessRoles, type AccessRole } from '../../domain/access-role';
import { HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { byProvider } from '../../domain/provider/provider-table';
import {
  Browser,
  createConsoleBench,
  NOW,
  PLANTED,
  PUBLIC_URL,
  requestId,
  servicesWith,
  type ConsoleBench,
} from './console-bench';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.now = NOW;
  bench.log.lines.length = 0;
});

/** Every call to the client fails: what is told apart here is whether anybody got so far. */
const away = async () => {
  throw new TemporalUnavailableError('away');
};
const unreachable = new Proxy({}, { get: () => away });
const emptyInbox = {
  urgentFirst: async () => ({ requests: [], isCut: false, unanswered: 0 }),
  urgentCounts: async () => ({
    open: 0,
    needsStaff: 0,
    overdue: 0,
    dueThisWeek: 0,
    waitingFor: byProvider(() => 0),
    onHold: 0,
    notIndexed: 0,
  }),
};

const rows = consolePages(servicesWith({}));
const urlOf = (path: string) =>
  path.replace(':requestId', requestId).replace(':kind', 'retry').replaceAll(/:\w+/g, 'x');

describe('every page and form', () => {
  const cases = rows.flatMap((row) =>
    accessRoles.map((role): [string, string, AccessRole] => [row.method, row.path, role]),
  );

  it.each(cases)('%s %s is for the roles it names: %s', async (method, path, role) => {
    const row = rows.find((one) => one.method === method && one.path === path);
    if (row === undefined) throw new Error('no such row');
    const server = await bench.open(unreachable);
    const browser = await bench.loggedIn(server, [role]);
    const answer = method === 'GET' ? await browser.get(urlOf(path)) : await browser.post(urlOf(path));
    const principal = { kind: 'staff' as const, id: 'staff-1', roles: new Set([role]) };
    const isIn = row.isAllowed?.(principal) ?? role === row.role;
    const isSentOn = answer.headers.location === '/requests/new';
    expect([answer.statusCode === 403, isSentOn]).toEqual(
      path === '/' && role === 'file' ? [false, true] : [!isIn, false],
    );
  });

  it.each(rows.map((row) => [row.method, row.path] as const))(
    '%s %s is for nobody who is not logged in',
    async (method, path) => {
      const row = rows.find((one) => one.method === method && one.path === path);
      const browser = new Browser(await bench.open(unreachable));
      const answer = method === 'GET' ? await browser.get(urlOf(path)) : await browser.post(urlOf(path));
      const isPage = method === 'GET' && row?.isBackground !== true;
      const login = isPage ? `/login?returnTo=${encodeURIComponent(urlOf(path))}` : undefined;
      expect([answer.statusCode, answer.headers.location]).toEqual([isPage ? 303 : 401, login]);
    },
  );

  it.each([['/logout'], ...rows.filter(({ method }) => method === 'POST').map(({ path }) => [path])])(
    'POST %s is taken from our own pages only',
    async (path) => {
      const browser = await bench.loggedIn(await bench.open(unreachable));
      const foreign: Record<string, string>[] = [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none' },
        { 'sec-fetch-site': '', origin: 'https://evil.example' },
        { 'sec-fetch-site': '', origin: 'null' },
        { 'sec-fetch-site': '', origin: '' },
      ];
      for (const headers of foreign) {
        const answer = await browser.post(urlOf(path), {}, headers);
        expect([headers, answer.statusCode, answer.body.includes('not sent from here')]).toEqual([headers, 403, true]);
      }
    },
  );
});

describe('logging in', () => {
  it('goes to the identity provider and back to the page that was asked for', async () => {
    const server = await bench.open(emptyInbox);
    const browser = new Browser(server);
    const there = await browser.get('/login?returnTo=%2F%3Fstate%3Don-hold');
    const redirectUri = encodeURIComponent(`${PUBLIC_URL}/login/callback`);
    expect([there.statusCode, there.headers.location]).toEqual([
      303,
      `https://login.example.com/authorize?redirect_uri=${redirectUri}`,
    ]);
    bench.nextLogin = { verdict: 'known', principal: { kind: 'staff', id: 'staff-7', roles: new Set(['view']) } };
    const back = await browser.get('/login/callback?code=1&state=state-1');
    expect([back.statusCode, back.headers.location]).toEqual([303, '/?state=on-hold']);
    expect((await browser.get('/')).body).toContain('staff-7');
  });

  it('sets cookies that scripts, other sites and other hosts cannot use', async () => {
    const server = await bench.open(emptyInbox);
    const browser = new Browser(server);
    const there = await browser.get('/login');
    bench.nextLogin = { verdict: 'known', principal: { kind: 'staff', id: 'staff-7', roles: new Set(['view']) } };
    const back = await browser.get('/login/callback?code=1&state=state-1');
    const set = [...there.cookies, ...back.cookies].filter(({ value }) => value !== '');
    expect(set.map(({ name }) => name)).toEqual(['__Host-erasure-login', '__Host-erasure-session']);
    for (const cookie of set) {
      expect(cookie).toMatchObject({ path: '/', httpOnly: true, secure: true, sameSite: 'Lax' });
      expect(decodeURIComponent(cookie.value)).not.toContain('staff-7');
    }
  });

  it('takes each login once, in the browser that began it, within ten minutes', async () => {
    const server = await bench.open(emptyInbox);
    bench.nextLogin = { verdict: 'known', principal: { kind: 'staff', id: 'staff-7', roles: new Set(['view']) } };
    const begun = new Browser(server);
    await begun.get('/login');
    const other = await new Browser(server).get('/login/callback?code=1&state=state-1');
    expect([other.statusCode, other.cookies.some(({ value }) => value !== '')]).toEqual([403, false]);
    const wrongState = await begun.get('/login/callback?code=1&state=of-somebody-else');
    expect(wrongState.statusCode).toBe(403);
    expect((await begun.get('/login/callback?code=1&state=state-1')).statusCode).toBe(403);

    const late = new Browser(server);
    await late.get('/login');
    bench.now += 10 * MINUTE_MS + 1;
    expect((await late.get('/login/callback?code=1&state=state-1')).statusCode).toBe(403);
    expect(late.cookies.size).toBe(0);
  });

  it('replaces a session that was there before', async () => {
    const server = await bench.open(emptyInbox);
    const browser = await bench.loggedIn(server, ['view'], 'staff-1');
    const before = browser.cookies.get('__Host-erasure-session');
    await browser.get('/login');
    bench.nextLogin = { verdict: 'known', principal: { kind: 'staff', id: 'staff-2', roles: new Set(['view']) } };
    await browser.get('/login/callback?code=1&state=state-1');
    expect(browser.cookies.get('__Host-erasure-session')).not.toBe(before);
    expect((await browser.get('/')).body).toContain('staff-2');
  });

  it.each([
    ['https://evil.example/', '/'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['/%09/evil.example', '/%09/evil.example'],
    ['javascript:alert(1)', '/'],
    ['requests/1', '/'],
    ['/..//evil.example', '/'],
    ['/login?returnTo=/login', '/'],
    ['/logout', '/'],
    [['/a', '/b'], '/'],
    [undefined, '/'],
    ['/requests/1?a=b', '/requests/1?a=b'],
  ])('leads from the login to pages of ours only: %j', (given, expected) => {
    expect(localPath(given)).toBe(expected);
  });

  it('says so where the identity provider is away or refuses', async () => {
    const server = await bench.open(emptyInbox, { isProviderAway: true });
    const answer = await new Browser(server).get('/login');
    expect([answer.statusCode, answer.body.includes('cannot be reached')]).toEqual([503, true]);
    const other = await bench.open(emptyInbox);
    const browser = new Browser(other);
    await browser.get('/login');
    bench.nextLogin = { verdict: 'refused', reason: 'access_denied' };
    const refused = await browser.get('/login/callback?error=access_denied&state=state-1');
    expect([refused.statusCode, refused.body.includes('access_denied')]).toEqual([403, true]);
    expect((await browser.get('/')).statusCode).toBe(303);
  });
});

describe('a session', () => {
  it('ends after 30 minutes without a page, after 8 hours at the latest, and at once with a logout', async () => {
    const server = await bench.open(emptyInbox);
    const browser = await bench.loggedIn(server);
    bench.now += 31 * MINUTE_MS;
    expect((await browser.get('/')).statusCode).toBe(303);

    const awake = await bench.loggedIn(server);
    const since = bench.now;
    while (bench.now - since < 8 * HOUR_MS - 20 * MINUTE_MS) {
      bench.now += 20 * MINUTE_MS;
      expect((await awake.get('/')).statusCode).toBe(200);
    }
    bench.now += 21 * MINUTE_MS;
    expect((await awake.get('/')).statusCode).toBe(303);

    const leaving = await bench.loggedIn(server);
    const left = await leaving.post('/logout');
    expect([left.statusCode, left.body.includes('https://login.example.com/end')]).toEqual([200, true]);
    expect((await leaving.get('/')).statusCode).toBe(303);
  });

  it.each([
    ['made up', () => 'bm90;aGluZw'],
    ['altered', (cookie: string) => `${cookie.startsWith('A') ? 'B' : 'A'}${cookie.slice(1)}`],
    ['empty', () => ';'],
    ['too long', () => 'A'.repeat(4_000)],
  ])('is not taken from a cookie that is %s', async (_, change) => {
    const server = await bench.open(emptyInbox);
    const browser = await bench.loggedIn(server);
    const name = '__Host-erasure-session';
    browser.cookies.set(name, change(browser.cookies.get(name) ?? ''));
    expect((await browser.get('/')).statusCode).toBe(303);
  });

  it('is not taken from the cookie of a login that is under way', async () => {
    const server = await bench.open(emptyInbox);
    const browser = new Browser(server);
    await browser.get('/login');
    browser.cookies.set('__Host-erasure-session', browser.cookies.get('__Host-erasure-login') ?? '');
    expect((await browser.get('/')).statusCode).toBe(303);
  });

  it('without any role says what is missing', async () => {
    const browser = await bench.loggedIn(await bench.open(emptyInbox), []);
    const answer = await browser.get('/');
    expect([answer.statusCode, answer.body.includes('SERVER_OIDC_ROLES')]).toEqual([403, true]);
  });
});

describe('what a page says beside its content', () => {
  it('is kept by nobody, runs nothing from elsewhere, and is shown in no frame', async () => {
    const browser = await bench.loggedIn(await bench.open(emptyInbox));
    const { headers } = await browser.get('/');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
    expect(policy).not.toContain('unsafe');
  });

  it('has nothing inline, and only links to assets that are there', async () => {
    const browser = await bench.loggedIn(await bench.open(emptyInbox));
    const { body } = await browser.get('/');
    expect(body).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
    const assets = [...body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, url = '']) => url);
    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const url of assets) {
      const answer = await browser.get(url);
      expect([url, answer.statusCode, answer.headers['cache-control']]).toEqual([
        url,
        200,
        expect.stringContaining('immutable'),
      ]);
    }
  });

  it('is a page of its own where Temporal is away, where nothing is there, and where we fail', async () => {
    const awayBrowser = await bench.loggedIn(await bench.open(unreachable));
    const noTemporal = await awayBrowser.get('/');
    expect([noTemporal.statusCode, noTemporal.body.includes('Temporal does not answer')]).toEqual([503, true]);
    expect(noTemporal.headers['retry-after']).toBe('10');
    const nothing = await awayBrowser.get('/nowhere');
    expect([nothing.statusCode, nothing.body.includes('There is no such page')]).toEqual([404, true]);
    const broken = await bench.loggedIn(
      await bench.open({
        ...emptyInbox,
        urgentFirst: async () => {
          throw new Error(PLANTED);
        },
      }),
    );
    const failed = await broken.get('/');
    expect([failed.statusCode, failed.body.includes('Something went wrong inside')]).toEqual([500, true]);
    expect(`${failed.body}${JSON.stringify(bench.log.lines)}`).not.toContain(PLANTED);
  });

  it('leaves the API to answer for itself', async () => {
    const browser = await bench.loggedIn(await bench.open(emptyInbox));
    const api = await browser.get('/api/v1/requests');
    expect([api.statusCode, api.headers['content-type']]).toEqual([401, 'application/problem+json; charset=utf-8']);
    const nothing = await browser.get('/api/v1/nowhere');
    expect(nothing.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });
});
