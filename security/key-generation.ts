/** Makes new keys, and with them the first files of every role. */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { factRoles, type FactRole } from '../domain/certificate/fact';
import { providerKeys } from '../domain/provider/provider-table';
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
  type CertificateKeys,
  type ClientKeys,
  type DecisionKeys,
  type FactKeys,
  type GatewayDecisionKeys,
  type GatewayKeys,
  type KeyFile,
  type ProviderKeys,
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
  const gatewayDecision = newGatewayDecisionKeys(environment, epoch);

  const client: ClientKeys = {
    role: 'client',
    environment,
    intake: [intake.privateKey],
    sealing: Object.fromEntries([...sealing].map(([provider, { publicKey }]) => [provider, [publicKey]])),
  };
  const providers = [...sealing].map(([provider, { privateKey }]): NewKeyFile => {
    const content: ProviderKeys = {
      role: 'provider',
      provider,
      environment,
      sealing: [privateKey],
      intake: [intake.publicKey],
      hashing: [newSecretKey(epoch)],
      facts: factsOf(provider),
      ...(providersThatCallBack.includes(provider) && { callback: [callback.privateKey] }),
    };
    return { file: providerKeyFile(provider), content };
  });
  const certificates: CertificateKeys = {
    role: 'certificate',
    environment,
    certificate: [certificate.privateKey],
    facts: factsOf('workflows'),
  };
  const gateway: GatewayKeys = {
    role: 'gateway',
    environment,
    callback: [callback.publicKey],
    token: [newSecretKey(epoch)],
    facts: factsOf('gateway'),
  };
  const known: FactKeys = {
    role: 'fact-keys',
    environment,
    keys: [...facts].map(([role, { publicKey }]) => ({ for: role, key: publicKey })),
  };
  return [
    { file: keyFiles.client, content: client },
    ...providers,
    { file: keyFiles.certificate, content: certificates },
    { file: keyFiles.gateway, content: gateway },
    { file: keyFiles['gateway-decision'], content: gatewayDecision },
    { file: keyFiles.decision, content: decisionKeysOf(gatewayDecision) },
    { file: keyFiles['fact-keys'], content: known },
    { file: verifyingKeyFile, content: { keys: [certificate.publicKey] } },
  ];
}

export function newGatewayDecisionKeys(environment: string, epoch: string): GatewayDecisionKeys {
  return { role: 'gateway-decision', environment, decision: [newSigningKey(epoch).privateKey] };
}

/** What the workers have to know of a gateway that signs decisions. */
export function decisionKeysOf({ environment, decision }: GatewayDecisionKeys): DecisionKeys {
  return {
    role: 'decision',
    environment,
    keys: decision.map((key) => ({ for: 'gateway' as const, key: publicPartOf(key) })),
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
  return newPair(generateKeyPairSync('ed25519').privateKey, { crv: 'Ed25519', alg: 'EdDSA', use: 'sig', epoch });
}

function newSealingKey(epoch: string): Pair<PublicSealingKey, PrivateSealingKey> {
  return newPair(generateKeyPairSync('x25519').privateKey, { crv: 'X25519', alg: 'ECDH-ES', use: 'enc', epoch });
}

function newPair<const More extends { readonly crv: string }>(key: KeyObject, more: More) {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const publicKey = { kty: 'OKP' as const, x, kid: thumbprintOf({ crv: more.crv, x }), ...more };
  return { publicKey, privateKey: { ...publicKey, d } };
}

/** Its kid is random: a thumbprint of a secret would be a digest of it. */
function newSecretKey(epoch: string): SecretKey {
  const kid = randomBytes(16).toString('base64url');
  return { kty: 'oct', k: randomBytes(32).toString('base64url'), kid, alg: 'HS256', use: 'sig', epoch };
}
