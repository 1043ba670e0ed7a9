import { certificateClaims } from '../../../domain/certificate/certificate';
import { defaultRules } from '../../support/default-rules';
import type { Statement } from '../../../domain/certificate/statement';
import { legInAttention, OVER, settledLegs, T0, unsettledLegs } from '../../support/legs';
import { evidence } from '../../support/receipts';

const statement: Statement = {
  requestId: 'r-1',
  workflowId: 'erasure-r-1',
  runId: 'run-1',
  regulation: 'gdpr',
  submittedAt: T0 - 1,
  startedAt: T0,
  outcome: 'completed',
  legs: [settledLegs.verified],
  run: 'run-1',
  terms: { rules: defaultRules, isIndexed: false },
  isExtended: false,
  trail: [],
};
const issue = { environment: 'production', at: OVER + 5 };

describe('certificateClaims', () => {
  it('says what is known of the request, and leaves out what is not', () => {
    const { providers, ...claims } = certificateClaims(statement, issue);
    expect(claims).toStrictEqual({
      format: 'erasure-certificate/1',
      environment: 'production',
      requestId: 'r-1',
      workflowId: 'erasure-r-1',
      runId: 'run-1',
      regulation: 'gdpr',
      submittedAt: '2026-11-22T08:59:59.999Z',
      intakeAt: '2026-11-22T09:00:00.000Z',
      issuedAt: '2026-11-27T10:00:00.005Z',
      decisionMode: 'asserted',
      decisions: [],
      outcome: 'completed',
      meaning: 'At every provider the data are erased, or the provider knows no such identifier.',
    });
    expect(providers).toHaveLength(1);
    const verification = { method: 'login', by: 'staff-7', at: '2026-11-20T10:00:00Z', reference: 'PRIV-1' };
    expect(
      certificateClaims({ ...statement, receivedVia: 'web-form', ground: 'objection', verification }, issue),
    ).toMatchObject({
      receivedVia: 'web-form',
      ground: 'objection',
      verification,
    });
  });

  it('says of a provider what is known, and on what basis', () => {
    const [claim] = certificateClaims(statement, issue).providers;
    expect(claim).toStrictEqual({
      provider: 'person',
      name: 'Person API',
      outcome: 'erased',
      assurance: 'verified',
      basis: expect.stringContaining('verified by looking'),
      leavesUnsaid: [],
      subjectHash: 'hash',
      subjectHashKeyId: 'hash-key',
      lastObservation: { at: '2026-11-27T10:00:00.000Z', found: 'absent', evidence },
      rounds: [
        {
          number: 1,
          askedAt: '2026-11-22T09:00:00.000Z',
          answeredAt: '2026-11-22T09:00:00.000Z',
          windowKind: 'erasure',
          windowEndsAt: '2026-11-27T09:00:00.000Z',
          marginMs: 3_600_000,
          evidence,
        },
      ],
      decisions: [],
      settledAt: '2026-11-27T10:00:00.000Z',
      // Nobody signed for these made-up answers.
      facts: [],
    });
  });

  it('holds the callback, the withdrawal and the decisions that there were', () => {
    const { confirmed, withdrawn, unknownTooLate, waived, neverAsked } = settledLegs;
    const legs = [confirmed, withdrawn, unknownTooLate, waived, neverAsked];
    const claims = certificateClaims({ ...statement, outcome: 'withdrawn', legs }, issue).providers;
    expect(claims[0]?.callback).toEqual({ handle: 'h1', event: 'individual.purged', at: '2026-11-27T11:00:00.000Z' });
    expect(claims[1]?.withdrawal).toStrictEqual({ at: '2026-11-23T09:00:00.000Z', result: 'withdrawn', evidence });
    expect(claims[2]?.withdrawal).toStrictEqual({ at: '2026-11-23T09:00:00.000Z', result: 'too-late' });
    expect(claims[3]?.decisions).toEqual([
      {
        provider: 'person',
        actor: 'staff-7',
        reason: { code: 'checked-with-provider', ticket: 'PRIV-1' },
        kind: 'waive',
        at: '2026-11-22T09:00:00.000Z',
      },
    ]);
    expect(claims[4]).toMatchObject({ outcome: 'never-asked', rounds: [] });
    expect(claims[4]).not.toHaveProperty('subjectHash');
  });

  it.each(Object.entries(settledLegs))('survives JSON as it is: %s', (_name, leg) => {
    const claims = certificateClaims({ ...statement, legs: [leg] }, issue);
    expect(JSON.parse(JSON.stringify(claims))).toStrictEqual(claims);
  });

  it('certifies no leg that has not settled', () => {
    for (const leg of [...Object.values(unsettledLegs), legInAttention('ProviderRejected')]) {
      expect(() => certificateClaims({ ...statement, legs: [leg as never] }, issue)).toThrow('has not settled');
    }
  });
});

