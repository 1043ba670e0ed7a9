import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import getPort from 'get-port';

// Below the ephemeral ranges of Linux (32768 on) and macOS (49152 on): an outgoing connection of anyone must not take
// a port in the moment a killed server is being restarted on it.
const LOWEST = 15_000;
const HIGHEST = 32_000;

/**
 * Free loopback ports, drawn at random so that processes that start together rarely draw the same, and all different
 * since get-port keeps what it gave away locked. Another process can still be faster: the caller tries again.
 */
export async function freePorts(count: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: count }, () =>
      getPort({ host: '127.0.0.1', port: Array.from({ length: 20 }, () => randomInt(LOWEST, HIGHEST)) }),
    ),
  );
}

export async function areFree(ports: readonly number[]): Promise<boolean> {
  return (await Promise.all(ports.map(isFree))).every(Boolean);
}

/** Not get-port: it keeps refusing, for half a minute, a port it gave to this process before. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
