import { execFileSync } from 'node:child_process';
import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { initKeys } from '../../security/key-files';
import { isPrivate, type Actor } from '../../security/key-permissions';
import { NOW, withDirectory } from './key-fixtures';

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
