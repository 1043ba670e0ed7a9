import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { noBrake, type BrakeGate } from '../../activities/brake-gate';
import { createLegActivities } from '../../activities/leg-activities';
import { ProviderFailure, type AdapterCall, type ProviderAdapter } from '../../activities/providers/provider';
import { defined } from '../../domain/defined';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { failureTypes, isAttentionReason, type AttentionReason, type FailureDetails } from '../../domain/leg/failure';
import type { LegCall } from '../../domain/leg/leg-call';
import { defaultPatience } from '../../domain/rules/patience';
import type { Observation, Receipt } from '../../domain/leg/receipt';
import type { Rules } from '../../domain/rules/rules';
import { approvalRuleOf, type ApprovalRule } from '../../domain/rules/terms';
import {
  createDecisionTokenChecker,
  createDecisionTokenIssuer,
  type DecisionTokenChecker,
} from '../../security/decision-token';
import { createFactChecker } from '../../security/facts';
import { readClientKeys, readDecisionKeys, readServerDecisionKeys, readProviderKeys } from '../../security/key-files';
import { createOpener, createSealer } from '../../security/sealing';
import { accepted } from '../support/receipts';
import { REQUEST_ID, RUN, Witnesses } from '../support/signed-facts';

const IDENTIFIER = 'planted-identifier@customer.example';
const NOW = Date.parse('2026-03-01T00:00:00Z');
const absent: Observation = { status: 'absent', evidence: { host: 'provider.test', httpStatus: 404 } };

let sealed: string;
let sealedForAnother: string;
let opener: ReturnType<typeof createOpener>;
let witnesses: Witnesses;
let approvalRule: ApprovalRule;
beforeAll(async () => {
  witnesses = await Witnesses.open();
  const keys = witnesses.directory;
  approvalRule = approvalRuleOf(witnesses.terms());
  opener = createOpener(await readProviderKeys(keys, 'aptrinsic'));
  const sealer = createSealer(await readClientKeys(keys));
  const subject = { provider: 'aptrinsic', identifier: IDENTIFIER } as const;
  sealed = await sealer.seal({ requestId: REQUEST_ID, ...subject });
  sealedForAnother = await sealer.seal({ requestId: REQUEST_ID.replace('6d0f', '7d0f'), ...subject });
});
afterAll(() => witnesses.close());

interface Attempt {
  readonly look: (call: AdapterCall) => Promise<Observation>;
  readonly call?: Partial<LegCall>;
  readonly attempt?: number;
  readonly memory?: unknown;
  readonly atMs?: number;
  /** When the activity began; with its first attempt where absent. */
  readonly beganMs?: number;
  readonly daily?: boolean;
  readonly knownFailure?: AttentionReason;
  readonly cancel?: boolean;
  readonly brake?: Partial<BrakeGate>;
  /** A withdrawal, which calls `look`, and not a look. */
  readonly withdraws?: boolean;
}

/** Of the activity: it serves the run of its own request. */
const ownRun = {
  workflowType: 'erasureRequest',
  workflowExecution: { workflowId: `erasure-${REQUEST_ID}`, runId: RUN },
  inWorkflow: true,
  currentAttemptScheduledTimestampMs: NOW,
};

const first = { mode: 'first', firstWaitMs: 10 * SECOND_MS, longestWaitMs: 6 * HOUR_MS } as const;
const daily = { mode: 'daily', firstWaitMs: DAY_MS, longestWaitMs: DAY_MS } as const;

const bugs: unknown[] = [];

