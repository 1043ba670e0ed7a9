/** Reads one key file, and refuses one that somebody else could have changed or could read. */
import { constants } from 'node:fs';
import { access, lstat, open, readlink, stat, type FileHandle } from 'node:fs/promises';
import { join, parse, resolve, sep } from 'node:path';
import { errorCode, parsedJson } from '../domain/text';
import { KeyFileError } from './key-file-error';
import {
  directoryProblem,
  fileProblem,
  thisProcess,
  type Actor,
  type KeyPermissions,
  type Protection,
} from './key-permissions';

const FILE_LENGTH_MAX = 262_144;
const LINKS_MAX = 40;

export interface Reading {
  readonly protection: Protection;
  /** Whether whoever can write to the directories on the way is looked at, too. */
  readonly directories: 'checked' | 'any';
  readonly madeBy: string;
  /** What such a file is usually called. */
  readonly name: string;
  readonly permissions: KeyPermissions;
}

export async function readJson(file: string, reading: Reading): Promise<unknown> {
  const content = parsedJson(await readText(file, reading));
  if (content === undefined) {
    const { name, madeBy } = reading;
    throw new KeyFileError(
      file,
      `is no key file, since it is not JSON: expected one like ${name}, which ${madeBy} makes`,
    );
  }
  return content;
}

async function readText(file: string, { protection, directories, madeBy, permissions }: Reading): Promise<string> {
  const actor = thisProcess();
  try {
    const { path, decidedIn } = await follow(resolve(file));
    if (directories === 'checked') {
      for (const directory of decidedIn) await checkDirectory(directory, { actor, permissions });
    }
    // Without O_NONBLOCK opening a pipe waits for whoever writes into it.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await handle.stat();
      if (!status.isFile()) throw new KeyFileError(file, 'is no regular file');
      const problem = fileProblem(status, { actor, protection, permissions });
      if (problem !== undefined) throw new KeyFileError(file, problem);
      return decode(file, await readBounded(file, handle));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT') throw new KeyFileError(file, `does not exist; ${madeBy} makes it`, { isMissing: true });
    if (code === 'ENXIO') throw new KeyFileError(file, 'is no regular file');
    throw new KeyFileError(file, `cannot be read (${code})`);
  }
}

export async function checkDirectory(
  directory: string,
  { actor, permissions }: { readonly actor: Actor | undefined; readonly permissions: KeyPermissions },
): Promise<void> {
  const status = await stat(directory);
  const problem = directoryProblem(
    { mode: status.mode, uid: status.uid, gid: status.gid, isReadOnly: await isReadOnly(directory) },
    { actor, permissions },
  );
  if (problem !== undefined) throw new KeyFileError(directory, problem);
}

async function isReadOnly(directory: string): Promise<boolean> {
  return access(directory, constants.W_OK).then(
    () => false,
    (error: unknown) => errorCode(error) === 'EROFS',
  );
}

/**
 * Where the links of a path lead, and the directories that decide it: the one that the path names, each that holds a link
 * on the way (Kubernetes puts two before a secret), and the one that holds the file.
 */
async function follow(file: string): Promise<{ readonly path: string; readonly decidedIn: ReadonlySet<string> }> {
  const decidedIn = new Set<string>();
  let path = parse(file).root;
  let rest = partsOf(file);
  for (let links = 0; rest.length > 0;) {
    const [part = '', ...others] = rest;
    const next = join(path, part);
    const isLink = (await lstat(next)).isSymbolicLink();
    if (isLink || others.length === 0) decidedIn.add(path);
    if (isLink) {
      links += 1;
      if (links > LINKS_MAX) throw Object.assign(new Error('Too many links'), { code: 'ELOOP' });
      const target = resolve(path, await readlink(next));
      path = parse(target).root;
      rest = [...partsOf(target), ...others];
    } else {
      path = next;
      rest = others;
    }
  }
  return { path, decidedIn };
}

function partsOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((part) => part !== '');
}

async function readBounded(file: string, handle: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(FILE_LENGTH_MAX + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  throw new KeyFileError(file, 'is too large for a key file');
}

/** Editors put a byte order mark before a text; it is dropped. */
function decode(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new KeyFileError(file, 'is not text in UTF-8');
  }
}
