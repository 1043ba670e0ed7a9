import { createHmac } from 'node:crypto';
import { CompactSign } from 'jose';
import { createCapabilityIssuer } from '../../security/callback-capability';
import {
  createTokenChecker,
  createTokenIssuer,
  TOKEN_CLOCK_TOLERANCE_MS,
  TOKEN_LIFETIME_MS,
  type TokenChecker,
} from '../../security/callback-token';
import type { GatewayKeys } from '../../security/key-table';
import { base64url, makeKeys, NOW, replaceAt, requestId, type Keys } from './key-fixtures';

const provider = 'measureone';
const handle = 'h'.repeat(32);
const typ = 'erasure-callback-token+jwt';
const iat = NOW / 1_000;

let keys: Keys;
let stranger: Keys;
let checker: TokenChecker;
let token: string;
beforeAll(async () => {
  keys = await makeKeys();
  stranger = await makeKeys();
  checker = createTokenChecker(keys.gateway);
  token = await createTokenIssuer(keys.gateway).issue({ provider, handle, now: NOW });
});

const check = (presented: unknown, more: Partial<Parameters<TokenChecker['check']>[0]> = {}) =>
  checker.check({ token: presented, provider, handle, now: NOW, ...more });

const claimsNow = { iss: 'erasure-gateway', aud: 'test', provider, handle, iat, exp: iat + 300 };

function signByHand(claims: object | string, header: object = {}, from: GatewayKeys = keys.gateway): Promise<string> {
  const [{ k, kid }] = from.token;
  return new CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', kid, typ, ...header })
    .sign(Buffer.from(k, 'base64url'));
}

describe('a token', () => {
  it('is a JWT (HS256) that says for which callback it is, and nothing about anybody', async () => {
    const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header ?? '')).toEqual({ alg: 'HS256', kid: keys.gateway.token[0].kid, typ });
    expect(JSON.parse(claims ?? '')).toEqual(claimsNow);
    expect(token.length).toBeLessThan(1_024);
    expect(await check(token)).toBe('valid');
    expect(await check(await signByHand(claimsNow))).toBe('valid');
  });

  it('is good for its own callback only', async () => {
    expect(await check(token, { handle: `${'h'.repeat(31)}i` })).toBe('another-callback');
    expect(await check(token, { handle: '' })).toBe('another-callback');
    expect(await check(token, { provider: 'person' })).toBe('another-callback');
  });

  it('is valid for five minutes, and half a minute more or less for clocks that differ', async () => {
    const end = NOW + TOKEN_LIFETIME_MS + TOKEN_CLOCK_TOLERANCE_MS;
    expect([TOKEN_LIFETIME_MS, TOKEN_CLOCK_TOLERANCE_MS]).toEqual([300_000, 30_000]);
    expect(await check(token, { now: end - 1 })).toBe('valid');
    expect(await check(token, { now: end })).toBe('expired');
    expect(await check(token, { now: NOW - TOKEN_CLOCK_TOLERANCE_MS })).toBe('valid');
    expect(await check(token, { now: NOW - TOKEN_CLOCK_TOLERANCE_MS - 1 })).toBe('expired');
    expect(await check(token, { now: Number.NaN })).toBe('expired');
  });

  it('does not live longer by claiming so, though signed by our key', async () => {
    const forEver = await signByHand({ ...claimsNow, exp: iat + 1e9 });
    expect(await check(forEver)).toBe('valid');
    expect(await check(forEver, { now: NOW + TOKEN_LIFETIME_MS + TOKEN_CLOCK_TOLERANCE_MS })).toBe('expired');
    const over = await signByHand({ ...claimsNow, exp: iat - 60 });
    expect(await check(over)).toBe('expired');
  });

  it('is signed by the first key and accepted from every one, so that a key can be changed', async () => {
    const rotated: GatewayKeys = { ...keys.gateway, token: [...stranger.gateway.token, ...keys.gateway.token] };
    const fresh = await createTokenIssuer(rotated).issue({ provider, handle, now: NOW });
    const both = createTokenChecker(rotated);
    for (const presented of [token, fresh]) {
      expect(await both.check({ token: presented, provider, handle, now: NOW })).toBe('valid');
    }
    expect(await check(fresh)).toBe('unknown-key');
  });

  it('is issued for a handle only', async () => {
    const issuer = createTokenIssuer(keys.gateway);
    await expect(issuer.issue({ provider, handle: 'planted', now: NOW })).rejects.toThrow(
      new TypeError('A token is issued for a handle.'),
    );
  });
});

