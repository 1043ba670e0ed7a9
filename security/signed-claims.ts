/** The one way in which claims are signed and checked: a compact JWS over their JSON. */
import { createHmac, sign, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { compactParts, jsonOf, parseJson } from './compact-text';
import { checkingKeyRing, importSigningKey } from './key-ring';
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

export interface ClaimsSigner {
  readonly keyId: string;
  /** Deterministic, as Ed25519 and HMAC are. */
  sign(claims: object): Promise<string>;
}

export function createClaimsSigner(
  type: ClaimsType,
  key: Parameters<typeof importSigningKey>[0] & { readonly kid: string },
): ClaimsSigner {
  const imported = importSigningKey(key);
  const protectedHeader = base64url(JSON.stringify({ alg: algorithmOf[type], kid: key.kid, typ: type }));
  return {
    keyId: key.kid,
    sign: async (claims) => {
      const message = `${protectedHeader}.${base64url(JSON.stringify(claims))}`;
      return `${message}.${signatureOf(message, { type, key: imported }).toString('base64url')}`;
    },
  };
}

interface SigningKey {
  readonly type: ClaimsType;
  readonly key: KeyObject;
}

/** By Node's own crypto: through WebCrypto, as jose has it, it takes four times the processor. */
function signatureOf(message: string, { type, key }: SigningKey): Buffer {
  return algorithmOf[type] === 'HS256'
    ? createHmac('sha256', key).update(message).digest()
    : sign(null, Buffer.from(message), key);
}

function isSignature(signature: Buffer, message: string, { type, key }: SigningKey): boolean {
  if (algorithmOf[type] !== 'HS256') return verify(null, Buffer.from(message), key, signature);
  const expected = signatureOf(message, { type, key });
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

export type RefusalReason = 'malformed' | 'algorithm-not-allowed' | 'wrong-type' | 'unknown-key' | 'altered';

/** The claims and the key that signed them, or why they are refused; `keyId` is then the unknown key that they name. */
export type CheckedClaims =
  | { readonly claims: unknown; readonly keyId: string; readonly refused?: undefined }
  | { readonly refused: RefusalReason; readonly keyId?: string; readonly claims?: undefined };

const header = z.strictObject({ alg: z.string(), kid: z.string().regex(keyIdPattern), typ: z.string() });

/** Checks the signature of a text. Never throws. */
export function createClaimsChecker(
  type: ClaimsType,
  { keys, lengthMax }: { readonly keys: Parameters<typeof checkingKeyRing>[0]; readonly lengthMax: number },
): (text: unknown) => Promise<CheckedClaims> {
  const ring = checkingKeyRing(keys);
  return async (text) => {
    const parts = compactParts(text, { count: 3, lengthMax });
    const parsed = header.safeParse(jsonOf(parts?.[0]));
    if (parts === undefined || !parsed.success) return { refused: 'malformed' };
    const { alg, kid, typ } = parsed.data;
    if (alg !== algorithmOf[type]) return { refused: 'algorithm-not-allowed' };
    if (typ !== type) return { refused: 'wrong-type' };
    const key = ring.get(kid);
    if (key === undefined) return { refused: 'unknown-key', keyId: kid };
    const [protectedHeader, payload = '', signature = ''] = parts;
    const message = `${protectedHeader}.${payload}`;
    if (!isSignature(Buffer.from(signature, 'base64url'), message, { type, key })) return { refused: 'altered' };
    const claims = parseJson(Buffer.from(payload, 'base64url'));
    return claims === undefined ? { refused: 'malformed' } : { claims, keyId: kid };
  };
}
