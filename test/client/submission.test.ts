import fc from 'fast-check';
import { InvalidSubmissionError } from '../../client/errors';
import { identifiersOf, parseSubmission, submissionWarnings } from '../../client/submission';
import { defaultPatience } from '../../domain/rules/patience';
import { identifierFields, providerKeys } from '../../domain/provider/provider-table';

const PLANTED = 'jane.doe@example.test';
const NOW = Date.parse('2026-11-22T12:00:00Z');
const valid = {
  requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
  regulation: 'gdpr',
  submittedAt: '2026-11-22T09:30:00Z',
  subject: { person: { personId: '0b0e5d0c-53a1-4f0e-9d0a-6a2f4f3c9b11' } },
};

function problemsOf(value: unknown): readonly string[] {
  try {
    parseSubmission(value, NOW);
    return [];
  } catch (error) {
    if (error instanceof InvalidSubmissionError)
      return error.problems.map(({ field, problem }) => `${field}: ${problem}`);
    throw error;
  }
}

describe('parseSubmission', () => {
  it('takes the whole request file', () => {
    const parsed = parseSubmission(
      {
        ...valid,
        receivedVia: 'web-form',
        ground: 'consent-withdrawn',
        verification: { method: 'account-login', by: 'staff-17', at: '2026-11-22T10:00:00Z', reference: 'PRIV-1' },
        subject: {
          measureone: { individualId: 'i-1' },
          person: { personId: '0b0e5d0c-53a1-4f0e-9d0a-6a2f4f3c9b11' },
          aptrinsic: { identifyId: '.AbC' },
        },
        policy: { marginMs: 0 },
      },
      NOW,
    );
    expect([...identifiersOf(parsed)]).toEqual([
      ['measureone', 'i-1'],
      ['person', '0b0e5d0c-53a1-4f0e-9d0a-6a2f4f3c9b11'],
      ['aptrinsic', '.AbC'],
    ]);
    expect(parsed.policy).toEqual({ marginMs: 0 });
  });

  it('writes one instant in one way, in whatever zone it came', () => {
    const inParis = parseSubmission({ ...valid, submittedAt: '2026-11-22T10:30:00+01:00' }, NOW);
    expect(inParis).toEqual(parseSubmission(valid, NOW));
    expect(inParis.submittedAt).toBe('2026-11-22T09:30:00.000Z');
  });

  it.each<[string, unknown, string]>([
    ['no object', [PLANTED], 'request: expected an object'],
    ['an unknown field', { ...valid, [PLANTED]: 1 }, 'request: has a field other than requestId'],
    ['an unknown provider', { ...valid, subject: { [PLANTED]: {} } }, 'subject: has a field other than measureone'],
    [
      "another provider's field",
      { ...valid, subject: { person: { individualId: PLANTED } } },
      'subject.person.personId: expected an identifier',
    ],
    ['no provider', { ...valid, subject: {} }, 'subject: expected the identifier of at least one provider'],
    ['no subject', { ...valid, subject: undefined }, 'subject: expected an object'],
    ['a bare identifier', { ...valid, subject: { person: PLANTED } }, 'subject.person: expected an object'],
    ['an empty identifier', { ...valid, subject: { person: { personId: '' } } }, 'subject.person.personId: is empty'],
    [
      'a copied line break',
      { ...valid, subject: { person: { personId: `${PLANTED}\n` } } },
      'subject.person.personId: has a control character or a line break in it',
    ],
    [
      'a control character',
      { ...valid, subject: { person: { personId: `a\u0000${PLANTED}` } } },
      'subject.person.personId: has a control character or a line break in it',
    ],
    [
      'too long an identifier',
      { ...valid, subject: { person: { personId: 'x'.repeat(513) } } },
      'subject.person.personId: has more than 512 characters',
    ],
    [
      "a person's id that is no UUID",
      { ...valid, subject: { person: { personId: PLANTED } } },
      'subject.person.personId: is not a UUID',
    ],
    [
      'a number as an id',
      { ...valid, subject: { aptrinsic: { identifyId: 4711 } } },
      'subject.aptrinsic.identifyId: expected an identifier, as text',
    ],
    [
      'a placeholder as an id',
      { ...valid, subject: { aptrinsic: { identifyId: 'undefined' } } },
      'subject.aptrinsic.identifyId: is a placeholder',
    ],
    [
      'the nil UUID as request id',
      { ...valid, requestId: '00000000-0000-0000-0000-000000000000' },
      'requestId: expected a lower case UUID',
    ],
    ['a placeholder as whoever filed it', { ...valid, filedBy: 'N/A' }, 'filedBy: expected an opaque id'],
    ['a placeholder as a code', { ...valid, receivedVia: 'null' }, 'receivedVia: expected a code'],
    [
      'a placeholder of a date',
      { ...valid, submittedAt: '1970-01-01T00:00:00Z' },
      'submittedAt: lies before the first of these laws applied',
    ],
    [
      'a proof that is to come',
      { ...valid, verification: { method: 'call', by: 'staff-1', at: '9999-12-31T00:00:00Z', reference: 'P-1' } },
      'verification.at: lies in the future',
    ],
    [
      'a question that is to come',
      { ...valid, identityAskedAt: '2027-01-01T00:00:00Z' },
      'identityAskedAt: lies in the future',
    ],
    ['an unknown law', { ...valid, regulation: PLANTED }, 'regulation: expected one of gdpr, uk-gdpr, ccpa'],
    ['an id that is no UUID', { ...valid, requestId: PLANTED }, 'requestId: expected a lower case UUID'],
    [
      'an upper case id',
      { ...valid, requestId: valid.requestId.toUpperCase() },
      'requestId: expected a lower case UUID',
    ],
    [
      'an instant without a zone',
      { ...valid, submittedAt: '2026-11-22T09:30:00' },
      'submittedAt: expected an RFC 3339',
    ],
    ['a day that no month has', { ...valid, submittedAt: '2026-02-30T09:30:00Z' }, 'submittedAt: expected an RFC 3339'],
    ['the future', { ...valid, submittedAt: '2026-11-22T12:06:00Z' }, 'submittedAt: lies in the future'],
    ['free text as a channel', { ...valid, receivedVia: `by ${PLANTED}` }, 'receivedVia: expected a code'],
    ['free text as a ground', { ...valid, ground: PLANTED }, 'ground: expected a code'],
    [
      'an address as a staff id',
      {
        ...valid,
        verification: { method: 'call', by: PLANTED, at: valid.submittedAt, reference: 'PRIV-1' },
      },
      'verification.by: expected an opaque staff id',
    ],
    ['an unknown setting', { ...valid, policy: { [PLANTED]: 1 } }, 'policy: has a field other than marginMs'],
    ['a setting out of bounds', { ...valid, policy: { marginMs: -1 } }, 'policy.marginMs: expected a whole number'],
  ])('refuses %s by its path, without repeating it', (_what, value, problem) => {
    const problems = problemsOf(value);
    expect(problems.some((found) => found.startsWith(problem))).toBe(true);
    expect(problems.join()).not.toContain(PLANTED);
  });

  it('names all that is wrong at once', () => {
    expect(problemsOf({ regulation: 'x', submittedAt: 'y', subject: {} })).toHaveLength(3);
  });

  it('knows every setting of the policy', () => {
    expect(problemsOf({ ...valid, policy: defaultPatience })).toEqual([]);
  });

  it("forgives another machine's clock five minutes", () => {
    expect(problemsOf({ ...valid, submittedAt: '2026-11-22T12:05:00Z' })).toEqual([]);
  });
});

