/** What a run says of its own times is the same after its worker has gone and another has replayed it. */
import { payloadsOf } from '../support/recorded-input';
import { Story } from '../support/story';

let story: Story;
beforeEach(async () => {
  story = await Story.open();
  await story.seed();
});
afterEach(() => story.close());

describe('the times of a run', () => {
  it('are the same after a replay, and as its activities were told', async () => {
    await story.submit();
    for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
      await story.until(provider, 'waiting-out-window');
    }
    await story.forward(10 * 60_000);
    const { legs: before } = await story.client.progress(story.requestId);
    await story.stopWorker();
    await story.startWorker();
    const { legs: after } = await story.client.progress(story.requestId);
    expect(after).toEqual(before);
    const { events } = await story.handle.fetchHistory();
    const told = payloadsOf(events ?? [], /requestErasure$/).map(({ firstAskedAt }) => firstAskedAt);
    expect(new Set(told)).toEqual(new Set(after.map(({ requestedAt }) => Date.parse(requestedAt ?? ''))));
  });
});
