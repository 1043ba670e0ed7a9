/** Signing and checking of facts: Ed25519 over canonical JSON, so that a certificate can hold them as plain JSON. */
import { sign, verify } from 'node:crypto';
import canonicalize from 'canonicalize';
import { roleOf, type Fact, type FactRole, type Witness } from '../domain/fact/fact';
import { checkingKeyRing, importPrivateKey } from './key-ring';
import type { FactKeys, FactSigningKeys } from './key-table';

export interface FactSigner {
  readonly keyId: string;
  /** `at`: epoch ms. `more`: what else the signature covers, and the witness says. */
  sign<More extends object>(fact: Fact, at: number, more?: More): Witness & More;
}

export interface FactChecker {
  /** Why the fact does not hold, in a plain sentence that goes on from its name; undefined when it does. */
  problem(fact: Fact, witness: Witness | undefined): string | undefined;
}

export function createFactSigner(keys: FactSigningKeys): FactSigner {
  const keyId = keys.facts[0].kid;
  const key = importPrivateKey(keys.facts[0]);
  return {
    keyId,
    sign: (fact, at, more) => {
      const said = { ...more, keyId, at } as Omit<Witness, 'signature'> & NonNullable<typeof more>;
      const signature = sign(null, messageOf(keys.environment, fact, said), key).toString('base64url');
      return { ...said, signature };
    },
  };
}

export function createFactChecker({ environment, keys }: FactKeys): FactChecker {
  const ring = checkingKeyRing(keys.map(({ key }) => key));
  const owners = new Map<string, FactRole>(keys.map(({ key, for: owner }) => [key.kid, owner]));
  return {
    problem(fact, witness) {
      if (witness === undefined) return 'is not signed';
      // Anybody can send what looks like one. What cannot be checked must not throw: its check would be tried again for ever.
      if (typeof witness.signature !== 'string' || Object.values(witness).some(isNested)) return 'is signed by nothing';
      const { signature, ...said } = witness;
      const key = ring.get(said.keyId);
      if (key === undefined) return 'is signed by a key that fact-keys.json does not name';
      if (owners.get(said.keyId) !== roleOf(fact)) return 'is signed by a key of another role';
      return verify(null, messageOf(environment, fact, said), key, Buffer.from(signature, 'base64url'))
        ? undefined
        : 'was altered, or is about something else than it was signed for';
    },
  };
}

/** A witness has texts, numbers and booleans alone. */
function isNested(value: unknown): boolean {
  return typeof value === 'object';
}

/** The line break keeps it apart from every JWS, whose signing input has none. */
function messageOf(environment: string, fact: Fact, said: Omit<Witness, 'signature'>): Buffer {
  // Through JSON first, as it will come back from a history: a member that is undefined is none.
  const plain = JSON.parse(JSON.stringify({ environment, ...fact, said })) as unknown;
  return Buffer.from(`erasure fact v1\n${canonicalize(plain)}`);
}
