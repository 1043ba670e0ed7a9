/** Makes new keys, and with them the first files of every role. */
import { randomBytes } from 'node:crypto';
import { factRoles, type FactRole } from '../domain/fact/fact';
import { providerKeys } from '../domain/provider/provider-table';
import { newKeyPair } from './key-pair';
import {
  thumbprintOf,
  type PrivateSealingKey,
  type PrivateSigningKey,
  type PublicSealingKey,
  type PublicSigningKey,
  type SecretKey,
} from './key-shapes';
import {
  keyFiles,
  providerKeyFile,
  providersThatCallBack,
  verifyingKeyFile,
  type DecisionKeys,
  type ServerDecisionKeys,
  type ServerSessionKeys,
  type KeyFile,
} from './key-table';

export interface NewKeyFile {
  readonly file: Pick<KeyFile<unknown>, 'name' | 'access'>;
  readonly content: object;
}

/** The month in which a key is made, e.g. `2026-11`. */
export function epochOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}

/** The first files of every role, each set of keys with one new key of the month `epoch`. */
export function newKeyFiles(environment: string, epoch: string): readonly NewKeyFile[] {
  const intake = newSigningKey(epoch);
  const callback = newSigningKey(epoch);
  const certificate = newSigningKey(epoch);
  const facts = new Map(factRoles.map((role) => [role, newSigningKey(epoch)] as const));
  const factsOf = (role: FactRole) => [facts.get(role)?.privateKey] as [PrivateSigningKey];
  const sealing = new Map(providerKeys.map((provider) => [provider, newSealingKey(epoch)] as const));
  const serverDecision = newServerDecisionKeys(environment, epoch);

  return [
    fileOf(keyFiles.client, {
      role: 'client',
      environment,
      intake: [intake.privateKey],
      sealing: Object.fromEntries([...sealing].map(([provider, { publicKey }]) => [provider, [publicKey]])),
    }),
    ...[...sealing].map(([provider, { privateKey }]) =>
      fileOf(providerKeyFile(provider), {
        role: 'provider',
        provider,
        environment,
        sealing: [privateKey],
        intake: [intake.publicKey],
        hashing: [newSecretKey(epoch)],
        facts: factsOf(provider),
        ...(providersThatCallBack.includes(provider) && { callback: [callback.privateKey] }),
      }),
    ),
    fileOf(keyFiles.certificate, {
      role: 'certificate',
      environment,
      certificate: [certificate.privateKey],
      facts: factsOf('workflows'),
    }),
    fileOf(keyFiles.gateway, {
      role: 'gateway',
      environment,
      callback: [callback.publicKey],
      token: [newSecretKey(epoch)],
      facts: factsOf('gateway'),
    }),
    fileOf(keyFiles['server-decision'], serverDecision),
    fileOf(keyFiles['server-session'], newServerSessionKeys(environment, epoch)),
    fileOf(keyFiles.decision, decisionKeysOf(serverDecision)),
    fileOf(keyFiles['fact-keys'], {
      role: 'fact-keys',
      environment,
      keys: [...facts].map(([role, { publicKey }]) => ({ for: role, key: publicKey })),
    }),
    { file: verifyingKeyFile, content: { keys: [certificate.publicKey] } },
  ];
}

function fileOf<Keys extends object>(file: KeyFile<Keys>, content: Keys): NewKeyFile {
  return { file, content };
}

export function newServerDecisionKeys(environment: string, epoch: string): ServerDecisionKeys {
  return { role: 'server-decision', environment, decision: [newSigningKey(epoch).privateKey] };
}

export function newServerSessionKeys(environment: string, epoch: string): ServerSessionKeys {
  return { role: 'server-session', environment, session: [newSecretKey(epoch)] };
}

/** What the workers have to know of a server that signs decisions. */
export function decisionKeysOf({ environment, decision }: ServerDecisionKeys): DecisionKeys {
  return {
    role: 'decision',
    environment,
    keys: decision.map((key) => ({ for: 'server' as const, key: publicPartOf(key) })),
  };
}

export function publicPartOf({ d: _d, ...publicPart }: PrivateSigningKey): PublicSigningKey {
  return publicPart;
}

interface Pair<PublicKey, PrivateKey> {
  readonly publicKey: PublicKey;
  readonly privateKey: PrivateKey;
}

export function newSigningKey(epoch: string): Pair<PublicSigningKey, PrivateSigningKey> {
  return newPair({ crv: 'Ed25519', alg: 'EdDSA', use: 'sig', epoch });
}

function newSealingKey(epoch: string): Pair<PublicSealingKey, PrivateSealingKey> {
  return newPair({ crv: 'X25519', alg: 'ECDH-ES', use: 'enc', epoch });
}

function newPair<const More extends { readonly crv: 'Ed25519' | 'X25519' }>(more: More) {
  const { x = '', d = '' } = newKeyPair(more.crv).privateKey;
  const publicKey = { kty: 'OKP' as const, x, kid: thumbprintOf({ crv: more.crv, x }), ...more };
  return { publicKey, privateKey: { ...publicKey, d } };
}

/** Its kid is random: a thumbprint of a secret would be a digest of it. */
function newSecretKey(epoch: string): SecretKey {
  const kid = randomBytes(16).toString('base64url');
  return { kty: 'oct', k: randomBytes(32).toString('base64url'), kid, alg: 'HS256', use: 'sig', epoch };
}
