/** The HTTP door of the gateway: what may come in, how large, how slowly, and what is said about it. */
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { SECOND_MS } from '../domain/duration';
import { addHealthRoutes, doorOptions, endConnectionsOnClose } from '../network/http-door';
import type { CapabilityChecker } from '../security/callback-capability';
import { answer, isErrorStatus } from './http-answers';
import { createCallbackVerifier, type TokenDemand } from './callback-verifier';
import { addCallbackRoute } from './callback-route';
import type { CallbackDelivery } from './callback-delivery';
import type { GatewayMetrics } from './metrics';
import { createInvalidLimit } from './invalid-limit';
import { addTokenRoute, type TokenRouteOptions } from './token-route';
import { failureCode } from '../temporal/temporal-failure';

const BODY_BYTES_MAX = 64 * 1_024;
const REQUEST_MS_MAX = 10 * SECOND_MS;

export interface GatewayOptions {
  readonly checker: CapabilityChecker;
  /** Callbacks also carry a token that their sender has fetched here. */
  readonly token?: (TokenDemand & Pick<TokenRouteOptions, 'issuer' | 'isCaller'>) | undefined;
  readonly delivery: CallbackDelivery;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  readonly invalidPerMinute: number;
  /** Whether Temporal answers. */
  readonly isReady: () => Promise<boolean>;
  /** Epoch ms. */
  readonly now?: () => number;
}

/** The server, not listening yet. */
export function createGateway(options: GatewayOptions): FastifyInstance {
  const app = fastify({
    ...doorOptions({ bodyBytesMax: BODY_BYTES_MAX, requestMsMax: REQUEST_MS_MAX }),
    // A URL that cannot be decoded, or whose parts are too long.
    frameworkErrors: (_error, _request, reply) => void answer(reply as FastifyReply, 404),
  });

  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: unknown }).statusCode;
    if (isErrorStatus(status) && status < 500) return answer(reply, status);
    if (typeof status === 'number' && status >= 400 && status < 500) return answer(reply, 400);
    options.logger.error({ reason: failureCode(error) }, 'A request failed inside the gateway');
    return answer(reply, 500);
  });
  app.addHook('onRequest', async (request, reply) => (request.is404 ? answer(reply, 404) : undefined));
  endConnectionsOnClose(app);

  app.setNotFoundHandler((_request, reply) => answer(reply, 404));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.register(rateLimit, { global: false });
  app.register(async (routes) => {
    const { checker, token, delivery, metrics, logger, now = Date.now } = options;
    const common = { metrics, logger, now, countInvalid: createInvalidLimit(routes, options.invalidPerMinute) };
    addCallbackRoute(routes, { ...common, delivery, verify: createCallbackVerifier({ checker, token }) });
    if (token !== undefined) addTokenRoute(routes, { ...common, ...token });
    addHealthRoutes(routes, options.isReady);
  });
  return app;
}
