import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { initKeys, readDecisionKeys, readFactKeys, readGatewayKeys } from '../../security/key-files';
import {
  directoryProblem,
  fileProblem,
  isPrivate,
  keyPermissions,
  type Actor,
  type Protection,
} from '../../security/key-permissions';
import { failureOf, NOW, withDirectory } from './key-fixtures';

const ROOT = 0;
const US = 1000;
const OUR_GROUP = 2000;
const actor: Actor = { uid: US, groups: [US, OUR_GROUP] };
const file = (mode: number, uid: number, gid: number) => ({ mode: 0o100_000 | mode, uid, gid });

describe('isPrivate', () => {
  it.each([0o600, 0o400, 0o700])('takes a file of our own of mode %i', (mode) => {
    expect(isPrivate(file(mode, US, OUR_GROUP), actor)).toBe(true);
  });

  it.each([0o440, 0o640])('takes mode %i of a file that root owns and our group may read', (mode) => {
    expect(isPrivate(file(mode, ROOT, OUR_GROUP), actor)).toBe(true);
    expect(isPrivate(file(mode, ROOT, 2001), actor)).toBe(false);
    expect(isPrivate(file(mode, US, OUR_GROUP), actor)).toBe(false);
    expect(isPrivate(file(mode, 1001, OUR_GROUP), actor)).toBe(false);
    expect(isPrivate(file(mode, ROOT, ROOT), { uid: ROOT, groups: [ROOT] })).toBe(false);
    expect(isPrivate(file(mode, ROOT, OUR_GROUP), undefined)).toBe(false);
  });

  it('takes no other permission of the group, and none of others, whoever owns the file', () => {
    for (let mode = 0; mode <= 0o777; mode += 1) {
      if ((mode & 0o037) === 0) continue;
      for (const owner of [ROOT, US]) expect(isPrivate(file(mode, owner, OUR_GROUP), actor)).toBe(false);
    }
  });
});

/** Every mode, for each kind of owner: what may be used, worked out from the bits once more in plain words. */
describe('fileProblem', () => {
  const OTHER = 1001;
  const actors: readonly Actor[] = [actor, { uid: ROOT, groups: [ROOT] }];
  const protections: readonly Protection[] = ['secret', 'public'];
  const modes = Array.from({ length: 0o1000 }, (_, mode) => mode);
  const letters = (mode: number): string =>
    ['r', 'w', 'x', 'r', 'w', 'x', 'r', 'w', 'x'].map((letter, at) => (mode & (0o400 >> at) ? letter : '-')).join('');

  it('takes no file of another user, whatever its mode and whatever is unchecked', () => {
    for (const mode of modes) {
      for (const protection of protections) {
        for (const permissions of keyPermissions) {
          for (const who of actors) {
            const problem = fileProblem(file(mode, OTHER, OUR_GROUP), { actor: who, protection, permissions });
            expect(problem).toContain('belongs to another user');
          }
        }
      }
    }
  });

  it("takes a public file that only its owner can write, and a secret one that is the owner's alone", () => {
    for (const mode of modes) {
      const [, group = '', others = ''] = /^...(...)(...)$/.exec(letters(mode)) ?? [];
      for (const who of actors) {
        for (const owner of [ROOT, who.uid]) {
          const status = file(mode, owner, 3000);
          const taken = (protection: Protection, permissions: (typeof keyPermissions)[number]): boolean =>
            fileProblem(status, { actor: who, protection, permissions }) === undefined;
          const isWritable = group.includes('w') || others.includes('w');
          expect([mode, taken('public', 'checked')]).toEqual([mode, !isWritable]);
          expect([mode, taken('secret', 'readable')]).toEqual([mode, !isWritable]);
          expect([mode, taken('secret', 'checked')]).toEqual([mode, group + others === '------']);
          for (const protection of protections) expect(taken(protection, 'unchecked')).toBe(true);
        }
      }
    }
  });

  it('has nothing to say where files have no owners, or whoever names the file answers for it', () => {
    const loose = file(0o777, OTHER, 0);
    expect(fileProblem(loose, { actor: undefined, protection: 'secret', permissions: 'checked' })).toBeUndefined();
    expect(fileProblem(loose, { actor, protection: 'none', permissions: 'checked' })).toBeUndefined();
  });
});

