/** What filing a request would mean, worked out without starting anything or asking anybody. */
import { clockFactsOf } from '../client/clock-facts';
import { submissionWarnings, type ErasureSubmission } from '../client/submission';
import type { PolicyFile } from '../config/policy-file';
import { defined } from '../domain/defined';
import { legalClockFor } from '../domain/law/counting/due-dates';
import { describeFeasibility, feasibilityOf } from '../domain/law/feasibility';
import { noClockMeaning, type LegalClock } from '../domain/law/legal-clock';
import { providerKeys, providerName } from '../domain/provider/provider-table';
import { plannedMs } from '../domain/request/leg-plan';

const UNKNOWN_POLICY =
  'due dates are not computed: the server was given no policy file (ERASURE_POLICY_FILE); the workers have their own';

export type Preview = ReturnType<typeof previewOf>;

/** `now`: epoch ms, of the asking. */
export function previewOf(submission: ErasureSubmission, policy: PolicyFile | undefined, now: number) {
  const patience = policy && { ...policy.rules.patience, ...defined(submission.policy ?? {}) };
  const asked = providerKeys.filter((provider) => submission.subject[provider] !== undefined);
  const legs = asked.map((provider) => {
    const takesMs = patience && plannedMs(provider, patience);
    return { provider, ...defined({ takesMs }) };
  });
  const marginMs = patience?.marginMs ?? 0;
  const clock = policy && legalClockFor(policy, clockFactsOf(submission));
  const dates = typeof clock === 'object' ? clock : undefined;
  const feasibility = dates && feasibilityOf({ dueAt: dates.answerBy.at, now, marginMs, legs });
  return {
    warnings: submissionWarnings(submission, now),
    approvalNeeded: policy?.rules.approvalNeeded ?? false,
    ...defined({
      requestId: submission.requestId,
      due: dates && dueOf(dates),
      noDueDate: dates ? undefined : typeof clock === 'string' ? noClockMeaning[clock] : UNKNOWN_POLICY,
      canBeMet: feasibility && feasibility.verdict === 'feasible',
    }),
    providers: legs.map(({ provider, takesMs }) => ({
      provider,
      name: providerName(provider),
      ...(takesMs === undefined ? {} : { windowMs: takesMs, endsAt: new Date(now + takesMs + marginMs).toISOString() }),
    })),
    remarks: feasibility === undefined ? [] : describeFeasibility(feasibility, now),
  };
}

function dueOf({ rule, answerBy, internalAnswerBy, timeZone, calendar }: LegalClock) {
  return {
    rule,
    on: answerBy.on,
    at: new Date(answerBy.at).toISOString(),
    aimOn: internalAnswerBy.on,
    timeZone,
    calendar,
  };
}
