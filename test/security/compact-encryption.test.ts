import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { compactDecrypt, CompactEncrypt, CompactSign, compactVerify, type JWK } from 'jose';
import { defined } from '../../domain/defined';
import { decryptCompact, encryptCompact, type EphemeralKey } from '../../security/compact-encryption';
import { createClaimsChecker, createClaimsSigner } from '../../security/signed-claims';
import { makeKeys } from './key-fixtures';

const algorithms = { alg: 'ECDH-ES', enc: 'A256GCM' };
const { publicKey, privateKey } = generateKeyPairSync('x25519');
const altered = 'unable to authenticate data';
const content = fc.uint8Array({ maxLength: 1_200 });

function decrypt(jwe: string, key = privateKey): Buffer {
  const parts = jwe.split('.');
  const { epk } = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()) as { epk: EphemeralKey };
  return decryptCompact(parts, { epk, key });
}

describe('compact encryption, beside an implementation of its own', () => {
  it('makes what jose decrypts', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.string(), async (bytes, kid) => {
        const jwe = encryptCompact(Buffer.from(bytes), { header: { ...algorithms, kid }, to: publicKey });
        const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey);
        expect(Buffer.from(plaintext)).toEqual(Buffer.from(bytes));
        expect(protectedHeader).toMatchObject({ ...algorithms, kid });
      }),
    );
  });

  it('decrypts what jose makes', async () => {
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        const jwe = await new CompactEncrypt(bytes).setProtectedHeader(algorithms).encrypt(publicKey);
        expect(decrypt(jwe)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('never encrypts twice in the same way', () => {
    const made = [1, 2].map(() =>
      encryptCompact(Buffer.from('same'), { header: algorithms, to: publicKey }).split('.'),
    );
    for (const part of [0, 2, 3, 4]) expect(made[0]?.[part]).not.toBe(made[1]?.[part]);
  });

  it('refuses another key, every bit that was changed, and a shorter tag', () => {
    const jwe = encryptCompact(Buffer.from('content'), { header: algorithms, to: publicKey });
    expect(() => decrypt(jwe, generateKeyPairSync('x25519').privateKey)).toThrow(altered);
    const parts = jwe.split('.');
    for (const [at, part] of parts.entries()) {
      if (part === '' || at === 0) continue;
      fc.assert(
        fc.property(fc.nat(Buffer.from(part, 'base64url').length * 8 - 1), (bit) => {
          const bytes = Buffer.from(part, 'base64url');
          bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          expect(() => decrypt(parts.with(at, bytes.toString('base64url')).join('.'))).toThrow(altered);
        }),
      );
    }
    const tag = Buffer.from(parts[4] ?? '', 'base64url')
      .subarray(0, 12)
      .toString('base64url');
    expect(() => decrypt(parts.with(4, tag).join('.'))).toThrow(TypeError);
    expect(() => decrypt(parts.with(1, 'AAAA').join('.'))).toThrow(TypeError);
    const header = Buffer.from(`${Buffer.from(parts[0] ?? '', 'base64url').toString()} `).toString('base64url');
    expect(() => decrypt(parts.with(0, header).join('.'))).toThrow(altered);
  });

  it.each([
    ['of the order 1', Buffer.alloc(32)],
    ['of the order 4', Buffer.alloc(32, '0100', 'hex').fill(0, 1)],
  ])('agrees on nothing with a one-time key %s', (_what, point) => {
    const parts = encryptCompact(Buffer.from('content'), { header: algorithms, to: publicKey }).split('.');
    const epk = { kty: 'OKP', crv: 'X25519', x: point.toString('base64url') };
    expect(() => decryptCompact(parts, { epk, key: privateKey })).toThrow('failed during derivation');
  });
});

describe('signed claims, beside the same implementation', () => {
  it('are to the letter what jose signs, by key pair and by secret, and jose and we take both', async () => {
    const keys = await makeKeys();
    const ways = [
      ['erasure-certificate+jwt', 'EdDSA', keys.certificate.certificate[0]],
      ['erasure-callback-token+jwt', 'HS256', keys.gateway.token[0]],
    ] as const;
    for (const [typ, alg, key] of ways) {
      const check = createClaimsChecker(typ, { keys: [key], lengthMax: 10_000 });
      await fc.assert(
        fc.asyncProperty(fc.object(), async (claims) => {
          const ours = await createClaimsSigner(typ, key).sign(claims);
          const payload = Buffer.from(JSON.stringify(claims));
          const { kid, ...material } = key;
          expect(await new CompactSign(payload).setProtectedHeader({ alg, kid, typ }).sign(material)).toBe(ours);
          expect(
            Buffer.from((await compactVerify(ours, defined({ ...material, d: undefined }) as JWK)).payload),
          ).toEqual(payload);
          expect(await check(ours)).toEqual({ claims: JSON.parse(payload.toString()), keyId: kid });
        }),
        { numRuns: 30 },
      );
    }
  });
});
