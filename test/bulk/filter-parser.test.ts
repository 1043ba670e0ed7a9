import fc from 'fast-check';
import { FilterError } from '../../client/errors';
import { filterQuery, parseFilter } from '../../client/filter-parser';
import { filterAttributes } from '../../client/filters';

/** Throws what is no failure of the filter itself. */
function outcomeOf(typed: string): string | FilterError {
  try {
    return parseFilter(typed);
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
}

describe('a filter', () => {
  it.each([
    [
      'needs-staff AND waiting-for=person',
      "ErasureBlockedOn IN ('staff', 'certificate', 'approval', 'hold', 'answer', 'notice-of-hold', 'todo', 'overdue', 'unanswered', 'cannot-make-it', " +
        "'measureone', 'person', 'aptrinsic') AND ErasureBlockedOn = 'person'",
    ],
    ['overdue or DUE-SOON', undefined],
    ['overdue OR due-soon', "ErasureBlockedOn = 'overdue' OR ErasureBlockedOn = 'due-soon'"],
    ['waiting-for=person AND on-hold', "ErasureBlockedOn = 'person' AND ErasureState = 'on-hold'"],
    ["(ErasureState='running' and overdue)", "(ErasureState = 'running' AND ErasureBlockedOn = 'overdue')"],
    ["ErasureProviders IN ('person','aptrinsic')", "ErasureProviders IN ('person', 'aptrinsic')"],
    ['ErasureDueAt IS NOT NULL', 'ErasureDueAt IS NOT NULL'],
    ["StartTime >= '2026-11-01T00:00:00+01:00'", "StartTime >= '2026-10-31T23:00:00.000Z'"],
    ["ErasureState != 'on-hold'", "ErasureState != 'on-hold'"],
    ["ErasureTickets = 'PRIV-1/a#b'", "ErasureTickets = 'PRIV-1/a#b'"],
    ["ErasureTickets IN ('PRIV-1', 'ID:2')", "ErasureTickets IN ('PRIV-1', 'ID:2')"],
    ["ErasureTickets = ''", undefined],
    ["ErasureTickets = '-planted'", undefined],
    ["ErasureTickets = 'planted words'", undefined],
    [`ErasureTickets = '${'x'.repeat(65)}'`, undefined],
    ["ErasureTickets != 'PRIV-1'", undefined],
    ["ErasureState = 'planted'", undefined],
    ["ErasureProviders != 'person'", undefined],
    ["WorkflowType = 'other'", undefined],
    ["StartTime > 'yesterday'", undefined],
    ["ErasureState = 'running' ORDER BY StartTime", undefined],
    ["ErasureState = 'running' OR 1 = 1", undefined],
    ["ErasureState = 'running'; DROP", undefined],
    ['waiting-for=planted', undefined],
    ['(overdue', undefined],
    ['', undefined],
    [`${'('.repeat(20)}overdue${')'.repeat(20)}`, undefined],
  ])('%s', (typed, expected) => {
    const outcome = outcomeOf(typed);
    expect(outcome instanceof FilterError ? undefined : outcome).toBe(expected);
    expect(String(outcome instanceof FilterError ? outcome.message : '')).not.toMatch(/planted|yesterday|DROP/);
  });

  it('is read again as it is written, and has nothing else in it than what is known', () => {
    const word = fc.constantFrom(
      ...Object.keys(filterAttributes),
      'AND',
      'OR',
      '(',
      ')',
      '=',
      '!=',
      '<',
      'IN',
      'IS',
      'NULL',
      "'person'",
      "'running'",
      'overdue',
      'on-hold',
      "'2026-11-01T00:00:00Z'",
      "'PRIV-1/a#b'",
      "'x' OR '1'='1'",
      '--',
      ';',
      'WorkflowId',
    );
    const condition = fc.constantFrom(
      'overdue',
      'needs-staff',
      "ErasureState = 'running'",
      'ErasureDueAt IS NULL',
      '( on-hold )',
    );
    const joined = fc
      .tuple(condition, fc.array(fc.tuple(fc.constantFrom('AND', 'OR'), condition), { maxLength: 4 }))
      .map(([first, rest]) => [first, ...rest.flat()]);
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(fc.array(word, { maxLength: 9 }), joined), (words) => {
        const written = outcomeOf(words.join(' '));
        if (written instanceof FilterError) return;
        read += 1;
        expect(parseFilter(written)).toBe(written);
        expect(written).toMatch(
          /^(Erasure(State|Providers|BlockedOn|DueAt|Tickets)|StartTime|AND|OR|IN|IS|NOT|NULL|[()=<>!, ]|'[a-z-]+'|'[0-9TZ:.-]+'|'[A-Za-z0-9][A-Za-z0-9._:/#-]*')+$/,
        );
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(50);
  });

  it('is always about our own workflow', () => {
    expect(filterQuery({ filter: 'overdue', open: true })).toBe(
      "WorkflowType = 'erasureRequest' AND ExecutionStatus = 'Running' AND (ErasureBlockedOn = 'overdue')",
    );
  });
});
