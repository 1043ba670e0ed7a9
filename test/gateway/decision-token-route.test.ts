import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { generateKeyPair } from 'jose';
import { readGatewayConfig, type StaffLoginConfig } from '../../config/gateway-config';
import { createGatewayMetrics, type GatewayMetrics } from '../../gateway/metrics';
import { createGateway, type GatewayOptions } from '../../gateway/server';
import { startGateway } from '../../gateway/gateway';
import { createAgents } from '../../network/agents';
import { createFetch } from '../../network/fetch';
import { createStaffIdentifier } from '../../gateway/staff-identity';
import {
  createDecisionTokenChecker,
  createDecisionTokenIssuer,
  type DecisionForRun,
} from '../../security/decision-token';
import { readDecisionKeys, readGatewayDecisionKeys } from '../../security/key-files';
import { requestId, run } from '../security/key-fixtures';
import { FakeConfirmer, LogCapture, makeKeys, type Keys } from './callback-bench';
import { startIdentityProvider, type Claims, type IdentityProvider } from './identity-provider';

const AUDIENCE = 'erasure-gateway';
const PLANTED = 'planted@person.example';
const approve: DecisionForRun = {
  requestId,
  run,
  kind: 'approve',
  content: { actor: 'staff-17', reason: { code: 'checked', ticket: 'PRIV-1' } },
};
const staff: Claims = { aud: AUDIENCE, sub: 'staff-17', roles: ['privacy-officer', 'other'], email: PLANTED };

let keys: Keys;
let provider: IdentityProvider;
let login: StaffLoginConfig;
let log: LogCapture;
let metrics: GatewayMetrics;
let gateway: FastifyInstance;

beforeAll(async () => {
  keys = await makeKeys();
  provider = await startIdentityProvider();
  const settings = {
    HOME: '/nonexistent',
    ERASURE_KEYS_DIR: keys.directory,
    GATEWAY_OIDC_ISSUER: provider.issuer,
    GATEWAY_OIDC_AUDIENCE: AUDIENCE,
    GATEWAY_OIDC_ROLES: 'privacy-officer=approve|hold, legal=hold|release',
  };
  const { staffLogin } = readGatewayConfig(settings);
  if (staffLogin === undefined) throw new Error('The gateway signs decisions');
  login = staffLogin;
});
afterAll(async () => {
  await provider.stop();
  await keys.remove();
});
beforeEach(async () => {
  log = new LogCapture();
  metrics = createGatewayMetrics();
  gateway = await open();
});
afterEach(() => gateway.close());

async function open(changed: Partial<StaffLoginConfig> = {}, more: Partial<GatewayOptions> = {}) {
  return createGateway({
    checker: keys.checker,
    delivery: new FakeConfirmer(),
    staff: {
      issuer: createDecisionTokenIssuer(await readGatewayDecisionKeys(keys.directory)),
      identify: createStaffIdentifier({ ...login, ...changed }, createFetch(createAgents())),
    },
    metrics,
    logger: log.logger,
    invalidPerMinute: 1_000,
    isReady: async () => true,
    ...more,
  });
}

