import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { providerDecisionKinds, requestDecisionKinds } from '../domain/decision/decision';
import { completionEventOf, providerKeys, type Provider } from '../domain/provider/provider-table';
import { opaquePattern } from '../domain/text';
import { KeyFileError } from './key-file-error';

/** Name of the deployment that keys, seals and capabilities belong to, e.g. `production`. */
export const environmentPattern = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** These providers tell us when they are done, so their workers sign callback capabilities. */
export const providersThatCallBack: readonly Provider[] = providerKeys.filter(
  (provider) => completionEventOf(provider) !== undefined,
);

/** 32 bytes in base64url, with no spare bit set: the one length of every key here. */
const bytes32Pattern = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
export const keyIdPattern = /^[A-Za-z0-9_-]{1,64}$/;
const bytes32 = z.string().regex(bytes32Pattern);

const details = {
  kid: z.string().regex(keyIdPattern),
  /** Month in which the key was made, e.g. `2026-11`. */
  epoch: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
};
const signing = {
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: bytes32,
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
  ...details,
};
const sealing = {
  kty: z.literal('OKP'),
  crv: z.literal('X25519'),
  x: bytes32,
  alg: z.literal('ECDH-ES'),
  use: z.literal('enc'),
  ...details,
};
const PRIVATE_MEMBER = 'holds a private key where only a public one belongs';
const wrongKeyId = { path: ['kid'], error: 'is not the thumbprint of this key' };
const noPair = { path: ['d'], error: 'does not belong to the public part' };

const publicSigningKey = z.strictObject(signing).refine(hasOwnKeyId, wrongKeyId);
const privateSigningKey = z
  .strictObject({ ...signing, d: bytes32 })
  .refine(hasOwnKeyId, wrongKeyId)
  .refine(isPair, noPair);
const publicSealingKey = z.strictObject(sealing).refine(hasOwnKeyId, wrongKeyId);
const privateSealingKey = z
  .strictObject({ ...sealing, d: bytes32 })
  .refine(hasOwnKeyId, wrongKeyId)
  .refine(isPair, noPair);
const secretKey = z.strictObject({
  kty: z.literal('oct'),
  k: bytes32,
  alg: z.literal('HS256'),
  use: z.literal('sig'),
  ...details,
});

/** Several keys can be active at once: the first signs, seals or hashes, and all are accepted. */
function keyList<Key extends { kid: string }>(key: z.ZodType<Key>): z.ZodType<[Key, ...Key[]]> {
  return z
    .array(key)
    .min(1)
    .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, { error: 'has one kid twice' })
    .transform((keys) => keys as [Key, ...Key[]]);
}

/** Public keys, and whose each of them is. */
function publicKeysOf<Owner extends z.ZodType>(owner: Owner) {
  return z
    .array(z.strictObject({ for: owner, key: publicSigningKey }))
    .min(1)
    .refine((keys) => new Set(keys.map(({ key }) => key.kid)).size === keys.length, { error: 'has one kid twice' });
}

const environment = z.string().regex(environmentPattern);

export const clientKeys = z.strictObject({
  role: z.literal('client'),
  environment,
  intake: keyList(privateSigningKey),
  /** Partial: a client made before a provider was added knows no key of it. */
  sealing: z.partialRecord(z.enum(providerKeys), keyList(publicSealingKey)),
});

const factsSigningKeys = keyList(privateSigningKey);

function providerShape<Facts extends z.ZodType>(facts: Facts) {
  return z
    .strictObject({
      role: z.literal('provider'),
      provider: z.enum(providerKeys),
      environment,
      sealing: keyList(privateSealingKey),
      intake: keyList(publicSigningKey),
      hashing: keyList(secretKey),
      /** Signs what this provider answered. */
      facts,
      callback: keyList(privateSigningKey).optional(),
    })
    .refine(({ provider, callback }) => providersThatCallBack.includes(provider) === (callback !== undefined), {
      path: ['callback'],
      error: `belongs to the providers that call back (${providersThatCallBack.join(', ')}), and to no other`,
    });
}

export const providerRoleKeys = providerShape(factsSigningKeys);
/** Also of a release that signed no facts: an old set of keys still tells whom an old certificate is about. */
export const archivedProviderKeys = providerShape(factsSigningKeys.optional());

