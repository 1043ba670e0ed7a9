import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { generateKeyPair } from 'jose';
import { createAccessTokenVerifier } from '../../access/access-token';
import { createAuthenticator, type Authentication } from '../../access/authenticate';
import type { IdentityProviderConfig } from '../../config/identity-provider';
import { createAgents } from '../../network/agents';
import { createFetch } from '../../network/fetch';
import type { ServiceKeys } from '../../security/key-table';
import { startIdentityProvider, type Claims, type IdentityProvider } from './identity-provider';

const AUDIENCE = 'erasure';
const PLANTED = 'planted@person.example';
const staff: Claims = { aud: AUDIENCE, sub: 'staff-17', roles: ['privacy-officer', 'other'], email: PLANTED };

let provider: IdentityProvider;
let config: IdentityProviderConfig;

beforeAll(async () => {
  provider = await startIdentityProvider();
  config = {
    issuer: provider.issuer,
    audience: AUDIENCE,
    actorClaim: 'sub',
    rolesClaim: 'roles',
    roles: new Map([['privacy-officer', ['view', 'approve']]]),
  };
});
afterAll(() => provider.stop());

function authenticatorWith(changed: Partial<IdentityProviderConfig> = {}, serviceKeys?: ServiceKeys) {
  const verifyToken = createAccessTokenVerifier({ ...config, ...changed }, createFetch(createAgents()));
  return createAuthenticator({ verifyToken, serviceKeys });
}

const ask = (bearer: string | undefined, authenticate = authenticatorWith()): Promise<Authentication> =>
  authenticate(bearer === undefined ? undefined : `Bearer ${bearer}`, Date.now());

describe('a token of the identity provider', () => {
  it('says who calls and what their roles may do', async () => {
    expect(await ask(await provider.sign(staff))).toEqual({
      verdict: 'known',
      principal: { kind: 'staff', id: 'staff-17', roles: new Set(['view', 'approve']) },
    });
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
  ])('is refused: %s (%s)', async (_what, reason, bearer) => {
    expect(await ask(await bearer())).toEqual({ verdict: 'unknown', reason });
  });

  it.each<[string, Claims]>([
    ['names its bearer by an address', { ...staff, sub: PLANTED }],
    ['does not name its bearer', { ...staff, sub: undefined }],
  ])('is refused where it %s', async (_what, claims) => {
    expect(await ask(await provider.sign(claims))).toEqual({ verdict: 'unknown', reason: 'no-opaque-id' });
  });

  it.each<[string, Claims]>([
    ['none', { ...staff, roles: undefined }],
    ['one that is no text', { ...staff, roles: [{ name: 'privacy-officer' }] }],
    ['one that nobody has mapped', { ...staff, roles: 'constructor' }],
  ])('gives nothing for a role that is %s', async (_what, claims) => {
    expect(await ask(await provider.sign(claims))).toMatchObject({ principal: { roles: new Set() } });
  });

  it('is read where the settings say', async () => {
    const authenticate = authenticatorWith({
      actorClaim: 'https://company.example/staff',
      rolesClaim: 'realm_access.roles',
    });
    const named = {
      ...staff,
      sub: 'auth0|1',
      roles: undefined,
      'https://company.example/staff': 'staff-18',
      realm_access: { roles: 'privacy-officer' },
    };
    expect(await ask(await provider.sign(named), authenticate)).toMatchObject({
      principal: { id: 'staff-18', roles: new Set(['view', 'approve']) },
    });
    expect(await ask(await provider.sign(staff), authenticate)).toMatchObject({ reason: 'no-opaque-id' });
  });

  it('is worth nothing where there is no identity provider', async () => {
    const token = await provider.sign(staff);
    expect(await ask(token, createAuthenticator({}))).toEqual({ verdict: 'unknown', reason: 'no-identity-provider' });
  });
});

describe('an identity provider', () => {
  async function describing(body: (issuer: string) => unknown) {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end(JSON.stringify(body(issuerOf(server))));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = issuerOf(server);
    return {
      issuer,
      authenticate: authenticatorWith({ issuer }),
      asked: () => asked,
      stop: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  }
  const issuerOf = (server: ReturnType<typeof createServer>): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it('that is away is told apart from a token that does not hold', async () => {
    const answer = await ask(await provider.sign(staff), authenticatorWith({ issuer: 'http://127.0.0.1:9' }));
    expect(answer.verdict).toBe('provider-away');
  });

  it('that describes another issuer is not believed, and is left alone for a while', async () => {
    const other = await describing(() => ({ issuer: provider.issuer, jwks_uri: `${provider.issuer}/jwks` }));
    const token = await provider.sign(staff);
    const answers = [await ask(token, other.authenticate), await ask(token, other.authenticate)];
    other.stop();
    expect(answers).toEqual(Array(2).fill({ verdict: 'provider-away', reason: 'discovery-of-another-issuer' }));
    expect(other.asked()).toBe(1);
  });

  it('whose keys are to be fetched in the clear is not used', async () => {
    const other = await describing((issuer) => ({ issuer, jwks_uri: 'http://keys.example/jwks' }));
    const answer = await ask(await provider.sign({ ...staff, iss: other.issuer }), other.authenticate);
    other.stop();
    expect(answer).toEqual({ verdict: 'provider-away', reason: 'discovery-malformed' });
  });
});
