/** Whether a call can have left this machine at all: a refused connection, an unknown name or a TLS refusal reached nobody. */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';

export interface WatchedTransport {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
  /** False only where it is certain that no byte of the request was handed to a connection that was open. */
  mayHaveLeft(): boolean;
}

/** One for each call: axios makes its request through it. */
export function watchedTransport(): WatchedTransport {
  let mayHaveLeft = false;
  return {
    request(options, onResponse) {
      const { request } = options.protocol === 'https:' ? https : http;
      return request(options, onResponse).once('socket', (socket: Socket & { readonly secureConnecting?: boolean }) => {
        // A connection that was kept alive is open already; what was written to it may have arrived, also if it is reset.
        if (!socket.connecting && socket.secureConnecting !== true) {
          mayHaveLeft = true;
          return;
        }
        // Node holds the request back until then: for TLS, until the certificate was accepted.
        const opened = 'secureConnecting' in socket ? 'secureConnect' : 'connect';
        socket.once(opened, () => (mayHaveLeft = true));
      });
    },
    mayHaveLeft: () => mayHaveLeft,
  };
}
