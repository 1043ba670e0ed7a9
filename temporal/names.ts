/** What our workflows, queues and search attributes are called in Temporal. Pure, since workflow code imports it too. */
import { isRequestId } from '../domain/request/request';
import type { Provider } from '../domain/provider/provider-table';

export const WORKFLOW_TYPE = 'erasureRequest';
export const SWEEP_TYPE = 'erasureSweep';
/** Of the Schedule, and of the runs that it starts, which have the time of their start behind it. */
export const SWEEP_SCHEDULE_ID = 'erasure-sweep';
export const WEBHOOK_DELIVERY_TYPE = 'webhookDelivery';
export const BRAKE_TYPE = 'providerBrake';

/** Of the one run for each provider that shares its limits out among the workers. */
export function brakeIdOf(provider: Provider): string {
  return `provider-brake-${provider}`;
}

/** What such a run understands beside leases: a query about its calls; one about its being on, an update of the workers, and one of staff. */
export const brakeMessages = {
  view: 'brake',
  state: 'tripState',
  report: 'reportToBrake',
  release: 'releaseBrake',
} as const;

/** Queue of the workflows and of the activities that concern no single provider. */
export const WORKFLOW_QUEUE = 'erasure';

/** Each provider has an activity queue of its own: it carries that provider's rate limit, and one outage cannot starve another. */
export function providerQueue(provider: Provider): string {
  return `erasure-${provider}`;
}

const ID_PREFIX = 'erasure-';

export function workflowIdOf(requestId: string): string {
  return `${ID_PREFIX}${requestId}`;
}

/** Of the run that delivers one message of a request. `runId`: of the request's run, which is another one after a reset. */
export function webhookDeliveryIdOf(
  requestId: string,
  { sequence, runId }: { sequence: number; runId: string },
): string {
  return `${ID_PREFIX}webhook-${requestId}-${sequence}-${runId}`;
}

/** Undefined for an id that is none of ours. Somebody may have put personal data into such an id: never repeat it. */
export function requestIdOf(workflowId: string | null | undefined): string | undefined {
  const requestId = workflowId?.startsWith(ID_PREFIX) ? workflowId.slice(ID_PREFIX.length) : undefined;
  return isRequestId(requestId) ? requestId : undefined;
}

/** The request id in what a person typed or copied: people have either at hand, and the Temporal UI shows the workflow id. */
export function typedRequestId(id: string): string {
  const typed = id.trim().toLowerCase();
  return typed.startsWith(ID_PREFIX) ? typed.slice(ID_PREFIX.length) : typed;
}

/** What requests can be filtered by in Temporal. None is personal, and each changes rarely. */
export const searchAttributes = {
  /** `awaiting-approval`, `running`, `on-hold`, `closing` (rejected), or once there is a certificate its outcome. */
  state: { name: 'ErasureState', type: 'KEYWORD' },
  /** The providers that the request concerns. */
  providers: { name: 'ErasureProviders', type: 'KEYWORD_LIST' },
  /** The law's day for the answer to the person: its last millisecond. */
  dueAt: { name: 'ErasureDueAt', type: 'DATETIME' },
  /** What the request waits for beside its windows: see `BlockedOn`. Empty where nothing is wrong. */
  blockedOn: { name: 'ErasureBlockedOn', type: 'KEYWORD_LIST' },
  /** The tickets of its decisions, and of the check of who the person is. Absent where there is none. */
  tickets: { name: 'ErasureTickets', type: 'KEYWORD_LIST' },
} as const;
