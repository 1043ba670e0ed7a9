import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { calculateJwkThumbprint } from 'jose';
import { providerKeys } from '../../domain/provider/provider-table';
import {
  initKeys,
  readCertificateKeys,
  readClientKeys,
  readDecisionKeys,
  readFactKeys,
  readServerDecisionKeys,
  readServerSessionKeys,
  readGatewayKeys,
  readProviderKeys,
  readVerifyingKeys,
} from '../../security/key-files';
import { KeyFileError } from '../../security/key-file-error';
import { providersThatCallBack } from '../../security/key-table';
import { failureOf, makeKeys, NOW, withDirectory } from './key-fixtures';

type Json = Record<string, unknown>;

/** What a test changes in a key file. */
interface Content extends Json {
  intake: Json[];
  hashing: Json[];
  sealing: Json;
}

const privateFiles = [
  'client.json',
  ...providerKeys.map((provider) => `provider-${provider}.json`),
  'certificate.json',
  'gateway.json',
  'server-decision.json',
  'server-session.json',
];
const publicFiles = ['decision.json', 'fact-keys.json', 'certificate.public.jwk'];
const allFiles = [...privateFiles, ...publicFiles];
const readers: Record<string, (directory: string) => Promise<unknown>> = {
  'client.json': readClientKeys,
  'certificate.json': readCertificateKeys,
  'gateway.json': readGatewayKeys,
  'server-decision.json': readServerDecisionKeys,
  'server-session.json': readServerSessionKeys,
  'decision.json': readDecisionKeys,
  'fact-keys.json': readFactKeys,
  'certificate.public.jwk': (directory) => readVerifyingKeys(join(directory, 'certificate.public.jwk')),
  ...Object.fromEntries(
    providerKeys.map((provider) => [
      `provider-${provider}.json`,
      (directory: string) => readProviderKeys(directory, provider),
    ]),
  ),
};

async function withKeys<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
  return withDirectory(async (directory) => {
    await initKeys({ directory, environment: 'test', now: NOW });
    return use(directory);
  });
}

async function edit(directory: string, file: string, change: (content: Content) => void): Promise<Error> {
  const path = join(directory, file);
  const before = await readFile(path, 'utf8');
  const content = JSON.parse(before) as Content;
  change(content);
  await writeFile(path, JSON.stringify(content));
  const failure = await failureOf(readers[file]!(directory));
  await writeFile(path, before);
  return failure;
}

