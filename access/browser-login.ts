/** Logging in with a browser at the company's identity provider, for the console. */
import type { Configuration } from 'openid-client';
import { issuerUrl, type IdentityProviderConfig } from '../config/identity-provider';
import type { ConsoleConfig } from '../config/server-config';
import { SECOND_MS } from '../domain/duration';
import type { Fetch } from '../network/fetch';
import { claimsIn } from './access-token';
import {
  beginAuthorization,
  discoverProvider,
  finishAuthorization,
  loginFailureOf,
  type LoginSecrets,
} from './oidc-client';
import type { Principal } from './principal';

const ANSWER_S_MAX = 5;
/** So that a provider that is away is not asked again for every click. */
const PAUSE_MS = 5 * SECOND_MS;

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
  let known: Configuration | undefined;
  let failedAt = -Infinity;

  async function configurationAt(now: number): Promise<Configuration | undefined> {
    if (known !== undefined || now - failedAt < PAUSE_MS) return known;
    try {
      const { issuer } = provider;
      known = await discoverProvider({ issuer, clientId, clientSecret, fetch, answerSMax: ANSWER_S_MAX });
    } catch {
      failedAt = now;
    }
    return known;
  }

  return {
    get endSessionUrl() {
      // It becomes a link: not every URL is a page.
      return issuerUrl.safeParse(known?.serverMetadata().end_session_endpoint).data;
    },
    begin: async (redirectUri, now) => {
      const configuration = await configurationAt(now);
      if (configuration === undefined) return undefined;
      const { url, secrets } = await beginAuthorization(configuration, { redirectUri, scope });
      return { url: url.href, secrets };
    },
    finish: async (url, secrets, now) => {
      const configuration = await configurationAt(now);
      if (configuration === undefined) return { verdict: 'away', reason: 'discovery-failed' };
      try {
        const tokens = await finishAuthorization(configuration, url, secrets);
        const { id, roles } = claimsIn({ ...tokens.claims() }, provider);
        // Whoever it is, no decision of theirs could be recorded.
        if (id === undefined) return { verdict: 'refused', reason: 'no-opaque-id' };
        return { verdict: 'known', principal: { kind: 'staff', id, roles } };
      } catch (error) {
        const { kind, code } = loginFailureOf(error);
        if (kind === 'away') return { verdict: 'away', reason: code ?? 'not-reached' };
        return { verdict: 'refused', reason: code ?? 'no-code' };
      }
    },
  };
}
