import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { CompactSign, UnsecuredJWT } from 'jose';
import { CAPABILITY_HEADER } from '../../security/capability-header';
import {
  CAPABILITY_SLACK_MS,
  createCapabilityChecker,
  createCapabilityIssuer,
  deliveryIdOf,
  type CapabilityChecker,
} from '../../security/callback-capability';
import { HOUR_MS } from '../../domain/duration';
import { createCertificateSigner } from '../../security/certificate-signature';
import { base64url, failureOf, makeKeys, NOW, otherRequestId, replaceAt, requestId, type Keys } from './key-fixtures';

const provider = 'measureone';
const typ = 'erasure-callback+jwt';
const identifier = 'idv_planted';
const runId = '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a12';

let keys: Keys;
let stranger: Keys;
let checker: CapabilityChecker;
let issued: { handle: string; capability: string };
beforeAll(async () => {
  keys = await makeKeys();
  stranger = await makeKeys();
  checker = createCapabilityChecker(keys.gateway);
  issued = await createCapabilityIssuer(keys.measureone).issue({
    requestId,
    runId,
    provider,
    identifier,
    waitsUntil: NOW,
  });
});

const exp = Math.floor((NOW + CAPABILITY_SLACK_MS) / 1_000);
const claimsNow = (): Record<string, unknown> => ({
  aud: 'test',
  purpose: 'callback',
  requestId,
  runId,
  provider,
  handle: issued.handle,
  exp,
});

async function signByHand(claims: object | string, header: object = {}, from: Keys = keys): Promise<string> {
  const { kty, crv, x, d, kid } = from.measureone.callback[0];
  return new CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'EdDSA', kid, typ, ...header })
    .sign({ kty, crv, x, d });
}

const check = (capability: unknown, handle: unknown = issued.handle, now = NOW) =>
  checker.check({ handle, capability, now });

describe('a capability', () => {
  it('says whom a callback is about', async () => {
    const subject = { requestId, runId, provider, handle: issued.handle, isPerson: expect.any(Function) };
    await expect(check(issued.capability)).resolves.toEqual(subject);
    await expect(check(await signByHand(claimsNow()))).resolves.toEqual(subject);
    expect(CAPABILITY_HEADER).toBe('x-erasure-capability');
  });

  it('has a handle that stays the same over retries and restarts, fits into a URL and says nothing', async () => {
    const again = await createCapabilityIssuer(keys.measureone).issue({
      requestId,
      runId,
      provider,
      identifier,
      waitsUntil: NOW + 86_400_000,
    });
    expect(again.handle).toBe(issued.handle);
    expect(issued.handle).toMatch(/^[A-Za-z0-9_-]{32}$/);
    const others = await Promise.all([
      createCapabilityIssuer(keys.measureone).issue({
        requestId: otherRequestId,
        runId,
        provider,
        identifier,
        waitsUntil: NOW,
      }),
      createCapabilityIssuer({ ...keys.measureone, environment: 'staging' }).issue({
        requestId,
        runId,
        provider,
        identifier,
        waitsUntil: NOW,
      }),
      createCapabilityIssuer(stranger.measureone).issue({ requestId, runId, provider, identifier, waitsUntil: NOW }),
    ]);
    expect(new Set([issued, ...others].map(({ handle }) => handle)).size).toBe(4);
  });

  it('tells whether an identifier is the person’s, without giving it away', async () => {
    const { isPerson } = (await check(issued.capability))!;
    const others = ['idv_Planted', 'idv_plante', 'idv_planted ', ' idv_planted', '', 'idv_planted\n', 'ｉdv_planted'];
    expect([identifier, ...others].map(isPerson)).toEqual([true, ...others.map(() => false)]);
    const claims = Buffer.from(issued.capability.split('.')[1]!, 'base64url').toString();
    expect(claims).not.toContain('planted');
    const digest = (JSON.parse(claims) as { identifierDigest: string }).identifierDigest;
    const again = await createCapabilityIssuer(keys.measureone).issue({
      requestId: otherRequestId,
      runId,
      provider,
      identifier,
      waitsUntil: NOW,
    });
    expect(Buffer.from(again.capability.split('.')[1]!, 'base64url').toString()).not.toContain(digest);
  });

  it('takes any identifier for the person’s where it was issued before 0.4, and does not say', async () => {
    const { isPerson } = (await check(await signByHand(claimsNow())))!;
    expect([identifier, 'idv_other'].map(isPerson)).toEqual([true, true]);
    const empty = (await check(await signByHand({ ...claimsNow(), identifierDigest: '' })))!;
    expect([identifier, '', 'idv_other'].map(empty.isPerson)).toEqual([false, false, false]);
  });

  it('fits into a header', () => {
    expect(issued.capability.length).toBeLessThan(1_024);
    expect(issued.capability).toMatch(/^[A-Za-z0-9_.-]+$/);
  });

  it('outlives what is waited for by 60 days, to the second', async () => {
    await expect(check(issued.capability, issued.handle, exp * 1_000 - 1)).resolves.toBeDefined();
    await expect(check(issued.capability, issued.handle, exp * 1_000)).resolves.toBeUndefined();
    await expect(check(issued.capability, issued.handle, Number.NaN)).resolves.toBeUndefined();
    expect(exp * 1_000 - NOW).toBe(60 * 24 * 3_600_000);
  });

  it('works at once when the workflow clock runs ahead of the wall', async () => {
    const ahead = await createCapabilityIssuer(keys.measureone).issue({
      requestId,
      runId,
      provider,
      identifier,
      waitsUntil: NOW + 400 * 86_400_000,
    });
    await expect(check(ahead.capability)).resolves.toBeDefined();
  });

  it('is issued only for a request id and the provider of the keys', async () => {
    const issuer = createCapabilityIssuer(keys.measureone);
    for (const wrong of [{ requestId: 'planted' }, { provider: 'person' as const }]) {
      const failure = await failureOf(
        issuer.issue({ requestId, runId, provider, identifier, waitsUntil: NOW, ...wrong }),
      );
      expect(failure).toBeInstanceOf(TypeError);
      expect(failure.message).not.toContain('planted');
    }
  });

  it('is accepted from every active key, and issued by the first', async () => {
    const rotated = { ...keys.measureone, callback: [stranger.measureone.callback[0], keys.measureone.callback[0]] };
    const fresh = await createCapabilityIssuer(rotated as never).issue({
      requestId,
      runId,
      provider,
      identifier,
      waitsUntil: NOW,
    });
    expect(JSON.parse(Buffer.from(fresh.capability.split('.')[0]!, 'base64url').toString())).toHaveProperty(
      'kid',
      stranger.measureone.callback[0].kid,
    );
    const gateway = { ...keys.gateway, callback: [...stranger.gateway.callback, ...keys.gateway.callback] };
    const both = createCapabilityChecker(gateway as never);
    await expect(both.check({ ...fresh, now: NOW })).resolves.toBeDefined();
    await expect(both.check({ ...issued, now: NOW })).resolves.toBeDefined();
    await expect(check(fresh.capability, fresh.handle)).resolves.toBeUndefined();
  });
});

