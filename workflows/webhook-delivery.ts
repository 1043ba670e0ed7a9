/** Delivers one message of a request to the webhook that its filer named: tried for days, and told in the end if it was in vain. */
import {
  ActivityFailure,
  ApplicationFailure,
  log,
  metricMeter,
  proxyActivities,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { WebhookActivities } from '../activities/webhook-activities';
import type { WebhookDeliveryInput } from '../domain/request/webhook-message';
import { webhookPlaceOf, webhookUrlProblem } from '../domain/request/webhook-url';
import { isRecord } from '../domain/text';
import { webhookOptions } from './activity-options';

export async function webhookDelivery(input: WebhookDeliveryInput): Promise<void> {
  if (!isRecord(input) || webhookUrlProblem(input['url']) !== undefined) {
    throw ApplicationFailure.nonRetryable('This is no message of a request', 'InvalidRequest');
  }
  const { url, sequence, message } = input;
  const { host } = webhookPlaceOf(url);
  setCurrentDetails(
    `Message ${sequence} of request ${message.requestId} to ${host}: the request is \`${message.state}\`. ` +
      'It is tried for three days. Whether it gets there changes nothing about the erasure.',
  );
  const { deliverWebhook } = proxyActivities<WebhookActivities>(webhookOptions);
  try {
    await deliverWebhook(input);
    count('delivered');
  } catch (error) {
    if (error instanceof ActivityFailure) {
      log.error('A message about a request could not be delivered', { requestId: message.requestId, sequence, host });
      count('failed');
    }
    throw error;
  }
}

function count(result: 'delivered' | 'failed'): void {
  metricMeter
    .createCounter('erasure_webhook_messages', undefined, 'Messages about requests, and whether they were delivered')
    .add(1, { result });
}