/** Every private member in the directory's files. */
async function secretsOf(directory: string): Promise<string[]> {
  const texts = await Promise.all(privateFiles.map((file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap((text) => [...text.matchAll(/"[dk]": "([^"]+)"/g)].map(([, secret]) => secret!));
}

describe('initKeys', () => {
  it('writes one file per role, private ones 0600 in a directory 0700, and leaves no draft behind', async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, 'deep', 'keys');
      const { written } = await initKeys({ directory, environment: 'test', now: NOW });
      expect(written).toEqual(allFiles.map((file) => join(directory, file)));
      expect((await readdir(directory)).toSorted()).toEqual(allFiles.toSorted());
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
      for (const file of privateFiles) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
      for (const file of publicFiles) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o644);
    });
  });

  it('does not depend on the umask', async () => {
    const before = process.umask(0o077);
    try {
      await withKeys(async (directory) => {
        expect((await stat(join(directory, 'certificate.public.jwk'))).mode & 0o777).toBe(0o644);
      });
    } finally {
      process.umask(before);
    }
  });

  it.each(allFiles)('writes nothing when %s is there already, and says so', async (file) => {
    await withDirectory(async (directory) => {
      await writeFile(join(directory, file), 'mine');
      const failure = await failureOf(initKeys({ directory, environment: 'test', now: NOW }));
      expect(failure).toBeInstanceOf(KeyFileError);
      expect(failure.message).toContain(`already holds ${file}; nothing was written`);
      expect(await readdir(directory)).toEqual([file]);
      expect(await readFile(join(directory, file), 'utf8')).toBe('mine');
    });
  });

  it('names every file that is in the way, also a dangling link', async () => {
    await withDirectory(async (directory) => {
      await symlink('/nowhere/at/all', join(directory, 'client.json'));
      await writeFile(join(directory, 'gateway.json'), 'mine');
      const failure = await failureOf(initKeys({ directory, environment: 'test', now: NOW }));
      expect(failure.message).toContain('client.json, gateway.json');
      expect(await readdir(directory)).toHaveLength(2);
    });
  });

  it('lets exactly one of several at the same time succeed, whole', async () => {
    await withDirectory(async (directory) => {
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, () => initKeys({ directory, environment: 'test', now: NOW })),
      );
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await readdir(directory)).toSorted()).toEqual(allFiles.toSorted());
      const client = await readClientKeys(directory);
      const person = await readProviderKeys(directory, 'person');
      expect(person.intake[0].kid).toBe(client.intake[0].kid);
    });
  });

  it('refuses a directory that others can write to', async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, 'keys');
      await mkdir(directory);
      await chmod(directory, 0o770);
      const failure = await failureOf(initKeys({ directory, environment: 'test', now: NOW }));
      expect(failure).toBeInstanceOf(KeyFileError);
      expect(failure.message).toContain('make it 0700');
      expect(await readdir(directory)).toEqual([]);
    });
  });

  it('refuses a directory that is a file', async () => {
    await withDirectory(async (parent) => {
      await writeFile(join(parent, 'keys'), '');
      const failure = await failureOf(initKeys({ directory: join(parent, 'keys'), environment: 'test', now: NOW }));
      expect(failure).toBeInstanceOf(KeyFileError);
    });
  });

  it.each(['', 'Production', '-a', 'a b', 'a\n', 'a'.repeat(33), 'ä', '../x'])(
    'refuses the environment %j',
    async (environment) => {
      await withDirectory(async (directory) => {
        const failure = await failureOf(initKeys({ directory, environment, now: NOW }));
        expect(failure).toBeInstanceOf(KeyFileError);
        expect(await readdir(directory)).toEqual([]);
      });
    },
  );

  it('gives every role what it needs and nothing more', async () => {
    const { client, providers, certificate, gateway, verifying } = await makeKeys();
    expect(Object.keys(client.sealing)).toEqual(providerKeys);
    for (const provider of providerKeys) {
      const keys = providers[provider];
      const { d: _, ...publicPart } = keys.sealing[0];
      expect(client.sealing[provider]).toEqual([publicPart]);
      expect(keys.intake[0]).not.toHaveProperty('d');
      expect(keys.callback !== undefined).toBe(providersThatCallBack.includes(provider));
    }
    expect(gateway.callback[0]).not.toHaveProperty('d');
    expect(gateway.callback[0].kid).toBe(providers.measureone.callback?.[0].kid);
    expect(verifying).toEqual([expect.objectContaining({ kid: certificate.certificate[0].kid })]);
    expect(verifying[0]).not.toHaveProperty('d');
    expect(new Set(providerKeys.map((provider) => providers[provider].hashing[0].k)).size).toBe(providerKeys.length);
    expect(Buffer.from(providers.person.hashing[0].k, 'base64url')).toHaveLength(32);
  });

  it('names a key by its RFC 7638 thumbprint, and a secret by chance', async () => {
    const { client, providers, certificate } = await makeKeys();
    for (const key of [client.intake[0], providers.person.sealing[0], certificate.certificate[0]]) {
      expect(key.kid).toBe(await calculateJwkThumbprint(key));
      expect(key.epoch).toBe('2026-11');
    }
    expect(providers.person.hashing[0].kid).not.toBe(await calculateJwkThumbprint(providers.person.hashing[0]));
  });
});

