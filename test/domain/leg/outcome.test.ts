import { requestOutcome, requestOutcomeMeaning, type LegOutcome } from '../../../domain/leg/outcome';

describe('requestOutcome', () => {
  it.each<[string, { outcome: LegOutcome; endedAt?: number }[], string]>([
    ['completed: all erased', [{ outcome: 'erased' }, { outcome: 'erased' }], 'completed'],
    ['completed: erased or not found', [{ outcome: 'erased' }, { outcome: 'not-found' }], 'completed'],
    ['exception: presumed', [{ outcome: 'erased' }, { outcome: 'presumed-erased' }], 'completed-with-exceptions'],
    ['exception: waived', [{ outcome: 'erased' }, { outcome: 'waived' }], 'completed-with-exceptions'],
    ['exception: attested', [{ outcome: 'attested' }], 'completed-with-exceptions'],
    ['exception: unknown', [{ outcome: 'unknown' }], 'completed-with-exceptions'],
    ['withdrawn: one leg was ended', [{ outcome: 'erased' }, { outcome: 'unknown', endedAt: 1 }], 'withdrawn'],
    ['withdrawn: whatever came of it', [{ outcome: 'erased', endedAt: 0 }], 'withdrawn'],
  ])('%s', (_name, legs, outcome) => {
    expect(requestOutcome(legs)).toBe(outcome);
  });

  it('has words for each, and none claims what it does not know', () => {
    expect(Object.keys(requestOutcomeMeaning)).toEqual([
      'completed',
      'completed-with-exceptions',
      'withdrawn',
      'rejected',
    ]);
    expect(requestOutcome([{ outcome: 'never-asked', endedAt: 1 }], { isRejected: true })).toBe('rejected');
    expect(requestOutcomeMeaning.withdrawn).not.toContain('erased');
    expect(requestOutcomeMeaning['completed-with-exceptions']).toContain('not for every one');
  });
});
