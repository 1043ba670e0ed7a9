/** Each invariant holds on a good log and is broken by a bad one: no check that cannot fail. */
import { callFindings } from '../../chaos/call-invariants';
import { claimFindings, coherenceFindings } from '../../chaos/claim-invariants';
import { readCertificate } from '../../chaos/claim-read';
import type { ErasureEvidence, SeenCall } from '../../chaos/erasure-evidence';
import type { Invariant } from '../../chaos/suite-finding';
import type { IdleMoment } from '../../chaos/run-history';
import { attendanceFindings, endFindings } from '../../chaos/run-invariants';
import type { RunLogEntry } from '../../chaos/run-log';
import type { Provider } from '../../domain/provider/provider-table';
import {
  activity,
  call,
  callback,
  certificateOf,
  type ClaimSketch,
  DAY_MS,
  decision,
  ended,
  evidence,
  history,
  HOUR_MS,
  record,
  requestId,
  signed,
  start,
  submitted,
  submitting,
} from './hand-written-log';

const week = 7 * DAY_MS + HOUR_MS;

/** Aptrinsic alone, without a fault. */
function goodErasure({
  lookedAfter = week + 1_000,
  calls = [
    call(1_000, 'aptrinsic', { operation: 'delete', is: 'deleted' }),
    call(lookedAfter, 'aptrinsic', { operation: 'read', is: 'unknown' }),
  ],
  entries = [],
  idle = [],
  exists = false,
}: {
  readonly lookedAfter?: number;
  readonly calls?: readonly SeenCall[];
  readonly entries?: readonly RunLogEntry[];
  readonly idle?: readonly IdleMoment[];
  readonly exists?: boolean;
} = {}): ErasureEvidence {
  const end = lookedAfter + 1_000;
  return evidence({
    entries: [
      submitting(['aptrinsic']),
      submitted(),
      ...entries,
      record(end, 'aptrinsic', { exists, createDate: '2025-01-01T00:00:00Z' }),
      ended(end),
    ],
    calls,
    history: history(end, {
      activities: [
        activity('aptrinsic.requestErasure', 500, 1_000),
        activity('aptrinsic.observeErasure', lookedAfter - 100, lookedAfter),
      ],
      idle,
    }),
  });
}

const verified: ClaimSketch = {
  provider: 'aptrinsic',
  outcome: 'erased',
  assurance: 'verified',
  settledAfter: week + 1_500,
};

function findingsOf(of: ErasureEvidence, claims: readonly ClaimSketch[] = [verified], more: object = {}): Invariant[] {
  const certificate = readCertificate(signed(certificateOf(claims, more)));
  const found = [
    ...endFindings(of),
    ...callFindings(of),
    ...attendanceFindings(of, certificate),
    ...claimFindings(of, certificate),
    ...coherenceFindings(of, certificate),
  ];
  return [...new Set(found.map(({ invariant }) => invariant))];
}

it('finds nothing in a good log', () => {
  expect(findingsOf(goodErasure())).toEqual([]);
});

describe('one end', () => {
  it('is broken by a second run, and by another content under the same id', () => {
    expect(findingsOf(goodErasure({ entries: [submitting(['aptrinsic'], 2), submitted('run-1', true)] }))).toEqual([]);
    expect(findingsOf(goodErasure({ entries: [submitting(['aptrinsic'], 2), submitted('run-2')] }))).toEqual([
      'one-end',
    ]);
    expect(findingsOf(goodErasure({ entries: [submitted('run-1', true)] }))).toEqual(['one-end']);
  });

  it('is broken by an end without a certificate', () => {
    const good = goodErasure();
    expect(endFindings({ ...good, history: history(week, { end: 'failed', result: undefined }) })).toMatchObject([
      { invariant: 'one-end' },
    ]);
    const terminated = [
      submitting(['aptrinsic']),
      submitted(),
      ...decision(DAY_MS, 'terminate'),
      ended(2 * DAY_MS, { status: 'terminated' }),
    ];
    const cut = history(2 * DAY_MS, { end: 'terminated', result: undefined });
    expect(endFindings(evidence({ entries: terminated, history: cut }))).toEqual([]);
  });
});

describe('nothing lost', () => {
  const idleAt = (blockedOn: readonly string[]): IdleMoment => ({
    at: start,
    eventId: '9',
    activities: [],
    timers: [],
    blockedOn,
  });
  const stuck = (blockedOn: readonly string[]): ErasureEvidence => {
    const { end: _end, endedAt: _endedAt, ...open } = history(week, { idle: [idleAt(blockedOn)], result: undefined });
    return evidence({
      entries: [submitting(['aptrinsic']), submitted(), ended(week, { status: 'stuck' })],
      history: open,
    });
  };

  it('is broken by a request that nobody heard of again, and by one that stands and calls nobody', () => {
    expect(endFindings(evidence({ entries: [submitting(['aptrinsic']), submitted()] }))).toMatchObject([
      { invariant: 'nothing-lost' },
    ]);
    expect(endFindings(stuck([]))).toMatchObject([{ invariant: 'nothing-lost' }]);
    expect(endFindings(stuck(['staff', 'aptrinsic']))).toEqual([]);
  });
});

