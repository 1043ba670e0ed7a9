/** The HTTP door of the server, not listening yet. */
import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { addApi, answerProblem, type ApiOptions } from '../api/api';
import { csv, mediaTypeOf, ndjson } from '../api/media-type';
import { ApiProblem } from '../api/problem';
import { addConsole, type ConsoleOptions } from '../console/console';
import { HOUR_MS, MINUTE_MS } from '../domain/duration';
import { addHealthRoutes, doorOptions, endConnectionsOnClose, endSlowBodies } from '../network/http-door';

/** A request file is a few hundred bytes; a batch is read as it comes in, whatever its size. */
const BODY_BYTES_MAX = 64 * 1_024;
/** A large batch takes as long as it takes to file. */
const REQUEST_MS_MAX = HOUR_MS;
/** Until a body has come in that is read whole. */
const BODY_MS_MAX = MINUTE_MS;
/** Identity providers make long tokens. */
const HEADER_BYTES_MAX = 32 * 1_024;

const streamedTypes: readonly string[] = [csv, ndjson, 'multipart/form-data'];

const guardingHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

export interface HttpServerOptions extends ApiOptions {
  /** Whether Temporal answers. */
  readonly isReady: () => Promise<boolean>;
  /** Until a body has come in that is read whole, and until the rest of one has that is not read; a minute where absent. */
  readonly bodyMsMax?: number;
  /** Pages for staff, where there are any. */
  readonly console?: Pick<ConsoleOptions, 'pages' | 'login' | 'sessionKeys' | 'publicUrl'> | undefined;
}

export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { logger, isReady, bodyMsMax = BODY_MS_MAX } = options;
  const app = fastify({
    ...doorOptions({ bodyBytesMax: BODY_BYTES_MAX, requestMsMax: REQUEST_MS_MAX, headerBytesMax: HEADER_BYTES_MAX }),
    // Not what a caller says: it would end up in the log.
    genReqId: () => randomUUID(),
    // A URL that cannot be decoded, or whose parts are too long.
    frameworkErrors: (_error, request, reply) =>
      void answerProblem(new ApiProblem('not-found'), {
        request: request as FastifyRequest,
        reply: reply as FastifyReply,
        logger,
      }),
  });
  app.setErrorHandler((error, request, reply) => answerProblem(error, { request, reply, logger }));
  app.setNotFoundHandler((request, reply) => answerProblem(new ApiProblem('not-found'), { request, reply, logger }));
  endConnectionsOnClose(app);
  endSlowBodies(app, {
    bodyMsMax,
    isStreamed: (headers) => streamedTypes.includes(mediaTypeOf(headers['content-type'])),
  });
  // Nothing is kept by anybody on the way, no script runs on this origin, and no other page shows it in a frame.
  // The console, whose pages are more than that, says so itself.
  app.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(guardingHeaders)) if (!reply.hasHeader(name)) reply.header(name, value);
  });

  app.removeAllContentTypeParsers();
  for (const streamed of [csv, ndjson]) {
    app.addContentTypeParser(streamed, (_request, payload, done) => done(null, payload));
  }
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.register(rateLimit, { global: false });
  app.register(async (routes) => {
    addApi(routes, options);
    addHealthRoutes(routes, isReady);
  });
  const { console: pages } = options;
  if (pages !== undefined) app.register(async (scope) => addConsole(scope, { ...options, ...pages }));
  return app;
}