async function run(
  options: Attempt,
): Promise<{ result?: Observation; failure?: ApplicationFailure; memory?: unknown; told: number }> {
  const environment = new MockActivityEnvironment(
    {
      ...ownRun,
      attempt: options.attempt ?? 1,
      heartbeatDetails: options.memory,
      currentAttemptScheduledTimestampMs: options.atMs ?? NOW,
      scheduledTimestampMs: options.beganMs ?? NOW,
    },
    { logger: new DefaultLogger('ERROR', () => undefined) },
  );
  let memory: unknown;
  let told = 0;
  environment.on('heartbeat', (details: unknown) => {
    memory = details;
    told += 1;
  });
  if (options.cancel) environment.cancel('CANCELLED', { cancelRequested: true } as never);
  const adapter: ProviderAdapter = {
    provider: 'aptrinsic',
    host: 'provider.test',
    requestErasure: () => Promise.reject(new TypeError('not part of this test')),
    observeErasure: options.look,
    withdrawErasure: async (asked) => {
      await options.look(asked);
      return { status: 'nothing-to-withdraw' };
    },
  };
  const activities = createLegActivities({
    adapter,
    opener,
    reportBug: (bug) => void bugs.push(bug),
    signer: witnesses.signers.aptrinsic,
    checker: createFactChecker(witnesses.factKeys),
    decisions: undefined,
    brake: { ...noBrake, ...options.brake },
  });
  const call: LegCall = {
    requestId: REQUEST_ID,
    run: RUN,
    approvalRule,
    provider: 'aptrinsic',
    sealed,
    round: 1,
    firstAskedAt: NOW,
    askedBefore: false,
    tries: { ...(options.daily ? daily : first), ...defined({ knownFailure: options.knownFailure }) },
    patience: defaultPatience,
    ...options.call,
  };
  const { 'aptrinsic.observeErasure': look, 'aptrinsic.withdrawErasure': withdraw } = activities;
  if (look === undefined || withdraw === undefined) throw new Error('The activity is missing');
  try {
    if (options.withdraws === true) await environment.run(withdraw, call);
    return { result: await environment.run(look, call), memory, told };
  } catch (failure) {
    return { failure: failure as ApplicationFailure, memory, told };
  }
}

const fails =
  (type: ConstructorParameters<typeof ProviderFailure>[0], retryAfterMs?: number) => (): Promise<Observation> =>
    Promise.reject(new ProviderFailure(type, `scripted ${type}`, { retryAfterMs }));

describe('a provider that asks to be left alone', () => {
  const looked: string[] = [];
  const look = (): Promise<Observation> => (looked.push('looked'), fails('ProviderUnavailable')());

  it('is not called by a worker that was not told itself: for long, the leg waits at the brake', async () => {
    const { failure } = await run({ look, brake: { pausedForMs: async () => HOUR_MS } });
    expect(failure).toMatchObject({
      type: 'ProviderBraked',
      message: expect.stringContaining('It was not called. No calls are left to Aptrinsic'),
      details: [{ brake: { reason: 'paused', until: expect.any(Number) } }],
    });
    expect(looked).toEqual([]);
  });

  it('is called by it once a short pause is over', async () => {
    const before = performance.now();
    const { failure } = await run({ look, brake: { pausedForMs: async () => 60 } });
    expect(failure?.type).toBe('ProviderUnavailable');
    expect(looked).toEqual(['looked']);
    expect(performance.now() - before).toBeGreaterThanOrEqual(59);
  });

  const refusal = (retryAfterMs: number, more = {}) => ({
    look: () =>
      Promise.reject(
        new ProviderFailure('ProviderUnavailable', 'HTTP 429', { isPaceOnly: true, retryAfterMs, ...more }),
      ),
  });

  it('has the leg wait at its brake where that is longer than a call waits, which uses up no budget', async () => {
    const before = Date.now();
    const { failure, memory } = await run(refusal(2 * HOUR_MS));
    expect(failure).toMatchObject({ type: 'ProviderBraked', message: 'HTTP 429', category: 'BENIGN' });
    expect(memory).not.toHaveProperty('unavailableSince');
    const [{ brake } = {} as FailureDetails] = (failure?.details ?? []) as FailureDetails[];
    expect(brake?.reason).toBe('paused');
    expect(brake?.until).toBe((brake?.since ?? 0) + 2 * HOUR_MS);
    expect(brake?.since).toBeGreaterThanOrEqual(before);
  });

  it('is tried again soon where it is shorter, or where only our own calls were too many', async () => {
    expect((await run(refusal(30 * SECOND_MS))).failure?.type).toBe('ProviderUnavailable');
    expect((await run(refusal(HOUR_MS, { neverLeft: true }))).failure?.type).toBe('ProviderUnavailable');
    expect((await run(refusal(HOUR_MS, { isPaceOnly: false }))).failure?.type).toBe('ProviderUnavailable');
  });
});

