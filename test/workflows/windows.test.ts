import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { progress, providerConfirmed } from '../../workflows/messages';
import {
  accepted,
  expectReplays,
  failure,
  HOURS_120_MS,
  OVER_MS,
  packedCertificateOf,
  pending,
  presentAgain,
  unknown,
  WorkflowBench,
} from '../support/workflow-bench';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

describe('a request to three providers', () => {
  it('waits out the true window of each and completes', async () => {
    bench.providers.measureone.ask.set(accepted({ confirmedBy: 'callback', seen: false }));
    bench.providers.person.ask.set(accepted({ window: { endsAt: Date.now() + 3 * DAY_MS } }));
    bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 7 * DAY_MS }, windowKind: 'revival' }));
    const handle = await bench.start();
    await bench.forward(handle, HOURS_120_MS);
    await handle.signal(providerConfirmed, { provider: 'measureone', handle: 'h1', event: 'individual.purged' });
    await bench.forward(handle, HOUR_MS - 5 * MINUTE_MS);
    expect((await handle.query(progress)).legs.map((leg) => leg.state)).toEqual([
      'waiting-out-window',
      'settled',
      'waiting-out-window',
    ]);
    await bench.forward(handle, 3 * DAY_MS);

    const result = await handle.result();
    expect(result.outcome).toBe('completed');
    expect(result.certificate).toBe(packedCertificateOf(result.requestId));
    expect(result.legs.map((leg) => [leg.outcome, leg.assurance])).toEqual([
      ['erased', 'confirmed'],
      ['erased', 'verified'],
      ['erased', 'verified'],
    ]);
    expect(bench.statementOf(handle)).toMatchObject({ requestId: result.requestId, outcome: 'completed' });
    expect(bench.providers.person.look.calls).toHaveLength(1);
    expect(bench.providers.measureone.look.calls).toHaveLength(0);
    await expectReplays(handle);
  });

  it('completes with exceptions where one provider leaves it open', async () => {
    bench.providers.measureone.ask.set(accepted({ confirmedBy: 'nobody' }));
    const handle = await bench.start();
    await bench.forward(handle, HOURS_120_MS + 2 * HOUR_MS);
    const result = await handle.result();
    expect(result.outcome).toBe('completed-with-exceptions');
    expect(result.legs[0]).toMatchObject({ outcome: 'presumed-erased' });
  });
});

describe('a window', () => {
  it.each([
    ['a length from acceptance', () => accepted(), HOURS_120_MS, { outcome: 'erased', assurance: 'verified' }],
    [
      'an instant that the provider named',
      () => accepted({ window: { endsAt: Date.now() + 30 * DAY_MS } }),
      30 * DAY_MS,
      { outcome: 'erased', assurance: 'verified' },
    ],
    [
      'a revival window behind an unknown identifier',
      () => unknown({ window: { lastsMs: 7 * DAY_MS } }),
      7 * DAY_MS,
      { outcome: 'not-found' },
    ],
  ])('is waited out to the minute: %s', async (_name, receipt, windowMs, outcome) => {
    bench.providers.aptrinsic.ask.set(receipt());
    const handle = await bench.startFor('aptrinsic');
    await bench.forward(handle, windowMs + HOUR_MS - MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    expect(bench.providers.aptrinsic.look.calls).toHaveLength(0);

    await bench.forward(handle, 2 * MINUTE_MS);
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'completed', legs: [outcome] });
    const [leg] = result.legs;
    expect(Date.parse(leg?.settledAt ?? '')).toBeGreaterThanOrEqual(Date.parse(leg?.windowEndsAt ?? '') + HOUR_MS);
    expect(bench.providers.aptrinsic.look.calls).toHaveLength(1);
  });

  it('is not waited for where the provider knows no such identifier and nothing can hide it', async () => {
    bench.providers.measureone.ask.set(unknown());
    const handle = await bench.startFor('measureone');
    expect(await handle.result()).toMatchObject({ outcome: 'completed', legs: [{ outcome: 'not-found', rounds: 1 }] });
    expect((await handle.fetchHistory()).events?.filter((event) => event.timerStartedEventAttributes)).toEqual([]);
  });

  it.each([
    ['later', 40 * DAY_MS],
    ['earlier than the margin would have it', 3 * DAY_MS + 2 * HOUR_MS],
  ])('is read again when it is due, and may have been moved: %s', async (_name, movedMs) => {
    const start = Date.now();
    bench.providers.person.ask.set(accepted({ window: { endsAt: start + 3 * DAY_MS } }));
    bench.providers.person.look.set(pending(start + movedMs), {
      status: 'absent',
      evidence: { host: 'h', httpStatus: 404 },
    });
    const handle = await bench.startFor('person');
    await bench.forward(handle, 3 * DAY_MS + HOUR_MS + MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({
      state: 'waiting-out-window',
      windowEndsAt: new Date(start + movedMs).toISOString(),
      until: new Date(start + movedMs + HOUR_MS).toISOString(),
      rounds: 1,
    });
    const remainingMs = start + movedMs + HOUR_MS - (await bench.now(handle));
    await bench.forward(handle, remainingMs - MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    await bench.forward(handle, 2 * MINUTE_MS);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'erased', assurance: 'verified' }] });
    expect(bench.providers.person.ask.calls).toHaveLength(1);
  });

  it('begins anew with each round', async () => {
    bench.providers.aptrinsic.look.set(presentAgain, { status: 'absent', evidence: { host: 'h', httpStatus: 404 } });
    const handle = await bench.startFor('aptrinsic');
    await bench.forward(handle, OVER_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window', rounds: 2 });
    await bench.forward(handle, HOURS_120_MS + HOUR_MS - 2 * MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window', rounds: 2 });
    await bench.forward(handle, 3 * MINUTE_MS);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'erased', assurance: 'verified', rounds: 2 }] });
    await expectReplays(handle);
  });

  it('counts from the answer, not from the first attempt', async () => {
    bench.providers.person.ask.set(failure('ProviderUnavailable', { nextRetryDelayMs: DAY_MS }), accepted());
    const handle = await bench.startFor('person');
    await bench.forward(handle, OVER_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    await bench.forward(handle, DAY_MS);
    const [leg] = (await handle.result()).legs;
    expect(Date.parse(leg?.answeredAt ?? '') - Date.parse(leg?.requestedAt ?? '')).toBeGreaterThanOrEqual(DAY_MS);
  });
});
