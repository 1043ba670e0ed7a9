import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { initKeys, readServiceKeys } from '../../security/key-files';
import { addServiceKey, createServiceKeyCheck } from '../../security/service-keys';
import { NOW, withDirectory } from './key-fixtures';

async function withKeys(use: (directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await initKeys({ directory, environment: 'test', now: NOW });
    await use(directory);
  });
}

describe('the key of a service', () => {
  it('lets in its service, and nobody with another text', async () => {
    await withKeys(async (directory) => {
      const { key, keysOfService } = await addServiceKey({
        directory,
        service: 'portal',
        roles: ['file', 'file', 'view'],
        now: NOW,
      });
      expect([keysOfService, /^esk_[A-Za-z0-9_-]{43}$/.test(key)]).toEqual([1, true]);
      const check = createServiceKeyCheck(await readServiceKeys(directory));
      expect(check(key, NOW)).toMatchObject({ service: 'portal', roles: ['file', 'view'] });
      const last = key.at(-1) === 'A' ? 'B' : 'A';
      for (const other of ['', 'esk_', `${key}A`, key.slice(0, -1), `${key.slice(0, -1)}${last}`, key.toUpperCase()]) {
        expect(check(other, NOW)).toBeUndefined();
      }
    });
  });

  it('is kept nowhere, only its hash', async () => {
    await withKeys(async (directory) => {
      const { key, file } = await addServiceKey({ directory, service: 'portal', roles: ['view'], now: NOW });
      expect(file).toBe(join(directory, 'service-keys.json'));
      const text = await readFile(file, 'utf8');
      expect(text).not.toContain(key);
      expect(text).not.toContain(key.slice(4));
      // Whoever could change it could let anybody in.
      expect((await stat(file)).mode & 0o022).toBe(0);
    });
  });

  it('ends at its time', async () => {
    await withKeys(async (directory) => {
      const expiresAt = new Date(NOW + 1_000).toISOString();
      const { key } = await addServiceKey({ directory, service: 'portal', roles: ['view'], now: NOW, expiresAt });
      const check = createServiceKeyCheck(await readServiceKeys(directory));
      expect([check(key, NOW + 999)?.service, check(key, NOW + 1_000)]).toEqual(['portal', undefined]);
    });
  });

  it('is added to the others, also a second one of the same service', async () => {
    await withKeys(async (directory) => {
      const first = await addServiceKey({ directory, service: 'portal', roles: ['view'], now: NOW });
      await addServiceKey({ directory, service: 'crm', roles: ['file'], now: NOW });
      const second = await addServiceKey({ directory, service: 'portal', roles: ['view'], now: NOW });
      expect(second.keysOfService).toBe(2);
      const keys = await readServiceKeys(directory);
      expect([keys.environment, keys.keys.map(({ service }) => service)]).toEqual([
        'test',
        ['portal', 'crm', 'portal'],
      ]);
      const check = createServiceKeyCheck(keys);
      expect([check(first.key, NOW)?.service, check(second.key, NOW)?.service]).toEqual(['portal', 'portal']);
    });
  });

  it('is made beside client.json only, and for an opaque id', async () => {
    await withDirectory(async (directory) => {
      const make = addServiceKey({ directory, service: 'portal', roles: ['view'], now: NOW });
      await expect(make).rejects.toThrow(/^client\.json: does not exist/);
    });
    await withKeys(async (directory) => {
      const make = addServiceKey({ directory, service: 'jane@example.org', roles: ['view'], now: NOW });
      await expect(make).rejects.toThrow('service: expected an opaque id');
    });
  });
});
