/** The server on PostgreSQL. A machine without the packages cannot have it, and passes over these tests. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { startEngine, type Engine } from '../../../local/engine/engine';
import { startPostgres, type Postgres } from '../../../local/engine/postgres';
import { withoutTemporalSettings } from '../../../local/engine/supervised-process';
import { isRunning, until } from './processes';

const env = withoutTemporalSettings({ ...process.env, ERASURE_ENGINE: undefined });
const onMachinesWithIt = existsSync('/usr/lib/postgresql') ? describe : describe.skip;

onMachinesWithIt('the engine on PostgreSQL', () => {
  let postgres: Postgres;
  let engine: Engine;

  async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const connection = await Connection.connect(engine.connectionOptions);
    try {
      return await use(new Client({ connection, namespace: engine.namespace }));
    } finally {
      await connection.close();
    }
  }
  const start = (workflowId: string) =>
    withClient((client) => client.workflow.start('nobody', { workflowId, taskQueue: 'nobody' }));
  const statusOf = (workflowId: string) =>
    withClient(async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);

  beforeAll(async () => {
    postgres = await startPostgres({ env });
    engine = await startEngine({ namespace: 'postgres-test', env, postgres: { server: postgres, shards: 4 } });
  });
  afterAll(async () => {
    await engine?.stop();
    await postgres?.stop();
  });

  it('keeps its state there when the server is killed, and goes on after PostgreSQL was', async () => {
    await start('before');
    await engine.kill();
    await engine.restart();
    expect(await statusOf('before')).toBe('RUNNING');

    await postgres.kill();
    expect(postgres.pid).toBeUndefined();
    await postgres.restart();
    // Until the server has found its way back, it takes its own namespace for unknown (measured).
    let found: string | undefined;
    for (let tries = 0; found === undefined && tries < 100; tries += 1) {
      found = await statusOf('before').catch(() => pause(200));
    }
    expect(found).toBe('RUNNING');
    await start('after');
    expect(await statusOf('after')).toBe('RUNNING');
  });

  it('is stopped to its end also by a process that nothing else keeps alive', async () => {
    const script = `
      const { startPostgres } = require(process.argv[1]);
      (async () => {
        const postgres = await startPostgres();
        await postgres.stop();
        console.log('stopped');
      })();`;
    const module = join(process.env['TEST_PROGRAMS'] ?? '', 'local', 'engine', 'postgres.js');
    expect((await promisify(execFile)(process.execPath, ['-e', script, module], { env })).stdout).toBe('stopped\n');
  });

  it('makes databases for others', async () => {
    await postgres.createDatabase('another');
    await expect(postgres.createDatabase('another')).rejects.toThrow('already exists');
  });

  it('leaves nothing running', async () => {
    const { pid } = postgres;
    await engine.stop();
    await postgres.stop();
    expect(pid).toBeDefined();
    await until(() => !isRunning(pid!));
    await postgres.stop();
  });
});
