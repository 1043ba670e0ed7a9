import type { LegOutcome } from '../../../domain/leg/outcome';
import { basisOf, leavesUnsaid } from '../../../domain/certificate/statement';
import type { AcceptanceBasis } from '../../../domain/leg/receipt';
import { accepted } from '../../support/receipts';
import { legAfter, settledLegs, T0, unsettledLegs, openLeg } from '../../support/legs';

describe('the basis of an outcome', () => {
  it.each<[keyof typeof settledLegs, LegOutcome, string]>([
    ['verified', 'erased', 'The record was there before and was absent after the window: erased, verified by looking.'],
    [
      'confirmed',
      'erased',
      'Person API itself reports the erasure, and its window is over: erased, confirmed by the provider.',
    ],
    [
      'presumedSilent',
      'presumed-erased',
      'The window is over and nothing contradicts the erasure, but there is no proof of it.',
    ],
    [
      'presumedUnseen',
      'presumed-erased',
      'The window is over and nothing contradicts the erasure, but there is no proof of it.',
    ],
    [
      'notFound',
      'not-found',
      'Person API knew no such identifier. That says nothing about data under other identifiers.',
    ],
    [
      'notFoundAfterWindow',
      'not-found',
      'Person API knew no such identifier when asked, nor after the window in which one could have been hidden.',
    ],
    [
      'attested',
      'attested',
      'A staff member vouches for the erasure (staff staff-7, checked-with-provider, PRIV-1); this certificate adds no evidence of its own.',
    ],
    [
      'waived',
      'waived',
      'A staff member released us from this provider (staff staff-7, checked-with-provider, PRIV-1); nothing is claimed about the data.',
    ],
    [
      'withdrawn',
      'withdrawn',
      'The request was withdrawn, and was withdrawn at the provider in time. The data were not erased by it.',
    ],
    ['neverAsked', 'never-asked', 'The request ended before the provider was asked. The data were not erased by it.'],
    [
      'unknown',
      'unknown',
      'The request ended while Person API had been asked and the result could not be learnt. The window and margin end at 2026-11-27 10:00 UTC.',
    ],
    [
      'unknownTooLate',
      'unknown',
      'the result could not be learnt. It was too late to withdraw since 2026-11-22 10:00 UTC. The window and margin end at 2026-11-27 10:00 UTC.',
    ],
    [
      'unknownInAttention',
      'unknown',
      'Before that a record newer than this request stands under the identifier, perhaps a returning customer.',
    ],
  ])('%s says why', (name, outcome, conclusion) => {
    const leg = settledLegs[name];
    expect(leg.outcome).toBe(outcome);
    expect(basisOf(leg).endsWith(conclusion)).toBe(true);
  });

  it('tells each round, who was asked, when, and what was seen', () => {
    expect(basisOf(settledLegs.verified)).toBe(
      [
        'We asked Person API to erase at 2026-11-22 09:00 UTC; provider.test took the request on at 2026-11-22 09:00 UTC; its erasure window ends at 2026-11-27 09:00 UTC.',
        'The record was known to be there before it was to be erased.',
        'When we last looked, at 2026-11-27 10:00 UTC, the record was absent.',
        'The record was there before and was absent after the window: erased, verified by looking.',
      ].join(' '),
    );
    expect(basisOf(settledLegs.confirmed)).toContain('Its callback came at 2026-11-27 11:00 UTC.');
    expect(basisOf(settledLegs.notFound)).toContain('provider.test answered that it knows no such identifier');
    expect(basisOf(settledLegs.waived)).toContain('no answer that counts has come');
  });

  it('says that a provider took the request on only where it said so itself', () => {
    const story = (basis: AcceptanceBasis) =>
      basisOf(legAfter([T0, { type: 'asked' }], [T0, { type: 'answered', receipt: accepted({ basis }) }]));
    expect(story('taken-on')).toContain('provider.test took the request on at 2026-11-22 09:00 UTC;');
    expect(story('unknown-after-asking')).toContain(
      'provider.test answered that it knows no such identifier at 2026-11-22 09:00 UTC, after an asking of ours whose fate is not known. It never said that it took the request on; we wait as if it had; its erasure window ends at',
    );
    expect(story('queued-already')).toContain(
      'provider.test answered that an erasure is queued at 2026-11-22 09:00 UTC. Whether an asking of ours queued it is not known; we wait for that one; its erasure window ends at',
    );
    for (const basis of ['unknown-after-asking', 'queued-already'] as const) {
      expect(story(basis)).not.toContain('provider.test took the request on');
    }
  });

  it('does not say that it asked where no call can have reached the provider', () => {
    expect(settledLegs.neverReached.outcome).toBe('never-asked');
    expect(basisOf(settledLegs.neverReached)).not.toContain('We asked');
    expect(basisOf(settledLegs.neverReached)).toContain('We tried to ask Person API');
  });

  it.each(Object.entries(settledLegs))('never uses words stronger than the outcome: %s', (_name, leg) => {
    const basis = basisOf(leg);
    expect(/\bverified\b/.test(basis)).toBe(leg.assurance === 'verified');
    expect(/\bconfirmed\b/.test(basis)).toBe(leg.assurance === 'confirmed');
    expect(/: erased\b|reports the erasure/.test(basis)).toBe(leg.outcome === 'erased');
    expect(basis).not.toContain('undefined');
    expect(basis.endsWith('.')).toBe(true);
  });

  it.each([openLeg('person'), ...Object.values(unsettledLegs)])(
    'claims nothing while the leg has not settled',
    (leg) => {
      expect(basisOf(leg).endsWith('This leg has not settled.')).toBe(true);
      expect(basisOf(leg)).not.toMatch(/verified|confirmed|presumed/);
    },
  );

  it('repeats what the provider leaves unsaid', () => {
    const receipt = accepted({ leavesUnsaid: ['Backups are not mentioned.'] });
    expect(leavesUnsaid(legAfter([T0, { type: 'asked' }], [T0, { type: 'answered', receipt }]))).toEqual([
      'Backups are not mentioned.',
    ]);
    expect(leavesUnsaid(openLeg('person'))).toEqual([]);
  });
});
