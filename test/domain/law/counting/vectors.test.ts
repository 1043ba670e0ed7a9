import { computeLegalClock } from '../../../support/legal-clock';
import { parseErasureRequest } from '../../../../domain/request/request';
import { naiveAcknowledgeMondayToFriday } from './naive-law';
import { vectors, type Vector } from './vectors';

function clockOf({ law, receivedAt, timeZone, calendar, identity }: Vector) {
  const at = (instant: string | undefined) => (instant === undefined ? undefined : Date.parse(instant));
  const [informationReceivedAt, provenAt] = [at(identity?.informationReceivedAt), at(identity?.provenAt)];
  return computeLegalClock(
    {
      regulation: law,
      submittedAt: Date.parse(receivedAt),
      ...(identity === undefined
        ? {}
        : {
            identity: {
              askedAt: Date.parse(identity.askedAt),
              ...(informationReceivedAt === undefined ? {} : { informationReceivedAt }),
              ...(provenAt === undefined ? {} : { provenAt }),
            },
          }),
    },
    { timeZone, calendar },
  );
}

describe('due dates worked out by hand', () => {
  it('are there for each law that counts working days', () => {
    expect(new Set(vectors.map(({ law }) => law))).toEqual(new Set(['gdpr', 'uk-gdpr', 'ccpa']));
    expect(vectors.length).toBeGreaterThan(40);
  });

  it.each(vectors)('$law, $calendar, $receivedAt: $why', (vector) => {
    const { acknowledgeOnMondayToFriday: _later, ...expected } = vector.expected;
    const clock = clockOf(vector);
    const found = {
      answerOn: clock.answerBy.on,
      answerAt: new Date(clock.answerBy.at).toISOString(),
      aimOn: clock.internalAnswerBy.on,
      aimAt: new Date(clock.internalAnswerBy.at).toISOString(),
      extendedOn: clock.extendedAnswerBy?.on,
      acknowledgeOn: clock.acknowledgeBy?.on,
    };
    expect(found).toMatchObject(expected);
  });

  it.each(vectors.filter(({ expected }) => expected.acknowledgeOnMondayToFriday !== undefined))(
    '$law, $receivedAt: the receipt is confirmed no later than counted from Monday to Friday',
    (vector) => {
      const { acknowledgeOnMondayToFriday: later = '' } = vector.expected;
      expect(naiveAcknowledgeMondayToFriday(vector.receivedAt.slice(0, 10))).toBe(later);
      expect(clockOf(vector).acknowledgeBy?.on.localeCompare(later)).toBeLessThanOrEqual(0);
    },
  );

  it('are not computed from a proof that lies in the future: that is refused', () => {
    const requestId = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';
    const parsed = parseErasureRequest(
      {
        requestId,
        regulation: 'uk-gdpr',
        submittedAt: '2026-03-02T10:00:00Z',
        identityAskedAt: '2026-03-03T10:00:00Z',
        verification: { method: 'account-login', by: 'staff-1', at: '2027-03-16T10:00:00Z', reference: 'PRIV-1' },
        subject: { person: 'a.b.c.d.e' },
      },
      { requestIdOfWorkflow: requestId, now: Date.parse('2026-03-20T10:00:00Z') },
    );
    expect(parsed).toEqual({ problems: ['verification.at: lies in the future'] });
  });
});
