import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { z } from 'zod';
import type { Provider } from '../domain/provider/provider-table';
import { isRecord } from '../domain/text';
import { KeyFileError } from './key-file-error';
import {
  DECISION_KEYS_FILE,
  epochOf,
  FACT_KEYS_FILE,
  GATEWAY_DECISION_FILE,
  modeOf,
  newRoleFiles,
  newStaffKeys,
  providerFile,
} from './key-generation';
import type { KeyPermissions } from './key-permissions';
import { readJson, type Reading } from './key-reading';
import {
  archivedProviderKeys,
  certificateKeys,
  clientKeys,
  decisionKeys,
  environmentPattern,
  factKeys,
  gatewayDecisionKeys,
  gatewayKeys,
  parseKeys,
  problemsOf,
  providerRoleKeys,
  staffKeys,
  thumbprintOf,
  verifyingKey,
  type CertificateKeys,
  type ClientKeys,
  type DecisionKeys,
  type FactKeys,
  type GatewayDecisionKeys,
  type GatewayKeys,
  type ProviderKeys,
  type StaffKeys,
} from './key-shapes';
import { makeDirectory, namesPresent, replaceFile, writeNew } from './key-writing';

export { KeyFileError } from './key-file-error';
export { DECISION_KEYS_FILE, FACT_KEYS_FILE, VERIFYING_KEYS_FILE } from './key-generation';
export type { KeyPermissions } from './key-permissions';
export { environmentProblem, factKeyProblem } from './key-sets';
export { environmentPattern, factRoles, hasCallbackKeys, providersThatCallBack } from './key-shapes';
export type {
  CallbackProviderKeys,
  CertificateKeys,
  ClientKeys,
  DecisionKeys,
  FactKeys,
  FactRole,
  FactSigningKeys,
  GatewayDecisionKeys,
  GatewayKeys,
  PrivateSealingKey,
  PrivateSigningKey,
  ProviderKeys,
  PublicSealingKey,
  PublicSigningKey,
  SecretKey,
  StaffKeys,
} from './key-shapes';
export { upgradeKeys, type KeyUpgrade } from './key-upgrade';

/**
 * Makes the first keys of every role: all the files or, when one of them is there already, none.
 * `now` (epoch ms) dates the keys. Answers with the paths written.
 */
export async function initKeys(options: {
  readonly directory: string;
  readonly environment: string;
  readonly now: number;
  readonly permissions?: KeyPermissions;
}): Promise<{ written: string[] }> {
  const { directory, environment, now, permissions = 'checked' } = options;
  if (!environmentPattern.test(environment)) {
    throw new KeyFileError(directory, 'environment: expected lower case letters, digits and hyphens, at most 32');
  }
  const files = newRoleFiles(environment, epochOf(now));
  await makeDirectory(directory, permissions);
  const present = await namesPresent(directory, [...files.keys()]);
  if (present.length > 0) {
    throw new KeyFileError(directory, `already holds ${present.join(', ')}; nothing was written`);
  }
  const written: string[] = [];
  try {
    for (const [name, content] of files) {
      const path = join(directory, name);
      await writeNew(path, content, { mode: modeOf(name), permissions });
      written.push(path);
    }
  } catch (error) {
    // Only what this call itself has just made: a file of somebody else is never among them.
    for (const path of written) await unlink(path);
    throw error;
  }
  return { written };
}

/**
 * Makes a key for one staff member to decide with, and tells the workers' file whose it is: both, or neither.
 * `file` is new, and nobody else can read it. Several keys of one staff member are all good, so that one can be changed.
 */
export async function addStaffKey(options: {
  readonly directory: string;
  readonly actor: string;
  /** The kinds of decisions it may sign; all where it is left out. */
  readonly kinds?: StaffKeys['kinds'];
  readonly file: string;
  readonly now: number;
  readonly permissions?: KeyPermissions;
}): Promise<{ readonly keyId: string; readonly decisionKeysFile: string; readonly keysOfActor: number }> {
  const { directory, actor, kinds, file, now, permissions = 'checked' } = options;
  const decisionKeysFile = join(directory, DECISION_KEYS_FILE);
  const change = async () => {
    const before = await readDecisionKeys(directory, permissions);
    const { staff, known } = newStaffKeys({ environment: before.environment, actor, kinds }, epochOf(now));
    const parsed = staffKeys.safeParse(staff);
    if (!parsed.success) throw new KeyFileError(file, problemsOf(parsed.error).join('; '));
    await writeNew(file, staff, { mode: 0o600, permissions });
    const keys = [...before.keys, known];
    const keysOfActor = keys.filter(({ for: owner }) => owner !== 'gateway' && owner.actor === actor).length;
    return {
      content: { ...before, keys } satisfies DecisionKeys,
      undo: () => unlink(file),
      answer: { keyId: known.key.kid, decisionKeysFile, keysOfActor },
    };
  };
  return replaceFile(decisionKeysFile, change, permissions);
}

