import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../../config/environment';
import { providerKeys, type Provider } from '../../domain/provider/provider-table';
import { initKeys } from '../../security/key-files';
import { readWorkerKeys } from '../../worker/worker-keys';
import { failureOf, NOW, withDirectory } from '../security/key-fixtures';

const check = (
  directory: string,
  {
    providers = providerKeys,
    servesWorkflows = true,
  }: { providers?: readonly Provider[]; servesWorkflows?: boolean } = {},
) => readWorkerKeys({ keysDirectory: directory, keyPermissions: 'checked', providers, servesWorkflows });

async function withTwo(use: (production: string, staging: string) => Promise<void>): Promise<void> {
  await withDirectory(async (parent) => {
    const [production, staging] = [join(parent, 'production'), join(parent, 'staging')];
    await initKeys({ directory: production, environment: 'production', now: NOW });
    await initKeys({ directory: staging, environment: 'staging', now: NOW });
    await use(production, staging);
  });
}

describe('readWorkerKeys', () => {
  it('lets a worker start with the keys of one making, of which it needs its own only', async () => {
    await withTwo(async (production) => {
      await expect(check(production)).resolves.toBeDefined();
      await rm(join(production, 'certificate.json'));
      await rm(join(production, 'provider-person.json'));
      await expect(check(production, { providers: ['measureone'], servesWorkflows: false })).resolves.toBeDefined();
    });
  });

  it.each([
    'certificate.json',
    'provider-measureone.json',
    'provider-person.json',
    'provider-aptrinsic.json',
    'decision.json',
    'fact-keys.json',
  ])('refuses %s of another environment, and names two files', async (file) => {
    await withTwo(async (production, staging) => {
      await copyFile(join(staging, file), join(production, file));
      const failure = await failureOf(check(production));
      expect(failure).toBeInstanceOf(ConfigurationError);
      const [, one, other] = /(\S+) was made for the environment \w+, and (\S+) for \w+:/.exec(failure.message) ?? [];
      expect([one, other]).toContain(file);
      expect(one).not.toBe(other);
    });
  });

  it.each(['certificate.json', 'provider-measureone.json', 'provider-person.json', 'provider-aptrinsic.json'])(
    'refuses %s if its facts key is not known, or is known as one of another role',
    async (file) => {
      await withTwo(async (production) => {
        const path = join(production, 'fact-keys.json');
        const known = JSON.parse(await readFile(path, 'utf8')) as { keys: { for: string; key: { kid: string } }[] };
        const [own] = (JSON.parse(await readFile(join(production, file), 'utf8')) as { facts: { kid: string }[] })
          .facts;
        const others = known.keys.filter(({ key }) => key.kid !== own?.kid);
        await writeFile(path, JSON.stringify({ ...known, keys: others }));
        expect((await failureOf(check(production))).message).toContain(
          `${file}: its facts key is not in fact-keys.json; run erasure keys init --upgrade`,
        );
        const renamed = known.keys.map((entry) => (entry.key.kid === own?.kid ? { ...entry, for: 'gateway' } : entry));
        await writeFile(path, JSON.stringify({ ...known, keys: renamed }));
        expect((await failureOf(check(production))).message).toContain(
          `${file}: its facts key is in fact-keys.json as one of another role`,
        );
      });
    },
  );
});
