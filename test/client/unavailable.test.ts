import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { ErasureClient, NoWorkerError, TemporalUnavailableError } from '../../client';
import { ConfigurationError } from '../../config/environment';
import { KeyFileError } from '../../security/key-file-error';
import { ownNamespace } from '../support/test-namespace';
import { submission, temporalEnvironment, temporaryKeys, terminateAll, type TemporaryKeys } from './client-fixture';

const decision = { provider: 'person', actor: 'staff-17', reason: { code: 'no-answer', ticket: 'PRIV-1' } } as const;
const callTimeoutMs = 1_500;

/** Stands between a client and Temporal, and can be cut. */
class Cable {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async lay(): Promise<Cable> {
    const [host = '', port = ''] = (process.env['TEST_TEMPORAL_ADDRESS'] ?? '').split(':');
    const server = createServer((near) => {
      const far = connect(Number(port), host);
      for (const socket of [near, far]) {
        cable.#sockets.add(socket);
        socket.on('error', () => undefined);
      }
      near.pipe(far).pipe(near);
    });
    const cable = new Cable(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return cable;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

let keys: TemporaryKeys;
beforeAll(async () => {
  keys = await temporaryKeys();
});
afterAll(() => keys.remove());

describe('ErasureClient without Temporal', () => {
  it('says that Temporal cannot be reached when it connects', async () => {
    const cable = await Cable.lay();
    const environment = temporalEnvironment(cable.address);
    await cable.cut();
    await expect(ErasureClient.connect({ environment, callTimeoutMs })).rejects.toBeInstanceOf(
      TemporalUnavailableError,
    );
  });

  it('says so for every call when it goes away later, and what is unsure', async () => {
    const cable = await Cable.lay();
    const client = await ErasureClient.connect({
      environment: temporalEnvironment(cable.address),
      keysDirectory: keys.directory,
      callTimeoutMs,
    });
    await cable.cut();
    const requestId = randomUUID();
    const calls = [
      client.get(requestId),
      client.progress(requestId),
      client.result(requestId, { timeoutMs: 500 }),
      client.decide('waive', requestId, decision),
    ];
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: 'rejected', reason: { name: 'TemporalUnavailableError' } });
    }
    await expect(client.submit(submission({ requestId }))).rejects.toThrow(
      `Request ${requestId} may have been started or not; submitting it again with this id is safe.`,
    );
    await client.close();
  });

  it('names an unknown namespace as such', async () => {
    const client = await ErasureClient.connect({
      environment: { ...temporalEnvironment(), TEMPORAL_NAMESPACE: 'nowhere' },
      callTimeoutMs,
    });
    await expect(client.get(randomUUID())).rejects.toThrow(/TEMPORAL_NAMESPACE/);
    await client.close();
  });

  it('lists wrong settings by name', async () => {
    const environment = {
      ...temporalEnvironment(),
      TEMPORAL_CONFIG_FILE: '/nowhere/at-all.toml',
      TEMPORAL_PROFILE: 'x',
    };
    await expect(ErasureClient.connect({ environment })).rejects.toBeInstanceOf(ConfigurationError);
  });

  it('reads its keys at the first submission only', async () => {
    const client = await ErasureClient.connect({ environment: temporalEnvironment(), keysDirectory: '/nowhere' });
    await expect(client.get(randomUUID())).rejects.toMatchObject({ name: 'RequestNotFoundError' });
    await expect(client.submit(submission())).rejects.toBeInstanceOf(KeyFileError);
    await client.close();
  });
});

describe('ErasureClient without a worker', () => {
  it('tells Temporal being away from nobody answering', async () => {
    const client = await ErasureClient.connect({
      environment: temporalEnvironment(),
      keysDirectory: keys.directory,
      callTimeoutMs,
    });
    const { requestId } = await client.submit(submission());
    try {
      await expect(client.progress(requestId)).rejects.toBeInstanceOf(NoWorkerError);
      await expect(client.decide('waive', requestId, decision)).rejects.toThrow(/The decision may still be taken/);
      const found = await client.get(requestId);
      expect(found.status).toBe('running');
      expect(found).not.toHaveProperty('progress');
    } finally {
      const connection = await Connection.connect({ address: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' });
      await terminateAll(new Client({ connection, namespace: ownNamespace }), [requestId]);
      await connection.close();
      await client.close();
    }
  });
});
