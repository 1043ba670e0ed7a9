/** The HTTP door of the gateway: what may come in, how large, how slowly, and what is said about it. */
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { SECOND_MS } from '../domain/duration';
import type { CapabilityChecker } from '../security/callback-capability';
import { answer, isErrorStatus } from './http-answers';
import { createCallbackVerifier, type TokenDemand } from './callback-verifier';
import { addCallbackRoute } from './callback-route';
import type { CallbackDelivery } from './callback-delivery';
import { addDecisionTokenRoute, type DecisionTokenRouteOptions } from './decision-token-route';
import type { GatewayMetrics } from './metrics';
import { createInvalidLimit } from './invalid-limit';
import { addTokenRoute, type TokenRouteOptions } from './token-route';
import { failureCode } from '../temporal/temporal-failure';

const BODY_BYTES_MAX = 64 * 1_024;
const HEADER_BYTES_MAX = 8 * 1_024;
const PARAMETER_LENGTH_MAX = 64;
const HEADERS_MS_MAX = 5 * SECOND_MS;
const REQUEST_MS_MAX = 10 * SECOND_MS;
const SILENCE_MS_MAX = 30 * SECOND_MS;
/** Longer than the usual 60 s of a load balancer: whoever closes first loses the request that is on its way. */
const KEEP_ALIVE_MS = 72 * SECOND_MS;

export interface GatewayOptions {
  readonly checker: CapabilityChecker;
  /** Callbacks also carry a token that their sender has fetched here. */
  readonly token?: (TokenDemand & Pick<TokenRouteOptions, 'issuer' | 'isCaller'>) | undefined;
  /** Staff members who are logged in get their decisions signed here. */
  readonly staff?: Pick<DecisionTokenRouteOptions, 'issuer' | 'identify'> | undefined;
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
    // Its own log lines hold URLs and errors hold input; ours are written where the facts are known.
    logger: false,
    trustProxy: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    connectionTimeout: SILENCE_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_MS_MAX,
      connectionsCheckingInterval: SECOND_MS,
    },
    clientErrorHandler: endConnection,
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
  // Or a connection that was busy when we began to close would be kept for its next request, and hold us up.
  let isClosing = false;
  app.addHook('preClose', async () => void (isClosing = true));
  app.addHook('onSend', async (_request, reply) => void (isClosing && reply.header('connection', 'close')));

  app.setNotFoundHandler((_request, reply) => answer(reply, 404));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.register(rateLimit, { global: false });
  app.register(async (routes) => {
    const { checker, token, staff, delivery, metrics, logger, now = Date.now } = options;
    const common = { metrics, logger, now, countInvalid: createInvalidLimit(routes, options.invalidPerMinute) };
    addCallbackRoute(routes, { ...common, delivery, verify: createCallbackVerifier({ checker, token }) });
    if (token !== undefined) addTokenRoute(routes, { ...common, ...token });
    if (staff !== undefined) addDecisionTokenRoute(routes, { ...common, ...staff });
    routes.get('/healthz', async () => ({ status: 'alive' }));
    routes.get('/readyz', async (_request, reply) =>
      (await options.isReady()) ? { status: 'ready' } : reply.code(503).send({ status: 'not ready' }),
    );
  });
  return app;
}

/** For what is no request at all, or does not become one in time. The error is not logged: it holds the raw bytes. */
function endConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const status = statusOfBadRequest[error.code ?? ''] ?? '400 Bad Request';
    socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }
  socket.destroySoon();
}

const statusOfBadRequest: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};
