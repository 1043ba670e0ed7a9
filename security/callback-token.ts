import { z } from 'zod';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import { isProvider, type Provider } from '../domain/provider/provider-table';
import { isHandle } from './callback-capability';
import type { GatewayKeys } from './key-table';
import { isSameText } from './same-text';
import { createClaimsChecker, createClaimsSigner, type RefusalReason } from './signed-claims';

export const TOKEN_LIFETIME_MS = 5 * MINUTE_MS;
/** The gateway that checks a token may be another one than the gateway that issued it. */
export const TOKEN_CLOCK_TOLERANCE_MS = 30 * SECOND_MS;
const TOKEN_LENGTH_MAX = 1_024;
const CLAIMS_TYPE = 'erasure-callback-token+jwt';
const ISSUER = 'erasure-gateway';

/** Why a token is refused: a code, for logs and metrics. `not-for-us`: another environment's, or of another form. */
export type TokenRefusal = RefusalReason | 'not-for-us' | 'expired' | 'another-callback';

/** What a token is issued for, and then good for: the callbacks of one handle. */
export interface TokenSubject {
  readonly provider: Provider;
  readonly handle: string;
}

export interface TokenIssuer {
  /**
   * A JWT for the callback with this handle, valid for `TOKEN_LIFETIME_MS` from `now` (epoch ms). It is no proof by itself:
   * handles are public, so a callback needs its capability as well.
   */
  issue(options: TokenSubject & { readonly now: number }): Promise<string>;
}

export interface TokenChecker {
  /** Whether `token` was issued for this callback and is not over. Never throws. `now`: epoch ms. */
  check(options: TokenSubject & { readonly token: unknown; readonly now: number }): Promise<'valid' | TokenRefusal>;
}

const tokenClaims = z.strictObject({
  iss: z.literal(ISSUER),
  aud: z.string(),
  provider: z.string().refine(isProvider),
  handle: z.string().refine(isHandle),
  iat: z.int(),
  exp: z.int(),
});
type TokenClaims = z.infer<typeof tokenClaims>;

export function createTokenIssuer(keys: GatewayKeys): TokenIssuer {
  const signer = createClaimsSigner(CLAIMS_TYPE, keys.token[0]);

  return {
    async issue({ provider, handle, now }) {
      if (!isHandle(handle)) throw new TypeError('A token is issued for a handle.');
      const iat = Math.floor(now / SECOND_MS);
      const exp = iat + TOKEN_LIFETIME_MS / SECOND_MS;
      const claims: TokenClaims = { iss: ISSUER, aud: keys.environment, provider, handle, iat, exp };
      return signer.sign(claims);
    },
  };
}

export function createTokenChecker(keys: GatewayKeys): TokenChecker {
  const checkClaims = createClaimsChecker(CLAIMS_TYPE, { keys: keys.token, lengthMax: TOKEN_LENGTH_MAX });

  return {
    async check({ token, provider, handle, now }) {
      const { claims, refused } = await checkClaims(token);
      if (refused !== undefined) return refused;
      const parsed = tokenClaims.safeParse(claims);
      if (!parsed.success || parsed.data.aud !== keys.environment) return 'not-for-us';
      const { iat, exp } = parsed.data;
      if (!isCurrent({ iat, exp, now })) return 'expired';
      const isSame = parsed.data.provider === provider && isSameText(handle, parsed.data.handle);
      return isSame ? 'valid' : 'another-callback';
    },
  };
}

/** Its age counts as well as its end, so a token that claims a longer life than we give is over when ours would be. */
function isCurrent({ iat, exp, now }: { readonly iat: number; readonly exp: number; readonly now: number }): boolean {
  const endsAt = Math.min(exp * SECOND_MS, iat * SECOND_MS + TOKEN_LIFETIME_MS);
  return now >= iat * SECOND_MS - TOKEN_CLOCK_TOLERANCE_MS && now < endsAt + TOKEN_CLOCK_TOLERANCE_MS;
}