describe('not too strong', () => {
  it('is broken by a claim that no call bears out', () => {
    const unseen = [call(1_000, 'aptrinsic', { operation: 'delete', is: 'deleted' })];
    expect(findingsOf(goodErasure({ calls: unseen }))).toContain('not-too-strong');
    const lost = [
      call(1_000, 'aptrinsic', { operation: 'delete', did: { is: 'deleted' }, status: 'destroyed' }),
      call(2_000, 'aptrinsic', { operation: 'delete', is: 'unknown' }),
      call(week + 1_000, 'aptrinsic', { operation: 'read', is: 'unknown' }),
    ];
    expect(findingsOf(goodErasure({ calls: lost }))).toEqual(['not-too-strong']);
    expect(
      findingsOf(goodErasure({ calls: lost }), [
        { provider: 'aptrinsic', outcome: 'presumed-erased', settledAfter: week + 1_500 },
      ]),
    ).toEqual([]);
  });

  it('is broken by a record that is still there', () => {
    expect(findingsOf(goodErasure({ exists: true }))).toEqual(['not-too-strong']);
  });

  it('is broken by an outcome that does not follow, and by a decision that nobody took', () => {
    const attested: ClaimSketch = {
      provider: 'aptrinsic',
      outcome: 'attested',
      settledAfter: DAY_MS,
      decisions: [{ kind: 'attest' }],
    };
    expect(findingsOf(goodErasure(), [attested])).toEqual(['not-too-strong']);
    const decided = goodErasure({ entries: decision(week + 1_100, 'attest', { provider: 'aptrinsic' }) });
    expect(findingsOf(decided, [attested])).toEqual([]);
    expect(findingsOf(decided, [attested], { outcome: 'completed' })).toEqual(['not-too-strong']);
  });
});

describe('not too early', () => {
  it("is broken by a look before the window and its margin are over, by the server's times", () => {
    expect(findingsOf(goodErasure({ lookedAfter: week - 60_000 }))).toEqual(['not-too-early']);
  });

  it("is broken by the providers' clock alone, where the history says otherwise", () => {
    const calls = [
      call(1_000, 'aptrinsic', { operation: 'delete', is: 'deleted' }),
      call(DAY_MS, 'aptrinsic', { operation: 'read', is: 'unknown' }),
    ];
    expect(findingsOf(goodErasure({ calls }))).toEqual(['not-too-early']);
  });

  it('is broken by MeasureOne within its 120 hours, and by the person API before the time that it told', () => {
    const early = (provider: Provider, calls: readonly SeenCall[], claim: ClaimSketch): Invariant[] => {
      const activities = [
        activity(`${provider}.requestErasure`, 500, 1_000),
        activity(`${provider}.observeErasure`, DAY_MS - 1, DAY_MS),
      ];
      const entries = [submitting([provider]), submitted(), ended(DAY_MS)];
      return findingsOf(evidence({ entries, calls, history: history(DAY_MS, { activities }) }), [claim]);
    };
    const presumed = { outcome: 'presumed-erased', settledAfter: DAY_MS } as const;
    const taken = [call(1_000, 'measureone', { operation: 'purge', is: 'taken-on' })];
    expect(early('measureone', taken, { provider: 'measureone', ...presumed })).toEqual(['not-too-early']);
    const queued = [
      call(1_000, 'person', { operation: 'purge', is: 'queued', purgeOn: start + 2 * DAY_MS }),
      call(DAY_MS - 1, 'person', { operation: 'status', is: 'not-queued' }),
      call(DAY_MS, 'person', { operation: 'info', is: 'absent' }),
    ];
    expect(early('person', queued, { provider: 'person', ...presumed })).toEqual(['not-too-early']);
  });
});

