/** Where a login is kept between two commands: a file of the user's own, which nobody else can read. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Environment } from '../config/environment';
import { errorCode, parsedJson } from '../domain/text';
import { isPrivate, thisProcess } from '../security/key-permissions';
import { InputError } from './command-failure';

const login = z.object({
  issuer: z.string(),
  clientId: z.string(),
  idToken: z.string().min(1).max(16_384),
  /** Epoch ms. */
  expiresAt: z.int(),
});
export type Login = z.infer<typeof login>;

export function loginFile(environment: Environment): string {
  const given = environment['XDG_STATE_HOME'];
  const own = process.platform === 'win32' ? environment['LOCALAPPDATA'] : undefined;
  const state = given || own || join(environment['HOME'] || homedir(), '.local', 'state');
  return join(state, 'erasure', 'login.json');
}

export async function keepLogin(kept: Login, environment: Environment): Promise<void> {
  const file = loginFile(environment);
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(kept)}\n`);
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw new InputError(`The login cannot be kept in your state directory (${errorCode(error)}).`);
  }
}

/** Undefined where nobody is logged in. */
export async function readLogin(environment: Environment): Promise<Login | undefined> {
  const handle = await open(loginFile(environment), 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new InputError(`The login in your state directory cannot be read (${errorCode(error)}).`);
  });
  if (handle === undefined) return undefined;
  try {
    if (process.platform !== 'win32' && !isPrivate(await handle.stat(), thisProcess())) {
      throw new InputError('The file of your login is open to other users: run erasure logout, then erasure login.');
    }
    const parsed = login.safeParse(parsedJson(await handle.readFile('utf8')));
    if (parsed.success) return parsed.data;
    throw new InputError('The file of your login is damaged: run erasure logout, then erasure login.');
  } finally {
    await handle.close();
  }
}

/** Whether there was one. */
export async function forgetLogin(environment: Environment): Promise<boolean> {
  try {
    await rm(loginFile(environment));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new InputError(`The file of your login cannot be removed (${errorCode(error)}).`);
  }
}
