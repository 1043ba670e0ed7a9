import { openLeg, stateAfter, type AnyLeg } from '../support/legs';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ApplicationFailure } from '@temporalio/activity';
import { createCertificateActivities } from '../../activities/certificate-activities';
import type { CertificateClaims } from '../../domain/certificate/certificate';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import type { WithoutTime } from '../../domain/without-time';
import type { LegEvent, SettledLeg } from '../../domain/leg/leg-state';
import { requestOutcome } from '../../domain/leg/outcome';
import type { Provider } from '../../domain/provider/provider-table';
import type { Observation, Receipt } from '../../domain/leg/receipt';
import type { Statement } from '../../domain/certificate/statement';
import { createCertificateSigner, verifyCertificate } from '../../security/certificate-signature';
import { unpackCertificate } from '../../security/packed-certificate';
import { createDecisionTokenChecker, createDecisionTokenIssuer } from '../../security/decision-token';
import { createFactChecker } from '../../security/facts';
import { readCertificateKeys, readDecisionKeys, readServerDecisionKeys } from '../../security/key-files';
import type { CertificateKeys } from '../../security/key-table';
import { absent, accepted, presentAgain, unknown } from '../support/receipts';
import { REQUEST_ID, RUN, Witnesses } from '../support/signed-facts';

const T0 = Date.UTC(2026, 10, 22, 9);
const ASKED_MS = 1_000;
const WINDOW_MS = 7 * DAY_MS;
const OVER = T0 + ASKED_MS + WINDOW_MS + HOUR_MS;
const END = T0 + 60 * DAY_MS;
const said = { actor: 'staff-7', reason: { code: 'checked', ticket: 'PRIV-1' } } as const;

let witnesses: Witnesses;
let keys: CertificateKeys;
let activities: ReturnType<typeof createCertificateActivities>;
beforeAll(async () => {
  witnesses = await Witnesses.open();
  keys = await readCertificateKeys(witnesses.directory);
  activities = createCertificateActivities({
    signer: createCertificateSigner(keys),
    environment: 'test',
    checker: createFactChecker(witnesses.factKeys),
    decisions: createDecisionTokenChecker(await readDecisionKeys(witnesses.directory)),
  });
});
afterAll(() => witnesses.close());

type Told = readonly [at: number, event: WithoutTime<LegEvent>];

function legOf(provider: Provider, ...events: readonly Told[]): AnyLeg {
  return events.reduce<AnyLeg>((leg, [at, event]) => stateAfter(leg, { ...event, at } as LegEvent), openLeg(provider));
}

const atFirst = { at: T0, firstAskedAt: T0 };
const window = { lastsMs: WINDOW_MS };

/** Asked, answered, and its window waited out. */
function waited(provider: Provider, receipt: Receipt, more: Partial<typeof atFirst> & { askedBefore?: boolean } = {}) {
  return [
    [T0, { type: 'asked' }],
    [T0 + ASKED_MS, { type: 'answered', receipt: witnesses.receipt(provider, receipt, { ...atFirst, ...more }) }],
    [OVER, { type: 'timePassed' }],
  ] satisfies Told[];
}

function looked(provider: Provider, found: Observation, at = OVER): Told {
  return [
    at + MINUTE_MS,
    { type: 'observed', observation: witnesses.observation(provider, found, { at, firstAskedAt: T0 }) },
  ];
}

