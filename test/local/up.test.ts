/** `npm run up` and `npm run forward` as a user has them: compiled, as processes, on real ports. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ErasureClient } from '../../client';
import { areFree, freePorts } from '../../local/engine/ports';
import { connectControl } from '../../local/simulator/control-client';
import type { SimulatorControl } from '../../local/simulator/control';
import { isRunning } from './engine/processes';

const program = (name: string): string => path.join(process.env['TEST_PROGRAMS'] ?? '', `${name}.js`);
const portOptions = [
  'temporal',
  'ui',
  'gateway',
  'measureone',
  'person',
  'aptrinsic',
  'control',
  'server',
  'login',
  'webhooks',
] as const;
const READY_MS_MAX = 45_000;

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  readonly output: () => string;
}

function start(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const own = Object.entries(process.env).filter(([key]) => !/^(TEMPORAL|ERASURE|TEST)_/.test(key));
  const child = spawn(process.execPath, [program(name), ...args], {
    env: { ...(Object.fromEntries(own) as Record<string, string>), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended, output: () => stdout + stderr };
}

const run = (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  start(name, args, env).ended;

let directory: string;
let ports: number[];
let running: Run | undefined;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'up test-'));
  ports = await freePorts(portOptions.length);
});
afterAll(async () => {
  running?.child.kill('SIGKILL');
  await running?.ended;
  await until(() => areFree(ports));
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

const withPorts = (): string[] => portOptions.flatMap((name, index) => [`--${name}-port`, String(ports[index])]);

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it never came to be');
    await pause(50);
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

async function up(args: readonly string[] = []): Promise<Run> {
  running = start('local/up', ['--directory', directory, ...args]);
  const { child, output } = running;
  const deadline = Date.now() + READY_MS_MAX;
  while (!output().includes('Ctrl-C ends it')) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`It did not come up:\n${output()}`);
    await pause(50);
  }
  return running;
}

/** What the shell makes of `set -a; . local.env`. */
function settings(): Record<string, string> {
  const script = `set -a; . '${directory}/local.env'; env`;
  const lines = execFileSync('sh', ['-c', script], { env: {}, encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  return Object.fromEntries(pairs.filter(([name]) => !['PWD', 'OLDPWD', '_', 'SHLVL'].includes(name)));
}

/** The process and everything it has started, supervisors and what they watch over included. */
function family(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const members = [pid];
  for (const member of members)
    members.push(...table.filter(([, parent]) => parent === member).map(([child]) => child));
  return members;
}

function request() {
  return JSON.parse(readFileSync(path.join(directory, 'request.json'), 'utf8')) as {
    requestId: string;
    subject: {
      measureone: { individualId: string };
      person: { personId: string };
      aptrinsic: { identifyId: string };
    };
  };
}

async function records({ subject }: ReturnType<typeof request>): Promise<unknown[]> {
  const control: SimulatorControl = await connectControl(settings()['ERASURE_SIMULATOR_URL'] ?? '');
  return Promise.all([
    control.record('measureone', subject.measureone.individualId),
    control.record('person', subject.person.personId),
    control.record('aptrinsic', subject.aptrinsic.identifyId),
  ]);
}

const forward = (id: string, hours: number, env: Readonly<Record<string, string>> = {}) =>
  run('local/forward', [id, '--hours', String(hours), '--directory', directory], env);

describe('npm run up', () => {
  it('says which port is in use, who needs it and how to choose another one', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(ports[2], '127.0.0.1', resolve));
    const { code, stderr } = await run('local/up', ['--directory', directory, ...withPorts()]);
    await new Promise((resolve) => blocker.close(resolve));
    expect(stderr).toBe(
      `Port ${ports[2]} is in use, and the gateway needs it: end what listens there, or choose another one with --gateway-port.\n`,
    );
    expect(code).toBe(1);
  });

  it('refuses one port for two, and what is no port', async () => {
    const twice = await run('local/up', ['--directory', directory, '--ui-port', '9000', '--gateway-port', '9000']);
    expect(twice.stderr).toMatch(/^Port 9000 is wanted twice: by the Temporal UI \(--ui-port\) and by the gateway/);
    const none = await run('local/up', ['--directory', directory, '--ui-port', '80']);
    expect(none.stderr).toContain('Expected a port from 1024 to 65535');
    expect([twice.code, none.code]).toEqual([1, 1]);
  });

  it('runs a request through its windows, across a hard kill, and leaves nothing behind', async () => {
    const first = await up(withPorts());
    const sample = request();
    const id = sample.requestId;
    expect(first.output()).toContain(`--hours 170`);
    const hasUi = !first.output().includes('There will be no Temporal UI');
    expect(await answers(`http://127.0.0.1:${ports[1]}/`)).toBe(hasUi);
    const console = await fetch(`http://127.0.0.1:${ports[7]}/`, { redirect: 'manual' });
    expect([console.status, console.headers.get('location')]).toEqual([303, '/login?returnTo=%2F']);
    const second = await run('local/up', ['--directory', directory]);
    expect(second.stderr).toMatch(/^It runs already on .* \(process \d+ on .*\)\. End that one with Ctrl-C first/);
    expect(second.code).toBe(1);

    const env = settings();
    const webhookUrl = `http://127.0.0.1:${ports[9]}/messages`;
    const file = path.join(directory, 'request.json');
    writeFileSync(file, JSON.stringify({ ...sample, webhookUrl }));
    const submitted = await run('cli/main', ['submit', file], env);
    expect(submitted).toMatchObject({ code: 0 });
    const messages = async () => (await (await fetch(webhookUrl)).json()) as { data: { requestId: string } }[];
    await until(async () => (await messages()).some(({ data }) => data.requestId === id));
    const forged = await fetch(webhookUrl, { method: 'POST', body: '{"data":{}}' });
    expect(forged.status).toBe(401);
    const moved = await forward(id, 30);
    expect(moved).toMatchObject({ code: 0, stderr: '' });
    const dates = [...moved.stdout.matchAll(/^Request at (.*) UTC, simulated providers at (.*) UTC$/gm)];
    expect(dates).toHaveLength(2);
    for (const side of [1, 2]) {
      const [before, after] = dates.map((date) => Date.parse(`${date[side]}Z`));
      expect((after ?? 0) - (before ?? 0)).toBeGreaterThanOrEqual(30 * 3_600_000 - 60_000);
      expect((after ?? 0) - (before ?? 0)).toBeLessThanOrEqual(30 * 3_600_000 + 120_000);
    }
    expect(moved.stdout.match(/waits out its window/g)).toHaveLength(6);

    const before = await records(sample);
    const keys = readFileSync(path.join(directory, 'keys', 'client.json'), 'utf8');
    const members = family(first.child.pid ?? 0);
    // Supervisor and process each: Temporal, gateway, simulator, worker; and perhaps the UI.
    expect(members.length).toBeGreaterThanOrEqual(9);
    first.child.kill('SIGKILL');
    await first.ended;
    await until(() => members.every((pid) => !isRunning(pid)));

    // On the ports it was given before.
    const again = await up();
    expect(settings()).toEqual(env);
    expect(await records(sample)).toEqual(before);
    expect(readFileSync(path.join(directory, 'keys', 'client.json'), 'utf8')).toBe(keys);
    expect(request().requestId).not.toBe(id);

    const last = await forward(`erasure-${id}`, 140, env);
    expect(last).toMatchObject({ code: 0, stderr: '' });
    expect(last.stdout).toContain('MeasureOne: erased (confirmed)\n');
    expect(last.stdout).toContain('Every provider has settled (completed), and its certificate is there');
    expect(last.stdout).toContain('To do: tell the person the outcome');
    const client = await ErasureClient.connect({ environment: env });
    const reason = { code: 'person-told', ticket: 'PRIV-1' };
    // By the clock of the request, which was moved ahead.
    const { legs } = await client.progress(id);
    const at =
      legs
        .map(({ settledAt = '' }) => settledAt)
        .toSorted()
        .at(-1) ?? '';
    const told = { notice: 'outcome', at, channel: 'email', reference: 'MSG-1' } as const;
    await client.decide('notice', id, { actor: 'staff-7', reason, ...told });
    expect((await client.result(id, { timeoutMs: 10_000 })).outcome).toBe('completed');
    await client.close();
    expect((await run('cli/main', ['status', id], env)).code).toBe(0);
    expect(await records(sample)).toMatchObject([{ exists: false }, { exists: false }, { exists: false }]);

    const refusals = await Promise.all([
      forward(id, 1),
      forward('11111111-2222-4333-8444-555555555555', 1),
      forward(id, 1, { TEMPORAL_ADDRESS: 'temporal.example.com:7233' }),
      forward(id, 1, { TEMPORAL_ADDRESS: '127.0.0.1:1' }),
      run('local/forward', [id, '--hours', '-3', '--directory', directory]),
    ]);
    expect(refusals.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(/has ended \(completed\): there is nothing left to move/),
      'The local stack has no such request.\n',
      expect.stringMatching(/^TEMPORAL_ADDRESS is temporal\.example\.com:7233, which is not this machine/),
      expect.stringMatching(/^TEMPORAL_ADDRESS is 127\.0\.0\.1:1, but the local stack on .* has its Temporal at/),
      expect.stringMatching(/Expected a number of hours/),
    ]);
    expect(refusals.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1]);

    const ours = family(again.child.pid ?? 0);
    again.child.kill('SIGINT');
    // As npm does.
    again.child.kill('SIGINT');
    const ended = await again.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ours.filter(isRunning)).toEqual([]);
    expect(await areFree(ports)).toBe(true);
    const tooLate = await forward(id, 1);
    expect(tooLate.stderr).toBe(`No local stack runs on ${directory}. Start it with: npm run up\n`);
  });
});
