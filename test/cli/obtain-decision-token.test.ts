import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import type { CommandContext } from '../../cli/context';
import type * as decisionToken from '../../cli/obtain-decision-token';
import { keepLogin, loginFile } from '../../cli/login-file';
import { readServerConfig } from '../../config/server-config';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { createDecisionTokenChecker, type DecisionForRun } from '../../security/decision-token';
import { initKeys, readDecisionKeys } from '../../security/key-files';
import { startServer } from '../../server/server-process';
import type { Listening } from '../../temporal/temporal-behind';
import { startIdentityProvider, type IdentityProvider } from '../access/identity-provider';
import { requestId, run } from '../security/key-fixtures';
import { CompiledCli } from './compiled-cli';

type TokenOptions = decisionToken.TokenOptions;
/** As it was compiled: it loads what it needs late, by names that only the compiled files have. */
const compiled = (): typeof decisionToken =>
  // oxlint-disable-next-line typescript/no-require-imports
  require(join(process.env['TEST_PROGRAMS'] ?? '', 'cli', 'obtain-decision-token.js')) as typeof decisionToken;

const CLIENT_ID = 'erasure-cli';
const reject: DecisionForRun = {
  requestId,
  run,
  kind: 'reject',
  content: { actor: 'staff-17', reason: { code: 'not-them', ticket: 'PRIV-1' }, ground: 'unverified' },
};

const cli = new CompiledCli();
let directory: string;
let keysDirectory: string;
let provider: IdentityProvider;
let server: Listening;
let environment: Record<string, string>;
const path = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-cli-'));
  keysDirectory = path('keys');
  await initKeys({ directory: keysDirectory, environment: 'test', now: Date.now() });
  provider = await startIdentityProvider({ sub: 'staff-17', roles: ['privacy-officer'] });
  server = await startServer(
    readServerConfig({
      HOME: '/nonexistent',
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      ERASURE_KEYS_DIR: keysDirectory,
      SERVER_PORT: '0',
      SERVER_OIDC_ISSUER: provider.issuer,
      SERVER_OIDC_AUDIENCE: CLIENT_ID,
      SERVER_OIDC_ROLES: 'privacy-officer=view|approve',
    }),
    { logger: pino({ level: 'silent' }), version: '0.0.0' },
  );
  environment = {
    XDG_STATE_HOME: path('state'),
    ERASURE_OIDC_ISSUER: provider.issuer,
    ERASURE_OIDC_CLIENT_ID: CLIENT_ID,
    ERASURE_SERVER_URL: server.url,
  };
});
afterAll(async () => {
  await server.close();
  await provider.stop();
  await rm(directory, { recursive: true, force: true });
});
afterEach(() => rm(path('state'), { recursive: true, force: true }));

function contextOf(settings: Record<string, string> = environment): CommandContext {
  const stdin = new PassThrough();
  return {
    environment: settings,
    stdin,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    exitWith: () => undefined,
  };
}

async function obtain(options: TokenOptions = {}, settings = environment, decision = reject) {
  const prove = await compiled().createTokenSource(options, contextOf(settings));
  return prove({ ...decision, run: () => Promise.resolve(decision.run) });
}

async function verdictOf(token: string | undefined, decision = reject) {
  const checker = createDecisionTokenChecker(await readDecisionKeys(keysDirectory));
  return checker.check({ ...decision, token, now: Date.now() });
}

const loggedInAs = async (claims: Record<string, unknown>, expiresAt = Date.now() + HOUR_MS) =>
  keepLogin(
    {
      issuer: provider.issuer,
      clientId: CLIENT_ID,
      idToken: await provider.sign({ aud: CLIENT_ID, roles: ['privacy-officer'], ...claims }),
      expiresAt,
    },
    environment,
  );

