/** The certificate for the file and for the person: what is shown of it, and what is not. */
import { RequestFailedError, RequestStillRunningError } from '../../client/errors';
import type { CertificateClaims, ProviderClaim } from '../../domain/certificate/certificate';
import { rejectionGrounds } from '../../domain/decision/decision-table';
import type { IssuerKeys } from '../../security/certificate-verdict';
import { createConsoleBench, NOW, type Browser, type ConsoleBench } from './console-bench';
import { claims, createTestIssuer, providerClaim, requestId, runId, type TestIssuer } from './signed-certificates';

let bench: ConsoleBench;
let issuer: TestIssuer;
beforeAll(async () => {
  bench = await createConsoleBench();
  issuer = await createTestIssuer();
});
afterAll(async () => {
  await bench.close();
  await issuer.remove();
});
beforeEach(() => {
  bench.now = NOW;
});

const path = `/requests/${requestId}/certificate`;

async function browserOf(certificate: string | Error, issuerKeys: IssuerKeys = issuer.keys): Promise<Browser> {
  const server = await bench.open(
    {
      certificate: async () => {
        if (typeof certificate !== 'string') throw certificate;
        return certificate;
      },
    },
    { issuerKeys },
  );
  return bench.loggedIn(server, ['view']);
}

/** What is read: tags gone, entities back. */
function textOf(body: string): string {
  const main = /<main[^>]*>(.*)<\/main>/s.exec(body)?.[1] ?? '';
  return main
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ');
}

function leavesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.values(value).flatMap(leavesOf);
}

const tampered = (jws: string): string => {
  const [head = '', , signature = ''] = jws.split('.');
  const forged = Buffer.from(JSON.stringify({ ...claims, outcome: 'withdrawn' })).toString('base64url');
  return `${head}.${forged}.${signature}`;
};

describe('the certificate for the file', () => {
  it('shows everything that it claims, and what was found of its signature', async () => {
    const browser = await browserOf(await issuer.sign(claims));
    const answer = await browser.get(path);
    const text = textOf(answer.body);
    const { format: _, ...rest } = claims;
    const leaves = leavesOf(rest).map((leaf) =>
      leaf.replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\.\d{3}Z$/, '$1 $2 UTC').replace(/^3600000$/, '1 h'),
    );
    expect(answer.statusCode).toBe(200);
    expect(leaves.length).toBeGreaterThan(30);
    expect(leaves.filter((leaf) => !text.includes(leaf))).toEqual([]);
    expect(text).toMatch(/^ Erasure certificate .*Valid The signature holds/);
  });

  it('tells of each fact and decision whether its signature holds', async () => {
    const content = { status: 'absent', evidence: { host: 'api.aptrinsic.com', httpStatus: 404 } };
    const decision = { actor: 'staff-17', reason: { code: 'checked', ticket: 'PRIV-9' } };
    const decisions = [
      { ...decision, kind: 'approve', at: '2026-11-22T10:00:00.000Z', proof: await issuer.approval(decision) },
    ];
    const fact = await issuer.fact(content);
    const good = await issuer.sign({ ...claims, decisions, providers: [{ ...providerClaim, facts: [fact] }] });
    const goodText = textOf((await (await browserOf(good)).get(path)).body);
    expect(goodText).toContain('Aptrinsic (Gainsight PX): the look holds the worker of Aptrinsic (Gainsight PX)');
    expect(goodText).toContain('decision approve of 2026-11-22T10:00:00.000Z holds');

    const facts = [{ ...fact, content: { ...content, status: 'present' } }];
    const bad = await issuer.sign({ ...claims, providers: [{ ...providerClaim, facts }] });
    const badText = textOf((await (await browserOf(bad)).get(path)).body);
    expect(badText).toContain('Do not rely on it');
    expect(badText).toContain('the look DOES NOT HOLD was altered');
  });

  it.each<[string, (jws: string) => string, string]>([
    ['altered in Temporal', tampered, 'Altered'],
    ['of nobody', () => 'not a certificate', 'Not a certificate'],
  ])('shows nothing of one that is %s, but lets it be downloaded', async (_, change, title) => {
    const jws = change(await issuer.sign(claims));
    const browser = await browserOf(jws);
    for (const [form, status] of [
      [path, 200],
      [`${path}/person`, 409],
    ] as const) {
      const answer = await browser.get(form);
      expect([form, answer.statusCode, textOf(answer.body).includes(title)]).toEqual([form, status, true]);
      expect(textOf(answer.body)).not.toMatch(/Gainsight|withdrawn/);
    }
    expect((await browser.get(`${path}.jws`)).body).toBe(jws);
  });

  it('says what was not checked where the keys for it are missing', async () => {
    const { certificate } = issuer.keys;
    const browser = await browserOf(await issuer.sign(claims), certificate === undefined ? {} : { certificate });
    const text = textOf((await browser.get(path)).body);
    expect(text).toContain('not all that it rests on was checked');
    expect(text).toContain('fact-keys.json is not here');
    expect((await browser.get(`${path}/person`)).statusCode).toBe(200);
  });

  it('is shown as not checked where there is no key at all', async () => {
    const browser = await browserOf(await issuer.sign(claims), {});
    const text = textOf((await browser.get(path)).body);
    expect(text).toMatch(/Not checked .*Aptrinsic/);
    expect(text).not.toMatch(/Valid|Signed by key/);
    const letter = await browser.get(`${path}/person`);
    expect([letter.statusCode, textOf(letter.body).includes('Not checked')]).toEqual([200, true]);
  });

  it('cannot be made to say something else by what a provider answered', async () => {
    const hostile = '<script>alert(1)</script>"\'><img src=x>\u202e';
    const facts = { [hostile]: hostile };
    const [round] = providerClaim.rounds;
    const rounds = [{ ...round, evidence: { host: hostile, httpStatus: 200, facts } }];
    const provider = { ...providerClaim, name: hostile, basis: hostile, leavesUnsaid: [hostile], rounds };
    const browser = await browserOf(
      await issuer.sign({ ...claims, regulation: hostile, filedBy: hostile, providers: [provider] }),
    );
    for (const form of [path, `${path}/person`]) {
      const { body, statusCode } = await browser.get(form);
      expect([statusCode, /<script>|<img/.test(body)]).toEqual([200, false]);
    }
  });
});

