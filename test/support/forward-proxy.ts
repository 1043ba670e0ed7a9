/** A forward proxy as companies have it: CONNECT only, and it notes what it was asked for and what it could read. */
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Pem } from './certificates';

export interface ForwardProxy {
  readonly port: number;
  readonly url: string;
  /** `host:port` of each CONNECT. */
  readonly asked: string[];
  /** The `Proxy-Authorization` of each. */
  readonly authorizations: (string | undefined)[];
  /** Requests that were not CONNECT: there must be none. */
  readonly plain: string[];
  /** Everything that went through, in the clear as the proxy sees it. */
  readonly carried: () => string;
  readonly close: () => Promise<void>;
}

export async function startForwardProxy(
  options: {
    /** The status to answer a CONNECT with; `silent` answers nothing. */
    readonly answer?: number | 'silent';
    /** Where a CONNECT leads, whatever it names; to the named place where left out. */
    readonly leadsTo?: { readonly host: string; readonly port: number };
    readonly tls?: Pem;
  } = {},
): Promise<ForwardProxy> {
  const { answer = 200, leadsTo, tls } = options;
  const [asked, authorizations, plain]: [string[], (string | undefined)[], string[]] = [[], [], []];
  const carried: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server: Server = tls === undefined ? createServer() : createTlsServer({ cert: tls.cert, key: tls.key });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on('request', (request, response) => {
    plain.push(`${request.method} ${request.url}`);
    response.writeHead(403).end();
  });
  server.on('connect', (request, near: Socket, head: Buffer) => {
    const { url = '' } = request;
    asked.push(url);
    authorizations.push(request.headers['proxy-authorization']);
    near.on('error', () => undefined);
    if (answer === 'silent') return;
    if (answer !== 200) {
      near.end(`HTTP/1.1 ${answer} No\r\nContent-Type: text/html\r\nContent-Length: 11\r\n\r\n{"id":"no"}`);
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const to = leadsTo ?? { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
    const far = connect(to.port, to.host, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.write(head);
      near.on('data', (chunk: Buffer) => void carried.push(chunk));
      far.on('data', (chunk: Buffer) => void carried.push(chunk));
      near.pipe(far).pipe(near);
    });
    sockets.add(far);
    far.on('error', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked,
    authorizations,
    plain,
    carried: () => Buffer.concat(carried).toString('latin1'),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
