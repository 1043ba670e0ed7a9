/** Our side of OpenID Connect, for whoever logs in with a browser: authorization code with PKCE (RFC 7636). */
import * as oidc from 'openid-client';
import { proxyFailureOf } from '../network/agents';
import type { Fetch } from '../network/fetch';

export interface OidcClient {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a client that the identity provider knows as public. */
  readonly clientSecret?: string | undefined;
  readonly fetch: Fetch;
  readonly answerSMax: number;
}

export function discoverProvider(client: OidcClient): Promise<oidc.Configuration> {
  const { clientId, clientSecret, fetch, answerSMax } = client;
  const issuer = new URL(client.issuer);
  const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
  return oidc.discovery(issuer, clientId, undefined, authentication, {
    timeout: answerSMax,
    [oidc.customFetch]: fetch,
    // The settings allow http to this machine itself only.
    ...(issuer.protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {}),
  });
}

/** What has to be kept between the way there and the way back. */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export async function beginAuthorization(
  provider: oidc.Configuration,
  { redirectUri, scope }: { readonly redirectUri: string; readonly scope: string },
): Promise<{ readonly url: URL; readonly secrets: LoginSecrets }> {
  const secrets = {
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
    codeVerifier: oidc.randomPKCECodeVerifier(),
  };
  const url = oidc.buildAuthorizationUrl(provider, {
    redirect_uri: redirectUri,
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(secrets.codeVerifier),
    code_challenge_method: 'S256',
    state: secrets.state,
    nonce: secrets.nonce,
  });
  return { url, secrets };
}

/** `url`: the address that the browser came back with. */
export function finishAuthorization(
  provider: oidc.Configuration,
  url: URL,
  { state, nonce, codeVerifier }: LoginSecrets,
): ReturnType<typeof oidc.authorizationCodeGrant> {
  return oidc.authorizationCodeGrant(provider, url, {
    pkceCodeVerifier: codeVerifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
}

/**
 * Why a login failed. `refused`: the provider's own word; `invalid`: its answer does not hold; `away`: it could not be reached.
 * `code`: a code of the standard or the library; undefined where there is none that can be repeated.
 */
export interface LoginFailure {
  readonly kind: 'refused' | 'invalid' | 'away';
  readonly code: string | undefined;
}

export function loginFailureOf(error: unknown): LoginFailure {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    return { kind: 'refused', code: repeatable(error.error) };
  }
  const code = error instanceof oidc.ClientError ? error.code : undefined;
  const isAnswer = code !== undefined && code !== 'OAUTH_TIMEOUT' && proxyFailureOf(error) === undefined;
  return { kind: isAnswer ? 'invalid' : 'away', code: repeatable(code) };
}

/** Messages, and codes that are none, may quote what was read. */
function repeatable(code: string | undefined): string | undefined {
  return code !== undefined && /^[\w-]{1,64}$/.test(code) ? code : undefined;
}
