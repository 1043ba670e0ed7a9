/** A legal hold in a run: what has not been sent is not sent, what can be withdrawn is, the rest says since when it is too late. */
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { LegOutcome } from '../../domain/leg/outcome';
import type { Receipt, Withdrawal } from '../../domain/leg/receipt';
import type { RequestProgress } from '../../domain/request/request-progress';
import { basisOf } from '../../domain/certificate/statement';
import { decisionUpdates, progress } from '../../workflows/messages';
import {
  absent,
  accepted,
  eventually,
  expectReplays,
  failure,
  OVER_MS,
  presentAgain,
  WorkflowBench,
} from '../support/workflow-bench';

const withdrawable = accepted({ withdrawable: true });
const said = { actor: 'staff-7', reason: { code: 'litigation', ticket: 'LEGAL-1' } } as const;
type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

async function hold(handle: Handle): Promise<RequestProgress> {
  const reviewAt = new Date((await bench.now(handle)) + 20 * DAY_MS).toISOString();
  return handle.executeUpdate(decisionUpdates.hold, {
    args: [{ ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt }],
  });
}

async function release(handle: Handle): Promise<void> {
  await handle.executeUpdate(decisionUpdates.release, { args: [said] });
}

/** The person API has been asked to withdraw because of a hold, and has not answered yet. */
async function heldWhileWithdrawing() {
  const held = bench.hold<Withdrawal>();
  bench.providers.person.ask.set(withdrawable);
  bench.providers.person.withdraw.set(held.answer);
  const handle = await bench.startFor('person');
  await bench.forward(handle, DAY_MS);
  await hold(handle);
  await held.asked;
  return { handle, held };
}

async function expectEnd(handle: Handle, ...outcomes: LegOutcome[]): Promise<void> {
  const result = await handle.result();
  expect(result.legs.map((leg) => leg.outcome)).toEqual(outcomes);
  await expectReplays(handle);
}

