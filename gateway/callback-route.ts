import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { CallbackSubject, CheckedSubject } from '../security/callback-capability';
import { answer, answerLater, answerTooMany, type ErrorStatus } from './http-answers';
import { readCallbackBody, type CallbackBody } from './callback-body';
import type { CallbackVerifier } from './callback-verifier';
import type { CallbackContent, CallbackDelivery, Delivery } from './callback-delivery';
import type { CallbackResult } from './metrics';
import type { RouteContext } from './route-context';

const RETRY_AFTER_S = 30;
const path = '/callbacks/:provider/:handle';
interface Path {
  Params: { readonly provider: string; readonly handle: string };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom a callback is about, once it has proved itself. */
    callbackSubject: CheckedSubject | undefined;
    callbackContentType: string | undefined;
    /** What became of a callback, for the metrics. */
    callbackResult: CallbackResult | undefined;
  }
}

export interface CallbackRouteOptions extends RouteContext {
  readonly verify: CallbackVerifier;
  readonly delivery: CallbackDelivery;
}

export function addCallbackRoute(app: FastifyInstance, options: CallbackRouteOptions): void {
  const { verify, delivery, now, countInvalid, metrics, logger } = options;

  app.decorateRequest('callbackSubject', undefined);
  app.decorateRequest('callbackContentType', undefined);
  app.decorateRequest('callbackResult', undefined);
  // Before its body is read: a stranger's is never looked at.
  app.post<Path>(path, { onRequest: authenticate, onResponse: measure }, receive);

  async function authenticate(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const { provider, handle } = request.params;
    const verified = await verify({ provider, handle, headers: request.headers, now: now() });
    switch (verified.verdict) {
      case 'proven':
        request.callbackSubject = verified.subject;
        request.callbackContentType = request.headers['content-type'];
        // Or a body with a content type that is none would be refused before it is read.
        request.raw.headers['content-type'] = 'application/octet-stream';
        if (verified.tokenProblem !== undefined) {
          metrics.callbackWithoutToken(verified.tokenProblem);
          about(verified.subject).warn({ reason: verified.tokenProblem }, 'A callback without a true token was let in');
        }
        return undefined;
      case 'no-token':
        request.callbackResult = 'no-token';
        metrics.callbackWithoutToken(verified.tokenProblem);
        about(verified.subject).error({ reason: verified.tokenProblem }, 'A callback without a true token was refused');
        return answer(reply, 401);
      case 'not-proven':
        return refuse(request, reply);
    }
  }

  async function refuse(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply> {
    const retryAfterS = await countInvalid(request);
    request.callbackResult = retryAfterS === undefined ? 'not-proven' : 'too-many';
    if (retryAfterS !== undefined) return answerTooMany(reply, retryAfterS);
    logger.warn('A callback that does not prove itself was refused');
    return answer(reply, 404);
  }

  async function receive(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply> {
    const subject = request.callbackSubject;
    if (subject === undefined) throw new TypeError('A callback is received only once it has proved itself');
    const { requestId, runId, provider, handle } = subject;

    const body = await readCallbackBody(
      {
        bytes: request.body as Buffer | undefined,
        contentType: request.callbackContentType,
        contentEncoding: request.headers['content-encoding'],
      },
      subject,
    );
    const content = contentOf(body);
    const log = 'says' in content ? about(subject).child(content) : about(subject);
    const delivered = await delivery.deliver({ requestId, runId, provider, handle, ...content, receivedAt: now() });
    const kept = answerToBody[body.verdict];
    request.callbackResult = delivered.outcome === 'delivered' ? kept.result : resultOf[delivered.outcome];
    switch (delivered.outcome) {
      case 'delivered':
        if ('says' in content) log.warn('A callback that confirms nothing was delivered to its request');
        else log.info('A callback was delivered to its request');
        return accept(reply, kept.status);
      case 'already-over':
        // A 2xx all the same: to send it again would change nothing.
        log.warn({ requestId }, 'A callback came after its request was over: nobody keeps it but this log');
        return accept(reply, kept.status);
      case 'unknown':
        log.warn('A callback came for a request that does not exist here');
        return answer(reply, 404);
      case 'run-full':
        log.error(
          { requestId, reason: delivered.reason },
          'A callback could not be delivered: the run takes no more signals and updates. Somebody may have used them up',
        );
        return answerLater(reply, RETRY_AFTER_S);
      case 'temporal-away':
        log.error({ reason: delivered.reason }, 'A callback could not be delivered: no durable answer from Temporal');
        return answerLater(reply, RETRY_AFTER_S);
    }
  }

  async function measure(request: FastifyRequest<Path>, reply: FastifyReply): Promise<void> {
    metrics.callback(request.callbackResult ?? 'failed');
    metrics.handled('callback', reply.elapsedTime);
  }

  function about({ provider, handle }: CallbackSubject): Logger {
    return logger.child({ provider, handle });
  }
}

/** What is passed on of a body: the event that confirms, or a code. */
function contentOf(body: CallbackBody): CallbackContent {
  if (body.verdict === 'confirms') return { event: body.event };
  return { says: body.verdict === 'reports' ? body.says : 'unreadable' };
}

function accept(reply: FastifyReply, status: 204 | ErrorStatus): FastifyReply {
  return status === 204 ? reply.code(204).send() : answer(reply, status);
}

/** Once it is kept: what could not be read is refused, so that its sender can do better. */
const answerToBody = {
  confirms: { status: 204, result: 'accepted' },
  reports: { status: 204, result: 'reported' },
  unreadable: { status: 400, result: 'unreadable' },
  'unknown-encoding': { status: 415, result: 'unreadable' },
  'too-large': { status: 413, result: 'unreadable' },
} as const satisfies Readonly<
  Record<CallbackBody['verdict'], { readonly status: 204 | ErrorStatus; readonly result: CallbackResult }>
>;

const resultOf = {
  'already-over': 'already-over',
  unknown: 'unknown-request',
  'temporal-away': 'temporal-away',
  'run-full': 'run-full',
} as const satisfies Readonly<Record<Exclude<Delivery['outcome'], 'delivered'>, CallbackResult>>;
