/** What a person sees of a provider that does not get through, from its first failure on. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { describeStep, stepsUnderWay } from '../../domain/leg/step-under-way';
import { eventsOf } from '../../bench/frame/history-cost';
import { Story } from '../support/story';
import { eventually } from '../support/workflow-bench';

let story: Story;
afterEach(() => story.close());

async function begin(...faults: Parameters<Story['simulator']['addFault']>[0][]): Promise<void> {
  story = await Story.open();
  await story.seed();
  for (const fault of faults) await story.simulator.addFault(fault);
  await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
}

async function underWay() {
  return eventually(async () => (await story.client.get(story.requestId)).underWay?.[0]);
}

async function currentDetails(): Promise<string> {
  const { currentDetails: text = '' } = await story.handle.query<{ currentDetails?: string }>(
    '__temporal_workflow_metadata',
  );
  return text.replaceAll('\u00a0', ' ').replaceAll('\u2011', '-');
}

const events = async () => eventsOf(await story.handle.fetchHistory());

describe('a provider that is down', () => {
  it('shows in status at its first failure: kind, since when, next try; no event is spent on it', async () => {
    await begin({ provider: 'aptrinsic', kind: 'down' });
    const step = await underWay();
    expect(step).toMatchObject({
      activity: 'aptrinsic.requestErasure',
      provider: 'aptrinsic',
      failure: { kind: 'ProviderUnavailable', message: expect.stringContaining('the deletion') },
      failingSince: expect.any(String),
      nextTryAt: expect.any(String),
    });
    expect(describeStep(step)).toMatch(
      /^Aptrinsic \(Gainsight PX\), asking to erase: ProviderUnavailable since .* Next try /,
    );
    expect(describeStep(step)).not.toContain(story.subject.identifyId);
    const before = await events();
    await story.forward(5 * MINUTE_MS);
    expect((await underWay()).failedAttempts).toBeGreaterThan(step.failedAttempts);
    expect(await events()).toBe(before);
    expect((await story.leg('aptrinsic')).trouble).toBeUndefined();
  });

  it('shows in the current details within minutes, and gets through after all', async () => {
    await begin({ provider: 'aptrinsic', kind: 'down' });
    await underWay();
    await story.forwardInSteps(30 * MINUTE_MS, 5 * MINUTE_MS);
    const leg = await story.leg('aptrinsic');
    expect(leg).toMatchObject({ state: 'asking', trouble: { reason: 'ProviderUnavailable' } });
    const { since = '', until = '' } = leg.trouble ?? {};
    expect(Math.abs(Date.parse(since) - Date.parse(leg.requestedAt ?? ''))).toBeLessThan(MINUTE_MS);
    expect(Date.parse(until) - Date.parse(since)).toBe(3 * DAY_MS);
    expect(await currentDetails()).toMatch(
      /Since .* it does not get through: the provider could not be reached.* \(ProviderUnavailable since .* UTC\)$/m,
    );
    // Trying goes on at no cost.
    const before = await events();
    await story.forwardInSteps(DAY_MS, 6 * HOUR_MS);
    expect(await events()).toBe(before);
    await story.simulator.clearFaults();
    await story.forward(7 * HOUR_MS);
    expect(await story.until('aptrinsic', 'waiting-out-window')).not.toHaveProperty('trouble');
  });

  it('comes back and refuses our credentials: the reason is the one that holds now, the trouble as old as it is', async () => {
    await begin({ provider: 'aptrinsic', kind: 'down' });
    await underWay();
    await story.forwardInSteps(5 * DAY_MS, 6 * HOUR_MS);
    const { attention: down, requestedAt } = await story.until('aptrinsic', 'attention');
    expect(down).toMatchObject({ reason: 'ProviderUnavailable', triesDaily: true });
    const askedAt = Date.parse(requestedAt ?? '');
    const downAfterMs = Date.parse(down?.since ?? '') - askedAt;
    expect(downAfterMs).toBeGreaterThan(3 * DAY_MS - 6 * HOUR_MS - MINUTE_MS);
    expect(downAfterMs).toBeLessThan(3 * DAY_MS + MINUTE_MS);
    expect(Math.abs(Date.parse(down?.troubleSince ?? '') - askedAt)).toBeLessThan(MINUTE_MS);

    await story.simulator.clearFaults();
    await story.simulator.addFault({ provider: 'aptrinsic', kind: 'bad-credentials' });
    await story.forward(DAY_MS);
    const refused = await eventually(async () => {
      const { attention } = await story.leg('aptrinsic');
      return attention?.reason === 'ProviderUnauthorized' ? attention : undefined;
    });
    expect(refused.troubleSince).toBe(down?.troubleSince);
    expect(Date.parse(refused.since)).toBeGreaterThan(Date.parse(down?.since ?? ''));
    expect(await currentDetails()).toContain('mend the credentials');

    await story.simulator.clearFaults();
    await story.forward(DAY_MS + MINUTE_MS);
    await story.until('aptrinsic', 'waiting-out-window');
  });
});

describe('a provider that no worker serves', () => {
  it('shows in status as waiting for a worker, though the workflow knows nothing', async () => {
    story = await Story.open();
    await story.seed();
    await story.stopWorker();
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    await story.startWorker({ ERASURE_PROVIDERS: 'measureone,person' });
    await story.until('aptrinsic', 'asking');
    const { raw } = await story.handle.describe();
    const [step, ...others] = stepsUnderWay(raw.pendingActivities ?? [], Date.now() + 2 * MINUTE_MS);
    expect(others).toEqual([]);
    expect(step && describeStep(step)).toMatch(
      /^Aptrinsic \(Gainsight PX\), asking to erase: No worker has taken it up since .* UTC\.$/,
    );
  });
});
