import { openLeg, stateAfter, type AnyLeg } from '../../support/legs';
import fc from 'fast-check';
import { DAY_MS, HOUR_MS } from '../../../domain/duration';
import { failureTypes } from '../../../domain/leg/failure';
import { claimProblems, type RecordedCall } from '../../../domain/certificate/claim-check';
import { isContradicted } from '../../../domain/leg/leg-callbacks';
import { firstAskedAt } from '../../../domain/leg/rounds';
import { nextStep } from '../../../domain/leg/next-step';
import { refusalReason } from '../../../domain/leg/leg-decisions';
import { requestOutcome } from '../../../domain/leg/outcome';
import { defaultRules } from '../../support/default-rules';
import { settled, type LegEvent } from '../../../domain/leg/leg-state';
import { legProgress } from '../../../domain/leg/leg-progress';
import { callbackRemarks } from '../../../domain/leg/receipt';
import type { CallbackRemark, Observation, Receipt, Withdrawal, Window } from '../../../domain/leg/receipt';
import { basisOf, type Statement } from '../../../domain/certificate/statement';
import { accepted, evidence, unknown } from '../../support/receipts';

const T0 = Date.UTC(2026, 10, 22, 9);
const RUNS = 1_000;

/** Lengths around the edges of the windows below, so that chance meets them. */
const step = fc.constantFrom(0, 0, 1, HOUR_MS - 1, HOUR_MS, 2 * HOUR_MS, DAY_MS, DAY_MS + HOUR_MS, 3 * DAY_MS);
const window: fc.Arbitrary<Window> = fc.oneof(
  fc.record({ lastsMs: fc.constantFrom(0, 1, HOUR_MS, DAY_MS) }),
  fc.record({ endsAt: step.map((ms) => T0 + ms) }),
);
const margin = fc.constantFrom(0, 1, HOUR_MS);
const receipt: fc.Arbitrary<Receipt> = fc.oneof(
  fc
    .record({
      window,
      marginMs: margin,
      graceMs: fc.constantFrom(0, HOUR_MS, DAY_MS),
      confirmedBy: fc.constantFrom('callback', 'callback', 'look', 'nobody'),
      seen: fc.boolean(),
      withdrawable: fc.boolean(),
    })
    .map(accepted),
  fc.record({ marginMs: margin, window }, { requiredKeys: ['marginMs'] }).map(unknown),
);
const observation = (at: number): fc.Arbitrary<Observation> =>
  fc.oneof(
    fc.constant<Observation>({ status: 'absent', evidence }),
    fc.constant<Observation>({ status: 'inconclusive', evidence }),
    step.map((ms): Observation => ({ status: 'pending', endsAt: at + ms, evidence })),
    fc
      .constantFrom(false, 'unclear' as const)
      .map((sameRecord): Observation => ({ status: 'present', sameRecord, evidence })),
    fc.constant<Observation>({ status: 'present', sameRecord: true, takenOffQueue: true, evidence }),
    { arbitrary: fc.constant<Observation>({ status: 'present', sameRecord: true, evidence }), weight: 4 },
  );
const withdrawal: fc.Arbitrary<Withdrawal> = fc.constantFrom(
  { status: 'withdrawn' },
  { status: 'too-late' },
  { status: 'nothing-to-withdraw' },
);
/** Of a gateway: the leg is told of no other callback. */
const witness = { keyId: 'key', at: T0, signature: 'signature' };
const decision = { provider: 'person', actor: 'staff-7', reason: { code: 'checked', ticket: 'PRIV-1' } } as const;

const failedAt = (at: number): fc.Arbitrary<LegEvent> =>
  fc.record({
    type: fc.constant('failed' as const),
    at: fc.constant(at),
    failure: fc.record({ type: fc.constantFrom(...failureTypes), mayHaveReached: fc.boolean() }),
  });
/** What may come from outside at any moment. */
const outsideAt = (at: number): fc.Arbitrary<LegEvent> =>
  fc.oneof(
    fc.constant<LegEvent>({ type: 'calledBack', evidence: { handle: 'h1', witness }, at }),
    fc
      .constantFrom(...(Object.keys(callbackRemarks) as CallbackRemark[]))
      .map<LegEvent>((says) => ({ type: 'reported', report: { says, handle: 'h1' }, at })),
    fc.constantFrom('held' as const, 'released' as const, 'released' as const).map((type): LegEvent => ({ type, at })),
    fc.constantFrom('retry' as const, 'retry' as const, 'waive' as const, 'attest' as const).map((kind): LegEvent => ({
      type: 'decided',
      kind,
      decision,
      at,
    })),
  );
