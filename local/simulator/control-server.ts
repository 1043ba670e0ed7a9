import fastify, { type FastifyInstance } from 'fastify';
import type { Operations } from './control';

/** `POST /control/<operation>` with a JSON object; every answer is `{ result }`, every failure `{ error }`. */
export function controlServer(operations: Operations, addresses: () => object): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });

  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 400;
    return reply.code(status).send({ error: error instanceof Error ? error.message : String(error) });
  });
  app.get('/control/addresses', () => ({ result: addresses() }));
  app.get('/control/time', async () => ({ result: await operations['time']?.({}) }));
  app.get('/control/calls', async ({ query }) => ({ result: await operations['calls']?.({ ...(query as object) }) }));
  for (const [name, operation] of Object.entries(operations)) {
    app.post(`/control/${name}`, async ({ body }) => ({ result: (await operation(body ?? {})) ?? null }));
  }
  return app;
}
