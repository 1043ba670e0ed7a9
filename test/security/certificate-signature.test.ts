import { createHmac } from 'node:crypto';
import { CompactSign, compactVerify, UnsecuredJWT, type JWK } from 'jose';
import { CertificateInvalid, createCertificateSigner, verifyCertificate } from '../../security/certificate-signature';
import { base64url, failureOf, makeKeys, replaceAt, type Keys } from './key-fixtures';

const claims = {
  requestId: '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a10',
  outcome: 'completed',
  basis: 'Löschung – “verified”',
  n: 1,
};
const typ = 'erasure-certificate+jwt';

let keys: Keys;
let stranger: Keys;
let certificate: string;
beforeAll(async () => {
  keys = await makeKeys();
  stranger = await makeKeys();
  certificate = await createCertificateSigner(keys.certificate).sign(claims);
});

async function signByHand(header: object, text = JSON.stringify(claims)): Promise<string> {
  const { kty, crv, x, d, kid } = keys.certificate.certificate[0];
  return new CompactSign(Buffer.from(text))
    .setProtectedHeader({ alg: 'EdDSA', kid, typ, ...header })
    .sign({ kty, crv, x, d });
}

async function reasonOf(text: unknown, verifying: readonly JWK[] = keys.verifying): Promise<string> {
  const failure = await failureOf(verifyCertificate(text as string, verifying));
  expect(failure).toBeInstanceOf(CertificateInvalid);
  expect(failure.message).toMatch(/^(The|This) .*\.$/);
  return (failure as CertificateInvalid).reason;
}

describe('a certificate', () => {
  it('gives its claims and its key to whoever has the public key', async () => {
    const { keyId } = createCertificateSigner(keys.certificate);
    expect(keyId).toBe(keys.certificate.certificate[0].kid);
    await expect(verifyCertificate(certificate, keys.verifying)).resolves.toEqual({ claims, keyId });
  });

  it('is an ordinary JWS that other software verifies too', async () => {
    const { payload, protectedHeader } = await compactVerify(certificate, keys.verifying[0]!);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(claims);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: keys.certificate.certificate[0].kid, typ });
  });

  it('is the same text for the same claims', async () => {
    await expect(createCertificateSigner(keys.certificate).sign(claims)).resolves.toBe(certificate);
  });

  it('is signed with the first key and verified with any, also one that has no kid', async () => {
    const rotated = {
      ...keys.certificate,
      certificate: [stranger.certificate.certificate[0], ...keys.certificate.certificate],
    };
    const signer = createCertificateSigner(rotated as never);
    expect(signer.keyId).toBe(stranger.certificate.certificate[0].kid);
    const both = [...stranger.verifying, ...keys.verifying].map(({ kty, crv, x }) => ({ kty, crv, x }) as JWK);
    await expect(verifyCertificate(await signer.sign(claims), both)).resolves.toHaveProperty('keyId', signer.keyId);
    await expect(verifyCertificate(certificate, both)).resolves.toHaveProperty('claims', claims);
  });

  it('may be large', async () => {
    const large = { legs: Array.from({ length: 2_000 }, (_, index) => ({ index, text: 'x'.repeat(100) })) };
    const signed = await createCertificateSigner(keys.certificate).sign(large);
    await expect(verifyCertificate(signed, keys.verifying)).resolves.toHaveProperty('claims', large);
  });
});

describe('verifyCertificate refuses', () => {
  it('every change of every character', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let at = 0; at < certificate.length; at += 1) {
      // The neighbours differ in one bit each: in the last character of a part, some of those are spare bits.
      const index = alphabet.indexOf(certificate[at]!);
      const neighbours = index === -1 ? [] : [1, 2, 4, 8, 16, 32].map((bit) => alphabet[index ^ bit]!);
      for (const replacement of [...neighbours, '.', '=', '+', '/', ' ', '\n', '\u0000', 'é', '']) {
        if (replacement === certificate[at]) continue;
        expect(await reasonOf(replaceAt(certificate, at, replacement))).toBeDefined();
      }
    }
  });

  it('every character put in between, also white space and padding', async () => {
    for (let at = 0; at <= certificate.length; at += 1) {
      for (const inserted of [' ', '\n', '=', 'A', '.', '\uFEFF']) {
        expect(await reasonOf(certificate.slice(0, at) + inserted + certificate.slice(at))).toBeDefined();
      }
    }
  });

  it('what is malformed', async () => {
    const texts = [
      '',
      '.',
      '..',
      '...',
      'x',
      '{}',
      `${certificate}.`,
      certificate.split('.').slice(0, 2).join('.'),
      `${base64url('[]')}.e30.AAAA`,
      'A'.repeat(2_000_000),
    ];
    for (const text of texts) expect(await reasonOf(text)).toBe('malformed');
    for (const value of [undefined, null, 5, {}, [certificate]]) expect(await reasonOf(value)).toBe('malformed');
    expect(await reasonOf(await signByHand({}, 'not json'))).toBe('malformed');
    expect(await reasonOf(await signByHand({ extra: 1 }))).toBe('malformed');
    expect(await reasonOf(await signByHand({ kid: undefined }))).toBe('malformed');
    expect(await reasonOf(await signByHand({ kid: 'a b\n' }))).toBe('malformed');
  });

  it('an unknown key, which it names', async () => {
    const foreign = createCertificateSigner(stranger.certificate);
    const failure = await failureOf(verifyCertificate(await foreign.sign(claims), keys.verifying));
    expect(failure.message).toBe(`The certificate is signed by an unknown key: ${foreign.keyId}.`);
    expect(await reasonOf(certificate, [])).toBe('unknown-key');
    expect(await reasonOf(certificate, keys.client.sealing.person!)).toBe('unknown-key');
    expect(await reasonOf(certificate, [{}, { kty: 'oct', k: 'AAAA' }] as JWK[])).toBe('unknown-key');
  });

  it('a stranger under our kid', async () => {
    const [ours, theirs] = [keys.certificate.certificate[0], stranger.certificate.certificate[0]];
    const posing = createCertificateSigner({ ...stranger.certificate, certificate: [{ ...theirs, kid: ours.kid }] });
    expect(await reasonOf(await posing.sign(claims))).toBe('altered');
  });

  it('altered claims', async () => {
    const [header, , signature] = certificate.split('.');
    expect(await reasonOf([header, base64url({ ...claims, n: 2 }), signature].join('.'))).toBe('altered');
  });

  it('another type, though signed by our key', async () => {
    expect(await reasonOf(await signByHand({ typ: 'JWT' }))).toBe('wrong-type');
    expect(await reasonOf(await signByHand({ typ: 'erasure-callback+jwt' }))).toBe('wrong-type');
    expect(await reasonOf(await signByHand({ typ: undefined }))).toBe('malformed');
  });

  it('another algorithm: none, or HS256 with the public key as the secret', async () => {
    const { x, kid } = keys.verifying[0]!;
    for (const alg of ['none', 'HS256', 'Ed25519', 'ES256']) {
      const input = `${base64url({ alg, kid, typ })}.${base64url(claims)}`;
      for (const secret of [
        Buffer.from(x!, 'base64url'),
        Buffer.from(x!),
        Buffer.from(JSON.stringify(keys.verifying[0])),
      ]) {
        const signature = createHmac('sha256', secret).update(input).digest('base64url');
        expect(await reasonOf(`${input}.${signature}`)).toBe('algorithm-not-allowed');
      }
      expect(await reasonOf(`${input}.`)).toBe('algorithm-not-allowed');
    }
    expect(await reasonOf(new UnsecuredJWT(claims).encode())).toBe('malformed');
  });
});
