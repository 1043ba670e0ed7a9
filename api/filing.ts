/** A request as it is filed by whoever calls. */
import type { Principal } from '../access/principal';
import { InvalidSubmissionError } from '../client/errors';
import { parseSubmission, type ErasureSubmission } from '../client/submission';
import type { PolicyFile } from '../config/policy-file';
import type { WebhookHosts } from '../config/webhook-config';
import { isOwnLaw } from '../domain/law/regulation';

/**
 * Staff members file in their own name: whoever filed a request cannot approve it. A service may name the staff member
 * that it files for. Throws `InvalidSubmissionError`.
 */
export function submissionOf(
  body: unknown,
  {
    principal,
    policy,
    webhookHosts,
    now,
  }: {
    readonly principal: Principal;
    readonly policy: PolicyFile | undefined;
    readonly webhookHosts: WebhookHosts | undefined;
    readonly now: number;
  },
): ErasureSubmission {
  const submission = parseSubmission(body, now);
  const { filedBy, regulation, webhookUrl } = submission;
  if (principal.kind === 'staff' && filedBy !== undefined && filedBy !== principal.id) {
    throw new InvalidSubmissionError([{ field: 'filedBy', problem: 'names somebody else than who is logged in' }]);
  }
  if (isOwnLaw(regulation) && policy !== undefined && policy.laws[regulation] === undefined) {
    throw new InvalidSubmissionError([{ field: 'regulation', problem: 'the policy file does not define this law' }]);
  }
  if (webhookUrl !== undefined && webhookHosts?.kindOf(webhookUrl) === undefined) {
    throw new InvalidSubmissionError([
      { field: 'webhookUrl', problem: 'its host is none of those that may be told: ask whoever runs this server' },
    ]);
  }
  return { ...submission, filedBy: filedBy ?? principal.id };
}
