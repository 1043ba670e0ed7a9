import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../cli/context';
import { createProgram } from '../../cli/program';
import { parseErasureRequest } from '../../domain/request/request';
import { createCertificateSigner } from '../../security/certificate-signature';
import { createDecisionTokenIssuer } from '../../security/decision-token';
import { readCertificateKeys, readServerDecisionKeys, readProviderKeys } from '../../security/key-files';
import { createFactSigner } from '../../security/facts';
import { createOpener } from '../../security/sealing';
import { planted, submission } from '../client/client-fixture';
import { CompiledCli, type Ended } from './compiled-cli';

const claims = {
  format: 'erasure-certificate/1',
  environment: 'test',
  requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
  workflowId: 'erasure-3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
  runId: 'run-1',
  regulation: 'gdpr',
  submittedAt: '2026-11-22T09:30:00.000Z',
  intakeAt: '2026-11-22T09:31:00.000Z',
  issuedAt: '2026-11-30T14:00:00.000Z',
  decisionMode: 'asserted',
  outcome: 'completed',
  meaning: 'At every provider the data are erased.',
  providers: [],
};

const decide = (actor: string, reason: string): string[] => {
  return ['attest', 'id', 'person', '--actor', actor, '--reason', reason];
};

const said = ['--actor', 'staff-17', '--reason', 'by-the-book:PRIV-1'];
const instant = '2026-11-22T09:30:00Z';