describe('a leg activity', () => {
  it('opens the identifier for the adapter and dates the call by the workflow', async () => {
    let seen: AdapterCall | undefined;
    const { result } = await run({
      look: (call) => {
        seen = call;
        return Promise.resolve(absent);
      },
      atMs: NOW + 5,
    });
    expect(result).toMatchObject(absent);
    expect(seen).toMatchObject({ identifier: IDENTIFIER, now: NOW + 5, firstAskedAt: NOW, mayHaveAskedBefore: false });
    expect(seen?.subjectHash).not.toContain('planted');
  });

  it('turns a failure into its type, retryable, with whether the provider may have been reached', async () => {
    const { failure } = await run({ look: fails('ProviderRejected') });
    expect(failure).toMatchObject({
      type: 'ProviderRejected',
      nonRetryable: false,
      details: [{ mayHaveReached: false }],
    });
    const reached = await run({
      look: (call) => {
        call.aboutToAsk({ seen: true });
        return fails('ProviderUnavailable')();
      },
    });
    expect(reached.failure?.details).toMatchObject([{ mayHaveReached: true }]);
    expect(reached.memory).toMatchObject({ reached: true, adapter: { seen: true } });
  });

  it('takes back what it said of a call that never left, and nothing that was said before', async () => {
    const neverLeft = (call: AdapterCall): Promise<Observation> => {
      call.aboutToAsk({ seen: true });
      call.didNotAsk();
      return fails('ProviderUnavailable')();
    };
    const first = await run({ look: neverLeft });
    expect(first.failure?.details).toMatchObject([{ mayHaveReached: false }]);
    expect(first.memory).toMatchObject({ reached: false, adapter: { seen: true } });
    const second = await run({ look: neverLeft, attempt: 2, memory: first.memory });
    expect(second.failure?.details).toMatchObject([{ mayHaveReached: false }]);
    const afterCrash = await run({ look: neverLeft, attempt: 3, memory: first.memory });
    expect(afterCrash.failure?.details).toMatchObject([{ mayHaveReached: true }]);
    const twice = await run({
      look: (call) => {
        call.aboutToAsk({});
        return neverLeft(call);
      },
    });
    expect(twice.failure?.details).toMatchObject([{ mayHaveReached: true }]);
  });

  it('hands on what the provider said to our asking that stands', async () => {
    const told: unknown[] = [];
    const look = (call: AdapterCall): Promise<Observation> => {
      told.push(call.acceptedFacts);
      return Promise.resolve(absent);
    };
    await run({ look });
    await run({ look, call: { acceptedFacts: { created_on: 1 } } });
    expect(told).toEqual([undefined, { created_on: 1 }]);
  });

  it('refuses an identifier sealed for another request without naming it', async () => {
    const { failure } = await run({
      look: () => Promise.resolve(absent),
      call: { sealed: sealedForAnother },
    });
    expect(failure?.type).toBe('IdentifierUnusable');
    expect(JSON.stringify(failure)).not.toContain('planted');
  });

  it('keeps a bug to itself: type and place, not its message', async () => {
    const { failure } = await run({ look: () => Promise.reject(new RangeError(`cannot read ${IDENTIFIER}`)) });
    expect(failure?.type).toBe('ProviderUnavailable');
    expect(failure?.message).toContain('RangeError');
    expect(`${failure?.message} ${failure?.stack} ${JSON.stringify(failure)} ${JSON.stringify(bugs)}`).not.toContain(
      'planted',
    );
    expect(bugs.at(-1)).toMatchObject({
      provider: 'aptrinsic',
      kind: 'RangeError',
      frames: expect.stringContaining(' at '),
    });
  });

  it('keeps a message to itself also where it looks like a stack frame', async () => {
    await run({ look: () => Promise.reject(new RangeError(`broken\n    at ${IDENTIFIER}`)) });
    expect(bugs.at(-1)).toMatchObject({ kind: 'RangeError', frames: expect.stringContaining(' at ') });
    expect(JSON.stringify(bugs.at(-1))).not.toContain('planted');
  });

  it('takes an earlier attempt that told nothing for one that may have asked', async () => {
    const asked: boolean[] = [];
    const look = (call: AdapterCall): Promise<Observation> => {
      asked.push(call.mayHaveAskedBefore);
      return Promise.resolve(absent);
    };
    await run({ look, attempt: 2 });
    await run({ look, attempt: 2, memory: { endedAttempt: 1, reached: false, adapter: {} } });
    await run({ look, attempt: 3, memory: { endedAttempt: 1, reached: false, adapter: {} } });
    await run({ look, attempt: 2, memory: { endedAttempt: 1, reached: true, adapter: {} } });
    await run({ look, call: { askedBefore: true } });
    expect(asked).toEqual([true, false, true, true, true]);
  });

  it.each([
    ['ProviderUnauthorized', 5],
    ['TokenRefused', 10],
  ] as const)(
    'after an outage of hours tries %s again each minute, for %s minutes, and then asks for attention',
    async (type, minutes) => {
      const soon = { mode: 'soon', firstWaitMs: 20 * MINUTE_MS, longestWaitMs: 6 * HOUR_MS } as const;
      const call = { tries: { ...soon, knownFailure: 'ProviderUnavailable' } } as const;
      const after = { call, look: fails(type), beganMs: NOW - 9 * HOUR_MS };
      const memory = { endedAttempt: 7, reached: false, adapter: {}, unavailableSince: NOW - 9 * HOUR_MS };
      const first = await run({ ...after, attempt: 8, memory });
      expect(first.failure).toMatchObject({ type, nonRetryable: false, nextRetryDelay: MINUTE_MS });
      const later = { ...after, attempt: 9, memory: first.memory };
      const last = await run({ ...later, atMs: NOW + (minutes - 1) * MINUTE_MS });
      expect(last.failure).toMatchObject({ type, nonRetryable: false });
      const spent = await run({ ...later, atMs: NOW + minutes * MINUTE_MS });
      expect(spent.failure).toMatchObject({ type, nonRetryable: true, details: [{ memory: { adapter: {} } }] });
      // What staff have it try again begins anew.
      expect((spent.failure?.details as FailureDetails[] | undefined)?.[0]?.memory).not.toHaveProperty('refusedSince');
    },
  );

  it.each(['ProviderUnauthorized', 'TokenRefused'] as const)(
    'tries a withdrawal that meets %s for as long as its own time lasts, at its own pace',
    async (type) => {
      const call = { tries: { mode: 'soon', firstWaitMs: 10 * SECOND_MS, longestWaitMs: HOUR_MS } } as const;
      const memory = { endedAttempt: 19, reached: false, adapter: {}, refusedSince: NOW - 20 * HOUR_MS };
      const late = { call, look: fails(type), attempt: 20, memory, beganMs: NOW - 20 * HOUR_MS };
      const { failure } = await run({ ...late, withdraws: true });
      expect(failure).toMatchObject({ type, nonRetryable: false, nextRetryDelay: HOUR_MS });
      expect((await run(late)).failure).toMatchObject({ type, nonRetryable: true });
    },
  );

  it('lets a wish to stay away only lengthen its own wait', async () => {
    expect((await run({ look: fails('ProviderUnavailable', SECOND_MS) })).failure?.nextRetryDelay).toBe(10 * SECOND_MS);
    expect((await run({ look: fails('ProviderUnavailable', HOUR_MS) })).failure?.nextRetryDelay).toBe(HOUR_MS);
    const daily = await run({ look: fails('ProviderUnavailable', HOUR_MS), daily: true, attempt: 3 });
    expect(daily.failure?.nextRetryDelay).toBe(DAY_MS);
  });

  it('tells Temporal at once what is to be kept of an asking, and nothing that follows by itself from a crash', async () => {
    const asking = (memory: AdapterCall['memory']) => (call: AdapterCall) => {
      call.aboutToAsk(memory);
      return Promise.resolve(absent);
    };
    expect(await run({ look: asking({}) })).toMatchObject({ told: 0 });
    const kept = await run({ look: asking({ seen: true }) });
    expect(kept).toMatchObject({ told: 1, memory: { reached: true, adapter: { seen: true } } });
    const again = { look: asking({ seen: true }), attempt: 2, memory: kept.memory };
    expect(await run(again)).toMatchObject({ told: 0 });
  });

  it('says of each failure when it is tried again: Temporal decides that of a lost worker only', async () => {
    const waits = async (attempt: number): Promise<unknown> =>
      (await run({ look: fails('ProviderUnavailable'), attempt })).failure?.nextRetryDelay;
    expect([await waits(1), await waits(2), await waits(4)]).toEqual([10, 20, 80].map((s) => s * SECOND_MS));
    expect([await waits(13), await waits(2_000)]).toEqual([6 * HOUR_MS, 6 * HOUR_MS]);
  });

  it('waits slowly and quietly while the provider is late, until that budget is spent', async () => {
    const first = await run({ look: fails('StillPending') });
    expect(first.failure).toMatchObject({ nextRetryDelay: 6 * HOUR_MS, category: 'BENIGN', nonRetryable: false });
    const late = { look: fails('StillPending'), attempt: 2, memory: first.memory };
    expect((await run({ ...late, atMs: NOW + 14 * DAY_MS - 1 })).failure?.nonRetryable).toBe(false);
    expect((await run({ ...late, atMs: NOW + 14 * DAY_MS })).failure?.nonRetryable).toBe(true);
    expect((await run({ ...late, atMs: NOW + 14 * DAY_MS, daily: true })).failure?.nonRetryable).toBe(false);
  });

  it('ends an outage at its own shorter budget, counted from where it began', async () => {
    const first = await run({ look: fails('ProviderUnavailable') });
    const again = { look: fails('ProviderUnavailable'), attempt: 2, memory: first.memory };
    expect((await run({ ...again, atMs: NOW + 3 * DAY_MS - 1 })).failure?.nonRetryable).toBe(false);
    expect((await run({ ...again, atMs: NOW + 3 * DAY_MS })).failure?.nonRetryable).toBe(true);
    const between = await run({ look: fails('StillPending'), attempt: 2, memory: first.memory, atMs: NOW + DAY_MS });
    const after = { look: fails('ProviderUnavailable'), attempt: 3, memory: between.memory };
    expect((await run({ ...after, atMs: NOW + 3 * DAY_MS })).failure?.nonRetryable).toBe(false);
  });

  it.each(['ProviderUnavailable', 'UnrecognizedAnswer', 'KeyUnavailable'] as const)(
    'counts %s as an outage',
    async (type) => {
      const first = await run({ look: fails('ProviderUnavailable') });
      const again = { look: fails(type), attempt: 2, memory: first.memory };
      expect((await run({ ...again, atMs: NOW + 3 * DAY_MS - 1 })).failure?.nonRetryable).toBe(false);
      expect((await run({ ...again, atMs: NOW + 3 * DAY_MS })).failure?.nonRetryable).toBe(true);
    },
  );

  it('leaves what it remembers to the next activity of its step, which goes on from there', async () => {
    const first = await run({
      look: (call) => {
        call.aboutToAsk({ seen: true });
        return fails('ProviderUnavailable', HOUR_MS)();
      },
    });
    const [details] = (first.failure?.details ?? []) as FailureDetails[];
    expect(details).toEqual({
      mayHaveReached: true,
      memory: { unavailableSince: NOW, adapter: { seen: true } },
      retryInMs: HOUR_MS,
    });
    const { memory, mayHaveReached: askedBefore } = details ?? {};
    if (memory === undefined || askedBefore === undefined) throw new Error('It leaves both');
    let seen: AdapterCall | undefined;
    const look = (call: AdapterCall): Promise<Observation> => {
      seen = call;
      return fails('ProviderUnavailable')();
    };
    const next = { look, call: { memory, askedBefore }, beganMs: NOW + HOUR_MS };
    expect((await run({ ...next, atMs: NOW + 3 * DAY_MS - 1 })).failure?.nonRetryable).toBe(false);
    expect((await run({ ...next, atMs: NOW + 3 * DAY_MS })).failure?.nonRetryable).toBe(true);
    expect(seen).toMatchObject({ mayHaveAskedBefore: true, memory: { seen: true } });
  });

  describe('that is known to fail with one kind', () => {
    const types = failureTypes.filter(isAttentionReason);
    const pairs = types.flatMap((known) => types.map((comes) => [known, comes] as const));
    const begun = { endedAttempt: 1, reached: false, adapter: {} };

    it.each(pairs)(
      '%s: tells %s if that is another, a day later at most, and not a storm of them',
      async (known, comes) => {
        const daily = { look: fails(comes), knownFailure: known, daily: true, memory: begun, attempt: 2 };
        const told = (await run({ ...daily, atMs: NOW + DAY_MS })).failure;
        expect(told).toMatchObject({ type: comes, nonRetryable: comes !== known });
        expect((told?.details as FailureDetails[] | undefined)?.[0]?.kindChanged).toBe(
          comes === known ? undefined : true,
        );
        // The activity has just begun: what changes to and fro must not make one activity after another.
        const soon = await run({ ...daily, attempt: 1, memory: undefined, atMs: NOW });
        expect(soon.failure?.nonRetryable).toBe(false);
      },
    );
  });

  it('says that it was cancelled when it was, whatever the adapter made of it, and whether a call may have left', async () => {
    const { failure } = await run({ look: fails('ProviderUnavailable'), cancel: true });
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(failure?.details).toEqual([{ mayHaveReached: false }]);
    const asking = await run({
      look: (call) => {
        call.aboutToAsk({});
        return fails('ProviderUnavailable')();
      },
      cancel: true,
    });
    expect(asking.failure?.details).toEqual([{ mayHaveReached: true }]);
  });
});

