/** Delivers messages about requests to the webhooks that their filers named. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { WebhookDeliveryInput } from '../domain/request/webhook-message';
import { webhookPlaceOf } from '../domain/request/webhook-url';
import { outsideAgents } from '../network/outside-agents';
import { createAgents } from '../network/agents';
import { goesThrough, type Proxy } from '../network/proxy';
import { WEBHOOK_DELIVERY_TYPE, WORKFLOW_QUEUE, webhookDeliveryIdOf } from '../temporal/names';
import { refuseForeignRun, type RunOfRequest } from './run-guard';
import { createSignedPost, isTaken, type SignedPostAnswer } from './signed-post';

export interface WebhookToHandOn extends RunOfRequest {
  /** Of the run that hands it on; another one than `run` after a reset. */
  readonly runId: string;
  readonly delivery: WebhookDeliveryInput;
}

export interface WebhookActivities {
  /** Has a message delivered by a run of its own, for which nothing of the erasure waits. Safe to repeat. */
  handOnWebhook(handed: WebhookToHandOn): Promise<void>;
  /** One try. Fails as `WebhookFailed`, which is tried again, or as `WebhookGone`, where the receiver wants to hear no more. */
  deliverWebhook(input: WebhookDeliveryInput): Promise<void>;
}

export interface WebhookDeliverySettings {
  readonly secret: Uint8Array;
  readonly hosts: { kindOf(url: string): 'public' | 'private' | undefined };
  /** The name of the installation, as it stands in certificates. */
  readonly environment: string;
  readonly proxy?: Proxy | undefined;
}

/** "Gone", as Standard Webhooks has it: the receiver wants no more of them. */
const GONE = 410;

export function createWebhookActivities({
  client,
  settings,
}: {
  readonly client: Pick<Client, 'workflow'>;
  /** Without them a message waits for a worker that has some. */
  readonly settings?: WebhookDeliverySettings | undefined;
}): WebhookActivities {
  const sender = settings && senderOf(settings);
  return {
    async handOnWebhook(handed) {
      await refuseForeignRun(handed);
      const { requestId, runId, delivery } = handed;
      const { url, sequence, message } = delivery;
      try {
        await client.workflow.start(WEBHOOK_DELIVERY_TYPE, {
          workflowId: webhookDeliveryIdOf(requestId, { sequence, runId }),
          taskQueue: WORKFLOW_QUEUE,
          args: [delivery],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: `Tell ${webhookPlaceOf(url).host}: ${message.state}, message ${sequence}`,
        });
      } catch (error) {
        // By an attempt of which nothing was heard.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    async deliverWebhook(input) {
      const id = `msg_${Context.current().info.workflowExecution?.runId}`;
      if (settings === undefined || sender === undefined) {
        throw failure('this worker has no settings for webhooks (ERASURE_WEBHOOK_SECRET)');
      }
      const kind = settings.hosts.kindOf(input.url);
      if (kind === undefined) {
        throw failure('its host is none of those that may be told (ERASURE_WEBHOOK_HOSTS)');
      }
      const answer = await sender(
        input.url,
        kind,
      )({ url: input.url, id, now: Date.now(), body: bodyOf(input, settings) });
      if (!isTaken(answer)) throw refusalOf(answer, kind);
    },
  };
}

function bodyOf({ sequence, at, message }: WebhookDeliveryInput, { environment }: WebhookDeliverySettings): object {
  return { type: 'erasure.request.changed', timestamp: at, data: { environment, sequence, ...message } };
}

function senderOf({ secret, proxy }: WebhookDeliverySettings) {
  const ours = createSignedPost({ secret, agents: createAgents({ proxy }) });
  const outside = createSignedPost({ secret, agents: outsideAgents() });
  // What goes through the company's proxy has its name looked up there.
  return (url: string, kind: 'public' | 'private') =>
    kind === 'private' || (proxy !== undefined && goesThrough(proxy, webhookPlaceOf(url))) ? ours : outside;
}

function refusalOf(answer: SignedPostAnswer, kind: 'public' | 'private'): ApplicationFailure {
  if ('problem' in answer) {
    const hint =
      kind === 'public'
        ? ' A host with an address of a private network has to stand in ERASURE_WEBHOOK_PRIVATE_HOSTS.'
        : '';
    return failure(`${answer.problem}${hint}`);
  }
  if (answer.status === GONE) {
    return ApplicationFailure.create({
      type: 'WebhookGone',
      message: 'The receiver wants no more of these messages (HTTP 410)',
      nonRetryable: true,
    });
  }
  return failure(`it answered HTTP ${answer.status}`, answer.retryAfterMs);
}

function failure(why: string, retryAfterMs?: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WebhookFailed',
    message: `The message was not delivered: ${why}`,
    ...(retryAfterMs !== undefined && { nextRetryDelay: retryAfterMs }),
  });
}
