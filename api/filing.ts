/** A request as it is filed by whoever calls. */
import type { Principal } from '../access/principal';
import { InvalidSubmissionError } from '../client/errors';
import { parseSubmission, type ErasureSubmission } from '../client/submission';
import type { PolicyFile } from '../config/policy-file';
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
    now,
  }: { readonly principal: Principal; readonly policy: PolicyFile | undefined; readonly now: number },
): ErasureSubmission {
  const submission = parseSubmission(body, now);
  const { filedBy, regulation } = submission;
  if (principal.kind === 'staff' && filedBy !== undefined && filedBy !== principal.id) {
    throw new InvalidSubmissionError([{ field: 'filedBy', problem: 'names somebody else than who is logged in' }]);
  }
  if (isOwnLaw(regulation) && policy !== undefined && policy.laws[regulation] === undefined) {
    throw new InvalidSubmissionError([{ field: 'regulation', problem: 'the policy file does not define this law' }]);
  }
  return { ...submission, filedBy: filedBy ?? principal.id };
}
