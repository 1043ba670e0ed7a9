import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { JWK } from 'jose';
import { z } from 'zod';
import { isRecord } from '../domain/decision';
import type { Provider } from '../domain/provider';
import { newRoleFiles, providerFile, VERIFYING_KEYS_FILE } from './key-generation';
import {
  certificateKeys,
  clientKeys,
  environmentPattern,
  gatewayKeys,
  problemsOf,
  providerRoleKeys,
  thumbprintOf,
  verifyingKey,
  type CertificateKeys,
  type ClientKeys,
  type GatewayKeys,
  type ProviderKeys,
} from './key-shapes';

export { VERIFYING_KEYS_FILE } from './key-generation';
export { environmentPattern, hasCallbackKeys, providersThatCallBack } from './key-shapes';
export type {
  CallbackProviderKeys,
  CertificateKeys,
  ClientKeys,
  GatewayKeys,
  PrivateSealingKey,
  PrivateSigningKey,
  ProviderKeys,
  PublicSealingKey,
  PublicSigningKey,
  SecretKey,
} from './key-shapes';

const FILE_LENGTH_MAX = 262_144;

/** A key file cannot be written or read. The message names the file and the field, never what is in it. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  /** Base name of the file, or of the directory. */
  readonly file: string;

  constructor(file: string, problem: string) {
    super(`${basename(file)}: ${problem}`);
    this.file = basename(file);
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
  const files = newRoleFiles(environment, new Date(now).toISOString().slice(0, 7));
  await makeDirectory(directory);
  const present = await namesPresent(directory, [...files.keys()]);
  if (present.length > 0) {
    throw new KeyFileError(directory, `already holds ${present.join(', ')}; nothing was written`);
  }
  const written: string[] = [];
  try {
    for (const [name, content] of files) {
      const path = join(directory, name);
      await writeNew(path, content, name === VERIFYING_KEYS_FILE ? 0o644 : 0o600);
      written.push(path);
    }
  } catch (error) {
    // Only what this call itself has just made: a file of somebody else is never among them.
    for (const path of written) await unlink(path);
    throw error;
  }
  return { written };
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

/** Public keys that certificates are verified with, from a file that holds a JWK or a JWK Set. */
export async function readVerifyingKeys(file: string): Promise<JWK[]> {
  const content = await readJson(file, { secret: false });
  const set = z.looseObject({ keys: z.array(z.unknown()) }).safeParse(content);
  const keys = z
    .array(verifyingKey)
    .min(1)
    .safeParse(set.success ? set.data.keys : [content]);
  if (!keys.success) throw new KeyFileError(file, problemsOf(keys.error).join('; '));
  return keys.data.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid: kid ?? thumbprintOf({ crv, x }) }));
}

async function readRole<Keys>(file: string, shape: z.ZodType<Keys>): Promise<Keys> {
  const keys = shape.safeParse(await readJson(file, { secret: true }));
  if (!keys.success) throw new KeyFileError(file, problemsOf(keys.error).join('; '));
  return keys.data;
}

async function readJson(file: string, { secret }: { readonly secret: boolean }): Promise<unknown> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    const code = codeOf(error);
    if (code === 'ENOENT') throw new KeyFileError(file, 'does not exist; erasure keys init makes it');
    throw new KeyFileError(file, `cannot be read (${code})`);
  });
  try {
    const { mode, size } = await handle.stat();
    if (secret && process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw new KeyFileError(file, `is open to other users (mode ${shown}); make it 0600`);
    }
    if (size > FILE_LENGTH_MAX) throw new KeyFileError(file, 'is too large for a key file');
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
