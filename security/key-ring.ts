/** Keys as Node's crypto takes them. */
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { thumbprintOf, type SecretKey } from './key-shapes';

/** By kid. */
export type KeyRing = ReadonlyMap<string, KeyObject>;

interface OctetKeyPair {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly kid?: string | undefined;
}
type PrivateKey = OctetKeyPair & { readonly d: string; readonly kid: string };

/** What can check a signature: of key pairs the public part only, whatever else is there. */
export function checkingKeyRing(keys: readonly (OctetKeyPair | SecretKey)[]): KeyRing {
  return new Map(
    keys.map((key) =>
      'k' in key
        ? ([key.kid, importSecretKey(key)] as const)
        : ([key.kid ?? thumbprintOf(key), importPublicKey(key)] as const),
    ),
  );
}

export function privateKeyRing(keys: readonly PrivateKey[]): KeyRing {
  return new Map(keys.map((key) => [key.kid, importPrivateKey(key)]));
}

export function importSigningKey(key: PrivateKey | SecretKey): KeyObject {
  return 'k' in key ? importSecretKey(key) : importPrivateKey(key);
}

export function importPublicKey({ kty, crv, x }: OctetKeyPair): KeyObject {
  return createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
}

export function importPrivateKey({ kty, crv, x, d }: PrivateKey): KeyObject {
  return createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
}

function importSecretKey({ k }: SecretKey): KeyObject {
  return createSecretKey(k, 'base64url');
}