const outcomes = {
  verified: () => legOf('aptrinsic', ...waited('aptrinsic', accepted({ window })), looked('aptrinsic', absent)),
  presumed: () =>
    legOf('aptrinsic', ...waited('aptrinsic', accepted({ window, seen: false })), looked('aptrinsic', absent)),
  confirmed: () =>
    legOf(
      'measureone',
      ...waited('measureone', accepted({ window, confirmedBy: 'callback' })).slice(0, 2),
      [
        T0 + DAY_MS,
        {
          type: 'calledBack',
          evidence: witnesses.callback('measureone', { handle: 'h1', event: 'individual.purged' }, T0),
        },
      ],
      [OVER, { type: 'timePassed' }],
    ),
  silent: () =>
    legOf('measureone', ...waited('measureone', accepted({ window, confirmedBy: 'callback', graceMs: DAY_MS })), [
      OVER + DAY_MS,
      { type: 'timePassed' },
    ]),
  notFound: () => legOf('measureone', ...waited('measureone', unknown()).slice(0, 2)),
  notFoundAfterWindow: () =>
    legOf('aptrinsic', ...waited('aptrinsic', unknown({ window })), looked('aptrinsic', absent)),
  neverAsked: () => legOf('person', [T0, { type: 'requestEnded' }]),
  withdrawn: () =>
    legOf(
      'person',
      ...waited('person', accepted({ window, withdrawable: true })).slice(0, 2),
      [T0 + DAY_MS, { type: 'requestEnded' }],
      [
        T0 + DAY_MS + 1,
        {
          type: 'withdrawalAnswered',
          withdrawal: witnesses.withdrawal('person', { status: 'withdrawn' }, { at: T0 + DAY_MS, firstAskedAt: T0 }),
        },
      ],
    ),
  unknown: () =>
    legOf('measureone', ...waited('measureone', accepted({ window })).slice(0, 2), [
      T0 + DAY_MS,
      { type: 'requestEnded' },
    ]),
  waived: () =>
    legOf(
      'person',
      [T0, { type: 'asked' }],
      [T0 + 1, { type: 'decided', kind: 'waive', decision: { provider: 'person', ...said } }],
    ),
  /** Round 1 found the record back; round 2 found it gone. */
  secondRound: () => {
    const second = { at: OVER + HOUR_MS, firstAskedAt: T0, round: 2, askedBefore: true };
    const over = second.at + ASKED_MS + WINDOW_MS + HOUR_MS;
    return legOf(
      'aptrinsic',
      ...waited('aptrinsic', accepted({ window, seen: false })),
      looked('aptrinsic', presentAgain),
      [second.at, { type: 'asked' }],
      [
        second.at + ASKED_MS,
        {
          type: 'answered',
          receipt: witnesses.receipt('aptrinsic', accepted({ window, seen: false }), second),
        },
      ],
      [over, { type: 'timePassed' }],
      [
        over + MINUTE_MS,
        {
          type: 'observed',
          observation: witnesses.observation('aptrinsic', absent, { ...second, at: over }),
        },
      ],
    );
  },
} satisfies Record<string, () => AnyLeg>;
type Name = keyof typeof outcomes;

function statementOf(legs: readonly AnyLeg[], more: Partial<Statement> = {}): Statement {
  return {
    requestId: REQUEST_ID,
    workflowId: `erasure-${REQUEST_ID}`,
    runId: RUN,
    run: RUN,
    regulation: 'gdpr',
    submittedAt: T0 - 1,
    startedAt: T0,
    outcome: requestOutcome(legs.map((leg) => ({ ...leg, outcome: leg.outcome ?? 'unknown' }))),
    // What is made up need not have settled.
    legs: legs as readonly SettledLeg[],
    terms: witnesses.terms(),
    isExtended: false,
    trail: [],
    ...more,
  };
}

type Call = { readonly type: string; readonly at: number; readonly result?: object; readonly failure?: object };

/** What the run was started with, as its history holds it. */
function startOf({ requestId, regulation, submittedAt, startedAt, filedBy, legs, run, runId }: Statement) {
  const input = {
    requestId,
    regulation,
    submittedAt: new Date(submittedAt).toISOString(),
    subject: Object.fromEntries(legs.map(({ provider }) => [provider, 'a.b.c.d.e'])),
    filedBy,
  };
  const payloads = toPayloads(defaultPayloadConverter, JSON.parse(JSON.stringify(input)));
  const originalExecutionRunId = run === runId ? '' : run;
  const workflowExecutionStartedEventAttributes = { input: { payloads }, originalExecutionRunId };
  return { eventId: 1, eventTime: msToTs(startedAt), workflowExecutionStartedEventAttributes };
}