const ask = (bearer: string | undefined, decision: unknown = approve) =>
  gateway.inject({
    method: 'POST',
    url: '/decision-tokens',
    headers: {
      'content-type': 'application/json',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    payload: JSON.stringify(decision),
  });

async function counted(): Promise<Record<string, number>> {
  const { values = [] } =
    (await metrics.registry.getSingleMetric('erasure_gateway_decision_tokens_total')?.get()) ?? {};
  const rows = values.filter(({ value }) => value > 0).map(({ labels, value }) => [Object.values(labels)[0], value]);
  return Object.fromEntries(rows) as Record<string, number>;
}

describe('POST /decision-tokens', () => {
  it('signs the decision of whoever is logged in, so that a worker believes it', async () => {
    const answer = await ask(await provider.sign(staff));
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    const { token, tokenId, expiresAt } = answer.json<{ token: string; tokenId: string; expiresAt: string }>();
    const known = await readDecisionKeys(keys.directory);
    const verdict = await createDecisionTokenChecker(known).check({ ...approve, token, now: Date.now() });
    expect(verdict).toEqual({ status: 'proven', proof: { tokenId, keyId: known.keys[0]?.key.kid, token } });
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    expect(await counted()).toEqual({ issued: 1 });
    expect(log.lines.map(({ msg }) => msg)).toEqual(['A decision token was issued']);
    expect(log.text).toContain(tokenId);
    for (const secret of [PLANTED, token, 'staff-17']) expect(log.text).not.toContain(secret);
  });

  const S = () => Math.floor(Date.now() / 1_000);
  it.each<[string, string, () => Promise<string | undefined> | string | undefined]>([
    ['nothing', 'no-bearer-token', () => undefined],
    ['no JWT', 'ERR_JWS_INVALID', () => 'planted'],
    [
      'a token for another application',
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
      () => provider.sign({ ...staff, aud: 'mail' }),
    ],
    [
      'a token of another issuer',
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
      () => provider.sign({ ...staff, iss: 'https://login.example' }),
    ],
    ['an expired token', 'ERR_JWT_EXPIRED', () => provider.sign({ ...staff, iat: S() - 7_200, exp: S() - 60 })],
    [
      'a token that does not hold yet',
      'ERR_JWT_CLAIM_VALIDATION_FAILED',
      () => provider.sign({ ...staff, nbf: S() + 600 }),
    ],
    ['a token without an end', 'ERR_JWT_CLAIM_VALIDATION_FAILED', () => provider.sign({ ...staff, exp: undefined })],
    [
      'an unsigned token',
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => {
        const [, claims] = (await provider.sign(staff)).split('.');
        return `${Buffer.from('{"alg":"none","kid":"of-the-provider"}').toString('base64url')}.${claims}.`;
      },
    ],
    [
      'a token signed with a secret',
      'ERR_JOSE_ALG_NOT_ALLOWED',
      async () => {
        const [, claims] = (await provider.sign(staff)).split('.');
        return `${Buffer.from('{"alg":"HS256","kid":"of-the-provider"}').toString('base64url')}.${claims}.AAAA`;
      },
    ],
    [
      'a token by another key of the same name',
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => provider.sign(staff, { key: (await generateKeyPair('RS256')).privateKey }),
    ],
    [
      'an altered token',
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      async () => {
        const [header, , signature] = (await provider.sign(staff)).split('.');
        const [, claims] = (await provider.sign({ ...staff, sub: 'staff-1' })).split('.');
        return `${header}.${claims}.${signature}`;
      },
    ],
  ])('refuses %s (%s)', async (_what, reason, bearer) => {
    const answer = await ask(await bearer());
    expect([answer.statusCode, answer.body]).toEqual([401, '{"error":"not authorized"}']);
    expect(await counted()).toEqual({ 'not-authenticated': 1 });
    expect(log.lines.map((line) => line.reason)).toEqual([reason]);
    expect(log.text).not.toContain('planted');
  });

  it.each<[string, string, Claims, DecisionForRun]>([
    ['another actor than the caller', 'another-actor', { ...staff, sub: 'staff-18' }, approve],
    ['a kind that no role of theirs allows', 'role-does-not-allow', staff, { ...approve, kind: 'release' }],
    ['whoever has no role', 'role-does-not-allow', { ...staff, roles: undefined }, approve],
    ['a role that is no text', 'role-does-not-allow', { ...staff, roles: [{ name: 'privacy-officer' }] }, approve],
    ['whoever is named by an address', 'no-opaque-id', { ...staff, sub: PLANTED }, approve],
    ['whoever is not named', 'no-opaque-id', { ...staff, sub: undefined }, approve],
  ])('denies %s (%s)', async (_what, reason, claims, decision) => {
    const answer = await ask(await provider.sign(claims), decision);
    expect([answer.statusCode, answer.json()]).toEqual([403, { error: 'not allowed', reason }]);
    expect(await counted()).toEqual({ 'not-allowed': 1 });
    expect(log.text).not.toContain(PLANTED);
  });

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['no decision', { ...approve, content: { actor: 'staff-17' } }],
    ['more than a decision', { ...approve, token: 'x' }],
    ['an unknown kind', { ...approve, kind: 'erase' }],
  ])('signs no %s', async (_what, decision) => {
    const answer = await ask(await provider.sign(staff), decision);
    expect([answer.statusCode, answer.body]).toEqual([400, '{"error":"bad request"}']);
    expect(await counted()).toEqual({ 'no-decision': 1 });
  });

  it('finds actor and roles where it was told to look', async () => {
    await gateway.close();
    gateway = await open({ actorClaim: 'https://company.example/staff', rolesClaim: 'realm_access.roles' });
    const named = {
      ...staff,
      sub: 'auth0|1',
      roles: undefined,
      'https://company.example/staff': 'staff-17',
      realm_access: { roles: 'privacy-officer' },
    };
    expect((await ask(await provider.sign(named))).statusCode).toBe(200);
    expect((await ask(await provider.sign(staff))).json()).toMatchObject({ reason: 'no-opaque-id' });
  });

  it('counts strangers together with all others, and never whoever is logged in', async () => {
    await gateway.close();
    gateway = await open({}, { invalidPerMinute: 2 });
    expect((await ask('x')).statusCode).toBe(401);
    expect((await ask(undefined)).statusCode).toBe(401);
    const limited = await ask('x');
    expect([limited.statusCode, Number(limited.headers['retry-after']) > 0]).toEqual([429, true]);
    expect((await ask(await provider.sign(staff))).statusCode).toBe(200);
    expect(await counted()).toEqual({ 'not-authenticated': 2, 'too-many': 1, issued: 1 });
  });

  it('is not there unless it is set up', async () => {
    await gateway.close();
    gateway = await open({}, { staff: undefined });
    expect((await ask(await provider.sign(staff))).statusCode).toBe(404);
  });
});

