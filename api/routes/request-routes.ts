/** File a request, list requests, look at one. */
import { z } from 'zod';
import { requestStates, TICKET_EXPECTED } from '../../client/filters';
import type { FoundRequest } from '../../client/found-request';
import { statusJson } from '../../client/request-json';
import { submissionSchema } from '../../client/submission';
import { requestStateOf } from '../../client/request-status';
import type { RequestStateName } from '../../client/states';
import { DAY_MS } from '../../domain/duration';
import { defined } from '../../domain/defined';
import { opaquePattern } from '../../domain/text';
import { providerKeys } from '../../domain/provider/provider-table';
import { hasGrpcStatus } from '../../temporal/temporal-failure';
import { submissionOf } from '../filing';
import { ApiProblem } from '../problem';
import { route, type ApiRoute } from '../route';
import { filed, requestIdParameter, requestList, requestShape } from '../schemas';
import type { ApiServices } from '../services';

const PAGE_SIZE = 50;
const PAGE_SIZE_MAX = 200;

const flag = z.enum(['true', 'false'], 'expected true or false').transform((value) => value === 'true');
const expectedDays = 'expected a whole number of days from 0 to 3650';
const days = z
  .string()
  .regex(/^\d{1,4}$/, expectedDays)
  .transform(Number)
  .refine((value) => value <= 3_650, expectedDays);
const expectedLimit = `expected a whole number from 1 to ${PAGE_SIZE_MAX}`;

const listQuery = z.strictObject({
  state: z.enum(requestStates as [RequestStateName, ...RequestStateName[]]).optional(),
  provider: z.enum(providerKeys).optional().meta({ description: 'Requests that concern this provider' }),
  waitingFor: z.enum(providerKeys).optional().meta({ description: 'Open, and stuck at this provider' }),
  needsStaff: flag.optional().meta({ description: 'Open, and somebody can do something about it' }),
  overdue: flag.optional().meta({ description: 'Open, and its answer overdue' }),
  dueWithinDays: days.optional().meta({ description: 'Open, and its answer due within so many days, or overdue' }),
  ticket: z
    .string()
    .regex(opaquePattern, `expected ${TICKET_EXPECTED}`)
    .optional()
    .meta({ description: 'With this ticket: of a decision, or of the check of who the person is' }),
  olderThanDays: days.optional().meta({ description: 'Started longer ago than so many days' }),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, expectedLimit)
    .transform(Number)
    .refine((value) => value >= 1 && value <= PAGE_SIZE_MAX, expectedLimit)
    .optional()
    .meta({ description: `How many at most; ${PAGE_SIZE} where absent` }),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,2048}$/, 'expected the cursor of the page before')
    .optional(),
});

export function requestRoutes({ client, policy, webhookHosts }: ApiServices): readonly ApiRoute[] {
  return [
    route({
      method: 'POST',
      path: '/requests',
      role: 'file',
      name: 'fileRequest',
      summary: 'File an erasure request',
      description:
        'The identifiers are sealed as soon as they are read. Safe to repeat with the same request id: the same content is answered 200 with the run there is, another content 409. Without a request id every call files a new request.',
      body: submissionSchema,
      checksBodyItself: true,
      answers: {
        201: { description: 'It was started', content: filed },
        200: { description: 'The same request had been filed before', content: filed },
      },
      problems: ['invalid-request', 'request-exists'],
      handle: async ({ principal, body, now }) => {
        const submission = submissionOf(body, { principal, policy, webhookHosts, now });
        const submitted = await client.submit(submission);
        const { requestId, duplicate } = submitted;
        return { status: duplicate ? 200 : 201, body: submitted, location: `/api/v1/requests/${requestId}` };
      },
    }),
    route({
      method: 'GET',
      path: '/requests',
      role: 'view',
      name: 'listRequests',
      summary: 'List requests',
      description:
        'From Temporal’s index, which lags by a second or two: no request is asked, however many there are. Open ones first, the newest first. Needs the search attributes (erasure setup).',
      query: listQuery,
      answers: { 200: { description: 'A page of requests', content: requestList } },
      problems: ['invalid-filter', 'not-set-up'],
      handle: async ({ query }) => {
        const { limit = PAGE_SIZE, cursor, dueWithinDays, olderThanDays, ...filters } = query;
        try {
          const { requests, cursor: next } = await client.page({
            ...filters,
            limit,
            ...defined({
              cursor,
              dueWithinMs: dueWithinDays === undefined ? undefined : dueWithinDays * DAY_MS,
              olderThanMs: olderThanDays === undefined ? undefined : olderThanDays * DAY_MS,
            }),
          });
          return { status: 200, body: { requests: requests.map(listed), ...defined({ cursor: next }) } };
        } catch (error) {
          if (cursor === undefined || !hasGrpcStatus(error, 'INVALID_ARGUMENT')) throw error;
          throw new ApiProblem('invalid-filter', {
            errors: [{ field: 'cursor', problem: 'leads nowhere: begin with the first page' }],
          });
        }
      },
    }),
    route({
      method: 'GET',
      path: '/requests/{requestId}',
      role: 'view',
      name: 'getRequest',
      summary: 'Look at one request',
      description:
        'What each provider waits for, until when, and what staff can do; once it has completed, its outcome and certificate. Asks its worker (a query, which Temporal Cloud bills as an Action).',
      parameters: requestIdParameter,
      answers: { 200: { description: 'The request as it stands', content: requestShape } },
      problems: ['request-not-found'],
      handle: async ({ parameters }) => ({ status: 200, body: statusJson(await client.get(parameters.requestId)) }),
    }),
  ];
}

/** In the words of the index: a leg in attention shows in `blockedOn`. */
function listed({ requestId, status, startedAt, closedAt, dueAt, state, providers, blockedOn }: FoundRequest) {
  const instant = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
  const known = status === 'running' || status === 'completed' ? state : undefined;
  return {
    requestId,
    state: known ?? (status === 'running' ? 'starting' : requestStateOf({ status })),
    startedAt: instant(startedAt),
    ...defined({ closedAt: instant(closedAt), dueAt: instant(dueAt), providers, blockedOn }),
  };
}
