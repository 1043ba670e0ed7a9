/** Calls as they leave a process of ours: through the company's proxy, with its CA, and by nothing that is meant for others. */
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHttp } from '../../activities/providers/http';
import { readProxy } from '../../config/network-config';
import { createAgents } from '../../network/agents';
import { openTunnel, ProxyFailure } from '../../network/tunnel';
import { expectNoneOf, failureFrom } from '../activities/providers/bare-provider';
import { createAuthority, type Authority } from '../support/certificates';
import { startForwardProxy, type ForwardProxy } from '../support/forward-proxy';

const run = promisify(execFile);
const programs = process.env['TEST_PROGRAMS'] ?? '';
const token = 'planted-token-0000';
const credentials = 'planted-user:planted-password';

/** A process as ours are, which does one call of each kind and prints what came of it. */
const program = `
const [programs, url, token] = process.argv.slice(1);
const { createHttp } = require(programs + '/activities/providers/http.js');
const { createAgents } = require(programs + '/network/agents.js');
const { createFetch } = require(programs + '/network/fetch.js');
const { readProxy } = require(programs + '/config/network-config.js');
const agents = createAgents({ proxy: readProxy(process.env) });
const headers = { authorization: 'Bearer ' + token };
const request = { to: 'Provider', what: 'the request', method: 'POST', url, headers, body: '{}' };
(async () => {
  const sent = await createHttp({ agents }).send(request).then(({ status, body }) => ({ status, body }), ({ type, message, neverLeft }) => ({ type, message, neverLeft }));
  const fetched = await createFetch(agents)(url, { method: 'POST', headers, body: '{}' }).then(async (answer) => ({ status: answer.status, body: await answer.text() }), ({ code }) => ({ code }));
  console.log(JSON.stringify({ sent, fetched }));
})();
`;

let authority: Authority;
let server: Server;
let port: number;
const seen: { readonly method: string; readonly authorization: string | undefined }[] = [];
let proxy: ForwardProxy | undefined;
let answer: (path: string) => string = () => 'from the provider';

