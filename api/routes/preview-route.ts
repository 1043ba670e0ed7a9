/** What filing a request would mean. Starts nothing, and asks nobody. */
import { submissionSchema } from '../../client/submission';
import { submissionOf } from '../filing';
import { previewOf } from '../previewing';
import { route, type ApiRoute } from '../route';
import { previewShape } from '../schemas';
import type { ApiServices } from '../services';

export function previewRoute({ policy, webhookHosts }: ApiServices): ApiRoute {
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
    handle: async ({ principal, body, now }) => ({
      status: 200,
      body: previewOf(submissionOf(body, { principal, policy, webhookHosts, now }), policy, now),
    }),
  });
}
