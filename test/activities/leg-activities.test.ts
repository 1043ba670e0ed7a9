import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { createLegActivities } from '../../activities/leg-activities';
import { ProviderFailure, type AdapterCall, type ProviderAdapter } from '../../activities/providers/provider';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../domain/duration';
import type { LegCall } from '../../domain/leg';
import { defaultPolicy } from '../../domain/policy';
import type { Observation } from '../../domain/receipt';
import { gateOf, type Gate } from '../../domain/rules';
import { createFactChecker } from '../../security/facts';
import { readClientKeys, readProviderKeys } from '../../security/key-files';
import { createOpener, createSealer } from '../../security/sealing';
import { REQUEST_ID, RUN, Witnesses } from '../support/signed-facts';

const IDENTIFIER = 'planted-identifier@customer.example';
const NOW = Date.parse('2026-03-01T00:00:00Z');
const absent: Observation = { status: 'absent', evidence: { host: 'provider.test', httpStatus: 404 } };

let sealed: string;
let sealedForAnother: string;
let opener: ReturnType<typeof createOpener>;
let witnesses: Witnesses;
let gate: Gate;
beforeAll(async () => {
  witnesses = await Witnesses.open();
  const keys = witnesses.directory;
  gate = gateOf(witnesses.intake());
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
  readonly daily?: boolean;
  readonly cancel?: boolean;
}

const bugs: unknown[] = [];

async function run(
  options: Attempt,
): Promise<{ result?: Observation; failure?: ApplicationFailure; memory?: unknown }> {
  const environment = new MockActivityEnvironment(
    {
      workflowType: 'erasureRequest',
      workflowExecution: { workflowId: `erasure-${REQUEST_ID}`, runId: RUN },
      inWorkflow: true,
      attempt: options.attempt ?? 1,
      heartbeatDetails: options.memory,
      currentAttemptScheduledTimestampMs: options.atMs ?? NOW,
      retryPolicy: options.daily
        ? { initialInterval: DAY_MS, backoffCoefficient: 1 }
        : { initialInterval: 10 * SECOND_MS, backoffCoefficient: 2, maximumInterval: 6 * HOUR_MS },
    },
    { logger: new DefaultLogger('ERROR', () => undefined) },
  );
  let memory: unknown;
  environment.on('heartbeat', (details: unknown) => (memory = details));
  if (options.cancel) environment.cancel('CANCELLED', { cancelRequested: true } as never);
  const adapter: ProviderAdapter = {
    provider: 'aptrinsic',
    host: 'provider.test',
    requestErasure: () => Promise.reject(new TypeError('not part of this test')),
    observeErasure: options.look,
    withdrawErasure: () => Promise.reject(new TypeError('not part of this test')),
  };
  const activities = createLegActivities({
    adapter,
    opener,
    reportBug: (bug) => void bugs.push(bug),
    signer: witnesses.signers.aptrinsic,
    checker: createFactChecker(witnesses.factKeys),
    decisions: undefined,
  });
  const call: LegCall = {
    requestId: REQUEST_ID,
    run: RUN,
    gate,
    provider: 'aptrinsic',
    sealed,
    round: 1,
    firstAskedAt: NOW,
    askedBefore: false,
    policy: defaultPolicy,
    ...options.call,
  };
  const activity = activities['aptrinsic.observeErasure'];
  if (activity === undefined) throw new Error('The activity is missing');
  try {
    return { result: await environment.run(activity, call), memory };
  } catch (failure) {
    return { failure: failure as ApplicationFailure, memory };
  }
}

const fails =
  (type: ConstructorParameters<typeof ProviderFailure>[0], retryAfterMs?: number) => (): Promise<Observation> =>
    Promise.reject(new ProviderFailure(type, `scripted ${type}`, { retryAfterMs }));

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
    expect(reached.failure?.details).toEqual([{ mayHaveReached: true }]);
    expect(reached.memory).toMatchObject({ reached: true, adapter: { seen: true } });
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

  it('lets a wish to stay away only lengthen its own wait', async () => {
    expect((await run({ look: fails('ProviderUnavailable', SECOND_MS) })).failure?.nextRetryDelay).toBeUndefined();
    expect((await run({ look: fails('ProviderUnavailable', HOUR_MS) })).failure?.nextRetryDelay).toBe(HOUR_MS);
    const daily = await run({ look: fails('ProviderUnavailable', HOUR_MS), daily: true, attempt: 3 });
    expect(daily.failure?.nextRetryDelay).toBeUndefined();
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

  it('says that it was cancelled when it was, whatever the adapter made of it', async () => {
    const { failure } = await run({ look: fails('ProviderUnavailable'), cancel: true });
    expect(failure).toBeInstanceOf(CancelledFailure);
  });
});
