import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt, CompactSign, UnsecuredJWT } from 'jose';
import { parseErasureRequest } from '../../domain/request/request';
import type { ProviderKeys } from '../../security/key-table';
import { createOpener, createSealer, isIdentifier, SealError, subjectHashes } from '../../security/sealing';
import { base64url, failureOf, makeKeys, NOW, otherRequestId, replaceAt, requestId, type Keys } from './key-fixtures';

const identifier = 'planted-subject@example.org';
const provider = 'person';
const call = { requestId, provider } as const;

let keys: Keys;
let stranger: Keys;
beforeAll(async () => {
  keys = await makeKeys();
  stranger = await makeKeys();
});

const seal = (from: Keys = keys): Promise<string> => createSealer(from.client).seal({ ...call, identifier });
const open = (sealed: string, overrides: Partial<Parameters<ReturnType<typeof createOpener>['open']>[0]> = {}) =>
  createOpener(keys.providers.person)
    .open({ ...call, sealed, ...overrides } as never)
    .then((opened) => opened.identifier);

async function refusalOf(promise: Promise<unknown>): Promise<SealError> {
  const failure = await failureOf(promise);
  expect(failure).toBeInstanceOf(SealError);
  expect(`${failure.stack} ${JSON.stringify(failure)}`).not.toContain(identifier);
  expect(failure.cause).toBeUndefined();
  return failure as SealError;
}

/** Seals by hand, to break one thing at a time. */
async function sealByHand(
  change: {
    claims?: object;
    jws?: string;
    signedBy?: Keys;
    innerHeader?: object;
    header?: object;
    sealedTo?: Keys;
    padding?: string;
  } = {},
): Promise<string> {
  const intake = (change.signedBy ?? keys).client.intake[0];
  const recipient = (change.sealedTo ?? keys).client.sealing.person![0];
  const claims = { requestId, provider, environment: 'test', identifier, ...change.claims };
  const jws =
    change.jws ??
    (await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'EdDSA', kid: intake.kid, typ: 'erasure-identifier+jwt', ...change.innerHeader })
      .sign(intake));
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid: recipient.kid, typ: 'erasure-sealed+jwe', env: 'test' };
  // Without `alg`, so that the key itself does not stop what the opener is to stop.
  const { kty, crv, x } = recipient;
  return new CompactEncrypt(Buffer.from(jws + (change.padding ?? '')))
    .setProtectedHeader({ ...header, ...change.header })
    .encrypt({ kty, crv, x });
}

describe('seal and open', () => {
  it('gives back exactly the identifier, whatever its characters', async () => {
    const sealer = createSealer(keys.client);
    const opener = createOpener(keys.providers.person);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), async (text) => {
        expect(await opener.open({ ...call, sealed: await sealer.seal({ ...call, identifier: text }) })).toEqual({
          identifier: text,
        });
      }),
    );
    for (const text of [' trailing ', '\u0000', '"', '\uFEFFbom', 'é', 'e\u0301', '__proto__', '😀']) {
      expect(await opener.open({ ...call, sealed: await sealer.seal({ ...call, identifier: text }) })).toEqual({
        identifier: text,
      });
    }
  });

  it('opens what is made by hand the same way (so that the refusals below mean what they say)', async () => {
    await expect(open(await sealByHand())).resolves.toBe(identifier);
    await expect(open(await sealByHand({ padding: '   ' }))).resolves.toBe(identifier);
  });

  it('passes the guard of the workflow, also at the longest', async () => {
    for (const text of [identifier, '\u0001'.repeat(512), '\uFFFF'.repeat(512)]) {
      const sealed = await createSealer({ ...keys.client, environment: 'e'.repeat(32) }).seal({
        ...call,
        identifier: text,
      });
      const input = { requestId, regulation: 'gdpr', submittedAt: '2026-11-22T09:00:00Z', subject: { person: sealed } };
      expect(parseErasureRequest(input, { requestIdOfWorkflow: requestId, now: NOW })).toHaveProperty('request');
      const worker = createOpener({ ...keys.providers.person, environment: 'e'.repeat(32) });
      await expect(worker.open({ ...call, sealed })).resolves.toEqual({ identifier: text });
    }
  });

  it('never seals the same text twice, and shows nothing of the subject or the request', async () => {
    const [first, second] = [await seal(), await seal()];
    expect(first).not.toBe(second);
    const header = JSON.parse(Buffer.from(first.split('.')[0]!, 'base64url').toString()) as object;
    expect(Object.keys(header).toSorted()).toEqual(['alg', 'enc', 'env', 'epk', 'kid', 'typ']);
    expect(JSON.stringify(header)).not.toContain(requestId);
  });

  it('does not betray how long the identifier is', async () => {
    const sealer = createSealer(keys.client);
    const lengths = new Set<number>();
    for (let length = 1; length <= 90; length += 1) {
      lengths.add((await sealer.seal({ ...call, identifier: 'x'.repeat(length) })).length);
    }
    expect(lengths.size).toBe(1);
    const { plaintext } = await compactDecrypt(await seal(), keys.providers.person.sealing[0]);
    expect(plaintext.length % 256).toBe(0);
  });

  it.each(['', 'x'.repeat(513), 'half \uD800', '\uDC00'])('does not seal %j', async (text) => {
    expect(isIdentifier(text)).toBe(false);
    const failure = await failureOf(createSealer(keys.client).seal({ ...call, identifier: text }));
    expect(failure).toMatchObject({ name: 'SealError', code: 'unusable' });
    expect(text !== '' && failure.message.includes(text)).toBe(false);
  });

  it.each([undefined, null, 5, {}, ['x']])('does not seal what is no text: %j', async (value) => {
    await expect(createSealer(keys.client).seal({ ...call, identifier: value as never })).rejects.toThrow(SealError);
  });

  it('does not seal for a request id that is none, or a provider it has no key of', async () => {
    const sealer = createSealer(keys.client);
    expect(await refusalOf(sealer.seal({ ...call, identifier, requestId: identifier }))).toHaveProperty(
      'code',
      'unusable',
    );
    const { person: _, ...fewer } = keys.client.sealing;
    const refused = createSealer({ ...keys.client, sealing: fewer }).seal({ ...call, identifier });
    expect(await refusalOf(refused)).toHaveProperty('code', 'key-unavailable');
    expect(await refusalOf(sealer.seal({ ...call, identifier, provider: 'toString' as never }))).toBeDefined();
  });
});