describe('the certificate for the person', () => {
  const outcomes: readonly [string, Partial<ProviderClaim>, RegExp][] = [
    ['verified', {}, /Your data are erased there\. .*after the time in which it could have come back, it was gone\./],
    [
      'verified, after an erasure window',
      { rounds: providerClaim.rounds.map((round) => ({ ...round, windowKind: 'erasure' })) },
      /When we looked on 30 November 2026, after the time that an erasure takes there, it was gone\./,
    ],
    [
      'confirmed',
      { assurance: 'confirmed', callback: { at: '2026-11-28T00:00:00.000Z', handle: 'handle-1' } },
      /Your data are erased there\. .*itself reported it to us on 28 November 2026/,
    ],
    [
      'presumed',
      { outcome: 'presumed-erased' },
      /We take it that your data are erased there\. There is no proof\. .*nothing that we know speaks against it/,
    ],
    [
      'presumed, against what its callback said',
      {
        outcome: 'presumed-erased',
        callbackReports: [
          {
            says: 'failure',
            handle: 'handle-1',
            at: '2026-11-28T00:00:00.000Z',
            lastAt: '2026-11-28T00:00:00.000Z',
            count: 1,
          },
        ],
      },
      /There is no proof that your data .*On 28 November 2026 a message of .* said that something had failed.*speaks against an erasure/,
    ],
    ['not found', { outcome: 'not-found' }, /knows nothing under the identifier.*again after the time/],
    [
      'not found at once',
      {
        outcome: 'not-found',
        rounds: [{ number: 1, askedAt: '2026-11-22T09:31:00.000Z', answeredAt: '2026-11-22T09:31:00.000Z' }],
      },
      /It said so when we asked\. That says nothing/,
    ],
    ['attested', { outcome: 'attested' }, /A member of our staff vouches .* We have no proof of our own/],
    ['waived', { outcome: 'waived' }, /We ended the request there, and say nothing about your data there/],
    ['withdrawn', { outcome: 'withdrawn' }, /Your data were not erased by this request.*withdrawn there in time/],
    [
      'never asked',
      { outcome: 'never-asked', rounds: [] },
      /Your data were not erased by this request.*We did not ask there/,
    ],
    [
      'unknown',
      { outcome: 'unknown', rounds: [{ number: 1, askedAt: '2026-11-22T09:31:00.000Z' }] },
      /We do not know whether.*We tried to ask .* on 22 November 2026, and had no answer that counts/,
    ],
  ];

  const letterOf = async (content: object): Promise<string> =>
    textOf((await (await browserOf(await issuer.sign(content))).get(`${path}/person`)).body);

  it.each(outcomes)('says what is known and how: %s', async (_, change, expected) => {
    const { assurance, ...bare } = providerClaim;
    const isErased = (change.outcome ?? 'erased') === 'erased';
    const provider = { ...bare, ...(isErased ? { assurance } : {}), ...change };
    const letter = await letterOf({ ...claims, providers: [provider] });
    expect(letter).toMatch(expected);
    expect(letter).toContain('Aptrinsic (Gainsight PX)');
    // Of an erasure it speaks as of a fact only where the certificate does.
    expect(letter.includes(' Your data are erased there. ')).toBe(isErased);
    expect(letter.includes('nothing that we know speaks against it')).toBe(
      provider.outcome === 'presumed-erased' && provider.callbackReports === undefined,
    );
  });

  it.each(outcomes)('has no id of a request, a ticket, a member of staff, a key or a host: %s', async (_, change) => {
    const decision = {
      provider: 'aptrinsic' as const,
      kind: 'retry' as const,
      at: '2026-11-25T12:00:00.000Z',
      actor: 'staff-20',
      reason: { code: 'mended', ticket: 'PRIV-10' },
    };
    const basis = `${providerClaim.basis} (staff staff-20, mended, PRIV-10)`;
    const letter = await letterOf({
      ...claims,
      providers: [{ ...providerClaim, decisions: [decision], basis, ...change }],
    });
    const internal = [
      requestId,
      runId,
      'erasure-',
      'staff-',
      'PRIV-',
      'api.aptrinsic.com',
      'eu.aptrinsic.com',
      'handle-1',
      'Z'.repeat(43),
      'H'.repeat(43),
      'hash-key-1',
      'web-form',
      'consent-withdrawn',
      'account-login',
      'mended',
      'checked',
    ];
    expect(internal.filter((word) => letter.includes(word))).toEqual([]);
  });

  it.each(rejectionGrounds)('says of a refused request that nobody was asked, and why: %s', async (ground) => {
    const refusal = {
      kind: 'reject',
      at: '2026-11-22T10:00:00.000Z',
      actor: 'staff-17',
      reason: { code: 'kept', ticket: 'PRIV-9' },
      ground,
    };
    const rejected: CertificateClaims = {
      ...claims,
      outcome: 'rejected',
      decisions: [refusal],
      providers: [{ ...providerClaim, outcome: 'never-asked', rounds: [] }],
    };
    const letter = await letterOf(rejected);
    expect(letter).toMatch(
      /We did not carry out your request, and asked nobody to erase your data\. [A-Z][^.]+.*\. This letter/,
    );
    expect(letter).not.toMatch(/exempt-|unverified|out-of-scope|staff-|PRIV-/);
  });

  it('does not repeat its own id in the title of the page, which browsers print', async () => {
    const browser = await browserOf(await issuer.sign(claims));
    const { body } = await browser.get(`${path}/person`);
    expect(/<title>([^<]*)</.exec(body)?.[1]).toBe('Your request to erase your data · Erasure console');
  });
});

