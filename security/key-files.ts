/** Makes and reads the key files that key-table.ts lists. */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { defined } from '../domain/defined';
import type { Provider } from '../domain/provider/provider-table';
import { isRecord, parsedJson } from '../domain/text';
import { KeyFileError } from './key-file-error';
import { epochOf, newKeyFiles, newSigningKey } from './key-generation';
import type { KeyPermissions } from './key-permissions';
import { readJson, type Reading } from './key-reading';
import { parseKeys } from './key-shapes';
import {
  archivedProviderKeyFile,
  environmentPattern,
  keyFiles,
  providerKeyFile,
  staffKeyFile,
  verifyingKeyFile,
  type DecisionKeys,
  type FactKeys,
  type KeyFile,
  type ProviderKeys,
  type StaffKeys,
  type VerifyingKeys,
} from './key-table';
import { makeDirectory, modeOf, namesPresent, replaceFile, writeNew } from './key-writing';

/** From the directory of key files. Throws `KeyFileError`. */
type DirectoryReader<Keys> = (directory: string, permissions?: KeyPermissions) => Promise<Keys>;

const readerOf =
  <Keys>(file: KeyFile<Keys>): DirectoryReader<Keys> =>
  (directory, permissions) =>
    readKeys(join(directory, file.name), file, defined({ permissions }));

export const readClientKeys = readerOf(keyFiles.client);
export const readCertificateKeys = readerOf(keyFiles.certificate);
export const readGatewayKeys = readerOf(keyFiles.gateway);
export const readServerDecisionKeys = readerOf(keyFiles['server-decision']);
/** Sessions of the console. */
export const readServerSessionKeys = readerOf(keyFiles['server-session']);
/** Whose decision tokens are believed. */
export const readDecisionKeys = readerOf(keyFiles.decision);
/** What certificates of this deployment are verified with. */
export const readPublicCertificateKeys = readerOf(verifyingKeyFile);
/** Which services may call the server. */
export const readServiceKeys = readerOf(keyFiles['service-keys']);
/** Who signs facts. */
export const readFactKeys = readerOf(keyFiles['fact-keys']);

export function readProviderKeys(
  directory: string,
  provider: Provider,
  permissions?: KeyPermissions,
): Promise<ProviderKeys> {
  return readerOf(providerKeyFile(provider))(directory, permissions);
}

/** Tells whom a certificate is about, also one of a release that signed no facts. */
export function readHashingKeys(
  directory: string,
  provider: Provider,
): Promise<Pick<ProviderKeys, 'provider' | 'hashing'>> {
  return readerOf(archivedProviderKeyFile(provider))(directory);
}

/** A staff member's own key file, wherever they keep it. */
export function readStaffKeys(path: string): Promise<StaffKeys> {
  return readKeys(path, staffKeyFile, { directories: 'any' });
}

/** From a file that somebody names to check a certificate with: they answer for it. */
export function readFactKeysFile(path: string): Promise<FactKeys> {
  return readKeys(path, keyFiles['fact-keys'], { protection: 'none', directories: 'any', madeBy: 'erasure keys init' });
}

export function readDecisionKeysFile(path: string): Promise<DecisionKeys> {
  return readKeys(path, keyFiles.decision, { protection: 'none', directories: 'any' });
}

/** Public keys that certificates are verified with, from a file that holds a JWK or a JWK Set. */
export function readVerifyingKeys(path: string) {
  return readKeys(path, verifyingKeyFile, { protection: 'none', directories: 'any' });
}

/** The same from a text that somebody pasted; undefined where it holds none. */
export function verifyingKeysIn(text: string): VerifyingKeys | undefined {
  return verifyingKeyFile.shape.safeParse(parsedJson(text)).data;
}

/** A file that need not be there. */
export function isMissing(error: unknown): boolean {
  return error instanceof KeyFileError && error.isMissing;
}

/** Key directories of earlier releases have no such file. */
export async function hasDecisionKeys(directory: string): Promise<boolean> {
  return (await namesPresent(directory, [keyFiles.decision.name])).length > 0;
}

async function readKeys<Keys>(path: string, file: KeyFile<Keys>, reading: Partial<Reading>): Promise<Keys> {
  const { access: protection, madeBy, name } = file;
  const content = await readJson(path, {
    protection,
    madeBy,
    name,
    directories: 'checked',
    permissions: 'checked',
    ...reading,
  });
  if (lacksFactsKey(file, content)) {
    throw new KeyFileError(path, 'has no facts key; erasure keys init --upgrade adds it');
  }
  return parseKeys(path, file.shape, content);
}

/** So it is in the files of a release that signed no facts. */
export function lacksFactsKey({ signsAs }: KeyFile<unknown>, content: unknown): content is object {
  return (
    signsAs !== undefined && isRecord(content) && Object.hasOwn(content, 'role') && !Object.hasOwn(content, 'facts')
  );
}

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
  const files = newKeyFiles(environment, epochOf(now));
  await makeDirectory(directory, permissions);
  const present = await namesPresent(
    directory,
    files.map(({ file }) => file.name),
  );
  if (present.length > 0) {
    throw new KeyFileError(directory, `already holds ${present.join(', ')}; nothing was written`);
  }
  const written: string[] = [];
  try {
    for (const { file, content } of files) {
      const path = join(directory, file.name);
      await writeNew(path, content, { mode: modeOf(file), permissions });
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
  const decisionKeysFile = join(directory, keyFiles.decision.name);
  const change = async () => {
    const before = await readDecisionKeys(directory, permissions);
    const { publicKey, privateKey } = newSigningKey(epochOf(now));
    const whose = { actor, ...defined({ kinds }) };
    const { environment } = before;
    const staff: StaffKeys = { role: 'staff', environment, ...whose, decision: [privateKey] };
    parseKeys(file, staffKeyFile.shape, staff);
    await writeNew(file, staff, { mode: modeOf(staffKeyFile), permissions });
    const keys = [...before.keys, { for: whose, key: publicKey }];
    const keysOfActor = keys.filter(({ for: owner }) => typeof owner === 'object' && owner.actor === actor).length;
    return {
      content: { ...before, keys } satisfies DecisionKeys,
      undo: () => unlink(file),
      answer: { keyId: publicKey.kid, decisionKeysFile, keysOfActor },
    };
  };
  return replaceFile(decisionKeysFile, change, permissions);
}