describe('submissionWarnings', () => {
  const warningsOf = (more: object) => submissionWarnings(parseSubmission({ ...valid, ...more }, NOW), NOW);

  it('name what is odd by its path', () => {
    expect(warningsOf({})).toEqual([]);
    const subject = { measureone: { individualId: '1.23457E+11' }, aptrinsic: { identifyId: 'Guest' } };
    expect(warningsOf({ subject, submittedAt: '2026-08-24T11:59:59Z' })).toEqual([
      { field: 'submittedAt', problem: 'lies more than 90 days back' },
      {
        field: 'subject.measureone.individualId',
        problem: 'reads like a number or a date that a spreadsheet has rewritten',
      },
      { field: 'subject.aptrinsic.identifyId', problem: 'is a name that several people may have in common' },
    ]);
    expect(warningsOf({ submittedAt: '2026-08-24T12:00:01Z' })).toEqual([]);
  });
});

describe('what is said of a submission', () => {
  it('holds no four characters of what stood there', () => {
    // Letters that no four of stand together in any sentence of ours, among what is odd.
    const piece = fc.string({ unit: fc.constantFrom('Q', 'X', 'Z', 'J', 'K', 'V', 'W'), minLength: 4, maxLength: 12 });
    const oddly = fc.constantFrom(
      '',
      '@',
      '\u200b',
      '\u00a0',
      ' ',
      '"',
      '%40',
      '\n',
      'undefined',
      'null@',
      '{{',
      '#',
      '.0',
      '\ud800',
    );
    const value = fc.tuple(oddly, piece, oddly, fc.constantFrom('', '@example.org')).map((parts) => parts.join(''));
    const odd = fc.record(
      {
        requestId: value,
        regulation: fc.oneof(value, fc.constant('gdpr')),
        submittedAt: fc.oneof(value, fc.constant('2026-01-22T09:30:00Z')),
        receivedVia: value,
        filedBy: value,
        identityAskedAt: value,
        verification: fc.record({ method: value, by: value, at: value, reference: value }),
        subject: fc.record(
          Object.fromEntries(
            providerKeys.map((provider) => [provider, fc.record({ [identifierFields[provider]]: value })]),
          ),
          { requiredKeys: ['aptrinsic'] },
        ),
      },
      { requiredKeys: ['regulation', 'submittedAt', 'subject'] },
    );
    const takenMostly = fc.record({
      regulation: fc.constant('gdpr'),
      submittedAt: fc.constant('2026-01-22T09:30:00Z'),
      subject: fc.record({ aptrinsic: fc.record({ identifyId: value }) }),
    });
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(odd, takenMostly), (given) => {
        let said: string;
        try {
          said = JSON.stringify(submissionWarnings(parseSubmission(given, NOW), NOW));
          taken += 1;
        } catch (error) {
          if (!(error instanceof InvalidSubmissionError)) throw error;
          said = error.message + JSON.stringify(error.problems);
        }
        expect(said).not.toMatch(/[QXZJKVW]{4}/i);
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});