/** What the run did, as its history holds it. */
function historyOf(calls: readonly Call[]) {
  return calls.flatMap(({ type, at, result, failure }, index) => {
    const scheduledEventId = index * 3 + 5;
    const payloads = (value: object) => ({ payloads: toPayloads(defaultPayloadConverter, value) });
    return [
      {
        eventId: scheduledEventId,
        eventTime: msToTs(at),
        activityTaskScheduledEventAttributes: { activityId: String(index), activityType: { name: type } },
      },
      {
        eventId: scheduledEventId + 1,
        eventTime: msToTs(at),
        activityTaskStartedEventAttributes: { scheduledEventId },
      },
      result === undefined
        ? {
            eventId: scheduledEventId + 2,
            eventTime: msToTs(at + ASKED_MS),
            activityTaskFailedEventAttributes: {
              scheduledEventId,
              failure: { applicationFailureInfo: { details: payloads(failure ?? {}) } },
            },
          }
        : {
            eventId: scheduledEventId + 2,
            eventTime: msToTs(at + ASKED_MS),
            activityTaskCompletedEventAttributes: { scheduledEventId, result: payloads(result) },
          },
    ];
  });
}

/** What an honest run's history holds beside this leg. */
function callsOf(leg: AnyLeg): readonly Call[] {
  const { at: withdrawnAt = 0, ...withdrawal } = leg.withdrawal ?? {};
  const looks = [leg.sighting, leg.lastObservation].flatMap((look) => (look === undefined ? [] : [look]));
  return [
    ...looks.map(({ at, ...look }) => ({
      type: `${leg.provider}.observeErasure`,
      at: look.witness?.at ?? at,
      result: look,
    })),
    ...leg.rounds.flatMap(({ receipt, askedAt }) =>
      receipt === undefined ? [] : [{ type: `${leg.provider}.requestErasure`, at: askedAt, result: receipt }],
    ),
    ...(leg.withdrawal === undefined
      ? []
      : [{ type: `${leg.provider}.withdrawErasure`, at: withdrawnAt, result: withdrawal }]),
  ];
}

interface Issue {
  readonly calls?: readonly Call[];
  /** What the run was started for, where it is not what the statement says. */
  readonly started?: Statement;
  /** The events of the run that this one was reset from; null where Temporal has forgotten it. */
  readonly origin?: readonly object[] | null;
  readonly info?: object;
  readonly at?: number;
}

const RESET_RUN = RUN.replace('0198', '0200');
const NOT_FOUND = Object.assign(new Error('5 NOT_FOUND'), { code: 5, details: '', metadata: {} });

async function issue(statement: Statement, more: Issue = {}) {
  const { calls = statement.legs.flatMap(callsOf), started = statement, origin, info, at = END } = more;
  const own = [startOf(started), ...historyOf(calls)];
  const client = {
    options: { namespace: 'test' },
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    withAbortSignal: (_signal: AbortSignal, call: () => Promise<unknown>) => call(),
    workflowService: {
      getWorkflowExecutionHistory: ({ execution }: { execution: { runId: string } }) => {
        if (origin === undefined || execution.runId !== RUN) return Promise.resolve({ history: { events: own } });
        return origin === null ? Promise.reject(NOT_FOUND) : Promise.resolve({ history: { events: origin } });
      },
    },
    workflow: { list: () => [{ runId: statement.runId }] },
  };
  const environment = new MockActivityEnvironment(
    {
      workflowType: 'erasureRequest',
      workflowExecution: { workflowId: `erasure-${REQUEST_ID}`, runId: RUN },
      inWorkflow: true,
      activityType: 'issueCertificate',
      currentAttemptScheduledTimestampMs: at,
      ...info,
    },
    { client: client as never, logger: new DefaultLogger('ERROR', () => undefined) },
  );
  const certificate: string = await environment.run((one: Statement) => activities.issueCertificate(one), statement);
  const { d: _, ...key } = keys.certificate[0];
  expect(certificate).toMatch(/^zip\./);
  return (await verifyCertificate(unpackCertificate(certificate), [key])).claims as CertificateClaims;
}

async function refusalOf(statement: Statement, more: Issue = {}): Promise<{ type?: string; message: string }> {
  const failure: unknown = await issue(statement, more).catch((error: unknown) => error);
  const { type, message } = failure as ApplicationFailure;
  return { ...(type ? { type } : {}), message };
}

const sealed = (leg: AnyLeg): AnyLeg => JSON.parse(JSON.stringify(leg)) as AnyLeg;