const anyEventAt = (at: number): fc.Arbitrary<LegEvent> =>
  fc.oneof(
    { arbitrary: fc.constant<LegEvent>({ type: 'asked', at }), weight: 3 },
    { arbitrary: receipt.map((r): LegEvent => ({ type: 'answered', receipt: r, at })), weight: 3 },
    { arbitrary: fc.constant<LegEvent>({ type: 'timePassed', at }), weight: 4 },
    { arbitrary: observation(at).map((o): LegEvent => ({ type: 'observed', observation: o, at })), weight: 3 },
    { arbitrary: failedAt(at), weight: 1 },
    { arbitrary: fc.constant<LegEvent>({ type: 'interrupted', at }), weight: 1 },
    { arbitrary: outsideAt(at), weight: 2 },
    { arbitrary: fc.constant<LegEvent>({ type: 'requestEnded', at }), weight: 1 },
    { arbitrary: withdrawal.map((w): LegEvent => ({ type: 'withdrawalAnswered', withdrawal: w, at })), weight: 1 },
    {
      arbitrary: fc.constantFrom<LegEvent>(
        { type: 'withdrawing', at },
        { type: 'withdrawing', at },
        { type: 'withdrawalFailed', reason: 'ProviderRejected', at },
      ),
      weight: 1,
    },
  );

