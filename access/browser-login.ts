/** Logging in with a browser at the company's identity provider: authorization code with PKCE (RFC 7636). */
import * as oidc from 'openid-client';
import type { IdentityProviderConfig } from '../config/identity-provider';
import type { ConsoleConfig } from '../config/server-config';
import { SECOND_MS } from '../domain/duration';
import { proxyFailureOf } from '../network/agents';
import type { Fetch } from '../network/fetch';
import { claimsIn } from './access-token';
import type { Principal } from './principal';

const ANSWER_S_MAX = 5;
/** So that a provider that is away is not asked again for every click. */
const PAUSE_MS = 5 * SECOND_MS;

/** What has to be kept between the way there and the way back. */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** `refused`, `away`: `reason` is a code for the log. */
export type LoginResult =
  | { readonly verdict: 'known'; readonly principal: Principal }
  | { readonly verdict: 'refused' | 'away'; readonly reason: string };

export interface BrowserLogin {
  /** Where the browser is sent. Undefined while the identity provider cannot be reached. */
  begin(
    redirectUri: string,
    now: number,
  ): Promise<{ readonly url: string; readonly secrets: LoginSecrets } | undefined>;
  /** `url`: the address that the browser came back with. Never throws. */
  finish(url: URL, secrets: LoginSecrets, now: number): Promise<LoginResult>;
  /** Where the provider itself is left, if it says so and is known already. */
  readonly endSessionUrl: string | undefined;
}

export function createBrowserLogin(
  provider: IdentityProviderConfig,
  { clientId, clientSecret, scope }: Pick<ConsoleConfig, 'clientId' | 'clientSecret' | 'scope'>,
  fetch: Fetch,
): BrowserLogin {
  let known: oidc.Configuration | undefined;
  let failedAt = -Infinity;

  async function configurationAt(now: number): Promise<oidc.Configuration | undefined> {
    if (known !== undefined || now - failedAt < PAUSE_MS) return known;
    try {
      const issuer = new URL(provider.issuer);
      const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
      known = await oidc.discovery(issuer, clientId, undefined, authentication, {
        timeout: ANSWER_S_MAX,
        [oidc.customFetch]: fetch,
        // The settings allow http to this machine itself only.
        ...(issuer.protocol === 'http:' ? { execute: [oidc.allowInsecureRequests] } : {}),
      });
    } catch {
      failedAt = now;
    }
    return known;
  }

  return {
    get endSessionUrl() {
      return known?.serverMetadata().end_session_endpoint;
    },
    begin: async (redirectUri, now) => {
      const configuration = await configurationAt(now);
      if (configuration === undefined) return undefined;
      const secrets = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        codeVerifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope,
        code_challenge: await oidc.calculatePKCECodeChallenge(secrets.codeVerifier),
        code_challenge_method: 'S256',
        state: secrets.state,
        nonce: secrets.nonce,
      });
      return { url: url.href, secrets };
    },
    finish: async (url, { state, nonce, codeVerifier }, now) => {
      const configuration = await configurationAt(now);
      if (configuration === undefined) return { verdict: 'away', reason: 'discovery-failed' };
      try {
        const tokens = await oidc.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: codeVerifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        const { id, roles } = claimsIn({ ...tokens.claims() }, provider);
        // Whoever it is, no decision of theirs could be recorded.
        if (id === undefined) return { verdict: 'refused', reason: 'no-opaque-id' };
        return { verdict: 'known', principal: { kind: 'staff', id, roles } };
      } catch (error) {
        return failureOf(error);
      }
    },
  };
}

function failureOf(error: unknown): LoginResult {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    return { verdict: 'refused', reason: shownCode(error.error) };
  }
  const code = error instanceof oidc.ClientError ? error.code : undefined;
  if (code !== undefined && code !== 'OAUTH_TIMEOUT' && proxyFailureOf(error) === undefined) {
    return { verdict: 'refused', reason: shownCode(code) };
  }
  return { verdict: 'away', reason: code ?? 'not-reached' };
}

/** What a provider says is a code by its standard, and is not repeated where it is none. */
function shownCode(code: string): string {
  return /^[\w-]{1,64}$/.test(code) ? code : 'no-code';
}