describe('the signed text', () => {
  it('is downloaded as it is, under the name of its request', async () => {
    const jws = await issuer.sign(claims);
    const { body, headers } = await (await browserOf(jws)).get(`${path}.jws`);
    expect(body).toBe(jws);
    expect(headers).toMatchObject({
      'content-type': 'application/jose',
      'content-disposition': `attachment; filename="erasure-${requestId}.jws"`,
      'cache-control': 'no-store',
    });
  });
});

describe('a request without a certificate', () => {
  it.each([path, `${path}/person`, `${path}.jws`])('says what it waits for: %s', async (url) => {
    const legs = [
      {
        provider: 'measureone',
        state: 'waiting-out-window',
        waitsFor: 'the end of its window',
        until: '2026-11-27T10:00:00.000Z',
        rounds: 1,
      },
      { provider: 'person', state: 'settled', waitsFor: 'nothing', outcome: 'erased', rounds: 1 },
    ];
    const server = await bench.open({
      certificate: async () => {
        throw new RequestStillRunningError(requestId);
      },
      get: async () =>
        ({ requestId, status: 'running', state: 'running', progress: { legs, todo: ['Approve it.'] } }) as never,
    });
    const answer = await (await bench.loggedIn(server, ['view'])).get(url);
    const text = textOf(answer.body);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([409, 'text/html; charset=utf-8']);
    expect(text).toContain('There is no certificate yet');
    expect(text).toContain('MeasureOne waits out its window the end of its window 2026-11-27 10:00 UTC');
    expect(text).toContain('Approve it.');
    expect(text).not.toContain('Person API');
  });

  it('says that there will be none where it ended without one', async () => {
    const answer = await (await browserOf(new RequestFailedError(requestId, 'terminated'))).get(path);
    expect([answer.statusCode, answer.body.includes('ended without a certificate')]).toEqual([409, true]);
  });
});
