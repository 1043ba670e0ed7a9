import fc from 'fast-check';
import { DayCounts } from '../../client/report/day-counts';
import { FigureCounts } from '../../client/report/figures';
import { parsePeriod } from '../../client/report/period';
import type { RequestFacts } from '../../client/report/request-facts';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { LegOutcome, RequestOutcome } from '../../domain/leg/outcome';

const now = Date.parse('2026-11-22T12:00:00Z');

describe('lengths of time in days', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 400 * DAY_MS }), { minLength: 1, maxLength: 60 });
  const tenthsUp = (lengthMs: number): number => Math.ceil(lengthMs / (DAY_MS / 10)) / 10;

  it('have the percentiles that sorting them gives', () => {
    fc.assert(
      fc.property(lengths, fc.double({ min: 0.01, max: 1, noNaN: true }), (given, share) => {
        const counts = new DayCounts();
        for (const length of given) counts.add(length);
        const sorted = given.toSorted((a, b) => a - b);
        const naive = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
        expect(counts.percentile(share)).toBe(tenthsUp(naive));
        // At least this share is not longer.
        const within = given.filter((length) => tenthsUp(length) <= (counts.percentile(share) ?? 0));
        expect(within.length).toBeGreaterThanOrEqual(share * given.length);
      }),
    );
  });

  it('have a mean, and a median that is not above the 95th percentile', () => {
    fc.assert(
      fc.property(lengths, (given) => {
        const counts = new DayCounts();
        for (const length of given) counts.add(length);
        const { median, p95, mean } = counts.figures() ?? { median: 1, p95: 0, mean: 0 };
        expect(median).toBeLessThanOrEqual(p95);
        const exact = given.reduce((sum, length) => sum + tenthsUp(length), 0) / given.length;
        expect(Math.abs(mean - exact)).toBeLessThanOrEqual(0.051);
      }),
    );
  });

  it('are none where there are none', () => {
    expect(new DayCounts().figures()).toBeUndefined();
    expect(new DayCounts().percentile(0.5)).toBeUndefined();
  });
});

