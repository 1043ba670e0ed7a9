/** A decision, a hold or the end of the request while a provider is being called: what it answers then is never dropped. */
import { HOUR_MS } from '../../../domain/duration';
import { certificateClaims } from '../../../domain/certificate/certificate';
import { certificateText } from '../../../domain/certificate/certificate-text';
import type { WithoutTime } from '../../../domain/without-time';
import { nextStep } from '../../../domain/leg/next-step';
import { settled, type LegEvent } from '../../../domain/leg/leg-state';
import { legProgress } from '../../../domain/leg/leg-progress';
import type { Evidence, Observation, Receipt, Withdrawal } from '../../../domain/leg/receipt';
import { defaultRules } from '../../support/default-rules';
import { basisOf, type Statement } from '../../../domain/certificate/statement';
import { legAfter, OVER, T0, stateAfter, type AnyLeg } from '../../support/legs';
import { accepted, HOURS_120_MS, unknown } from '../../support/receipts';

type At = [at: number, happening: WithoutTime<LegEvent>];

const evidence: Evidence = { host: 'provider.test', httpStatus: 200, facts: { marker: 'THE-ANSWER' } };
const asked: WithoutTime<LegEvent> = { type: 'asked' };
const withdrawable: WithoutTime<LegEvent> = { type: 'answered', receipt: accepted({ withdrawable: true }) };
const decided = (kind: 'waive' | 'attest'): WithoutTime<LegEvent> => ({
  type: 'decided',
  kind,
  decision: { provider: 'person', actor: 'staff-7', reason: { code: 'checked', ticket: 'PRIV-1' } },
});
const receipts: Receipt[] = [
  accepted({ evidence }),
  accepted({ evidence, withdrawable: true }),
  unknown({ evidence }),
  unknown({ evidence, window: { lastsMs: HOURS_120_MS } }),
];
const observations: Observation[] = [
  { status: 'absent', evidence },
  { status: 'inconclusive', evidence },
  { status: 'pending', endsAt: OVER + HOUR_MS, evidence },
  { status: 'present', sameRecord: true, evidence },
  { status: 'present', sameRecord: false, evidence },
  { status: 'present', sameRecord: true, takenOffQueue: true, evidence },
];
const withdrawals: Withdrawal[] = [
  { status: 'withdrawn', evidence },
  { status: 'too-late', since: T0, evidence },
  { status: 'nothing-to-withdraw', evidence },
];
const window: At[] = [
  [T0, asked],
  [T0, withdrawable],
];

/** A call under way, and what it may be answered. */
const calls: Record<string, { readonly before: At[]; readonly answers: readonly WithoutTime<LegEvent>[] }> = {
  'an asking': {
    before: [[T0, asked]],
    answers: receipts.map((receipt) => ({ type: 'answered', receipt })),
  },
  'a second asking': {
    before: [
      ...window,
      [OVER, { type: 'timePassed' }],
      [
        OVER,
        {
          type: 'observed',
          observation: { status: 'present', sameRecord: true, evidence: { ...evidence, facts: {} } },
        },
      ],
      [OVER, asked],
    ],
    answers: receipts.map((receipt) => ({ type: 'answered', receipt })),
  },
  'a look': {
    before: [...window, [OVER, { type: 'timePassed' }]],
    answers: observations.map((observation) => ({ type: 'observed', observation })),
  },
  'a withdrawal because of a hold': {
    before: [...window, [T0 + 1, { type: 'held' }], [T0 + 1, { type: 'withdrawing' }]],
    answers: withdrawals.map((withdrawal) => ({ type: 'withdrawalAnswered', withdrawal })),
  },
  'a withdrawal': {
    before: [...window, [T0 + 1, { type: 'requestEnded' }]],
    answers: withdrawals.map((withdrawal) => ({ type: 'withdrawalAnswered', withdrawal })),
  },
};

const meanwhile: Record<string, WithoutTime<LegEvent>[]> = {
  nothing: [],
  waive: [decided('waive')],
  attest: [decided('attest')],
  'a hold': [{ type: 'held' }],
  'a release': [{ type: 'released' }],
  'a hold and its release': [{ type: 'held' }, { type: 'released' }],
  'a hold, then attest': [{ type: 'held' }, decided('attest')],
  'a callback': [{ type: 'calledBack', evidence: { handle: 'h1' } }],
};

