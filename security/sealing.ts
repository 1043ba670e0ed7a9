import { createHash, createHmac, sign } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { defined } from '../domain/defined';
import { IDENTIFIER_LENGTH_MAX } from '../domain/provider/identifier';
import type { Provider } from '../domain/provider/provider-table';
import { isRequestId } from '../domain/request/request';
import { opaquePattern } from '../domain/text';
import { decryptCompact, encryptCompact } from './compact-encryption';
import { compactParts, jsonOf } from './compact-text';
import { importPrivateKey, importPublicKey, privateKeyRing } from './key-ring';
import type { ClientKeys, ProviderKeys } from './key-table';
import { assertPlainJson } from './plain-json';
import { createClaimsChecker, createClaimsSigner } from './signed-claims';

/** As the workflow's guard has it; the longest identifier stays below. */
const SEALED_LENGTH_MAX = 8_192;
/** Ciphertexts come in steps of this many bytes, so that their length does not betray the identifier's. */
const PADDING_BYTES = 256;
const SEAL_TYPE = 'erasure-sealed+jwe';
const CLAIMS_TYPE = 'erasure-identifier+jwt';

/** Anything that can be an identifier: 1 to 512 UTF-16 units, no half of a surrogate pair (it would be hashed as another character). */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= IDENTIFIER_LENGTH_MAX && !/\p{Cs}/u.test(value);
}

/** `unusable`: no key will ever open it here. `key-unavailable`: sealed to a key that this process does not have (yet). */
export type SealErrorCode = 'unusable' | 'key-unavailable';

/** The identifier cannot be sealed or opened. The message names neither the identifier nor anything that was sealed. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly code: SealErrorCode;

  constructor(code: SealErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Sealer {
  /** The identifier, signed by the intake key and sealed to the provider's workers, for this request only: a compact JWE. */
  seal(options: {
    readonly requestId: string;
    readonly provider: Provider;
    readonly identifier: string;
    /** Who filed the request, an opaque id: the signature covers it. */
    readonly filedBy?: string | undefined;
  }): Promise<string>;
  /**
   * What tells the same request from another content under the same id: one per intake key, the first is the one to store.
   * Nobody else can compute it, so nobody can test a guess of who the request is about.
   * `request` is plain JSON (members may be undefined); anything else is a `TypeError`.
   */
  fingerprints(request: unknown): Promise<string[]>;
}

export function createSealer(keys: ClientKeys): Sealer {
  const { environment } = keys;
  const intake = keys.intake.map(importPrivateKey);
  const signer = createClaimsSigner(CLAIMS_TYPE, keys.intake[0]);
  const recipients = new Map(
    Object.entries(keys.sealing).map(([provider, [jwk]]) => [provider, { keyId: jwk.kid, key: importPublicKey(jwk) }]),
  );

  return {
    async seal({ requestId, provider, identifier, filedBy }) {
      if (!isRequestId(requestId)) throw new SealError('unusable', 'The request id is no lower case UUID.');
      if (!isIdentifier(identifier)) {
        throw new SealError(
          'unusable',
          `The identifier is not well-formed text of 1 to ${IDENTIFIER_LENGTH_MAX} characters.`,
        );
      }
      const recipient = recipients.get(provider);
      if (recipient === undefined) throw new SealError('key-unavailable', 'There is no sealing key of this provider.');
      const claims = { requestId, provider, environment, identifier, ...defined({ filedBy }) };
      const signed = await signer.sign(claims);
      const padded = signed.padEnd(Math.ceil(signed.length / PADDING_BYTES) * PADDING_BYTES, ' ');
      const { keyId: kid, key: to } = recipient;
      const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid, typ: SEAL_TYPE, env: environment };
      return encryptCompact(Buffer.from(padded), { header, to });
    },

    async fingerprints(request) {
      assertPlainJson(request);
      // The line breaks keep this apart from every JWS, whose signing input has none.
      const message = Buffer.from(`erasure request fingerprint v1\n${environment}\n${canonicalize(request)}`);
      return intake.map((key) =>
        createHash('sha256')
          .update(sign(null, message, key))
          .digest('base64url'),
      );
    },
  };
}

/** What was sealed. The identifier is in the clear. */
export interface Opened {
  readonly identifier: string;
  /** Who filed the request, as whoever holds the intake key says; absent where they did not. */
  readonly filedBy?: string;
}

