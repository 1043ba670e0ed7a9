import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dialledAddress, readTemporalConfig } from '../../config/temporal-config';
import { createAuthority, type Authority, type Pem } from '../support/certificates';
import { problemsOf } from './settings';

const home = { HOME: '/nonexistent' };
type Settings = Readonly<Record<string, string>>;
const read = (settings: Settings = {}) => readTemporalConfig({ ...home, ...settings });
const problems = (settings: Settings) => problemsOf(readTemporalConfig, { ...home, ...settings });

let directory: string;
let authority: Authority;
let staff: Pem;
let other: Pem;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-config-'));
  authority = createAuthority();
  staff = authority.issue('client', ['DNS:client']);
  other = authority.issue('other', ['DNS:other']);
});
afterAll(async () => {
  authority.remove();
  await rm(directory, { recursive: true, force: true });
});

async function profileFile(content: string): Promise<string> {
  const path = join(directory, 'temporal.toml');
  await writeFile(path, content);
  return path;
}

describe('the standard Temporal settings', () => {
  it('may all be left out', () => {
    expect(read()).toEqual({ namespace: 'default', connection: {} });
    expect(dialledAddress(read())).toBe('localhost:7233');
  });

  it('tell address, namespace and API key, which switches TLS on', () => {
    expect(
      read({ TEMPORAL_ADDRESS: 't.example:7233', TEMPORAL_NAMESPACE: 'privacy', TEMPORAL_API_KEY: 'api-key' }),
    ).toEqual({ namespace: 'privacy', connection: { address: 't.example:7233', apiKey: 'api-key', tls: true } });
  });

  it('tell TLS with its certificates, as text and as files', () => {
    for (const given of [
      { CLIENT_CERT_DATA: staff.cert, CLIENT_KEY_DATA: staff.key, SERVER_CA_CERT_DATA: authority.ca },
      { CLIENT_CERT_PATH: staff.certFile, CLIENT_KEY_PATH: staff.keyFile, SERVER_CA_CERT_PATH: authority.caFile },
    ]) {
      const names = Object.fromEntries(Object.entries(given).map(([name, value]) => [`TEMPORAL_TLS_${name}`, value]));
      const { tls } = read({ TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_NAME: 'name.example', ...names }).connection;
      expect(tls).toMatchObject({ serverNameOverride: 'name.example' });
      const { clientCertPair, serverRootCACertificate } = tls as {
        clientCertPair: { crt: Uint8Array; key: Uint8Array };
        serverRootCACertificate: Uint8Array;
      };
      const { crt, key } = clientCertPair;
      const texts = [crt, key, serverRootCACertificate].map((bytes) => Buffer.from(bytes).toString());
      expect(texts).toEqual([staff.cert, staff.key, authority.ca]);
    }
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

  it('come from a profile file that begins with a byte order mark', async () => {
    const file = await profileFile('\uFEFF[profile.default]\r\naddress = "p.example:7233"\r\n');
    expect(read({ TEMPORAL_CONFIG_FILE: file }).connection.address).toBe('p.example:7233');
  });
});

describe('TEMPORAL_ADDRESS', () => {
  it.each([
    ['temporal', 'temporal:7233'],
    ['temporal.example.com:443', 'temporal.example.com:443'],
    ['temporal-frontend.temporal.svc.cluster.local.:7233', 'temporal-frontend.temporal.svc.cluster.local.:7233'],
    ['10.0.0.7', '10.0.0.7:7233'],
    ['[::1]:7233', '[::1]:7233'],
    ['[fd00::7]', '[fd00::7]:7233'],
  ])('may be %s', (address, dialled) => {
    expect(dialledAddress(read({ TEMPORAL_ADDRESS: address }))).toBe(dialled);
  });

  it.each([
    ['https://planted.example:7233', 'without https:// or any other scheme before it'],
    ['http://planted.example', 'without https:// or any other scheme before it'],
    ['dns:///planted.example:7233', 'without https:// or any other scheme before it'],
    ['planted.example:7233/', 'without path or credentials'],
    ['user@planted.example:7233', 'without path or credentials'],
    ['planted.example:7233,other.example:7233', 'one address without blanks'],
    ['planted.example 7233', 'one address without blanks'],
    ['planted.example:7233 ', 'begins or ends with a blank or a line end'],
    [' planted.example:7233', 'begins or ends with a blank or a line end'],
    ['planted.example:7233\r', 'begins or ends with a blank or a line end'],
    ['"planted.example:7233"', 'stands in quotation marks'],
    ["'planted.example:7233'", 'stands in quotation marks'],
    ['${PLANTED_ADDRESS}', 'a placeholder that nothing has filled in'],
    ['::1', 'an IPv6 address stands in brackets'],
    ['fd00::7:7233', 'an IPv6 address stands in brackets'],
    ['[planted]:7233', 'such as temporal.example.com:7233'],
    ['planted.example:', 'such as temporal.example.com:7233'],
    ['planted.example:0', 'such as temporal.example.com:7233'],
    ['planted.example:70000', 'such as temporal.example.com:7233'],
    [':7233', 'such as temporal.example.com:7233'],
  ])('is refused as %j, in a sentence of its own', async (address, sentence) => {
    const [problem, ...others] = problems({ TEMPORAL_ADDRESS: address });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^TEMPORAL_ADDRESS: /);
    expect(problem).toContain(sentence);
    expect(problem).not.toMatch(/planted/i);
  });

  it('is refused from a profile file just as well, by its name there', async () => {
    const file = await profileFile('[profile.default]\naddress = "https://planted.example"\n');
    expect(problems({ TEMPORAL_CONFIG_FILE: file })).toEqual([
      'address of the Temporal profile file: expected host:port, without https:// or any other scheme before it',
    ]);
  });
});

describe('TEMPORAL_TLS', () => {
  const address = { TEMPORAL_ADDRESS: 't.example:7233' };

  it.each([
    ['true', 'object'],
    ['1', 'object'],
    ['false', 'boolean'],
    ['0', 'boolean'],
  ])('is %s in the words of the library', (word, type) => {
    const { tls } = read({ ...address, TEMPORAL_TLS: word }).connection;
    expect(typeof tls).toBe(type);
    expect(tls).not.toBe(type === 'boolean');
  });

  it.each(['True', 'TRUE', 'yes', 'on', 'enabled', 'False', 'no', 'off', 'tls'])('is refused as %s', (word) => {
    for (const more of [{}, { TEMPORAL_API_KEY: 'key' }]) {
      expect(problems({ ...address, ...more, TEMPORAL_TLS: word })).toEqual([
        'TEMPORAL_TLS: expected true or false, in lower case',
      ]);
    }
  });
});

describe('an API key', () => {
  it.each([
    ['planted\n', 'begins or ends with a blank or a line end; leave it out'],
    ['planted\r\n', 'begins or ends with a blank or a line end; leave it out'],
    ['plan\nted', 'expected the key alone, without a blank, a line end or "Bearer" in it'],
    ['Bearer planted', 'expected the key alone, without a blank, a line end or "Bearer" in it'],
    ['plantéd', 'expected the key alone, without a blank, a line end or "Bearer" in it'],
    ['"planted"', 'stands in quotation marks that belong to no value here; leave them out'],
    ['<planted>', 'is a placeholder that nothing has filled in'],
  ])('is refused as %j', (key, sentence) => {
    expect(problems({ TEMPORAL_API_KEY: key })).toEqual([`TEMPORAL_API_KEY: ${sentence}`]);
  });

  const inClear = 'TEMPORAL_API_KEY: would leave this machine in clear text, since TLS is off (TEMPORAL_TLS)';

  it.each([
    't.example:7233',
    '10.0.0.7:7233',
    '[fd00::7]:7233',
    '0.0.0.0:7233',
    'localhost.example:7233',
    '127.example',
  ])('is refused without TLS to %s', (address) => {
    const settings = { TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' };
    expect(problems(settings)).toEqual([inClear]);
    expect(problems({ ...settings, TEMPORAL_TLS: '0' })).toEqual([inClear]);
    expect(problems({ ...settings, TEMPORAL_TLS: 'true' })).toEqual([]);
  });

  it.each(['localhost:7233', '127.0.0.1:7233', '127.8.9.10:7233', '[::1]:7233', 'localhost'])(
    'may go without TLS to %s',
    (address) => {
      expect(problems({ TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' })).toEqual([]);
    },
  );

  it('is refused without TLS from a profile file, and as a header of its own', async () => {
    const file = await profileFile(
      '[profile.default]\naddress = "p.example:7233"\napi_key = "planted"\n[profile.default.tls]\ndisabled = true\n',
    );
    expect(problems({ TEMPORAL_CONFIG_FILE: file })).toEqual([
      'api_key of the Temporal profile file: would leave this machine in clear text, since TLS is off (TEMPORAL_TLS)',
    ]);
    const header = { TEMPORAL_ADDRESS: 't.example:7233', TEMPORAL_GRPC_META_AUTHORIZATION: 'Bearer planted' };
    expect(problems(header)).toEqual([
      'TEMPORAL_GRPC_META_AUTHORIZATION: would leave this machine in clear text, since TLS is off (TEMPORAL_TLS)',
    ]);
    expect(problems({ ...header, TEMPORAL_TLS: 'true' })).toEqual([]);
  });
});

describe('certificates for Temporal', () => {
  it('are refused where half of a pair is missing', () => {
    const [alone] = problems({ TEMPORAL_TLS_CLIENT_CERT_PATH: staff.certFile });
    expect(alone).toMatch(/^TEMPORAL_TLS_CLIENT_CERT is set without its key/);
    const [keyAlone] = problems({ TEMPORAL_TLS_CLIENT_KEY_DATA: staff.key });
    expect(keyAlone).toMatch(/^TEMPORAL_TLS_CLIENT_KEY is set without its certificate/);
  });

  it('are refused where key and certificate do not belong together', () => {
    expect(problems({ TEMPORAL_TLS_CLIENT_CERT_DATA: staff.cert, TEMPORAL_TLS_CLIENT_KEY_DATA: other.key })).toEqual([
      'TEMPORAL_TLS_CLIENT_KEY_DATA: is not the key of the client certificate',
    ]);
  });

  it('are refused as file and as text at once', () => {
    expect(
      problems({ TEMPORAL_TLS_SERVER_CA_CERT_DATA: authority.ca, TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.caFile }),
    ).toEqual(['TEMPORAL_TLS_SERVER_CA_CERT_PATH and TEMPORAL_TLS_SERVER_CA_CERT_DATA are both set: set one of them']);
  });

  it.each([
    ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', '/nonexistent/planted.pem', 'the file cannot be read'],
    ['TEMPORAL_TLS_SERVER_CA_CERT_DATA', 'planted', 'is no certificate in PEM form'],
    ['TEMPORAL_TLS_SERVER_CA_CERT_DATA', '-----BEGIN CERTIFICATE-----\\nplanted', 'is no certificate in PEM form'],
    ['TEMPORAL_CONFIG_FILE', '/nonexistent/planted.toml', 'the file cannot be read'],
    ['TEMPORAL_PROFILE', 'planted', 'the Temporal profile file has no such profile'],
  ])('and files are refused by name: %s as %j', (name, value, sentence) => {
    expect(problems({ [name]: value })).toEqual([`${name}: ${sentence}`]);
  });

  it('and a key that cannot be opened is refused by name', () => {
    expect(problems({ TEMPORAL_TLS_CLIENT_CERT_DATA: staff.cert, TEMPORAL_TLS_CLIENT_KEY_DATA: 'planted' })).toEqual([
      'TEMPORAL_TLS_CLIENT_KEY_DATA: is no private key in PEM form that opens without a passphrase',
    ]);
  });

  it.each(['[profile.default\napi_key = "planted-key"\n', 'planted', '', '[planted]\na = 1\n'])(
    'and a profile file that cannot be understood is named, and not quoted: %j',
    async (content) => {
      const found = problems({ TEMPORAL_CONFIG_FILE: await profileFile(content) });
      expect(found).toEqual([
        'The Temporal profile file (TEMPORAL_CONFIG_FILE, or at its usual place) is no TOML with profiles',
      ]);
    },
  );
});

describe('a settings file with a byte order mark', () => {
  it.each([
    ['\uFEFFTEMPORAL_ADDRESS', 'TEMPORAL_ADDRESS'],
    // What Node makes of a mark before a comment.
    ['\uFEFF# Settings\n# more\nTEMPORAL_ADDRESS', 'TEMPORAL_ADDRESS'],
  ])('is named: %j', (name, setting) => {
    expect(problems({ [name]: 'planted.example:7233' })).toEqual([
      `${setting}: stands behind a byte order mark, so nobody reads it; save the settings file as UTF-8 without one`,
    ]);
  });
});
