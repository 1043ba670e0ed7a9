/** What is said where Temporal should be and is not: the same for both of its clients, with the address that was tried. */
import { Connection } from '@temporalio/client';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { readTemporalConfig } from '../../config/temporal-config';
import { createAuthority, type Authority, type Pem } from '../support/certificates';
import { startForwardProxy } from '../support/forward-proxy';
import { startGrpcPeer, startTcpPeer, startTlsPeer, type Peer } from '../support/grpc-peer';
import { clientOptions, nativeOptions } from '../../temporal/connection';
import { explainConnectionFailure } from '../../temporal/connection-problem';

const CONNECT_MS_MAX = 1_000;
const LOOK_MS_MAX = 1_000;
const silent = () => undefined;

let authority: Authority;
let temporal: Pem;
let other: Pem;
let peer: Peer | undefined;
beforeAll(() => {
  Runtime.install({ logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent } });
  authority = createAuthority();
  temporal = authority.issue('temporal', ['DNS:localhost', 'IP:127.0.0.1']);
  other = authority.issue('other', ['DNS:other.example']);
});
afterAll(() => authority.remove());
afterEach(() => {
  peer?.close();
  peer = undefined;
});

type Settings = Readonly<Record<string, string>>;

async function failureOf(connecting: Promise<{ close(): Promise<void> }>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error('too late')), CONNECT_MS_MAX * 2);
  });
  const connected = connecting.then(
    async (connection) => {
      await connection.close();
      throw new Error('It did connect');
    },
    (error: unknown) => error,
  );
  return Promise.race([connected, tooLate]).finally(() => clearTimeout(timer));
}

/** What is said after each of the clients has failed. */
async function saidOf(settings: Settings): Promise<readonly string[]> {
  const config = readTemporalConfig({ HOME: '/nonexistent', ...settings });
  const clients = [
    () => Connection.connect({ ...clientOptions(config), connectTimeout: CONNECT_MS_MAX }),
    () => NativeConnection.connect(nativeOptions(config)),
  ];
  const said: string[] = [];
  for (const connect of clients) {
    const message = await explainConnectionFailure(config, await failureOf(connect()), LOOK_MS_MAX);
    said.push(message);
  }
  return said;
}

async function expectSaid(settings: Settings, sentence: string): Promise<void> {
  expect(await saidOf(settings)).toEqual([sentence, sentence]);
}

const at = (address: string, what: string): string =>
  `Temporal could not be reached at ${address} (TEMPORAL_ADDRESS): ${what}.`;

describe('Temporal away', () => {
  it('is a refused connection', async () => {
    peer = await startTcpPeer(() => undefined);
    const address = `127.0.0.1:${peer.port}`;
    peer.close();
    await expectSaid({ TEMPORAL_ADDRESS: address }, at(address, 'nobody listens there (ECONNREFUSED)'));
  });

  it('is an unknown name', async () => {
    const address = 'no-such-host.invalid:7233';
    const [one, two] = await saidOf({ TEMPORAL_ADDRESS: address });
    expect(two).toBe(one);
    expect([
      at(address, 'its name is not known (ENOTFOUND)'),
      at(address, 'no name server answers (EAI_AGAIN)'),
    ]).toContain(one);
  });

  it('is an IPv6 address at which nobody listens', async () => {
    const [one, two] = await saidOf({ TEMPORAL_ADDRESS: '[::1]:9' });
    expect(two).toBe(one);
    expect(one).toMatch(/^Temporal could not be reached at \[::1\]:9 \(TEMPORAL_ADDRESS\): (nobody|there is no way)/);
  });

  it('is somebody who takes the connection and says nothing', async () => {
    peer = await startTcpPeer(() => undefined);
    const address = `127.0.0.1:${peer.port}`;
    await expectSaid({ TEMPORAL_ADDRESS: address }, at(address, 'it fell silent (ETIMEDOUT)'));
  });

  it('is a web server', async () => {
    peer = await startTcpPeer((socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
    });
    const said = await saidOf({ TEMPORAL_ADDRESS: `127.0.0.1:${peer.port}` });
    for (const one of said)
      expect(one).toMatch(/: what answers there is not Temporal, or wants TLS \(\w+\): check TEMPORAL_TLS\.$/);
  });

  it.each([401, 403, 502])('is a load balancer that answers %i', async (status) => {
    peer = await startGrpcPeer({ ':status': status });
    const address = `127.0.0.1:${peer.port}`;
    const [js, native] = await saidOf({ TEMPORAL_ADDRESS: address });
    expect(native).toBe(at(address, `something else answers there (HTTP ${status})`));
    // The other client tries a 502 again until its time is over, and tells nothing of it.
    expect(js).toBe(status === 502 ? at(address, 'it takes connections, and did not answer in time') : native);
  });

  it('is somebody who never answers a call', async () => {
    peer = await startGrpcPeer(undefined);
    const address = `127.0.0.1:${peer.port}`;
    await expectSaid({ TEMPORAL_ADDRESS: address }, at(address, 'it takes connections, and did not answer in time'));
  });

  it.each([7, 16])('is a refusal of our credentials (%i), of which nothing is repeated', async (code) => {
    peer = await startGrpcPeer({
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': String(code),
      'grpc-message': 'planted',
    });
    const address = `127.0.0.1:${peer.port}`;
    await expectSaid(
      { TEMPORAL_ADDRESS: address },
      `Temporal at ${address} refused our credentials. Check TEMPORAL_API_KEY, or the client certificate (TEMPORAL_TLS_…), and TEMPORAL_NAMESPACE.`,
    );
  });

  it('is not said to be at an address that nobody has set', async () => {
    const config = readTemporalConfig({ HOME: '/nonexistent' });
    const message = await explainConnectionFailure(config, new Error('too late'));
    expect(message).toMatch(
      /^Temporal could not be reached at localhost:7233, where it is looked for as TEMPORAL_ADDRESS is not set: /,
    );
  });
});

