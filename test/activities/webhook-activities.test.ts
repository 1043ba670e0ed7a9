/** One try to deliver a message: what the receiver sees, and what each answer leads to. */
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createWebhookActivities, type WebhookDeliverySettings } from '../../activities/webhook-activities';
import { readWebhookConfig } from '../../config/webhook-config';
import type { WebhookDeliveryInput } from '../../domain/request/webhook-message';
import { WebhookReceiver } from '../support/webhook-receiver';

const message = {
  requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
  state: 'running',
  blockedOn: ['hold'],
  providers: [{ provider: 'measureone' }],
  certificate: false,
} as const;

/** Delivering starts nothing. */
const noClient = {} as Client;
let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await WebhookReceiver.open();
});
afterEach(() => receiver.close());

function settings(environment: Readonly<Record<string, string>> = receiver.settings): WebhookDeliverySettings {
  const config = readWebhookConfig(environment);
  if (config === undefined) throw new Error('These settings say who may be told');
  return { ...config, environment: 'test' };
}

function deliver(given: WebhookDeliverySettings | undefined, url = receiver.url): Promise<void> {
  const input: WebhookDeliveryInput = { url, sequence: 3, at: '2026-11-22T09:00:00.000Z', message };
  const activities = createWebhookActivities({ client: noClient, settings: given });
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId: 'r1' } });
  return environment.run(() => activities.deliverWebhook(input));
}

describe('a message', () => {
  it('says what has changed, signed, under the same id at each try', async () => {
    await deliver(settings());
    await deliver(settings());
    const [one, again] = receiver.received;
    expect(one?.body).toEqual({
      type: 'erasure.request.changed',
      timestamp: '2026-11-22T09:00:00.000Z',
      data: { environment: 'test', sequence: 3, ...message },
    });
    expect(one?.id).toBe('msg_r1');
    expect(again?.id).toBe('msg_r1');
    expect(one?.headers['content-type']).toBe('application/json');
  });

  it.each([200, 204, 299])('is delivered where HTTP %d answers it', async (status) => {
    receiver.status = status;
    await deliver(settings());
    expect(receiver.received).toHaveLength(1);
  });

  it.each([
    [301, 'WebhookFailed', undefined],
    [307, 'WebhookFailed', undefined],
    [400, 'WebhookFailed', undefined],
    [404, 'WebhookFailed', undefined],
    [410, 'WebhookGone', undefined],
    [429, 'WebhookFailed', 7_000],
    [500, 'WebhookFailed', undefined],
    [503, 'WebhookFailed', 7_000],
  ])('that HTTP %d answers ends as %s, and no redirect is followed', async (status, type, nextRetryDelay) => {
    receiver.status = status;
    receiver.headers = { location: '/elsewhere', ...(nextRetryDelay && { 'retry-after': '7' }) };
    await expect(deliver(settings())).rejects.toMatchObject({
      type,
      nextRetryDelay,
      nonRetryable: type === 'WebhookGone',
    });
    expect(receiver.received).toHaveLength(1);
  });
});

describe('a host', () => {
  const secret = { ERASURE_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };

  it.each([
    [
      'that is not listed',
      (port: number) => `http://127.0.0.1:${port}/`,
      'hooks.example.com',
      /none of those that may be told/,
    ],
    ['of another port', (port: number) => `http://127.0.0.1:${port}/`, '127.0.0.1:1', /none of those that may be told/],
    [
      'that is listed as public and is this machine',
      (port: number) => `http://127.0.0.1:${port}/`,
      '127.0.0.1',
      /ERASURE_WEBHOOK_PRIVATE_HOSTS/,
    ],
    [
      'whose name stands for this machine',
      (port: number) => `http://localhost:${port}/`,
      'localhost',
      /ERASURE_WEBHOOK_PRIVATE_HOSTS/,
    ],
    ['that nobody knows', () => 'https://nowhere.invalid/', 'nowhere.invalid', /could not be reached/],
  ])('%s is not told, and it is said why', async (_what, url, listed, why) => {
    const host = listed.includes(':') || listed.includes('.invalid') ? listed : `${listed}:${receiver.port}`;
    const failed: unknown = await deliver(
      settings({ ...secret, ERASURE_WEBHOOK_HOSTS: host }),
      url(receiver.port),
    ).catch((error: unknown) => error);
    expect(failed).toMatchObject({ type: 'WebhookFailed', nonRetryable: false, message: expect.stringMatching(why) });
    expect(receiver.received).toEqual([]);
  });

  it('is not told by a worker without the settings, which says which', async () => {
    await expect(deliver(undefined)).rejects.toMatchObject({
      type: 'WebhookFailed',
      message: expect.stringContaining('ERASURE_WEBHOOK_SECRET'),
    });
  });

  it('that is listed with a private address is told', async () => {
    await deliver(settings());
    expect(receiver.taken).toHaveLength(1);
  });
});
