/** Serves the metrics on an address of their own, which is not for the network that callbacks come from. */
import fastify, { type FastifyInstance } from 'fastify';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { SECOND_MS } from '../domain/duration';

const REQUEST_MS_MAX = 10 * SECOND_MS;

/** The server, not listening yet. Adds those of the process (CPU, memory, event loop) to `registry`. */
export function createMetricsServer(registry: Registry): FastifyInstance {
  collectDefaultMetrics({ register: registry });
  const app = fastify({ logger: false, bodyLimit: 1, requestTimeout: REQUEST_MS_MAX, forceCloseConnections: true });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return app;
}

/** `127.0.0.1:9465` or `[::1]:9465`, as the settings have it. */
export function listenOptions(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