describe('an identity provider', () => {
  async function withProvider(body: () => unknown, use: (issuer: string, asked: () => number) => Promise<void>) {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end(JSON.stringify(body()));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await gateway.close();
    gateway = await open({ issuer });
    try {
      await use(issuer, () => asked);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('that is away makes the gateway answer 503, and is left alone for a while', async () => {
    await gateway.close();
    gateway = await open({ issuer: 'http://127.0.0.1:9' });
    const answer = await ask(await provider.sign(staff));
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '10']);
    expect(await counted()).toEqual({ 'provider-away': 1 });
  });

  it('that describes another issuer is not believed', async () => {
    const description = () => ({ issuer: provider.issuer, jwks_uri: `${provider.issuer}/jwks` });
    await withProvider(description, async (_issuer, asked) => {
      for (let count = 0; count < 3; count += 1) expect((await ask(await provider.sign(staff))).statusCode).toBe(503);
      expect(asked()).toBe(1);
      expect(log.lines.map((line) => line.reason)).toContain('discovery-of-another-issuer');
    });
  });

  it('whose keys are to be fetched in the clear is not used', async () => {
    let issuer = '';
    await withProvider(
      () => ({ issuer, jwks_uri: 'http://keys.example/jwks' }),
      async (own) => {
        issuer = own;
        expect((await ask(await provider.sign({ ...staff, iss: own }))).statusCode).toBe(503);
        expect(log.lines.map((line) => line.reason)).toContain('discovery-malformed');
      },
    );
  });
});

describe('a gateway process', () => {
  const settings = (more: Record<string, string>) =>
    readGatewayConfig({
      HOME: '/nonexistent',
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      ERASURE_KEYS_DIR: keys.directory,
      GATEWAY_PORT: '0',
      ...more,
    });

  it('signs decisions where it is set up to', async () => {
    const running = await startGateway(
      settings({
        GATEWAY_OIDC_ISSUER: provider.issuer,
        GATEWAY_OIDC_AUDIENCE: AUDIENCE,
        GATEWAY_OIDC_ROLES: 'privacy-officer=approve',
      }),
      log.logger,
    );
    try {
      const answer = await fetch(`${running.url}/decision-tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await provider.sign(staff)}` },
        body: JSON.stringify(approve),
      });
      expect(answer.status).toBe(200);
    } finally {
      await running.close();
    }
    expect(log.text).toContain('"decisionTokens":"on"');
  });

  it('needs no decision key where it is not, as with keys of an earlier release', async () => {
    const earlier = await makeKeys();
    const { rm } = await import('node:fs/promises');
    for (const file of ['decision.json', 'gateway-decision.json']) await rm(`${earlier.directory}/${file}`);
    const running = await startGateway(settings({ ERASURE_KEYS_DIR: earlier.directory }), log.logger);
    await running.close();
    await earlier.remove();
    expect(log.text).toContain('"decisionTokens":"off"');
  });
});
