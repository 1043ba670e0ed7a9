import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { Story, type StoryOptions } from '../support/story';

let story: Story;
afterEach(() => story.close());

async function begin(options: StoryOptions = {}, seeded = true): Promise<void> {
  story = await Story.open(options);
  if (seeded) await story.seed();
  const { identifyId } = story.subject;
  await story.submit({ subject: { aptrinsic: { identifyId } } });
}

const deletes = async () => story.simulator.calls({ provider: 'aptrinsic', operation: 'delete' });
const softDelete = { settings: { APTRINSIC_HARD_DELETE: 'false' } };

describe('Aptrinsic', () => {
  it('is asked with hardDelete at once, and verified after the revival window', async () => {
    await begin();
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(7 * DAY_MS + HOUR_MS - MINUTE_MS);
    expect((await story.leg('aptrinsic')).state).toBe('waiting-out-window');
    await story.forward(2 * MINUTE_MS);
    expect(await story.outcomes()).toEqual({ aptrinsic: 'erased/verified' });
    const calls = await deletes();
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      rawPath: `/v1/users/${encodeURIComponent(story.subject.identifyId)}`,
      query: { hardDelete: 'true' },
    });
    expect((await story.simulator.record('aptrinsic', story.subject.identifyId)).exists).toBe(false);
  });

  it('is asked again, with hardDelete, when a live site revived the record inside the window', async () => {
    await begin(softDelete);
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(3 * DAY_MS);
    await story.simulator.liveTag({ identifyId: story.subject.identifyId });
    await story.forward(4 * DAY_MS + 2 * HOUR_MS);
    expect(await story.until('aptrinsic', 'waiting-out-window')).toMatchObject({ rounds: 2 });
    await story.forward(7 * DAY_MS + 2 * HOUR_MS);
    const claim = await story.claim('aptrinsic');
    expect(claim).toMatchObject({ outcome: 'erased', assurance: 'verified', rounds: [{ number: 1 }, { number: 2 }] });
    expect((await deletes()).map(({ query }) => query['hardDelete'])).toEqual(['false', 'true']);
    expect((await story.simulator.record('aptrinsic', story.subject.identifyId)).exists).toBe(false);
  });

  it('asks a staff member about a record that is newer than the request, and erases nothing of it', async () => {
    await begin();
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(3 * DAY_MS);
    await story.simulator.liveTag({ identifyId: story.subject.identifyId });
    await story.forward(5 * DAY_MS);
    expect((await story.until('aptrinsic', 'attention')).attention).toMatchObject({
      reason: 'NewerRecord',
      triesDaily: false,
    });
    expect(await deletes()).toHaveLength(1);
    await story.client.decide('attest', story.requestId, {
      provider: 'aptrinsic',
      actor: 'staff-7',
      reason: { code: 'returning-customer', ticket: 'PRIV-1' },
    });
    const claim = await story.claim('aptrinsic');
    expect(claim).toMatchObject({ outcome: 'attested', decisions: [{ kind: 'attest', actor: 'staff-7' }] });
    expect(claim.basis).toContain('newer record');
  });

  it('counts a lost answer as asked: the 404 of the repeat is no not-found, and the full window is waited out', async () => {
    story = await Story.open();
    await story.seed();
    await story.simulator.addFault({
      provider: 'aptrinsic',
      operation: 'delete',
      kind: 'reset-after-acting',
      times: 1,
    });
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    await story.forward(HOUR_MS);
    await story.until('aptrinsic', 'waiting-out-window');
    expect((await deletes()).map(({ status }) => status)).toEqual(['destroyed', 404]);
    await story.forward(7 * DAY_MS + HOUR_MS);
    expect(await story.outcomes()).toEqual({ aptrinsic: 'presumed-erased' });
  });

  it('waits out the window also for an identifier it does not know, and then says not-found', async () => {
    await begin({}, false);
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(7 * DAY_MS + 2 * HOUR_MS);
    const claim = await story.claim('aptrinsic');
    expect(claim.outcome).toBe('not-found');
    expect((await story.certificate()).outcome).toBe('completed');
  });

  it('is down for a day: the retries last, then everything goes its way', async () => {
    story = await Story.open();
    await story.seed();
    const until = new Date(Date.parse(await story.simulator.time()) + DAY_MS).toISOString();
    await story.simulator.addFault({ provider: 'aptrinsic', kind: 'down', until });
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    await story.forwardInSteps(36 * HOUR_MS, 3 * HOUR_MS);
    expect(await story.until('aptrinsic', 'waiting-out-window')).toMatchObject({ rounds: 1 });
    expect((await deletes()).length).toBeLessThan(20);
    await story.forward(8 * DAY_MS);
    // Nothing arrived while it was down, so the answer that counts is the first one that came.
    expect(await story.outcomes()).toEqual({ aptrinsic: 'erased/verified' });
  });

  it('refuses our key: attention after some minutes, then one try a day, and it mends by itself once the key is mended', async () => {
    story = await Story.open();
    await story.seed();
    await story.simulator.addFault({ provider: 'aptrinsic', kind: 'bad-credentials' });
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    await story.forward(10 * MINUTE_MS);
    const attention = await story.until('aptrinsic', 'attention');
    expect(attention.attention).toMatchObject({ reason: 'ProviderUnauthorized', triesDaily: true });
    const first = (await deletes()).length;
    expect(first).toBeLessThanOrEqual(7);
    await story.forwardInSteps(3 * DAY_MS, DAY_MS);
    expect((await deletes()).length).toBeLessThanOrEqual(first + 5);
    await story.simulator.clearFaults();
    await story.forward(DAY_MS);
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(8 * DAY_MS);
    expect(await story.outcomes()).toEqual({ aptrinsic: 'erased/verified' });
  });

  it('stays in attention through a storm of short Retry-After without storming back', async () => {
    story = await Story.open();
    await story.seed();
    await story.simulator.addFault({
      provider: 'aptrinsic',
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '1' },
    });
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    await story.forwardInSteps(4 * DAY_MS, 6 * HOUR_MS);
    expect((await story.until('aptrinsic', 'attention')).attention?.reason).toBe('ProviderUnavailable');
    expect((await deletes()).length).toBeLessThan(30);
  });
});
