/** Logging in at the company's identity provider: by a browser on this machine, or by a code on any other. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oidc from 'openid-client';
import { beginAuthorization, discoverProvider, finishAuthorization, loginFailureOf } from '../access/oidc-client';
import type { LoginConfig } from '../config/staff-config';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import { proxyFailureOf } from '../network/agents';
import type { Fetch } from '../network/fetch';
import { isMatch, opaquePattern } from '../domain/text';
import { IdentityProviderUnavailableError, LoginRefusedError } from './login-failure';

const ANSWER_S_MAX = 10;
const WAIT_MS_MAX = 5 * MINUTE_MS;
const path = '/erasure-login';

export interface LoginOptions {
  readonly config: LoginConfig;
  /** `device`: always by a code. `browser`: by a browser on this machine, or by a code where there is none. */
  readonly way: 'device' | 'browser';
  readonly hasBrowser: boolean;
  /** Port of this machine that the browser is sent back to; a free one where it is left out. */
  readonly port?: number;
  readonly fetch: Fetch;
  readonly tell: (...lines: readonly string[]) => void;
}

export interface LoggedIn {
  readonly idToken: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  /** The provider's id of the staff member, where it is an opaque one. */
  readonly subject?: string;
}

/** Throws `LoginRefusedError` and `IdentityProviderUnavailableError`. */
export async function logIn(options: LoginOptions): Promise<LoggedIn> {
  try {
    return loggedIn(await tokensBy(options));
  } catch (error) {
    if (error instanceof LoginRefusedError) throw error;
    throw failureOf(error);
  }
}

async function tokensBy(options: LoginOptions): Promise<Tokens> {
  const { config, way, hasBrowser } = options;
  const { issuer, clientId } = config;
  const provider = await discoverProvider({ issuer, clientId, fetch: options.fetch, answerSMax: ANSWER_S_MAX });
  const knowsDevices = provider.serverMetadata().device_authorization_endpoint !== undefined;
  if (way === 'device' && !knowsDevices) {
    throw new LoginRefusedError('The identity provider offers no login by a code: leave --device out.');
  }
  return knowsDevices && (way === 'device' || !hasBrowser)
    ? tokensByDevice(provider, options)
    : tokensByBrowser(provider, options);
}

type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>;

async function tokensByDevice(provider: oidc.Configuration, { config, tell }: LoginOptions): Promise<Tokens> {
  const started = await oidc.initiateDeviceAuthorization(provider, { scope: config.scope });
  tell(`Open ${started.verification_uri} on any device, and type in the code ${started.user_code}.`);
  return oidc.pollDeviceAuthorizationGrant(provider, started, undefined, { signal: AbortSignal.timeout(WAIT_MS_MAX) });
}

/** RFC 8252: the browser is sent back to a port of this machine; PKCE makes the code worthless to whoever else sees it. */
async function tokensByBrowser(provider: oidc.Configuration, options: LoginOptions): Promise<Tokens> {
  const { config, tell } = options;
  const { server, origin } = await listen(options.port ?? 0);
  try {
    const returned = comeBack(server, origin);
    const redirectUri = `${origin}${path}`;
    const { url, secrets } = await beginAuthorization(provider, { redirectUri, scope: config.scope });
    tell('Open this address in a browser on this machine:', '', url.href, '');
    return await finishAuthorization(provider, await returned, secrets);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function listen(port: number): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => reject(new LoginRefusedError('That port of this machine is taken: choose another.')));
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** The address that the browser came back with. */
function comeBack(server: Server, origin: string): Promise<URL> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new LoginRefusedError('Nobody logged in within 5 minutes.')), WAIT_MS_MAX);
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', origin);
      const isReturn = request.method === 'GET' && url.pathname === path;
      response.writeHead(isReturn ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(isReturn ? 'You can close this window and go back to the terminal.\n' : 'Not found.\n', () => {
        if (!isReturn) return;
        clearTimeout(timer);
        resolve(url);
      });
    });
  });
}

function loggedIn(tokens: Tokens): LoggedIn {
  const { id_token: idToken } = tokens;
  const claims = tokens.claims();
  if (idToken === undefined || claims === undefined) {
    throw new LoginRefusedError('The identity provider sent no ID token: ERASURE_OIDC_SCOPE has to hold openid.');
  }
  return {
    idToken,
    expiresAt: claims.exp * SECOND_MS,
    ...(isMatch(claims.sub, opaquePattern) ? { subject: claims.sub } : {}),
  };
}

function failureOf(error: unknown): Error {
  const { kind, code = 'for a reason that is no code' } = loginFailureOf(error);
  switch (kind) {
    case 'refused':
      return new LoginRefusedError(`The identity provider refused the login (${code}).`);
    case 'invalid':
      return new LoginRefusedError(`What the identity provider answered does not hold (${code}).`);
    case 'away': {
      const because = proxyFailureOf(error)?.message ?? 'Check ERASURE_OIDC_ISSUER.';
      return new IdentityProviderUnavailableError(`The identity provider cannot be reached. ${because}`, {
        cause: error,
      });
    }
  }
}
