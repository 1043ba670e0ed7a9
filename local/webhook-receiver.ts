/** What `npm run up` has for whoever is told of changes: takes messages, checks their signatures, and shows the last ones. */
import fastify from 'fastify';
import { Webhook } from 'standardwebhooks';

/** Always the same, as a message of before a restart may still be tried. Known to everybody: for this machine only. */
const secret = `whsec_${Buffer.from('of the local stack, and no secret').toString('base64')}`;
const SHOWN_MAX = 100;
const BODY_BYTES_MAX = 65_536;

export interface LocalReceiver {
  /** To be named as a request's `webhookUrl`; in a browser it shows what came. */
  readonly url: string;
  /** What workers and server have to be told. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startLocalReceiver({ port }: { readonly port: number }): Promise<LocalReceiver> {
  const webhook = new Webhook(secret);
  /** The newest first. */
  const received: unknown[] = [];
  const app = fastify({ logger: false, bodyLimit: BODY_BYTES_MAX });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  // A page from elsewhere whose name was made to lead here would have another host.
  app.addHook('onRequest', async (request, reply) =>
    request.headers.host === `127.0.0.1:${port}` ? undefined : reply.code(403).send('For this machine only.'),
  );
  app.post('/messages', async (request, reply) => {
    let message: unknown;
    try {
      message = webhook.verify(String(request.body), request.headers as Record<string, string>);
    } catch {
      return reply.code(401).send('Its signature does not hold.\n');
    }
    received.unshift(message);
    received.splice(SHOWN_MAX);
    return reply.code(204).send();
  });
  app.get('/messages', async (_request, reply) =>
    reply
      .type('application/json')
      .header('cache-control', 'no-store')
      .send(JSON.stringify(received, null, 2)),
  );
  await app.listen({ host: '127.0.0.1', port });
  return {
    url: `http://127.0.0.1:${port}/messages`,
    settings: { ERASURE_WEBHOOK_PRIVATE_HOSTS: `127.0.0.1:${port}`, ERASURE_WEBHOOK_SECRET: secret },
    close: () => app.close(),
  };
}
