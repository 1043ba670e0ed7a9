/** Who filed a request is told of its changes, and nothing of the erasure depends on whether they can be. */
import { Worker } from '@temporalio/worker';
import { setTimeout as pause } from 'node:timers/promises';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../domain/duration';
import { webhookDeliveryIdOf, workflowIdOf } from '../../temporal/names';
import { Story } from '../support/story';
import { eventually, workflowBundle } from '../support/workflow-bench';
import { WebhookReceiver } from '../support/webhook-receiver';

interface Told {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly sequence: number;
    readonly state: string;
    readonly blockedOn: readonly string[];
    readonly certificate: boolean;
    readonly providers: readonly { readonly provider: string; readonly outcome?: string }[];
  };
}

let receiver: WebhookReceiver;
let story: Story;

afterEach(async () => {
  await story.close();
  await receiver.close();
});

async function open(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  receiver = await WebhookReceiver.open();
  story = await Story.open({ settings: { ...receiver.settings, ...settings }, policy: { answer: 'tracked' } });
  await story.seed();
}

/** By their sequence, as a receiver would put them in order. */
function told(): readonly Told['data'][] {
  const messages = receiver.taken.map(({ body }) => body as Told);
  return messages.map(({ data }) => data).toSorted((one, other) => one.sequence - other.sequence);
}

async function untilTold(state: string): Promise<readonly Told['data'][]> {
  return eventually(async () => (told().some((one) => one.state === state) ? told() : undefined), 60 * SECOND_MS);
}

async function toTheEnd(): Promise<void> {
  for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
    await story.until(provider, 'waiting-out-window');
  }
  await story.forward(122 * HOUR_MS);
  await story.forward(60 * HOUR_MS);
  await story.tell('outcome');
}

async function deliveries(): Promise<readonly { readonly id: string; readonly status: string }[]> {
  const found = [];
  const { runId } = await story.handle.describe();
  for (let sequence = 1; ; sequence += 1) {
    const id = webhookDeliveryIdOf(story.requestId, { sequence, runId });
    try {
      found.push({ id, status: (await story.temporal.workflow.getHandle(id).describe()).status.name });
    } catch {
      return found;
    }
  }
}

/** As docs/webhooks.md says how to find them. */
async function listed(query: string, atLeast = 1): Promise<readonly string[]> {
  return eventually(async () => {
    const found = [];
    for await (const { workflowId } of story.temporal.workflow.list({ query })) found.push(workflowId);
    return found.length < atLeast ? undefined : found;
  }, 20 * SECOND_MS);
}

async function handedOn(): Promise<number> {
  const { events } = await story.handle.fetchHistory();
  return (events ?? []).filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'handOnWebhook',
  ).length;
}

