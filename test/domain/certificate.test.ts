import { certificateClaims } from '../../domain/certificate';
import type { Statement } from '../../domain/statement';
import { legInAttention, OVER, settledLegs, T0, unsettledLegs } from '../support/legs';
import { evidence } from '../support/receipts';

const statement: Statement = {
  requestId: 'r-1',
  workflowId: 'erasure-r-1',
  runId: 'run-1',
  regulation: 'gdpr',
  submittedAt: T0 - 1,
  startedAt: T0,
  outcome: 'completed',
  legs: [settledLegs.verified],
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
      lastObservation: { at: '2026-11-27T10:00:00.000Z', found: 'absent', evidence },
      rounds: [
        {
          number: 1,
          askedAt: '2026-11-22T09:00:00.000Z',
          acceptedAt: '2026-11-22T09:00:00.000Z',
          windowKind: 'purge',
          windowEndsAt: '2026-11-27T09:00:00.000Z',
          marginMs: 3_600_000,
          evidence,
        },
      ],
      decisions: [],
      settledAt: '2026-11-27T10:00:00.000Z',
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
      expect(() => certificateClaims({ ...statement, legs: [leg] }, issue)).toThrow(
        'Only a settled leg can be certified',
      );
    }
  });
});
