import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { JWK } from 'jose';
import { z } from 'zod';
import { isRecord } from '../domain/text';
import type { Provider } from '../domain/provider';
import {
  DECISION_KEYS_FILE,
  GATEWAY_DECISION_FILE,
  isPublicFile,
  newRoleFiles,
  newStaffKeys,
  providerFile,
} from './key-generation';
import { isPrivate, thisProcess } from './key-permissions';
import {
  certificateKeys,
  clientKeys,
  decisionKeys,
  environmentPattern,
  gatewayDecisionKeys,
  gatewayKeys,
  problemsOf,
  providerRoleKeys,
  staffKeys,
  thumbprintOf,
  verifyingKey,
  type CertificateKeys,
  type ClientKeys,
  type DecisionKeys,
  type GatewayDecisionKeys,
  type GatewayKeys,
  type ProviderKeys,
  type StaffKeys,
} from './key-shapes';

export { DECISION_KEYS_FILE, VERIFYING_KEYS_FILE } from './key-generation';
export { environmentPattern, hasCallbackKeys, providersThatCallBack } from './key-shapes';
export type {
  CallbackProviderKeys,
  CertificateKeys,
  ClientKeys,
  DecisionKeys,
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

const FILE_LENGTH_MAX = 262_144;

/** A key file cannot be written or read. The message names the file and the field, never what is in it. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  /** Base name of the file, or of the directory. */
  readonly file: string;
  readonly isMissing: boolean;

  constructor(file: string, problem: string, { isMissing = false }: { readonly isMissing?: boolean } = {}) {
    super(`${basename(file)}: ${problem}`);
    this.file = basename(file);
    this.isMissing = isMissing;
  }
}

/**
 * Makes the first keys of every role: all the files or, when one of them is there already, none.
 * `now` (epoch ms) dates the keys. Answers with the paths written.
 */
export async function initKeys(options: {
  readonly directory: string;
  readonly environment: string;
  readonly now: number;
}): Promise<{ written: string[] }> {
  const { directory, environment, now } = options;
  if (!environmentPattern.test(environment)) {
    throw new KeyFileError(directory, 'environment: expected lower case letters, digits and hyphens, at most 32');
  }
  const files = newRoleFiles(environment, epochOf(now));
  await makeDirectory(directory);
  const present = await namesPresent(directory, [...files.keys()]);
  if (present.length > 0) {
    throw new KeyFileError(directory, `already holds ${present.join(', ')}; nothing was written`);
  }
  const written: string[] = [];
  try {
    for (const [name, content] of files) {
      const path = join(directory, name);
      await writeNew(path, content, isPublicFile(name) ? 0o644 : 0o600);
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
}): Promise<{ readonly keyId: string; readonly decisionKeysFile: string; readonly keysOfActor: number }> {
  const { directory, actor, kinds, file, now } = options;
  const decisionKeysFile = join(directory, DECISION_KEYS_FILE);
  return replaceFile(decisionKeysFile, async () => {
    const before = await readDecisionKeys(directory);
    const { staff, known } = newStaffKeys({ environment: before.environment, actor, kinds }, epochOf(now));
    const parsed = staffKeys.safeParse(staff);
    if (!parsed.success) throw new KeyFileError(file, problemsOf(parsed.error).join('; '));
    await writeNew(file, staff, 0o600);
    const keys = [...before.keys, known];
    const keysOfActor = keys.filter(({ for: owner }) => owner !== 'gateway' && owner.actor === actor).length;
    return {
      content: { ...before, keys } satisfies DecisionKeys,
      undo: () => unlink(file),
      answer: { keyId: known.key.kid, decisionKeysFile, keysOfActor },
    };
  });
}

export async function readClientKeys(directory: string): Promise<ClientKeys> {
  return readRole(join(directory, 'client.json'), clientKeys);
}

export async function readProviderKeys(directory: string, provider: Provider): Promise<ProviderKeys> {
  const file = join(directory, providerFile(provider));
  const keys = await readRole(file, providerRoleKeys);
  if (keys.provider !== provider) throw new KeyFileError(file, `provider: is not ${provider}`);
  return keys;
}

export async function readCertificateKeys(directory: string): Promise<CertificateKeys> {
  return readRole(join(directory, 'certificate.json'), certificateKeys);
}

export async function readGatewayKeys(directory: string): Promise<GatewayKeys> {
  return readRole(join(directory, 'gateway.json'), gatewayKeys);
}

export async function readGatewayDecisionKeys(directory: string): Promise<GatewayDecisionKeys> {
  return readRole(join(directory, GATEWAY_DECISION_FILE), gatewayDecisionKeys);
}

/** A staff member's own key file, wherever they keep it. */
export async function readStaffKeys(file: string): Promise<StaffKeys> {
  return readRole(file, staffKeys, { madeBy: 'erasure keys add-staff' });
}

/** Whose decision tokens are believed. Public, but nobody else may be able to change it. */
export async function readDecisionKeys(directory: string): Promise<DecisionKeys> {
  return readRole(join(directory, DECISION_KEYS_FILE), decisionKeys, { protection: 'public' });
}

/** Key directories of earlier releases have no such file. */
export async function hasDecisionKeys(directory: string): Promise<boolean> {
  return (await namesPresent(directory, [DECISION_KEYS_FILE])).length > 0;
}

/** Public keys that certificates are verified with, from a file that holds a JWK or a JWK Set. */
export async function readVerifyingKeys(file: string): Promise<JWK[]> {
  const content = await readJson(file, { protection: 'none', madeBy: 'erasure keys init' });
  const set = z.looseObject({ keys: z.array(z.unknown()) }).safeParse(content);
  const keys = z
    .array(verifyingKey)
    .min(1)
    .safeParse(set.success ? set.data.keys : [content]);
  if (!keys.success) throw new KeyFileError(file, problemsOf(keys.error).join('; '));
  return keys.data.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid: kid ?? thumbprintOf({ crv, x }) }));
}

