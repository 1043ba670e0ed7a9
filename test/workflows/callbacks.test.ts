import { WorkflowNotFoundError } from '@temporalio/client';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import type { LegProgress } from '../../domain/leg/leg-progress';
import type { Receipt } from '../../domain/leg/receipt';
import {
  decisionUpdates,
  deliverCallback,
  progress,
  providerConfirmed,
  providerReported,
} from '../../workflows/messages';
import {
  accepted,
  eventually,
  expectReplays,
  failure,
  HOURS_120_MS,
  OVER_MS,
  rulesFor,
  WorkflowBench,
} from '../support/workflow-bench';

const purged = { provider: 'measureone', handle: 'h1', event: 'individual.purged' } as const;
const byCallback = accepted({ confirmedBy: 'callback', seen: false });
const confirmed = { outcome: 'completed', legs: [{ outcome: 'erased', assurance: 'confirmed' }] };

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(async () => {
  await bench.reset();
  bench.providers.measureone.ask.set(byCallback);
});
afterAll(() => bench.close());

/** The leg as soon as it is so: what a callback is worth is checked before it counts. */
function legOnce(handle: Awaited<ReturnType<WorkflowBench['startFor']>>, isSo: (leg: LegProgress) => boolean) {
  return eventually(async () => (await handle.query(progress)).legs.find(isSo));
}

describe('a callback', () => {
  it('is kept when it comes while the asking is in flight, and the window is still waited out', async () => {
    const held = bench.hold<Receipt>();
    bench.providers.measureone.ask.set(held.answer);
    const handle = await bench.startFor('measureone');
    await held.asked;
    await handle.signal(providerConfirmed, purged);
    expect(await legOnce(handle, ({ callbackAt }) => callbackAt !== undefined)).toMatchObject({ state: 'asking' });
    held.release(byCallback);
    await bench.forward(handle, HOURS_120_MS + HOUR_MS - MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    await bench.forward(handle, 2 * MINUTE_MS);
    expect(await handle.result()).toMatchObject(confirmed);
    await expectReplays(handle);
  });

  it('is kept when it comes while the asking is retried', async () => {
    bench.providers.measureone.ask.set(failure('ProviderUnavailable', { nextRetryDelayMs: DAY_MS }), byCallback);
    const handle = await bench.startFor('measureone');
    await bench.settle(handle);
    await handle.signal(providerConfirmed, purged);
    await bench.forward(handle, DAY_MS + HOUR_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window', callbackAt: expect.any(String) });
    await bench.forward(handle, HOURS_120_MS + HOUR_MS);
    expect(await handle.result()).toMatchObject(confirmed);
  });

  it('does not end the window early, and needs no grace afterwards', async () => {
    const handle = await bench.startFor('measureone');
    await bench.settle(handle);
    await handle.signal(providerConfirmed, purged);
    await bench.forward(handle, HOURS_120_MS + HOUR_MS - MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    await bench.forward(handle, 2 * MINUTE_MS);
    const result = await handle.result();
    expect(result).toMatchObject(confirmed);
    expect(bench.statementOf(handle).legs[0]?.callback).toEqual({
      handle: 'h1',
      event: 'individual.purged',
      at: expect.any(Number),
    });
  });

  it('settles at once when it comes in the grace', async () => {
    const handle = await bench.startFor('measureone');
    await bench.forward(handle, OVER_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-for-callback' });
    await handle.signal(providerConfirmed, purged);
    expect(await handle.result()).toMatchObject(confirmed);
    await expectReplays(handle);
  });

  it('is hoped for to the minute, then the erasure is presumed', async () => {
    const handle = await bench.startFor('measureone');
    await bench.forward(handle, HOURS_120_MS + 73 * HOUR_MS - MINUTE_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-for-callback' });
    await bench.forward(handle, 2 * MINUTE_MS);
    expect(await handle.result()).toMatchObject({
      outcome: 'completed-with-exceptions',
      legs: [{ outcome: 'presumed-erased' }],
    });
  });

  it('raises presumed to confirmed when it comes late while another provider is still waited for', async () => {
    bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 30 * DAY_MS } }));
    const handle = await bench.startFor('measureone', 'aptrinsic');
    await bench.forward(handle, HOURS_120_MS + 73 * HOUR_MS + MINUTE_MS);
    const before = await bench.leg(handle, 'measureone');
    expect(before).toMatchObject({ state: 'settled', outcome: 'presumed-erased' });
    await bench.forward(handle, DAY_MS);
    await handle.signal(providerConfirmed, purged);
    const after = await legOnce(handle, ({ outcome }) => outcome === 'erased');
    expect(after).toMatchObject({ provider: 'measureone', assurance: 'confirmed' });
    expect(Date.parse(after.settledAt ?? '') - Date.parse(before.settledAt ?? '')).toBeGreaterThanOrEqual(DAY_MS);
    await bench.forward(handle, 30 * DAY_MS);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });

  it('changes nothing while the certificate is being signed', async () => {
    const held = bench.hold<undefined>();
    bench.certificateGate = held.answer;
    const handle = await bench.startFor('measureone');
    // The clock stands still while the certificate is being signed, so this ends only after that.
    const forwarded = bench.forward(handle, HOURS_120_MS + 74 * HOUR_MS);
    await held.asked;
    expect(await handle.query(progress)).toMatchObject({ state: 'issuing-certificate' });
    await handle.signal(providerConfirmed, purged);
    expect(await bench.leg(handle)).toMatchObject({ outcome: 'presumed-erased' });
    held.release(undefined);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'presumed-erased' }] });
    await forwarded;
  });

  it('is refused by Temporal after the end', async () => {
    const handle = await bench.startFor('measureone');
    await bench.forward(handle, HOURS_120_MS + 74 * HOUR_MS);
    await handle.result();
    await expect(handle.signal(providerConfirmed, purged)).rejects.toThrow(WorkflowNotFoundError);
  });

  it('counts once, the first of them', async () => {
    const handle = await bench.startFor('measureone');
    await bench.settle(handle);
    await handle.signal(providerConfirmed, { ...purged, handle: 'first' });
    await handle.signal(providerConfirmed, { ...purged, handle: 'second' });
    await bench.forward(handle, HOURS_120_MS + 2 * HOUR_MS);
    expect(await handle.result()).toMatchObject(confirmed);
    expect(bench.statementOf(handle).legs[0]?.callback?.handle).toBe('first');
  });

  it('is no confirmation at a provider where we look', async () => {
    bench.providers.person.ask.set(accepted({ seen: false }));
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await handle.signal(providerConfirmed, { provider: 'person', handle: 'h1', event: 'individual.purged' });
    await bench.forward(handle, HOURS_120_MS + 2 * HOUR_MS);
    const result = await handle.result();
    expect(result.legs[0]).toMatchObject({ outcome: 'presumed-erased' });
    expect(result.legs[0]?.assurance).toBeUndefined();
  });
});

