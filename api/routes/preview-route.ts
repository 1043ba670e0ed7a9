/** What filing a request would mean. Starts nothing, and asks nobody. */
import { clockFactsOf } from '../../client/clock-facts';
import { submissionSchema, submissionWarnings } from '../../client/submission';
import { legalClockFor } from '../../domain/law/counting/due-dates';
import { describeFeasibility, feasibilityOf } from '../../domain/law/feasibility';
import { noClockMeaning, type LegalClock } from '../../domain/law/legal-clock';
import { defined } from '../../domain/defined';
import { providerKeys, providerName } from '../../domain/provider/provider-table';
import { plannedMs } from '../../domain/request/leg-plan';
import { submissionOf } from '../filing';
import { route, type ApiRoute } from '../route';
import { previewShape } from '../schemas';
import type { ApiServices } from '../services';

const UNKNOWN_POLICY =
  'due dates are not computed: the server was given no policy file (ERASURE_POLICY_FILE); the workers have their own';

export function previewRoute({ policy }: ApiServices): ApiRoute {
  return route({
    method: 'POST',
    path: '/preview',
    role: 'file',
    name: 'previewRequest',
    summary: 'What filing a request would mean: due date, windows, warnings; nothing is started',
    body: submissionSchema,
    checksBodyItself: true,
    answers: { 200: { description: 'What would happen', content: previewShape } },
    problems: ['invalid-request'],
    handle: async ({ principal, body, now }) => {
      const submission = submissionOf(body, { principal, policy, now });
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
        status: 200,
        body: {
          ...defined({ requestId: submission.requestId }),
          warnings: submissionWarnings(submission, now),
          approvalNeeded: policy?.rules.approvalNeeded ?? false,
          ...(dates === undefined
            ? { noDueDate: typeof clock === 'string' ? noClockMeaning[clock] : UNKNOWN_POLICY }
            : { due: dueOf(dates) }),
          providers: legs.map(({ provider, takesMs }) => ({
            provider,
            name: providerName(provider),
            ...(takesMs === undefined
              ? {}
              : { windowMs: takesMs, endsAt: new Date(now + takesMs + marginMs).toISOString() }),
          })),
          ...(feasibility === undefined
            ? { remarks: [] }
            : {
                canBeMet: feasibility.verdict === 'feasible',
                remarks: describeFeasibility(feasibility, now),
              }),
        },
      };
    },
  });
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
