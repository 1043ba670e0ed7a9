import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addStaffKey,
  hasDecisionKeys,
  initKeys,
  readDecisionKeys,
  readServerDecisionKeys,
  readStaffKeys,
} from '../../security/key-files';
import { KeyFileError } from '../../security/key-file-error';
import { failureOf, NOW, withDirectory } from './key-fixtures';

async function withKeys(use: (directory: string, file: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await initKeys({ directory, environment: 'test', now: NOW });
    await use(directory, join(directory, 'staff-17.json'));
  });
}

describe('the keys of the first day', () => {
  it('let the server sign, and say so to the workers', async () => {
    await withKeys(async (directory) => {
      const { d: _, ...publicPart } = (await readServerDecisionKeys(directory)).decision[0];
      expect(await readDecisionKeys(directory)).toEqual({
        role: 'decision',
        environment: 'test',
        keys: [{ for: 'server', key: publicPart }],
      });
      expect(await hasDecisionKeys(directory)).toBe(true);
    });
  });

  it('of an earlier release have none', async () => {
    await withDirectory(async (directory) => expect(await hasDecisionKeys(directory)).toBe(false));
  });
});

describe('addStaffKey', () => {
  it('makes a private file, and adds its public half to what the workers know', async () => {
    await withKeys(async (directory, file) => {
      const added = await addStaffKey({ directory, actor: 'staff-17', kinds: ['approve'], file, now: NOW });
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const staff = await readStaffKeys(file);
      const { d: secret, ...publicPart } = staff.decision[0];
      expect(staff).toMatchObject({ role: 'staff', environment: 'test', actor: 'staff-17', kinds: ['approve'] });
      const known = await readDecisionKeys(directory);
      expect(known.keys.slice(1)).toEqual([{ for: { actor: 'staff-17', kinds: ['approve'] }, key: publicPart }]);
      expect(added).toEqual({
        keyId: publicPart.kid,
        decisionKeysFile: join(directory, 'decision.json'),
        keysOfActor: 1,
      });
      expect(await readFile(join(directory, 'decision.json'), 'utf8')).not.toContain(secret);
      expect((await stat(join(directory, 'decision.json'))).mode & 0o777).toBe(0o644);
      expect((await readdir(directory)).filter((name) => /new|tmp/.test(name))).toEqual([]);
    });
  });

  it('overwrites nothing, and then changes nothing', async () => {
    await withKeys(async (directory, file) => {
      await writeFile(file, 'mine');
      const before = await readFile(join(directory, 'decision.json'), 'utf8');
      const failure = await failureOf(addStaffKey({ directory, actor: 'staff-17', file, now: NOW }));
      expect(failure).toBeInstanceOf(KeyFileError);
      expect(failure.message).toBe('staff-17.json: already exists; nothing was written');
      expect(await readFile(file, 'utf8')).toBe('mine');
      expect(await readFile(join(directory, 'decision.json'), 'utf8')).toBe(before);
      expect(await readdir(directory)).not.toContain('decision.json.new');
    });
  });

  it('loses no key where several are made at the same time', async () => {
    await withKeys(async (directory) => {
      const attempts = await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) =>
          addStaffKey({
            directory,
            actor: `staff-${index}`,
            file: join(directory, `staff-${index}.json`),
            now: NOW,
          }),
        ),
      );
      const made = attempts.filter(({ status }) => status === 'fulfilled').length;
      const files = (await readdir(directory)).filter((name) => name.startsWith('staff-'));
      expect(made).toBeGreaterThan(0);
      expect(files).toHaveLength(made);
      expect((await readDecisionKeys(directory)).keys).toHaveLength(1 + made);
      const reasons = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [String(attempt.reason)] : []));
      expect(reasons.filter((reason) => !reason.includes('is being changed'))).toEqual([]);
    });
  });

  it('adds a second key of the same staff member, so that one can be changed', async () => {
    await withKeys(async (directory, file) => {
      await addStaffKey({ directory, actor: 'staff-17', file, now: NOW });
      const second = await addStaffKey({ directory, actor: 'staff-17', file: `${file}.2`, now: NOW });
      expect(second.keysOfActor).toBe(2);
    });
  });

  it.each(['jane.doe@example.org', 'Jane Doe', ''])(
    'refuses the actor %j, and repeats nothing of it',
    async (actor) => {
      await withKeys(async (directory, file) => {
        const failure = await failureOf(addStaffKey({ directory, actor, file, now: NOW }));
        expect(failure).toBeInstanceOf(KeyFileError);
        expect(failure.message).toBe('staff-17.json: actor: is missing or malformed');
        expect(await readdir(directory)).not.toContain('staff-17.json');
      });
    },
  );

  it('needs the keys of the deployment', async () => {
    await withDirectory(async (directory) => {
      const file = join(directory, 'staff-17.json');
      const failure = await failureOf(addStaffKey({ directory, actor: 'staff-17', file, now: NOW }));
      expect(failure.message).toBe('decision.json: does not exist; erasure keys init makes it');
      expect(await readdir(directory)).toEqual([]);
    });
  });
});

describe('reading whose decisions are believed', () => {
  it('refuses a file that somebody else can write to', async () => {
    await withKeys(async (directory) => {
      for (const mode of [0o664, 0o646, 0o666]) {
        await chmod(join(directory, 'decision.json'), mode);
        const failure = await failureOf(readDecisionKeys(directory));
        expect(failure.message).toBe(
          `decision.json: can be written to by other users (mode 0${mode.toString(8)}); make it 0644`,
        );
      }
    });
  });

  it.each<[string, (content: { keys: Record<string, unknown>[] }) => void, RegExp]>([
    ['a private key', ({ keys }) => ((keys[0]!['key'] as { d: string }).d = 'AAAA'), /holds a private key/],
    ['no keys', (content) => (content.keys = []), /keys: /],
    ['one key twice', ({ keys }) => keys.push(keys[0]!), /has one kid twice/],
    ['a key of nobody', ({ keys }) => (keys[0]!['for'] = 'everybody'), /keys\.0\.for: /],
    ['a key of an address', ({ keys }) => (keys[0]!['for'] = { actor: 'a@b.example' }), /keys\.0\.for/],
    ['another key id', ({ keys }) => ((keys[0]!['key'] as { kid: string }).kid = 'k'), /kid: is not the thumbprint/],
  ])('refuses %s', async (_what, change, message) => {
    await withKeys(async (directory) => {
      const file = join(directory, 'decision.json');
      const content = JSON.parse(await readFile(file, 'utf8')) as { keys: Record<string, unknown>[] };
      change(content);
      await writeFile(file, JSON.stringify(content));
      const failure = await failureOf(readDecisionKeys(directory));
      expect(failure).toBeInstanceOf(KeyFileError);
      expect(failure.message).toMatch(message);
    });
  });

  it("says how a staff member's missing file is made", async () => {
    await withKeys(async (directory, file) => {
      await addStaffKey({ directory, actor: 'staff-17', file, now: NOW });
      await chmod(file, 0o640);
      expect((await failureOf(readStaffKeys(file))).message).toContain('make it 0600');
      await rm(file);
      expect((await failureOf(readStaffKeys(file))).message).toBe(
        'staff-17.json: does not exist; erasure keys add-staff makes it',
      );
    });
  });
});