describe('a callback that confirms nothing', () => {
  it('is kept and shown, and the erasure is presumed only', async () => {
    const handle = await bench.startFor('measureone');
    await bench.settle(handle);
    for (const says of ['no-event', 'no-event', 'another-event'] as const) {
      await handle.signal(providerReported, { provider: 'measureone', handle: 'h1', says });
    }
    const { callbackReports, waitsFor } = await legOnce(
      handle,
      ({ callbackReports: reports = [] }) => reports.reduce((sum, { count }) => sum + count, 0) === 3,
    );
    expect(callbackReports?.map(({ says, count }) => [says, count])).toEqual([
      ['no-event', 2],
      ['another-event', 1],
    ]);
    expect(waitsFor).toContain('its callback named another event, and confirmed nothing');
    await bench.forward(handle, HOURS_120_MS + 74 * HOUR_MS);
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'presumed-erased' }] });
    expect(bench.statementOf(handle).legs[0]?.reports).toHaveLength(2);
    await expectReplays(handle);
  });

  it('asks for attention where it speaks against the erasure, until another one confirms', async () => {
    const handle = await bench.startFor('measureone');
    await bench.forward(handle, OVER_MS);
    await handle.signal(providerReported, { provider: 'measureone', handle: 'h1', says: 'failure' });
    const leg = await legOnce(handle, ({ state }) => state === 'attention');
    expect(leg.attention?.reason).toBe('CallbackContradicts');
    await bench.forward(handle, 80 * HOUR_MS);
    expect(await bench.leg(handle)).toMatchObject({ state: 'attention' });
    await handle.signal(providerConfirmed, purged);
    expect(await handle.result()).toMatchObject(confirmed);
    await expectReplays(handle);
  });
});

