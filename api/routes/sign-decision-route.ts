/** Signs a decision of whoever is logged in, for a command line that sends it to Temporal itself. */
import { roleForDecision } from '../../access/principal';
import { decisionProblem } from '../../domain/decision/decision';
import { parseDecisionForRun } from '../../security/decision-token';
import { ApiProblem } from '../problem';
import { route, type ApiRoute } from '../route';
import { decisionToSign, signedDecision } from '../schemas';
import type { ApiServices } from '../services';

/** Told to whoever is logged in, so that they know what to mend. */
export const signingDenials = {
  'another-actor': 'You are logged in as another staff member than the decision names as its actor.',
  'role-does-not-allow': 'None of your roles allows a decision of this kind.',
} as const;

export function signDecisionRoutes({ issuer }: ApiServices): readonly ApiRoute[] {
  if (issuer === undefined) return [];
  return [
    route({
      method: 'POST',
      path: '/decision-tokens',
      // Which of the two roles it takes depends on the kind.
      role: 'decide',
      isAllowed: ({ roles }) => roles.has('decide') || roles.has('approve'),
      name: 'signDecision',
      summary: 'Sign a decision of yours for one run',
      description: 'The token holds for 15 minutes, for this decision about this run alone. `erasure login` uses it.',
      body: decisionToSign,
      answers: { 200: { description: 'The token', content: signedDecision } },
      problems: ['invalid-request', 'not-allowed'],
      handle: async ({ principal, body, now }) => {
        const decision = parseDecisionForRun(body);
        const problem = decision && decisionProblem(decision.kind, decision.content);
        if (decision === undefined || problem !== undefined) {
          throw new ApiProblem('invalid-request', { detail: `This is no decision${problem ? `: ${problem}` : ''}.` });
        }
        const { actor } = decision.content as { readonly actor?: unknown };
        if (actor !== principal.id) throw new ApiProblem('not-allowed', { detail: signingDenials['another-actor'] });
        if (!principal.roles.has(roleForDecision(decision.kind))) {
          throw new ApiProblem('not-allowed', { detail: signingDenials['role-does-not-allow'] });
        }
        return { status: 200, body: await issuer.issue({ ...decision, now }) };
      },
    }),
  ];
}