const cells = Object.entries(calls).flatMap(([call, { before, answers }]) =>
  Object.entries(meanwhile).flatMap(([what, events]) =>
    answers.flatMap((answer, index) =>
      [false, true].map(
        (isEnded) => [call, what, index, isEnded ? 'ended' : 'open', { before, events, answer, isEnded }] as const,
      ),
    ),
  ),
);

/** The run tells the end of the request once the call under way has come back. */
function legOf({ before, events, answer, isEnded }: (typeof cells)[number][4]): AnyLeg {
  const at = (before.at(-1)?.[0] ?? T0) + 1;
  return legAfter(
    ...before,
    ...events.map((event): At => [at, event]),
    [at + 1, answer],
    ...(isEnded ? [[at + 2, { type: 'requestEnded' }] satisfies At] : []),
  );
}

describe('what a provider answers while something else is decided', () => {
  it.each(cells)('%s, meanwhile %s (answer %i, request %s) is in the record', (...[, , , , cell]) => {
    expect(JSON.stringify(legOf(cell))).toContain('THE-ANSWER');
  });

  it.each(cells.filter(([, , , , cell]) => legOf(cell).phase === 'settled'))(
    '%s, meanwhile %s (answer %i, request %s) is in the certificate, for people too',
    (...[, , , , cell]) => {
      const claims = certificateClaims(
        { ...statement, legs: [settled(legOf(cell))] },
        { environment: 'test', at: OVER },
      );
      expect(JSON.stringify(claims)).toContain('THE-ANSWER');
      expect(certificateText(claims)).toContain('THE-ANSWER');
    },
  );
});

const statement: Statement = {
  requestId: 'r',
  workflowId: 'erasure-r',
  runId: 'x',
  run: 'x',
  terms: { rules: defaultRules, isIndexed: false },
  regulation: 'gdpr',
  submittedAt: T0,
  startedAt: T0,
  outcome: 'completed-with-exceptions',
  legs: [],
  isExtended: false,
  trail: [],
};

describe('a decision while the provider is being asked to withdraw', () => {
  const withdrawing = legAfter(
    ...window,
    [T0 + 1, { type: 'held' }],
    [T0 + 1, { type: 'withdrawing' }],
    [T0 + 2, decided('attest')],
  );

  it('stands, and whoever decided is told of it', () => {
    expect(withdrawing).toMatchObject({ phase: 'settled', outcome: 'attested' });
    expect(legProgress(withdrawing).waitsFor).toContain(
      "Person API's answer to withdrawing the request because of the hold",
    );
  });

  it('does not hide that the provider withdrew it afterwards', () => {
    const withdrawn = stateAfter(withdrawing, {
      type: 'withdrawalAnswered',
      withdrawal: { status: 'withdrawn', evidence },
      at: T0 + HOUR_MS,
    });
    expect(legProgress(withdrawn)).toMatchObject({
      state: 'settled',
      outcome: 'attested',
      waitsFor: 'nothing; Person API withdrew the request at 2026-11-22 10:00 UTC, after this was decided',
      withdrawnAt: '2026-11-22T10:00:00.000Z',
    });
    expect(basisOf(withdrawn)).toContain(
      'Afterwards, at 2026-11-22 10:00 UTC, Person API withdrew what it had been asked',
    );
  });

  it('does not hide that it was broken off', () => {
    const brokenOff = stateAfter(withdrawing, { type: 'interrupted', at: T0 + HOUR_MS });
    expect(basisOf(brokenOff)).toContain(
      'was broken off at 2026-11-22 10:00 UTC; whether the provider withdrew it is not known',
    );
    expect(nextStep(brokenOff)).toEqual({ do: 'finish' });
  });
});