/** Starts the login, opens the address it prints as a browser would, and waits for its end. */
async function logIn(browse: (address: string) => Promise<unknown>, args: readonly string[] = []) {
  const running = cli.start(['login', ...args], { environment });
  let address: string | undefined;
  while (address === undefined && running.child.exitCode === null) {
    address = /^http\S+$/m.exec(running.stderr())?.[0];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (address !== undefined) await browse(address);
  return running.ended;
}

describe('a key of one’s own', () => {
  it('is made, signs a decision without a network, and a worker believes it', async () => {
    const staffKey = path('staff-17.json');
    const made = await cli.run(['keys', 'add-staff', 'staff-17', '--out', staffKey, '--dir', keysDirectory]);
    expect(made).toMatchObject({ code: 0, stdout: `${staffKey}\n` });
    expect(made.stderr).toMatch(/keep no copy.*decision\.json.*restart them/);

    await writeFile(path('decision.json'), JSON.stringify(reject));
    const signed = await cli.run(['sign-decision', path('decision.json'), '--staff-key', staffKey]);
    expect(signed).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^The token is good once, until 2\S+Z\.\n$/),
    });
    const tokenFile = path('token.txt');
    await writeFile(tokenFile, signed.stdout);
    const token = await obtain({ tokenFile }, {});
    expect(await verdictOf(token)).toMatchObject({ status: 'proven' });
    expect(await verdictOf(await obtain({ staffKey }, {}))).toMatchObject({ status: 'proven' });

    const again = await cli.run(['keys', 'add-staff', 'staff-17', '--out', staffKey, '--dir', keysDirectory]);
    expect(again).toMatchObject({ code: 2, stderr: 'staff-17.json: already exists; nothing was written\n' });
  });

  it('signs ahead for a day, reads stdin, and prints JSON', async () => {
    const staffKey = path('staff-20.json');
    await cli.run(['keys', 'add-staff', 'staff-20', '--out', staffKey, '--dir', keysDirectory, '--kinds', 'reject']);
    const own = { ...reject, content: { ...reject.content, actor: 'staff-20' } };
    const run = (decision: object, ...more: string[]) =>
      cli.run(['sign-decision', '-', '--staff-key', staffKey, ...more], { stdin: JSON.stringify(decision) });
    const { stdout } = await run(own, '--holds-for', '1d', '--json');
    const { token, expiresAt } = JSON.parse(stdout) as { token: string; expiresAt: string };
    expect(await verdictOf(token, own)).toMatchObject({ status: 'proven' });
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(DAY_MS - HOUR_MS);

    for (const [decision, args, sentence] of [
      [own, ['--holds-for', '2d'], 'A decision token holds for at most 24 hours.\n'],
      [reject, [], 'This key belongs to another staff member than the decision names as its actor.\n'],
      [{ ...own, kind: 'approve' }, [], 'This key may not sign decisions of this kind.\n'],
      [
        { ...own, content: { ...own.content, reason: undefined } },
        [],
        'This is no decision: reason: expected an object { code, ticket }.\n',
      ],
      [{ kind: 'reject' }, [], 'This is no decision: expected { requestId, run, kind, content } and nothing else.\n'],
    ] as const) {
      expect(await run(decision, ...args)).toEqual({ code: 2, stdout: '', stderr: sentence });
    }
  });

  it('is not made for a name, an address, or a kind that there is not', async () => {
    const run = (...args: string[]) =>
      cli.run(['keys', 'add-staff', ...args, '--out', path('x'), '--dir', keysDirectory]);
    const named = await run('jane.doe@example.org');
    expect(named.code).toBe(2);
    expect(named.stderr).toMatch(/^ACTOR: expected an opaque staff id/);
    expect(named.stderr).not.toContain('jane');
    expect((await run('staff-21', '--kinds', 'approve,erase')).stderr).toMatch(/^--kinds: expected some of approve, /);
  });
});

describe('erasure login', () => {
  it('logs in by the browser, and the server then signs', async () => {
    const ended = await logIn(async (address) => {
      const asked = new URL(address).searchParams;
      expect(Object.fromEntries(asked)).toMatchObject({
        client_id: CLIENT_ID,
        scope: 'openid',
        response_type: 'code',
        code_challenge_method: 'S256',
        redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/erasure-login$/),
      });
      const back = await fetch(address);
      expect([back.status, await back.text()]).toEqual([200, expect.stringContaining('close this window')]);
    });
    expect(ended.stderr).toMatch(/You are logged in as staff-17 until 2\S+Z\.\n$/);
    expect([ended.code, ended.stdout]).toEqual([0, '']);
    expect((await stat(loginFile(environment))).mode & 0o777).toBe(0o600);
    const { idToken } = JSON.parse(await readFile(loginFile(environment), 'utf8')) as { idToken: string };
    expect(ended.stderr).not.toContain(idToken);

    const token = await obtain();
    const known = await readDecisionKeys(keysDirectory);
    expect(await verdictOf(token)).toEqual({
      status: 'proven',
      proof: { tokenId: expect.any(String), keyId: known.keys[0]?.key.kid, token },
    });

    expect(await cli.run(['logout'], { environment })).toEqual({
      code: 0,
      stdout: '',
      stderr: 'You are logged out.\n',
    });
    expect(await cli.run(['logout'], { environment })).toMatchObject({ stderr: 'You were not logged in.\n' });
    await expect(obtain()).rejects.toThrow('You are not logged in: run erasure login, or give --staff-key.');
  });

  it('believes no browser that comes back with another state', async () => {
    const ended = await logIn(async (address) => {
      const back = new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
      back.search = '?code=stolen&state=another';
      await fetch(back);
    });
    expect(ended.code).toBe(6);
    expect(ended.stderr).toMatch(/does not hold \(OAUTH_\w+\)\.\n$/);
    expect(ended.stderr).not.toContain('stolen');
  });

  it('says when the identity provider refuses', async () => {
    const ended = await logIn(async (address) => {
      const asked = new URL(address).searchParams;
      const back = new URL(asked.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ error: 'access_denied', state: asked.get('state') ?? '' }).toString();
      await fetch(back);
    });
    expect(ended).toMatchObject({ code: 6 });
    expect(ended.stderr).toMatch(/refused the login \(access_denied\)\.\n$/);
  });

  it.each<[string, Record<string, string>, string[], number, RegExp]>([
    ['without settings', {}, [], 2, /ERASURE_OIDC_ISSUER is missing\n {2}- ERASURE_OIDC_CLIENT_ID is missing/],
    ['where the provider is away', { ERASURE_OIDC_ISSUER: 'http://127.0.0.1:9' }, [], 5, /cannot be reached/],
    ['by a code where there is no such thing', {}, ['--device'], 6, /offers no login by a code/],
    ['by no port', {}, ['--port', '0'], 2, /^--port: expected a whole number from 1 to 65535/],
  ])('ends with a sentence %s', async (what, more, args, code, sentence) => {
    const settings = what === 'without settings' ? more : { ...environment, ...more };
    const ended = await cli.run(['login', ...args], { environment: settings });
    expect(ended.stderr).toMatch(sentence);
    expect(ended.code).toBe(code);
  });
});

