/** Changes every key as docs/operations.md says: first all who check know the new ones, then all who sign and seal use them. */
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { providerKeys } from '../domain/provider/provider-table';
import { STACK_ENVIRONMENT } from '../local/stack';
import { initKeys } from '../security/key-files';
import { keyFiles, providerKeyFile, verifyingKeyFile } from '../security/key-table';

type Content = Readonly<Record<string, unknown>>;

export interface KeyRotation {
  /** From here on the new keys are accepted, once the processes have been started again. */
  publish(): Promise<void>;
  /** From here on they are used. */
  use(): Promise<void>;
}

/** `newKeys`: a directory for the new set, which must not be there yet. */
export async function prepareRotation(keysDirectory: string, newKeys: string): Promise<KeyRotation> {
  await initKeys({ directory: newKeys, environment: STACK_ENVIRONMENT, now: Date.now() });
  const change = async (name: string, lists: readonly string[], order: 'behind' | 'first'): Promise<void> => {
    const added = await readContent(join(newKeys, name));
    await replace(join(keysDirectory, name), (old) => merged(old, added, { lists, order }));
  };
  const providerFiles = providerKeys.map((provider) => providerKeyFile(provider).name);
  return {
    async publish() {
      for (const name of providerFiles) await change(name, ['intake', 'sealing'], 'behind');
      await change(keyFiles.gateway.name, ['callback', 'token'], 'behind');
      await change(keyFiles['fact-keys'].name, ['keys'], 'behind');
      await change(verifyingKeyFile.name, ['keys'], 'behind');
    },
    async use() {
      for (const name of providerFiles) await change(name, ['callback', 'facts', 'hashing'], 'first');
      await change(keyFiles.gateway.name, ['token', 'facts'], 'first');
      await change(keyFiles.certificate.name, ['certificate', 'facts'], 'first');
      await change(keyFiles.client.name, ['intake', 'sealing'], 'first');
    },
  };
}

/** A list may be one for each provider. */
function merged(
  old: Content,
  added: Content,
  { lists, order }: { readonly lists: readonly string[]; readonly order: 'behind' | 'first' },
): Content {
  const changes = lists.flatMap((field) => {
    const [before, more] = [old[field], added[field]];
    if (Array.isArray(before) && Array.isArray(more)) return [[field, joined(before, more, order)]];
    if (!isContent(before) || !isContent(more)) return [];
    return [[field, merged(before, more, { lists: Object.keys(before), order })]];
  });
  return { ...old, ...Object.fromEntries(changes) };
}

function joined(before: readonly unknown[], more: readonly unknown[], order: 'behind' | 'first'): unknown[] {
  const kidOf = (key: unknown): unknown => {
    const held = isContent(key) && isContent(key['key']) ? key['key'] : key;
    return isContent(held) ? held['kid'] : undefined;
  };
  const news = new Set(more.map(kidOf));
  const others = before.filter((key) => !news.has(kidOf(key)));
  return order === 'first' ? [...more, ...others] : [...others, ...more];
}

function isContent(value: unknown): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readContent(file: string): Promise<Content> {
  return JSON.parse(await readFile(file, 'utf8')) as Content;
}

/** Whole or not at all: a process that is just being started reads it. */
async function replace(file: string, change: (old: Content) => Content): Promise<void> {
  const { mode } = await stat(file);
  const draft = `${file}.rotated`;
  await writeFile(draft, `${JSON.stringify(change(await readContent(file)), null, 2)}\n`, { mode: mode & 0o777 });
  await rename(draft, file);
}
