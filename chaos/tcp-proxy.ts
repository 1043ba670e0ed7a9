/** A connection that can be cut, refused, delayed, slowed and stalled: a TCP proxy on loopback. */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { once } from 'node:events';

export interface Disturbance {
  /** Of each piece of data, in both directions. */
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
  /** Nothing passes, and nobody is told. */
  readonly stalled?: boolean;
  /** New connections are closed at once. */
  readonly refused?: boolean;
}

export interface TcpProxy {
  readonly port: number;
  /** Holds for the connections there are, and for new ones, until it is changed again. */
  disturb(disturbance: Disturbance): void;
  /** Breaks every connection there is. */
  cut(): void;
  close(): Promise<void>;
}

const STALL_LOOK_MS = 50;

export async function startTcpProxy(target: () => { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  let current: Disturbance = {};
  const open = new Set<Socket>();
  const forget = (socket: Socket): void => {
    open.delete(socket);
  };
  const server = createServer((near) => {
    if (current.refused === true) {
      near.resetAndDestroy();
      return;
    }
    const far = createConnection(target());
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.once('close', () => forget(socket));
    }
    // What breaks on one side breaks on the other: that is all that a proxy can tell.
    near.on('error', () => far.destroy()).once('close', () => far.destroy());
    far.on('error', () => near.destroy()).once('close', () => near.destroy());
    void carry(near, far, () => current);
    void carry(far, near, () => current);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    disturb: (disturbance) => {
      current = disturbance;
    },
    cut: () => {
      for (const socket of open) socket.destroy();
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One piece after the other, so that none overtakes another. */
async function carry(from: Socket, to: Socket, disturbance: () => Disturbance): Promise<void> {
  try {
    for await (const piece of from as AsyncIterable<Buffer>) {
      const { delayMs = 0, bytesPerSecond } = disturbance();
      const slowedMs = bytesPerSecond === undefined ? 0 : (piece.length / bytesPerSecond) * 1000;
      if (delayMs + slowedMs > 0) await pause(delayMs + slowedMs);
      while (disturbance().stalled === true && !to.destroyed) await pause(STALL_LOOK_MS);
      if (to.destroyed) return;
      if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
    }
    to.end();
  } catch {
    // The connection broke, which both of its ends have noticed.
    to.destroy();
  }
}