describe('reading key files', () => {
  it.each(allFiles)('says of a missing %s how to make it', async (file) => {
    await withDirectory(async (directory) => {
      const failure = await failureOf(readers[file]!(directory));
      expect(failure).toBeInstanceOf(KeyFileError);
      const isLater = ['fact-keys.json', 'server-session.json'].includes(file);
      const command = isLater ? 'erasure keys init --upgrade' : 'erasure keys init';
      expect(failure.message).toBe(`${file}: does not exist; ${command} makes it`);
      expect(failure).toHaveProperty('file', file);
    });
  });

  it.each([0o640, 0o604, 0o660, 0o644, 0o610])('refuses a private file of mode %i', async (mode) => {
    await withKeys(async (directory) => {
      for (const file of privateFiles) {
        await chmod(join(directory, file), mode);
        const failure = await failureOf(readers[file]!(directory));
        expect(failure).toBeInstanceOf(KeyFileError);
        expect(failure.message).toContain(`${file}: is open to other users (mode 0${mode.toString(8)})`);
      }
    });
  });

  it('reads a private file that nobody can write to', async () => {
    await withKeys(async (directory) => {
      await chmod(join(directory, 'client.json'), 0o400);
      await expect(readClientKeys(directory)).resolves.toHaveProperty('role', 'client');
    });
  });

  it('refuses a private member where a public key belongs', async () => {
    await withKeys(async (directory) => {
      const { client, measureone, gateway, certificate } = await makeKeys();
      const refused = [
        await edit(directory, 'provider-measureone.json', (file) => (file.intake = client.intake)),
        await edit(directory, 'client.json', (file) => (file.sealing.person = measureone.sealing)),
        await edit(directory, 'gateway.json', (file) => (file['callback'] = measureone.callback)),
        await edit(directory, 'certificate.public.jwk', (file) => (file['keys'] = certificate.certificate)),
        await edit(directory, 'certificate.public.jwk', (file) => (file['keys'] = gateway.token)),
      ];
      for (const failure of refused) expect(failure).toBeInstanceOf(KeyFileError);
      expect(refused[0]?.message).toContain('intake.0: holds a private key where only a public one belongs');
      expect(refused[1]?.message).toContain('sealing.person.0: holds a private key');
      expect(refused[3]?.message).toContain('holds a private key');
    });
  });

  it('refuses what does not belong together, naming the field', async () => {
    await withKeys(async (directory) => {
      const { client, measureone, providers } = await makeKeys();
      const cases: [string, (file: Content) => void, RegExp][] = [
        ['client.json', (file) => (file['role'] = 'gateway'), /^client\.json: role: /],
        ['client.json', (file) => (file['environment'] = 'Prod!'), /environment: /],
        ['client.json', (file) => (file.intake = []), /intake: /],
        ['client.json', (file) => Object.assign(file, { intake: undefined }), /intake: /],
        ['client.json', (file) => (file.intake[0]!['d'] = undefined), /intake\.0\.d: /],
        ['client.json', (file) => (file.intake[0]!.d = client.intake[0].d), /intake\.0\.d: does not belong/],
        [
          'client.json',
          (file) => (file.intake[0]!.kid = client.intake[0].kid),
          /intake\.0\.kid: is not the thumbprint/,
        ],
        ['client.json', (file) => (file.intake[0]!.epoch = '2026-13'), /intake\.0\.epoch: /],
        ['client.json', (file) => (file.intake[0]!.alg = 'HS256'), /intake\.0\.alg: /],
        ['client.json', (file) => (file.intake[0]!.x = `${client.intake[0].x}=`), /intake\.0\.x: /],
        ['client.json', (file) => file.intake.push(file.intake[0]!), /intake: has one kid twice/],
        ['client.json', (file) => (file.sealing.stranger = file.sealing.person), /sealing/],
        ['client.json', (file) => (file.sealing.person = client.intake), /sealing\.person\.0/],
        ['client.json', (file) => (file['more'] = 1), /file: has a member that does not belong here/],
        ['provider-person.json', (file) => (file['callback'] = measureone.callback), /callback: belongs to/],
        ['provider-person.json', (file) => (file['provider'] = 'aptrinsic'), /provider: is not person/],
        ['provider-person.json', (file) => Object.assign(file, { sealing: client.sealing.person }), /sealing\.0\.d: /],
        ['provider-person.json', (file) => (file.hashing[0]!.k = 'c2hvcnQ'), /hashing\.0\.k: /],
        ['provider-measureone.json', (file) => delete file['callback'], /callback: belongs to/],
        ['gateway.json', (file) => (file['token'] = providers.person.intake), /token\.0/],
        ['certificate.public.jwk', (file) => (file['keys'] = []), /certificate\.public\.jwk: file: /],
        ['certificate.public.jwk', (file) => (file['keys'] = client.sealing.person), /0\.crv: /],
      ];
      for (const [file, change, message] of cases) {
        const failure = await edit(directory, file, change);
        expect(failure).toBeInstanceOf(KeyFileError);
        expect(failure.message).toMatch(message);
      }
    });
  });

  it('accepts several keys of each kind, and a client that knows fewer providers', async () => {
    await withKeys(async (directory) => {
      const more = await makeKeys();
      const path = join(directory, 'client.json');
      const content = JSON.parse(await readFile(path, 'utf8')) as Content & {
        sealing: { person: unknown[]; aptrinsic?: unknown };
      };
      content.intake.unshift(more.client.intake[0]);
      content.sealing.person.unshift(more.client.sealing.person?.[0]);
      delete content.sealing.aptrinsic;
      await writeFile(path, JSON.stringify(content));
      const client = await readClientKeys(directory);
      expect(client.intake).toHaveLength(2);
      expect(client.intake[0]).toEqual(more.client.intake[0]);
      expect(client.sealing.person).toHaveLength(2);
      expect(client.sealing.aptrinsic).toBeUndefined();
    });
  });

  it('reads a verifying key on its own, or one in a set, with or without a kid', async () => {
    await withKeys(async (directory) => {
      const file = join(directory, 'certificate.public.jwk');
      const [key] = await readVerifyingKeys(file);
      const content = JSON.parse(await readFile(file, 'utf8')) as { keys: [Json] };
      await writeFile(file, JSON.stringify(content.keys[0]));
      await expect(readVerifyingKeys(file)).resolves.toEqual([key]);
      const { kty, crv, x } = content.keys[0];
      await writeFile(file, JSON.stringify({ kty, crv, x }));
      await expect(readVerifyingKeys(file)).resolves.toEqual([key]);
    });
  });

  it('never shows key material, however a file is corrupted', async () => {
    await withKeys(async (directory) => {
      const secrets = await secretsOf(directory);
      expect(secrets.length).toBeGreaterThanOrEqual(10);
      const pieces = secrets.flatMap((secret) => Array.from({ length: 36 }, (_, from) => secret.slice(from, from + 8)));
      const texts = new Map<string, string>();
      for (const file of allFiles) texts.set(file, await readFile(join(directory, file), 'utf8'));
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...allFiles),
          fc.nat(),
          fc.nat({ max: 60 }),
          fc.constantFrom(
            '',
            '{',
            '"',
            ',',
            ':',
            ']',
            'A',
            '\u0000',
            '"d":"AAAA",',
            secrets[0]!,
            `{"${secrets[0]!}":1,`,
          ),
          async (file, at, length, insert) => {
            const text = texts.get(file)!;
            const start = at % text.length;
            await writeFile(join(directory, file), text.slice(0, start) + insert + text.slice(start + length));
            const failure = await readers[file]!(directory).then(
              () => undefined,
              (error: unknown) => error,
            );
            await writeFile(join(directory, file), text);
            if (failure === undefined) return;
            refused += 1;
            expect(failure).toBeInstanceOf(KeyFileError);
            const shown = `${(failure as Error).message} ${(failure as Error).stack} ${JSON.stringify(failure)}`;
            // A JSON parser quotes about ten characters around the place.
            expect(pieces.filter((piece) => shown.includes(piece))).toEqual([]);
            expect((failure as Error).cause).toBeUndefined();
          },
        ),
        { numRuns: 400 },
      );
      expect(refused).toBeGreaterThan(200);
    });
  });

  it('refuses a file that is no JSON, no object, or huge', async () => {
    await withKeys(async (directory) => {
      for (const text of [
        '',
        '[]',
        'null',
        '1',
        '{}',
        '{"keys":{}}',
        ' '.repeat(300_000),
        '{"__proto__":{"role":"client"}}',
      ]) {
        for (const file of allFiles) {
          await writeFile(join(directory, file), text);
          expect(await failureOf(readers[file]!(directory))).toBeInstanceOf(KeyFileError);
        }
      }
    });
  });

  it('refuses a directory in the place of a file', async () => {
    await withDirectory(async (directory) => {
      await mkdir(join(directory, 'client.json'), { mode: 0o700 });
      expect(await failureOf(readClientKeys(directory))).toBeInstanceOf(KeyFileError);
    });
  });
});
