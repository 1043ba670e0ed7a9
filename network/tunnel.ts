/** Connections through the company's proxy by CONNECT: it learns host and port, and carries TLS that it cannot read. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, isIPv6, type Socket } from 'node:net';
import { ATTEMPT_MS_MAX } from './attempts';
import type { Proxy, Target } from './proxy';

/** Within the time-out of every call that goes through it, so that this is what is told. */
const ANSWER_MS_MAX = 8_000;

/** The proxy made no connection, so that nothing of ours has reached anybody. The message is a whole sentence. */
export class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure';
  readonly code: 'PROXY_REFUSED' | 'PROXY_UNREACHABLE';

  constructor(code: ProxyFailure['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A connection to `target` in which nothing was sent yet. Throws `ProxyFailure`. */
export function openTunnel(proxy: Proxy, target: Target, answerMsMax = ANSWER_MS_MAX): Promise<Socket> {
  const { isEncrypted, host, port, credentials } = proxy;
  const authority = `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`;
  return new Promise((resolve, reject) => {
    const request = (isEncrypted ? httpsRequest : httpRequest)({
      host,
      port,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(credentials && { 'proxy-authorization': basic(credentials) }) },
      agent: new (isEncrypted ? HttpsAgent : HttpAgent)({ autoSelectFamilyAttemptTimeout: ATTEMPT_MS_MAX }),
      // Or it would be the name in the header, which is the target's.
      ...(isEncrypted && { servername: isIP(host) === 0 ? host : '' }),
    });
    const timer = setTimeout(() => {
      fail(unreachable(`within ${answerMsMax / 1_000} s`));
      request.destroy();
    }, answerMsMax);
    const fail = (failure: ProxyFailure): void => {
      clearTimeout(timer);
      reject(failure);
    };
    request.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        fail(refused(statusCode));
        return;
      }
      clearTimeout(timer);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    // Its message may hold the proxy's address; its code does not.
    request.once('error', ({ code }: NodeJS.ErrnoException) => fail(unreachable(`(${code ?? 'no word why'})`)));
    request.end();
  });
}

function refused(status: number): ProxyFailure {
  const why = status === 407 ? ', since it wants other credentials: check ERASURE_PROXY_URL' : '';
  return new ProxyFailure('PROXY_REFUSED', `The proxy refused the connection with HTTP ${status}${why}.`);
}

function unreachable(how: string): ProxyFailure {
  return new ProxyFailure('PROXY_UNREACHABLE', `The proxy (ERASURE_PROXY_URL) did not answer ${how}.`);
}

function basic({ username, password }: NonNullable<Proxy['credentials']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
