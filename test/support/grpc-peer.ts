/** Who may stand where Temporal should: each answers one kind of nonsense, or refuses. */
import {
  createServer as createHttp2,
  createSecureServer,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';

export interface Peer {
  readonly port: number;
  readonly close: () => void;
}

async function listening(server: Server): Promise<Peer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** `undefined`: each call is taken and never answered. */
export function startGrpcPeer(headers: OutgoingHttpHeaders | undefined, tls?: TlsOptions): Promise<Peer> {
  const server = tls === undefined ? createHttp2() : createSecureServer(tls);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    if (headers !== undefined) stream.respond(headers, { endStream: true });
  });
  server.on('sessionError', () => undefined);
  return listening(server as unknown as Server);
}

export function startTcpPeer(serve: (socket: Socket) => void): Promise<Peer> {
  return listening(createTcp(serve));
}

/** Ends TLS and passes on what is in it. */
export function startTlsPeer(options: TlsOptions, serve: (socket: Socket) => void): Promise<Peer> {
  const server = createTls({ ALPNProtocols: ['h2'], ...options }, serve);
  server.on('tlsClientError', () => undefined);
  return listening(server);
}