describe('calls', () => {
  const good = goodErasure().calls;
  const asking = (after: number): SeenCall => call(after, 'aptrinsic', { operation: 'delete', is: 'unknown' });

  it('are out of turn before the approval, during a hold and after a decision that settles', () => {
    const awaiting: IdleMoment = {
      at: start,
      eventId: '4',
      activities: [],
      timers: [],
      blockedOn: ['approval'],
      state: 'awaiting-approval',
    };
    expect(findingsOf(goodErasure({ idle: [awaiting], entries: decision(500, 'approve') }))).toEqual([]);
    expect(findingsOf(goodErasure({ idle: [awaiting], entries: decision(DAY_MS, 'approve') }))).toEqual([
      'no-call-out-of-turn',
    ]);
    const held = [...decision(DAY_MS, 'hold'), ...decision(3 * DAY_MS, 'release')];
    expect(callFindings(goodErasure({ entries: held }))).toEqual([]);
    expect(callFindings({ ...goodErasure({ entries: held }), calls: [asking(2 * DAY_MS)] })).toMatchObject([
      { invariant: 'no-call-out-of-turn' },
    ]);
    const waived = goodErasure({ entries: decision(DAY_MS, 'waive', { provider: 'aptrinsic' }) });
    expect(callFindings(waived)).toMatchObject([{ invariant: 'no-call-out-of-turn' }]);
    expect(callFindings(goodErasure({ entries: decision(DAY_MS, 'waive', { provider: 'person' }) }))).toEqual([]);
  });

  it('are repeated without a reason', () => {
    const calls = [asking(10), ...good];
    expect(callFindings(goodErasure({ calls }))).toMatchObject([{ invariant: 'bounded-repeats' }]);
    const killed = {
      ...goodErasure({ calls }),
      interruptions: [{ wallAt: start + 2_000, what: 'a worker was killed' }],
    };
    expect(callFindings(killed)).toEqual([]);
    const failed = [call(10, 'aptrinsic', { operation: 'delete', status: 503 }), ...good];
    expect(callFindings(goodErasure({ calls: failed }))).toEqual([]);
  });
});

describe('callbacks', () => {
  const signal = (handle: string) => ({ name: 'providerConfirmed', at: start, content: { handle } });
  const told = (signals: readonly ReturnType<typeof signal>[], entries: readonly RunLogEntry[]): Invariant[] => {
    const log = [submitting(['measureone']), submitted(), ...entries, ended(30 * 60_000)];
    return callFindings(evidence({ entries: log, history: history(DAY_MS, { signals }) })).map(
      ({ invariant }) => invariant,
    );
  };

  it('count once, however often they are delivered', () => {
    expect(told([signal('a')], [callback(100), callback(200)])).toEqual([]);
    expect(told([signal('a'), signal('a')], [callback(100), callback(200)])).toEqual(['callback-counts-once']);
  });

  it('are refused where they are forged', () => {
    expect(told([], [callback(100, { nature: 'made-up-capability', status: 404 })])).toEqual([]);
    expect(told([], [callback(100, { nature: 'altered-capability', status: 204 })])).toEqual(['forgery-refused']);
    expect(told([signal('a')], [callback(100, { nature: 'no-capability', status: 404 })])).toEqual(['forgery-refused']);
  });
});

describe('an open request', () => {
  const moment = (more: Partial<IdleMoment>): IdleMoment => ({
    at: start,
    eventId: '9',
    activities: [],
    timers: [],
    blockedOn: [],
    ...more,
  });

  it('is never unattended', () => {
    const found = (more: Partial<IdleMoment>): Invariant[] => findingsOf(goodErasure({ idle: [moment(more)] }));
    expect(found({ timers: ['Aptrinsic: wait out the window'] })).toEqual([]);
    expect(found({ activities: ['aptrinsic.requestErasure'] })).toEqual([]);
    expect(found({ activities: ['determineTerms'] })).toEqual([]);
    expect(found({ blockedOn: ['staff', 'aptrinsic'] })).toEqual([]);
    expect(found({})).toEqual(['never-unattended']);
    expect(found({ timers: ['Legal clock: remind'] })).toEqual(['never-unattended']);
    expect(found({ at: start + week + 2_000 })).toEqual([]);
  });

  it('waits for a callback no more once its time is over, also where it comes after all', () => {
    const found = (...fired: readonly string[]): Invariant[] => {
      const idle = [moment({ at: start + 2_000 })];
      const timers = fired.map((label) => ({ label, at: start + 1_000 }));
      const of = evidence({
        entries: [submitting(['measureone']), submitted(), ended(9_000)],
        history: history(9_000, { idle, fired: timers }),
      });
      const claim = { provider: 'measureone', outcome: 'erased', assurance: 'confirmed', settledAfter: 8_000 } as const;
      const certificate = readCertificate(signed(certificateOf([claim])));
      return attendanceFindings(of, certificate).map(({ invariant }) => invariant);
    };
    expect(found('MeasureOne: wait for the callback until 2026-03-10 09:00 UTC')).toEqual([]);
    expect(found('MeasureOne: wait out the window until 2026-03-07 10:00 UTC')).toEqual(['never-unattended']);
    expect(found()).toEqual(['never-unattended']);
  });

  it('is never silent about an answer that it owes', () => {
    const owes = { at: start + week + 2_000, state: 'completed' };
    expect(findingsOf(goodErasure({ idle: [moment({ ...owes, blockedOn: ['staff', 'answer'] })] }))).toEqual([]);
    expect(findingsOf(goodErasure({ idle: [moment(owes)] }))).toEqual(['answer-never-silent']);
  });
});

it('shows what it found', () => {
  const [found] = endFindings(evidence({ entries: [submitting(['aptrinsic']), submitted()] }));
  expect(found?.evidence.join()).toContain(requestId);
});
