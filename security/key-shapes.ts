/** What a single key looks like in a key file (RFC 7517), and what a file is refused for. */
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { KeyFileError } from './key-file-error';

/** 32 bytes in base64url, with no spare bit set: the one length of every key here. */
const bytes32 = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
export const keyIdPattern = /^[A-Za-z0-9_-]{1,64}$/;
const kid = z.string().regex(keyIdPattern);
/** Month in which the key was made, e.g. `2026-11`. */
const epoch = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);

function keyPair<Curve extends string, Algorithm extends string, Use extends string>(
  curve: Curve,
  algorithm: Algorithm,
  use: Use,
) {
  const publicPart = {
    kty: z.literal('OKP'),
    crv: z.literal(curve),
    x: bytes32,
    alg: z.literal(algorithm),
    use: z.literal(use),
    kid,
    epoch,
  };
  const wrongKeyId = { path: ['kid'], error: 'is not the thumbprint of this key' };
  const noPair = { path: ['d'], error: 'does not belong to the public part' };
  return {
    publicKey: z.strictObject(publicPart).refine(hasOwnKeyId, wrongKeyId),
    privateKey: z
      .strictObject({ ...publicPart, d: bytes32 })
      .refine(hasOwnKeyId, wrongKeyId)
      .refine(isPair, noPair),
  };
}

export const signing = keyPair('Ed25519', 'EdDSA', 'sig');
export const sealing = keyPair('X25519', 'ECDH-ES', 'enc');
export const secretKey = z.strictObject({
  kty: z.literal('oct'),
  k: bytes32,
  alg: z.literal('HS256'),
  use: z.literal('sig'),
  kid,
  epoch,
});

const PRIVATE_MEMBER = 'holds a private key where only a public one belongs';

/** A verifier may bring a key from anywhere: only what matters is required, and a private member is still refused. */
export const verifyingKey = z
  .looseObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: bytes32,
    kid: kid.optional(),
    alg: z.enum(['EdDSA', 'Ed25519']).optional(),
    use: z.literal('sig').optional(),
  })
  .refine((key) => !Object.keys(key).some(isPrivateMember), { error: PRIVATE_MEMBER });

export type PublicSigningKey = z.infer<typeof signing.publicKey>;
export type PrivateSigningKey = z.infer<typeof signing.privateKey>;
export type PublicSealingKey = z.infer<typeof sealing.publicKey>;
export type PrivateSealingKey = z.infer<typeof sealing.privateKey>;
export type SecretKey = z.infer<typeof secretKey>;

/** Several keys can be active at once: the first signs, seals or hashes, and all are accepted. */
export function keyList<Key extends { kid: string }>(key: z.ZodType<Key>): z.ZodType<[Key, ...Key[]]> {
  return z
    .array(key)
    .min(1)
    .refine((keys) => isEachOnce(keys), oneTwice)
    .transform((keys) => keys as [Key, ...Key[]]);
}

/** Public keys, and whose each of them is. */
export function publicKeysOf<Owner extends z.ZodType>(owner: Owner) {
  return z
    .array(z.strictObject({ for: owner, key: signing.publicKey }))
    .min(1)
    .refine((entries) => isEachOnce(entries.map(({ key }) => key)), oneTwice);
}

const oneTwice = { error: 'has one kid twice' };

function isEachOnce(keys: readonly { readonly kid: string }[]): boolean {
  return new Set(keys.map((key) => key.kid)).size === keys.length;
}

/** RFC 7638. */
export function thumbprintOf({ crv, x }: { readonly crv: string; readonly x: string }): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv, kty: 'OKP', x }))
    .digest('base64url');
}

/** Throws a `KeyFileError` that names the file and the fields. */
export function parseKeys<Keys>(file: string, shape: z.ZodType<Keys>, content: unknown): Keys {
  const keys = shape.safeParse(content);
  if (!keys.success) throw new KeyFileError(file, problemsOf(keys.error).join('; '));
  return keys.data;
}

/** What is wrong, by field: neither values nor names that we do not know, since either could be key material. */
function problemsOf(error: z.ZodError): string[] {
  return error.issues.slice(0, 5).map((issue) => {
    const field = issue.path.filter((part) => typeof part === 'number' || /^[a-z]{1,16}$/.test(String(part))).join('.');
    return `${field === '' ? 'file' : field}: ${reasonOf(issue)}`;
  });
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code !== 'unrecognized_keys') return 'is missing or malformed';
  return issue.keys.some(isPrivateMember) ? PRIVATE_MEMBER : 'has a member that does not belong here';
}

function isPrivateMember(name: string): boolean {
  return ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'].includes(name);
}

function hasOwnKeyId(key: { crv: string; x: string; kid: string }): boolean {
  return key.kid === thumbprintOf(key);
}

/** Node takes `d` and ignores `x`: a file put together by hand would sign under a kid that nobody can verify. */
function isPair({ kty, crv, x, d }: { kty: string; crv: string; x: string; d: string }): boolean {
  try {
    const derived = createPublicKey(createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }));
    return derived.export({ format: 'jwk' }).x === x;
  } catch {
    return false;
  }
}
