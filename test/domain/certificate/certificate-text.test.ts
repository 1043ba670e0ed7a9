import type { CertificateClaims, ProviderClaim } from '../../../domain/certificate/certificate';
import { certificateText } from '../../../domain/certificate/certificate-text';

const provider: ProviderClaim = {
  provider: 'aptrinsic',
  name: 'Aptrinsic (Gainsight PX)',
  outcome: 'erased',
  assurance: 'verified',
  basis:
    'We asked Aptrinsic (Gainsight PX) to erase at 2026-11-22 09:31 UTC; api.aptrinsic.com took the request on at 2026-11-22 09:31 UTC; its revival window ends at 2026-11-29 09:31 UTC.',
  leavesUnsaid: ['Nothing is said about backups.', 'Nothing is said about copies that the provider handed to others.'],
  subjectHash: 'Z'.repeat(43),
  rounds: [
    {
      number: 1,
      askedAt: '2026-11-22T09:31:00.000Z',
      answeredAt: '2026-11-22T09:31:02.250Z',
      windowKind: 'revival',
      windowEndsAt: '2026-11-29T09:31:02.250Z',
      marginMs: 3_600_000,
      evidence: { host: 'api.aptrinsic.com', httpStatus: 204, facts: { hardDelete: true }, bodyHmac: 'H'.repeat(43) },
    },
    { number: 2, askedAt: '2026-11-30T09:31:00.000Z' },
  ],
  callback: { at: '2026-11-24T00:00:00.000Z', handle: 'handle-1', event: 'individual.purged' },
  lastObservation: {
    at: '2026-11-30T10:31:02.250Z',
    found: 'absent',
    evidence: { host: 'eu.aptrinsic.com', httpStatus: 404 },
  },
  withdrawal: { at: '2026-11-30T11:31:02.250Z', result: 'too-late', evidence: { host: 'us2.host', httpStatus: 409 } },
  decisions: [
    {
      provider: 'aptrinsic',
      kind: 'retry',
      at: '2026-11-30T12:31:02.250Z',
      actor: 'staff-17',
      reason: { code: 'credentials-mended', ticket: 'PRIV-9' },
    },
  ],
  settledAt: '2026-11-30T13:31:02.250Z',
};

const claims: CertificateClaims = {
  format: 'erasure-certificate/1',
  environment: 'production',
  requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
  workflowId: 'erasure-3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
  runId: '0198d1c2-0000-7000-8000-000000000000',
  regulation: 'uk-gdpr',
  submittedAt: '2026-11-22T09:30:00.000Z',
  intakeAt: '2026-11-22T09:30:59.000Z',
  issuedAt: '2026-11-30T14:00:00.000Z',
  receivedVia: 'web-form',
  ground: 'consent-withdrawn',
  verification: { method: 'account-login', by: 'staff-18', at: '2026-11-22T09:20:00.000Z', reference: 'PRIV-1' },
  decisionMode: 'asserted',
  outcome: 'completed',
  meaning: 'At every provider the data are erased, or the provider knows no such identifier.',
  providers: [provider],
};

function leavesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.values(value).flatMap(leavesOf);
}

function shown(text: string): string {
  return text.replace(/\s+/g, ' ');
}

describe('certificateText', () => {
  it('shows everything that the certificate claims, and the key it is signed by', () => {
    const text = shown(certificateText(claims, { keyId: 'key-1' }));
    const { format: _, ...rest } = claims;
    const leaves = leavesOf(rest).map((leaf) =>
      leaf.replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\.\d{3}Z$/, '$1 $2 UTC').replace(/^3600000$/, '1 h'),
    );
    expect(leaves.length).toBeGreaterThan(40);
    expect(leaves.filter((leaf) => !text.includes(leaf))).toEqual([]);
    expect(text).toContain('Signed by key key-1');
  });

  it('keeps to 100 columns and has no blank ends of lines', () => {
    const lines = certificateText(claims).split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.filter((line) => line.endsWith(' '))).toEqual([]);
  });

  it('shows nothing of what is not known', () => {
    const { receivedVia: _1, ground: _2, verification: _3, ...bare } = claims;
    const { assurance: _4, subjectHash: _5, callback: _6, lastObservation: _7, withdrawal: _8, ...rest } = provider;
    const text = certificateText({
      ...bare,
      providers: [{ ...rest, outcome: 'never-asked', rounds: [], leavesUnsaid: [], decisions: [] }],
    });
    expect(text).not.toMatch(/undefined|Received via|Callback|Last look|Withdrawal|Round|Leaves unsaid|Signed by/);
    expect(shown(text)).toContain('Subject hash none: the provider never answered');
    expect(shown(text)).toContain('Assurance none');
  });

  it("does not let a provider's words steer the terminal or pass for lines of ours", () => {
    const hostile = '\u001b[2J\nOutcome           erased\u2028\u202e\u0007';
    const evidence = { host: 'host', httpStatus: 200, facts: { purge_on: hostile } };
    const text = certificateText({
      ...claims,
      providers: [{ ...provider, outcome: 'unknown', basis: hostile, rounds: [{ number: 1, askedAt: '', evidence }] }],
    });
    expect(text.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(text).not.toMatch(/^Outcome +erased/m);
  });
});

describe('the decisions about the whole request', () => {
  it('are printed with who, why, what and whether they were signed for, beside the due date', () => {
    const text = certificateText({
      ...claims,
      filedBy: 'staff-1',
      decisionMode: 'authenticated',
      legalClock: {
        rule: 'gdpr/1',
        source: 'GDPR Art. 12(3)',
        calendar: 'DE',
        calendarSource: 'date-holidays 3.37.0',
        timeZone: 'Europe/Berlin',
        startsAt: '2026-11-22T09:30:00.000Z',
        answerBy: '2027-02-22',
        extended: true,
      },
      decisions: [
        {
          kind: 'hold',
          at: '2026-11-24T10:00:00.000Z',
          actor: 'staff-7',
          reason: { code: 'litigation', ticket: 'LEGAL-1' },
          ground: 'legal-claims',
          owner: 'legal-2',
          proof: { tokenId: 't-1', keyId: 'staff-7:2026', token: 'header.claims.signature' },
        },
        { kind: 'cancelled', at: '2026-11-25T10:00:00.000Z' },
      ],
      providers: [
        {
          ...provider,
          rounds: [{ number: 1, askedAt: '2026-11-22T09:31:00.000Z', withdrawnAt: '2026-11-24T10:00:05.000Z' }],
        },
      ],
    });
    const words = text.replace(/\s+/g, ' ');
    expect(words).toContain('Filed by staff-1');
    expect(words).toContain(
      'Answer due 2027-02-22 (extended) by rule gdpr/1, calendar DE, Europe/Berlin: GDPR Art. 12(3)',
    );
    expect(words).toContain('authenticated: those that approve, reject, hold');
    expect(words).toContain(
      'hold at 2026-11-24 10:00:00 UTC by staff-7: litigation, LEGAL-1; ground legal-claims; owner legal-2; signed (staff-7:2026)',
    );
    expect(words).toContain('cancelled at 2026-11-25 10:00:00 UTC');
    expect(words).toContain('withdrawn at the provider 2026-11-24 10:00:05 UTC, because of a legal hold');
  });
});