describe('the figures', () => {
  const leg = fc.constantFrom<LegOutcome>('erased', 'presumed-erased', 'not-found', 'waived', 'unknown', 'attested');
  const outcome = fc.constantFrom<(RequestOutcome | undefined)[]>(
    'completed',
    'completed-with-exceptions',
    'withdrawn',
    'rejected',
    undefined,
  );
  const request = fc
    .record({
      outcome,
      legs: fc.array(fc.record({ outcome: leg }), { maxLength: 3 }),
      answeredAfter: fc.option(fc.integer({ min: 0, max: 60 * DAY_MS }), { nil: undefined }),
      dueAfter: fc.option(fc.integer({ min: 0, max: 60 * DAY_MS }), { nil: undefined }),
      rejectedFor: fc.constantFrom('unverified', 'exempt-ccpa-105-d', 'excessive', 'out-of-scope'),
    })
    .map(({ outcome: ended, legs, answeredAfter, dueAfter, rejectedFor }): RequestFacts => {
      const submittedAt = now - 30 * DAY_MS;
      return {
        regulation: 'ccpa',
        submittedAt,
        legs,
        ...(ended === undefined ? { openAs: 'running' } : { outcome: ended }),
        ...(ended === 'rejected' ? { rejectedFor: rejectedFor as 'unverified' } : {}),
        ...(answeredAfter === undefined ? {} : { answered: { at: submittedAt + answeredAfter, how: 'recorded' } }),
        ...(dueAfter === undefined ? {} : { dueAt: submittedAt + dueAfter }),
      };
    });

  it('count every request once, in every way of dividing them', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
        const counts = new FigureCounts();
        for (const one of requests) counts.add(one, now);
        const { received, completed, open, withoutCertificate, deletion, answered, overdue } = counts.figures();
        expect(received).toBe(requests.length);
        expect(completed + open + withoutCertificate).toBe(received);
        const { compliedInWhole, compliedInPart, denied, withdrawn, undecided, deniedBy } = deletion;
        expect(compliedInWhole + compliedInPart + denied + withdrawn + undecided).toBe(received);
        expect(deniedBy.unverified + deniedBy.exempt + deniedBy.other).toBe(denied);
        expect(answered.recorded).toBe(requests.filter((one) => one.answered !== undefined).length);
        const late = requests.filter(({ answered: told, dueAt = Infinity }) => told !== undefined && told.at > dueAt);
        expect(overdue.answeredLate).toBe(late.length);
      }),
    );
  });

  it.each<[string, Partial<RequestFacts>, string]>([
    ['completed', { outcome: 'completed' }, 'compliedInWhole'],
    ['an exception beside an erasure', exceptions('erased', 'waived'), 'compliedInPart'],
    ['a silent provider', exceptions('presumed-erased'), 'compliedInPart'],
    ['every provider waived', exceptions('waived', 'waived'), 'other'],
    ['rejected as unverified', { outcome: 'rejected', rejectedFor: 'unverified' }, 'unverified'],
    ['rejected as exempt', { outcome: 'rejected', rejectedFor: 'exempt-art-17-3-b' }, 'exempt'],
    ['rejected as excessive', { outcome: 'rejected', rejectedFor: 'excessive' }, 'other'],
    ['withdrawn', { outcome: 'withdrawn' }, 'withdrawn'],
    ['open', { openAs: 'running' }, 'undecided'],
  ])('of deletion: %s', (_what, facts, expected) => {
    const counts = new FigureCounts();
    counts.add({ regulation: 'ccpa', submittedAt: now, legs: [], ...facts }, now);
    const { deniedBy, denied: _denied, received: _received, ...others } = counts.figures().deletion;
    expect(Object.entries({ ...others, ...deniedBy }).filter(([, count]) => count > 0)).toEqual([[expected, 1]]);
  });

  it('say what is overdue: answered late, or not yet past its day', () => {
    const counts = new FigureCounts();
    const due = { regulation: 'gdpr', submittedAt: now - 40 * DAY_MS, legs: [], dueAt: now - DAY_MS } as const;
    counts.add({ ...due, openAs: 'running' }, now);
    counts.add({ ...due, outcome: 'completed', answered: { at: now, how: 'recorded' } }, now);
    counts.add({ ...due, outcome: 'completed', answered: { at: now - DAY_MS, how: 'elsewhere' } }, now);
    counts.add({ ...due, outcome: 'withdrawn' }, now);
    counts.add({ ...due, openAs: 'running', dueAt: now }, now);
    expect(counts.figures()).toMatchObject({
      overdue: { answeredLate: 1, unansweredPastDue: 1 },
      answered: { recorded: 1, elsewhere: 1 },
    });
  });
});

function exceptions(...outcomes: readonly LegOutcome[]): Partial<RequestFacts> {
  return { outcome: 'completed-with-exceptions', legs: outcomes.map((one) => ({ outcome: one })) };
}

describe('a period', () => {
  it('is whole days of its time zone, also where one of them is shorter', () => {
    const march = parsePeriod({ from: '2026-03-29', to: '2026-03-29', timeZone: 'Europe/Berlin' });
    expect(march.to - march.from).toBe(23 * HOUR_MS);
    expect(parsePeriod({ from: '2026-01-01', to: '2026-12-31' })).toEqual({
      from: Date.parse('2026-01-01T00:00:00Z'),
      to: Date.parse('2027-01-01T00:00:00Z'),
    });
    expect(() => parsePeriod({ from: '2026-02-30', to: '2026-03-01' })).toThrow(/^from, to: expected two days/);
    expect(() => parsePeriod({ from: '2026-03-02', to: '2026-03-01' })).toThrow(/^from, to: expected two days/);
    expect(() => parsePeriod({ from: '2026-03-01', to: '2026-03-01', timeZone: 'planted' })).toThrow(
      /^time zone: expected/,
    );
  });
});
