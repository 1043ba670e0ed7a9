import { HOUR_MS } from '../../../domain/duration';
import { attentionGuide, triesDaily, type AttentionReason } from '../../../domain/leg/failure';
import { legProgress, type LegProgress } from '../../../domain/leg/leg-progress';
import { GRACE_OVER, legInAttention, OVER, settledLegs, T0, unsettledLegs, openLeg } from '../../support/legs';

const iso = (epochMs: number): string => new Date(epochMs).toISOString();

describe('the progress of a leg', () => {
  it.each<[keyof typeof unsettledLegs, Partial<LegProgress>]>([
    [
      'asking',
      {
        state: 'asking',
        waitsFor: 'Person API to take the request on',
        youCan: 'nothing to do; waive or attest',
        requestedAt: iso(T0),
      },
    ],
    [
      'window',
      {
        state: 'waiting-out-window',
        waitsFor: 'the end of the erasure window',
        until: iso(OVER),
        windowEndsAt: iso(OVER - HOUR_MS),
        answeredAt: iso(T0),
        youCan: 'nothing to do; waive or attest',
      },
    ],
    [
      'windowAfterCallback',
      {
        until: iso(OVER),
        waitsFor: 'the end of the erasure window; its callback came 2026-11-23 09:00 UTC',
        callbackAt: '2026-11-23T09:00:00.000Z',
      },
    ],
    ['revivalWindow', { state: 'waiting-out-window', waitsFor: 'the end of the revival window', until: iso(OVER) }],
    [
      'callback',
      {
        state: 'waiting-for-callback',
        waitsFor: "Person API's callback; without it the leg ends as presumed-erased",
        until: iso(GRACE_OVER),
        youCan: 'nothing to do; waive or attest',
      },
    ],
    [
      'looking',
      {
        state: 'looking',
        waitsFor: 'Person API to say whether the record is gone',
        youCan: 'nothing to do; waive or attest',
      },
    ],
    ['withdrawing', { state: 'withdrawing', waitsFor: 'Person API to withdraw the request' }],
  ])('says what it waits for, until when and what one can do: %s', (name, view) => {
    const progress = legProgress(unsettledLegs[name]);
    expect(progress).toMatchObject({ provider: 'person', rounds: 1, ...view });
    expect(progress.outcome).toBeUndefined();
    expect(progress.attention).toBeUndefined();
    expect(progress.until).toBe(view.until);
  });

  it('knows nothing yet before it asks', () => {
    expect(legProgress(openLeg('measureone'))).toEqual({
      provider: 'measureone',
      state: 'not-asked-yet',
      waitsFor: 'its turn; MeasureOne is asked at once',
      youCan: 'nothing to do; waive',
      decisions: ['waive'],
      rounds: 0,
    });
  });

  it.each(Object.keys(attentionGuide) as AttentionReason[])(
    'names attention for %s, since when, and the way out',
    (reason) => {
      const leg = legInAttention(reason);
      const { state, waitsFor, youCan, attention, until } = legProgress(leg);
      expect([state, attention]).toEqual([
        'attention',
        { reason, since: iso(leg.attention?.since ?? NaN), triesDaily: triesDaily(reason) },
      ]);
      expect(waitsFor).toContain(attentionGuide[reason].happened);
      expect(waitsFor.startsWith('the world to mend')).toBe(triesDaily(reason));
      expect(youCan).toBe(attentionGuide[reason].todo);
      expect(attentionGuide[reason].todo.includes('daily')).toBe(triesDaily(reason));
      expect(until).toBeUndefined();
    },
  );

  it.each(Object.entries(settledLegs))('waits for nothing once it is settled: %s', (_name, leg) => {
    const progress = legProgress(leg);
    expect(progress).toMatchObject({
      state: 'settled',
      waitsFor: 'nothing',
      outcome: leg.outcome,
      settledAt: iso(leg.settledAt ?? NaN),
    });
    expect([progress.youCan, progress.until, progress.assurance]).toEqual([undefined, undefined, leg.assurance]);
  });

  it('survives JSON as it is: nothing in it is undefined', () => {
    for (const leg of [...Object.values(settledLegs), ...Object.values(unsettledLegs)]) {
      const progress = legProgress(leg);
      expect(JSON.parse(JSON.stringify(progress))).toStrictEqual(progress);
    }
  });
});
