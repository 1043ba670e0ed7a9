/**
 * New key pairs, as JWKs.
 *
 * Never as key objects: Node 20 takes the lock of a generated key while it exports it, and again when it collects the job that
 * made the key. Where the collector runs in the middle of an export, the process waits for itself for ever, after some ten
 * thousand keys. What comes out of the job as a JWK shares no lock with it.
 */
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';

export interface KeyPairJwks {
  readonly publicKey: JsonWebKey;
  readonly privateKey: JsonWebKey;
}

const asJwks = { publicKeyEncoding: { format: 'jwk' }, privateKeyEncoding: { format: 'jwk' } } as const;

/** Node's types leave this encoding out. */
type Generate = (type: string, options: typeof asJwks & { readonly namedCurve?: string }) => KeyPairJwks;

export function newKeyPair(curve: 'Ed25519' | 'X25519' | 'P-256'): KeyPairJwks {
  const generate = generateKeyPairSync as unknown as Generate;
  return curve === 'P-256' ? generate('ec', { namedCurve: curve, ...asJwks }) : generate(curve.toLowerCase(), asJwks);
}
