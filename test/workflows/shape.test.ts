import { defaultPayloadConverter } from '@temporalio/common';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { Withdrawal } from '../../domain/leg/receipt';
import { decisionUpdates, providerConfirmed } from '../../workflows/messages';
import { actionsOf, eventsOf, localActivitiesOf, wakeUpEventsOf } from '../../bench/frame/history-cost';
import {
  accepted,
  eventually,
  expectReplays,
  failure,
  HOURS_120_MS,
  OVER_MS,
  sealedLike,
  unknown,
  WorkflowBench,
} from '../support/workflow-bench';

type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

/** Three providers without trouble: one calls back, two are looked at, each window ends on its own. */
async function withoutTrouble(callback: 'in the window' | 'in the grace'): Promise<Handle> {
  bench.providers.measureone.ask.set(accepted({ confirmedBy: 'callback', seen: false }));
  bench.providers.person.ask.set(accepted({ window: { endsAt: Date.now() + 3 * DAY_MS } }));
  bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 9 * DAY_MS }, windowKind: 'revival' }));
  const handle = await bench.start();
  await bench.forward(handle, callback === 'in the window' ? 4 * DAY_MS : 6 * DAY_MS);
  await handle.signal(providerConfirmed, { provider: 'measureone', handle: 'h1', event: 'individual.purged' });
  await bench.forward(handle, 7 * DAY_MS);
  await handle.result();
  return handle;
}

