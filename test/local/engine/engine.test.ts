import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { type Engine, startEngine } from '../../../local/engine/engine';
import { withoutTemporalSettings } from '../../../local/engine/supervised-process';
import { compiledEngine, isRunning, until } from './processes';

const DAY_MS = 24 * 60 * 60 * 1000;

/** These tests are about a server of their own, also where the other tests are pointed at one that runs already. */
const env = withoutTemporalSettings({ ...process.env, ERASURE_ENGINE: undefined }) as NodeJS.ProcessEnv;

let directory: string;
let emptyPath: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'engine-test-'));
  emptyPath = path.join(directory, 'empty');
  mkdirSync(emptyPath);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A directory for PATH with one shell script in it. */
function fakeCommand(name: string, script: string): string {
  const folder = mkdtempSync(path.join(directory, 'path-'));
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return folder;
}

/** Nothing in the cache, nothing on PATH, and a proxy that nobody listens on instead of the internet. */
function bareEnvironment(PATH: string) {
  const unreachable = 'http://127.0.0.1:1';
  return {
    PATH,
    XDG_CACHE_HOME: mkdtempSync(path.join(directory, 'cache-')),
    HTTPS_PROXY: unreachable,
    https_proxy: unreachable,
  };
}

describe('startEngine', () => {
  let engine: Engine;
  let databaseFile: string;
  const lines: string[] = [];

  async function withClient<T>(use: (client: Client, connection: Connection) => Promise<T>): Promise<T> {
    const connection = await Connection.connect(engine.connectionOptions);
    try {
      return await use(new Client({ connection, namespace: engine.namespace }), connection);
    } finally {
      await connection.close();
    }
  }
  const start = (workflowId: string) =>
    withClient((client) => client.workflow.start('nobody', { workflowId, taskQueue: 'nobody' }));
  const statusOf = (workflowId: string) =>
    withClient(async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);

  beforeAll(async () => {
    databaseFile = path.join(directory, 'data', 'temporal.db');
    engine = await startEngine({ namespace: 'engine-test', env, databaseFile, report: (line) => lines.push(line) });
  });
  afterAll(() => engine.stop());

  it('starts a server with the namespace registered and says which way it took', async () => {
    expect(engine.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(isRunning(engine.pid!)).toBe(true);
    expect(lines.at(-1)).toContain(`ready at ${engine.address}, namespace engine-test`);

    const { config } = await withClient((_, connection) =>
      connection.workflowService.describeNamespace({ namespace: 'engine-test' }),
    );
    expect(optionalTsToMs(config?.workflowExecutionRetentionTtl)).toBe(90 * DAY_MS);
  });

  it('keeps its data and its address across a kill and a restart', async () => {
    await start('survivor');
    const { address, pid } = engine;
    await engine.kill();
    expect(isRunning(pid!)).toBe(false);
    expect(engine.pid).toBeUndefined();

    await engine.restart();
    expect(engine.address).toBe(address);
    expect(engine.pid).not.toBe(pid);
    expect(await statusOf('survivor')).toBe('RUNNING');
  });

  it('is used through TEMPORAL_ADDRESS without starting or stopping anything', async () => {
    const byAddress = { TEMPORAL_ADDRESS: engine.address };
    const given = await startEngine({ namespace: 'engine-test', env: byAddress });
    expect(given).toMatchObject({ way: 'address', address: engine.address, namespace: 'engine-test', pid: undefined });
    await given.stop();
    expect(isRunning(engine.pid!)).toBe(true);

    await expect(startEngine({ namespace: 'never-made', env: byAddress })).rejects.toThrow(
      'has no namespace "never-made"',
    );
  });

  it('refuses a database that another engine serves', async () => {
    const second = startEngine({ namespace: 'engine-test', env, databaseFile });
    await expect(second).rejects.toThrow(`${databaseFile} is in use by process ${process.pid}`);
  });

  it('leaves nothing running after a stop, and starts again on what it left', async () => {
    const { pid } = engine;
    await engine.stop();
    expect(isRunning(pid!)).toBe(false);
    await engine.stop();
    await expect(engine.restart()).rejects.toThrow('was stopped');
    expect(existsSync(databaseFile)).toBe(true);

    engine = await startEngine({ namespace: 'engine-test', env, databaseFile });
    expect(await statusOf('survivor')).toBe('RUNNING');
  });

  it('dies with a parent that is killed, and what was temporary goes with it', async () => {
    const temporary = mkdtempSync(path.join(directory, 'tmp-'));
    const compiled = compiledEngine();
    const parent = `
      require(${JSON.stringify(path.join(compiled, 'engine.js'))})
        .startEngine({ namespace: 'orphan' })
        .then((engine) => {
          require('node:fs').writeSync(1, String(engine.pid));
          process.kill(process.pid, 'SIGKILL');
        });`;
    const { stdout, stderr, signal } = spawnSync(process.execPath, ['-e', parent], {
      env: { ...env, TMPDIR: temporary },
      encoding: 'utf8',
    });
    expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(1);
    await until(() => !isRunning(pid) && readdirSync(temporary).length === 0);
  });

  it('removes its own directory when it stops', async () => {
    const temporary = await startEngine({ namespace: 'temporary', env });
    const folder = path.dirname(temporary.logFile!);
    expect(existsSync(folder)).toBe(true);
    await temporary.stop();
    expect(existsSync(folder)).toBe(false);
  });

  it('refuses a port that somebody listens on', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await expect(startEngine({ namespace: 'x', env, ports: { frontend: port } })).rejects.toThrow(
      `port ${port} is in use`,
    );
    other.close();
  });
});

