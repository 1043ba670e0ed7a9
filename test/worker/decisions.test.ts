/** A worker whose policy wants decisions signed, and staff who sign theirs with a key of their own. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addStaffKey, readStaffKeys } from '../../security/key-files';
import { CompiledCli } from '../cli/compiled-cli';
import { Story } from '../support/story';

const cli = new CompiledCli();
let story: Story;
beforeEach(async () => {
  story = await Story.open({ policy: { decisions: 'authenticated', answer: 'untracked' } });
  await story.seed();
});
afterEach(() => story.close());

describe('a worker that takes signed decisions only', () => {
  it('takes what a staff member signed, refuses what nobody did, and certifies whose key it was', async () => {
    await story.submit({ subject: { person: { personId: story.subject.personId } } });
    await story.until('person', 'waiting-out-window');
    const staffKey = join(story.keysDirectory, 'staff-17.json');
    const file = { directory: story.keysDirectory, actor: 'staff-17', file: staffKey, now: Date.now() };
    await addStaffKey(file);
    const waive = ['waive', story.requestId, 'person', '--actor', 'staff-17', '--reason', 'contract-ended:PRIV-1'];
    const run = (...more: string[]) => cli.run([...waive, '--yes', ...more], { environment: story.environment });

    const unsigned = await run();
    expect(unsigned.code).toBe(6);
    expect(unsigned.stderr).toMatch(/only with a signed decision token/);

    // The worker reads decision.json at its start, and does not know this key yet.
    const early = await run('--staff-key', staffKey);
    expect(early.code).toBe(6);
    expect(early.stderr).toMatch(/signed by a key that is not trusted here/);
    await story.stopWorker();
    await story.startWorker();

    const signed = await run('--staff-key', staffKey);
    expect(signed.stderr).toBe('');
    expect(signed.code).toBe(0);
    const { decisionMode, providers } = await story.certificate();
    expect(decisionMode).toBe('authenticated');
    expect(providers.flatMap(({ decisions }) => decisions)).toMatchObject([
      {
        kind: 'waive',
        actor: 'staff-17',
        proof: { tokenId: expect.any(String), keyId: (await readStaffKeys(staffKey)).decision[0].kid },
      },
    ]);
  });

  it('does not start without decision.json, and says so', async () => {
    const keysDirectory = join(story.keysDirectory, '..', 'earlier-release');
    await mkdir(keysDirectory, { mode: 0o700 });
    const providers = ['provider-measureone.json', 'provider-person.json', 'provider-aptrinsic.json'];
    const files = ['certificate.json', 'fact-keys.json', ...providers];
    for (const name of files) await copyFile(join(story.keysDirectory, name), join(keysDirectory, name));
    const policyFile = join(keysDirectory, 'policy.json');
    await writeFile(policyFile, JSON.stringify({ decisions: 'authenticated' }));
    const environment = { ...story.environment, ERASURE_KEYS_DIR: keysDirectory, ERASURE_POLICY_FILE: policyFile };
    const { code, stderr } = await cli.run(['worker'], { environment });
    expect(stderr).toContain('decision.json is missing: no decision token could be checked');
    expect(code).toBe(2);
    await rm(keysDirectory, { recursive: true });
  });
});
