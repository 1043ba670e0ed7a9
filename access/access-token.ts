/** Who calls and what they may do: as the company's identity provider says in a signed token. */
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { issuerUrl, type IdentityProviderConfig } from '../config/identity-provider';
import type { AccessRole } from '../domain/access-role';
import { SECOND_MS } from '../domain/duration';
import type { Fetch } from '../network/fetch';
import { isMatch, isRecord, parsedJson, opaquePattern } from '../domain/text';

const ANSWER_MS_MAX = 5 * SECOND_MS;
const METADATA_LENGTH_MAX = 262_144;
/** So that a provider that is away is not asked again for every stranger who comes. */
const PAUSE_MS = 10 * SECOND_MS;
const CLOCK_TOLERANCE_S = 30;
/** Never `none`, and no algorithm whose key both sides know. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** `unknown`: the token does not hold; `reason` is a code for the log. `provider-away`: nobody can tell now. */
export type TokenVerdict =
  | { readonly verdict: 'known'; readonly claims: TokenClaims }
  | { readonly verdict: 'unknown' | 'provider-away'; readonly reason: string };

export interface TokenClaims {
  /** Undefined where the identity provider names its bearer by something that is no opaque id. */
  readonly id: string | undefined;
  readonly roles: ReadonlySet<AccessRole>;
}

/** Never throws. `now`: epoch ms. */
export type AccessTokenVerifier = (token: string, now: number) => Promise<TokenVerdict>;

export function createAccessTokenVerifier(provider: IdentityProviderConfig, fetch: Fetch): AccessTokenVerifier {
  const keysOf = createKeyLookup(provider.issuer, fetch);

  return async (token, now) => {
    let keys: JWTVerifyGetKey;
    try {
      keys = await keysOf(now);
    } catch (error) {
      return { verdict: 'provider-away', reason: codeOf(error) };
    }
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: provider.issuer,
        audience: provider.audience,
        algorithms,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'iat'],
        currentDate: new Date(now),
      });
      return { verdict: 'known', claims: claimsIn(payload, provider) };
    } catch (error) {
      return { verdict: isAboutToken(error) ? 'unknown' : 'provider-away', reason: codeOf(error) };
    }
  };
}

export function claimsIn(payload: JWTPayload, { actorClaim, rolesClaim, roles }: IdentityProviderConfig): TokenClaims {
  const id = claimOf(payload, actorClaim);
  const held = [claimOf(payload, rolesClaim)].flat();
  const granted = held.flatMap((role) => (typeof role === 'string' ? (roles.get(role) ?? []) : []));
  return { id: isMatch(id, opaquePattern) ? id : undefined, roles: new Set(granted) };
}

/** A claim by its name, which may hold dots itself (`https://example.com/roles`), or by the way to it (`realm_access.roles`). */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name
    .split('.')
    .reduce<unknown>(
      (value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined),
      payload,
    );
}

/** The provider's keys, found by its own description of itself. What was found is kept; jose fetches the keys anew when they change. */
function createKeyLookup(issuer: string, fetch: Fetch): (now: number) => Promise<JWTVerifyGetKey> {
  let found: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = -Infinity;
  let failure: unknown;
  return (now) => {
    if (found === undefined && now - failedAt < PAUSE_MS) return Promise.reject(failure);
    found ??= discover(issuer, fetch).catch((error: unknown) => {
      found = undefined;
      failedAt = now;
      failure = error;
      throw error;
    });
    return found;
  };
}

const metadata = z.looseObject({ issuer: z.string(), jwks_uri: issuerUrl });

async function discover(issuer: string, fetch: Fetch): Promise<JWTVerifyGetKey> {
  const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  if (!answer.ok) throw new ProviderUnusable('discovery-refused');
  const text = await answer.text();
  if (text.length > METADATA_LENGTH_MAX) throw new ProviderUnusable('discovery-too-large');
  const parsed = metadata.safeParse(parsedJson(text));
  if (!parsed.success) throw new ProviderUnusable('discovery-malformed');
  if (parsed.data.issuer !== issuer) throw new ProviderUnusable('discovery-of-another-issuer');
  return createRemoteJWKSet(new URL(parsed.data.jwks_uri), { timeoutDuration: ANSWER_MS_MAX, [customFetch]: fetch });
}

class ProviderUnusable extends Error {
  override readonly name = 'ProviderUnusable';
  readonly code: string;
  constructor(code: string) {
    super('The identity provider cannot be used.');
    this.code = code;
  }
}

function isAboutToken(error: unknown): boolean {
  return [
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSMultipleMatchingKeys,
    errors.JWKSNoMatchingKey,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JWTClaimValidationFailed,
    errors.JWTExpired,
    errors.JWTInvalid,
  ].some((kind) => error instanceof kind);
}

/** A code such as `ERR_JWT_EXPIRED`; messages of others may quote what they read. */
function codeOf(error: unknown): string {
  const code = isRecord(error) ? error['code'] : undefined;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'unknown';
}
