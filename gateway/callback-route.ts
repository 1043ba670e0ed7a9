import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { CallbackSubject } from '../security/callback-capability';
import { answer, answerTooMany } from './http-answers';
import { readCallbackBody, type CallbackBody } from './callback-body';
import type { CallbackVerifier } from './callback-proof';
import type { CallbackContent, Confirmer, Delivery } from './confirmer';
import type { CallbackResult, GatewayMetrics } from './metrics';
import type { StrangerCount } from './strangers';

const RETRY_AFTER_S = 30;
const path = '/callbacks/:provider/:handle';
interface Path {
  Params: { readonly provider: string; readonly handle: string };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom a callback is about, once it has proved itself. */
    callbackSubject: CallbackSubject | undefined;
    callbackContentType: string | undefined;
    /** What became of a callback, for the metrics. */
    callbackResult: CallbackResult | undefined;
  }
}

export interface CallbackRouteOptions {
  readonly verify: CallbackVerifier;
  readonly confirmer: Confirmer;
  readonly now: () => number;
  readonly countStranger: StrangerCount;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
}

export function addCallbackRoute(app: FastifyInstance, options: CallbackRouteOptions): void {
  const { verify, confirmer, now, countStranger, metrics, logger } = options;

  app.decorateRequest('callbackSubject', undefined);
  app.decorateRequest('callbackContentType', undefined);
  app.decorateRequest('callbackResult', undefined);
  // Before its body is read: a stranger's is never looked at.
  app.post<Path>(path, { onRequest: authenticate, onResponse: measure }, receive);

  async function authenticate(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const { provider, handle } = request.params;
    const proof = await verify({ provider, handle, headers: request.headers, now: now() });
    switch (proof.verdict) {
      case 'proven':
        request.callbackSubject = proof.subject;
        request.callbackContentType = request.headers['content-type'];
        // Or a body with a content type that is none would be refused before it is read.
        request.raw.headers['content-type'] = 'application/octet-stream';
        if (proof.tokenProblem !== undefined) {
          metrics.callbackWithoutToken(proof.tokenProblem);
          about(proof.subject).warn({ reason: proof.tokenProblem }, 'A callback without a true token was let in');
        }
        return undefined;
      case 'no-token':
        request.callbackResult = 'no-token';
        metrics.callbackWithoutToken(proof.tokenProblem);
        about(proof.subject).error({ reason: proof.tokenProblem }, 'A callback without a true token was refused');
        return answer(reply, 401);
      case 'not-proven':
        return refuse(request, reply);
    }
  }

  async function refuse(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply> {
    const retryAfterS = await countStranger(request);
    request.callbackResult = retryAfterS === undefined ? 'not-proven' : 'too-many';
    if (retryAfterS !== undefined) return answerTooMany(reply, retryAfterS);
    logger.warn('A callback that does not prove itself was refused');
    return answer(reply, 404);
  }

  async function receive(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply> {
    const subject = request.callbackSubject;
    if (subject === undefined) throw new TypeError('A callback is received only once it has proved itself');
    const { provider, requestId } = subject;

    const body = await readCallbackBody(
      {
        bytes: request.body as Buffer | undefined,
        contentType: request.callbackContentType,
        contentEncoding: request.headers['content-encoding'],
      },
      provider,
    );
    const content = contentOf(body);
    const log = 'says' in content ? about(subject).child(content) : about(subject);
    const delivery = await confirmer.deliver({ ...subject, ...content, receivedAt: now() });
    request.callbackResult = delivery.outcome === 'delivered' ? resultOfBody[body.verdict] : resultOf[delivery.outcome];
    switch (delivery.outcome) {
      case 'delivered':
        if ('says' in content) log.warn('A callback that confirms nothing was delivered to its request');
        else log.info('A callback was delivered to its request');
        return accept(reply, body);
      case 'already-over':
        // A 2xx all the same: to send it again would change nothing.
        log.warn({ requestId }, 'A callback came after its request was over: nobody keeps it but this log');
        return accept(reply, body);
      case 'run-full':
        log.error(
          { requestId, reason: delivery.reason },
          'A callback could not be delivered: the run takes no more signals and updates. Somebody may have used them up',
        );
        return answer(reply.header('retry-after', RETRY_AFTER_S), 503);
      case 'unknown':
        log.warn('A callback came for a request that does not exist here');
        return answer(reply, 404);
      case 'temporal-away':
        log.error({ reason: delivery.reason }, 'A callback could not be delivered: no durable answer from Temporal');
        return answer(reply.header('retry-after', RETRY_AFTER_S), 503);
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
  switch (body.verdict) {
    case 'confirms':
      return { event: body.event };
    case 'reports':
      return { says: body.says };
    case 'unreadable':
    case 'unknown-encoding':
    case 'too-large':
      return { says: 'unreadable' };
  }
}

/** Once it is kept: what could not be read is refused, so that its sender can do better. */
function accept(reply: FastifyReply, { verdict }: CallbackBody): FastifyReply {
  if (verdict === 'unreadable') return answer(reply, 400);
  if (verdict === 'unknown-encoding') return answer(reply, 415);
  return verdict === 'too-large' ? answer(reply, 413) : reply.code(204).send();
}

const resultOfBody: Readonly<Record<CallbackBody['verdict'], CallbackResult>> = {
  confirms: 'accepted',
  reports: 'reported',
  unreadable: 'unreadable',
  'unknown-encoding': 'unreadable',
  'too-large': 'unreadable',
};

const resultOf = {
  'already-over': 'already-over',
  unknown: 'unknown-request',
  'temporal-away': 'temporal-away',
  'run-full': 'run-full',
} as const satisfies Readonly<Record<Exclude<Delivery['outcome'], 'delivered'>, CallbackResult>>;
