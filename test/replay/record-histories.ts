/**
 * Records the histories that replay.test.ts replays: real runs of the whole system, one for each story.
 * Run it once for each release, before it is tagged, and keep the old ones as they are: requests run for months.
 *
 *   npx jest --selectProjects engine --testMatch '<rootDir>/test/replay/record-histories.ts'
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageVersion } from '../../cli/version';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import type { Provider } from '../../domain/provider/provider-table';
import { Story, type StoryOptions } from '../support/story';
import { asFixture, historiesDirectory } from './histories';

interface Recording {
  readonly name: string;
  readonly options?: StoryOptions;
  readonly outcomes: Partial<Record<Provider, string>>;
  tell(story: Story): Promise<void>;
}

const allVerified = { measureone: 'erased/confirmed', person: 'erased/verified', aptrinsic: 'erased/verified' };
const decision = { actor: 'staff-7', reason: { code: 'told-to', ticket: 'PRIV-1' } };

async function asked(story: Story): Promise<void> {
  for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
    await story.until(provider, 'waiting-out-window');
  }
}

const recordings: readonly Recording[] = [
  {
    name: 'happy',
    outcomes: allVerified,
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(8 * DAY_MS);
    },
  },
  {
    name: 'revival',
    options: { settings: { APTRINSIC_HARD_DELETE: 'false' } },
    outcomes: allVerified,
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(3 * DAY_MS);
      await story.simulator.liveTag({ identifyId: story.subject.identifyId });
      await story.forward(5 * DAY_MS);
      await story.until('aptrinsic', 'waiting-out-window');
      await story.forward(8 * DAY_MS);
    },
  },
  {
    name: 'no-callback',
    options: { simulator: { measureone: { delivery: { mode: 'never' } } } },
    outcomes: { ...allVerified, measureone: 'presumed-erased' },
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(9 * DAY_MS);
    },
  },
  {
    name: 'moved',
    outcomes: allVerified,
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(DAY_MS);
      const { windowEndsAt = '' } = await story.leg('person');
      const purgeOn = Date.parse(windowEndsAt) + 5 * DAY_MS;
      await story.simulator.movePurge({ personId: story.subject.personId, purgeOn });
      await story.forward(3 * DAY_MS);
      await story.until('person', 'waiting-out-window');
      await story.forward(6 * DAY_MS);
    },
  },
  {
    name: 'late-by-two-days',
    options: { simulator: { person: { lateByMs: 2 * DAY_MS } } },
    outcomes: allVerified,
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(3 * DAY_MS + 2 * HOUR_MS);
      await story.forwardInSteps(5 * DAY_MS, 6 * HOUR_MS);
    },
  },
  {
    name: 'outage',
    outcomes: allVerified,
    async tell(story) {
      const until = new Date(Date.parse(await story.simulator.time()) + DAY_MS).toISOString();
      await story.simulator.addFault({ provider: 'aptrinsic', kind: 'down', until });
      await story.submit();
      await story.until('measureone', 'waiting-out-window');
      await story.until('person', 'waiting-out-window');
      await story.forwardInSteps(36 * HOUR_MS, 3 * HOUR_MS);
      await story.until('aptrinsic', 'waiting-out-window');
      await story.forward(8 * DAY_MS);
    },
  },
  {
    name: 'attention-retried',
    outcomes: allVerified,
    async tell(story) {
      await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'forbidden' });
      await story.submit();
      await story.until('person', 'attention');
      await story.forward(DAY_MS);
      await story.simulator.clearFaults();
      await story.client.decide('retry', story.requestId, { provider: 'person', ...decision });
      await asked(story);
      await story.forward(8 * DAY_MS);
    },
  },
  {
    name: 'daily-try',
    outcomes: allVerified,
    async tell(story) {
      await story.simulator.addFault({ provider: 'aptrinsic', kind: 'bad-credentials' });
      await story.submit();
      await story.forward(10 * MINUTE_MS);
      await story.until('aptrinsic', 'attention');
      await story.forwardInSteps(3 * DAY_MS, DAY_MS);
      await story.simulator.clearFaults();
      await story.forward(DAY_MS);
      await story.until('aptrinsic', 'waiting-out-window');
      await story.forward(8 * DAY_MS);
    },
  },
  {
    name: 'waived-during-daily-try',
    outcomes: { ...allVerified, aptrinsic: 'waived' },
    async tell(story) {
      await story.simulator.addFault({ provider: 'aptrinsic', kind: 'bad-credentials' });
      await story.submit();
      await story.forward(10 * MINUTE_MS);
      await story.until('aptrinsic', 'attention');
      await story.forward(2 * DAY_MS);
      await story.client.decide('waive', story.requestId, { provider: 'aptrinsic', ...decision });
      await story.forward(6 * DAY_MS);
    },
  },
  {
    name: 'newer-record-attested',
    outcomes: { ...allVerified, aptrinsic: 'attested' },
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(3 * DAY_MS);
      await story.simulator.liveTag({ identifyId: story.subject.identifyId });
      await story.forward(5 * DAY_MS);
      await story.until('aptrinsic', 'attention');
      await story.client.decide('attest', story.requestId, { provider: 'aptrinsic', ...decision });
    },
  },
  {
    name: 'withdrawn',
    outcomes: { measureone: 'unknown', person: 'withdrawn', aptrinsic: 'unknown' },
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(DAY_MS);
      await story.handle.cancel();
    },
  },
  {
    name: 'late-callback-raises',
    options: { simulator: { measureone: { delivery: { mode: 'never' } } } },
    outcomes: { ...allVerified, measureone: 'erased/confirmed' },
    async tell(story) {
      await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'forbidden' });
      await story.submit();
      await story.until('person', 'attention');
      await story.forward(9 * DAY_MS);
      await story.until('measureone', 'settled');
      await story.simulator.deliverCallback({ individualId: story.subject.individualId });
      await story.simulator.clearFaults();
      await story.client.decide('retry', story.requestId, { provider: 'person', ...decision });
      await story.until('person', 'waiting-out-window');
      await story.forward(4 * DAY_MS);
    },
  },
  {
    name: 'held-and-released',
    options: { policy: { answer: 'tracked' } },
    outcomes: allVerified,
    async tell(story) {
      await story.submit();
      await asked(story);
      await story.forward(2 * DAY_MS);
      const reviewAt = new Date((await story.now()) + DAY_MS).toISOString();
      await story.client.decide('hold', story.requestId, {
        ...decision,
        ground: 'legal-claims',
        owner: 'legal-2',
        reviewAt,
      });
      await story.until('person', 'held');
      await story.forward(2 * DAY_MS);
      await story.client.decide('release', story.requestId, decision);
      await story.until('person', 'waiting-out-window');
      await story.forward(8 * DAY_MS);
      await story.tell('outcome');
    },
  },
  {
    name: 'extended-and-overdue',
    options: { policy: { answer: 'tracked' } },
    outcomes: { ...allVerified, person: 'waived' },
    async tell(story) {
      await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'forbidden' });
      await story.submit();
      await story.until('person', 'attention');
      await story.forward(10 * DAY_MS);
      await story.tell('acknowledged');
      await story.client.decide('extend', story.requestId, { ...decision, because: 'complexity' });
      await story.tell('extended');
      await story.forward(100 * DAY_MS);
      await story.client.decide('waive', story.requestId, { provider: 'person', ...decision });
      await story.tell('outcome');
    },
  },
  {
    name: 'rejected',
    options: { policy: { answer: 'tracked', approval: 'needed' } },
    outcomes: { measureone: 'never-asked', person: 'never-asked', aptrinsic: 'never-asked' },
    async tell(story) {
      await story.submit({ filedBy: 'staff-1' });
      await story.forward(DAY_MS);
      await story.client.decide('reject', story.requestId, { ...decision, ground: 'unverified' });
      await story.tell('refused');
    },
  },
  {
    name: 'approved-and-withdrawn',
    options: { policy: { approval: 'needed' } },
    outcomes: { measureone: 'unknown', person: 'withdrawn', aptrinsic: 'unknown' },
    async tell(story) {
      await story.submit({ filedBy: 'staff-1', identityAskedAt: new Date(Date.now() - 5 * HOUR_MS).toISOString() });
      await story.forward(DAY_MS);
      const at = new Date(Date.now() - HOUR_MS).toISOString();
      await story.client.decide('identity', story.requestId, {
        ...decision,
        at,
        method: 'account-login',
        reference: 'V-1',
      });
      await story.client.decide('approve', story.requestId, decision);
      await asked(story);
      await story.client.decide('withdraw', story.requestId, { ...decision, wantedBy: 'subject' });
    },
  },
];

it.each(recordings.map((recording) => [recording.name, recording] as const))(
  'records "%s"',
  async (name, recording) => {
    const story = await Story.open(recording.options);
    try {
      await story.seed();
      await recording.tell(story);
      expect(await story.outcomes()).toEqual(recording.outcomes);
      const directory = join(historiesDirectory, packageVersion());
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, `${name}.json`), asFixture(await story.handle.fetchHistory()));
    } finally {
      await story.close();
    }
  },
);
