import { chmod, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { providerKeys } from '../../domain/provider/provider-table';
import { factKeyProblem } from '../../security/key-sets';
import { factRoles, type FactRole } from '../../domain/fact/fact';
import {
  initKeys,
  readCertificateKeys,
  readDecisionKeys,
  readFactKeys,
  readServerDecisionKeys,
  readGatewayKeys,
  readHashingKeys,
  readProviderKeys,
} from '../../security/key-files';
import { KeyFileError } from '../../security/key-file-error';
import { upgradeKeys } from '../../security/key-upgrade';
import { failureOf, NOW, withDirectory } from './key-fixtures';

type Json = Record<string, unknown>;

const signingFiles = [
  'certificate.json',
  ...providerKeys.map((provider) => `provider-${provider}.json`),
  'gateway.json',
];
const wholeFiles = ['fact-keys.json', 'decision.json', 'server-decision.json'];
const roleOf = (file: string): FactRole =>
  file === 'certificate.json'
    ? 'workflows'
    : factRoles.find((role) => file === `${role}.json` || file === `provider-${role}.json`)!;

async function withKeys(use: (directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (parent) => {
    const directory = join(parent, 'keys');
    await initKeys({ directory, environment: 'production', now: NOW });
    await use(directory);
  });
}

const contentOf = async (directory: string, file: string): Promise<Json> =>
  JSON.parse(await readFile(join(directory, file), 'utf8')) as Json;

async function withoutFacts(directory: string, file: string): Promise<void> {
  const { facts: _, ...older } = await contentOf(directory, file);
  await writeFile(join(directory, file), JSON.stringify(older));
}

async function contents(directory: string): Promise<Record<string, Json>> {
  const names = (await readdir(directory)).toSorted();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await contentOf(directory, name)])));
}

/** Files of which more was changed than that a member was added, or an entry behind the others. */
function changedFiles(before: Record<string, Json>, after: Record<string, Json>): string[] {
  return Object.entries(before).flatMap(([name, content]) => {
    const { facts, keys = [], ...rest } = after[name] ?? {};
    const { facts: factsBefore = facts, keys: keysBefore = [], ...restBefore } = content;
    const isKept =
      isDeepStrictEqual([rest, facts], [restBefore, factsBefore]) &&
      isDeepStrictEqual((keys as unknown[]).slice(0, (keysBefore as unknown[]).length), keysBefore);
    return isKept ? [] : [name];
  });
}

/** Kept in a directory beside, under a name of its own. */
async function linkAway(directory: string, file: string, name = file): Promise<void> {
  const beside = `${directory}-beside`;
  await mkdir(beside, { mode: 0o700 });
  await rename(join(directory, file), join(beside, name));
  await symlink(join(beside, name), join(directory, file));
}

/** Every facts key that is there is known, as one of its own role. */
async function expectUsable(directory: string, files: readonly string[] = signingFiles): Promise<void> {
  const known = await readFactKeys(directory);
  for (const file of files) {
    const role = roleOf(file);
    const keys =
      role === 'workflows'
        ? await readCertificateKeys(directory)
        : role === 'gateway'
          ? await readGatewayKeys(directory)
          : await readProviderKeys(directory, role);
    expect(factKeyProblem(keys, known)).toBeUndefined();
  }
}

/** All subsets of what an earlier release, or a half-done upgrade, can lack; the providers' files lack it together. */
const lacks = [
  ['certificate.json'],
  ['gateway.json'],
  providerKeys.map((one) => `provider-${one}.json`),
  ...wholeFiles.map((file) => [file]),
];
const subsets = Array.from({ length: 2 ** lacks.length }, (_, bits) =>
  lacks.filter((_names, at) => bits & (1 << at)).flat(),
);