export const certificateKeys = z.strictObject({
  role: z.literal('certificate'),
  environment,
  certificate: keyList(privateSigningKey),
  /** Signs what the workers of the workflows have seen. */
  facts: factsSigningKeys,
});

export const gatewayKeys = z.strictObject({
  role: z.literal('gateway'),
  environment,
  callback: keyList(publicSigningKey),
  token: keyList(secretKey),
  /** Signs what callbacks said. */
  facts: factsSigningKeys,
});

/** The roles that sign what they see. */
export const factRoles = [...providerKeys, 'gateway', 'workflows'] as const;
export type FactRole = (typeof factRoles)[number];

/** Public, but whoever can change it can pass for any of these roles. */
export const factKeys = z.strictObject({
  role: z.literal('fact-keys'),
  environment,
  keys: publicKeysOf(z.enum(factRoles)),
});

const staffMember = {
  /** Opaque id of the one staff member who decides with this key. */
  actor: z.string().regex(opaquePattern),
  /** What it may sign; everything where it is absent. */
  kinds: z
    .array(z.enum([...providerDecisionKinds, ...requestDecisionKinds]))
    .min(1)
    .optional(),
};

/** The gateway signs for everybody whom it has authenticated; a process of its own role, so that not every gateway can. */
export const gatewayDecisionKeys = z.strictObject({
  role: z.literal('gateway-decision'),
  environment,
  decision: keyList(privateSigningKey),
});

export const staffKeys = z.strictObject({
  role: z.literal('staff'),
  environment,
  ...staffMember,
  decision: keyList(privateSigningKey),
});

/** Public, but whoever can change it decides as anybody. */
export const decisionKeys = z.strictObject({
  role: z.literal('decision'),
  environment,
  keys: publicKeysOf(z.union([z.literal('gateway'), z.strictObject(staffMember)])),
});

/** A verifier may bring a key from anywhere: only what matters is required, and a private member is still refused. */
export const verifyingKey = z
  .looseObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: bytes32,
    kid: z.string().regex(keyIdPattern).optional(),
    alg: z.enum(['EdDSA', 'Ed25519']).optional(),
    use: z.literal('sig').optional(),
  })
  .refine((key) => !Object.keys(key).some(isPrivateMember), { error: PRIVATE_MEMBER });

export type PublicSigningKey = z.infer<typeof publicSigningKey>;
export type PrivateSigningKey = z.infer<typeof privateSigningKey>;
export type PublicSealingKey = z.infer<typeof publicSealingKey>;
export type PrivateSealingKey = z.infer<typeof privateSealingKey>;
export type SecretKey = z.infer<typeof secretKey>;

export type ClientKeys = z.infer<typeof clientKeys>;
export type ProviderKeys = z.infer<typeof providerRoleKeys>;
export type CertificateKeys = z.infer<typeof certificateKeys>;
export type GatewayKeys = z.infer<typeof gatewayKeys>;
export type GatewayDecisionKeys = z.infer<typeof gatewayDecisionKeys>;
export type StaffKeys = z.infer<typeof staffKeys>;
export type DecisionKeys = z.infer<typeof decisionKeys>;
export type FactKeys = z.infer<typeof factKeys>;
/** Keys with which a process signs what it sees. */
export type FactSigningKeys = ProviderKeys | GatewayKeys | CertificateKeys;

/** Keys of a provider that calls back. */
export type CallbackProviderKeys = ProviderKeys & { readonly callback: NonNullable<ProviderKeys['callback']> };

/** Whether this provider's worker can issue callback capabilities. */
export function hasCallbackKeys(keys: ProviderKeys): keys is CallbackProviderKeys {
  return keys.callback !== undefined;
}

/** RFC 7638. */
export function thumbprintOf(key: { readonly crv: string; readonly x: string }): string {
  const { crv, x } = key;
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
export function problemsOf(error: z.ZodError): string[] {
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
function isPair(key: { kty: string; crv: string; x: string; d: string }): boolean {
  const { kty, crv, x, d } = key;
  try {
    const derived = createPublicKey(createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }));
    return derived.export({ format: 'jwk' }).x === x;
  } catch {
    return false;
  }
}