describe('Temporal behind TLS', () => {
  const serve = (socket: { destroy(): void }) => void setTimeout(() => socket.destroy(), 100);

  it.each([
    ['without TLS', {}, /: what answers there is not Temporal, or wants TLS \(\w+\): check TEMPORAL_TLS\.$/],
    [
      'without its CA',
      { TEMPORAL_TLS: 'true' },
      /: nobody that we trust has signed its certificate \(\w+\): set TEMPORAL_TLS_SERVER_CA_CERT_PATH\.$/,
    ],
  ])('is told where it is asked %s', async (_how, settings, sentence) => {
    peer = await startTlsPeer({ cert: temporal.cert, key: temporal.key }, serve);
    for (const said of await saidOf({ TEMPORAL_ADDRESS: `localhost:${peer.port}`, ...settings })) {
      expect(said).toMatch(sentence);
    }
  });

  it('is told where its certificate is for another name', async () => {
    peer = await startTlsPeer({ cert: other.cert, key: other.key }, serve);
    const address = `localhost:${peer.port}`;
    await expectSaid(
      { TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.caFile },
      at(address, 'its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID): set TEMPORAL_TLS_SERVER_NAME'),
    );
  });

  it('is told where it wants a client certificate', async () => {
    const tls = {
      cert: temporal.cert,
      key: temporal.key,
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: true,
    };
    peer = await startGrpcPeer(undefined, tls);
    const said = await saidOf({
      TEMPORAL_ADDRESS: `localhost:${peer.port}`,
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.caFile,
    });
    for (const one of said) expect(one).toMatch(/: it ended TLS \(\w+\): perhaps it wants a client certificate/);
  });

  it('is told where it speaks none', async () => {
    peer = await startTcpPeer((socket) => socket.end('no TLS'));
    for (const said of await saidOf({ TEMPORAL_ADDRESS: `localhost:${peer.port}`, TEMPORAL_API_KEY: 'key' })) {
      expect(said).toMatch(/: it does not speak TLS \(\w+\): check TEMPORAL_TLS, and whether a key switches it on\.$/);
    }
  });
});

describe('Temporal beyond the proxy', () => {
  const refusedBy = { 'content-type': 'application/grpc', ':status': 200, 'grpc-status': '16' };

  it('is reached by both clients with TLS from end to end, the company CA and a password for the proxy', async () => {
    const far = authority.issue('far', ['DNS:temporal.example']);
    peer = await startGrpcPeer(refusedBy, { cert: far.cert, key: far.key });
    const proxy = await startForwardProxy({ leadsTo: { host: '127.0.0.1', port: peer.port } });
    const settings = {
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_API_KEY: 'planted-key',
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.caFile,
      ERASURE_PROXY_URL: proxy.url.replace('//', '//user:pass@'),
      ERASURE_PROXY_TEMPORAL: 'true',
    };
    try {
      // An answer, if a refusal: both have spoken to it.
      for (const said of await saidOf(settings)) {
        expect(said).toMatch(/^Temporal at temporal\.example:7233 refused our credentials/);
      }
      expect([...new Set(proxy.asked)]).toEqual(['temporal.example:7233']);
      expect([...new Set(proxy.authorizations)]).toEqual([`Basic ${Buffer.from('user:pass').toString('base64')}`]);
      expect(proxy.asked.length).toBeGreaterThanOrEqual(2);
      expect(proxy.carried()).not.toContain('planted-key');
    } finally {
      await proxy.close();
    }
  });

  it('is not reached where the proxy refuses', async () => {
    const proxy = await startForwardProxy({ answer: 403 });
    const address = 'temporal.example:7233';
    await expectSaid(
      { TEMPORAL_ADDRESS: address, ERASURE_PROXY_URL: proxy.url, ERASURE_PROXY_TEMPORAL: 'true' },
      at(address, 'the proxy refused the connection with HTTP 403'),
    ).finally(() => void proxy.close());
  });

  it('is reached by no proxy that is meant for others', async () => {
    const proxy = await startForwardProxy({ answer: 403 });
    const names = ['http_proxy', 'https_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
    const before = { ...process.env };
    for (const name of names) process.env[name] = proxy.url;
    try {
      const address = '127.0.0.1:9';
      const said = at(address, 'nobody listens there (ECONNREFUSED)');
      await expectSaid({ TEMPORAL_ADDRESS: address, ERASURE_PROXY_URL: proxy.url }, said);
      expect(proxy.asked).toEqual([]);
    } finally {
      process.env = before;
      await proxy.close();
    }
  });
});
