import { InvalidSubmissionError } from '../../client/errors';
import { identifiersOf, parseSubmission } from '../../client/submission';
import { defaultPolicy } from '../../domain/policy';

const PLANTED = 'jane.doe@example.test';
const NOW = Date.parse('2026-11-22T12:00:00Z');
const valid = {
  requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
  regulation: 'gdpr',
  submittedAt: '2026-11-22T09:30:00Z',
  subject: { person: { personId: 'p-1' } },
};

function problemsOf(value: unknown): readonly string[] {
  try {
    parseSubmission(value, NOW);
    return [];
  } catch (error) {
    if (error instanceof InvalidSubmissionError) return error.problems;
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
          person: { personId: 'p 1/ü' },
          aptrinsic: { identifyId: '.AbC' },
        },
        policy: { marginMs: 0 },
      },
      NOW,
    );
    expect([...identifiersOf(parsed)]).toEqual([
      ['measureone', 'i-1'],
      ['person', 'p 1/ü'],
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
    ['an empty identifier', { ...valid, subject: { person: { personId: '' } } }, 'subject.person.personId: expected'],
    [
      'a copied line break',
      { ...valid, subject: { person: { personId: `${PLANTED}\n` } } },
      'subject.person.personId: expected',
    ],
    [
      'a control character',
      { ...valid, subject: { person: { personId: `a\u0000${PLANTED}` } } },
      'subject.person.personId: expected',
    ],
    [
      'too long an identifier',
      { ...valid, subject: { person: { personId: 'x'.repeat(513) } } },
      'subject.person.personId: expected',
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
    expect(problemsOf({ ...valid, policy: defaultPolicy })).toEqual([]);
  });

  it("forgives another machine's clock five minutes", () => {
    expect(problemsOf({ ...valid, submittedAt: '2026-11-22T12:05:00Z' })).toEqual([]);
  });
});
