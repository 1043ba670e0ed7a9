/** The page that checks a certificate from anywhere: every text is answered with a verdict. */
import type { IssuerKeys } from '../../security/certificate-verdict';
import { createConsoleBench, NOW, PLANTED, type Browser, type ConsoleBench } from './console-bench';
import { claims, createTestIssuer, providerClaim, requestId, type TestIssuer } from './signed-certificates';

let bench: ConsoleBench;
let issuer: TestIssuer;
let stranger: TestIssuer;
let browser: Browser;
beforeAll(async () => {
  bench = await createConsoleBench();
  [issuer, stranger] = [await createTestIssuer(), await createTestIssuer()];
  browser = await browserWith(issuer.keys);
});
afterAll(async () => {
  await bench.close();
  await issuer.remove();
  await stranger.remove();
});
beforeEach(() => {
  bench.now = NOW;
});

async function browserWith(issuerKeys: IssuerKeys): Promise<Browser> {
  return bench.loggedIn(await bench.open({}, { issuerKeys }), ['view']);
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** The verdict in words, and whether a certificate is shown under it. */
function found({ body }: { readonly body: string }): readonly [string | undefined, boolean] {
  return [/<h2 id="verdict">([^<]*)</.exec(body)?.[1], body.includes(requestId)];
}

describe('a certificate', () => {
  it('is found valid, pasted or uploaded, as text or as JSON, and shown under the verdict', async () => {
    const jws = await issuer.sign(claims);
    const given = [
      { certificate: jws },
      { certificate: `\r\n ${jws}\r\n\r\n` },
      { certificate: JSON.stringify({ requestId, certificate: jws }) },
      { file: new Blob([`${jws}\n`]) },
      { certificate: '', file: new Blob([JSON.stringify({ certificate: jws })]), key: '' },
    ];
    for (const parts of given) {
      const answer = await browser.upload('/verify', parts as Record<string, string | Blob>);
      expect([answer.statusCode, ...found(answer)]).toEqual([200, 'Valid', true]);
      expect(answer.body.indexOf('id="verdict"')).toBeLessThan(answer.body.indexOf(requestId));
    }
  });

  it('is found valid as far as its signature goes where the other keys are missing', async () => {
    const { certificate } = issuer.keys;
    const other = await browserWith(certificate === undefined ? {} : { certificate });
    const answer = await other.upload('/verify', { certificate: await issuer.sign(claims) });
    expect(found(answer)).toEqual(['The signature is valid; not all that it rests on was checked', true]);
  });

  it('of another deployment is not ours, and is checked with its key where that is pasted', async () => {
    const certificate = await stranger.sign(claims);
    expect(found(await browser.upload('/verify', { certificate }))).toEqual(['Not one of ours', false]);
    const checked = await browser.upload('/verify', { certificate, key: stranger.publicKey });
    expect(found(checked)).toEqual(['The signature is valid; not all that it rests on was checked', true]);
    expect(checked.body).toContain('with the key that you pasted');
    const ours = await browser.upload('/verify', { certificate: await issuer.sign(claims), key: stranger.publicKey });
    expect(found(ours)).toEqual(['Not one of ours', false]);
  });

  it('cannot be checked by a server without a key, which says so before and after', async () => {
    const other = await browserWith({});
    expect((await other.get('/verify')).body).toContain('given no key to check certificates with');
    const certificate = await issuer.sign(claims);
    expect(found(await other.upload('/verify', { certificate }))).toEqual(['Not checked', false]);
    const { body } = await other.upload('/verify', { certificate, key: issuer.publicKey });
    expect(found({ body })[1]).toBe(true);
  });

  it('is not to be relied on where a fact in it does not hold', async () => {
    const fact = await issuer.fact({ status: 'absent' });
    const facts = [{ ...fact, content: { status: 'present' } }];
    const certificate = await issuer.sign({ ...claims, providers: [{ ...providerClaim, facts }] });
    expect(found(await browser.upload('/verify', { certificate }))).toEqual(['Do not rely on it', true]);
  });
});

describe('anything else', () => {
  const header = (parts: object): string => base64url(JSON.stringify(parts));
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const none = 'Not a certificate';
  const hostile: readonly [string, (jws: string) => string | Promise<string>, string][] = [
    [
      'one letter of the claims changed',
      (jws) => jws.replace(/\.(.)/, (_, one) => `.${one === 'e' ? 'f' : 'e'}`),
      'Altered',
    ],
    [
      'other claims under the same signature',
      ([...jws]) =>
        jws.join('').replace(/\.[^.]+\./, `.${base64url(JSON.stringify({ ...claims, outcome: 'withdrawn' }))}.`),
      'Altered',
    ],
    ['without its signature', (jws) => jws.replace(/[^.]+$/, ''), 'Altered'],
    ['cut off', (jws) => jws.slice(0, 200), none],
    ['another spelling of the same bytes', (jws) => `${jws}=`, none],
    [
      'alg none',
      (jws) => `${header({ alg: 'none', kid: 'a'.repeat(43), typ: 'erasure-certificate+jwt' })}.${jws.split('.')[1]}.`,
      none,
    ],
    [
      'alg HS256',
      (jws) =>
        `${header({ alg: 'HS256', kid: 'a'.repeat(43), typ: 'erasure-certificate+jwt' })}.${jws.split('.')[1]}.AAAA`,
      none,
    ],
    [
      'another type',
      (jws) =>
        `${header({ alg: 'EdDSA', kid: 'a'.repeat(43), typ: 'erasure-decision+jwt' })}.${jws.split('.')[1]}.AAAA`,
      none,
    ],
    ['a header that goes deep', (jws) => `${base64url(deep)}.${jws.split('.')[1]}.AAAA`, none],
    ['JSON that goes deep', () => `{"certificate": ${deep}}`, none],
    ['JSON without a certificate', () => '{"certificate": 1}', none],
    ['half of a JSON', (jws) => `{"certificate": "${jws}`, none],
    ['prose', () => 'I hereby certify', none],
    ['script', () => '<script>alert(1)</script>', none],
    ['no text at all', () => '\u0000\uFFFD\u202E', none],
    ['1 MB and more', (jws) => `${jws}${'A'.repeat(1_100_000)}`, none],
    ['10 MB', () => 'A.'.repeat(5_000_000), none],
    [
      'of a form of another release',
      () => issuer.sign({ ...claims, format: 'erasure-certificate/9' }),
      'The signature is valid, in a form that is not known here',
    ],
    [
      'signed by us, and deep',
      () =>
        issuer.sign({
          ...claims,
          decisions: [JSON.parse(`{"kind":"k","at":"a","x":${'['.repeat(1_000)}${']'.repeat(1_000)}}`)],
        }),
      'The signature is valid, in a form that is not known here',
    ],
    [
      'signed by us, and no certificate',
      () => issuer.sign([]),
      'The signature is valid, in a form that is not known here',
    ],
  ];

  it.each(hostile)('is a verdict, and nothing of it is shown: %s', async (_, make, verdict) => {
    const text = await make(await issuer.sign(claims));
    for (const parts of [{ certificate: text }, { file: new Blob([text]) }]) {
      const answer = await browser.upload('/verify', parts as Record<string, string | Blob>);
      expect([answer.statusCode, ...found(answer)]).toEqual([200, verdict, false]);
      expect(answer.body).not.toContain('<script>alert');
    }
    expect(bench.log.text).not.toContain('failed inside');
  });

  it('is asked for where nothing was given, or two things, and a key that is none is told', async () => {
    const jws = await issuer.sign(claims);
    const wrong: readonly [Record<string, string | Blob>, string][] = [
      [{}, 'Paste a certificate, or choose a file.'],
      [{ certificate: '  ', file: new Blob([]) }, 'Paste a certificate, or choose a file.'],
      [{ certificate: jws, file: new Blob([jws]) }, 'not both'],
      [{ certificate: jws, key: PLANTED }, 'This is no public key for certificates'],
      [{ certificate: jws, key: '{"keys":[]}' }, 'This is no public key for certificates'],
    ];
    for (const [parts, problem] of wrong) {
      const answer = await browser.upload('/verify', parts);
      expect([answer.statusCode, answer.body.includes(problem)]).toEqual([422, true]);
    }
    const kept = await browser.upload('/verify', { certificate: 'typed', key: 'a key' });
    expect(kept.body).toMatch(/<textarea[^>]*>typed<\/textarea>/);
    expect(kept.body).toMatch(/<textarea[^>]*>a key<\/textarea>/);
  });

  it('is no form at all: refused, without an error of ours', async () => {
    const boundary = { 'content-type': 'multipart/form-data; boundary=x' };
    const answers = [
      await browser.post('/verify', { certificate: 'typed' }),
      await browser.post('/verify', { certificate: 'broken off' }, boundary),
      await browser.upload('/verify', { certificate: 'x' }, { 'content-length': String(100 * 1_024 * 1_024) }),
      await browser.upload('/verify', { a: '1', b: '2', c: '3', d: '4', e: '5' }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 400, 413, 413]);
  });

  it('leaves nothing in the log', async () => {
    await browser.upload('/verify', { certificate: `${PLANTED}.${PLANTED}.${PLANTED}`, key: PLANTED });
    await browser.upload('/verify', { certificate: await issuer.sign(claims), file: new Blob([PLANTED]) });
    expect(bench.log.text).not.toContain(PLANTED);
    expect(bench.log.text).not.toContain(requestId);
  });
});