async function readRole<Keys>(file: string, shape: z.ZodType<Keys>, reading: Partial<Reading> = {}): Promise<Keys> {
  const keys = shape.safeParse(await readJson(file, { protection: 'secret', madeBy: 'erasure keys init', ...reading }));
  if (!keys.success) throw new KeyFileError(file, problemsOf(keys.error).join('; '));
  return keys.data;
}

interface Reading {
  /** `public`: all may read it, nobody else may write to it. `none`: whoever names the file answers for it. */
  readonly protection: 'secret' | 'public' | 'none';
  readonly madeBy: string;
}

async function readJson(file: string, { protection, madeBy }: Reading): Promise<unknown> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    const code = codeOf(error);
    if (code === 'ENOENT') throw new KeyFileError(file, `does not exist; ${madeBy} makes it`, { isMissing: true });
    throw new KeyFileError(file, `cannot be read (${code})`);
  });
  try {
    const status = await handle.stat();
    const shown = (status.mode & 0o777).toString(8).padStart(4, '0');
    if (protection === 'public' && process.platform !== 'win32' && (status.mode & 0o022) !== 0) {
      throw new KeyFileError(file, `can be written to by other users (mode ${shown}); make it 0644`);
    }
    if (protection === 'secret' && process.platform !== 'win32' && !isPrivate(status, thisProcess())) {
      throw new KeyFileError(file, `is open to other users (mode ${shown}); make it 0600`);
    }
    if (status.size > FILE_LENGTH_MAX) throw new KeyFileError(file, 'is too large for a key file');
    const text = await handle.readFile('utf8').catch((error: unknown) => {
      throw new KeyFileError(file, `cannot be read (${codeOf(error)})`);
    });
    return parseJson(file, text);
  } finally {
    await handle.close();
  }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { mode } = await stat(directory);
    // Whoever can write to the directory can put keys of their own in the place of ours.
    if (process.platform === 'win32' || (mode & 0o022) === 0) return;
  } catch (error) {
    throw new KeyFileError(directory, `the directory cannot be made (${codeOf(error)})`);
  }
  throw new KeyFileError(directory, 'the directory can be written to by other users; make it 0700');
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new KeyFileError(file, 'is not JSON');
  }
}

/** Written aside and then linked: the file appears whole or not at all, and unlike a rename a link never overwrites. */
async function writeNew(path: string, content: object, mode: number): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, path);
  } catch (error) {
    const code = codeOf(error);
    throw new KeyFileError(
      path,
      code === 'EEXIST' ? 'already exists; nothing was written' : `cannot be written (${code})`,
    );
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/**
 * Replaces a file by what `change` makes of it, whole or not at all. The draft has one name and is made anew, so it is a
 * lock as well: of two changes at the same time the second is refused, and none is lost.
 */
async function replaceFile<Answer>(
  path: string,
  change: () => Promise<{
    readonly content: object;
    readonly undo: () => Promise<void>;
    readonly answer: Answer;
  }>,
): Promise<Answer> {
  const draft = `${path}.new`;
  const handle = await open(draft, 'wx', 0o644).catch((error: unknown) => {
    const code = codeOf(error);
    if (code !== 'EEXIST') throw new KeyFileError(path, `cannot be changed (${code})`);
    throw new KeyFileError(path, `is being changed: if by nobody, remove ${basename(draft)} beside it`);
  });
  try {
    try {
      const { content, undo, answer } = await change();
      try {
        await handle.chmod(0o644);
        await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
        await handle.sync();
        await rename(draft, path);
        return answer;
      } catch (error) {
        await undo();
        throw new KeyFileError(path, `cannot be changed (${codeOf(error)})`);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

/** The month in which a key is made, e.g. `2026-11`. */
function epochOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}

async function namesPresent(directory: string, names: readonly string[]): Promise<string[]> {
  const present: string[] = [];
  for (const name of names) {
    try {
      await lstat(join(directory, name));
      present.push(name);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw new KeyFileError(name, `cannot be looked at (${codeOf(error)})`);
    }
  }
  return present;
}

/** The code of a file system error, e.g. `EACCES`. Its message is left behind: it says no more, and names whole paths. */
function codeOf(error: unknown): string {
  const code = isRecord(error) ? error['code'] : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
