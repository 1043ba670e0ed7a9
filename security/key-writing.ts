/** Writes key files: each appears whole or not at all, and only `replaceFile` and `Draft` put one in the place of another. */
import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '../domain/text';
import { KeyFileError } from './key-file-error';
import { thisProcess, type KeyPermissions } from './key-permissions';
import { checkDirectory } from './key-reading';
import type { KeyFile } from './key-table';

export function modeOf({ access }: Pick<KeyFile<unknown>, 'access'>): number {
  return access === 'public' ? 0o644 : 0o600;
}

export async function makeDirectory(directory: string, permissions: KeyPermissions): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await checkDirectory(directory, { actor: thisProcess(), permissions });
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(directory, `the directory cannot be made (${errorCode(error)})`);
  }
}

export interface WriteOptions {
  readonly mode: number;
  readonly permissions: KeyPermissions;
  /** Another one in tests only. */
  readonly makeLink?: typeof link;
}

export async function writeNew(path: string, content: object, options: WriteOptions): Promise<void> {
  try {
    const draft = await Draft.write(path, content, options);
    try {
      await draft.becomeNew(options);
    } finally {
      await draft.discard();
    }
  } catch (error) {
    const code = errorCode(error);
    throw new KeyFileError(
      path,
      code === 'EEXIST' ? 'already exists; nothing was written' : `cannot be written (${code})`,
    );
  }
}

export function isDraftName(name: string): boolean {
  return /\.[0-9a-f]{12}\.tmp$/.test(name);
}

/** A key file that is written whole and not yet in its place. */
export class Draft {
  readonly path: string;
  readonly target: string;
  readonly #content: object;

  private constructor(target: string, content: object) {
    this.path = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    this.target = target;
    this.#content = content;
  }

  static async write(target: string, content: object, options: WriteOptions): Promise<Draft> {
    const draft = new Draft(target, content);
    await writeExclusively(draft.path, content, options);
    return draft;
  }

  /** Linked: unlike a rename, a link never overwrites. FAT and some network file systems have no links. */
  async becomeNew(options: WriteOptions): Promise<void> {
    const { makeLink = link } = options;
    await makeLink(this.path, this.target).catch(async (error: unknown) => {
      if (errorCode(error) === 'EEXIST') throw error;
      await writeExclusively(this.target, this.#content, options);
    });
  }

  /** Best effort: a draft that stays behind is never read. */
  async discard(): Promise<void> {
    await unlink(this.path).catch(() => undefined);
  }
}

async function writeExclusively(path: string, content: object, options: WriteOptions): Promise<void> {
  const handle = await open(path, 'wx', options.mode);
  try {
    await fill(handle, content, options);
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await handle.close();
  }
}

async function fill(handle: FileHandle, content: object, { mode, permissions }: WriteOptions): Promise<void> {
  await handle.chmod(mode).catch((error: unknown) => {
    // Where modes are made up they cannot be set either.
    if (permissions !== 'unchecked') throw error;
  });
  await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
  await handle.sync();
}

/**
 * Replaces a file by what `change` makes of it, whole or not at all. The draft has one name and is made anew, so it is a
 * lock as well: of two changes at the same time the second is refused, and none is lost.
 */
export async function replaceFile<Answer>(
  path: string,
  change: () => Promise<{
    readonly content: object;
    readonly undo: () => Promise<void>;
    readonly answer: Answer;
  }>,
  permissions: KeyPermissions,
): Promise<Answer> {
  const draft = `${path}.new`;
  const handle = await open(draft, 'wx', 0o644).catch((error: unknown) => {
    const code = errorCode(error);
    if (code !== 'EEXIST') throw new KeyFileError(path, `cannot be changed (${code})`);
    throw new KeyFileError(path, `is being changed: if by nobody, remove ${basename(draft)} beside it`);
  });
  try {
    try {
      const { content, undo, answer } = await change();
      try {
        await fill(handle, content, { mode: 0o644, permissions });
        await rename(draft, path);
        return answer;
      } catch (error) {
        await undo();
        throw new KeyFileError(path, `cannot be changed (${errorCode(error)})`);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

export async function namesPresent(directory: string, names: readonly string[]): Promise<string[]> {
  const present: string[] = [];
  for (const name of names) {
    try {
      await lstat(join(directory, name));
      present.push(name);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw new KeyFileError(name, `cannot be looked at (${errorCode(error)})`);
    }
  }
  return present;
}