/** Any events at all, in any order, at times that never go back. */
const anyEvents: fc.Arbitrary<LegEvent[]> = fc.array(step, { maxLength: 24, size: 'max' }).chain((steps) => {
  let at = T0;
  return fc.tuple(...steps.map((ms) => anyEventAt((at += ms))));
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

interface Transition {
  readonly before: AnyLeg;
  readonly event: LegEvent;
  readonly leg: AnyLeg;
}

function run(events: readonly LegEvent[]): Transition[] {
  let leg = deepFreeze(openLeg('person'));
  return events.map((event) => {
    const before = leg;
    leg = deepFreeze(stateAfter(before, deepFreeze(event)));
    return { before, event, leg };
  });
}

/**
 * As the workflow drives it: performs the step that the machine names, and what comes of it is taken from the tape.
 * Things from outside come in between, also while a step is under way.
 */
function drive(tape: readonly Turn[], calls: RecordedCall[] = []): Transition[] {
  const transitions: Transition[] = [];
  let leg = deepFreeze(openLeg('person'));
  let at = T0;
  const tell = (event: LegEvent): void => {
    const before = leg;
    leg = deepFreeze(stateAfter(before, deepFreeze(event)));
    transitions.push({ before, event, leg });
  };
  /** As the worker signs it, and the history holds it. */
  const sign = <Answer extends Receipt | Observation | Withdrawal>(
    answer: Answer,
    call: Pick<RecordedCall, 'what' | 'scheduledAt'>,
  ): Answer => {
    const signature = `signature-${calls.length}`;
    const { askedBefore, rounds } = leg;
    calls.push({
      provider: 'person',
      ...call,
      closedAt: at,
      effect: effectOf(call.what, answer.status),
      signature,
      isOwn: true,
    });
    return {
      ...answer,
      witness: {
        keyId: 'key',
        at: call.scheduledAt,
        signature,
        round: rounds.length,
        firstAskedAt: firstAskedAt(leg) ?? 0,
        askedBefore,
      },
    };
  };
  for (const turn of tape) {
    const { do: what, ...rest } = nextStep(leg);
    const scheduledAt = at;
    if (what === 'ask') tell({ type: 'asked', at });
    if (what === 'withdraw') tell({ type: 'withdrawing', at });
    const during = nextStep(leg);
    if (turn.outside !== undefined) tell(turn.outside(at));
    const brokenOff = JSON.stringify(during) !== JSON.stringify(nextStep(leg));
    at += turn.ms;
    switch (what) {
      case 'ask':
        // An asking in flight is waited for, also when it was broken off; one in back-off ends at once.
        if (turn.fails ?? turn.ends) {
          const effect = turn.fails?.failure.mayHaveReached === false ? 'nothing' : 'maybe';
          calls.push({ provider: 'person', what, scheduledAt, closedAt: at, effect, isOwn: true });
          tell({ ...(turn.fails ?? { type: 'interrupted' }), at });
        } else {
          // No adapter takes an unknown id for an answer after an asking whose fate it does not know.
          const receipt = leg.askedBefore && turn.receipt.status === 'unknown' ? accepted() : turn.receipt;
          tell({ type: 'answered', receipt: sign(receipt, { what, scheduledAt }), at });
        }
        break;
      case 'look':
        if (brokenOff || turn.ends) tell({ type: 'interrupted', at });
        else
          tell(
            turn.fails === undefined
              ? { type: 'observed', observation: sign(turn.observation(at), { what, scheduledAt }), at }
              : { ...turn.fails, at },
          );
        break;
      case 'wait':
        if (!brokenOff && !turn.ends && 'until' in rest) {
          at = Math.max(at, rest.until);
          tell({ type: 'timePassed', at });
        }
        break;
      case 'withdraw':
        if (brokenOff && turn.fails !== undefined) tell({ type: 'interrupted', at });
        else
          tell(
            turn.fails === undefined
              ? { type: 'withdrawalAnswered', withdrawal: sign(turn.withdrawal, { what, scheduledAt }), at }
              : { type: 'withdrawalFailed', reason: turn.fails.failure.type, at },
          );
        break;
      case 'waitForBrake':
        if (!brokenOff && !turn.ends) tell({ type: 'brakeReleased', at });
        break;
      case 'waitForDecision':
      case 'waitForRelease':
      case 'finish':
    }
    if (turn.ends) tell({ type: 'requestEnded', at });
  }
  return transitions;
}

/** No provider both calls back and withdraws: it would have to contradict itself to be told apart. */
function asProvidersAre(turn: Turn): Turn {
  const { receipt: given } = turn;
  return given.status === 'accepted' && given.confirmedBy === 'callback'
    ? { ...turn, receipt: { ...given, withdrawable: false } }
    : turn;
}

function effectOf(what: RecordedCall['what'], status: string): RecordedCall['effect'] {
  if (what === 'look') return 'nothing';
  if (what === 'withdraw') return status === 'withdrawn' ? 'withdrawn' : 'maybe';
  return status === 'unknown' ? 'unknown-id' : 'maybe';
}

interface Turn {
  readonly ms: number;
  readonly receipt: Receipt;
  readonly observation: (at: number) => Observation;
  readonly withdrawal: Withdrawal;
  readonly fails: Extract<LegEvent, { type: 'failed' }> | undefined;
  readonly outside: ((at: number) => LegEvent) | undefined;
  readonly ends: boolean;
}

const onceIn = <T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.tuple(fc.integer({ min: 1, max: times }), arbitrary).map(([dice, value]) => (dice === 1 ? value : undefined));
const turn = {
  ms: step,
  receipt,
  observation: observation(0).map(
    (found) => (at: number) => (found.status === 'pending' ? { ...found, endsAt: at + found.endsAt } : found),
  ),
  withdrawal,
  fails: onceIn(8, failedAt(0) as fc.Arbitrary<Extract<LegEvent, { type: 'failed' }>>),
  outside: onceIn(4, outsideAt(0)).map((event) =>
    event === undefined ? undefined : (at: number) => ({ ...event, at }),
  ),
  ends: fc.integer({ min: 0, max: 25 }).map((dice) => dice === 0),
} satisfies Record<keyof Turn, fc.Arbitrary<unknown>>;

const inAnyOrder = anyEvents.map(run);
const tapeOf = (turns: { readonly [K in keyof Turn]: fc.Arbitrary<Turn[K]> }): fc.Arbitrary<Turn[]> =>
  fc.array(fc.record(turns), { minLength: 4, maxLength: 24, size: 'max' });
const tape = tapeOf(turn);
/** A provider that calls back, says it, takes it back, and is asked again. */
const callbackTape = tapeOf({
  ...turn,
  receipt: receipt.map((one) =>
    one.status === 'accepted' ? { ...one, confirmedBy: 'callback', withdrawable: false } : one,
  ),
  outside: onceIn(
    2,
    fc.oneof(
      fc.constant<LegEvent>({ type: 'calledBack', evidence: { handle: 'h1', witness }, at: 0 }),
      fc.constant<LegEvent>({ type: 'reported', report: { says: 'failure', handle: 'h1' }, at: 0 }),
      fc.constant<LegEvent>({ type: 'decided', kind: 'retry', decision, at: 0 }),
    ),
  ).map((event) => (event === undefined ? undefined : (at: number) => ({ ...event, at }))),
});
const asTheWorkflowDrives = tape.map((turns) => drive(turns));
const stories = [
  ['in any order of events', inAnyOrder],
  ['as the workflow drives it', asTheWorkflowDrives],
] as const;

function expectThroughout(story: fc.Arbitrary<Transition[]>, hold: (transition: Transition) => void): void {
  fc.assert(
    fc.property(story, (transitions) => transitions.forEach(hold)),
    { numRuns: RUNS },
  );
}

function lastAccepted(leg: AnyLeg): AnyLeg['rounds'][number] | undefined {
  return leg.rounds.findLast((round) => round.answeredAt !== undefined);
}

function windowOverAt(leg: AnyLeg): number | undefined {
  const round = lastAccepted(leg);
  return round?.windowEndsAt === undefined ? undefined : round.windowEndsAt + (round.receipt?.marginMs ?? 0);
}

const settlesNow = ({ before, leg }: Transition): boolean => leg.phase === 'settled' && before.outcome !== leg.outcome;

/** `expect` would take most of the time of these runs. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

describe.each(stories)('a leg %s', (_name, story) => {
  it('claims nothing about the data before its window and margin are over', () => {
    expectThroughout(story, (transition) => {
      const { leg, event } = transition;
      const claims = ['erased', 'presumed-erased', 'not-found'].includes(leg.outcome ?? '');
      if (!settlesNow(transition) || !claims) return;
      const overAt = windowOverAt(leg);
      if (leg.outcome !== 'not-found') must(overAt !== undefined, `${leg.outcome} has a window`);
      must(event.at >= (overAt ?? 0), `${leg.outcome} not before the window is over`);
    });
  });

  it('never has two outcomes; only presumed-erased may be raised to confirmed', () => {
    expectThroughout(story, ({ before, event, leg }) => {
      if (before.outcome === undefined) return;
      must(leg.phase === 'settled', 'settled for good');
      if (leg.outcome === before.outcome) {
        must(leg.assurance === before.assurance && leg.settledAt === before.settledAt, 'settled once');
        return;
      }
      const raised = [before.outcome, leg.outcome, leg.assurance, event.type].join(' ');
      must(raised === 'presumed-erased erased confirmed calledBack', raised);
    });
  });

  it('asks nothing while it is held, and claims nothing on what was withdrawn', () => {
    expectThroughout(story, ({ before, event, leg }) => {
      const isAsked = event.type === 'asked' && leg.rounds.length > before.rounds.length;
      must(!isAsked || before.hold === undefined, 'asked during a hold');
      const isClaimed = leg.outcome === 'erased' || leg.outcome === 'presumed-erased';
      must(!isClaimed || leg.rounds.at(-1)?.withdrawnAt === undefined, `${leg.outcome} on a round that was withdrawn`);
    });
  });

  it('never claims more than the evidence', () => {
    expectThroughout(story, (transition) => {
      if (settlesNow(transition)) must(isProven(transition.leg), `${transition.leg.outcome} without proof`);
    });
  });

  it('presumes and confirms nothing that the provider speaks against', () => {
    expectThroughout(story, (transition) => {
      const { leg } = transition;
      const isByLooking = leg.assurance === 'verified' || lastAccepted(leg)?.receipt?.status === 'unknown';
      if (!settlesNow(transition) || isByLooking || leg.lastObservation !== undefined) return;
      must(!['erased', 'presumed-erased'].includes(leg.outcome ?? '') || !isContradicted(leg), `${leg.outcome}`);
    });
  });

  it('has an outcome if and only if it is settled, and an assurance if and only if it is erased', () => {
    expectThroughout(story, ({ leg }) => {
      must((leg.assurance !== undefined) === (leg.outcome === 'erased'), 'assurance');
      must((leg.outcome !== undefined) === (leg.phase === 'settled'), 'outcome');
      must((leg.settledAt !== undefined) === (leg.phase === 'settled'), 'settledAt');
      must((leg.attention !== undefined) === (leg.phase === 'attention'), 'attention');
    });
  });

  it('always has a next step, a view and a basis, and withdraws nothing once it is settled', () => {
    expectThroughout(story, ({ before, leg }) => {
      const next = nextStep(leg);
      if (before.phase === 'settled') must(next.do === 'finish', 'finishes');
      if (next.do === 'withdraw') must(leg.outcome === undefined, 'withdraws before it settles');
      must(legProgress(leg).waitsFor !== '', 'says what it waits for');
      must(!basisOf(leg).includes('undefined'), 'basis');
    });
  });

  it('forgets nothing: rounds, decisions, that it may have asked, that it saw the record', () => {
    expectThroughout(story, ({ before, event, leg }) => {
      // What met the brake before it reached anybody was never asked.
      const last = before.rounds.at(-1);
      const isUnasked = last?.answeredAt === undefined && last?.mayHaveReached !== true;
      const isBraked = event.type === 'failed' && event.failure.type === 'ProviderBraked' && isUnasked;
      must(leg.rounds.length >= before.rounds.length - (isBraked ? 1 : 0), 'rounds');
      must(
        leg.rounds.every(({ number }, index) => number === index + 1),
        'round numbers',
      );
      must(
        before.decisions.every((decision, index) => leg.decisions[index] === decision),
        'decisions',
      );
      must(leg.askedBefore || !before.askedBefore, 'askedBefore');
      must(leg.seen || !before.seen, 'seen');
      must(leg.callback !== undefined || before.callback === undefined, 'callback');
      must((leg.reports?.length ?? 0) >= (before.reports?.length ?? 0), 'reports');
      must(before.endedAt === undefined || leg.endedAt === before.endedAt, 'endedAt');
    });
  });

  it('takes exactly the decisions that it does not refuse', () => {
    expectThroughout(story, ({ before, event, leg }) => {
      if (event.type !== 'decided') return;
      const taken = refusalReason(before, event.kind) === undefined ? 1 : 0;
      must(leg.decisions.length - before.decisions.length === taken, 'decisions');
    });
  });

  it('starts at most three rounds without a staff member', () => {
    expectThroughout(story, ({ leg }) => {
      const retries = leg.decisions.filter(({ kind }) => kind === 'retry').length;
      const standing = leg.rounds.filter(
        ({ withdrawnAt, goneAt }) => withdrawnAt === undefined && goneAt === undefined,
      );
      must(standing.length <= 3 + retries, 'rounds');
    });
  });
});

describe('withdrawing', () => {
  it('is never tried where nothing of ours can stand at the provider', () => {
    fc.assert(
      fc.property(asTheWorkflowDrives, (transitions) => {
        // By what the provider was sent and said, and not by what the leg makes of it.
        let mayBeOurs = false;
        let isAnswered = false;
        let isAsked = false;
        for (const { before, event, leg } of transitions) {
          if (event.type === 'asked' && nextStep(before).do === 'ask') isAsked = true;
          const mayHaveReached =
            event.type === 'interrupted' || (event.type === 'failed' && event.failure.mayHaveReached);
          if (isAsked && mayHaveReached) mayBeOurs = true;
          if (event.type === 'answered' && event.receipt.status === 'accepted') [mayBeOurs, isAnswered] = [true, true];
          if (['answered', 'failed', 'interrupted'].includes(event.type)) isAsked = false;
          const isTakenOff =
            event.type === 'observed' &&
            event.observation.status === 'present' &&
            event.observation.takenOffQueue === true;
          const isNothingThere =
            event.type === 'withdrawalAnswered' &&
            (event.withdrawal.status === 'withdrawn' ||
              (event.withdrawal.status === 'nothing-to-withdraw' && !isAnswered));
          if (isTakenOff || isNothingThere) [mayBeOurs, isAnswered] = [false, false];
          must(nextStep(leg).do !== 'withdraw' || mayBeOurs, 'withdraws what is not ours');
        }
      }),
      { numRuns: RUNS },
    );
  });
});

describe('the check before a certificate', () => {
  it.each([
    ['whatever happened', tape, 8, 4 * RUNS],
    ['whatever its callbacks say', callbackTape, 6, 10 * RUNS],
  ] as const)('finds nothing wrong with what the leg itself has come to, %s', (_what, turnsOf, outcomes, numRuns) => {
    const settled: Record<string, number> = {};
    fc.assert(
      fc.property(turnsOf, (turns) => {
        const calls: RecordedCall[] = [];
        const leg = drive(turns.map(asProvidersAre), calls).at(-1)?.leg;
        if (leg?.outcome === undefined) return;
        settled[leg.outcome] = (settled[leg.outcome] ?? 0) + 1;
        const problems = claimProblems(statementOf(leg), { at: Infinity, calls, isWhole: true });
        must(problems.length === 0, `${leg.outcome}: ${problems.join('; ')}`);
      }),
      { numRuns },
    );
    // It says nothing unless each outcome was among them.
    expect(Object.keys(settled)).toHaveLength(outcomes);
  });
});

function statementOf(leg: AnyLeg): Statement {
  return {
    requestId: 'r-1',
    workflowId: 'erasure-r-1',
    runId: 'run-1',
    run: 'run-1',
    regulation: 'gdpr',
    submittedAt: T0,
    startedAt: T0,
    outcome: requestOutcome([settled(leg)]),
    legs: [settled(leg)],
    terms: { rules: defaultRules, isIndexed: false },
    isExtended: false,
    trail: [],
  };
}

function isProven(leg: AnyLeg): boolean {
  const receiptOfLast = lastAccepted(leg)?.receipt;
  const overAt = windowOverAt(leg);
  const { lastObservation: found, callback, endedAt } = leg;
  const everAccepted = leg.rounds.some((round) => round.receipt?.status === 'accepted');
  const absentAfterWindow = found?.status === 'absent' && found.at >= (overAt ?? Infinity);
  switch (leg.outcome) {
    case 'erased':
      if (leg.assurance === 'verified') return leg.seen && absentAfterWindow;
      return (
        receiptOfLast?.status === 'accepted' &&
        receiptOfLast.confirmedBy === 'callback' &&
        (leg.settledAt ?? 0) >= (overAt ?? Infinity) &&
        callback !== undefined &&
        (found?.status !== 'present' || callback.at >= found.at)
      );
    case 'presumed-erased':
      // What was found before the last round says nothing against that round.
      return everAccepted && (found?.status !== 'present' || found.at <= (lastAccepted(leg)?.answeredAt ?? 0));
    case 'not-found':
      return (
        receiptOfLast?.status === 'unknown' && !everAccepted && !leg.seen && (overAt === undefined || absentAfterWindow)
      );
    case 'attested':
      return leg.decisions.at(-1)?.kind === 'attest';
    case 'waived':
      return leg.decisions.at(-1)?.kind === 'waive';
    case 'withdrawn':
      return (
        (leg.withdrawal?.status === 'withdrawn' ||
          leg.rounds.findLast((round) => round.receipt ?? round.mayHaveReached)?.withdrawnAt !== undefined) &&
        endedAt !== undefined
      );
    case 'never-asked':
      return !leg.askedBefore && !everAccepted && endedAt !== undefined;
    case 'unknown':
      return endedAt !== undefined;
    default:
      return false;
  }
}

describe('the stories of the properties', () => {
  it('reach every outcome and every phase', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(asTheWorkflowDrives, (transitions) => {
        for (const { leg } of transitions) {
          reached.add([leg.phase, leg.attention?.reason ?? leg.outcome, leg.assurance].filter(Boolean).join(' '));
        }
      }),
      { numRuns: 4 * RUNS, seed: 1 },
    );
    expect([...reached].sort()).toEqual([
      'ask',
      'attention AnotherHost',
      'attention ApprovalMissing',
      'attention CallbackContradicts',
      'attention IdentifierInvalid',
      'attention IdentifierUnusable',
      'attention Inconclusive',
      'attention KeyUnavailable',
      'attention NewerRecord',
      'attention ProviderContractBroken',
      'attention ProviderRejected',
      'attention ProviderUnauthorized',
      'attention ProviderUnavailable',
      'attention Reappeared',
      'attention StillPending',
      'attention TakenOffQueue',
      'attention TokenRefused',
      'attention UnrecognizedAnswer',
      'callback',
      'look',
      'settled attested',
      'settled erased confirmed',
      'settled erased verified',
      'settled never-asked',
      'settled not-found',
      'settled presumed-erased',
      'settled unknown',
      'settled waived',
      'settled withdrawn',
      'window',
      'withdraw',
    ]);
  });
});
