import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { certificateIn } from '../../security/certificate-claims';
import {
  CERTIFICATE_LENGTH_MAX,
  createCertificateSigner,
  verifyCertificate,
} from '../../security/certificate-signature';
import { packCertificate, unpackCertificate, withUnpacked } from '../../security/packed-certificate';
import { makeKeys, type Keys } from './key-fixtures';

let keys: Keys;
beforeAll(async () => {
  keys = await makeKeys();
});

const sentence = 'We asked the provider to erase, and its window is over. ';
const part = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url'));

describe('a packed certificate', () => {
  it('is the very certificate again once it is unpacked, whatever it says, and smaller where it says much', async () => {
    const signer = createCertificateSigner(keys.certificate);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.nat(40), async (text, times) => {
        const certificate = await signer.sign({ text, basis: sentence.repeat(times) });
        const packed = packCertificate(certificate);
        expect(packed).toMatch(/^zip\.[\w-]+\.[\w-]+\.[\w-]+$/);
        expect(unpackCertificate(packed)).toBe(certificate);
        expect(packed.length < certificate.length || times <= 5).toBe(true);
      }),
    );
  });

  it('still has to be signed: what was altered in it is refused', async () => {
    const packed = packCertificate(await createCertificateSigner(keys.certificate).sign({ outcome: 'withdrawn' }));
    const [mark, header, , signature] = packed.split('.');
    const other = deflateRawSync('{"outcome":"completed"}').toString('base64url');
    const altered = unpackCertificate([mark, header, other, signature].join('.'));
    expect(Buffer.from(altered.split('.')[1] ?? '', 'base64url').toString()).toBe('{"outcome":"completed"}');
    await expect(verifyCertificate(altered, keys.verifying)).rejects.toMatchObject({ reason: 'altered' });
  });

  it('is read wherever a certificate is read to be verified: as it is, and in JSON', async () => {
    const certificate = await createCertificateSigner(keys.certificate).sign({ basis: sentence });
    const packed = packCertificate(certificate);
    expect(certificateIn(`${packed}\n`)).toBe(certificate);
    expect(certificateIn(JSON.stringify({ certificate: packed }))).toBe(certificate);
    expect(certificateIn(certificate)).toBe(certificate);
  });
});

describe('what a run ended with', () => {
  it('has its certificate unpacked, and stays as it is where there is none', async () => {
    const certificate = await createCertificateSigner(keys.certificate).sign({ basis: sentence });
    const result = { outcome: 'completed', certificate: packCertificate(certificate) };
    expect(withUnpacked(result)).toEqual({ outcome: 'completed', certificate });
    for (const other of [undefined, null, 7, 'zip.', [], {}, { certificate: null }, { certificate: ['zip.'] }])
      expect(withUnpacked(other as never)).toBe(other);
  });
});

describe('what is no packed certificate', () => {
  it('stays as it is: a compact JWS, and any text that cannot be unpacked', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(part, part, part).map((parts) => parts.join('.')),
        ),
        (text) => {
          fc.pre(!text.startsWith('zip.'));
          expect(unpackCertificate(text)).toBe(text);
        },
      ),
    );
  });

  const zip = (payload: Buffer): string => deflateRawSync(payload).toString('base64url');
  it.each([
    ['nothing after the mark', 'zip.'],
    ['too few parts', `zip.e30.${zip(Buffer.from('{}'))}`],
    ['too many parts', `zip.e30.${zip(Buffer.from('{}'))}.c2ln.c2ln`],
    ['what is not deflated', `zip.e30.${Buffer.from('{}').toString('base64url')}.c2ln`],
    ['what was cut off', `zip.e30.${deflateRawSync(sentence).subarray(0, -2).toString('base64url')}.c2ln`],
    ['another spelling of base64url', `zip.e30.${zip(Buffer.from('{}'))}=.c2ln`],
    ['more than a certificate may be', `zip.e30.${zip(Buffer.alloc(CERTIFICATE_LENGTH_MAX + 1))}.c2ln`],
  ])('stays as it is, and is no certificate: %s', async (_what, text) => {
    expect(unpackCertificate(text)).toBe(text);
    await expect(verifyCertificate(text, keys.verifying)).rejects.toMatchObject({ name: 'CertificateInvalid' });
  });

  it('is not packed: what is no compact JWS', () => {
    for (const text of ['', 'certificate', 'a.b', 'e30.e30=.c2ln', 'e30.e30.c2ln.c2ln'])
      expect(packCertificate(text)).toBe(text);
  });
});
