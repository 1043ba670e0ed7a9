import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { providerKeys, type Provider } from '../domain/provider';
import {
  providersThatCallBack,
  thumbprintOf,
  type CertificateKeys,
  type ClientKeys,
  type DecisionKeys,
  type GatewayDecisionKeys,
  type GatewayKeys,
  type PrivateSealingKey,
  type PrivateSigningKey,
  type ProviderKeys,
  type PublicSealingKey,
  type PublicSigningKey,
  type SecretKey,
  type StaffKeys,
} from './key-shapes';

/** The file whose keys verify certificates: the only one that may be given away. */
export const VERIFYING_KEYS_FILE = 'certificate.public.jwk';
/** The file that says whose decisions are believed. */
export const DECISION_KEYS_FILE = 'decision.json';
export const GATEWAY_DECISION_FILE = 'gateway-decision.json';

const publicFiles = [VERIFYING_KEYS_FILE, DECISION_KEYS_FILE];

export function isPublicFile(name: string): boolean {
  return publicFiles.includes(name);
}

export function providerFile(provider: Provider): string {
  return `provider-${provider}.json`;
}

/** Name and content of every key file, each kind with one new key of the month `epoch`. */
export function newRoleFiles(environment: string, epoch: string): Map<string, object> {
  const intake = newSigningKey(epoch);
  const callback = newSigningKey(epoch);
  const certificate = newSigningKey(epoch);
  const decision = newSigningKey(epoch);
  const sealing = new Map(providerKeys.map((provider) => [provider, newSealingKey(epoch)] as const));
  const files = new Map<string, object>();
  files.set('client.json', {
    role: 'client',
    environment,
    intake: [intake.privateKey],
    sealing: Object.fromEntries([...sealing].map(([provider, { publicKey }]) => [provider, [publicKey]])),
  } satisfies ClientKeys);
  for (const [provider, { privateKey }] of sealing) {
    files.set(providerFile(provider), {
      role: 'provider',
      provider,
      environment,
      sealing: [privateKey],
      intake: [intake.publicKey],
      hashing: [newSecretKey(epoch)],
      ...(providersThatCallBack.includes(provider) ? { callback: [callback.privateKey] } : {}),
    } satisfies ProviderKeys);
  }
  files.set('certificate.json', {
    role: 'certificate',
    environment,
    certificate: [certificate.privateKey],
  } satisfies CertificateKeys);
  files.set('gateway.json', {
    role: 'gateway',
    environment,
    callback: [callback.publicKey],
    token: [newSecretKey(epoch)],
  } satisfies GatewayKeys);
  files.set(GATEWAY_DECISION_FILE, {
    role: 'gateway-decision',
    environment,
    decision: [decision.privateKey],
  } satisfies GatewayDecisionKeys);
  files.set(DECISION_KEYS_FILE, {
    role: 'decision',
    environment,
    keys: [{ for: 'gateway', key: decision.publicKey }],
  } satisfies DecisionKeys);
  files.set(VERIFYING_KEYS_FILE, { keys: [certificate.publicKey] });
  return files;
}

/** A staff member's own key file, and what the workers have to know of it. */
export function newStaffKeys(
  member: Pick<StaffKeys, 'actor' | 'kinds' | 'environment'>,
  epoch: string,
): { readonly staff: StaffKeys; readonly known: DecisionKeys['keys'][number] } {
  const { environment, actor, kinds } = member;
  const whose = { actor, ...(kinds === undefined ? {} : { kinds }) };
  const { publicKey, privateKey } = newSigningKey(epoch);
  return {
    staff: { role: 'staff', environment, ...whose, decision: [privateKey] },
    known: { for: whose, key: publicKey },
  };
}

interface Pair<PublicKey, PrivateKey> {
  readonly publicKey: PublicKey;
  readonly privateKey: PrivateKey;
}

function newSigningKey(epoch: string): Pair<PublicSigningKey, PrivateSigningKey> {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const crv = 'Ed25519';
  const kid = thumbprintOf({ crv, x });
  const publicKey = { kty: 'OKP', crv, x, kid, alg: 'EdDSA', use: 'sig', epoch } as const;
  return { publicKey, privateKey: { ...publicKey, d } };
}

function newSealingKey(epoch: string): Pair<PublicSealingKey, PrivateSealingKey> {
  const { x = '', d = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const crv = 'X25519';
  const kid = thumbprintOf({ crv, x });
  const publicKey = { kty: 'OKP', crv, x, kid, alg: 'ECDH-ES', use: 'enc', epoch } as const;
  return { publicKey, privateKey: { ...publicKey, d } };
}

/** Its kid is random: a thumbprint of a secret would be a digest of it. */
function newSecretKey(epoch: string): SecretKey {
  const kid = randomBytes(16).toString('base64url');
  return { kty: 'oct', k: randomBytes(32).toString('base64url'), kid, alg: 'HS256', use: 'sig', epoch };
}
