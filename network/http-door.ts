/** How an HTTP server of ours meets whoever connects: how much, how slowly, and what is no request at all. */
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, FastifyInstance } from 'fastify';
import { SECOND_MS } from '../domain/duration';

const HEADER_BYTES_MAX = 8 * 1_024;
const PARAMETER_LENGTH_MAX = 64;
const HEADERS_MS_MAX = 5 * SECOND_MS;
const SILENCE_MS_MAX = 30 * SECOND_MS;
/** Longer than the usual 60 s of a load balancer: whoever closes first loses the request that is on its way. */
const KEEP_ALIVE_MS = 72 * SECOND_MS;

export interface DoorLimits {
  /** Of a body that is read whole. */
  readonly bodyBytesMax: number;
  /** Until a request has come in whole. */
  readonly requestMsMax: number;
  readonly headerBytesMax?: number;
}

/** Options of fastify. Its own log lines hold URLs and errors hold input; ours are written where the facts are known. */
export function doorOptions({ bodyBytesMax, requestMsMax, headerBytesMax = HEADER_BYTES_MAX }: DoorLimits) {
  return {
    logger: false,
    trustProxy: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    connectionTimeout: SILENCE_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    http: {
      maxHeaderSize: headerBytesMax,
      headersTimeout: HEADERS_MS_MAX,
      connectionsCheckingInterval: SECOND_MS,
    },
    clientErrorHandler: endConnection,
  } satisfies FastifyHttpOptions<Server>;
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

/**
 * Ends the connection of whoever takes longer than `bodyMsMax` to send a body, also one that was answered without being read.
 * Bodies that are read as they come in, by `isStreamed`, have that time from their answer on.
 */
export function endSlowBodies(
  { server }: FastifyInstance,
  {
    bodyMsMax,
    isStreamed,
  }: { readonly bodyMsMax: number; readonly isStreamed: (headers: IncomingHttpHeaders) => boolean },
): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // A request that was given up by its reader has no socket any more.
    const { headers, socket } = request;
    if ((headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined) return;
    const limit = (): void => {
      const timer = setTimeout(() => {
        if (response.writableEnded) socket.destroy();
        else endConnection(Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
      }, bodyMsMax);
      timer.unref();
      request.once('end', () => clearTimeout(timer));
    };
    if (isStreamed(headers)) response.once('finish', () => void (request.complete || limit()));
    else limit();
  });
}

/** Or a connection that was busy when we began to close would be kept for its next request, and hold us up. */
export function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => void (isClosing = true));
  app.addHook('onSend', async (_request, reply) => void (isClosing && reply.header('connection', 'close')));
}

/** Whether the process lives, and whether Temporal answers it. */
export function addHealthRoutes(routes: FastifyInstance, isReady: () => Promise<boolean>): void {
  routes.get('/healthz', async () => ({ status: 'alive' }));
  routes.get('/readyz', async (_request, reply) =>
    (await isReady()) ? { status: 'ready' } : reply.code(503).send({ status: 'not ready' }),
  );
}