describe('the check refuses', () => {
  it('every change of every character', async () => {
    for (let at = 0; at < issued.capability.length; at += 1) {
      for (const replacement of ['A', 'B', 'Q', 'g', '=', '.', ' ', '\u0000']) {
        if (issued.capability[at] === replacement) continue;
        await expect(check(replaceAt(issued.capability, at, replacement))).resolves.toBeUndefined();
      }
    }
  });

  it('another handle', async () => {
    const other = await createCapabilityIssuer(keys.measureone).issue({
      requestId: otherRequestId,
      runId,
      provider,
      identifier,
      waitsUntil: NOW,
    });
    for (const handle of [
      other.handle,
      '',
      issued.handle.slice(1),
      `${issued.handle}A`,
      undefined,
      null,
      5,
      [issued.handle],
      {},
      'x'.repeat(1e6),
    ]) {
      await expect(checker.check({ handle, capability: issued.capability, now: NOW })).resolves.toBeUndefined();
    }
  });

  it('another environment', async () => {
    const elsewhere = await createCapabilityIssuer({ ...keys.measureone, environment: 'staging' }).issue({
      requestId,
      runId,
      provider,
      identifier,
      waitsUntil: NOW,
    });
    await expect(check(elsewhere.capability, elsewhere.handle)).resolves.toBeUndefined();
    await expect(
      createCapabilityChecker({ ...keys.gateway, environment: 'staging' }).check({ ...issued, now: NOW }),
    ).resolves.toBeUndefined();
  });

  it('a stranger, also under our kid', async () => {
    const { kid } = keys.measureone.callback[0];
    await expect(check(await signByHand(claimsNow(), {}, stranger))).resolves.toBeUndefined();
    await expect(check(await signByHand(claimsNow(), { kid }, stranger))).resolves.toBeUndefined();
  });

  it('another purpose, type or form of claims, though signed by our key', async () => {
    const changes = [
      { purpose: 'token' },
      { purpose: undefined },
      { aud: ['test'] },
      { aud: undefined },
      { requestId: 'not-a-uuid' },
      { requestId: requestId.toUpperCase() },
      { provider: 'stranger' },
      { provider: '__proto__' },
      { exp: undefined },
      { exp: String(exp) },
      { exp: exp + 0.5 },
      { exp: 1e300 },
      { handle: undefined },
      { iat: 1 },
      { nbf: exp },
    ];
    for (const change of changes) {
      await expect(check(await signByHand({ ...claimsNow(), ...change }))).resolves.toBeUndefined();
    }
    for (const header of [
      { typ: 'JWT' },
      { typ: undefined },
      { typ: 'erasure-certificate+jwt' },
      { kid: undefined },
      { cty: 'x' },
    ]) {
      await expect(check(await signByHand(claimsNow(), header))).resolves.toBeUndefined();
    }
    for (const text of ['', 'null', '[]', '{', '"x"', '\uFEFF{}']) {
      await expect(check(await signByHand(text))).resolves.toBeUndefined();
    }
    const asCertificate = { ...keys.certificate, certificate: keys.measureone.callback };
    await expect(check(await createCertificateSigner(asCertificate).sign(claimsNow()))).resolves.toBeUndefined();
  });

  it('no signature, or one made with the public key as the secret', async () => {
    const [publicKey] = keys.gateway.callback;
    const secrets = [
      Buffer.from(publicKey.x, 'base64url'),
      Buffer.from(publicKey.x),
      Buffer.from(JSON.stringify(publicKey)),
    ];
    for (const alg of ['none', 'None', 'HS256', 'EdDSA', 'Ed25519']) {
      const input = `${base64url({ alg, kid: publicKey.kid, typ })}.${base64url(claimsNow())}`;
      await expect(check(`${input}.`)).resolves.toBeUndefined();
      for (const secret of secrets) {
        const signature = createHmac('sha256', secret).update(input).digest('base64url');
        await expect(check(`${input}.${signature}`)).resolves.toBeUndefined();
      }
    }
    await expect(check(new UnsecuredJWT(claimsNow()).encode())).resolves.toBeUndefined();
  });

  it('anything huge before it is parsed', async () => {
    const hugeClaims = await signByHand({ ...claimsNow(), more: 'x'.repeat(5_000) });
    for (const text of [
      hugeClaims,
      'A'.repeat(10_000_000),
      '.'.repeat(10_000_000),
      `${issued.capability}${'='.repeat(1_000)}`,
    ]) {
      const startedAt = performance.now();
      await expect(check(text)).resolves.toBeUndefined();
      expect(performance.now() - startedAt).toBeLessThan(500);
    }
  });

  it('what is no text, without throwing', async () => {
    for (const value of [undefined, null, 5, {}, [], [issued.capability], Buffer.from(issued.capability)]) {
      await expect(check(value)).resolves.toBeUndefined();
    }
  });

  it('10,000 made up or mutated capabilities', async () => {
    const { capability } = issued;
    const parts = capability.split('.');
    const part = fc.oneof(
      fc.constantFrom(...parts),
      fc.base64String({ maxLength: 80 }),
      fc.json({ maxDepth: 2 }).map((text) => base64url(text)),
      fc
        .record({
          alg: fc.constantFrom('EdDSA', 'none', 'HS256'),
          kid: fc.constantFrom(keys.gateway.callback[0].kid, 'x'),
        })
        .map((header) => base64url({ ...header, typ })),
      fc.record({ requestId: fc.uuid(), exp: fc.nat() }).map((change) => base64url({ ...claimsNow(), ...change })),
    );
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.tuple(part, part, part).map((made) => made.join('.')),
      fc
        .tuple(fc.nat({ max: capability.length }), fc.nat({ max: 20 }), fc.string({ maxLength: 20 }))
        .map(([at, length, insert]) => capability.slice(0, at) + insert + capability.slice(at + length)),
      fc.anything(),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(hostile, async (value) => {
        if (value === capability) return;
        expect(await check(value)).toBeUndefined();
        refused += 1;
      }),
      { numRuns: 10_000 },
    );
    expect(refused).toBeGreaterThan(9_000);
  });
});

describe('deliveryIdOf', () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const event = 'individual.purged';

  const heard = (more: object, receivedAt = NOW): string =>
    deliveryIdOf({ handle: issued.handle, receivedAt, event, ...more });

  it('is one UUID for each handle that confirms', () => {
    expect(heard({})).toMatch(uuid);
    expect(heard({})).toBe(heard({}));
    expect(heard({})).not.toBe(heard({ handle: 'another' }));
  });

  it('is another one for each thing said, and for each hour: a round that is asked again is confirmed again', () => {
    const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS;
    const ids = [{}, { says: 'failure' }, { says: 'no-event' }].flatMap((said) =>
      [hour, hour + HOUR_MS].map((at) => heard(said, at)),
    );
    for (const id of ids) expect(id).toMatch(uuid);
    expect(new Set(ids).size).toBe(6);
    expect(heard({}, hour + HOUR_MS - 1)).toBe(ids[0]);
    expect(heard({ says: 'failure' }, hour + HOUR_MS - 1)).toBe(ids[2]);
  });
});
