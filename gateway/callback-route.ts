import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { MINUTE_MS } from '../domain/duration';
import { isProvider } from '../domain/provider';
import { CAPABILITY_HEADER, type CallbackSubject, type CapabilityChecker } from '../security/callback-capability';
import { answer } from './answers';
import { readCallbackBody } from './callback-body';
import type { Confirmer } from './confirmer';

const RETRY_AFTER_S = 30;
const path = '/callbacks/:provider/:handle';
interface Path {
  Params: { readonly provider: string; readonly handle: string };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom a callback is about, once it has proved itself. */
    callbackSubject: CallbackSubject | undefined;
  }
}

export interface CallbackRouteOptions {
  readonly checker: CapabilityChecker;
  readonly confirmer: Confirmer;
  readonly logger: Logger;
  readonly invalidPerMinute: number;
}

export function addCallbackRoute(app: FastifyInstance, options: CallbackRouteOptions): void {
  const { checker, confirmer, logger, invalidPerMinute } = options;
  const countInvalid = app.createRateLimit({ max: invalidPerMinute, timeWindow: MINUTE_MS });

  app.decorateRequest('callbackSubject', undefined);
  // Before its body is read: a stranger's is never looked at.
  app.post<Path>(path, { onRequest: authenticate }, receive);

  async function authenticate(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const { provider, handle } = request.params;
    const capability = request.headers[CAPABILITY_HEADER];
    const subject = await checker.check({ handle, capability, now: Date.now() });
    if (subject !== undefined && isProvider(provider) && subject.provider === provider) {
      request.callbackSubject = subject;
      return undefined;
    }
    return refuse(request, reply);
  }

  /** Only what does not prove itself is counted, so nobody can keep out a true callback, not even from the same address. */
  async function refuse(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply> {
    const count = await countInvalid(request);
    if (!count.isAllowed && count.isExceeded) return answer(reply.header('retry-after', count.ttlInSeconds), 429);
    logger.warn('A callback that does not prove itself was refused');
    return answer(reply, 404);
  }

  async function receive(request: FastifyRequest<Path>, reply: FastifyReply): Promise<FastifyReply> {
    const subject = request.callbackSubject;
    if (subject === undefined) throw new TypeError('A callback is received only once it has proved itself');
    const { provider, handle } = subject;
    const log = logger.child({ provider, handle });

    const body = readCallbackBody(request.body as Buffer | undefined, provider);
    if (body.verdict === 'not-json') {
      log.warn('A callback whose body is no JSON was refused');
      return answer(reply, 400);
    }
    if (body.verdict === 'another-event') {
      log.warn('A callback that names another event was refused');
      return answer(reply, 422);
    }

    const { event } = body;
    const delivery = await confirmer.confirm({ ...subject, ...(event === undefined ? {} : { event }) });
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
}
