import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTemporalConfig } from '../../config/temporal-config';
import { problemsOf } from './settings';

const home = { HOME: '/nonexistent' };
const read = (settings: Readonly<Record<string, string>> = {}) => readTemporalConfig({ ...home, ...settings });
const sentence = 'TEMPORAL_*: the standard Temporal settings or its profile file cannot be read';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-config-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function profileFile(content: string): Promise<string> {
  const path = join(directory, 'temporal.toml');
  await writeFile(path, content);
  return path;
}

describe('the standard Temporal settings', () => {
  it('may all be left out', () => {
    expect(read()).toEqual({ namespace: 'default', connection: {} });
  });

  it('tell address, namespace and API key, which switches TLS on', () => {
    expect(
      read({ TEMPORAL_ADDRESS: 't.example:7233', TEMPORAL_NAMESPACE: 'privacy', TEMPORAL_API_KEY: 'api-key' }),
    ).toEqual({ namespace: 'privacy', connection: { address: 't.example:7233', apiKey: 'api-key', tls: true } });
  });

  it('tell TLS with its certificates', () => {
    const { connection } = read({
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_NAME: 'name.example',
      TEMPORAL_TLS_CLIENT_CERT_DATA: 'certificate',
      TEMPORAL_TLS_CLIENT_KEY_DATA: 'key',
    });
    expect(connection.tls).toMatchObject({ serverNameOverride: 'name.example' });
    const { crt, key } = (connection.tls as { clientCertPair: { crt: Uint8Array; key: Uint8Array } }).clientCertPair;
    expect([Buffer.from(crt).toString(), Buffer.from(key).toString()]).toEqual(['certificate', 'key']);
  });

  it('count as left out when they are empty', () => {
    const empty = ['ADDRESS', 'NAMESPACE', 'API_KEY', 'TLS', 'CONFIG_FILE', 'PROFILE'];
    expect(read(Object.fromEntries(empty.map((name) => [`TEMPORAL_${name}`, ''])))).toEqual({
      namespace: 'default',
      connection: {},
    });
  });

  it('come from a profile file, and from the environment before it', async () => {
    const file = await profileFile('[profile.default]\naddress = "p.example:7233"\nnamespace = "profile"\n');
    expect(read({ TEMPORAL_CONFIG_FILE: file })).toEqual({
      namespace: 'profile',
      connection: { address: 'p.example:7233' },
    });
    expect(read({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_NAMESPACE: 'own' })).toMatchObject({ namespace: 'own' });
  });

  it('are one sentence when they cannot be read, which repeats nothing', async () => {
    const file = await profileFile('[profile.default\napi_key = "planted-key"\n');
    for (const settings of [
      { TEMPORAL_CONFIG_FILE: file },
      { TEMPORAL_PROFILE: 'planted-profile' },
      { TEMPORAL_TLS_CLIENT_CERT_PATH: '/nonexistent/planted.pem' },
    ]) {
      expect(problemsOf(readTemporalConfig, { ...home, ...settings })).toEqual([sentence]);
    }
  });
});
