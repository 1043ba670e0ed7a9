import { WorkflowUpdateFailedError } from '@temporalio/client';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { decisionShape, type DecisionContent } from '../../domain/decision/decision';
import { decisionKinds, decisionRow, type ProviderDecisionKind } from '../../domain/decision/decision-table';
import type { LegProgressState } from '../../domain/leg/leg-progress';
import type { Observation, Receipt, Withdrawal } from '../../domain/leg/receipt';
import { decisionUpdates } from '../../workflows/messages';
import { accepted, absent, expectReplays, failure, OVER_MS, unknown, WorkflowBench } from '../support/workflow-bench';

const decision: DecisionContent<ProviderDecisionKind> = {
  provider: 'person',
  actor: 'staff-7',
  reason: { code: 'checked-with-provider', ticket: 'PRIV-1' },
};
type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

async function refusalOf(handle: Handle, update: string, decided: unknown): Promise<string> {
  const error: unknown = await handle.executeUpdate(update, { args: [decided] }).catch((failed: unknown) => failed);
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error('The update was not refused', { cause: error });
  return error.cause?.message ?? '';
}

it('offers the update of every kind of decision, and says what it does and what its input is', async () => {
  const handle = await bench.startFor('person');
  const { definition } = await handle.query<{
    definition: { updateDefinitions: readonly { readonly name: string; readonly description?: string }[] };
  }>('__temporal_workflow_metadata');
  const offered = new Map(definition.updateDefinitions.map(({ name, description }) => [name, description]));
  for (const kind of decisionKinds) {
    const { update, description } = decisionRow(kind);
    expect(offered.get(update)?.toLowerCase()).toContain(description.toLowerCase());
    expect(offered.get(update)).toContain(`Input: ${decisionShape(kind)}`);
  }
});

describe('a decision is refused', () => {
  it('in words that say why, and repeat nothing of it', async () => {
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const actor = 'actor: expected an opaque staff id of letters, digits and . _ : / # - (no e-mail address, no name)';
    const shape = 'expected an object { actor, reason: { code, ticket }, provider }';
    const key = 'provider: expected the key of a provider, e.g. "measureone"';
    const reason = 'reason: expected an object { code, ticket }';
    const refused: [unknown, string][] = [
      [undefined, shape],
      [null, shape],
      ['person', shape],
      [[decision], shape],
      [{}, [actor, reason, key].join('; ')],
      [{ ...decision, provider: undefined }, key],
      [{ ...decision, provider: 'nobody' }, key],
      [{ ...decision, provider: '__proto__' }, key],
      [{ ...decision, provider: 'measureone' }, 'MeasureOne is not part of this request'],
      [{ provider: 'person', reason: decision.reason }, actor],
      [{ ...decision, actor: '' }, actor],
      [{ ...decision, actor: 'jane.doe@example.org' }, actor],
      [{ ...decision, actor: 'Jane Doe' }, actor],
      [{ ...decision, reason: undefined }, reason],
      [{ ...decision, reason: 'Jane asked for it' }, reason],
      [
        { ...decision, reason: { code: 'Jane asked for it', ticket: 'PRIV-1' } },
        'reason.code: expected lower case words joined by hyphens, e.g. "credentials-mended"',
      ],
      [
        { ...decision, reason: { code: 'asked', ticket: 'see mail of Jane' } },
        'reason.ticket: expected a ticket reference, e.g. "PRIV-1234"',
      ],
    ];
    for (const [decided, words] of refused) {
      expect([decided, await refusalOf(handle, 'waiveProvider', decided)]).toEqual([decided, words]);
    }
    for (const update of ['retryProvider', 'attestProvider']) {
      expect(await refusalOf(handle, update, { ...decision, actor: 'Jane Doe' })).toBe(actor);
    }
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
  });

  it('when a retry has nothing to repeat', async () => {
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    expect(await refusalOf(handle, 'retryProvider', decision)).toBe(
      'Person API needs no retry: it is not in attention',
    );
  });

  it('when the leg is settled already', async () => {
    bench.providers.person.ask.set(unknown());
    const handle = await bench.startFor('person', 'aptrinsic');
    await bench.settle(handle);
    for (const update of ['retryProvider', 'waiveProvider', 'attestProvider']) {
      expect(await refusalOf(handle, update, decision)).toBe('Person API is settled already (not-found)');
    }
  });

  it('while the request is being withdrawn', async () => {
    const held = bench.hold<Withdrawal>();
    bench.providers.person.ask.set(accepted({ withdrawable: true }));
    bench.providers.person.withdraw.set(held.answer);
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await handle.cancel();
    await held.asked;
    for (const update of ['retryProvider', 'waiveProvider', 'attestProvider']) {
      expect(await refusalOf(handle, update, decision)).toBe('Person API is being withdrawn, and settles by itself');
    }
    held.release({ status: 'withdrawn' });
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'withdrawn' }] });
  });
});

