import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { defined } from '../domain/defined';
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import {
  factRoles,
  providersThatCallBack,
  thumbprintOf,
  type CertificateKeys,
  type ClientKeys,
  type DecisionKeys,
  type FactKeys,
  type FactRole,
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

/** The file whose keys verify certificates: to be given away, with the keys of the facts. */
export const VERIFYING_KEYS_FILE = 'certificate.public.jwk';
/** The file that says whose decisions are believed. */
export const DECISION_KEYS_FILE = 'decision.json';
export const GATEWAY_DECISION_FILE = 'gateway-decision.json';
/** The file that says which role has seen what a fact says. */
export const FACT_KEYS_FILE = 'fact-keys.json';

const publicFiles = [VERIFYING_KEYS_FILE, DECISION_KEYS_FILE, FACT_KEYS_FILE];

export function isPublicFile(name: string): boolean {
  return publicFiles.includes(name);
}

export function modeOf(name: string): number {
  return isPublicFile(name) ? 0o644 : 0o600;
}

/** The month in which a key is made, e.g. `2026-11`. */
export function epochOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}

export function providerFile(provider: Provider): string {
  return `provider-${provider}.json`;
}

/** Name and content of every key file, each kind with one new key of the month `epoch`. */
export function newRoleFiles(environment: string, epoch: string): Map<string, object> {
  const intake = newSigningKey(epoch);
  const callback = newSigningKey(epoch);
  const certificate = newSigningKey(epoch);
  const facts = new Map(factRoles.map((role) => [role, newSigningKey(epoch)] as const));
  const factsOf = (role: FactRole) => [facts.get(role)?.privateKey] as [PrivateSigningKey];
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
      facts: factsOf(provider),
      ...(providersThatCallBack.includes(provider) ? { callback: [callback.privateKey] } : {}),
    } satisfies ProviderKeys);
  }
  files.set('certificate.json', {
    role: 'certificate',
    environment,
    certificate: [certificate.privateKey],
    facts: factsOf('workflows'),
  } satisfies CertificateKeys);
  files.set('gateway.json', {
    role: 'gateway',
    environment,
    callback: [callback.publicKey],
    token: [newSecretKey(epoch)],
    facts: factsOf('gateway'),
  } satisfies GatewayKeys);
  const gatewayDecision = newGatewayDecisionKeys(environment, epoch);
  files.set(GATEWAY_DECISION_FILE, gatewayDecision);
  files.set(DECISION_KEYS_FILE, decisionKeysOf(gatewayDecision));
  files.set(FACT_KEYS_FILE, {
    role: 'fact-keys',
    environment,
    keys: [...facts].map(([role, { publicKey }]) => ({ for: role, key: publicKey })),
  } satisfies FactKeys);
  files.set(VERIFYING_KEYS_FILE, { keys: [certificate.publicKey] });
  return files;
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

/** A staff member's own key file, and what the workers have to know of it. */
export function newStaffKeys(
  member: Pick<StaffKeys, 'actor' | 'kinds' | 'environment'>,
  epoch: string,
): { readonly staff: StaffKeys; readonly known: DecisionKeys['keys'][number] } {
  const { environment, actor, kinds } = member;
  const whose = { actor, ...defined({ kinds }) };
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

export function newSigningKey(epoch: string): Pair<PublicSigningKey, PrivateSigningKey> {
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