describe('issueCertificate', () => {
  it.each(Object.keys(outcomes) as Name[])('signs what an honest run ends with: %s', async (name) => {
    const leg = sealed(outcomes[name]());
    const { providers } = await issue(statementOf([leg]));
    expect(providers[0]).toMatchObject({ provider: leg.provider, outcome: leg.outcome });
    // Whoever reads it can tell which key saw what.
    const checker = createFactChecker(witnesses.factKeys);
    for (const { kind, content, witness } of providers[0]?.facts ?? []) {
      const fact = { kind, content, requestId: REQUEST_ID, run: RUN, provider: leg.provider };
      expect(checker.problem(fact, witness)).toBeUndefined();
    }
  });

  const change = <K extends keyof AnyLeg>(leg: AnyLeg, part: Pick<AnyLeg, K>): AnyLeg => ({ ...leg, ...part });
  const firstRound = (leg: AnyLeg, part: object): AnyLeg =>
    change(leg, { rounds: leg.rounds.map((round, index) => (index === 0 ? { ...round, ...part } : round)) });
  const firstReceipt = (leg: AnyLeg, part: object): AnyLeg =>
    firstRound(leg, { receipt: { ...leg.rounds[0]?.receipt, ...part } });

  it.each<[what: string, leg: () => AnyLeg, says: string, more?: () => Issue]>([
    [
      'an outcome without any answer',
      () => change(outcomes.neverAsked(), { outcome: 'erased', assurance: 'verified' }),
      'no signed answer says that the record was there',
    ],
    [
      'a receipt that nobody signed',
      () => firstReceipt(outcomes.verified(), { witness: undefined }),
      'the answer to the asking is not signed',
    ],
    [
      'a receipt that was altered',
      () => firstReceipt(outcomes.presumed(), { seen: true }),
      'the answer to the asking was altered, or is about something else than it was signed for',
    ],
    [
      'a receipt of another request',
      () =>
        firstReceipt(outcomes.verified(), {
          witness: witnesses.receipt('aptrinsic', accepted({ window }), {
            ...atFirst,
            requestId: REQUEST_ID.replace('6d0f', '7d0f'),
          }).witness,
        }),
      'the answer to the asking was altered, or is about something else than it was signed for',
    ],
    [
      'a receipt of another run',
      () =>
        firstReceipt(outcomes.verified(), {
          witness: witnesses.receipt('aptrinsic', accepted({ window }), {
            ...atFirst,
            run: RUN.replace('0198', '0199'),
          }).witness,
        }),
      'the answer to the asking was altered, or is about something else than it was signed for',
    ],
    [
      "a receipt signed by another provider's worker",
      () =>
        firstReceipt(outcomes.verified(), {
          witness: witnesses.receipt('person', accepted({ window }), atFirst).witness,
        }),
      'the answer to the asking is signed by a key of another role',
    ],
    [
      'a callback that no gateway signed',
      () => {
        const leg = outcomes.confirmed();
        return change(leg, { callback: { handle: 'h1', event: 'individual.purged', at: T0 + DAY_MS } });
      },
      'the callback is not signed',
    ],
    [
      'a callback that a worker signed',
      () => {
        const leg = outcomes.confirmed();
        const content = { handle: 'h1', event: 'individual.purged' };
        const witness = witnesses.provider('measureone', { kind: 'callback', content }, atFirst);
        return change(leg, { callback: { ...content, at: T0 + DAY_MS, witness } });
      },
      'the callback is signed by a key of another role',
    ],
    [
      'a look before the window was over',
      () =>
        legOf('aptrinsic', ...waited('aptrinsic', accepted({ window })), [
          OVER,
          {
            type: 'observed',
            observation: witnesses.observation('aptrinsic', absent, { at: OVER - 2_000, firstAskedAt: T0 }),
          },
        ]),
      'the look came before the window was over',
    ],
    [
      'a window that was cut short',
      () => firstRound(outcomes.verified(), { windowEndsAt: T0 + ASKED_MS + WINDOW_MS - 1 }),
      "the window of round 1 ends before the provider's own answer says so",
    ],
    [
      'an answer dated before it came, which would end the window early',
      () => firstRound(outcomes.verified(), { answeredAt: T0 - 1_001, windowEndsAt: T0 - 1_001 + WINDOW_MS }),
      'round 1 says that its answer came before it did',
    ],
    [
      'an answer that the history does not hold',
      () => outcomes.presumed(),
      'the answer to round 1 is not in the history',
      () => ({ calls: callsOf(outcomes.presumed()).filter(({ type }) => type !== 'aptrinsic.requestErasure') }),
    ],
    [
      'an answer that is left out',
      () => outcomes.presumed(),
      'the history holds an answer to an asking that the statement leaves out',
      () => ({ calls: [...callsOf(outcomes.presumed()), ...callsOf(outcomes.verified())] }),
    ],
    [
      'a look that the history does not hold',
      () => outcomes.verified(),
      'and the look is not in the history',
      () => ({ calls: callsOf(outcomes.verified()).filter(({ type }) => type !== 'aptrinsic.observeErasure') }),
    ],
    [
      'an end before the window',
      () => change(outcomes.confirmed(), { settledAt: OVER - 1 }),
      'it settled before its window was over',
    ],
    ['an end in the future', () => outcomes.verified(), 'it says that it settled in the future', () => ({ at: OVER })],
    [
      'a look at another host',
      () =>
        legOf(
          'aptrinsic',
          ...waited('aptrinsic', accepted({ window })),
          looked('aptrinsic', { ...absent, evidence: { host: 'eu.provider.test', httpStatus: 404 } }),
        ),
      'the look was at another host than the one that was asked',
    ],
    [
      'a look of the first round after a second asking',
      () => {
        const leg = outcomes.secondRound();
        const first = witnesses.observation('aptrinsic', absent, { at: OVER + 30 * DAY_MS, firstAskedAt: T0 });
        return change(leg, { lastObservation: { ...first, at: OVER + 30 * DAY_MS } });
      },
      'nobody looked after the last round',
    ],
    [
      'a look judged by a first asking that is another by a millisecond',
      () =>
        legOf('aptrinsic', ...waited('aptrinsic', accepted({ window })), [
          OVER + 1,
          {
            type: 'observed',
            observation: witnesses.observation('aptrinsic', absent, { at: OVER, firstAskedAt: T0 + 1 }),
          },
        ]),
      'the look was judged by another first asking',
    ],
    [
      'a look judged by another first asking: a returning customer would pass for the old record',
      () =>
        legOf('aptrinsic', ...waited('aptrinsic', accepted({ window })), [
          OVER + 1,
          {
            type: 'observed',
            observation: witnesses.observation('aptrinsic', absent, { at: OVER, firstAskedAt: T0 + DAY_MS }),
          },
        ]),
      'the look was judged by another first asking',
    ],
    [
      'verified, though nobody saw the record',
      () => change(outcomes.presumed(), { outcome: 'erased', assurance: 'verified', seen: true }),
      'no signed answer says that the record was there',
    ],
    [
      'presumed, though the last look found the record',
      () =>
        change(legOf('aptrinsic', ...waited('aptrinsic', accepted({ window })), looked('aptrinsic', presentAgain)), {
          phase: 'settled',
          outcome: 'presumed-erased',
          settledAt: OVER + DAY_MS,
        }),
      'it says that nothing contradicts the erasure, and no signed look found it absent',
    ],
    [
      'not found, though the provider took it on',
      () => change(outcomes.silent(), { outcome: 'not-found' }),
      'no signed answer says that the provider knows no such identifier',
    ],
    [
      'not found, while an earlier asking is left out',
      () => outcomes.notFound(),
      'the history holds an asking that the provider may have taken on',
      () => ({
        calls: [
          ...callsOf(outcomes.silent()),
          { type: 'measureone.requestErasure', at: T0 + DAY_MS, result: outcomes.notFound().rounds[0]?.receipt ?? {} },
        ],
      }),
    ],
    [
      'not found, by a worker that was told that nobody had been asked before, though somebody had',
      () => legOf('measureone', ...waited('measureone', unknown(), { askedBefore: true }).slice(0, 2)),
      'no signed answer says that the provider knows no such identifier',
    ],
    [
      'never asked, though the history holds an asking',
      () => change(outcomes.neverAsked(), { provider: 'measureone' }),
      'it says that the provider was never asked, and the history holds an asking',
      () => ({ calls: callsOf(outcomes.silent()) }),
    ],
    [
      'never asked, on the word of a failure that nobody signed',
      () => outcomes.neverAsked(),
      'it says that the provider was never asked, and the history holds an asking',
      () => ({ calls: [{ type: 'person.requestErasure', at: T0, failure: { mayHaveReached: false } }] }),
    ],
    [
      'withdrawn, though nobody withdrew it',
      () => change(outcomes.withdrawn(), { withdrawal: undefined as never }),
      'no signed answer says that the provider withdrew it',
      () => ({ calls: callsOf(outcomes.silent()) }),
    ],
    [
      'withdrawn, though it was asked again afterwards',
      () => outcomes.withdrawn(),
      'the provider was asked again after it had withdrawn it',
      () => ({
        calls: [
          ...callsOf(outcomes.withdrawn()),
          {
            type: 'person.requestErasure',
            at: T0 + 2 * DAY_MS,
            result: outcomes.withdrawn().rounds[0]?.receipt ?? {},
          },
        ],
      }),
    ],
    ['waived by nobody', () => change(outcomes.waived(), { decisions: [] }), 'no staff member decided to waive'],
    ['not settled', () => change(outcomes.verified(), { outcome: undefined as never }), 'it has not settled'],
  ])('refuses %s', async (...[, leg, says, more]) => {
    const refusal = await refusalOf(statementOf([sealed(leg())]), more?.());
    expect(refusal).toMatchObject({ type: 'EvidenceRefused', message: expect.stringContaining(says) });
  });

  it('takes an attempt that provably reached nobody for none', async () => {
    const witness = witnesses.provider('person', { kind: 'unreached', content: { activityId: '0' } }, atFirst);
    const failure = { mayHaveReached: false, witness };
    const calls = [{ type: 'person.requestErasure', at: T0, failure }];
    const { providers } = await issue(statementOf([outcomes.neverAsked()]), { calls });
    expect(providers[0]).toMatchObject({ outcome: 'never-asked' });
    // The same word for another attempt proves nothing.
    const replayed = { calls: [...calls, { type: 'person.requestErasure', at: T0 + 1, failure }] };
    expect(await refusalOf(statementOf([outcomes.neverAsked()]), replayed)).toMatchObject({ type: 'EvidenceRefused' });
  });

  it('refuses rules that no worker signed, and an outcome that does not follow', async () => {
    const legs = [sealed(outcomes.verified())];
    const terms = { ...witnesses.terms(), rules: { ...witnesses.terms().rules, approvalNeeded: true } };
    expect((await refusalOf(statementOf(legs, { terms }))).message).toContain(
      'the set of rules was altered, or is about something else than it was signed for',
    );
    expect((await refusalOf(statementOf(legs, { outcome: 'withdrawn' }))).message).toContain(
      'the outcome of the request does not follow from those of its providers',
    );
    expect((await refusalOf(statementOf(legs, { filedBy: 'staff-1' }))).message).toContain(
      'who filed the request is not who signed for it',
    );
  });

  it('takes a guarded decision only with a token for this very run', async () => {
    const issuer = createDecisionTokenIssuer(await readServerDecisionKeys(witnesses.directory));
    const content = { provider: 'person', ...said } as const;
    const waivedWith = async (run: string | undefined): Promise<Statement> => {
      const issued = run && (await issuer.issue({ requestId: REQUEST_ID, run, kind: 'waive', content, now: T0 }));
      const proof = issued ? { tokenId: issued.tokenId, keyId: 'k', token: issued.token } : undefined;
      const leg = outcomes.waived();
      const decisions = leg.decisions.map((decision) => ({ ...decision, ...(proof && { proof }) }));
      return statementOf([{ ...leg, decisions }], { terms: witnesses.terms({ decisionMode: 'authenticated' }) });
    };
    expect((await issue(await waivedWith(RUN))).providers[0]).toMatchObject({ outcome: 'waived' });
    expect((await refusalOf(await waivedWith(undefined))).message).toContain('nobody signed for the decision to waive');
    expect((await refusalOf(await waivedWith(RUN.replace('0198', '0199')))).message).toContain(
      'The decision token was made for another run of this request',
    );
  });

  describe('of a run that is a reset', () => {
    const info = { workflowExecution: { workflowId: `erasure-${REQUEST_ID}`, runId: RESET_RUN } };
    const reset = (name: Name) => statementOf([sealed(outcomes[name]())], { runId: RESET_RUN });
    const outcomeOf = async (name: Name, more: Issue): Promise<string | undefined> =>
      (await issue(reset(name), { info, ...more })).providers[0]?.outcome;

    it.each(['verified', 'presumed', 'confirmed', 'silent', 'unknown', 'waived'] as const)(
      'signs what was seen after Temporal has forgotten the run before it: %s',
      async (name) => {
        expect(await outcomeOf(name, { origin: null })).toBe(outcomes[name]().outcome);
      },
    );

    it.each(['neverAsked', 'notFound', 'notFoundAfterWindow', 'withdrawn'] as const)(
      'cannot say what did not happen without the run before it: %s',
      async (name) => {
        expect(await refusalOf(reset(name), { info, origin: null })).toMatchObject({
          type: 'EvidenceRefused',
          message: expect.stringContaining('the run that was reset is gone from Temporal'),
        });
        expect(await outcomeOf(name, { origin: [] })).toBe(outcomes[name]().outcome);
      },
    );

    it('takes an asking that was under way for over soon after its run was terminated', async () => {
      const asking = historyOf([{ type: 'person.requestErasure', at: T0 }]).slice(0, 2);
      const endedAt = (at: number) => ({
        eventId: 90,
        eventTime: msToTs(at),
        workflowExecutionTerminatedEventAttributes: {},
      });
      // It was withdrawn a day after it was asked.
      expect(await outcomeOf('withdrawn', { origin: [...asking, endedAt(T0 + HOUR_MS)] })).toBe('withdrawn');
      for (const origin of [asking, [...asking, endedAt(T0 + DAY_MS - MINUTE_MS)]]) {
        expect((await refusalOf(reset('withdrawn'), { info, origin })).message).toContain(
          'the provider was asked again after it had withdrawn it',
        );
      }
      expect(
        (await refusalOf(reset('neverAsked'), { info, origin: [...asking, endedAt(T0 + HOUR_MS)] })).message,
      ).toContain('the history holds an asking');
    });
  });

  it.each<[what: string, more: (statement: Statement) => Partial<Statement>, says: string]>([
    [
      'without one of its providers',
      ({ legs }) => ({ legs: legs.slice(0, 1) }),
      'its providers are not those that the run was started for',
    ],
    ['under another law', () => ({ regulation: 'ccpa' }), 'regulation is not what the run was started with'],
    ['dated back', () => ({ submittedAt: T0 - DAY_MS }), 'submittedAt is not what the run was started with'],
    ['that started earlier', () => ({ startedAt: T0 - DAY_MS }), 'startedAt is not what the run was started with'],
    [
      'of somebody who proved who they are',
      () => ({ verification: { method: 'account-login', at: new Date(T0).toISOString() } as never }),
      'verification is not what the run was started with',
    ],
  ])('refuses a statement about another request than was filed: %s', async (_what, more, says) => {
    const started = statementOf([outcomes.verified(), outcomes.unknown()].map(sealed));
    const statement = { ...started, ...more(started) };
    const outcome = requestOutcome(statement.legs.map((leg) => ({ ...leg, outcome: leg.outcome ?? 'unknown' })));
    expect(await refusalOf({ ...statement, outcome }, { started })).toMatchObject({
      type: 'EvidenceRefused',
      message: expect.stringContaining(says),
    });
  });

  it.each<[what: string, info: object, says: string]>([
    ['by itself', { inWorkflow: false, workflowExecution: undefined }, 'it was started by itself, outside a workflow'],
    ['by another type of workflow', { workflowType: 'mine' }, 'it was scheduled by a workflow of another type'],
    [
      'for another request',
      { workflowExecution: { workflowId: 'erasure-other', runId: RUN } },
      'it was scheduled for another request',
    ],
    [
      'by another run',
      { workflowExecution: { workflowId: `erasure-${REQUEST_ID}`, runId: REQUEST_ID } },
      'it was scheduled for another run of this request',
    ],
  ])('refuses to serve where it was started %s', async (_what, info, says) => {
    expect(await refusalOf(statementOf([sealed(outcomes.verified())]), { info })).toEqual({
      type: 'NotItsOwnRun',
      message: `issueCertificate was refused: ${says}.`,
    });
  });
});