export async function readClientKeys(directory: string, permissions?: KeyPermissions): Promise<ClientKeys> {
  return readRole(join(directory, 'client.json'), clientKeys, { permissions });
}

export async function readProviderKeys(
  directory: string,
  provider: Provider,
  permissions?: KeyPermissions,
): Promise<ProviderKeys> {
  return ofProvider(
    provider,
    await readFactsRole(join(directory, providerFile(provider)), providerRoleKeys, permissions),
  );
}

/** Tells whom a certificate is about, also one of a release that signed no facts. */
export async function readHashingKeys(
  directory: string,
  provider: Provider,
): Promise<Pick<ProviderKeys, 'provider' | 'hashing'>> {
  return ofProvider(provider, await readRole(join(directory, providerFile(provider)), archivedProviderKeys));
}

function ofProvider<Keys extends { readonly provider: Provider }>(provider: Provider, keys: Keys): Keys {
  if (keys.provider !== provider) throw new KeyFileError(providerFile(provider), `provider: is not ${provider}`);
  return keys;
}

export async function readCertificateKeys(directory: string, permissions?: KeyPermissions): Promise<CertificateKeys> {
  return readFactsRole(join(directory, 'certificate.json'), certificateKeys, permissions);
}

export async function readGatewayKeys(directory: string, permissions?: KeyPermissions): Promise<GatewayKeys> {
  return readFactsRole(join(directory, 'gateway.json'), gatewayKeys, permissions);
}

export async function readGatewayDecisionKeys(
  directory: string,
  permissions?: KeyPermissions,
): Promise<GatewayDecisionKeys> {
  return readRole(join(directory, GATEWAY_DECISION_FILE), gatewayDecisionKeys, { permissions });
}

/** A staff member's own key file, wherever they keep it. */
export async function readStaffKeys(file: string): Promise<StaffKeys> {
  return readRole(file, staffKeys, { madeBy: 'erasure keys add-staff', directories: 'any' });
}

/** Whose decision tokens are believed. Public, but nobody else may be able to change it. */
export async function readDecisionKeys(directory: string, permissions?: KeyPermissions): Promise<DecisionKeys> {
  return readRole(join(directory, DECISION_KEYS_FILE), decisionKeys, { protection: 'public', permissions });
}

/** Who signs facts. Public, but nobody else may be able to change it. */
export async function readFactKeys(directory: string, permissions?: KeyPermissions): Promise<FactKeys> {
  const madeBy = 'erasure keys init --upgrade';
  return readRole(join(directory, FACT_KEYS_FILE), factKeys, { protection: 'public', madeBy, permissions });
}

/** The same from a file that somebody names to check a certificate with: they answer for it. */
export async function readFactKeysFile(file: string): Promise<FactKeys> {
  return readRole(file, factKeys, { protection: 'none', directories: 'any' });
}

/** Key directories of earlier releases have no such file. */
export async function hasDecisionKeys(directory: string): Promise<boolean> {
  return (await namesPresent(directory, [DECISION_KEYS_FILE])).length > 0;
}

/** Public keys that certificates are verified with, from a file that holds a JWK or a JWK Set. */
export async function readVerifyingKeys(file: string): Promise<JWK[]> {
  const content = await readJson(file, { ...defaultReading, protection: 'none', directories: 'any' });
  const set = z.looseObject({ keys: z.array(z.unknown()) }).safeParse(content);
  const keys = z
    .array(verifyingKey)
    .min(1)
    .safeParse(set.success ? set.data.keys : [content]);
  if (!keys.success) throw new KeyFileError(file, problemsOf(keys.error).join('; '));
  return keys.data.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid: kid ?? thumbprintOf({ crv, x }) }));
}

const defaultReading: Reading = {
  protection: 'secret',
  directories: 'checked',
  madeBy: 'erasure keys init',
  permissions: 'checked',
};

type ReadingOptions = Partial<Omit<Reading, 'permissions'>> & { readonly permissions?: KeyPermissions | undefined };

async function readRole<Keys>(file: string, shape: z.ZodType<Keys>, options: ReadingOptions = {}): Promise<Keys> {
  return parseKeys(file, shape, await readContent(file, options));
}

/** Files of a release that signed no facts have no key for it. */
async function readFactsRole<Keys>(
  file: string,
  shape: z.ZodType<Keys>,
  permissions: KeyPermissions | undefined,
): Promise<Keys> {
  const content = await readContent(file, { permissions });
  if (isRecord(content) && Object.hasOwn(content, 'role') && !Object.hasOwn(content, 'facts')) {
    throw new KeyFileError(file, 'has no facts key; erasure keys init --upgrade adds it');
  }
  return parseKeys(file, shape, content);
}

function readContent(file: string, { permissions = 'checked', ...options }: ReadingOptions): Promise<unknown> {
  return readJson(file, { ...defaultReading, ...options, permissions });
}
