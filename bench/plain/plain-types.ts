/** The plain application: what somebody writes who has read Temporal's samples. Identifiers go through in the clear. */

export interface PlainRequest {
  readonly requestId: string;
  readonly individualId: string;
  readonly personId: string;
  readonly identifyId: string;
}

export interface PlainOutcome {
  readonly provider: string;
  readonly outcome: 'erased' | 'presumed-erased' | 'still-there' | 'not-found';
}

export interface PlainResult {
  readonly outcomes: readonly PlainOutcome[];
  readonly certificate: string;
}

export const PLAIN_QUEUE = 'plain-erasures';
export const plainQueues = {
  measureone: 'plain-measureone',
  person: 'plain-person',
  aptrinsic: 'plain-aptrinsic',
} as const;
export const plainWorkflowId = (requestId: string): string => `plain-${requestId}`;

export const POLLING_WORKFLOW = 'pollingErasure';
export const pollingWorkflowId = (requestId: string): string => `polling-${requestId}`;