describe('upgradeKeys', () => {
  it('adds whatever is missing, names it, changes nothing else, and then has nothing to add', async () => {
    await withKeys(async (directory) => {
      const whole = await contents(directory);
      for (const missing of subsets) {
        for (const [name, content] of Object.entries(whole)) {
          await writeFile(join(directory, name), JSON.stringify(content));
        }
        for (const file of missing) {
          if (wholeFiles.includes(file)) await rm(join(directory, file));
          else await withoutFacts(directory, file);
        }
        const before = await contents(directory);
        const { environment, added, missingRoles } = await upgradeKeys({ directory, now: NOW });
        const after = await contents(directory);

        // Whose decisions are believed is the operator's: where that is said, no signer is added to it.
        const stays = missing.includes('server-decision.json') && !missing.includes('decision.json');
        const expected = new Set(missing.filter((file) => !(stays && file === 'server-decision.json')));
        if (missing.some((file) => signingFiles.includes(file))) expected.add('fact-keys.json');
        expect(added.map(({ file }) => file).toSorted()).toEqual([...expected].toSorted());
        expect({ environment, missingRoles }).toEqual({ environment: 'production', missingRoles: [] });

        expect(changedFiles(before, after)).toEqual([]);
        expect((await upgradeKeys({ directory, now: NOW })).added).toEqual([]);
        expect(await contents(directory)).toEqual(after);
      }
      await expectUsable(directory);
    });
  }, 120_000);

  it('lets the server decide where both files of decisions were missing', async () => {
    await withKeys(async (directory) => {
      await rm(join(directory, 'decision.json'));
      await rm(join(directory, 'server-decision.json'));
      await upgradeKeys({ directory, now: NOW });
      const { decision } = await readServerDecisionKeys(directory);
      const { keys } = await readDecisionKeys(directory);
      expect(keys).toEqual([
        { for: 'server', key: expect.objectContaining({ kid: decision[0].kid, x: decision[0].x }) },
      ]);
    });
  });

  it('gives the server the key that gateways signed decisions with, and believes nobody else', async () => {
    await withKeys(async (directory) => {
      const { role: _role, ...own } = await contentOf(directory, 'server-decision.json');
      await rm(join(directory, 'server-decision.json'));
      const path = join(directory, 'gateway-decision.json');
      await writeFile(path, JSON.stringify({ role: 'gateway-decision', ...own }), { mode: 0o600 });
      const before = await contents(directory);
      const { added } = await upgradeKeys({ directory, now: NOW });
      expect(added).toEqual([{ file: 'server-decision.json', what: 'the key of gateway-decision.json, for servers' }]);
      expect(await contents(directory)).toMatchObject(before);
      expect((await readServerDecisionKeys(directory)).decision).toEqual(own['decision']);
    });
  });

  it('keeps modes, and gives new files those of their kind', async () => {
    await withKeys(async (directory) => {
      const mode = async (file: string): Promise<number> => (await stat(join(directory, file))).mode & 0o777;
      for (const file of signingFiles) await withoutFacts(directory, file);
      for (const file of wholeFiles) await rm(join(directory, file));
      await chmod(join(directory, 'gateway.json'), 0o400);
      await upgradeKeys({ directory, now: NOW });
      expect(await mode('gateway.json')).toBe(0o400);
      for (const file of ['provider-person.json', 'server-decision.json']) expect(await mode(file)).toBe(0o600);
      for (const file of ['fact-keys.json', 'decision.json']) expect(await mode(file)).toBe(0o644);
    });
  });

  it('completes what a run that was killed has left, and clears its drafts away', async () => {
    await withKeys(async (directory) => {
      for (const file of signingFiles) await withoutFacts(directory, file);
      await rm(join(directory, 'fact-keys.json'));
      await upgradeKeys({ directory, now: NOW });
      const facts = (await contentOf(directory, 'gateway.json'))['facts'];
      await rm(join(directory, 'fact-keys.json'));
      await withoutFacts(directory, 'provider-person.json');
      await writeFile(join(directory, 'provider-person.json.0123456789ab.tmp'), '{', { mode: 0o600 });
      await upgradeKeys({ directory, now: NOW });
      expect((await contentOf(directory, 'gateway.json'))['facts']).toEqual(facts);
      await expectUsable(directory);
      expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    });
  });

  it('changes what a link leads to, and leaves the link', async () => {
    await withKeys(async (directory) => {
      await linkAway(directory, 'gateway.json');
      await withoutFacts(directory, 'gateway.json');
      await upgradeKeys({ directory, now: NOW });
      expect((await lstat(join(directory, 'gateway.json'))).isSymbolicLink()).toBe(true);
      await expectUsable(directory);
    });
  });

  it('changes nothing where one file cannot be written', async () => {
    await withKeys(async (directory) => {
      for (const file of signingFiles) await withoutFacts(directory, file);
      await linkAway(directory, 'gateway.json', 'g'.repeat(250));
      const before = await contents(directory);
      const failure = await failureOf(upgradeKeys({ directory, now: NOW }));
      expect(failure.message).toBe('gateway.json: cannot be written (ENAMETOOLONG); nothing was changed');
      expect(await contents(directory)).toEqual(before);
    });
  });

  it('works through directories that hold some roles only: fact-keys.json goes from one to the next', async () => {
    await withKeys(async (whole) => {
      for (const file of signingFiles) await withoutFacts(whole, file);
      await rm(join(whole, 'decision.json'));
      await rm(join(whole, 'server-decision.json'));
      let known = '';
      const left = new Set<FactRole>(factRoles);
      for (const file of signingFiles) {
        const directory = join(whole, roleOf(file));
        await mkdir(directory, { mode: 0o700 });
        await writeFile(join(directory, file), await readFile(join(whole, file)), { mode: 0o600 });
        if (known !== '') await writeFile(join(directory, 'fact-keys.json'), known);
        const { added, missingRoles } = await upgradeKeys({ directory, now: NOW });
        left.delete(roleOf(file));
        expect(added.map((one) => one.file).toSorted()).toEqual([file, 'fact-keys.json'].toSorted());
        expect(new Set(missingRoles)).toEqual(left);
        await expectUsable(directory, [file]);
        known = await readFile(join(directory, 'fact-keys.json'), 'utf8');
      }
      for (const file of signingFiles) {
        await writeFile(join(whole, roleOf(file), 'fact-keys.json'), known);
        await expectUsable(join(whole, roleOf(file)), [file]);
      }
    });
  });

  it('lets two at the same time end with files that fit, or be completed', async () => {
    await withKeys(async (directory) => {
      for (const file of signingFiles) await withoutFacts(directory, file);
      await rm(join(directory, 'fact-keys.json'));
      const both = [1, 2].map(() => upgradeKeys({ directory, now: NOW }));
      const failures = (await Promise.allSettled(both)).flatMap((one) =>
        one.status === 'rejected' ? [one.reason] : [],
      );
      expect(failures.filter((failure) => !(failure instanceof KeyFileError))).toEqual([]);
      await upgradeKeys({ directory, now: NOW });
      await expectUsable(directory);
    });
  });

  it.each<[string, (directory: string) => Promise<unknown>, RegExp]>([
    [
      'a directory without key files',
      (directory) => rm(directory, { recursive: true }).then(() => mkdir(directory, { mode: 0o700 })),
      /holds no key files; erasure keys init/,
    ],
    [
      'a directory that is not there',
      (directory) => rm(directory, { recursive: true }),
      /the directory cannot be read \(ENOENT\)/,
    ],
    [
      'a directory that others can write to',
      (directory) => chmod(directory, 0o777),
      /can be written to by other users/,
    ],
    [
      'a private file that others can read',
      (directory) => chmod(join(directory, 'gateway.json'), 0o644),
      /^gateway\.json: is open to other users/,
    ],
    ['a file that is none', (directory) => writeFile(join(directory, 'gateway.json'), '{}'), /^gateway\.json: role: /],
    [
      'files of two environments',
      async (directory) => {
        const client = await contentOf(directory, 'client.json');
        await writeFile(join(directory, 'client.json'), JSON.stringify({ ...client, environment: 'staging' }));
      },
      /client\.json was made for the environment staging, and certificate\.json for production/,
    ],
    [
      'a facts key that is known as another role',
      async (directory) => {
        const { keys, ...rest } = (await contentOf(directory, 'fact-keys.json')) as unknown as {
          keys: { for: string }[];
        };
        const swapped = keys.map((entry) => ({ ...entry, for: entry.for === 'person' ? 'gateway' : entry.for }));
        await writeFile(join(directory, 'fact-keys.json'), JSON.stringify({ ...rest, keys: swapped }));
      },
      /holds the facts key of person as one of gateway/,
    ],
  ])('refuses %s, and changes nothing', async (_what, spoil, message) => {
    await withKeys(async (directory) => {
      await withoutFacts(directory, 'certificate.json');
      await spoil(directory);
      const failure = await failureOf(upgradeKeys({ directory, now: NOW }));
      expect(failure).toBeInstanceOf(KeyFileError);
      expect(failure.message).toMatch(message);
      const kept = await contentOf(directory, 'certificate.json').catch(() => undefined);
      expect(kept ?? {}).not.toHaveProperty('facts');
    });
  });

  it('refuses another environment than the one that is meant', async () => {
    await withKeys(async (directory) => {
      const failure = await failureOf(upgradeKeys({ directory, environment: 'staging', now: NOW }));
      expect(failure.message).toContain('were made for the environment production, not for that one');
    });
  });
});

describe('keys without facts', () => {
  it.each(signingFiles)('of %s are refused with the command that adds them', async (file) => {
    await withKeys(async (directory) => {
      await withoutFacts(directory, file);
      const role = roleOf(file);
      const reading =
        role === 'workflows'
          ? readCertificateKeys(directory)
          : role === 'gateway'
            ? readGatewayKeys(directory)
            : readProviderKeys(directory, role);
      expect((await failureOf(reading)).message).toBe(`${file}: has no facts key; erasure keys init --upgrade adds it`);
    });
  });

  it('still tell whom an old certificate is about', async () => {
    await withKeys(async (directory) => {
      await withoutFacts(directory, 'provider-person.json');
      expect((await readHashingKeys(directory, 'person')).hashing).toHaveLength(1);
    });
  });
});
