/**
 * Tells whoever filed a request of its changes, where they asked for it. Each message is a run of its own: however long a
 * receiver is away, nothing of the erasure waits for it.
 */
import { CancellationScope, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { WebhookActivities } from '../activities/webhook-activities';
import {
  WEBHOOK_MESSAGES_MAX,
  webhookMessageOf,
  type WebhookDeliveryInput,
  type WebhookMessage,
} from '../domain/request/webhook-message';
import type { RequestProgress } from '../domain/request/request-progress';
import { handOnOptions } from './activity-options';

export class WebhookMessages {
  readonly #url: string;
  #sequence = 0;
  #told: string | undefined;
  readonly #beingHanded = new Set<Promise<void>>();

  constructor(url: string) {
    this.#url = url;
  }

  /** Tells where the request stands, if that has changed. `at`: epoch ms. */
  tell(progress: RequestProgress, { isCertified, at }: { readonly isCertified: boolean; readonly at: number }): void {
    const message = webhookMessageOf(progress, { isCertified });
    const text = JSON.stringify(message);
    if (message === undefined || text === this.#told) return;
    if (this.#sequence >= WEBHOOK_MESSAGES_MAX && !isCertified) return;
    this.#told = text;
    this.#sequence += 1;
    const handing: Promise<void> = this.#handOn(message, { sequence: this.#sequence, at }).finally(() =>
      this.#beingHanded.delete(handing),
    );
    this.#beingHanded.add(handing);
  }

  /** Resolves once what was told is with the runs that deliver it. */
  async handed(): Promise<void> {
    await Promise.all(this.#beingHanded);
  }

  async #handOn(message: WebhookMessage, { sequence, at }: { readonly sequence: number; readonly at: number }) {
    const { originalExecutionRunId: run, runId } = workflowInfo();
    const { handOnWebhook } = proxyActivities<WebhookActivities>({
      ...handOnOptions,
      summary: `Have the filer told: ${message.state}, message ${sequence}`,
    });
    const delivery: WebhookDeliveryInput = { url: this.#url, sequence, at: new Date(at).toISOString(), message };
    // Whatever step is broken off, this goes on.
    await CancellationScope.nonCancellable(() => handOnWebhook({ requestId: message.requestId, run, runId, delivery }));
  }
}
