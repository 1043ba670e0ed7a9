import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  initKeys,
  readDecisionKeys,
  readFactKeys,
  readGatewayKeys,
  readStaffKeys,
  readVerifyingKeys,
} from '../../security/key-files';
import { KeyFileError } from '../../security/key-file-error';
import { writeNew } from '../../security/key-writing';
import { failureOf, NOW, withDirectory } from './key-fixtures';

async function withKeys(use: (directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (parent) => {
    const directory = join(parent, 'keys');
    await initKeys({ directory, environment: 'test', now: NOW });
    await use(directory);
  });
}

const readers: readonly (readonly [string, (directory: string) => Promise<unknown>])[] = [
  ['gateway.json', readGatewayKeys],
  ['decision.json', readDecisionKeys],
  ['fact-keys.json', readFactKeys],
  ['certificate.public.jwk', (directory) => readVerifyingKeys(join(directory, 'certificate.public.jwk'))],
  ['staff-17.json', (directory) => readStaffKeys(join(directory, 'staff-17.json'))],
];

describe('what is no regular file', () => {
  const kinds: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
    ['a pipe', async (path) => execFileSync('mkfifo', ['-m', '600', path])],
    ['a directory', (path) => mkdir(path, { mode: 0o700 })],
    ['a device', (path) => symlink('/dev/zero', path)],
    [
      'a socket',
      (path) =>
        new Promise<void>((resolve) => {
          const server = createServer().listen(path, () => resolve());
          server.unref();
        }),
    ],
  ];
  const cases = kinds.flatMap(([kind, make]) => readers.map(([file, read]) => [kind, file, make, read] as const));

  it.each(cases)(
    'is refused at once: %s as %s',
    async (_kind, file, make, read) => {
      await withKeys(async (directory) => {
        await rm(join(directory, file), { force: true });
        await make(join(directory, file));
        const failure = await failureOf(read(directory));
        expect(failure).toBeInstanceOf(KeyFileError);
        // What is in the directory of devices is not even looked at where that directory could be anybody's.
        expect(failure.message).toMatch(new RegExp(`^${file}: is no regular file|^dev: the directory`));
      });
    },
    10_000,
  );
});

describe('a key file as editors write it', () => {
  it('is read with a byte order mark, and with line ends of Windows', async () => {
    await withKeys(async (directory) => {
      for (const [file, read] of readers.slice(0, 4)) {
        const expected = await read(directory);
        const text = await readFile(join(directory, file), 'utf8');
        await writeFile(join(directory, file), `\uFEFF${text.replaceAll('\n', '\r\n')}`);
        expect(await read(directory)).toEqual(expected);
      }
    });
  });

  it('is named as what it is in another encoding', async () => {
    await withKeys(async (directory) => {
      const text = await readFile(join(directory, 'gateway.json'), 'utf8');
      await writeFile(join(directory, 'gateway.json'), `\uFEFF${text}`, 'utf16le');
      expect((await failureOf(readGatewayKeys(directory))).message).toBe('gateway.json: is not text in UTF-8');
    });
  });
});

describe('links', () => {
  it('are followed as Kubernetes lays a secret out', async () => {
    await withKeys(async (directory) => {
      const version = join(directory, '..2026_11_25_21_00_00.123');
      await mkdir(version, { mode: 0o755 });
      await symlink('..2026_11_25_21_00_00.123', join(directory, '..data'));
      for (const file of ['gateway.json', 'decision.json', 'fact-keys.json']) {
        await rename(join(directory, file), join(version, file));
        await symlink(join('..data', file), join(directory, file));
      }
      await expect(readGatewayKeys(directory)).resolves.toHaveProperty('role', 'gateway');
      for (const [, read] of readers.slice(1, 3)) {
        await expect(read(directory)).resolves.toBeDefined();
        await chmod(version, 0o777);
        expect((await failureOf(read(directory))).message).toContain('can be written to by other users');
        await chmod(version, 0o755);
      }
    });
  });

  it('are refused where others can change one of them, on whatever place of the way', async () => {
    await withKeys(async (directory) => {
      const open = join(directory, '..', 'open');
      await mkdir(open);
      await symlink(directory, join(open, 'keys'));
      await symlink(join(open, 'keys'), join(directory, '..', 'way'));
      const way = join(directory, '..', 'way');
      for (const mode of [0o777, 0o1777, 0o775]) {
        await chmod(open, mode);
        for (const [, read] of readers.slice(0, 3)) {
          expect((await failureOf(read(way))).message).toBe(
            'open: the directory can be written to by other users; make it 0700',
          );
        }
      }
      await chmod(open, 0o755);
      for (const [, read] of readers.slice(0, 3)) await expect(read(way)).resolves.toBeDefined();
    });
  });

  it('that lead in a circle are refused', async () => {
    await withKeys(async (directory) => {
      await rm(join(directory, 'gateway.json'));
      await symlink('gateway.json', join(directory, 'gateway.json'));
      expect((await failureOf(readGatewayKeys(directory))).message).toBe('gateway.json: cannot be read (ELOOP)');
    });
  });
});

describe('the directory of key files', () => {
  it.each([0o777, 0o1777, 0o775, 0o722])('is refused with mode %i, whatever file is read', async (mode) => {
    await withKeys(async (directory) => {
      await chmod(directory, mode);
      for (const [, read] of readers.slice(0, 3)) {
        expect((await failureOf(read(directory))).message).toContain('the directory can be written to by other users');
      }
    });
  });
});

describe('keys where modes cannot be set', () => {
  it('are read at 0444 where it is said that others may, and at 0777 where modes are not believed', async () => {
    await withKeys(async (directory) => {
      const file = join(directory, 'gateway.json');
      await chmod(file, 0o444);
      expect((await failureOf(readGatewayKeys(directory))).message).toContain('is open to other users (mode 0444)');
      await expect(readGatewayKeys(directory, 'readable')).resolves.toHaveProperty('role', 'gateway');
      await chmod(file, 0o777);
      expect((await failureOf(readGatewayKeys(directory, 'readable'))).message).toContain(
        'can be written to by other users (mode 0777); make it 0600',
      );
      await chmod(directory, 0o777);
      await expect(readGatewayKeys(directory, 'unchecked')).resolves.toHaveProperty('role', 'gateway');
    });
  });
});

describe('writing where there are no hard links', () => {
  const makeLink = (code: string) => () => Promise.reject(Object.assign(new Error('no link'), { code }));

  it.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'])(
    'makes the file in place after %s, and overwrites nothing',
    async (code) => {
      await withDirectory(async (directory) => {
        const path = join(directory, 'client.json');
        const options = { mode: 0o600, permissions: 'checked', makeLink: makeLink(code) } as const;
        await writeNew(path, { first: true }, options);
        expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ first: true });
        expect((await stat(path)).mode & 0o777).toBe(0o600);
        expect((await failureOf(writeNew(path, { first: false }, options))).message).toBe(
          'client.json: already exists; nothing was written',
        );
        expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ first: true });
        expect(await readdir(directory)).toEqual(['client.json']);
      });
    },
  );

  it('is not needed here', async () => {
    await withDirectory(async (directory) => {
      let links = 0;
      const counted: typeof link = (from, to) => {
        links += 1;
        return link(from, to);
      };
      const path = join(directory, 'client.json');
      await writeNew(path, {}, { mode: 0o600, permissions: 'checked', makeLink: counted });
      expect(links).toBe(1);
    });
  });
});