describe('directoryProblem', () => {
  const directory = (mode: number, uid: number, isReadOnly = false) => ({
    mode: 0o40_000 | mode,
    uid,
    gid: 0,
    isReadOnly,
  });
  const isTaken = (status: ReturnType<typeof directory>, permissions: (typeof keyPermissions)[number] = 'checked') =>
    directoryProblem(status, { actor, permissions }) === undefined;

  it('takes one of ours or of root that nobody else can write to, and no other', () => {
    for (let mode = 0; mode <= 0o1777; mode += 1) {
      for (const owner of [ROOT, US]) {
        expect([mode, isTaken(directory(mode, owner))]).toEqual([mode, (mode & 0o022) === 0]);
        expect(isTaken(directory(mode, owner), 'readable')).toBe((mode & 0o022) === 0);
        expect(isTaken(directory(mode, owner), 'unchecked')).toBe(true);
      }
      for (const permissions of keyPermissions) expect(isTaken(directory(mode, 1001, true), permissions)).toBe(false);
    }
  });

  it('takes the root of a secret in Kubernetes, which is sticky and mounted read-only, and no directory for all', () => {
    expect(isTaken(directory(0o1777, ROOT, true))).toBe(true);
    expect(isTaken(directory(0o3777, ROOT, true))).toBe(true);
    expect(isTaken(directory(0o1777, ROOT, false))).toBe(false);
    expect(isTaken(directory(0o1777, US, true))).toBe(false);
    expect(isTaken(directory(0o777, ROOT, true))).toBe(false);
  });
});

/** Only root can give files and processes to others. */
const describeAsRoot = process.getuid?.() === ROOT ? describe : describe.skip;

describeAsRoot('a process with keys that root mounted for its group', () => {
  it('reads them at 0440 as a member, and is refused as a stranger or at 0444', async () => {
    await withDirectory(async (directory) => {
      await initKeys({ directory, environment: 'test', now: NOW });
      const key = join(directory, 'gateway.json');
      await chmod(directory, 0o755);
      await chown(key, ROOT, OUR_GROUP);
      await chmod(key, 0o440);
      expect(readAs({ directory, gid: OUR_GROUP })).toBe('gateway');
      expect(readAs({ directory, gid: 2001 })).toBe('gateway.json: cannot be read (EACCES)');
      await chmod(key, 0o444);
      expect(readAs({ directory, gid: OUR_GROUP })).toContain('is open to other users (mode 0444)');
    });
  });
});

describeAsRoot('a file or directory of another user', () => {
  it.each(['decision.json', 'fact-keys.json', 'gateway.json'])(
    'is refused, though its mode is right: %s',
    async (name) => {
      await withDirectory(async (directory) => {
        await initKeys({ directory, environment: 'test', now: NOW });
        await chown(join(directory, name), US, OUR_GROUP);
        expect((await failureOf(reading(directory, name))).message).toContain(`${name}: belongs to another user`);
        await chown(join(directory, name), ROOT, ROOT);
        await expect(reading(directory, name)).resolves.toBeDefined();
        await chown(directory, US, OUR_GROUP);
        expect((await failureOf(reading(directory, name))).message).toContain('the directory belongs to another user');
      });
    },
  );

  it('can neither be reached by a link in a directory of ours', async () => {
    await withDirectory(async (parent) => {
      const [ours, theirs] = [join(parent, 'ours'), join(parent, 'theirs')];
      await initKeys({ directory: theirs, environment: 'test', now: NOW });
      await mkdir(ours, { mode: 0o700 });
      await symlink(join(theirs, 'decision.json'), join(ours, 'decision.json'));
      await expect(readDecisionKeys(ours)).resolves.toBeDefined();
      await chown(theirs, US, OUR_GROUP);
      expect((await failureOf(readDecisionKeys(ours))).message).toBe(
        "theirs: the directory belongs to another user; make it this process's own, or root's",
      );
    });
  });
});

const reading = (directory: string, name: string): Promise<unknown> =>
  name === 'gateway.json'
    ? readGatewayKeys(directory)
    : name === 'decision.json'
      ? readDecisionKeys(directory)
      : readFactKeys(directory);

/** In a process of its own, by the compiled programs. */
function readAs({ directory, gid }: { readonly directory: string; readonly gid: number }): string {
  const module = join(process.env['TEST_PROGRAMS'] ?? '', 'security', 'key-files.js');
  const script = `require(process.argv[1]).readGatewayKeys(process.argv[2])
    .then(({ role }) => process.stdout.write(role), (error) => process.stdout.write(error.message));`;
  return execFileSync(process.execPath, ['-e', script, module, directory], {
    encoding: 'utf8',
    uid: US,
    gid,
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
  });
}
