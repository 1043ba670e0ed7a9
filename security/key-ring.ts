import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { thumbprintOf } from './key-shapes';

/** Imported keys by kid. Imported once: jose keeps what it derives from a key object for as long as the object lives. */
export type KeyRing = ReadonlyMap<string, KeyObject>;

interface OctetKeyPair {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly kid?: string | undefined;
}

/** Takes the public part only, whatever else the keys hold. */
export function publicKeyRing(keys: readonly OctetKeyPair[]): KeyRing {
  return new Map(keys.map((key) => [key.kid ?? thumbprintOf(key), importPublicKey(key)]));
}

export function privateKeyRing(
  keys: readonly (OctetKeyPair & { readonly d: string; readonly kid: string })[],
): KeyRing {
  return new Map(keys.map((key) => [key.kid, importPrivateKey(key)]));
}

export function secretKeyRing(keys: readonly { readonly k: string; readonly kid: string }[]): KeyRing {
  return new Map(keys.map((key) => [key.kid, importSecretKey(key)]));
}

export function importSecretKey({ k }: { readonly k: string }): KeyObject {
  return createSecretKey(k, 'base64url');
}

export function importPublicKey({ kty, crv, x }: OctetKeyPair): KeyObject {
  return createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
}

export function importPrivateKey({ kty, crv, x, d }: OctetKeyPair & { readonly d: string }): KeyObject {
  return createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
}