describe('a hold while the provider is being asked', () => {
  const held = legAfter([T0, asked], [T0 + 1, { type: 'held' }]);

  it('says that the provider may have been asked, for as long as nobody knows', () => {
    expect(legProgress(held)).toMatchObject({
      state: 'held',
      waitsFor: expect.stringContaining('the hold came while it was being asked, and it may have taken the request on'),
    });
  });

  it('never says afterwards that nothing was asked', () => {
    const brokenOff = stateAfter(held, { type: 'interrupted', at: T0 + 2 });
    expect(nextStep(brokenOff)).toEqual({ do: 'withdraw', for: 'hold' });
    const tooLate = [
      { type: 'withdrawing' },
      { type: 'withdrawalAnswered', withdrawal: { status: 'too-late' } },
    ] as const;
    const leg = tooLate.reduce<AnyLeg>((one, event) => stateAfter(one, { ...event, at: T0 + 3 }), brokenOff);
    expect(legProgress(leg).waitsFor).toBe(
      'the release of the legal hold; Person API may have been asked at 2026-11-22 09:00 UTC, when it was too late to withdraw it, and is asked nothing more before it',
    );
  });

  it('says that nothing is asked where nothing was', () => {
    expect(legProgress(legAfter([T0, { type: 'held' }])).waitsFor).toBe(
      'the release of the legal hold; Person API is asked nothing before it',
    );
  });
});

describe('what is ours to withdraw', () => {
  const withdrawn: At[] = [
    ...window,
    [T0 + 1, { type: 'held' }],
    [T0 + 1, { type: 'withdrawing' }],
    [T0 + 2, { type: 'withdrawalAnswered', withdrawal: { status: 'withdrawn' } }],
  ];
  const unreached: WithoutTime<LegEvent> = {
    type: 'failed',
    failure: { type: 'ProviderUnavailable', mayHaveReached: false },
  };
  const reached: WithoutTime<LegEvent> = {
    type: 'failed',
    failure: { type: 'ProviderUnavailable', mayHaveReached: true },
  };
  const released: WithoutTime<LegEvent> = { type: 'released' };
  const takenOff: WithoutTime<LegEvent> = {
    type: 'observed',
    observation: { status: 'present', sameRecord: true, takenOffQueue: true, evidence },
  };
  const ended: WithoutTime<LegEvent> = { type: 'requestEnded' };

  it.each<[string, At[], string | undefined]>([
    ['while the hold that withdrew it lasts', withdrawn, 'withdrawn'],
    ['after the release', [...withdrawn, [T0 + 3, released]], 'withdrawn'],
    ['while it is asked anew', [...withdrawn, [T0 + 3, released], [T0 + 3, asked]], 'withdrawn'],
    [
      'when asking anew reached nobody',
      [...withdrawn, [T0 + 3, released], [T0 + 3, asked], [T0 + 4, unreached]],
      'withdrawn',
    ],
    [
      'when asking anew may have reached it',
      [...withdrawn, [T0 + 3, released], [T0 + 3, asked], [T0 + 4, reached]],
      undefined,
    ],
    [
      'when it was taken on anew',
      [...withdrawn, [T0 + 3, released], [T0 + 3, asked], [T0 + 4, withdrawable]],
      undefined,
    ],
    [
      'when it was taken off the queue by somebody else',
      [...window, [OVER, { type: 'timePassed' }], [OVER, takenOff]],
      'unknown',
    ],
    [
      'when a hold found nothing of an asking without an answer',
      [
        [T0, asked],
        [T0, reached],
        [T0 + 1, { type: 'held' }],
        [T0 + 1, { type: 'withdrawing' }],
        [T0 + 2, { type: 'withdrawalAnswered', withdrawal: { status: 'nothing-to-withdraw' } }],
      ],
      'unknown',
    ],
    [
      'when no call can have reached it',
      [
        [T0, asked],
        [T0, unreached],
      ],
      'never-asked',
    ],
  ])('%s', (_name, events, outcome) => {
    const leg = legAfter(...events, [OVER + 1, ended]);
    expect(leg.outcome).toBe(outcome);
    expect(nextStep(leg).do).toBe(outcome === undefined ? 'withdraw' : 'finish');
  });

  it.each<[string, At[]]>([
    ['asked anew without reaching anybody', [...withdrawn, [T0 + 3, released], [T0 + 3, asked], [T0 + 4, unreached]]],
    ['not asked anew yet', [...withdrawn, [T0 + 3, released]]],
  ])('is nothing for a second hold where it was %s', (_name, events) => {
    expect(nextStep(legAfter(...events, [T0 + 5, { type: 'held' }]))).toEqual({ do: 'waitForRelease' });
  });
});
