/** The fault suite changes keys as docs/operations.md says: what was sealed or signed before is still good afterwards. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareRotation } from '../../chaos/key-rotation';
import { STACK_ENVIRONMENT } from '../../local/stack';
import { initKeys, readClientKeys, readProviderKeys } from '../../security/key-files';
import { keyFiles, providerKeyFile, verifyingKeyFile } from '../../security/key-table';

let directory: string;
let keys: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-test-'));
  keys = join(directory, 'keys');
  await initKeys({ directory: keys, environment: STACK_ENVIRONMENT, now: Date.now() });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

type Listed = { readonly kid?: string; readonly key?: { readonly kid: string } };
async function kidsOf(name: string, field: string): Promise<readonly (string | undefined)[]> {
  const content = JSON.parse(await readFile(join(keys, name), 'utf8')) as Record<string, readonly Listed[]>;
  return (content[field] ?? []).map(({ kid, key }) => kid ?? key?.kid);
}

it('publishes before it uses, keeps every old key, and leaves the files as private as they were', async () => {
  const person = providerKeyFile('person').name;
  const before = {
    intake: await kidsOf(person, 'intake'),
    facts: await kidsOf(person, 'facts'),
    known: await kidsOf(keyFiles['fact-keys'].name, 'keys'),
    certificate: await kidsOf(verifyingKeyFile.name, 'keys'),
    client: (await readClientKeys(keys)).intake[0].kid,
  };
  const rotation = await prepareRotation(keys, join(directory, 'new-keys'));

  await rotation.publish();
  expect((await kidsOf(person, 'intake'))[0]).toBe(before.intake[0]);
  expect(await kidsOf(person, 'intake')).toHaveLength(2);
  expect(await kidsOf(person, 'facts')).toEqual(before.facts);
  expect(await kidsOf(keyFiles['fact-keys'].name, 'keys')).toHaveLength(2 * before.known.length);
  expect((await readClientKeys(keys)).intake[0].kid).toBe(before.client);

  await rotation.use();
  const client = await readClientKeys(keys);
  expect(client.intake.map(({ kid }) => kid)).toEqual([(await kidsOf(person, 'intake'))[1], before.client]);
  expect((await kidsOf(person, 'facts'))[0]).not.toBe(before.facts[0]);
  expect(await kidsOf(verifyingKeyFile.name, 'keys')).toEqual([
    ...before.certificate,
    (await kidsOf(keyFiles.certificate.name, 'certificate'))[0],
  ]);
  const provider = await readProviderKeys(keys, 'person');
  expect(provider.sealing.map(({ kid }) => kid)).toContain(client.sealing.person?.[0].kid);
  expect((await stat(join(keys, person))).mode & 0o777).toBe(0o600);
});

it('can be done again', async () => {
  for (const time of ['first', 'second']) {
    const rotation = await prepareRotation(keys, join(directory, time));
    await rotation.publish();
    await rotation.use();
  }
  const client = await readClientKeys(keys);
  expect(client.intake).toHaveLength(3);
  expect(await kidsOf(providerKeyFile('person').name, 'intake')).toHaveLength(3);
});
