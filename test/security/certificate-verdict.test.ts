/** Whatever stands in a certificate, signed or not: a verdict, and never an error. */
import fc from 'fast-check';
import { certificateText } from '../../domain/certificate/certificate-text';
import type { CertificateClaims } from '../../domain/certificate/certificate';
import { judgeCertificate } from '../../security/certificate-verdict';
import { claims, createTestIssuer, providerClaim, type TestIssuer } from '../console/signed-certificates';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer();
});
afterAll(() => issuer.remove());

/** Has everything that a certificate can have. */
async function rich(): Promise<CertificateClaims> {
  const decision = { actor: 'staff-17', reason: { code: 'checked', ticket: 'PRIV-9' } };
  const withdrawal = {
    at: '2026-11-30T11:31:02.250Z',
    result: 'too-late',
    evidence: { host: 'api.test', httpStatus: 409 },
  };
  const [round] = providerClaim.rounds;
  return {
    ...claims,
    startedAsRunId: claims.runId,
    legalClock: {
      rule: 'gdpr/1',
      source: 'GDPR Art. 12(3)',
      calendar: 'DE',
      calendarSource: 'date-holidays',
      timeZone: 'Europe/Berlin',
      startsAt: '2026-11-20T09:30:00.000Z',
      answerBy: '2026-12-21',
      extended: false,
    },
    decisions: [
      {
        ...decision,
        kind: 'approve',
        at: '2026-11-22T10:00:00.000Z',
        proof: (await issuer.approval(decision)) as never,
      },
    ],
    providers: [
      {
        ...providerClaim,
        callback: { at: '2026-11-24T00:00:00.000Z', handle: 'handle-1', event: 'individual.purged' },
        callbackReports: [
          {
            says: 'failure',
            handle: 'handle-1',
            at: '2026-11-24T00:00:00.000Z',
            lastAt: '2026-11-25T00:00:00.000Z',
            count: 2,
          },
        ],
        withdrawal,
        rounds: [
          {
            ...(round as NonNullable<typeof round>),
            withdrawal,
            withdrawalBrokenOffAt: '2026-11-26T00:00:00.000Z',
            withdrawnAt: '2026-11-27T00:00:00.000Z',
          },
        ],
        facts: [(await issuer.fact({ status: 'absent' })) as never],
      },
    ],
  };
}

/** The paths of everything in it, also of what holds something else. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]))];
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by;
  if (Array.isArray(value)) return value.map((one, index) => (String(index) === name ? replaced(one, rest, by) : one));
  const entries = Object.entries(value as object);
  return Object.fromEntries(entries.map(([key, inner]) => [key, key === name ? replaced(inner, rest, by) : inner]));
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, 0, -1, 1e300, '', true, [], {}, [[]], 'toString', '__proto__'),
  fc.string(),
  fc.jsonValue(),
);

describe('the verdict', () => {
  it('is valid of what was signed, and untouched', async () => {
    expect((await judgeCertificate(await issuer.sign(await rich()), issuer.keys)).verdict).toBe('valid');
  });

  it('is one of the eight, and readable claims can be printed, whatever stands at any place of signed claims', async () => {
    const whole = await rich();
    const paths = pathsOf(whole);
    expect(paths.length).toBeGreaterThan(90);
    let readable = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), odd, async (path, by) => {
        const replacedClaims = replaced(whole, path, by);
        const content = typeof replacedClaims === 'object' && replacedClaims !== null ? replacedClaims : [];
        const judged = await judgeCertificate(await issuer.sign(content), issuer.keys);
        const text = 'claims' in judged ? certificateText(judged.claims) : 'not readable';
        readable += 'claims' in judged ? 1 : 0;
        expect(text).toMatch(/^(ERASURE CERTIFICATE|not readable)/);
      }),
      { numRuns: 1_000 },
    );
    expect(readable).toBeGreaterThan(50);
  });
});
