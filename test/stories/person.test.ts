import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { Story, type StoryOptions } from '../support/story';

let story: Story;
afterEach(() => story.close());

async function begin(options: StoryOptions = {}, seeded = true): Promise<void> {
  story = await Story.open(options);
  if (seeded) await story.seed();
  await story.submit({ subject: { person: { personId: story.subject.personId } } });
}

const calls = async (operation: string) => story.simulator.calls({ provider: 'person', operation });

describe('the person API', () => {
  it('is verified once its purge_on and our margin are over, not a minute earlier', async () => {
    await begin();
    await story.until('person', 'waiting-out-window');
    await story.forward(3 * DAY_MS + HOUR_MS - MINUTE_MS);
    expect((await story.leg('person')).state).toBe('waiting-out-window');
    expect(await calls('status')).toHaveLength(0);
    await story.forward(2 * MINUTE_MS);
    expect(await story.outcomes()).toEqual({ person: 'erased/verified' });
  });

  it('moves its purge: we read the new time and wait for it', async () => {
    await begin();
    const { windowEndsAt } = await story.until('person', 'waiting-out-window');
    const movedTo = Date.parse(windowEndsAt ?? '') + 5 * DAY_MS;
    await story.forward(DAY_MS);
    await story.simulator.movePurge({ personId: story.subject.personId, purgeOn: movedTo });
    await story.forward(3 * DAY_MS);
    const moved = await story.until('person', 'waiting-out-window');
    expect(Math.abs(Date.parse(moved.windowEndsAt ?? '') - movedTo)).toBeLessThan(1_000);
    await story.forward(5 * DAY_MS + 2 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ person: 'erased/verified' });
    expect((await calls('purge')).length).toBe(1);
  });

  it('is late with its own time: looked at every 6 hours without fuss until it is done', async () => {
    await begin({ simulator: { person: { lateByMs: 2 * DAY_MS } } });
    await story.until('person', 'waiting-out-window');
    await story.forward(3 * DAY_MS + 2 * HOUR_MS);
    expect((await story.leg('person')).state).toBe('looking');
    await story.forwardInSteps(2 * DAY_MS + 6 * HOUR_MS, 6 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ person: 'erased/verified' });
    expect((await calls('status')).length).toBeLessThan(14);
  });

  it('lost our purge from its queue: a staff member decides, and a retry looks first and asks again', async () => {
    await begin();
    await story.until('person', 'waiting-out-window');
    await story.simulator.dequeuePurge({ personId: story.subject.personId });
    await story.forward(4 * DAY_MS);
    expect((await story.until('person', 'attention')).attention?.reason).toBe('TakenOffQueue');
    await story.client.decide('retry', story.requestId, {
      provider: 'person',
      actor: 'staff-7',
      reason: { code: 'person-confirmed', ticket: 'PRIV-2' },
    });
    expect(await story.until('person', 'waiting-out-window')).toMatchObject({ rounds: 2 });
    await story.forward(4 * DAY_MS);
    expect(await story.outcomes()).toEqual({ person: 'erased/verified' });
    expect((await calls('purge')).length).toBe(2);
  });

  it('takes an expired token for what it is: one fresh login, and the purge is asked for once', async () => {
    story = await Story.open();
    await story.seed();
    await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'token-expired', times: 1 });
    await story.submit({ subject: { person: { personId: story.subject.personId } } });
    await story.until('person', 'waiting-out-window');
    expect((await calls('login')).length).toBe(2);
    expect((await calls('purge')).map(({ status }) => status)).toEqual([403, 202]);
  });

  it('takes a missing permission for a refusal: attention, no login storm', async () => {
    story = await Story.open();
    await story.seed();
    await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'forbidden' });
    await story.submit({ subject: { person: { personId: story.subject.personId } } });
    expect((await story.until('person', 'attention')).attention?.reason).toBe('ProviderRejected');
    expect((await calls('login')).length).toBe(1);
    await story.simulator.clearFaults();
    await story.client.decide('retry', story.requestId, {
      provider: 'person',
      actor: 'staff-7',
      reason: { code: 'permission-granted', ticket: 'PRIV-3' },
    });
    await story.until('person', 'waiting-out-window');
  });

  it('is withdrawn in time when the request is cancelled: our purge is taken off the queue', async () => {
    await begin();
    await story.until('person', 'waiting-out-window');
    await story.handle.cancel();
    const claim = await story.claim('person');
    expect(claim).toMatchObject({ outcome: 'withdrawn', withdrawal: { result: 'withdrawn' } });
    expect((await story.certificate()).outcome).toBe('withdrawn');
    expect((await story.simulator.record('person', story.subject.personId)).purge).toBeUndefined();
    expect((await story.handle.describe()).status.name).toBe('COMPLETED');
  });

  it('never seen before and never contradicted: presumed, not verified', async () => {
    await begin({}, false);
    await story.until('person', 'waiting-out-window');
    await story.forward(4 * DAY_MS);
    expect(await story.outcomes()).toEqual({ person: 'presumed-erased' });
    expect((await story.certificate()).outcome).toBe('completed-with-exceptions');
  });
});
