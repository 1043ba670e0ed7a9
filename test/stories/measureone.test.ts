import { randomUUID } from 'node:crypto';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { eventually } from '../support/workflow-bench';
import { Story, type StoryOptions } from '../support/story';

let story: Story;
afterEach(() => story.close());

async function begin(options: StoryOptions = {}, seeded = true): Promise<void> {
  story = await Story.open(options);
  if (seeded) await story.seed();
  await story.submit({ subject: { measureone: { individualId: story.subject.individualId } } });
}

const purges = async () => story.simulator.calls({ provider: 'measureone', operation: 'purge' });
const signals = async (): Promise<number> => {
  const { events } = await story.handle.fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
};

describe('MeasureOne', () => {
  it('is confirmed by its callback and only after 120 hours and the margin', async () => {
    await begin();
    await story.until('measureone', 'waiting-out-window');
    await story.forward(120 * HOUR_MS + 59 * MINUTE_MS);
    expect(await story.leg('measureone')).toMatchObject({
      state: 'waiting-out-window',
      callbackAt: expect.any(String),
    });
    await story.forward(2 * MINUTE_MS);
    const claim = await story.claim('measureone');
    expect(claim).toMatchObject({
      outcome: 'erased',
      assurance: 'confirmed',
      callback: { event: 'individual.purged' },
    });
  });

  it('calls back far too early: kept, and the window is still waited out', async () => {
    await begin({ simulator: { measureone: { delivery: { mode: 'early', offsetMs: 100 * HOUR_MS } } } });
    await story.until('measureone', 'waiting-out-window');
    await story.forward(30 * HOUR_MS);
    expect(await story.leg('measureone')).toMatchObject({
      state: 'waiting-out-window',
      callbackAt: expect.any(String),
    });
    await story.forward(90 * HOUR_MS);
    expect((await story.leg('measureone')).state).toBe('waiting-out-window');
    await story.forward(2 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
  });

  it('calls back late but within the grace: confirmed', async () => {
    await begin({ simulator: { measureone: { delivery: { mode: 'late', offsetMs: 48 * HOUR_MS } } } });
    await story.until('measureone', 'waiting-out-window');
    await story.forward(130 * HOUR_MS);
    expect((await story.leg('measureone')).state).toBe('waiting-for-callback');
    await story.forward(40 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
  });

  it('never calls back: presumed-erased when the grace is over, not a minute earlier', async () => {
    await begin({ simulator: { measureone: { delivery: { mode: 'never' } } } });
    await story.until('measureone', 'waiting-out-window');
    await story.forward((120 + 1 + 72) * HOUR_MS - MINUTE_MS);
    expect((await story.leg('measureone')).state).toBe('waiting-for-callback');
    await story.forward(2 * MINUTE_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'presumed-erased' });
  });

  it('calls back about somebody else: kept, confirms nothing, and what it says about the person afterwards does', async () => {
    await begin({ simulator: { measureone: { delivery: { mode: 'never' } } } });
    await story.until('measureone', 'waiting-out-window');
    const { individualId } = story.subject;
    const deliver = async (payload: unknown): Promise<unknown> =>
      (await story.simulator.deliverCallback({ individualId, payload }))[0]?.status;
    await story.forward(122 * HOUR_MS);
    expect(await deliver({ event: 'individual.purged', data: { individual: { id: `${individualId}0` } } })).toBe(204);
    expect(await story.leg('measureone')).toMatchObject({
      state: 'waiting-for-callback',
      callbackReports: [expect.objectContaining({ says: 'another-person' })],
    });
    expect(await deliver({ event: 'individual.purged', data: { individual: { id: individualId } } })).toBe(204);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
    expect(await story.claim('measureone')).toMatchObject({
      callbackReports: [{ says: 'another-person' }],
      callback: { event: 'individual.purged' },
    });
  });

  it('calls back five times: one signal, and 2xx for each, also after the end', async () => {
    await begin({ simulator: { measureone: { delivery: { mode: 'on-time', duplicates: 4 } } } });
    await story.until('measureone', 'waiting-out-window');
    await story.forward(122 * HOUR_MS);
    await story.certificate();
    const { individualId } = story.subject;
    await story.simulator.deliverCallback({ individualId });
    const deliveries = await story.simulator.callbacks({ individualId });
    expect(deliveries.length).toBeGreaterThanOrEqual(6);
    expect(deliveries.every(({ status }) => typeof status === 'number' && status >= 200 && status < 300)).toBe(true);
    expect(await signals()).toBe(1);
  });

  it('is impersonated: an altered, a missing and a foreign capability confirm nothing', async () => {
    await begin({ simulator: { measureone: { delivery: { mode: 'never' } } } });
    await story.until('measureone', 'waiting-out-window');
    const { individualId } = story.subject;
    const [purge] = await purges();
    const body = purge?.body as { delivery_details?: { url: string; headers: Record<string, string> }[] } | undefined;
    const delivery = body?.delivery_details?.[0];
    const [name, capability = ''] = Object.entries(delivery?.headers ?? {}).find(([key]) => key.startsWith('x-')) ?? [];
    const altered = `${capability.slice(0, -4)}${capability.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    for (const headers of [{ [name ?? '']: altered }, { [name ?? '']: '' }, { [name ?? '']: randomUUID() }]) {
      const [sent] = await story.simulator.deliverCallback({ individualId, headers });
      expect(sent?.status).toBe(404);
    }
    expect(await signals()).toBe(0);
    // The same capability at another request's handle.
    const otherUrl = `${delivery?.url.slice(0, -5)}AAAAA`;
    const [sent] = await story.simulator.deliverCallback({ individualId, url: otherUrl });
    expect(sent?.status).toBe(404);
    expect(await signals()).toBe(0);
  });

  it('knows no such individual and was never asked before: not-found at once', async () => {
    await begin({}, false);
    expect(await story.outcomes()).toEqual({ measureone: 'not-found' });
  });

  it('answered into the void: its 404 to the repeat is taken for an acceptance, with the full window and the callback', async () => {
    story = await Story.open();
    await story.seed();
    await story.simulator.addFault({
      provider: 'measureone',
      operation: 'purge',
      kind: 'reset-after-acting',
      times: 1,
    });
    await story.submit({ subject: { measureone: { individualId: story.subject.individualId } } });
    await story.forward(HOUR_MS);
    await story.until('measureone', 'waiting-out-window');
    expect((await purges()).map(({ status }) => status)).toEqual(['destroyed', 404]);
    await story.forward(122 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
  });

  it('has no gateway to call back to: nothing is hoped for, presumed-erased after the window', async () => {
    story = await Story.open();
    await story.seed();
    await story.stopWorker();
    await story.startWorker({ GATEWAY_PUBLIC_URL: '' });
    await story.submit({ subject: { measureone: { individualId: story.subject.individualId } } });
    await story.until('measureone', 'waiting-out-window');
    await story.forward(122 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'presumed-erased' });
  });

  it('keeps its leg waiting while the others settle, and is waived', async () => {
    story = await Story.open();
    await story.seed();
    await story.simulator.addFault({ provider: 'measureone', operation: 'purge', kind: 'status', status: 400 });
    await story.submit();
    expect((await story.until('measureone', 'attention')).attention?.reason).toBe('ProviderRejected');
    await story.until('person', 'waiting-out-window');
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(8 * DAY_MS);
    await story.until('aptrinsic', 'settled');
    expect((await story.leg('measureone')).state).toBe('attention');
    await story.client.decide('waive', story.requestId, {
      provider: 'measureone',
      actor: 'staff-7',
      reason: { code: 'account-closed', ticket: 'PRIV-4' },
    });
    expect(await story.outcomes()).toEqual({
      measureone: 'waived',
      person: 'erased/verified',
      aptrinsic: 'erased/verified',
    });
    expect(await eventually(async () => ((await purges()).length === 1 ? true : undefined))).toBe(true);
  });
});