describe('the way to an engine', () => {
  it('must be one it knows', async () => {
    await expect(startEngine({ namespace: 'x', env: { ERASURE_ENGINE: 'docker' } })).rejects.toThrow(
      'ERASURE_ENGINE must be one of address, cli, download, source, not "docker"',
    );
  });

  it('by address needs an address, and somebody there', async () => {
    await expect(startEngine({ namespace: 'x', env: { ERASURE_ENGINE: 'address' } })).rejects.toThrow(
      'needs TEMPORAL_ADDRESS',
    );
    await expect(startEngine({ namespace: 'x', env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } })).rejects.toThrow(
      'the Temporal server at 127.0.0.1:1 (TEMPORAL_ADDRESS) does not answer',
    );
  });

  it('names every way it tried when there is none', async () => {
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    const failure = startEngine({ namespace: 'x', env: bareEnvironment(emptyPath), report });
    const { message } = await failure.then(
      () => new Error('started'),
      (error: Error) => error,
    );
    expect(message).toContain('a server built earlier: none in the cache');
    expect(message).toContain('a CLI downloaded earlier: none in the cache');
    expect(message).toContain('the Temporal CLI on PATH: no `temporal` on PATH');
    expect(message).toMatch(/downloading the Temporal CLI: .*temporal\.download/);
    expect(message).toContain('building the Temporal server from source: no `go` on PATH');
    expect(message).toContain('Install the Temporal CLI');
    expect(lines).toContainEqual(expect.stringMatching(/^downloading the Temporal CLI/));
  });

  it('tries only the one that is forced', async () => {
    const env = bareEnvironment(emptyPath);
    const failure = startEngine({ namespace: 'x', env, way: 'cli' });
    await expect(failure).rejects.toThrow('the way "cli" that was asked for');
    await expect(failure).rejects.not.toThrow('source');
  });

  it('passes over a CLI that is too old to skip time', async () => {
    const PATH = fakeCommand('temporal', 'echo "temporal version 1.8.4 (Server 1.31.0, UI 2.50.0)"');
    const failure = startEngine({ namespace: 'x', env: bareEnvironment(PATH), way: 'cli' });
    await expect(failure).rejects.toThrow('`temporal` on PATH is 1.8.4, and version 1.9 or newer is needed');
  });

  it('runs the CLI as a persistent dev server, and shows its log when it does not start', async () => {
    const PATH = fakeCommand(
      'temporal',
      'if [ "$1" = --version ]; then echo "temporal version 1.9.1"; exit; fi; echo "got: $*"; exit 3',
    );
    const logFile = path.join(directory, 'cli.log');
    const database = path.join(directory, 'cli.db');
    const failure = startEngine({
      namespace: 'x',
      env: { ...bareEnvironment(PATH), TEMPORAL_NAMESPACE: 'not-for-the-server' },
      databaseFile: database,
      logFile,
      ports: { ui: 28_233 },
    });
    await expect(failure).rejects.toThrow(`did not start: it ended. Its log is ${logFile}`);
    const log = readFileSync(logFile, 'utf8');
    expect(log).toMatch(/^got: server start-dev --ip 127\.0\.0\.1 --port \d+ --db-filename /);
    expect(log).toContain(`--db-filename ${database}`);
    expect(log).toContain('--ui-port 28233');
    expect(log).toContain('--dynamic-config-value frontend.WorkflowTimeSkippingEnabled=true');
    expect(log).toContain('--dynamic-config-value history.timerProcessorMaxTimeShift="10ms"');
    expect(existsSync(`${database}.lock`)).toBe(false);
  });
});