describe('waive and attest are taken in every unsettled state', () => {
  const kinds = [
    ['waiveProvider', decisionUpdates.waive, 'waived'],
    ['attestProvider', decisionUpdates.attest, 'attested'],
  ] as const;
  const states: [string, LegProgressState, () => Promise<Handle>][] = [
    [
      'while a retry of the asking waits',
      'asking',
      async () => {
        bench.providers.person.ask.set(failure('ProviderUnavailable', { nextRetryDelayMs: DAY_MS }));
        const handle = await bench.startFor('person');
        await bench.settle(handle);
        return handle;
      },
    ],
    [
      'in the window',
      'waiting-out-window',
      async () => {
        const handle = await bench.startFor('person');
        await bench.forward(handle, DAY_MS);
        return handle;
      },
    ],
    [
      'in the grace',
      'waiting-for-callback',
      async () => {
        bench.providers.person.ask.set(accepted({ confirmedBy: 'callback' }));
        const handle = await bench.startFor('person');
        await bench.forward(handle, OVER_MS);
        return handle;
      },
    ],
    [
      'while a retry of the look waits',
      'looking',
      async () => {
        bench.providers.person.look.set(failure('StillPending', { nextRetryDelayMs: 6 * HOUR_MS }));
        const handle = await bench.startFor('person');
        await bench.forward(handle, OVER_MS);
        return handle;
      },
    ],
    [
      'in attention for a staff member',
      'attention',
      async () => {
        bench.providers.person.ask.set(failure('ProviderRejected'));
        const handle = await bench.startFor('person');
        await bench.settle(handle);
        return handle;
      },
    ],
  ];
  const cases = kinds.flatMap(([name, update, outcome]) =>
    states.map(([when, state, reach]) => [name, when, { update, outcome, state, reach }] as const),
  );

  it.each(cases)('%s %s', async (_name, _when, { update, outcome, state, reach }) => {
    const handle = await reach();
    expect(await bench.leg(handle)).toMatchObject({ state });
    const leg = await handle.executeUpdate(update, { args: [decision] });
    expect(leg).toMatchObject({ provider: 'person', state: 'settled', outcome, settledAt: expect.any(String) });
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'completed-with-exceptions', legs: [leg] });
    expect(bench.statementOf(handle).legs[0]?.decisions).toMatchObject([decision]);
  });

  it.each(kinds)(
    '%s while the asking is in flight: the answer is kept, the outcome stays',
    async (_name, update, outcome) => {
      const held = bench.hold<Receipt>();
      bench.providers.person.ask.set(held.answer);
      const handle = await bench.startFor('person');
      await held.asked;
      await handle.executeUpdate(update, { args: [decision] });
      expect(await bench.leg(handle)).toMatchObject({ state: 'settled', outcome });
      held.release(accepted());
      expect(await handle.result()).toMatchObject({ legs: [{ outcome, answeredAt: expect.any(String) }] });
      const [leg] = bench.statementOf(handle).legs;
      expect(leg?.rounds[0]?.receipt).toEqual(accepted());
      expect(leg?.askedBefore).toBe(true);
      await expectReplays(handle);
    },
  );

  it.each(kinds)(
    '%s while a look is in flight: what it finds is kept, the outcome stays',
    async (_name, update, outcome) => {
      const held = bench.hold<Observation>();
      bench.providers.person.look.set(held.answer);
      const handle = await bench.startFor('person');
      const forwarded = bench.forward(handle, OVER_MS);
      await held.asked;
      await handle.executeUpdate(update, { args: [decision] });
      held.release(absent);
      expect(await handle.result()).toMatchObject({ legs: [{ outcome }] });
      expect(bench.statementOf(handle).legs[0]?.lastObservation).toMatchObject(absent);
      await forwarded;
      await expectReplays(handle);
    },
  );

  it('keeps each decision about one leg to that leg', async () => {
    const handle = await bench.start();
    await bench.settle(handle);
    await handle.executeUpdate(decisionUpdates.waive, { args: [decision] });
    expect(await bench.leg(handle, 'measureone')).toMatchObject({ state: 'waiting-out-window' });
    await bench.forward(handle, OVER_MS);
    const { legs, outcome } = await handle.result();
    expect([outcome, ...legs.map((leg) => leg.outcome)]).toEqual([
      'completed-with-exceptions',
      'erased',
      'waived',
      'erased',
    ]);
    expect(bench.statementOf(handle).legs.map((leg) => leg.decisions.length)).toEqual([0, 1, 0]);
  });

  it('records every decision, retries too', async () => {
    bench.providers.person.ask.set(failure('ProviderRejected'));
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await handle.executeUpdate(decisionUpdates.retry, { args: [decision] });
    await bench.settle(handle);
    await handle.executeUpdate(decisionUpdates.attest, { args: [{ ...decision, actor: 'staff-8' }] });
    await handle.result();
    expect(bench.statementOf(handle).legs[0]?.decisions).toMatchObject([
      { kind: 'retry', actor: 'staff-7' },
      { kind: 'attest', actor: 'staff-8' },
    ]);
  });
});