beforeAll(async () => {
  authority = createAuthority();
  const { cert, key } = authority.issue('provider', ['DNS:provider.example', 'IP:127.0.0.1', 'IP:fd00::1']);
  server = createServer({ cert, key }, (request, response) => {
    seen.push({ method: request.method ?? '', authorization: request.headers.authorization });
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer(request.url ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  authority.remove();
});
beforeEach(() => seen.splice(0));
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

async function startProxy(options: Parameters<typeof startForwardProxy>[0] = {}): Promise<ForwardProxy> {
  proxy = await startForwardProxy({ leadsTo: { host: '127.0.0.1', port }, ...options });
  return proxy;
}

async function callsOf(url: string, settings: Readonly<Record<string, string>>): Promise<unknown> {
  const env = { PATH: process.env['PATH'] ?? '', ...settings };
  const { stdout } = await run(process.execPath, ['-e', program, programs, url, token], { env });
  return JSON.parse(stdout) as unknown;
}

const both = (result: unknown) => ({ sent: result, fetched: result });
const answered = both({ status: 200, body: 'from the provider' });

describe('calls through the proxy', () => {
  it('trust the company CA of NODE_EXTRA_CA_CERTS, and show the proxy host and port only', async () => {
    const { asked, authorizations, plain, carried, url } = await startProxy();
    const settings = {
      NODE_EXTRA_CA_CERTS: authority.caFile,
      ERASURE_PROXY_URL: url.replace('//', `//${credentials}@`),
      ERASURE_NO_PROXY: 'other.example',
    };
    expect(await callsOf('https://provider.example/users', settings)).toEqual(answered);
    // The second call may go on in the connection of the first.
    expect([...new Set(asked)]).toEqual(['provider.example:443']);
    expect([...new Set(authorizations)]).toEqual([`Basic ${Buffer.from(credentials).toString('base64')}`]);
    expect(plain).toEqual([]);
    expect(seen).toEqual([1, 2].map(() => ({ method: 'POST', authorization: `Bearer ${token}` })));
    expect(carried().length).toBeGreaterThan(1_000);
    expect(carried()).not.toContain(token);
    expect(carried()).not.toContain('/users');
  });

  it('may go through a proxy that is itself reached by TLS', async () => {
    const { asked, url } = await startProxy({ tls: authority.issue('proxy', ['IP:127.0.0.1']) });
    const settings = { NODE_EXTRA_CA_CERTS: authority.caFile, ERASURE_PROXY_URL: url };
    expect(await callsOf('https://provider.example', settings)).toEqual(answered);
    expect(asked[0]).toBe('provider.example:443');
  });

  it('name an IPv6 address in brackets', async () => {
    const { asked, url } = await startProxy();
    const settings = { NODE_EXTRA_CA_CERTS: authority.caFile, ERASURE_PROXY_URL: url };
    expect(await callsOf('https://[fd00::1]:8443', settings)).toEqual(answered);
    expect(asked[0]).toBe('[fd00::1]:8443');
  });

  it('reach nobody without the CA, and none whose certificate is for another name', async () => {
    const { url } = await startProxy();
    for (const [target, settings, code] of [
      ['https://provider.example', {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ['https://other.example', { NODE_EXTRA_CA_CERTS: authority.caFile }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ] as const) {
      const { sent, fetched } = (await callsOf(target, { ...settings, ERASURE_PROXY_URL: url })) as {
        sent: { type: string; message: string; neverLeft: boolean };
        fetched: { code: string };
      };
      expect(sent).toMatchObject({ type: 'ProviderUnavailable', neverLeft: true });
      expect(sent.message).toContain(code);
      expect(fetched.code).toBe(code);
    }
    expect(seen).toEqual([]);
  });

  it('are left out for this machine itself, and for exceptions', async () => {
    const { asked, url } = await startProxy();
    const settings = { NODE_EXTRA_CA_CERTS: authority.caFile, ERASURE_PROXY_URL: url };
    expect(await callsOf(`https://127.0.0.1:${port}`, settings)).toEqual(answered);
    const direct = await callsOf('https://provider.invalid', { ...settings, ERASURE_NO_PROXY: '.invalid' });
    expect(direct).toMatchObject({ sent: { type: 'ProviderUnavailable' }, fetched: { code: 'ENOTFOUND' } });
    expect(asked).toEqual([]);
  });

  it('are never taken from what other programs are told', async () => {
    const { asked, plain, url } = await startProxy();
    const names = [
      'http_proxy',
      'https_proxy',
      'all_proxy',
      'grpc_proxy',
      'npm_config_proxy',
      'npm_config_https_proxy',
    ];
    const settings = Object.fromEntries(
      names.flatMap((name) => [[name, url] as const, [name.toUpperCase(), url] as const]),
    );
    const result = await callsOf(`https://127.0.0.1:${port}`, {
      ...settings,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: authority.caFile,
    });
    expect(result).toEqual(answered);
    const away = await callsOf('https://provider.invalid', { ...settings, NODE_USE_ENV_PROXY: '1' });
    expect(away).toMatchObject({ fetched: { code: 'ENOTFOUND' } });
    expect([...asked, ...plain]).toEqual([]);
  });
});

describe('a proxy that makes no connection', () => {
  const send = (url: string) => {
    const agents = createAgents({
      proxy: readProxy({ ERASURE_PROXY_URL: url.replace('//', `//${credentials}@`) }),
    });
    return createHttp({ agents }).send({
      to: 'Provider',
      what: 'the request',
      method: 'POST',
      url: 'https://provider.example/users',
      headers: { authorization: `Bearer ${token}` },
    });
  };

  it.each([302, 400, 403, 404, 407, 429, 500, 502, 503, 504])(
    'is told as such, and never as an answer of the provider: %i',
    async (status) => {
      const { url } = await startProxy({ answer: status });
      const failure = await failureFrom(send(url));
      expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: true });
      const why = status === 407 ? ', since it wants other credentials: check ERASURE_PROXY_URL' : '';
      expect(failure.message).toBe(
        `Provider could not be reached for the request. The proxy refused the connection with HTTP ${status}${why}.`,
      );
      expectNoneOf([token, 'planted-user', 'planted-password', credentials], failure);
    },
  );

  it('is told where it is not there at all', async () => {
    const gone = await startForwardProxy();
    await gone.close();
    const failure = await failureFrom(send(gone.url));
    expect(failure.message).toBe(
      'Provider could not be reached for the request. The proxy (ERASURE_PROXY_URL) did not answer (ECONNREFUSED).',
    );
    expectNoneOf([token, 'planted-password', gone.url], failure);
  });

  it('is told where it is silent', async () => {
    const { port: silentPort } = await startProxy({ answer: 'silent' });
    const tunnel = openTunnel(
      { isEncrypted: false, host: '127.0.0.1', port: silentPort, exceptions: [] },
      { host: 'provider.example', port: 443 },
      300,
    );
    await expect(tunnel).rejects.toEqual(
      new ProxyFailure('PROXY_UNREACHABLE', 'The proxy (ERASURE_PROXY_URL) did not answer within 0.3 s.'),
    );
  });
});

describe('the identity provider', () => {
  const issuer = 'https://provider.example';
  const metadata = {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
  const settingsOf = (url: string) => ({ NODE_EXTRA_CA_CERTS: authority.caFile, ERASURE_PROXY_URL: url });

  it('is asked through the proxy by the server, for its description and its keys', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
    answer = (path) => JSON.stringify(path === '/jwks' ? jwks : metadata);
    const signed = await new SignJWT({ sub: 'staff-17', roles: 'officer' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(issuer)
      .setAudience('cli')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    const identify = `
      const [programs, token] = process.argv.slice(1);
      const { createAccessTokenVerifier } = require(programs + '/access/access-token.js');
      const { createAgents } = require(programs + '/network/agents.js');
      const { createFetch } = require(programs + '/network/fetch.js');
      const { readProxy } = require(programs + '/config/network-config.js');
      const login = { issuer: '${issuer}', audience: 'cli', actorClaim: 'sub', rolesClaim: 'roles', roles: new Map() };
      const verify = createAccessTokenVerifier(login, createFetch(createAgents({ proxy: readProxy(process.env) })));
      verify(token, Date.now()).then((said) => console.log(said.verdict, said.claims?.id ?? said.reason));
    `;
    const { asked, carried, url } = await startProxy();
    const ask = (env: Readonly<Record<string, string>>) =>
      run(process.execPath, ['-e', identify, programs, signed], { env });
    expect((await ask(settingsOf(url))).stdout).toBe('known staff-17\n');
    expect([...new Set(asked)]).toEqual(['provider.example:443']);
    expect(carried()).not.toContain('jwks');
    const refusing = await startForwardProxy({ answer: 403 });
    const { stdout } = await ask(settingsOf(refusing.url)).finally(() => void refusing.close());
    expect(stdout).toBe('provider-away PROXY_REFUSED\n');
  });

  it('is asked through the proxy by erasure login, which says where the proxy refuses', async () => {
    answer = () => JSON.stringify(metadata);
    const login = async (url: string) => {
      const env = { ...settingsOf(url), ERASURE_OIDC_ISSUER: issuer, ERASURE_OIDC_CLIENT_ID: 'cli' };
      const main = join(programs, 'cli', 'main.js');
      return run(process.execPath, [main, 'login', '--device'], { env }).then(
        () => 'it went on',
        ({ stderr }: { readonly stderr: string }) => stderr,
      );
    };
    const { asked, url } = await startProxy();
    expect(await login(url)).toBe('The identity provider offers no login by a code: leave --device out.\n');
    expect(asked).toEqual(['provider.example:443']);
    const refusing = await startForwardProxy({ answer: 407 });
    const refused = await login(refusing.url).finally(() => void refusing.close());
    expect(refused).toBe(
      'The identity provider cannot be reached. The proxy refused the connection with HTTP 407, ' +
        'since it wants other credentials: check ERASURE_PROXY_URL.\n',
    );
  });
});
