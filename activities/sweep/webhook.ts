/** Sends what a sweep found to a webhook. */
import { ApplicationFailure } from '@temporalio/common';
import { findingsInAll, type SweepSummary } from '../../domain/sweep/sweep-result';
import type { Agents } from '../../network/agents';
import { createSignedPost, isTaken } from '../signed-post';

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

export function createWebhook({ url, environment, ...settings }: WebhookSettings): Webhook {
  const post = createSignedPost(settings);
  return {
    async send(summary, { id, now }) {
      const { at, open, lookedAt, counts, findings } = summary;
      const found = findingsInAll(summary);
      const body = { type: 'erasure.swept', environment, at, open, lookedAt, found, counts, findings };
      const answer = await post({ url, id, now, body });
      if (isTaken(answer)) return;
      throw webhookFailure('problem' in answer ? 'it gave no complete answer' : `it answered HTTP ${answer.status}`);
    },
  };
}

function webhookFailure(why: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WebhookFailed',
    message: `The webhook of the sweep (ERASURE_SWEEP_WEBHOOK_URL) could not be called: ${why}.`,
  });
}
