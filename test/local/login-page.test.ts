/** The login page of `npm run up`, met by the same code that meets a company's identity provider. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createBrowserLogin, type BrowserLogin } from '../../access/browser-login';
import { accessRoles, type AccessRole } from '../../domain/access-role';
import {
  LOCAL_AUDIENCE,
  LOCAL_CLIENT_ID,
  LOCAL_ROLES,
  localStaff,
  startLocalLogin,
  type LocalLogin,
} from '../../local/login-page';
import { roleMap } from '../../config/identity-provider';
import { createAgents } from '../../network/agents';
import { createFetch } from '../../network/fetch';

const redirectUri = 'http://127.0.0.1:1/login/callback';
let page: LocalLogin;
let login: BrowserLogin;

beforeAll(async () => {
  page = await startLocalLogin({ port: 0, redirectUri });
  const provider = {
    issuer: page.url,
    audience: LOCAL_AUDIENCE,
    actorClaim: 'sub',
    rolesClaim: 'roles',
    roles: roleMap.parse(LOCAL_ROLES),
  };
  login = createBrowserLogin(provider, { clientId: LOCAL_CLIENT_ID, scope: 'openid' }, createFetch(createAgents()));
});
afterAll(() => page.close());

async function begin() {
  const begun = await login.begin(redirectUri, Date.now());
  if (begun === undefined) throw new Error('the page was not found');
  return begun;
}

/** As the form on the page is sent. */
async function choose(url: string, staff: string, change: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = new URLSearchParams({ ...Object.fromEntries(new URL(url).searchParams), staff, ...change });
  return fetch(`${page.url}/authorize`, { method: 'POST', body, redirect: 'manual' });
}

const comeBack = (answer: Response): URL => new URL(answer.headers.get('location') ?? '');

describe('the local login page', () => {
  it('says what it is, and offers two staff members', async () => {
    const text = await (await fetch((await begin()).url)).text();
    expect(text).toContain('on this machine only');
    for (const { id } of localStaff) expect(text).toContain(`Log in as ${id}`);
  });

  it.each(localStaff.map(({ id, may }) => [id, may]))('logs %s in, who may %s', async (id, may) => {
    const { url, secrets } = await begin();
    const result = await login.finish(comeBack(await choose(url, id)), secrets, Date.now());
    const roles = new Set<AccessRole>(accessRoles.filter((role) => may.includes(role)));
    expect(result).toEqual({ verdict: 'known', principal: { kind: 'staff', id, roles } });
  });

  it('lets nobody both file and approve', () => {
    const granted = [...roleMap.parse(LOCAL_ROLES).values()];
    expect(granted).toHaveLength(localStaff.length);
    for (const roles of granted) expect(roles.includes('file') && roles.includes('approve')).toBe(false);
  });

  it('sends nobody anywhere but to the console beside it', async () => {
    const { url } = await begin();
    const elsewhere = url.replace(encodeURIComponent(redirectUri), encodeURIComponent('https://evil.example/'));
    expect((await fetch(elsewhere)).status).toBe(400);
    expect((await choose(url, localStaff[0].id, { redirect_uri: 'https://evil.example/' })).status).toBe(400);
    expect((await choose(url, 'staff-of-nobody')).status).toBe(400);
    expect((await choose(url, localStaff[0].id, { code_challenge_method: 'plain' })).status).toBe(400);
  });

  it('takes each code once, from whoever began', async () => {
    const { url, secrets } = await begin();
    const back = comeBack(await choose(url, localStaff[0].id));
    const stolen = await login.finish(back, { ...secrets, codeVerifier: 'v'.repeat(43) }, Date.now());
    expect(stolen).toEqual({ verdict: 'refused', reason: 'invalid_grant' });
    expect(await login.finish(back, secrets, Date.now())).toEqual({ verdict: 'refused', reason: 'invalid_grant' });

    const second = await begin();
    const again = comeBack(await choose(second.url, localStaff[0].id));
    expect(await login.finish(again, second.secrets, Date.now())).toMatchObject({ verdict: 'known' });
    expect(await login.finish(again, second.secrets, Date.now())).toMatchObject({ verdict: 'refused' });
  });

  it('answers to its own address only', async () => {
    const { port } = new URL(page.url);
    const statusFor = async (host: string): Promise<number | undefined> => {
      const request = httpRequest({ host: '127.0.0.1', port, path: '/jwks', headers: { host } });
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      request.end();
      const [{ statusCode }] = await answered;
      return statusCode;
    };
    expect(await statusFor(`127.0.0.1:${port}`)).toBe(200);
    for (const host of [`evil.example:${port}`, `localhost:${port}`, '127.0.0.1'])
      expect(await statusFor(host)).toBe(403);
  });
});