describe('the history of three providers without trouble', () => {
  it.each(['in the window', 'in the grace'] as const)(
    'takes at most 11 Actions and 61 events without legal clock and index, called back %s',
    async (callback) => {
      const handle = await withoutTrouble(callback);
      const history = await handle.fetchHistory();
      const actions = actionsOf(history);
      const events = eventsOf(history);
      // Start, three askings, three windows, two looks, a callback; the grace is one timer more.
      expect(actions).toBe(callback === 'in the window' ? 10 : 11);
      // Five more than a plain application: the mark of the release (two), and one for each local activity. The askings that
      // are answered together save a wake-up, which is three events.
      expect(events - wakeUpEventsOf(history)).toBe(callback === 'in the window' ? 29 : 31);
      expect(wakeUpEventsOf(history)).toBeLessThanOrEqual(3 * 10);
      expect(localActivitiesOf(history)).toEqual(['determineTerms', 'checkCallback', 'certify']);
      expect(events).toBeLessThan(history.events?.length ?? 0);
      await expectReplays(handle);
    },
  );

  it('labels every timer and activity, and no label holds an identifier', async () => {
    const handle = await withoutTrouble('in the grace');
    const { events } = await handle.fetchHistory();
    const labels = (events ?? [])
      .filter(
        (event) =>
          event.timerStartedEventAttributes ??
          event.activityTaskScheduledEventAttributes ??
          event.markerRecordedEventAttributes?.details?.['data'],
      )
      .map(({ userMetadata }) =>
        userMetadata?.summary ? defaultPayloadConverter.fromPayload<string>(userMetadata.summary) : 'no label',
      );
    const instant = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`;
    const timed = (text: string): unknown => expect.stringMatching(new RegExp(`^${text} until ${instant}$`));
    expect(labels.toSorted((one, other) => one.localeCompare(other))).toEqual([
      'Aptrinsic (Gainsight PX): ask to erase, round 1',
      'Aptrinsic (Gainsight PX): look whether it is gone',
      timed(String.raw`Aptrinsic \(Gainsight PX\): wait out the window`),
      'Check the evidence and sign the certificate',
      'Check who signed the callback',
      'Determine the terms: rules and due dates',
      'MeasureOne: ask to erase, round 1',
      timed('MeasureOne: wait for the callback'),
      timed('MeasureOne: wait out the window'),
      'Person API: ask to erase, round 1',
      'Person API: look whether it is gone',
      timed('Person API: wait out the window'),
    ]);
  });

  it('counts each attempt and each decision', async () => {
    bench.providers.person.ask.set(failure('ProviderUnavailable'), failure('ProviderUnavailable'), accepted());
    const handle = await bench.startFor('person');
    await bench.forward(handle, HOUR_MS);
    await handle.executeUpdate(decisionUpdates.attest, {
      args: [{ provider: 'person', actor: 'staff-7', reason: { code: 'checked', ticket: 'PRIV-1' } }],
    });
    await handle.result();
    // Start, an asking in three attempts, a window, an update.
    expect(actionsOf(await handle.fetchHistory())).toBe(1 + 3 + 1 + 1);
  });
});

async function currentDetails(handle: Handle): Promise<string> {
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

/** The cells of a provider's row, state and until, and under the table what it waits for. */
async function row(handle: Handle, provider: string): Promise<string[]> {
  const lines = (await currentDetails(handle)).split('\n');
  const line = lines.find((candidate) => candidate.startsWith(`| ${provider}`));
  const cells = (line ?? '')
    .split(/(?<!\\)\|/)
    .slice(2, -1)
    .map((cell) => cell.replaceAll('\u00a0', ' ').replaceAll('\u2011', '-').trim());
  // What one can do about it begins with its name and a colon.
  const explanation = new RegExp(String.raw`^- \*\*${provider}[^*]*\*\*(?!:)`);
  return [...cells, ...lines.filter((one) => explanation.test(one)).map((one) => one.replace(explanation, '').trim())];
}

describe('the current details', () => {
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);

  it('are a table of short cells, and under it what each provider waits for and what one can do', async () => {
    const handle = await bench.start();
    await bench.settle(handle);
    const requestId = handle.workflowId.replace('erasure-', '');
    const lines = (await currentDetails(handle)).split('\n');
    expect(lines[0]).toMatch(new RegExp(`^\\*\\*Erasure request ${requestId}\\*\\* \\(gdpr\\), made .* UTC$`));
    expect(lines).toContain('State: **running: nothing is confirmed before every provider has settled**');
    expect(lines).toContain('| provider | state | until |');
    expect(lines.filter((line) => line.startsWith('| ') && line.split('|').length === 5)).toHaveLength(4);
    expect(lines.join('\n')).toContain('retryProvider, waiveProvider, attestProvider');
    expect(lines.at(-1)).toContain('Accepted is not erased, and neither is silence.');
    for (const provider of ['measureone', 'person', 'aptrinsic'])
      expect(lines.join('\n')).not.toContain(sealedLike(provider));
  });

  it('follow a leg through asking, window, grace and settling', async () => {
    bench.providers.measureone.ask.set(
      failure('ProviderUnavailable', { nextRetryDelayMs: HOUR_MS }),
      accepted({ confirmedBy: 'callback', seen: false }),
    );
    bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 30 * DAY_MS } }));
    const handle = await bench.startFor('measureone', 'aptrinsic');
    await bench.settle(handle);
    // A failure that has lasted for longer than the first tries, or is to: the workflow knows it, and shows it.
    expect(await row(handle, 'MeasureOne')).toEqual([
      'asking',
      time,
      expect.stringMatching(
        /^waits for MeasureOne to take the request on\. Since .* UTC it does not get through: the provider could not be reached, or no worker serves it\. It is tried again by itself until .* UTC, and then asks for attention \(ProviderUnavailable since .* UTC\)$/,
      ),
    ]);

    await bench.forward(handle, DAY_MS);
    expect(await row(handle, 'MeasureOne')).toEqual([
      'waits out its window',
      time,
      'waits for the end of the erasure window',
    ]);

    await bench.forward(handle, HOURS_120_MS);
    expect(await row(handle, 'MeasureOne')).toEqual([
      'waits for its callback',
      time,
      "waits for MeasureOne's callback; without it the leg ends as presumed-erased",
    ]);

    await bench.forward(handle, 80 * HOUR_MS);
    expect(await row(handle, 'MeasureOne')).toEqual(['presumed-erased', expect.stringMatching(/^since .* UTC$/)]);
    await handle.signal(providerConfirmed, { provider: 'measureone', handle: 'h1', event: 'individual.purged' });
    // Its signature is checked first.
    await bench.settle(handle);
    expect((await row(handle, 'MeasureOne'))[0]).toBe('erased (confirmed)');
  });

  it('say of a leg in attention what happened, since when, and what to do', async () => {
    bench.providers.person.ask.set(failure('ProviderUnauthorized'));
    bench.providers.aptrinsic.ask.set(failure('ProviderRejected'));
    const handle = await bench.startFor('person', 'aptrinsic');
    await bench.settle(handle);
    expect(await row(handle, 'Person API')).toEqual([
      '⚠️ needs attention',
      'tried again daily',
      expect.stringMatching(
        /^waits for the world to mend, or a staff member: the provider refused our credentials \(ProviderUnauthorized since .* UTC\)$/,
      ),
    ]);
    expect(await row(handle, 'Aptrinsic')).toEqual([
      '⚠️ needs attention',
      '–',
      expect.stringMatching(
        /^waits for a staff member: the provider refused the request for good \(ProviderRejected since .* UTC\)$/,
      ),
    ]);
    const lines = (await currentDetails(handle)).split('\n');
    const todo = lines.slice(lines.indexOf('What you can do:') + 2);
    expect(todo.slice(0, 3)).toEqual([
      '- **Person API**: mend the credentials; it is tried again daily; retry to try now',
      '- **Aptrinsic (Gainsight PX)**: find out why with the provider, then retry, attest or waive',
      '- nothing has to be done about any other; what has not settled can be waived, and attested once it was asked',
    ]);
  });

  it('show a look, a withdrawal, and how the run ended', async () => {
    const held = bench.hold<Withdrawal>();
    bench.providers.person.ask.set(accepted({ withdrawable: true }));
    bench.providers.person.look.set(failure('StillPending', { nextRetryDelayMs: 6 * HOUR_MS }));
    bench.providers.person.withdraw.set(held.answer);
    const handle = await bench.startFor('person');
    await bench.forward(handle, OVER_MS);
    expect(await row(handle, 'Person API')).toEqual([
      'looking whether it is gone',
      time,
      expect.stringMatching(
        / does not get through: the provider's own time is over and the data are still there.* \(StillPending since .* UTC\)$/,
      ),
    ]);
    await handle.cancel();
    await held.asked;
    expect(await row(handle, 'Person API')).toEqual([
      'withdrawing the request',
      '–',
      'waits for Person API to withdraw the request',
    ]);
    held.release({ status: 'withdrawn' });
    await handle.result();
    expect(await row(handle, 'Person API')).toEqual(['withdrawn', expect.stringMatching(/^since /)]);
    expect(await currentDetails(handle)).toContain('State: **withdrawn; the certificate in the result says');
  });

  it('say that the certificate is being signed', async () => {
    const held = bench.hold<undefined>();
    bench.certificateGate = held.answer;
    bench.providers.measureone.ask.set(unknown());
    const handle = await bench.startFor('measureone');
    await held.asked;
    expect(await currentDetails(handle)).toContain('every provider has settled; the certificate is being signed');
    held.release(undefined);
    await handle.result();
    expect(await eventually(() => currentDetails(handle))).toContain('completed; the certificate is in the result');
  });

  it('cost no event', async () => {
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const before = eventsOf(await handle.fetchHistory());
    await currentDetails(handle);
    await bench.leg(handle);
    expect(eventsOf(await handle.fetchHistory())).toBe(before);
  });
});
