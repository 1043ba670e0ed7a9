/** `erasure sweep` and a worker as they are installed: two processes, a Schedule of Temporal, and what they say. */
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createSocket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findingKinds } from '../../domain/sweep/finding';
import type { SweepSummary } from '../../domain/sweep/sweep-result';
import { initKeys } from '../../security/key-files';
import { CompiledCli, type Running } from '../cli/compiled-cli';
import { eventually } from '../support/workflow-bench';
import { SweepBench } from './sweep-bench';
import { SWEEP_SCHEDULE_ID } from '../../temporal/names';

const cli = new CompiledCli();
let bench: SweepBench;
let keysDirectory: string;
let worker: Running | undefined;
let receiver: Server;
let hits = 0;

beforeAll(async () => {
  bench = await SweepBench.open();
  keysDirectory = join(await mkdtemp(join(tmpdir(), 'erasure-sweep-')), 'keys');
  await initKeys({ directory: keysDirectory, environment: 'test', now: Date.now() });
  receiver = createServer((_request, response) => {
    hits += 1;
    response.writeHead(hits === 1 ? 503 : 204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  worker?.child.kill('SIGTERM');
  await worker?.ended;
  await new Promise((resolve) => receiver.close(resolve));
  await bench.close();
  await rm(join(keysDirectory, '..'), { recursive: true, force: true });
});

const environment = () => ({ TEMPORAL_ADDRESS: bench.address, TEMPORAL_NAMESPACE: bench.namespace });
const sweep = (...args: string[]) => cli.run(['sweep', ...args], { environment: environment() });

describe('erasure sweep', () => {
  it('finds nothing where nothing is, and needs no worker to say so', async () => {
    expect(await sweep()).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('none of them is silent'),
    });
  });

  it('names what it finds, one on a line, with exit code 11', async () => {
    const handle = await bench.start();
    await handle.terminate('by mistake');
    const requestId = handle.workflowId.slice('erasure-'.length);
    const shown = await eventually(async () => {
      const ended = await sweep();
      return ended.code === 11 ? ended : undefined;
    });
    expect(shown.stdout).toBe(`no-certificate   ${requestId}  terminated\n`);
    expect(shown.stderr).toContain('1 no-certificate: find out what the providers took on');
    const json = JSON.parse((await sweep('--json')).stdout) as SweepSummary;
    expect(json.findings).toMatchObject([{ kind: 'no-certificate', requestId, detail: 'terminated' }]);
    expect(Object.keys(json.counts)).toEqual([...findingKinds]);
  });

  it.each([
    [['--install', '--status'], 'choose one of them'],
    [['--every', '1h'], 'goes with --install only'],
    [['--install', '--every', '1m'], 'at least 15 min'],
    [['--install', '--every', 'often'], 'such as 90m, 12h or 3d'],
    [['--looks', '0'], '--looks: expected'],
  ])('refuses %j', async (args, message) => {
    expect(await sweep(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('installs its Schedule, changes it when installed again, and takes it away', async () => {
    expect(await sweep('--status')).toMatchObject({ code: 11, stdout: expect.stringContaining('No sweep runs') });
    expect(await sweep('--install')).toMatchObject({ code: 0, stdout: expect.stringContaining('created') });
    expect(await sweep('--install', '--every', '30m')).toMatchObject({ stdout: expect.stringContaining('updated') });
    const status = JSON.parse((await sweep('--status', '--json')).stdout) as object;
    expect(status).toMatchObject({ installed: true, everyMs: 30 * 60_000, isPaused: false, isRunning: false });
    const { policies, action } = await bench.client.schedule.getHandle(SWEEP_SCHEDULE_ID).describe();
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 30 * 60_000 });
    expect(action).toMatchObject({ workflowType: 'erasureSweep', taskQueue: 'erasure' });
    await bench.client.schedule.getHandle(SWEEP_SCHEDULE_ID).pause('planned work');
    expect(await sweep('--status')).toMatchObject({ code: 11, stdout: expect.stringContaining('PAUSED') });
    await sweep('--install', '--every', '1h');
    expect(await sweep('--status')).toMatchObject({ code: 11, stdout: expect.stringContaining('PAUSED') });
    expect(await sweep('--uninstall')).toMatchObject({ code: 0, stdout: expect.stringContaining('gone') });
    expect(await sweep('--uninstall')).toMatchObject({ code: 0, stdout: expect.stringContaining('was no Schedule') });
  });
});

describe('a worker that is asked by the Schedule', () => {
  it('tells what it found in its log and its metrics, also while the webhook fails', async () => {
    const metricsPort = await freePort();
    worker = cli.start(['worker'], {
      environment: {
        ...environment(),
        ERASURE_KEYS_DIR: keysDirectory,
        ERASURE_PROVIDERS: 'aptrinsic',
        APTRINSIC_BASE_URL: 'http://127.0.0.1:9',
        APTRINSIC_API_KEY: 'unused',
        METRICS_ADDRESS: `127.0.0.1:${metricsPort}`,
        ERASURE_SWEEP_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        ERASURE_SWEEP_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
      },
    });
    const running = worker;
    await eventually(() => (running.stderr().includes('The worker serves') ? true : undefined), 30_000);
    await sweep('--install');
    await bench.client.schedule.getHandle(SWEEP_SCHEDULE_ID).trigger();
    const metrics = await eventually(async () => {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      return text.includes('erasure_findings') && hits > 0 ? text : undefined;
    }, 30_000);
    expect(metrics).toMatch(/^erasure_findings\{[^}]*kind="no-certificate"[^}]*\} 1$/m);
    expect(metrics).toMatch(/^erasure_findings\{[^}]*kind="overdue"[^}]*\} 0$/m);
    const lines = running
      .stderr()
      .split('\n')
      .filter((line) => line.includes('"finding"'));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { finding: 'no-certificate', detail: 'terminated' },
    ]);
    expect(running.stderr()).toContain('The sweep is over');
    expect(running.stderr()).not.toContain('whsec_');
    await eventually(() => (hits > 1 ? true : undefined), 20_000);
    await sweep('--uninstall');
  });

  async function freePort(): Promise<number> {
    const socket = createSocket().listen(0, '127.0.0.1');
    await new Promise((resolve) => socket.once('listening', resolve));
    const { port } = socket.address() as AddressInfo;
    await new Promise((resolve) => socket.close(resolve));
    return port;
  }
});