describe('a request whose filer wants to be told', () => {
  it('tells each change once, in order, and ends with the end; nothing personal is in any message', async () => {
    await open();
    await story.submit({ webhookUrl: receiver.url });
    await toTheEnd();
    const result = await story.client.result(story.requestId, { timeoutMs: 60 * SECOND_MS });
    // Each is a run of its own: the last one may come before the one before it.
    const handed = await handedOn();
    const all = await eventually(async () => (told().length >= handed ? told() : undefined), 60 * SECOND_MS);
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1));
    expect(all.map(({ state }) => state)).toEqual([
      ...all.slice(0, -2).map(() => 'running'),
      'awaiting-answer',
      'completed',
    ]);
    expect(all.at(-2)).toMatchObject({ certificate: true, blockedOn: ['staff', 'answer'] });
    expect(all.at(-1)?.providers.map(({ provider, outcome }) => [provider, outcome])).toEqual(
      result.legs.map(({ provider, outcome }) => [provider, outcome]),
    );
    // Each leg that settles is one; the last may come with the certificate.
    expect(all.length).toBeGreaterThanOrEqual(4);
    expect(all.length).toBeLessThanOrEqual(6);
    const texts = receiver.received.map(({ text }) => text).join();
    for (const identifier of Object.values(story.subject)) expect(texts).not.toContain(identifier);
    const delivered = await eventually(async () => {
      const statuses = (await deliveries()).map(({ status }) => status);
      return statuses.includes('RUNNING') ? undefined : statuses;
    });
    expect(delivered).toEqual(all.map(() => 'COMPLETED'));
    expect(await handedOn()).toBe(all.length);
    const history = await story.handle.fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, workflowIdOf(story.requestId));
    const query = `WorkflowId STARTS_WITH "erasure-webhook-${story.requestId}"`;
    expect(await listed(query, all.length)).toHaveLength(all.length);
  });

  it('ends on time with its certificate while the receiver is away, and tells it later', async () => {
    await open();
    receiver.status = 503;
    await story.submit({ webhookUrl: receiver.url });
    await toTheEnd();
    expect(await story.outcomes()).toMatchObject({ measureone: 'erased/confirmed', aptrinsic: 'erased/verified' });
    expect((await story.handle.describe()).status.name).toBe('COMPLETED');
    expect(told()).toEqual([]);
    const waiting = (await deliveries()).filter(({ status }) => status === 'RUNNING');
    expect(waiting.length).toBeGreaterThan(0);
    receiver.status = 200;
    await untilTold('completed');
  });

  it('ends as well where its host may not be told, and its messages say so', async () => {
    await open();
    await story.submit({ webhookUrl: 'https://elsewhere.example/told' });
    await toTheEnd();
    expect(await story.outcomes()).toMatchObject({ measureone: 'erased/confirmed' });
    expect(receiver.received).toEqual([]);
    const [first] = await deliveries();
    expect(first?.status).toBe('RUNNING');
    const { raw } = await story.temporal.workflow.getHandle(first?.id ?? '').describe();
    expect(JSON.stringify(raw.pendingActivities)).toContain('none of those that may be told');
  });

  it('is not told what it does not want to hear: after HTTP 410 that message is over, and failed', async () => {
    await open();
    receiver.status = 410;
    await story.submit({ webhookUrl: receiver.url });
    const { runId } = await story.handle.describe();
    const id = webhookDeliveryIdOf(story.requestId, { sequence: 1, runId });
    const failed = story.temporal.workflow.getHandle(id);
    await eventually(async () => {
      const { status } = await failed.describe().catch(() => ({ status: { name: 'none' } }));
      return status.name === 'FAILED' ? true : undefined;
    }, 30 * SECOND_MS);
    await pause(SECOND_MS);
    expect(await listed('WorkflowType="webhookDelivery" AND ExecutionStatus="Failed"')).toContain(id);
    expect(receiver.received.filter(({ id: one }) => one === receiver.received[0]?.id)).toHaveLength(1);
  });

  it('tells of a hold and of its release', async () => {
    await open();
    await story.submit({ webhookUrl: receiver.url });
    await story.until('measureone', 'waiting-out-window');
    await story.client.decide('hold', story.requestId, {
      actor: 'staff-7',
      reason: { code: 'litigation', ticket: 'L-1' },
      ground: 'legal-claims',
      owner: 'staff-9',
      reviewAt: new Date(Date.now() + 20 * DAY_MS).toISOString(),
    });
    await untilTold('on-hold');
    await story.client.decide('release', story.requestId, {
      actor: 'staff-7',
      reason: { code: 'litigation-over', ticket: 'L-1' },
    });
    const all = await eventually(async () => (told().at(-1)?.state === 'running' ? told() : undefined), 30 * SECOND_MS);
    const states = all.map(({ state }) => state).filter((state, index, before) => state !== before[index - 1]);
    expect(states).toEqual(['running', 'on-hold', 'running']);
  });
});

describe('a request that names no webhook', () => {
  it('starts no run but its own', async () => {
    await open();
    await story.submit();
    await story.until('measureone', 'waiting-out-window');
    expect(await handedOn()).toBe(0);
    expect(await deliveries()).toEqual([]);
  });
});