export interface Opener {
  /** The identifier, if it was sealed for exactly this request, provider and environment by a client we trust; else `SealError`. */
  open(options: { readonly sealed: string; readonly requestId: string; readonly provider: Provider }): Promise<Opened>;
  /** HMAC-SHA-256 of the identifier under this provider's hashing key, base64url. */
  subjectHash(identifier: string): string;
  /** HMAC-SHA-256 of an answer's body under the same key, base64url; undefined for an empty body. */
  bodyHmac(body: string): string | undefined;
  readonly hashKeyId: string;
}

const SUBJECT_HASH = 'erasure subject hash v1';
const BODY_HMAC = 'erasure answer body v1';
type HashingKeys = Pick<ProviderKeys, 'provider' | 'hashing'>;

/** What `subjectHash` gives, or has given, with each of a provider's hashing keys, by the key's id. */
export function subjectHashes({ provider, hashing }: HashingKeys, identifier: string): ReadonlyMap<string, string> {
  return new Map(hashing.map((key) => [key.kid, hmac(SUBJECT_HASH, { key, provider, text: identifier })]));
}

function hmac(
  purpose: string,
  {
    key,
    provider,
    text,
  }: { readonly key: ProviderKeys['hashing'][number]; readonly provider: Provider; readonly text: string },
): string {
  return createHmac('sha256', Buffer.from(key.k, 'base64url'))
    .update(`${purpose}\n${provider}\n`)
    .update(text)
    .digest('base64url');
}

/** Only what `seal` writes: no `zip`, no `crit`, no party info, no other algorithm. */
const sealHeader = z.strictObject({
  alg: z.literal('ECDH-ES'),
  enc: z.literal('A256GCM'),
  kid: z.string(),
  typ: z.literal(SEAL_TYPE),
  env: z.string(),
  epk: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string() }),
});
const sealedClaims = z.strictObject({
  requestId: z.string(),
  provider: z.string(),
  environment: z.string(),
  identifier: z.string().refine(isIdentifier),
  filedBy: z.string().regex(opaquePattern).optional(),
});

export function createOpener(keys: ProviderKeys): Opener {
  const sealing = privateKeyRing(keys.sealing);
  const checkClaims = createClaimsChecker(CLAIMS_TYPE, { keys: keys.intake, lengthMax: SEALED_LENGTH_MAX });
  const [hashing] = keys.hashing;

  return {
    async open({ sealed, requestId, provider }) {
      const padded = decrypt(sealed);
      const { claims, refused } = await checkClaims(padded.replace(/ +$/, ''));
      if (refused === 'unknown-key') throw unusable('it was signed by no client that is trusted here');
      if (refused !== undefined) throw unusable('its signature does not hold');
      const parsed = sealedClaims.safeParse(claims);
      if (!parsed.success) throw unusable('what it holds is not what a client seals');
      if (parsed.data.environment !== keys.environment) throw unusable('it was signed for another environment');
      if (parsed.data.provider !== keys.provider || provider !== keys.provider) {
        throw unusable('it was signed for another provider');
      }
      if (parsed.data.requestId !== requestId) throw unusable('it was signed for another request');
      const { identifier, filedBy } = parsed.data;
      return { identifier, ...defined({ filedBy }) };
    },
    subjectHash: (identifier) => hmac(SUBJECT_HASH, { key: hashing, provider: keys.provider, text: identifier }),
    bodyHmac: (body) =>
      body === '' ? undefined : hmac(BODY_HMAC, { key: hashing, provider: keys.provider, text: body }),
    hashKeyId: hashing.kid,
  };

  function decrypt(sealed: unknown): string {
    const parts = compactParts(sealed, { count: 5, lengthMax: SEALED_LENGTH_MAX });
    const header = sealHeader.safeParse(jsonOf(parts?.[0]));
    if (parts === undefined || !header.success) throw unusable('it is not what a client seals');
    if (header.data.env !== keys.environment) throw unusable('it was sealed for another environment');
    const key = sealing.get(header.data.kid);
    if (key === undefined) {
      throw new SealError('key-unavailable', 'The identifier is sealed to a key that this worker does not have.');
    }
    try {
      return decryptCompact(parts, { epk: header.data.epk, key }).toString('latin1');
    } catch {
      throw unusable('it was altered, or sealed to another key');
    }
  }
}

function unusable(why: string): SealError {
  return new SealError('unusable', `The sealed identifier cannot be used: ${why}.`);
}