describe('a legal hold', () => {
  it('on day 2, released on day 4, leaves the other windows as they are', async () => {
    bench.providers.person.ask.set(withdrawable);
    bench.providers.person.withdraw.set({ status: 'withdrawn' });
    bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 7 * DAY_MS }, windowKind: 'revival' }));
    const handle = await bench.startFor('person', 'aptrinsic');
    await bench.forward(handle, 2 * DAY_MS);
    const windowBefore = (await bench.leg(handle, 'aptrinsic')).until;
    await hold(handle);
    await bench.settle(handle);
    expect(await bench.leg(handle, 'person')).toMatchObject({ state: 'held' });
    expect(await bench.leg(handle, 'aptrinsic')).toMatchObject({
      state: 'waiting-out-window',
      until: windowBefore,
      waitsFor: expect.stringMatching(/too late for the hold since \d{4}-/),
    });
    expect((await handle.query(progress)).state).toBe('on-hold');

    await bench.forward(handle, 2 * DAY_MS);
    expect(bench.providers.person.ask.calls).toHaveLength(1);
    await release(handle);
    await bench.settle(handle);
    expect(bench.providers.person.ask.calls.map(({ round }) => round)).toEqual([1, 2]);
    expect((await bench.leg(handle, 'aptrinsic')).until).toBe(windowBefore);
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased', 'erased');
    expect(bench.statementOf(handle).trail.map(({ kind }) => kind)).toEqual(['hold', 'release']);
    expect(bench.statementOf(handle).legs[0]?.rounds.map(({ withdrawnAt }) => withdrawnAt !== undefined)).toEqual([
      true,
      false,
    ]);
  });

  it.each<[string, Withdrawal]>([
    ['it is too late to withdraw', { status: 'too-late', since: Date.UTC(2026, 0, 1) }],
    ['there is nothing to withdraw', { status: 'nothing-to-withdraw' }],
  ])('lets the window run on where %s', async (_name, withdrawal) => {
    bench.providers.person.ask.set(withdrawable);
    bench.providers.person.withdraw.set(withdrawal);
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.settle(handle);
    const leg = await bench.leg(handle);
    expect(leg.state).toBe('waiting-out-window');
    expect(leg.waitsFor).toContain('too late for the hold since');
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased');
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });

  it('lets the window run on where withdrawing fails, and says so', async () => {
    bench.providers.person.ask.set(withdrawable);
    bench.providers.person.withdraw.set(failure('ProviderRejected'));
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.settle(handle);
    expect((await bench.leg(handle)).waitsFor).toContain(
      'could not be made to withdraw it: the provider refused the request for good (ProviderRejected)',
    );
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased');
  });

  it('is tried to be kept for as long as it lasts, through an outage of a day and more', async () => {
    bench.providers.person.ask.set(withdrawable);
    bench.providers.person.withdraw.set(failure('ProviderUnavailable', { nextRetryDelayMs: 13 * HOUR_MS }));
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.forward(handle, 40 * HOUR_MS);
    expect(await bench.leg(handle)).toMatchObject({
      state: 'withdrawing',
      waitsFor:
        'Person API to withdraw the request during the hold; tried for as long as the hold lasts and the window is open',
      until: expect.any(String),
    });
    expect(bench.providers.person.withdraw.calls.length).toBeGreaterThan(3);
    bench.providers.person.withdraw.set({ status: 'withdrawn' });
    await bench.forward(handle, 13 * HOUR_MS);
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ state: 'held', withdrawnAt: expect.any(String) });
    await release(handle);
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased');
  });

  it('says when it was too late, where the outage outlasts the window, and asks a staff member', async () => {
    bench.providers.person.ask.set(withdrawable);
    bench.providers.person.withdraw.set(failure('ProviderUnavailable', { nextRetryDelayMs: 20 * HOUR_MS }));
    bench.providers.person.look.set(failure('ProviderUnavailable', { nextRetryDelayMs: 20 * HOUR_MS }));
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.forward(handle, OVER_MS);
    const { todo, blockedOn } = await handle.query(progress);
    expect(todo).toContainEqual(expect.stringContaining('Person API could not be kept from erasing during the hold'));
    expect(blockedOn).toContain('staff');
  });

  it('answers, while an asking is in flight that nobody can withdraw, that it may have been taken on', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.measureone.ask.set(held.answer);
    bench.providers.measureone.withdraw.set({ status: 'too-late' });
    const handle = await bench.startFor('measureone');
    await held.asked;
    const { state, legs } = await hold(handle);
    expect([state, legs[0]?.state]).toEqual(['on-hold', 'held']);
    expect(legs[0]?.waitsFor).toContain('it may have taken the request on');
    held.release(accepted({ confirmedBy: 'callback', seen: false }));
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({
      state: 'waiting-out-window',
      waitsFor: expect.stringContaining('too late for the hold since'),
    });
    expect(bench.providers.measureone.ask.calls).toHaveLength(1);
  });

  it('asks again at once, where the release breaks withdrawing off and nobody knows what came of it', async () => {
    bench.providers.person.ask.set(withdrawable);
    bench.providers.person.withdraw.set(failure('ProviderUnavailable'));
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await eventually(async () => (bench.providers.person.withdraw.calls.length > 0 ? true : undefined));
    await release(handle);
    await bench.settle(handle);
    expect(bench.providers.person.ask.calls.map(({ round, askedBefore }) => [round, askedBefore])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window', rounds: 2 });
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased');
    const [first, second] = bench.statementOf(handle).legs[0]?.rounds ?? [];
    expect(first).toMatchObject({ withdrawalBrokenOffAt: expect.any(Number) });
    expect(second?.withdrawalBrokenOffAt).toBeUndefined();
  });

  it('asks again where the provider withdrew it while it was being released', async () => {
    const { handle, held } = await heldWhileWithdrawing();
    await release(handle);
    held.release({ status: 'withdrawn' });
    await bench.settle(handle);
    expect(bench.providers.person.ask.calls.map(({ round }) => round)).toEqual([1, 2]);
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased');
  });

  it('keeps in the record what the provider withdrew after somebody had attested', async () => {
    const { handle, held } = await heldWhileWithdrawing();
    const attested = await handle.executeUpdate(decisionUpdates.attest, { args: [{ ...said, provider: 'person' }] });
    expect(attested.waitsFor).toContain('answer to withdrawing the request because of the hold');
    held.release({ status: 'withdrawn' });
    await expectEnd(handle, 'attested');
    const [leg] = bench.statementOf(handle).legs;
    expect(leg?.rounds[0]).toMatchObject({ withdrawnAt: expect.any(Number), withdrawal: { status: 'withdrawn' } });
    expect(leg && basisOf(leg)).toContain('Person API withdrew what it had been asked');
  });

  it('leaves alone what somebody queued since it withdrew ours, also when the request is withdrawn', async () => {
    bench.providers.person.ask.set(withdrawable, failure('ProviderRejected', { mayHaveReached: false }));
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.settle(handle);
    await release(handle);
    await bench.settle(handle);
    expect((await bench.leg(handle)).attention?.reason).toBe('ProviderRejected');
    await handle.executeUpdate(decisionUpdates.withdraw, { args: [{ ...said, wantedBy: 'misfiled' }] });
    await expectEnd(handle, 'withdrawn');
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });

  it('takes for ours only what was asked for since', async () => {
    bench.providers.person.ask.set(withdrawable);
    const handle = await bench.startFor('person');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.settle(handle);
    await bench.forward(handle, DAY_MS);
    await release(handle);
    await bench.settle(handle);
    await handle.cancel();
    await handle.result();
    const [first, second] = bench.providers.person.ask.calls;
    const [, withdrawn] = bench.providers.person.withdraw.calls;
    expect(withdrawn?.firstAskedAt).toBe(second?.firstAskedAt);
    expect((second?.firstAskedAt ?? 0) - (first?.firstAskedAt ?? 0)).toBeGreaterThanOrEqual(DAY_MS);
  });

  it('stops an asking that waits for its next try, withdraws what may have arrived, and asks again after the release', async () => {
    bench.providers.person.ask.set(failure('ProviderUnavailable', { nextRetryDelayMs: DAY_MS }), accepted());
    bench.providers.person.withdraw.set({ status: 'nothing-to-withdraw' });
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await hold(handle);
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ state: 'held' });
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
    await bench.forward(handle, 10 * DAY_MS);
    expect(bench.providers.person.ask.calls).toHaveLength(1);
    await release(handle);
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased');
    expect(bench.providers.person.ask.calls.map(({ askedBefore }) => askedBefore)).toEqual([false, true]);
  });

  it('waits for an asking in flight, and withdraws what it brought about', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.person.ask.set(held.answer, withdrawable);
    const handle = await bench.startFor('person');
    await held.asked;
    await hold(handle);
    held.release(withdrawable);
    await bench.settle(handle);
    expect(await bench.leg(handle)).toMatchObject({ state: 'held', rounds: 1 });
    await release(handle);
    await bench.forward(handle, OVER_MS);
    await expectEnd(handle, 'erased');
  });

  it('erases no record again that came back, until the release', async () => {
    bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 7 * DAY_MS }, windowKind: 'revival' }));
    bench.providers.aptrinsic.look.set(presentAgain, absent);
    const handle = await bench.startFor('aptrinsic');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.forward(handle, 8 * DAY_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'held' });
    expect(bench.providers.aptrinsic.ask.calls).toHaveLength(1);
    await release(handle);
    await bench.forward(handle, 8 * DAY_MS);
    await expectEnd(handle, 'erased');
    expect(bench.providers.aptrinsic.ask.calls).toHaveLength(2);
  });

  it('keeps a provider in attention from being tried daily, and the attention', async () => {
    bench.providers.person.ask.set(failure('ProviderUnauthorized', { mayHaveReached: false }));
    const handle = await bench.startFor('person');
    await bench.forward(handle, HOUR_MS);
    await hold(handle);
    await bench.settle(handle);
    const asked = bench.providers.person.ask.calls.length;
    await bench.forward(handle, 5 * DAY_MS);
    expect(bench.providers.person.ask.calls).toHaveLength(asked);
    await release(handle);
    await bench.forward(handle, HOUR_MS);
    expect(await bench.leg(handle)).toMatchObject({
      state: 'attention',
      attention: { reason: 'ProviderUnauthorized' },
    });
    expect(bench.providers.person.ask.calls.length).toBeGreaterThan(asked);
  });

  it('reports its review when that is due, once', async () => {
    bench.providers.person.ask.set(failure('ProviderRejected', { mayHaveReached: false }));
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await hold(handle);
    await bench.forward(handle, 19 * DAY_MS);
    expect((await handle.query(progress)).todo.join()).toContain('review by');
    await bench.forward(handle, 30 * DAY_MS);
    const { trail, todo } = await handle.query(progress);
    expect(trail.filter((entry) => entry.kind === 'reminded' && entry.of === 'hold-review')).toHaveLength(1);
    expect(todo.join()).toContain('its review IS DUE since');
  });

  it('gives way to a withdrawal and to a decision about one provider', async () => {
    bench.providers.person.ask.set(withdrawable);
    bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { mayHaveReached: false }));
    const handle = await bench.startFor('person', 'aptrinsic');
    await bench.forward(handle, DAY_MS);
    await hold(handle);
    await bench.settle(handle);
    await handle.executeUpdate(decisionUpdates.waive, { args: [{ ...said, provider: 'aptrinsic' }] });
    await handle.executeUpdate(decisionUpdates.withdraw, { args: [{ ...said, wantedBy: 'misfiled' }] });
    const result = await handle.result();
    expect(result.outcome).toBe('withdrawn');
    await expectEnd(handle, 'withdrawn', 'waived');
    expect(bench.providers.person.withdraw.calls).toHaveLength(1);
  });
});