describe('a callback after the certificate', () => {
  it('is kept in the record while the person is still to be told, and rewrites nothing', async () => {
    bench.terms = (question) => ({ rules: rulesFor(question, { answerTracked: true }), isIndexed: false });
    const handle = await bench.startFor('measureone');
    await bench.forward(handle, HOURS_120_MS + 74 * HOUR_MS);
    const before = await eventually(async () => {
      const now = await handle.query(progress);
      return now.state === 'awaiting-answer' ? now : undefined;
    });
    expect(before.notes).toEqual([]);
    for (let times = 1; times <= 3; times += 1) await handle.signal(providerConfirmed, purged);
    await handle.signal(providerReported, { provider: 'measureone', handle: 'h1', says: 'failure' });
    const after = await eventually(async () => {
      const now = await handle.query(progress);
      return now.notes.length === 2 ? now : undefined;
    });
    expect(after.legs).toEqual(before.legs);
    expect(after.trail.filter(({ kind }) => kind === 'called-back')).toEqual([
      { kind: 'called-back', provider: 'measureone', says: 'confirmed', handle: 'h1', at: expect.any(Number) },
      { kind: 'called-back', provider: 'measureone', says: 'failure', handle: 'h1', at: expect.any(Number) },
    ]);
    expect(after.notes[0]).toMatch(
      /^MeasureOne: at .* UTC, after the certificate, its callback says that it has erased; the certificate stays/,
    );
    const at = new Date(await bench.now(handle)).toISOString();
    const staff = { actor: 'staff-7', reason: { code: 'person-told', ticket: 'PRIV-1' } };
    await handle.executeUpdate(decisionUpdates.notice, {
      args: [{ ...staff, notice: 'outcome', at, channel: 'email', reference: 'MSG-1' }],
    });
    expect(await handle.result()).toMatchObject({ legs: [{ outcome: 'presumed-erased' }] });
    await expectReplays(handle);
  });
});

describe('a callback by an update', () => {
  it('counts like the signal, and what is none is refused without a trace', async () => {
    const handle = await bench.startFor('measureone');
    await bench.settle(handle);
    const hostile: unknown[] = [null, 'purged', {}, { ...purged, provider: 'person' }, { ...purged, event: 'x' }];
    for (const content of hostile) {
      await expect(handle.executeUpdate('deliverCallback', { args: [content] })).rejects.toThrow(
        'Workflow Update failed',
      );
    }
    const { events = [] } = await handle.fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
    await handle.executeUpdate(deliverCallback, { args: [purged] });
    expect((await bench.leg(handle)).callbackAt).toBeDefined();
    await bench.forward(handle, HOURS_120_MS + 2 * HOUR_MS);
    expect(await handle.result()).toMatchObject(confirmed);
    await expectReplays(handle);
  });
});

describe('a signal that is no callback', () => {
  it('is ignored, whatever it holds', async () => {
    const handle = await bench.startFor('measureone');
    await bench.settle(handle);
    const hostile: unknown[] = [
      null,
      'purged',
      42,
      [],
      [purged],
      {},
      { provider: 'person', handle: 'h1' },
      { provider: 'nobody', handle: 'h1' },
      { provider: '__proto__', handle: 'h1' },
      { provider: 'measureone' },
      { provider: 'measureone', handle: 7 },
      { provider: 'measureone', handle: '' },
      { provider: 'measureone', handle: 'jane@example.org' },
      { provider: 'measureone', handle: 'x'.repeat(129) },
      { provider: 'measureone', handle: 'x'.repeat(100_000) },
      { provider: 'measureone', handle: 'h1', event: { nested: true } },
      { provider: 'measureone', handle: 'h1', event: 'Jane Doe was purged' },
    ];
    for (const payload of hostile) await handle.signal('providerConfirmed', payload);
    await handle.signal('providerConfirmed');
    await handle.signal('noSuchSignal', purged);
    expect((await bench.leg(handle)).callbackAt).toBeUndefined();

    await handle.signal(providerConfirmed, purged);
    await bench.forward(handle, HOURS_120_MS + 2 * HOUR_MS);
    expect(await handle.result()).toMatchObject(confirmed);
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
  });

  it('brings nothing of its own into the statement but its handle and event', async () => {
    const handle = await bench.startFor('measureone');
    await bench.settle(handle);
    await handle.signal('providerConfirmed', { ...purged, name: 'Jane Doe', outcome: 'erased' });
    await bench.forward(handle, HOURS_120_MS + 2 * HOUR_MS);
    await handle.result();
    expect(Object.keys(bench.statementOf(handle).legs[0]?.callback ?? {}).sort()).toEqual(['at', 'event', 'handle']);
  });
});
