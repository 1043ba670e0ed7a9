import type { KeyObject } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import { z } from 'zod';
import { compactParts, jsonOf, parseJson } from './compact-text';
import type { KeyRing } from './key-ring';
import { keyIdPattern } from './key-shapes';

/** What a signature is for; it stands in the signed header, so that one kind never passes for another. */
export type ClaimsType = keyof typeof algorithmOf;

/** Decided by what the signature is for, never by what a text says of itself. */
const algorithmOf = {
  'erasure-identifier+jwt': 'EdDSA',
  'erasure-callback+jwt': 'EdDSA',
  'erasure-certificate+jwt': 'EdDSA',
  'erasure-callback-token+jwt': 'HS256',
  'erasure-decision+jwt': 'EdDSA',
} as const;

export type RefusalReason = 'malformed' | 'algorithm-not-allowed' | 'wrong-type' | 'unknown-key' | 'altered';

/** Why signed claims are refused. Carries nothing of the claims. */
export class ClaimsRefused extends Error {
  override readonly name = 'ClaimsRefused';
  readonly reason: RefusalReason;
  /** For `unknown-key`: the key they name. */
  readonly keyId: string | undefined;

  constructor(reason: RefusalReason, keyId?: string) {
    super(`The signed claims are refused: ${reason}.`);
    this.reason = reason;
    this.keyId = keyId;
  }
}

const header = z.strictObject({ alg: z.string(), kid: z.string().regex(keyIdPattern), typ: z.string() });

/** A compact JWS over the JSON of `claims`. Deterministic, as Ed25519 and HMAC are. */
export async function signClaims(options: {
  readonly claims: object;
  readonly type: ClaimsType;
  readonly key: KeyObject;
  readonly keyId: string;
}): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(options.claims)))
    .setProtectedHeader({ alg: algorithmOf[options.type], kid: options.keyId, typ: options.type })
    .sign(options.key);
}

/** The claims, once their signature by one of `keys` has been checked. Throws `ClaimsRefused` and nothing else. */
export async function verifyClaims(options: {
  readonly text: unknown;
  readonly type: ClaimsType;
  readonly keys: KeyRing;
  readonly lengthMax: number;
}): Promise<{ readonly claims: unknown; readonly keyId: string }> {
  const { text, type, keys, lengthMax } = options;
  const parts = compactParts(text, { count: 3, lengthMax });
  const parsed = header.safeParse(jsonOf(parts?.[0]));
  if (parts === undefined || !parsed.success) throw new ClaimsRefused('malformed');
  const { alg, kid, typ } = parsed.data;
  if (alg !== algorithmOf[type]) throw new ClaimsRefused('algorithm-not-allowed');
  if (typ !== type) throw new ClaimsRefused('wrong-type');
  const key = keys.get(kid);
  if (key === undefined) throw new ClaimsRefused('unknown-key', kid);
  const verified = await compactVerify(parts.join('.'), key, { algorithms: [algorithmOf[type]] }).catch(() => {
    throw new ClaimsRefused('altered');
  });
  const claims = parseJson(verified.payload);
  if (claims === undefined) throw new ClaimsRefused('malformed');
  return { claims, keyId: kid };
}
