import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { CallbackSubject } from '../security/callback-capability';
import { answer, answerTooMany } from './answers';
import { readCallbackBody } from './callback-body';
import type { CallbackVerifier } from './callback-proof';
import type { Confirmer, Delivery } from './confirmer';
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
  app.decorateRequest('callbackResult', undefined);
  // Before its body is read: a stranger's is never looked at.
  app.post<Path>(path, { onRequest: authenticate, onResponse: measure }, receive);

  async function authenticate(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const { provider, handle } = request.params;
    const proof = await verify({ provider, handle, headers: request.headers, now: now() });
    switch (proof.verdict) {
      case 'proven':
        request.callbackSubject = proof.subject;
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
    const { provider } = subject;
    const log = about(subject);

    const body = readCallbackBody(request.body as Buffer | undefined, provider);
    if (body.verdict === 'not-json') {
      request.callbackResult = 'not-json';
      log.warn('A callback whose body is no JSON was refused');
      return answer(reply, 400);
    }
    if (body.verdict === 'another-event') {
      request.callbackResult = 'another-event';
      log.warn('A callback that names another event was refused');
      return answer(reply, 422);
    }

    const { event } = body;
    const delivery = await confirmer.confirm({ ...subject, ...(event === undefined ? {} : { event }) });
    request.callbackResult = resultOf[delivery.outcome];
    switch (delivery.outcome) {
      case 'confirmed':
        log.info('A callback was delivered to its request');
        return reply.code(204).send();
      case 'already-over':
        log.info('A callback came after its request was over');
        return reply.code(204).send();
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

const resultOf: Readonly<Record<Delivery['outcome'], CallbackResult>> = {
  confirmed: 'accepted',
  'already-over': 'already-over',
  unknown: 'unknown-request',
  'temporal-away': 'temporal-away',
};