describe('an asking', () => {
  const said = { actor: 'staff-17', reason: { code: 'checked', ticket: 'PRIV-1' } } as const;
  const receipt = accepted({ evidence: { host: 'provider.test', httpStatus: 204 } });

  interface Asking {
    readonly rules?: Partial<Rules>;
    readonly filedBy?: string;
    readonly approvedBy?: string;
    readonly approvedFor?: string;
    readonly call?: Partial<LegCall>;
    readonly decisions?: DecisionTokenChecker | undefined;
    readonly fails?: ProviderFailure;
  }

  let asked: number;
  let known: DecisionTokenChecker;
  beforeEach(async () => {
    asked = 0;
    known = createDecisionTokenChecker(await readDecisionKeys(witnesses.directory));
  });

  async function ask(options: Asking = {}): Promise<Receipt> {
    const { rules = {}, filedBy, approvedBy, approvedFor = RUN, fails } = options;
    const sealer = createSealer(await readClientKeys(witnesses.directory));
    const issuer = createDecisionTokenIssuer(await readServerDecisionKeys(witnesses.directory));
    const content = { ...said, actor: approvedBy ?? said.actor };
    const subject = { requestId: REQUEST_ID, run: approvedFor, kind: 'approve', content } as const;
    const adapter: ProviderAdapter = {
      provider: 'aptrinsic',
      host: 'provider.test',
      requestErasure: (call) => {
        if (fails === undefined) call.aboutToAsk({});
        asked += 1;
        return fails === undefined ? Promise.resolve(receipt) : Promise.reject(fails);
      },
      observeErasure: () => Promise.reject(new TypeError('not part of this test')),
      withdrawErasure: () => Promise.reject(new TypeError('not part of this test')),
    };
    const { 'aptrinsic.requestErasure': activity } = createLegActivities({
      adapter,
      opener,
      reportBug: (bug) => void bugs.push(bug),
      signer: witnesses.signers.aptrinsic,
      checker: createFactChecker(witnesses.factKeys),
      decisions: 'decisions' in options ? options.decisions : known,
      brake: noBrake,
    });
    if (activity === undefined) throw new Error('The activity is missing');
    const call: LegCall = {
      requestId: REQUEST_ID,
      run: RUN,
      approvalRule: approvalRuleOf(witnesses.terms(rules)),
      provider: 'aptrinsic',
      sealed: await sealer.seal({ requestId: REQUEST_ID, provider: 'aptrinsic', identifier: IDENTIFIER, filedBy }),
      round: 1,
      firstAskedAt: NOW,
      askedBefore: false,
      ...(approvedBy === undefined
        ? {}
        : { approval: { content, token: (await issuer.issue({ ...subject, now: NOW })).token } }),
      tries: first,
      patience: defaultPatience,
      ...options.call,
    };
    return new MockActivityEnvironment(ownRun, { logger: new DefaultLogger('ERROR', () => undefined) }).run(
      activity,
      call,
    );
  }

  const authenticated = { approvalNeeded: true, decisionMode: 'authenticated' } as const;
  it.each<[what: string, options: () => Asking, says: string]>([
    [
      'without a word on whether an approval is needed',
      () => ({ call: { approvalRule: { approvalNeeded: false, decisionMode: 'asserted' } } }),
      'what says whether an approval is needed is not signed',
    ],
    [
      'with rules that were loosened',
      () => ({ call: { approvalRule: { ...approvalRuleOf(witnesses.terms(authenticated)), approvalNeeded: false } } }),
      'what says whether an approval is needed was altered, or is about something else than it was signed for',
    ],
    [
      'where this worker knows no staff keys',
      () => ({ rules: authenticated, filedBy: 'staff-1', approvedBy: 'staff-17', decisions: undefined }),
      'this worker has no decision.json, so it cannot check the approval',
    ],
    ['without approval', () => ({ rules: authenticated, filedBy: 'staff-1' }), 'no approval came with it'],
    [
      'where nobody signed for who filed it',
      () => ({ rules: authenticated, approvedBy: 'staff-17' }),
      'whoever filed it did not sign for who that was (filedBy)',
    ],
    [
      'where it was approved by its filer',
      () => ({ rules: authenticated, filedBy: 'staff-17', approvedBy: 'staff-17' }),
      'it was approved by whoever filed it',
    ],
    [
      'with an approval of another run',
      () => ({
        rules: authenticated,
        filedBy: 'staff-1',
        approvedBy: 'staff-17',
        approvedFor: RUN.replace('0198', '0199'),
      }),
      'its approval does not hold. The decision token was made for another run of this request',
    ],
  ])('is not made %s', async (_what, options, says) => {
    const failure: unknown = await ask(options()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'ApprovalMissing',
      message: `Aptrinsic (Gainsight PX) was not asked: ${says}.`,
      details: [{ mayHaveReached: false }],
    });
    expect(asked).toBe(0);
  });

  it.each<[what: string, options: Asking]>([
    ['that needs no approval', {}],
    ['that needs one which nobody has to sign for', { rules: { approvalNeeded: true } }],
    ['that somebody else approved', { rules: authenticated, filedBy: 'staff-1', approvedBy: 'staff-17' }],
  ])('is made for a request %s, and signed for', async (_what, options) => {
    const { witness, ...content } = await ask(options);
    expect(asked).toBe(1);
    const { leavesUnsaid: _, ...seen } = content;
    const fact = { kind: 'receipt', requestId: REQUEST_ID, run: RUN, provider: 'aptrinsic', content: seen } as const;
    const checker = createFactChecker(witnesses.factKeys);
    expect(checker.problem(fact, witness)).toBeUndefined();
    expect(checker.problem({ ...fact, provider: 'person' }, witness)).toBe('is signed by a key of another role');
    expect(witness).toMatchObject({ round: 1, firstAskedAt: NOW, askedBefore: false });
    expect(witness?.filedBy).toBe(options.filedBy);
  });

  it('that provably reached nobody is signed for as that, and as nothing else', async () => {
    const fails = new ProviderFailure('ProviderUnavailable', 'scripted: nobody was reached');
    const failure = (await ask({ fails }).catch((error: unknown) => error)) as ApplicationFailure;
    const [details] = failure.details as [FailureDetails];
    const fact = { kind: 'unreached', requestId: REQUEST_ID, run: RUN, provider: 'aptrinsic' } as const;
    const checker = createFactChecker(witnesses.factKeys);
    expect(checker.problem({ ...fact, content: { activityId: 'test' } }, details.witness)).toBeUndefined();
    expect(checker.problem({ ...fact, content: { activityId: 'another' } }, details.witness)).toContain('was altered');
  });

  it('is about the host that was asked first: another one cannot know what became of it', async () => {
    const failure: unknown = await ask({ call: { host: 'eu.provider.test' } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'AnotherHost',
      message:
        'Aptrinsic (Gainsight PX) was not called: this worker calls provider.test, and eu.provider.test was asked.',
    });
    expect(asked).toBe(0);
  });
});
