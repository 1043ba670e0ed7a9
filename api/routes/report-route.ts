import { z } from 'zod';
import { parsePeriod } from '../../client/report/period';
import type { Period } from '../../client/report/report';
import { ApiProblem } from '../problem';
import { route, type ApiRoute } from '../route';
import { reportShape } from '../schemas';
import type { ApiServices } from '../services';

const reportQuery = z.strictObject({
  from: z.string('is missing').meta({ description: 'The first day, e.g. 2026-01-01' }),
  to: z.string('is missing').meta({ description: 'The last day' }),
  timeZone: z
    .string()
    .optional()
    .meta({ description: 'Whose days these are, e.g. America/Los_Angeles; UTC where absent' }),
});

export function reportRoute({ report }: ApiServices): ApiRoute {
  return route({
    method: 'GET',
    path: '/report',
    role: 'view',
    name: 'getReport',
    summary: 'Count the requests that were received in a period',
    description:
      'A request belongs to the day on which the person made it. Looks at each run that was started since the first day: a call or three for each, and a query for each open one. A period has at most 366 days, and one report is made at a time.',
    query: reportQuery,
    answers: { 200: { description: 'The figures', content: reportShape } },
    problems: ['invalid-filter'],
    handle: async ({ query, now }) => ({
      status: 200,
      body: await report(periodOf(query), now),
    }),
  });
}

function periodOf({ from, to, timeZone }: z.output<typeof reportQuery>): Period {
  try {
    return parsePeriod({ from, to, ...(timeZone === undefined ? {} : { timeZone }) });
  } catch (error) {
    if (error instanceof RangeError) throw new ApiProblem('invalid-filter', { detail: `${error.message}.` });
    throw error;
  }
}