const nowhere = new PassThrough();
const inProcess: CommandContext = {
  environment: {},
  stdin: nowhere,
  stdout: nowhere,
  stderr: nowhere,
  exitWith: () => undefined,
};
const cli = new CompiledCli();
let directory: string;
let keysDirectory: string;
const path = (name: string): string => join(directory, name);
const file = async (name: string, content: string): Promise<string> => {
  await writeFile(path(name), content);
  return path(name);
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-cli-'));
  keysDirectory = path('keys');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What holds for every failure: one or more sentences on stderr, no stack, nothing of what was planted. */
function expectFailure(ended: Ended, code: number, sentence: RegExp): void {
  expect(ended.stderr).toMatch(sentence);
  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe('');
  expect(ended.stderr).not.toMatch(/^ {4}at |node:internal|\.js:\d/m);
  for (const identifier of Object.values(planted)) expect(ended.stderr).not.toContain(identifier);
}

describe('erasure', () => {
  it('helps, with its exit codes', async () => {
    const { code, stdout, stderr } = await cli.run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name ?? '');
    expect(commands).toEqual(
      expect.arrayContaining(['keys', 'seal', 'submit', 'status', 'watch', 'list', 'retry', 'waive', 'attest']),
    );
    expect(commands).toEqual(expect.arrayContaining(['approve', 'reject', 'hold', 'release', 'extend', 'notice']));
    expect(commands).toEqual(
      expect.arrayContaining(['setup', 'identity', 'withdraw', 'certificate', 'verify', 'completion']),
    );
    for (let number = 0; number <= 10; number += 1) expect(stdout).toMatch(new RegExp(`^ +${number}  `, 'm'));
  });

  it.each(createProgram(inProcess).commands.map((command) => command.name()))('helps with %s, by example', (name) => {
    const command = createProgram(inProcess).commands.find((candidate) => candidate.name() === name);
    const ofInit = command?.commands[0] ?? command;
    const shown: string[] = [];
    ofInit?.configureOutput({ writeOut: (text) => void shown.push(text) }).outputHelp();
    expect(shown.join('')).toMatch(new RegExp(`^Usage: erasure ${name}[\\s\\S]*\n\nExamples?:\n +.*erasure ${name}`));
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile(join(__dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(await cli.run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown command', [planted.personId], /^There is no such command\./],
    ['a misspelt command', ['submitt'], /Did you mean submit\?/],
    ['an unknown option', ['submit', `--${planted.personId}`], /^There is no such option\./],
    ['a missing file', ['submit'], /^Missing required argument 'FILE'\./],
    ['too many files', ['submit', 'a', planted.personId], /^Too many arguments for 'submit'/],
    ['a missing key', ['verify', 'a'], /^Required option '--key <PUBLIC.jwk>' not specified\./],
    ['an unknown state', ['list', '--state', planted.personId], /^--state: expected one of running, attention, /],
    [
      'an unknown provider',
      ['retry', 'id', planted.personId, '--actor', 'a', '--reason', 'a:b'],
      /^PROVIDER: expected one of measureone, person, aptr/,
    ],
    ['a length of time that is none', ['list', '--older-than', planted.personId], /^--older-than: expected .* 3d\./],
    ['a count that is none', ['list', '--limit', '0'], /^--limit: expected a whole number/],
    [
      'a ticket that is an address',
      ['list', '--ticket', planted.identifyId],
      /^--ticket: expected a ticket of letters/,
    ],
    ['an unknown shell', ['completion', planted.personId], /^SHELL: expected one of bash, zsh, fish\./],
    ['a reason without a ticket', decide('staff-17', planted.personId), /^--reason: expected CODE:TICKET/],
    ['a reason in free text', decide('staff-17', `He asked ${planted.personId}: so`), /reason\.code: expected/],
    ['a ticket that is none', decide('staff-17', `no-answer:${planted.identifyId}`), /reason\.ticket: expected/],
    ['an actor with an address', decide(planted.identifyId, 'no-answer:PRIV-1'), /^This is no decision: actor: /],
    ['a decision that nobody takes', ['waive', 'id', 'person', '--reason', 'a:b'], /^Required option '--actor/],
    ['a withdrawal that nobody confirmed', ['withdraw', planted.personId], /^Nobody is there to confirm this/],
    [
      'a ground that is none',
      ['reject', 'id', '--ground', planted.personId],
      /^--ground: expected one of unverified, /,
    ],
    ['a hold without its owner', ['hold', 'id', '--ground', 'court-order'], /^Required option '--owner <STAFF>'/],
    [
      'a notice that is none',
      ['notice', 'id', planted.personId, '--at', instant, '--channel', 'email', '--reference', 'A-1', ...said],
      /^NOTICE: expected one of acknowledged, extended, /,
    ],
    ['an extension without its reason', ['extend', 'id', ...said], /^Required option '--because <REASON>'/],
    [
      'an instant that is none',
      ['identity', 'id', '--at', planted.personId, '--method', 'letter', '--reference', 'A-1', ...said],
      /^This is no decision: at: expected an RFC 3339 instant/,
    ],
    [
      'a channel in free text',
      ['notice', 'id', 'outcome', '--at', instant, '--channel', planted.identifyId, '--reference', 'A-1', ...said],
      /^This is no decision: channel: expected a code/,
    ],
    [
      'half a withdrawal by somebody',
      ['withdraw', 'id', '--wanted-by', 'subject', '--yes'],
      /^--wanted-by, --actor and --reason go together/,
    ],
    [
      'a wish that is none',
      ['withdraw', 'id', '--wanted-by', planted.personId],
      /^--wanted-by: expected one of subject/,
    ],
    ['a time that is none', ['list', '--due-within', planted.personId], /^--due-within: expected a length of time/],
    [
      'a provider nobody waits for',
      ['list', '--waiting-for', planted.personId],
      /^--waiting-for: expected one of meas/,
    ],
    ['half a command', ['keys'], /^Usage: erasure keys/],
  ])('refuses %s without repeating what was typed', async (_what, args, sentence) => {
    expectFailure(await cli.run(args), 2, sentence);
  });
});

describe('erasure keys init', () => {
  it('writes the files of every role for their owner only, and overwrites none', async () => {
    const made = await cli.run(['keys', 'init', '--dir', keysDirectory, '--environment', 'test']);
    expect(made.code).toBe(0);
    const names = (await readdir(keysDirectory)).sort();
    expect(made.stdout.trim().split('\n').sort()).toEqual(names.map((name) => join(keysDirectory, name)));
    expect((await stat(join(keysDirectory, 'client.json'))).mode & 0o777).toBe(0o600);

    const before = await readFile(join(keysDirectory, 'client.json'), 'utf8');
    expectFailure(await cli.run(['keys', 'init', '--dir', keysDirectory]), 2, /already holds .*nothing was written/);
    expect(await readFile(join(keysDirectory, 'client.json'), 'utf8')).toBe(before);
  });

  it('prints JSON', async () => {
    const made = await cli.run(['keys', 'init', '--dir', path('json-keys'), '--json']);
    const { environment, written } = JSON.parse(made.stdout) as { environment: string; written: string[] };
    expect(environment).toBe('development');
    expect(written).toContain(join(path('json-keys'), 'client.json'));
  });

  it('refuses an environment that is no name', async () => {
    const args = ['keys', 'init', '--dir', path('other'), '--environment', planted.identifyId];
    expectFailure(await cli.run(args), 2, /environment: expected lower case/);
  });
});

describe('erasure seal', () => {
  const seal = (args: readonly string[], stdin?: string) =>
    cli.run(['seal', ...args], {
      environment: { ERASURE_KEYS_DIR: keysDirectory },
      ...(stdin === undefined ? {} : { stdin }),
    });

  it('prints a workflow input that the guard accepts and the workers can open', async () => {
    const request = submission();
    const { code, stdout, stderr } = await seal([await file('request.json', JSON.stringify(request))]);
    expect(code).toBe(0);
    for (const identifier of Object.values(planted)) expect(stdout + stderr).not.toContain(identifier);
    const input = JSON.parse(stdout) as { readonly subject: Readonly<Record<string, string>> };
    const parsed = parseErasureRequest(input, { requestIdOfWorkflow: request.requestId, now: Date.now() });
    expect(parsed).toMatchObject({ request: { requestId: request.requestId } });
    const opener = createOpener(await readProviderKeys(keysDirectory, 'person'));
    const sealed = input.subject['person'] ?? '';
    expect(await opener.open({ sealed, requestId: request.requestId ?? '', provider: 'person' })).toEqual({
      identifier: planted.personId,
    });
    expect(stderr).toContain(`erasure-${request.requestId}`);
  });

  it('prints all that a start needs, where JSON is asked for', async () => {
    const request = submission();
    const { stdout, stderr } = await seal(['-', '--json'], JSON.stringify(request));
    expect(JSON.parse(stdout)).toEqual({
      workflowId: `erasure-${request.requestId}`,
      workflowType: 'erasureRequest',
      taskQueue: 'erasure',
      memo: { fingerprint: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) },
      input: expect.objectContaining({ requestId: request.requestId }),
    });
    expect(stderr).toBe('');
  });

  it('reads stdin', async () => {
    expect((await seal(['-'], JSON.stringify(submission()))).code).toBe(0);
  });

  it.each<[string, string, RegExp]>([
    ['text that is no JSON', `{ "personId": "${planted.personId}`, /^The request file is not JSON\./],
    ['a request without a provider', JSON.stringify({ ...submission(), subject: {} }), /subject: expected/],
    [
      'an identifier out of place',
      JSON.stringify({ ...submission(), receivedVia: planted.personId, [planted.identifyId]: 1 }),
      /receivedVia: expected a code[\s\S]*request: has a field other than|request: has a field other than[\s\S]*receivedVia/,
    ],
  ])('refuses %s', async (_what, content, sentence) => {
    expectFailure(await seal(['-'], content), 2, sentence);
  });

  it('refuses a file that is not there, or too large, without its path', async () => {
    expectFailure(await seal([path(planted.personId)]), 2, /^The request file cannot be read \(ENOENT\)\./);
    expectFailure(await seal([directory]), 2, /^The request file cannot be read \(EISDIR\)\./);
    expectFailure(await seal(['-'], 'x'.repeat(3 * 1024 * 1024)), 2, /larger than 2 MiB/);
  });

  it('says which setting or key file it misses', async () => {
    const stdin = JSON.stringify(submission());
    expectFailure(await cli.run(['seal', '-'], { stdin }), 2, /ERASURE_KEYS_DIR is missing/);
    const environment = { ERASURE_KEYS_DIR: path('nowhere') };
    expectFailure(await cli.run(['seal', '-'], { stdin, environment }), 2, /^client\.json: does not exist/);
  });
});

describe('erasure verify', () => {
  let jws: string;
  const key = (): string => join(keysDirectory, 'certificate.public.jwk');

  beforeAll(async () => {
    const signer = createCertificateSigner(await readCertificateKeys(keysDirectory));
    jws = await signer.sign(claims);
  });

  it('prints a valid certificate readably and names the key', async () => {
    const { code, stdout, stderr } = await cli.run(['verify', await file('good.jws', `${jws}\n`), '--key', key()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('ERASURE CERTIFICATE');
    expect(stdout).toContain(claims.requestId);
    expect(stdout).toMatch(/The signature is valid, by key [A-Za-z0-9_-]{43}\.\n$/);
  });

  it('takes the JSON that other commands print, and prints JSON', async () => {
    const json = await file('good.json', JSON.stringify({ requestId: claims.requestId, certificate: jws }));
    const { code, stdout } = await cli.run(['verify', json, '--key', key(), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, claims });
  });

  it('says so where the signature holds and the form is none that it knows', async () => {
    const signer = createCertificateSigner(await readCertificateKeys(keysDirectory));
    const certificate = await file('next.jws', await signer.sign({ ...claims, format: 'erasure-certificate/9' }));
    expectFailure(await cli.run(['verify', certificate, '--key', key()]), 2, /does not know the form/);
  });

  it('refuses an altered certificate', async () => {
    const [head = '', body = '', signature = ''] = jws.split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, outcome: 'withdrawn' })).toString('base64url');
    const bad = [`${head}.${forged}.${signature}`, `${jws} `, `${head}.${body}.`, planted.personId];
    for (const [index, text] of bad.entries()) {
      const ended = await cli.run(['verify', await file(`bad-${index}.jws`, text), '--key', key()]);
      expectFailure(ended, 6, /^(The certificate was altered|This is not a certificate)/);
    }
  });

  describe('--fact-keys', () => {
    const provider = 'person' as const;
    const content = { status: 'absent', evidence: { host: 'person.test', httpStatus: 404 } };
    const claim = { outcome: 'erased', basis: 'b', leavesUnsaid: [], rounds: [], decisions: [], provider };
    const factKeys = (): string => join(keysDirectory, 'fact-keys.json');

    async function certified(seen: object): Promise<string> {
      const { requestId, runId: run } = claims;
      const facts = createFactSigner(await readProviderKeys(keysDirectory, provider));
      const witness = facts.sign({ kind: 'observation', requestId, run, provider, content }, 1);
      const settledAt = '2026-11-30T13:00:00.000Z';
      const held = [{ kind: 'observation', content: seen, witness }];
      const providers = [{ ...claim, name: 'Person API', settledAt, facts: held }];
      const signer = createCertificateSigner(await readCertificateKeys(keysDirectory));
      return file('facts.jws', await signer.sign({ ...claims, providers }));
    }

    it('tells whose key signed each fact', async () => {
      const args = ['verify', await certified(content), '--key', key(), '--fact-keys', factKeys()];
      const { code, stdout, stderr } = await cli.run(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Person API: the look is signed by the provider's worker, by key [A-Za-z0-9_-]{43}\.$/m);
      expect(JSON.parse((await cli.run([...args, '--json'])).stdout)).toMatchObject({
        valid: true,
        facts: [{ provider, kind: 'observation' }],
      });
    });

    it('refuses a certificate with a fact that was not signed as it stands there', async () => {
      const forged = await certified({ ...content, status: 'present' });
      const { code, stdout } = await cli.run(['verify', forged, '--key', key(), '--fact-keys', factKeys()]);
      expect(code).toBe(6);
      expect(stdout).toContain('Person API: the look DOES NOT HOLD: it was altered');
    });

    it('says that a file of other keys is none', async () => {
      const args = ['verify', await certified(content), '--key', key(), '--fact-keys', key()];
      expectFailure(await cli.run(args), 2, /^certificate\.public\.jwk: role: is missing or malformed/);
    });
  });

  describe('--decision-keys', () => {
    const content = { actor: 'staff-7', reason: { code: 'checked', ticket: 'PRIV-1' } };
    const decisionKeys = (): string => join(keysDirectory, 'decision.json');

    async function certified(claimed: object): Promise<string> {
      const { requestId } = claims;
      const runId = randomUUID();
      const issuer = createDecisionTokenIssuer(await readServerDecisionKeys(keysDirectory));
      const issued = await issuer.issue({ requestId, run: runId, kind: 'approve', content, now: Date.now() });
      const proof = { tokenId: issued.tokenId, keyId: 'key-1', token: issued.token };
      const decisions = [{ ...content, ...claimed, kind: 'approve', at: '2026-11-20T13:00:00.000Z', proof }];
      const signer = createCertificateSigner(await readCertificateKeys(keysDirectory));
      return file('decided.jws', await signer.sign({ ...claims, runId, decisions }));
    }

    it('checks the token of each signed decision, and says without them that they are not', async () => {
      const args = ['verify', await certified({}), '--key', key()];
      const { code, stdout } = await cli.run([...args, '--decision-keys', decisionKeys()]);
      expect({ code, stdout }).toMatchObject({ code: 0 });
      expect(stdout).toContain(
        'The decision approve of 2026-11-20T13:00:00.000Z is signed for by its actor, by key key-1.',
      );
      expect((await cli.run(args)).stdout).toContain(
        'were checked when it was issued; --decision-keys checks them again',
      );
    });

    it('refuses a certificate that says more than its actor signed', async () => {
      const forged = await certified({ actor: 'staff-8' });
      const { code, stdout } = await cli.run(['verify', forged, '--key', key(), '--decision-keys', decisionKeys()]);
      expect(code).toBe(6);
      expect(stdout).toContain('DOES NOT HOLD. The decision token was made for another actor');
    });
  });

  describe('--subject', () => {
    const providerClaim = { outcome: 'erased', basis: 'b', leavesUnsaid: [], rounds: [], decisions: [] };
    const settledAt = '2026-11-30T13:00:00.000Z';
    let certificate: string;
    const verify = async (request: object, ...more: readonly string[]): Promise<Ended> => {
      const subject = await file('subject.json', JSON.stringify(request));
      return cli.run(['verify', certificate, '--key', key(), '--subject', subject, ...more]);
    };

    beforeAll(async () => {
      const opener = createOpener(await readProviderKeys(keysDirectory, 'person'));
      const aptrinsic = createOpener(await readProviderKeys(keysDirectory, 'aptrinsic'));
      const providers = [
        { ...providerClaim, provider: 'measureone', name: 'MeasureOne', settledAt },
        {
          ...providerClaim,
          provider: 'person',
          name: 'Person API',
          settledAt,
          subjectHash: opener.subjectHash(planted.personId),
          subjectHashKeyId: opener.hashKeyId,
        },
        {
          ...providerClaim,
          provider: 'aptrinsic',
          name: 'Aptrinsic',
          settledAt,
          subjectHash: aptrinsic.subjectHash(planted.identifyId),
        },
      ];
      const signer = createCertificateSigner(await readCertificateKeys(keysDirectory));
      certificate = await file('about.jws', await signer.sign({ ...claims, providers }));
    });

    it('tells that it is about the person of a request file, without printing who that is', async () => {
      const { code, stdout, stderr } = await verify(submission(), '--keys', keysDirectory);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('Person API: about the identifier in the file.');
      expect(stdout).toContain('Aptrinsic: about the identifier in the file.');
      expect(stdout).toContain('MeasureOne: cannot be told: the provider never answered');
      for (const identifier of Object.values(planted)) expect(stdout).not.toContain(identifier);
    });

    it('refuses it as about somebody else where the key that was used says so', async () => {
      const another = { ...submission(), subject: { person: { personId: randomUUID() } } };
      const { code, stdout } = await verify(another, '--keys', keysDirectory, '--json');
      expect(code).toBe(6);
      expect(JSON.parse(stdout)).toMatchObject({
        valid: true,
        subject: { measureone: 'not-in-file', person: 'other', aptrinsic: 'not-in-file' },
      });
      // It does not name its key, so there may have been another.
      const { code: untold, stdout: text } = await verify(
        { ...submission(), subject: { aptrinsic: { identifyId: 'somebody-else' } } },
        '--keys',
        keysDirectory,
      );
      expect(untold).toBe(2);
      expect(text).toContain('Aptrinsic: cannot be told: the key that the hash was made with is not here.');
    });

    it('says what it misses', async () => {
      expectFailure(await verify(submission()), 2, /^--subject needs the hashing keys: give --keys/);
      expectFailure(await verify({}, '--keys', keysDirectory), 2, /regulation: expected one of/);
      const { code, stdout } = await verify(submission(), '--keys', path('no-keys'));
      expect(code).toBe(2);
      expect(stdout).toContain('Person API: cannot be told: the key that the hash was made with is not here.');
    });
  });

  it("refuses a stranger's key, and a file that is no public key", async () => {
    await cli.run(['keys', 'init', '--dir', path('stranger')]);
    const certificate = await file('good.jws', jws);
    const stranger = join(directory, 'stranger', 'certificate.public.jwk');
    expectFailure(await cli.run(['verify', certificate, '--key', stranger]), 6, /signed by an unknown key/);
    expectFailure(
      await cli.run(['verify', certificate, '--key', certificate]),
      2,
      /is no key file, since it is not JSON: expected one like certificate\.public\.jwk, which erasure keys init makes/,
    );
    expectFailure(await cli.run(['verify', certificate, '--key', path('none')]), 2, /does not exist/);
    expectFailure(await cli.run(['verify', '-', '--key', key()], { stdin: '{}' }), 2, /holds no certificate/);
  });
});

describe('erasure worker and gateway', () => {
  const secret = 'planted-secret-9191';

  it('list all that is missing or wrong by name, never by value', async () => {
    const environment = {
      MEASUREONE_BASE_URL: `ftp://${secret}`,
      PERSON_API_PURGE_DELAY: secret,
      LOG_LEVEL: secret,
    };
    const ended = await cli.run(['worker'], { environment });
    expectFailure(ended, 2, /^The configuration is incomplete or wrong/);
    for (const name of [
      'ERASURE_KEYS_DIR',
      'LOG_LEVEL',
      'MEASUREONE_BASE_URL',
      'MEASUREONE_CLIENT_ID',
      'MEASUREONE_CLIENT_SECRET',
      'PERSON_API_BASE_URL',
      'PERSON_API_CLIENT_ID',
      'PERSON_API_CLIENT_SECRET',
      'PERSON_API_PURGE_DELAY',
      'APTRINSIC_BASE_URL',
      'APTRINSIC_API_KEY',
    ]) {
      expect(ended.stderr).toContain(name);
    }
    expect(ended.stderr).not.toContain(secret);
    expectFailure(
      await cli.run(['gateway'], { environment: { GATEWAY_PORT: secret } }),
      2,
      /ERASURE_KEYS_DIR is missing/,
    );
  });
});
