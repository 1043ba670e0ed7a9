/** The connections of the fault suite: what is sent arrives as it was, whenever it is let through, and breaks when it is cut. */
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { startTcpProxy, type TcpProxy } from '../../chaos/tcp-proxy';
import { closed } from '../support/closed-socket';

let echo: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];
beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startTcpProxy(() => ({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port }));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  echo.close();
});

async function connected(): Promise<{ readonly socket: Socket; readonly received: () => string }> {
  const socket = createConnection({ host: '127.0.0.1', port: proxy.port });
  sockets.push(socket);
  let received = '';
  socket.on('error', () => undefined).on('data', (data) => (received += data.toString()));
  await once(socket, 'connect');
  return { socket, received: () => received };
}

async function expectEchoed(connection: Awaited<ReturnType<typeof connected>>, text: string): Promise<void> {
  while (connection.received() !== text) await once(connection.socket, 'data');
}

it('carries what is sent, in order, also while it is slowed', async () => {
  const connection = await connected();
  proxy.disturb({ delayMs: 5, bytesPerSecond: 1_000_000 });
  const text = Array.from({ length: 500 }, (_, index) => `${index} `).join('');
  connection.socket.write(text);
  await expectEchoed(connection, text);
});

it('lets nothing pass while it is stalled, and everything afterwards', async () => {
  const connection = await connected();
  proxy.disturb({ stalled: true });
  connection.socket.write('late');
  await pause(200);
  expect(connection.received()).toBe('');
  proxy.disturb({});
  await expectEchoed(connection, 'late');
});

it('breaks the connections there are, and lets new ones through', async () => {
  const connection = await connected();
  connection.socket.write('before');
  await expectEchoed(connection, 'before');
  const isClosed = closed(connection.socket);
  proxy.cut();
  await isClosed;
  const another = await connected();
  another.socket.write('after');
  await expectEchoed(another, 'after');
});

it('refuses new connections while it is told to', async () => {
  proxy.disturb({ refused: true });
  const refused = createConnection({ host: '127.0.0.1', port: proxy.port });
  await closed(refused);
  proxy.disturb({});
  const another = await connected();
  another.socket.write('again');
  await expectEchoed(another, 'again');
});
