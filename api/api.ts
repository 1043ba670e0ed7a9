/** Serves the routes of the API: who may, what comes in, what goes out, and what is said where it goes wrong. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Authenticator } from '../access/authenticate';
import type { Principal } from '../access/principal';
import type { FieldProblem } from '../client/errors';
import { MINUTE_MS } from '../domain/duration';
import { parsedJson } from '../domain/text';
import { answerOnceServed, recordCall, refuseExcess, toldProblem, type CallLog } from './answered-call';
import { mediaTypeOf } from './media-type';
import { API_PATH, openApiDocument } from './openapi';
import { openApiPage } from './openapi-page';
import { ApiProblem, problemDocument, problems, type ProblemCode } from './problem';
import type { ApiAnswer, ApiRoute } from './route';

const RETRY_PROVIDER_S = 10;
const REALM = 'Bearer realm="erasure"';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, once that was found out. */
    principal: Principal | undefined;
    /** What the call was answered with, for log and metrics. */
    problemCode: ProblemCode | undefined;
  }
}

export interface ApiOptions extends CallLog {
  readonly routes: readonly ApiRoute[];
  readonly authenticate: Authenticator;
  /** Calls that one caller may make each minute. */
  readonly callsPerMinute: number;
  /** Calls without valid credentials that one address may make each minute. */
  readonly refusalsPerMinute: number;
  readonly version: string;
  /** Epoch ms. */
  readonly now: () => number;
}

export function addApi(app: FastifyInstance, options: ApiOptions): void {
  const { routes, authenticate, logger, now, version } = options;
  const countCalls = app.createRateLimit({
    max: options.callsPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: ({ principal }) => `${principal?.kind} ${principal?.id}`,
  });
  const countRefusals = app.createRateLimit({ max: options.refusalsPerMinute, timeWindow: MINUTE_MS });

  app.decorateRequest('principal', undefined);
  app.decorateRequest('problemCode', undefined);

  const document = openApiDocument(routes, version);
  const page = openApiPage(document);
  app.get(`${API_PATH}/openapi.json`, async () => document);
  app.get(`${API_PATH}/`, async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));

  for (const one of routes) {
    app.route({
      method: one.method,
      url: `${API_PATH}${one.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      // Before the body is read: a stranger's is never looked at.
      onRequest: (request) => admit(request, one),
      handler: (request, reply) => answerOnceServed(reply, serve(request, one), (answer) => answerWith(reply, answer)),
      onResponse: async (request, reply) => recordCall(one.name, { request, reply }, options),
    });
  }

  async function admit(request: FastifyRequest, one: ApiRoute): Promise<void> {
    const authentication = await authenticate(request.headers.authorization, now());
    if (authentication.verdict === 'provider-away') {
      logger.error({ reason: authentication.reason }, 'The identity provider gives no keys to check tokens with');
      throw new ApiProblem('identity-provider-unavailable', { retryAfterS: RETRY_PROVIDER_S });
    }
    if (authentication.verdict !== 'known') {
      refuseExcess(await countRefusals(request));
      logger.warn({ callId: request.id, reason: authentication.reason }, 'A call was refused: not authenticated');
      throw new ApiProblem('not-authenticated');
    }
    const { principal } = authentication;
    request.principal = principal;
    refuseExcess(await countCalls(request));
    if (!(one.isAllowed?.(principal) ?? principal.roles.has(one.role))) {
      throw new ApiProblem('not-allowed', { detail: `None of your roles allows this: it needs ${one.role}.` });
    }
  }

  async function serve(request: FastifyRequest, one: ApiRoute): Promise<ApiAnswer> {
    const { principal } = request;
    if (principal === undefined) throw new TypeError('Nobody is served who was not let in');
    return one.handle({
      principal,
      parameters: checkedPart(one.parameters, request.params, 'request-not-found'),
      query: checkedPart(one.query, request.query, 'invalid-filter'),
      body: bodyOf(request, one),
      now: now(),
      request,
    });
  }
}

function answerWith(reply: FastifyReply, { status, body, contentType, location }: ApiAnswer): FastifyReply {
  if (location !== undefined) reply.header('location', location);
  return reply
    .code(status)
    .type(contentType ?? 'application/json; charset=utf-8')
    .send(body);
}

/** Parameters and query. */
function checkedPart(schema: z.ZodType | undefined, given: unknown, code: ProblemCode): unknown {
  if (schema === undefined) return given;
  const parsed = schema.safeParse(given, { reportInput: false });
  if (parsed.success) return parsed.data;
  throw new ApiProblem(code, { errors: fieldProblems(parsed.error) });
}

function bodyOf(request: FastifyRequest, one: ApiRoute): unknown {
  const { body, streams, checksBodyItself } = one;
  const type = mediaTypeOf(request.headers['content-type']);
  if (streams !== undefined) {
    if (Object.hasOwn(streams, type)) return request.body;
    throw new ApiProblem('unsupported-media-type', { detail: `Send ${Object.keys(streams).join(' or ')}.` });
  }
  if (body === undefined) return undefined;
  if (type !== 'application/json') {
    throw new ApiProblem('unsupported-media-type', { detail: 'Send application/json.' });
  }
  const value = parsedJson((request.body as Buffer | undefined)?.toString('utf8') ?? '');
  if (value === undefined) throw new ApiProblem('not-json');
  if (checksBodyItself === true) return value;
  const parsed = body.safeParse(value, { reportInput: false });
  if (parsed.success) return parsed.data;
  throw new ApiProblem('invalid-request', { errors: fieldProblems(parsed.error) });
}

/** Names of fields that we do not know are not repeated: they may be anything. */
function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.map((issue) => ({
    field: issue.path.join('.') || 'body',
    problem: issue.code === 'unrecognized_keys' ? 'has a field that does not belong here' : issue.message,
  }));
}

/** The answer to whatever was thrown. */
export function answerProblem(error: unknown, call: Parameters<typeof toldProblem>[1]): FastifyReply {
  const { code, parts } = toldProblem(error, call);
  const { request, reply } = call;
  if (code === 'not-authenticated') reply.header('www-authenticate', REALM);
  return reply
    .code(problems[code].status)
    .type('application/problem+json; charset=utf-8')
    .send(problemDocument(code, parts, request.id));
}
