/** Waits for the end of a connection. */
import type { Socket } from 'node:net';

/**
 * Resolves once the connection is over, whether its other end took leave of it or reset it: what was still on its way
 * when it ended decides between the two. `events.once` would reject at a reset.
 */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
