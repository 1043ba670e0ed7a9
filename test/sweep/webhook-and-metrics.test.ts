/** How a sweep tells what it found: the webhook as its receiver sees it, and the metrics. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Client } from '@temporalio/client';
import { noopMetricMeter, type MetricGauge, type MetricMeter, type MetricTags } from '@temporalio/common';
import { createSweepActivities } from '../../activities/sweep/sweep-activities';
import { createWebhook } from '../../activities/sweep/webhook';
import { readSweepConfig } from '../../config/sweep-config';
import { findingKinds, type Finding } from '../../domain/sweep/finding';
import { countsOf, type SweepSummary } from '../../domain/sweep/sweep-result';

const finding: Finding = { kind: 'overdue', requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11', runId: 'r' };
const summary: SweepSummary = {
  at: '2026-11-22T09:00:00.000Z',
  round: 3,
  open: 17,
  lookedAt: 17,
  counts: countsOf([finding]),
  findings: [finding],
};
const SECRET_TEXT = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('the webhook', () => {
  let server: Server;
  let url: string;
  let status = 204;
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        response.writeHead(status, { location: '/elsewhere' }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sweeps`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    received.length = 0;
    status = 204;
  });

  function webhook() {
    const { webhook: settings } = readSweepConfig({
      ERASURE_SWEEP_WEBHOOK_URL: url,
      ERASURE_SWEEP_WEBHOOK_SECRET: SECRET_TEXT,
    });
    if (settings === undefined) throw new Error('There is a webhook');
    return createWebhook({ ...settings, environment: 'test' });
  }

  const call = { id: 'sweep_r1', now: Date.parse('2026-11-22T09:00:07.900Z') };

  it('is signed so that its receiver can check id, time and body', async () => {
    await webhook().send(summary, call);
    const [{ headers, body } = { headers: {} as IncomingHttpHeaders, body: '' }] = received;
    expect(headers).toMatchObject({ 'webhook-id': 'sweep_r1', 'webhook-timestamp': '1795338007' });
    // As a receiver would compute it, from the text of the secret.
    const key = Buffer.from(SECRET_TEXT.slice('whsec_'.length), 'base64');
    const expected = createHmac('sha256', key).update(`sweep_r1.1795338007.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(JSON.parse(body)).toEqual({
      type: 'erasure.swept',
      environment: 'test',
      at: summary.at,
      open: 17,
      lookedAt: 17,
      found: 1,
      counts: summary.counts,
      findings: [finding],
    });
  });

  it.each([302, 400, 500])('takes HTTP %d for a failure, and follows no redirect', async (refusal) => {
    status = refusal;
    await expect(webhook().send(summary, call)).rejects.toMatchObject({
      type: 'WebhookFailed',
      message: expect.stringContaining(`HTTP ${refusal}`),
    });
    expect(received).toHaveLength(1);
  });

  it('names neither address nor secret where nobody listens', async () => {
    const settings = { url: 'http://127.0.0.1:1/hidden', secret: new Uint8Array(32), environment: 'test' };
    const failed: unknown = await createWebhook(settings)
      .send(summary, call)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ type: 'WebhookFailed', nonRetryable: false });
    expect(String(failed)).not.toContain('hidden');
  });
});

describe('the settings of the webhook', () => {
  it.each([
    ['a URL without a secret', { ERASURE_SWEEP_WEBHOOK_URL: 'https://hooks.example' }, 'belong together'],
    ['a secret without a URL', { ERASURE_SWEEP_WEBHOOK_SECRET: SECRET_TEXT }, 'belong together'],
    [
      'a secret that is too short',
      { ERASURE_SWEEP_WEBHOOK_URL: 'https://hooks.example', ERASURE_SWEEP_WEBHOOK_SECRET: 'whsec_c2hvcnQ=' },
      'ERASURE_SWEEP_WEBHOOK_SECRET: expected',
    ],
    [
      'a URL in the clear',
      { ERASURE_SWEEP_WEBHOOK_URL: 'http://hooks.example', ERASURE_SWEEP_WEBHOOK_SECRET: SECRET_TEXT },
      'ERASURE_SWEEP_WEBHOOK_URL: expected an https URL',
    ],
  ])('refuse %s', (_what, environment, message) => {
    expect(() => readSweepConfig(environment)).toThrow(message);
  });
});

describe('the metrics', () => {
  it('say of every kind how many were found, also none', async () => {
    const told = new Map<string, number>();
    const gauge = (name: string): MetricGauge =>
      ({
        ...noopMetricMeter.createGauge(name),
        set: (value: number, tags: MetricTags = {}) =>
          void told.set(`${name} ${String(tags['kind'] ?? '')}`.trim(), value),
      }) as MetricGauge;
    const metricMeter: MetricMeter = {
      createGauge: gauge,
      createCounter: (name) => noopMetricMeter.createCounter(name),
      createHistogram: (name) => noopMetricMeter.createHistogram(name),
      withTags: () => metricMeter,
    };
    const log = { info: () => undefined, warn: () => undefined };
    const activities = createSweepActivities({ client: client(), looks: 1, log });
    await new MockActivityEnvironment(undefined, { metricMeter }).run(() => activities.publishSweep(summary));
    expect(Object.fromEntries(told)).toEqual({
      ...Object.fromEntries(findingKinds.map((kind) => [`erasure_findings ${kind}`, kind === 'overdue' ? 1 : 0])),
      erasure_requests_open: 17,
      erasure_swept_at_seconds: 1_795_338_000,
    });
  });

  /** What is told asks Temporal nothing. */
  function client(): Client {
    return { options: { namespace: 'none' } } as unknown as Client;
  }
});