describe('the decisions about the whole request', () => {
  const said = { actor: 'staff-7', reason: { code: 'litigation', ticket: 'LEGAL-1' } } as const;

  it('are claimed in order, with what they say and their proof; what the run itself reported is not', () => {
    const proof = { tokenId: 't-1', keyId: 'staff-7:2026', token: 'header.claims.signature' };
    const { decisions, decisionMode } = certificateClaims(
      {
        ...statement,
        terms: { ...statement.terms, rules: { ...defaultRules, decisionMode: 'authenticated' } },
        trail: [
          {
            at: T0,
            kind: 'hold',
            content: { ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt: '2026-12-01T00:00:00Z' },
            proof,
          },
          { at: T0 + 1, kind: 'reminded', of: 'due-soon', due: T0 },
          {
            at: T0 + 2,
            kind: 'notice',
            content: { ...said, notice: 'refused', at: '2026-11-22T08:00:00Z', channel: 'email', reference: 'MSG-1' },
          },
          { at: T0 + 3, kind: 'cancelled' },
        ],
      },
      issue,
    );
    expect(decisionMode).toBe('authenticated');
    expect(decisions).toEqual([
      {
        kind: 'hold',
        at: '2026-11-22T09:00:00.000Z',
        ...said,
        ground: 'legal-claims',
        owner: 'legal-2',
        reviewAt: '2026-12-01T00:00:00Z',
        proof,
      },
      {
        kind: 'notice',
        at: '2026-11-22T09:00:00.002Z',
        ...said,
        notice: 'refused',
        happenedAt: '2026-11-22T08:00:00Z',
        channel: 'email',
        reference: 'MSG-1',
      },
      { kind: 'cancelled', at: '2026-11-22T09:00:00.003Z' },
    ]);
  });

  it('stand beside the law that the request was answered under', () => {
    const day = (on: string) => ({ on, at: Date.parse(`${on}T23:59:59.999Z`) });
    const clock = {
      rule: 'gdpr/1',
      source: 'GDPR Art. 12(3)',
      timeZone: 'UTC',
      calendar: 'DE',
      calendarSource: 'date-holidays 3.37.0',
      startsAt: T0,
      answerBy: day('2026-12-22'),
      internalAnswerBy: day('2026-12-22'),
      extendedAnswerBy: day('2027-02-22'),
      extendBy: day('2026-12-22'),
    };
    const claimed = (isExtended: boolean) =>
      certificateClaims({ ...statement, terms: { ...statement.terms, clock }, isExtended }, issue).legalClock;
    expect(claimed(false)).toEqual({
      rule: 'gdpr/1',
      source: 'GDPR Art. 12(3)',
      calendar: 'DE',
      calendarSource: 'date-holidays 3.37.0',
      timeZone: 'UTC',
      startsAt: '2026-11-22T09:00:00.000Z',
      answerBy: '2026-12-22',
      extended: false,
    });
    expect(claimed(true)).toMatchObject({ answerBy: '2027-02-22', extended: true });
  });
});
