import { createHash, sign } from 'node:crypto';
import { z } from 'zod';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../domain/duration';
import { isProvider, providerFacts, type Provider } from '../domain/provider/provider-table';
import { isRequestId } from '../domain/request/request';
import { importPrivateKey } from './key-ring';
import type { CallbackProviderKeys, GatewayKeys } from './key-table';
import { isSameText } from './same-text';
import { createClaimsChecker, createClaimsSigner } from './signed-claims';

/** How much longer a capability holds than we wait for the callback: one that comes even later is still known as true. */
export const CAPABILITY_SLACK_MS = 60 * DAY_MS;
const CAPABILITY_LENGTH_MAX = 1_024;
const CLAIMS_TYPE = 'erasure-callback+jwt';
/** 192 bits in base64url. */
const HANDLE_LENGTH = 32;
/** 132 bits in base64url. */
const DIGEST_LENGTH = 22;
const handlePattern = /^[A-Za-z0-9_-]{32}$/;

/** Whether a text has the form of a handle; whose it is, only a capability tells. */
export function isHandle(text: unknown): text is string {
  return typeof text === 'string' && handlePattern.test(text);
}

/** Whom a callback is about, once its capability was checked. */
export interface CallbackSubject {
  readonly requestId: string;
  /** The run that asked. */
  readonly runId: string;
  readonly provider: Provider;
  readonly handle: string;
}

export interface CheckedSubject extends CallbackSubject {
  /** Whether an identifier can be the person's. True of all where the capability was issued before 0.4. */
  readonly isPerson: (identifier: string) => boolean;
}

export interface CapabilityIssuer {
  /**
   * `handle` goes into the URL, `capability` into a header. `waitsUntil`: epoch ms by the workflow's clock until which the
   * callback can be waited for; the capability holds longer than that.
   * Safe to repeat: the handle of a run stays the same for as long as the first callback key does.
   */
  issue(options: {
    readonly requestId: string;
    readonly runId: string;
    readonly provider: Provider;
    /** The person's, in the clear. */
    readonly identifier: string;
    readonly waitsUntil: number;
  }): Promise<{ readonly handle: string; readonly capability: string }>;
}

export interface CapabilityChecker {
  /** Whom the callback is about, or undefined, which teaches nothing. Never throws. `now`: epoch ms. */
  check(options: {
    readonly handle: unknown;
    readonly capability: unknown;
    readonly now: number;
  }): Promise<CheckedSubject | undefined>;
}

/** No `iat` and no `nbf`: the workflow's clock may run ahead of ours, and a capability must work at once. */
const capabilityClaims = z.strictObject({
  aud: z.string(),
  purpose: z.literal('callback'),
  requestId: z.string().refine(isRequestId),
  runId: z.string().refine(isRequestId),
  provider: z.string().refine(isProvider),
  handle: z.string().refine(isHandle),
  identifierDigest: z.exactOptional(z.string()),
  exp: z.int(),
});
type CapabilityClaims = z.infer<typeof capabilityClaims>;

export function createCapabilityIssuer(keys: CallbackProviderKeys): CapabilityIssuer {
  const signer = createClaimsSigner(CLAIMS_TYPE, keys.callback[0]);
  const key = importPrivateKey(keys.callback[0]);

  return {
    async issue({ requestId, runId, provider, identifier, waitsUntil }) {
      if (provider !== keys.provider || !isRequestId(requestId) || !isRequestId(runId)) {
        throw new TypeError(
          'A capability is issued for a request id, a run and the provider that these keys belong to.',
        );
      }
      // A signature is a keyed hash that the same key always gives again. The line breaks keep it apart from every JWS.
      const message = Buffer.from(
        `erasure callback handle v2\n${keys.environment}\n${provider}\n${requestId}\n${runId}`,
      );
      const digest = createHash('sha256')
        .update(sign(null, message, key))
        .digest('base64url');
      const handle = digest.slice(0, HANDLE_LENGTH);
      const claims: CapabilityClaims = {
        aud: keys.environment,
        purpose: 'callback',
        requestId,
        runId,
        provider,
        handle,
        identifierDigest: digestOf({ identifier, provider, handle }),
        exp: Math.floor((waitsUntil + CAPABILITY_SLACK_MS) / SECOND_MS),
      };
      return { handle, capability: await signer.sign(claims) };
    },
  };
}

export function createCapabilityChecker(keys: GatewayKeys): CapabilityChecker {
  const checkClaims = createClaimsChecker(CLAIMS_TYPE, { keys: keys.callback, lengthMax: CAPABILITY_LENGTH_MAX });

  return {
    async check({ handle, capability, now }) {
      const parsed = capabilityClaims.safeParse((await checkClaims(capability)).claims);
      if (!parsed.success) return undefined;
      const { aud, exp, requestId, runId, provider, identifierDigest } = parsed.data;
      if (aud !== keys.environment || !(now < exp * SECOND_MS)) return undefined;
      if (typeof handle !== 'string' || !isSameText(handle, parsed.data.handle)) return undefined;
      const isPerson = (identifier: string): boolean =>
        identifierDigest === undefined || isSameText(digestOf({ identifier, provider, handle }), identifierDigest);
      return { requestId, runId, provider, handle, isPerson };
    },
  };
}

/**
 * Lets a gateway, which knows no identifier, tell one from another. It travels only in the capability, between us and the
 * provider, which both know the identifier; with the handle in it, two requests for one person have two.
 */
function digestOf({
  identifier,
  provider,
  handle,
}: {
  readonly identifier: string;
  readonly provider: Provider;
  readonly handle: string;
}): string {
  const { tellsCase } = providerFacts(provider).identifier;
  const written = tellsCase ? identifier : identifier.toLowerCase();
  const message = `erasure callback identifier v1\n${handle}\n${written}`;
  return createHash('sha256').update(message).digest('base64url').slice(0, DIGEST_LENGTH);
}

/**
 * The signal's request id: the same for every delivery of one callback, so that Temporal itself drops the duplicates. Another
 * one for each thing said and each hour: what is said again later may be news, about another round of asking or after
 * something that spoke against it.
 */
export function deliveryIdOf(
  callback: { readonly handle: string; readonly receivedAt: number } & (
    { readonly event: string } | { readonly says: string }
  ),
): string {
  const { handle, receivedAt } = callback;
  const said = 'says' in callback ? `says ${callback.says}` : 'confirms';
  const hour = Math.floor(receivedAt / HOUR_MS);
  const digest = createHash('sha256').update(`erasure callback signal v2\n${handle}\n${said}\n${hour}`).digest();
  // RFC 9562, version 8: a UUID of our own making.
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
