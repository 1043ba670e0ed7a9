/** A tiny HTTP server that answers as a test says and keeps what it was sent, and the search for leaks in failures. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { ProviderFailure } from '../../../activities/providers/provider';

export interface Received {
  readonly method: string;
  /** As it stood on the wire. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Anything but a string is sent as JSON, and labelled so unless the headers say otherwise. */
  readonly body?: unknown;
}

type Script = (request: Received, response: ServerResponse) => Reply | 'handled' | Promise<Reply | 'handled'>;

export interface BareProvider {
  readonly baseUrl: string;
  readonly host: string;
  readonly requests: Received[];
  /** `METHOD /path` of each call. */
  readonly calls: () => string[];
}

const servers: Server[] = [];

/** Every server of the running test is closed by it. */
export async function closeBareProviders(): Promise<void> {
  await Promise.all(
    servers.splice(0).map((server) => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    }),
  );
}

export async function startBareProvider(script: Script): Promise<BareProvider> {
  const requests: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      void Promise.resolve(script(request, response)).then((reply) => {
        if (reply === 'handled') return;
        const { status, headers: replyHeaders = {}, body } = reply;
        const isJson = body !== undefined && typeof body !== 'string';
        response.writeHead(status, { ...(isJson && { 'content-type': 'application/json' }), ...replyHeaders });
        response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    baseUrl: `http://${host}`,
    requests,
    calls: () => requests.map(({ method, path }) => `${method} ${path}`),
  };
}

export async function failureFrom(promise: Promise<unknown>): Promise<ProviderFailure> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (failure: unknown) => failure,
  );
  if (!(error instanceof ProviderFailure)) throw error;
  return error;
}

/** Nothing that a log, a history or a cause could print of this failure shows one of these, in any spelling. */
export function expectNoneOf(secrets: readonly string[], failure: Error): void {
  const shown = [
    failure.message,
    failure.stack ?? '',
    JSON.stringify(failure, Object.getOwnPropertyNames(failure)),
    inspect(failure, { depth: 20, showHidden: true }),
    inspect(failure.cause, { depth: 20, showHidden: true }),
  ]
    .join('\n')
    .toLowerCase();
  const spellings = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]);
  expect(spellings.filter((spelling) => shown.includes(spelling.toLowerCase()))).toEqual([]);
}
