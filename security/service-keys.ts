/** Keys of services that call the server: long random texts, of which only the hash is kept. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isMatch, opaquePattern } from '../domain/text';
import type { AccessRole } from '../domain/access-role';
import { KeyFileError } from './key-file-error';
import { isMissing, readClientKeys, readServiceKeys } from './key-files';
import type { KeyPermissions } from './key-permissions';
import { parseKeys } from './key-shapes';
import { keyFiles, type ServiceKeys } from './key-table';
import { modeOf, replaceFile, writeNew } from './key-writing';
import { isSameText } from './same-text';

const PREFIX = 'esk_';
const keyPattern = /^esk_[A-Za-z0-9_-]{43}$/;

export type ServiceKey = ServiceKeys['keys'][number];

/** The service whose key this is, or undefined. Every key is compared, each in constant time. `now`: epoch ms. */
export function createServiceKeyCheck({
  keys,
}: ServiceKeys): (presented: string, now: number) => ServiceKey | undefined {
  return (presented, now) => {
    if (!isMatch(presented, keyPattern)) return undefined;
    const hash = hashOf(presented);
    const [found] = keys.filter((key) => isSameText(key.hash, hash));
    return found === undefined || (found.expiresAt !== undefined && Date.parse(found.expiresAt) <= now)
      ? undefined
      : found;
  };
}

/** Whether a text in an `Authorization` header is meant as one of these keys, and not as a token of the identity provider. */
export function isServiceKey(presented: string): boolean {
  return presented.startsWith(PREFIX);
}

/**
 * Makes a key for one service and adds its hash to the file, which is made beside client.json with the first one. The key
 * itself is returned and kept nowhere. Several keys of one service are all good, so that one can be changed.
 */
export async function addServiceKey(options: {
  readonly directory: string;
  /** Opaque id of the service, e.g. `portal`. */
  readonly service: string;
  readonly roles: readonly AccessRole[];
  /** RFC 3339 instant. */
  readonly expiresAt?: string;
  readonly now: number;
  readonly permissions?: KeyPermissions;
}): Promise<{ readonly key: string; readonly file: string; readonly keysOfService: number }> {
  const { directory, service, roles, expiresAt, now, permissions = 'checked' } = options;
  const file = join(directory, keyFiles['service-keys'].name);
  if (!isMatch(service, opaquePattern)) throw new KeyFileError(file, 'service: expected an opaque id');
  const key = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  const added: ServiceKey = {
    service,
    hash: hashOf(key),
    roles: [...new Set(roles)],
    addedAt: new Date(now).toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const before = await existing(directory, permissions);
  const content = {
    role: 'service-keys' as const,
    environment: before?.environment ?? (await readClientKeys(directory, permissions)).environment,
    keys: [...(before?.keys ?? []), added],
  };
  parseKeys(file, keyFiles['service-keys'].shape, content);
  if (before === undefined) await writeNew(file, content, { mode: modeOf(keyFiles['service-keys']), permissions });
  else {
    await replaceFile(
      file,
      async () => {
        const { keys, ...rest } = await readServiceKeys(directory, permissions);
        return { content: { ...rest, keys: [...keys, added] }, undo: async () => undefined, answer: undefined };
      },
      permissions,
    );
  }
  return { key, file, keysOfService: content.keys.filter((one) => one.service === service).length };
}

async function existing(directory: string, permissions: KeyPermissions): Promise<ServiceKeys | undefined> {
  try {
    return await readServiceKeys(directory, permissions);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A plain hash is enough for a text of 256 random bits: there is nothing to guess. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