describe('the check refuses', () => {
  it('every change of every character', async () => {
    const changes = token
      .split('')
      .flatMap((character, at) =>
        ['A', 'Q', 'g', '=', '.', ' ']
          .filter((other) => other !== character)
          .map((other) => replaceAt(token, at, other)),
      );
    expect(changes.length).toBeGreaterThan(1_500);
    const verdicts = await Promise.all(changes.map((changed) => check(changed)));
    expect(verdicts.filter((verdict) => verdict === 'valid')).toEqual([]);
  });

  it('another environment, a stranger, and our kid over a stranger’s key', async () => {
    const elsewhere = createTokenIssuer({ ...keys.gateway, environment: 'staging' });
    expect(await check(await elsewhere.issue({ provider, handle, now: NOW }))).toBe('not-for-us');
    expect(await check(await signByHand(claimsNow, {}, stranger.gateway))).toBe('unknown-key');
    const { kid } = keys.gateway.token[0];
    expect(await check(await signByHand(claimsNow, { kid }, stranger.gateway))).toBe('altered');
  });

  it.each<[string, object]>([
    ['another issuer', { iss: 'someone' }],
    ['a list of audiences', { aud: ['test'] }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['an end as text', { exp: '1' }],
    ['half a second', { exp: iat + 0.5 }],
    ['no beginning', { iat: undefined }],
    ['an unknown provider', { provider: '__proto__' }],
    ['a handle of another form', { handle: 'x' }],
    ['more than we say', { sub: 'x' }],
  ])('%s, though signed by our key', async (_what, change) => {
    expect(await check(await signByHand({ ...claimsNow, ...change }))).toBe('not-for-us');
  });

  it.each<[string, object, string]>([
    ['another type', { typ: 'JWT' }, 'wrong-type'],
    ['the type of a capability', { typ: 'erasure-callback+jwt' }, 'wrong-type'],
    ['another HMAC', { alg: 'HS384' }, 'algorithm-not-allowed'],
    ['no type', { typ: undefined }, 'malformed'],
    ['a header of its own', { cty: 'JWT' }, 'malformed'],
  ])('%s in the signed header', async (_what, header, reason) => {
    // Longer than ours, so that HS384 may be signed with it at all.
    const long = Buffer.alloc(64, 1).toString('base64url');
    const { kid } = keys.gateway.token[0];
    const from = 'alg' in header ? { ...keys.gateway, token: [{ ...keys.gateway.token[0], k: long, kid }] } : undefined;
    expect(await check(await signByHand(claimsNow, header, from as GatewayKeys | undefined))).toBe(reason);
  });

  it('no signature at all, or one with the kid as the secret', async () => {
    const { kid } = keys.gateway.token[0];
    for (const alg of ['none', 'None', 'HS256']) {
      const input = `${base64url({ alg, kid, typ })}.${base64url(claimsNow)}`;
      expect(await check(`${input}.`)).not.toBe('valid');
      expect(await check(`${input}.${createHmac('sha256', kid).update(input).digest('base64url')}`)).not.toBe('valid');
    }
  });

  it('a capability in the place of a token', async () => {
    const issued = await createCapabilityIssuer(keys.measureone).issue({
      requestId,
      runId: requestId,
      provider,
      identifier: 'idv_planted',
      waitsUntil: NOW,
    });
    expect(await check(issued.capability, { handle: issued.handle })).toBe('algorithm-not-allowed');
  });

  it('what is no text, or too long, without throwing', async () => {
    for (const value of [undefined, null, 5, {}, [token], Buffer.from(token), '', '..', 'x'.repeat(1e6)]) {
      expect(await check(value)).toBe('malformed');
    }
  });
});