describe('erasure login on a machine without a browser', () => {
  it('asks for a code to be typed in on another device, and waits until that is done', async () => {
    let polls = 0;
    const answers: Record<string, () => Promise<[number, object]>> = {
      '/.well-known/openid-configuration': async () => [
        200,
        {
          issuer,
          token_endpoint: `${issuer}/token`,
          device_authorization_endpoint: `${issuer}/device`,
          jwks_uri: `${issuer}/jwks`,
        },
      ],
      '/device': async () => [
        200,
        {
          device_code: 'd'.repeat(20),
          user_code: 'WDJB-MJHT',
          verification_uri: `${issuer}/type-it-in`,
          expires_in: 60,
          interval: 1,
        },
      ],
      '/token': async () => {
        polls += 1;
        if (polls === 1) return [400, { error: 'authorization_pending' }];
        const idToken = await provider.sign({ iss: issuer, aud: CLIENT_ID, sub: 'staff-17' });
        return [200, { access_token: 'a', token_type: 'Bearer', id_token: idToken }];
      },
    };
    const server = createServer((request, response) => {
      void (answers[request.url ?? ''] ?? (async () => [404, {}] as [number, object]))().then(([status, body]) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ended = await cli.run(['login'], { environment: { ...environment, ERASURE_OIDC_ISSUER: issuer } });
    server.closeAllConnections();
    server.close();
    expect(ended.stderr).toMatch(/^Open \S+\/type-it-in on any device, and type in the code WDJB-MJHT\.$/m);
    expect(ended.stderr).toMatch(/You are logged in as staff-17 until/);
    expect([ended.code, polls]).toEqual([0, 2]);
  });
});

describe('createTokenSource', () => {
  it('gives none where nothing is set up, and none for what needs none', async () => {
    expect(await obtain({}, {})).toBeUndefined();
    const retry = { ...reject, kind: 'retry' } as const;
    expect(await obtain({}, environment, retry)).toBeUndefined();
  });

  it('takes one way only', async () => {
    await expect(obtain({ staffKey: 'a', tokenFile: 'b' })).rejects.toThrow(
      '--staff-key or --token-file, and not both',
    );
  });

  it.each<[string, string, () => Promise<unknown>]>([
    [
      'another staff member is logged in',
      'as another staff member than the decision names',
      () => loggedInAs({ sub: 'staff-18' }),
    ],
    ['no role allows it', 'None of your roles allows', () => loggedInAs({ sub: 'staff-17', roles: [] })],
    ['the provider names an address', 'is no opaque id', () => loggedInAs({ sub: 'jane@example.org' })],
    [
      'the login is for something else',
      'does not accept your login',
      () => loggedInAs({ sub: 'staff-17', aud: 'mail' }),
    ],
    ['the login is over', 'Your login is over', () => loggedInAs({ sub: 'staff-17' }, Date.now() - 1)],
    [
      'others can read the login',
      'is open to other users',
      async () => {
        await loggedInAs({ sub: 'staff-17' });
        const { chmod } = await import('node:fs/promises');
        await chmod(loginFile(environment), 0o644);
      },
    ],
    [
      'the file of the login is damaged',
      'is damaged',
      async () => {
        await loggedInAs({ sub: 'staff-17' });
        await writeFile(loginFile(environment), '{');
      },
    ],
  ])('says so where %s', async (_what, sentence, prepare) => {
    await prepare();
    await expect(obtain()).rejects.toThrow(sentence);
  });

  it('says so where the server is away, or signs nothing', async () => {
    await loggedInAs({ sub: 'staff-17' });
    const settings = { ...environment, ERASURE_SERVER_URL: 'http://127.0.0.1:9' };
    await expect(obtain({}, settings)).rejects.toMatchObject({ name: 'ServerUnavailableError' });
    for (const [status, name] of [
      [404, 'DecisionTokenDeniedError'],
      [503, 'ServerUnavailableError'],
      [400, 'InputError'],
    ] as const) {
      const server = createServer((_request, response) => void response.writeHead(status).end('<html>'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await expect(obtain({}, { ...environment, ERASURE_SERVER_URL: url })).rejects.toMatchObject({ name });
      server.closeAllConnections();
      server.close();
    }
  });
});
