/** Sends what a sweep found to a webhook, signed as Standard Webhooks has it: id, time and body by HMAC-SHA256. */
import { createHmac } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { SECOND_MS } from '../../domain/duration';
import { findingsInAll, type SweepSummary } from '../../domain/sweep/sweep-result';
import type { Agents } from '../../network/agents';
import { createHttp } from '../providers/http';
import { ProviderFailure } from '../providers/provider';

const ANSWER_MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 10 * SECOND_MS;

export interface WebhookSettings {
  readonly url: string;
  /** The key itself, not its text. */
  readonly secret: Uint8Array;
  /** The name of the installation, as it stands in certificates. */
  readonly environment: string;
  readonly agents?: Agents | undefined;
}

export interface Webhook {
  /** `id` stays the same over all tries. Throws `ApplicationFailure` of the type `WebhookFailed`. */
  send(summary: SweepSummary, call: { readonly id: string; readonly now: number }): Promise<void>;
}

export function createWebhook({ url, secret, environment, agents }: WebhookSettings): Webhook {
  const http = createHttp({ timeoutMs: TIMEOUT_MS, answerMaxBytes: ANSWER_MAX_BYTES, agents });
  return {
    async send(summary, { id, now }) {
      const { at, open, lookedAt, counts, findings } = summary;
      const body = JSON.stringify({
        type: 'erasure.swept',
        environment,
        at,
        open,
        lookedAt,
        found: findingsInAll(summary),
        counts,
        findings,
      });
      const timestamp = String(Math.floor(now / SECOND_MS));
      const status = await statusOf(() =>
        http.send({
          to: 'The webhook',
          what: 'the sweep',
          method: 'POST',
          url,
          headers: {
            'content-type': 'application/json',
            'webhook-id': id,
            'webhook-timestamp': timestamp,
            'webhook-signature': signatureOf(`${id}.${timestamp}.${body}`, secret),
          },
          body,
        }),
      );
      if (status < 200 || status > 299) throw webhookFailure(`it answered HTTP ${status}`);
    },
  };
}

function signatureOf(text: string, secret: Uint8Array): string {
  return `v1,${createHmac('sha256', secret).update(text).digest('base64')}`;
}

async function statusOf(send: () => Promise<{ readonly status: number }>): Promise<number> {
  try {
    return (await send()).status;
  } catch (error) {
    if (error instanceof ProviderFailure) throw webhookFailure('it gave no complete answer');
    throw error;
  }
}

function webhookFailure(why: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WebhookFailed',
    message: `The webhook of the sweep (ERASURE_SWEEP_WEBHOOK_URL) could not be called: ${why}.`,
  });
}