describe('open refuses', () => {
  it('every change of every character', async () => {
    const sealed = await seal();
    const opener = createOpener(keys.providers.person);
    for (let at = 0; at < sealed.length; at += 1) {
      // The neighbour in the alphabet differs in the lowest bits: in a last character those are the spare ones.
      for (const replacement of [neighbourOf(sealed[at]!), '=', ' ']) {
        const failure = await refusalOf(opener.open({ ...call, sealed: replaceAt(sealed, at, replacement) }));
        expect(['unusable', 'key-unavailable']).toContain(failure.code);
      }
    }
  });

  it('what is cut, extended, or put together from two', async () => {
    const [one, other] = [(await seal()).split('.'), (await seal()).split('.')];
    const texts = [
      ...one.map((_, index) => one.with(index, other[index]!).join('.')).filter((text) => text !== one.join('.')),
      ...one.map((_, index) => one.with(index, '').join('.')).filter((text) => text !== one.join('.')),
      one.slice(0, 4).join('.'),
      [...one, 'AAAA'].join('.'),
      one.with(1, 'AAAA').join('.'),
      `${one.join('.')}\n`,
      ` ${one.join('.')}`,
      `${one.join('.')}==`,
    ];
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect(await refusalOf(open(text))).toHaveProperty('code', 'unusable');
  });

  it('what is no sealed identifier at all, or far too long', async () => {
    const jws = await new CompactSign(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(keys.client.intake[0]);
    const texts = [
      '',
      '.',
      '....',
      identifier,
      '{}',
      jws,
      `${'A'.repeat(9_000)}....`,
      `${base64url('[]')}....`,
      'A'.repeat(5e6),
    ];
    for (const text of texts) expect(await refusalOf(open(text))).toHaveProperty('code', 'unusable');
    for (const value of [undefined, null, 5, {}, []]) {
      expect(await refusalOf(open(value as never))).toHaveProperty('code', 'unusable');
    }
  });

  it('an identifier of another request', async () => {
    const failure = await refusalOf(open(await seal(), { requestId: otherRequestId }));
    expect(failure).toMatchObject({ code: 'unusable', message: expect.stringContaining('another request') });
  });

  it('an identifier of another provider', async () => {
    const sealed = await createSealer(keys.client).seal({ requestId, provider: 'aptrinsic', identifier });
    expect(await refusalOf(open(sealed))).toHaveProperty('code', 'key-unavailable');
    // Also when it was sealed anew to this provider's key, or when the caller asks for the other one.
    const anew = await sealByHand({ claims: { provider: 'aptrinsic' } });
    for (const refused of [
      open(anew),
      open(anew, { provider: 'aptrinsic' }),
      open(await seal(), { provider: 'aptrinsic' }),
    ]) {
      const failure = await refusalOf(refused);
      expect(failure).toMatchObject({ code: 'unusable', message: expect.stringContaining('another provider') });
    }
  });

  it('an identifier of another environment, by its header or by its claims', async () => {
    const elsewhere = await createSealer({ ...keys.client, environment: 'staging' }).seal({ ...call, identifier });
    const headerOnly = await sealByHand({ header: { env: 'staging' } });
    for (const sealed of [elsewhere, headerOnly, await sealByHand({ claims: { environment: 'staging' } })]) {
      const failure = await refusalOf(open(sealed));
      expect(failure).toMatchObject({ code: 'unusable', message: expect.stringContaining('another environment') });
    }
  });

  it('what a stranger signed, though sealed to our key and naming a kid of ours', async () => {
    const failure = await refusalOf(open(await sealByHand({ signedBy: stranger })));
    expect(failure).toMatchObject({ code: 'unusable', message: expect.stringContaining('no client that is trusted') });
    const underOurKeyId = await sealByHand({ signedBy: stranger, innerHeader: { kid: keys.client.intake[0].kid } });
    expect(await refusalOf(open(underOurKeyId))).toHaveProperty('code', 'unusable');
  });

  it('what was sealed to a key we do not have, as something that may come', async () => {
    expect(await refusalOf(open(await sealByHand({ sealedTo: stranger })))).toHaveProperty('code', 'key-unavailable');
    const underOurKeyId = await sealByHand({ sealedTo: stranger, header: { kid: keys.client.sealing.person![0].kid } });
    expect(await refusalOf(open(underOurKeyId))).toHaveProperty('code', 'unusable');
  });

  it('a signature that is none, or is made with a public key as the secret', async () => {
    const { kid, x } = keys.providers.person.intake[0];
    const claims = { requestId, provider, environment: 'test', identifier };
    const payload = base64url(claims);
    const forged = ['none', 'HS256', 'EdDSA', 'Ed25519', ''].flatMap((alg) => {
      const input = `${base64url({ alg, kid, typ: 'erasure-identifier+jwt' })}.${payload}`;
      const secrets = [
        Buffer.from(x, 'base64url'),
        Buffer.from(x),
        Buffer.from(JSON.stringify(keys.providers.person.intake[0])),
      ];
      return ['', ...secrets.map((secret) => createHmac('sha256', secret).update(input).digest('base64url'))].map(
        (signature) => `${input}.${signature}`,
      );
    });
    for (const jws of [...forged, new UnsecuredJWT(claims).encode(), JSON.stringify(claims), payload, '']) {
      expect(await refusalOf(open(await sealByHand({ jws })))).toHaveProperty('code', 'unusable');
    }
  });

  it('a signature made for something else by the same key', async () => {
    for (const innerHeader of [{ typ: 'JWT' }, { typ: 'erasure-callback+jwt' }, { typ: undefined }, { cty: 'x' }]) {
      expect(await refusalOf(open(await sealByHand({ innerHeader })))).toHaveProperty('code', 'unusable');
    }
  });

  it('a header with anything but what we write', async () => {
    const headers = [
      { zip: 'DEF' },
      { zip: undefined, cty: 'JWT' },
      { alg: 'ECDH-ES+A256KW' },
      { enc: 'A128GCM' },
      { enc: 'A256CBC-HS512' },
      { typ: 'JWT' },
      { typ: undefined },
      { apu: 'AAAA' },
      { kid: undefined },
      { env: undefined },
    ];
    for (const header of headers) {
      expect(await refusalOf(open(await sealByHand({ header })))).toHaveProperty('code', 'unusable');
    }
    // `dir` and key wrapping with a secret that everybody knows: the public key.
    const secret = Buffer.from(keys.client.sealing.person![0].x, 'base64url');
    for (const alg of ['dir', 'A256KW', 'A256GCMKW']) {
      const sealed = await new CompactEncrypt(Buffer.from('x'))
        .setProtectedHeader({
          alg,
          enc: 'A256GCM',
          kid: keys.client.sealing.person![0].kid,
          typ: 'erasure-sealed+jwe',
          env: 'test',
        })
        .encrypt(secret);
      expect(await refusalOf(open(sealed))).toHaveProperty('code', 'unusable');
    }
  });

  it('a point that makes the shared secret known', async () => {
    const parts = (await seal()).split('.');
    const header = JSON.parse(Buffer.from(parts[0]!, 'base64url').toString()) as { epk: { x: string } };
    header.epk.x = Buffer.alloc(32).toString('base64url');
    expect(await refusalOf(open(parts.with(0, base64url(header)).join('.')))).toHaveProperty('code', 'unusable');
  });

  it('claims that are not what a client seals', async () => {
    const wrong = [
      { identifier: '' },
      { identifier: 'x'.repeat(513) },
      { identifier: 'half \uD800' },
      { identifier: 5 },
      { identifier: undefined },
      { identifier: [identifier] },
      { requestId: undefined },
      { more: 1 },
    ];
    for (const claims of wrong) {
      expect(await refusalOf(open(await sealByHand({ claims })))).toHaveProperty('code', 'unusable');
    }
  });

  it('anything hostile, with an error that names neither content nor cause', async () => {
    const opener = createOpener(keys.providers.person);
    const sealed = await seal();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 40 }), fc.string({ maxLength: 40 }), async (at, length, insert) => {
        const start = at % sealed.length;
        const mutated = sealed.slice(0, start) + insert + sealed.slice(start + length);
        fc.pre(mutated !== sealed);
        expect(await refusalOf(opener.open({ ...call, sealed: mutated }))).toBeDefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('a planted identifier without ever naming it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 }),
        fc.constantFrom('request', 'provider', 'environment', 'stranger', 'kid', 'plain', 'header'),
        async (planted, fault) => {
          const claims = { identifier: planted };
          const texts: Record<typeof fault, () => Promise<string>> = {
            request: () => sealByHand({ claims: { ...claims, requestId: planted } }),
            provider: () => sealByHand({ claims: { ...claims, provider: planted } }),
            environment: () => sealByHand({ claims: { ...claims, environment: planted } }),
            stranger: () =>
              sealByHand({ claims, signedBy: stranger, innerHeader: { kid: base64url(planted).slice(0, 64) } }),
            kid: () => sealByHand({ claims, header: { kid: planted } }),
            plain: () => Promise.resolve(planted),
            header: () => sealByHand({ claims, header: { [planted]: planted } }),
          };
          const failure = await failureOf(open(await texts[fault]()));
          expect(failure).toBeInstanceOf(SealError);
          const shown = `${failure.message} ${JSON.stringify(failure)} ${String(failure.cause)}`;
          expect(shown).not.toContain(planted);
          expect(shown).not.toContain(base64url(planted).slice(0, 10));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('rotation', () => {
  it('seals to and signs with the first key, and opens with every key', async () => {
    const next = await makeKeys();
    const client = {
      ...keys.client,
      intake: [next.client.intake[0], ...keys.client.intake] as const,
      sealing: { person: [next.client.sealing.person![0], ...keys.client.sealing.person!] as const },
    };
    const worker = {
      ...keys.providers.person,
      sealing: [next.providers.person.sealing[0], ...keys.providers.person.sealing] as const,
      intake: [next.providers.person.intake[0], ...keys.providers.person.intake] as const,
    };
    const sealed = await createSealer(client as never).seal({ ...call, identifier });
    await expect(createOpener(worker as never).open({ ...call, sealed })).resolves.toEqual({ identifier });
    await expect(createOpener(worker as never).open({ ...call, sealed: await seal() })).resolves.toEqual({
      identifier,
    });
    // A worker that has not got the new keys yet: to be tried again once it has.
    expect(await refusalOf(open(sealed))).toHaveProperty('code', 'key-unavailable');
    // A worker whose old sealing key was retired can read no old history.
    const retired = { ...worker, sealing: [next.providers.person.sealing[0]] };
    const old = createOpener(retired as never).open({ ...call, sealed: await seal() });
    expect(await refusalOf(old)).toHaveProperty('code', 'key-unavailable');
    // A retired intake key cannot cause an erasure any more.
    const distrusting = { ...worker, intake: [next.providers.person.intake[0]] };
    const distrusted = createOpener(distrusting as never).open({ ...call, sealed: await seal() });
    expect(await refusalOf(distrusted)).toHaveProperty('code', 'unusable');
  });
});

describe('fingerprints', () => {
  const request = {
    requestId,
    regulation: 'gdpr',
    subject: { person: { personId: identifier } },
    ground: undefined,
    n: [1, null, true, { a: [] }],
  };

  it('are the same for the same content, in any order of members', async () => {
    const [one] = await createSealer(keys.client).fingerprints(request);
    const reordered = { n: request.n, subject: { person: { personId: identifier } }, regulation: 'gdpr', requestId };
    expect(await createSealer(keys.client).fingerprints(reordered)).toEqual([one]);
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('differ for every other content, key and environment', async () => {
    const all = await Promise.all([
      createSealer(keys.client).fingerprints(request),
      createSealer(keys.client).fingerprints({ ...request, regulation: 'ccpa' }),
      createSealer(keys.client).fingerprints({ ...request, n: [1, null, true, { a: [[]] }] }),
      createSealer(keys.client).fingerprints({ ...request, subject: { person: { personId: `${identifier} ` } } }),
      createSealer(keys.client).fingerprints({ ...request, subject: { measureone: { individualId: identifier } } }),
      createSealer(stranger.client).fingerprints(request),
      createSealer({ ...keys.client, environment: 'staging' }).fingerprints(request),
    ]);
    expect(new Set(all.flat()).size).toBe(all.length);
  });

  it('come one per intake key, the one to store first', async () => {
    const client = { ...keys.client, intake: [stranger.client.intake[0], ...keys.client.intake] as const };
    const both = await createSealer(client as never).fingerprints(request);
    expect(both).toEqual([
      ...(await createSealer(stranger.client).fingerprints(request)),
      ...(await createSealer(keys.client).fingerprints(request)),
    ]);
  });

  it.each([
    ['a Map', { subject: new Map([['a', 1]]) }],
    ['a Date', { at: new Date(0) }],
    ['NaN', { n: Number.NaN }],
    ['a function', { f: () => 1 }],
    ['a bigint', { n: 1n }],
    ['undefined', undefined],
    ['undefined in a list', [undefined]],
    ['a hole in a list', Array(2)],
    ['half a surrogate pair', { text: '\uD800' }],
    ['its own toJSON', { toJSON: () => 1 }],
  ])('refuse %s, which canonical JSON would lose', async (_, value) => {
    await expect(createSealer(keys.client).fingerprints(value)).rejects.toThrow(TypeError);
  });
});

describe('hashes', () => {
  it('are keyed, deterministic, and differ by provider and purpose', () => {
    const person = createOpener(keys.providers.person);
    const aptrinsic = createOpener(keys.providers.aptrinsic);
    expect(person.subjectHash(identifier)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(createOpener(keys.providers.person).subjectHash(identifier)).toBe(person.subjectHash(identifier));
    const sameSecret = createOpener({ ...keys.providers.aptrinsic, hashing: keys.providers.person.hashing });
    const all = [
      person.subjectHash(identifier),
      person.subjectHash(`${identifier} `),
      person.bodyHmac(identifier),
      aptrinsic.subjectHash(identifier),
      sameSecret.subjectHash(identifier),
      createHmac('sha256', Buffer.from(keys.providers.person.hashing[0].k, 'base64url'))
        .update(identifier)
        .digest('base64url'),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(person.hashKeyId).toBe(keys.providers.person.hashing[0].kid);
  });

  it('are made with the first hashing key', () => {
    const rotated = {
      ...keys.providers.person,
      hashing: [stranger.providers.person.hashing[0], ...keys.providers.person.hashing],
    };
    const opener = createOpener(rotated as never);
    expect(opener.subjectHash(identifier)).toBe(createOpener(stranger.providers.person).subjectHash(identifier));
    expect(opener.hashKeyId).toBe(stranger.providers.person.hashing[0].kid);
  });

  it('can be made anew with each key that there is', () => {
    const [mine, theirs] = [keys.providers.person, stranger.providers.person];
    const rotated = { ...mine, hashing: [...theirs.hashing, ...mine.hashing] } as ProviderKeys;
    expect([...subjectHashes(rotated, identifier)]).toEqual(
      [theirs, mine].map((one) => [one.hashing[0].kid, createOpener(one).subjectHash(identifier)]),
    );
  });

  it('have no body digest for an empty body', () => {
    const opener = createOpener(keys.providers.person);
    expect(opener.bodyHmac('')).toBeUndefined();
    expect(opener.bodyHmac(' ')).toBeDefined();
  });
});

it('keeps private keys out of what a careless log line would show', () => {
  const shown = JSON.stringify([createSealer(keys.client), createOpener(keys.providers.person)]);
  expect(shown).not.toContain(keys.client.intake[0].d);
});

function neighbourOf(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const index = alphabet.indexOf(character);
  return index === -1 ? 'A' : alphabet[index ^ 1]!;
}
