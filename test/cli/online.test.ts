import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { certificateOf, eventually, failure, subjectAt, unknown, WorkflowBench } from '../support/workflow-bench';
import {
  planted,
  submission,
  temporalEnvironment,
  temporaryKeys,
  terminateAll,
  type TemporaryKeys,
} from '../client/client-fixture';
import { CompiledCli, type Ended } from './compiled-cli';
import { workflowIdOf } from '../../temporal/names';

const cli = new CompiledCli();
let bench: WorkflowBench;
let keys: TemporaryKeys;
const used: string[] = [];

beforeAll(async () => {
  keys = await temporaryKeys();
  bench = await WorkflowBench.open();
});
afterAll(async () => {
  await terminateAll(bench.client, used);
  await keys.remove();
  await bench.close();
});

function fresh(): string {
  const requestId = randomUUID();
  used.push(requestId);
  return requestId;
}

const environment = (): Record<string, string | undefined> => ({
  ...temporalEnvironment(),
  ERASURE_KEYS_DIR: keys.directory,
});

async function erasure(args: readonly string[], stdin?: unknown): Promise<Ended> {
  const text = stdin === undefined ? {} : { stdin: JSON.stringify(stdin) };
  const ended = await cli.run(args, { environment: environment(), ...text });
  const { stdout, stderr } = ended;
  for (const identifier of Object.values(planted)) expect(stdout + stderr).not.toContain(identifier);
  expect(stderr).not.toMatch(/^ {4}at /m);
  return ended;
}

describe('erasure submit and status', () => {
  it('starts a request once, whoever repeats it, and shows it under either id', async () => {
    const requestId = fresh();
    const request = submission({ requestId });
    const first = await erasure(['submit', '-', '--json'], request);
    expect(first.code).toBe(0);
    const submitted = JSON.parse(first.stdout) as { runId: string };
    expect(submitted).toEqual({
      requestId,
      workflowId: workflowIdOf(requestId),
      runId: submitted.runId,
      duplicate: false,
      warnings: [],
    });

    const second = await erasure(['submit', '-'], request);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain(submitted.runId);
    expect(second.stderr).toContain('nothing was started');

    const other = await erasure(['submit', '-'], { ...request, regulation: 'ccpa' });
    expect(other).toMatchObject({ code: 4, stdout: '' });
    expect(other.stderr).toContain('exists already with another content');

    for (const id of [requestId, workflowIdOf(requestId), requestId.toUpperCase()]) {
      const shown = await erasure(['status', id]);
      expect(shown.code).toBe(0);
      expect(shown.stdout).toContain(requestId);
      expect(shown.stdout).toContain('MeasureOne');
      expect(shown.stdout).toContain('waits out its window');
    }
    const json = JSON.parse((await erasure(['status', requestId, '--json'])).stdout) as Record<string, unknown>;
    expect(json).toMatchObject({ requestId, status: 'running', state: 'running' });
    expect(json['providers']).toHaveLength(3);
  });

  it('waits for the end, tells the progress on stderr, and exits with 0 when completed', async () => {
    const requestId = fresh();
    bench.providers.person.ask.set(unknown());
    const request = submission({ requestId, subject: { person: { personId: planted.personId } } });
    const ended = await erasure(['submit', '-', '--wait', '--json'], request);
    expect(ended.code).toBe(0);
    const printed = JSON.parse(ended.stdout) as Record<string, unknown>;
    expect(printed).toMatchObject({
      requestId,
      workflowId: workflowIdOf(requestId),
      outcome: 'completed',
      providers: [{ provider: 'person', outcome: 'not-found', rounds: 1 }],
      certificate: certificateOf(requestId),
    });
    const later = await erasure(['status', requestId]);
    expect(later.code).toBe(0);
    expect(later.stdout).toContain('completed: At every provider');
  });

  it('exits with 7 after exceptions and with 8 after a withdrawal', async () => {
    const [waived, withdrawn] = [fresh(), fresh()];
    const requests = [waived, withdrawn].map((requestId) =>
      cli.start(['submit', '-', '--wait'], {
        environment: environment(),
        stdin: JSON.stringify(submission({ requestId, subject: { aptrinsic: { identifyId: planted.identifyId } } })),
      }),
    );
    for (const request of requests) {
      await eventually(() => (request.stderr().includes('waits for the end of the erasure window') ? true : undefined));
    }
    await bench.client.workflow.getHandle(workflowIdOf(waived)).executeUpdate('waiveProvider', {
      args: [{ provider: 'aptrinsic', actor: 'staff-17', reason: { code: 'no-answer', ticket: 'PRIV-1' } }],
    });
    await bench.client.workflow.getHandle(workflowIdOf(withdrawn)).cancel();
    const ended = await Promise.all(requests.map((request) => request.ended));
    expect(ended.map(({ code }) => code)).toEqual([7, 8]);
    expect(ended[0]?.stdout).toContain('waived');
    expect((await erasure(['status', waived])).code).toBe(7);
    expect((await erasure(['status', withdrawn, '--json'])).code).toBe(8);
  });

  it('shows why a provider does not get through, from its first failure on', async () => {
    bench.providers.person.ask.set(failure('ProviderUnavailable', { nextRetryDelayMs: 600_000 }));
    const requestId = fresh();
    await erasure(['submit', '-'], submission({ requestId, subject: { person: { personId: planted.personId } } }));
    const line =
      'Person API, asking to erase: ProviderUnavailable (failed once): scripted ProviderUnavailable Next try ';
    await eventually(async () => {
      const { stdout } = await erasure(['status', requestId]);
      return stdout.includes(`Trouble   ${line}`) ? true : undefined;
    });
    const json = JSON.parse((await erasure(['status', requestId, '--json'])).stdout) as Record<string, unknown>;
    expect(json['underWay']).toMatchObject([
      { provider: 'person', failure: { kind: 'ProviderUnavailable' }, failedAttempts: 1 },
    ]);
  });

  it('takes --until-closed with --wait only', async () => {
    const ended = await erasure(['submit', '-', '--until-closed'], submission({ requestId: fresh() }));
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('--until-closed belongs to --wait.');
  });

  it('exits with 9 for a request that was terminated', async () => {
    const requestId = fresh();
    await erasure(['submit', '-'], submission({ requestId }));
    await bench.client.workflow.getHandle(workflowIdOf(requestId)).terminate(planted.personId);
    const shown = await erasure(['status', requestId]);
    expect(shown.code).toBe(9);
    expect(shown.stdout).toContain('ended without a certificate (terminated)');
  });

  it('stops waiting when interrupted and leaves the request alone', async () => {
    const requestId = fresh();
    const waiting = cli.start(['submit', '-', '--wait'], {
      environment: environment(),
      stdin: JSON.stringify(submission({ requestId })),
    });
    await eventually(() => (waiting.stderr().includes('Aptrinsic') ? true : undefined));
    waiting.child.kill('SIGINT');
    const { code, stderr } = await waiting.ended;
    expect(code).toBe(130);
    expect(stderr).toContain(`erasure watch ${requestId}`);
    expect(JSON.parse((await erasure(['status', requestId, '--json'])).stdout)).toMatchObject({ status: 'running' });
  });

  it('does not know other requests, and does not repeat what is no id', async () => {
    expect(await erasure(['status', randomUUID()])).toMatchObject({ code: 3, stdout: '' });
    expect(await erasure(['status', planted.identifyId])).toMatchObject({
      code: 3,
      stderr: 'That is no request id: expected a lower case UUID.\n',
    });
  });

  it('exits with 5 where Temporal cannot be reached, and with 2 for a wrong file even then', async () => {
    const away = { ...environment(), TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const [unreachable, wrong] = await Promise.all([
      cli.run(['submit', '-'], { environment: away, stdin: JSON.stringify(submission()) }),
      cli.run(['submit', '-'], { environment: away, stdin: '{}' }),
    ]);
    expect(unreachable).toEqual({
      code: 5,
      stdout: '',
      stderr: `Temporal could not be reached at ${away.TEMPORAL_ADDRESS} (TEMPORAL_ADDRESS): nobody listens there (ECONNREFUSED).\n`,
    });
    expect(wrong.code).toBe(2);
  });
});

describe('erasure list, watch, decisions, withdraw and certificate', () => {
  const reason = ['--actor', 'staff-17', '--reason', 'credentials-mended:PRIV-1'];

  async function stuck(): Promise<string> {
    const requestId = fresh();
    bench.providers.person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const handle = await bench.start({ requestId, subject: subjectAt('person') });
    await eventually(async () => ((await bench.leg(handle)).attention === undefined ? undefined : true));
    return requestId;
  }

  it('list a provider in attention, without colours where there is no terminal', async () => {
    const requestId = await stuck();
    const listed = await erasure(['list', '--state', 'attention', '--provider', 'person', '--limit', '1', '--json']);
    expect(listed.code).toBe(0);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      requestId,
      state: 'attention',
      providers: [{ provider: 'person', attention: { reason: 'ProviderRejected' } }],
    });
    const table = await eventually(async () => {
      const { stdout, stderr } = await erasure(['list', '--state', 'attention']);
      const line = stdout.split('\n').find((one) => one.startsWith(requestId));
      return line === undefined ? undefined : { stdout, stderr, line };
    });
    expect(table.line).toMatch(/ {2}needs attention {2}mend or decide: Person API$/);
    expect(table.stdout).toMatch(/^Request {31}Due +State +To do\n/);
    expect(table.stderr).toMatch(/^\d+ of them needs? a staff member, 0 are overdue\.\n$/);
    expect(table.stdout).not.toContain('\u001b');
    const shown = (await erasure(['status', requestId])).stdout;
    for (const kind of ['retry', 'waive', 'attest']) expect(shown).toContain(`erasure ${kind} ${requestId} person …\n`);
  });

  it('watch until the end, across a retry', async () => {
    const requestId = await stuck();
    const watching = cli.start(['watch', workflowIdOf(requestId), '--json'], { environment: environment() });
    await eventually(() => (watching.stdout() === '' ? undefined : true));
    const early = await erasure(['certificate', requestId]);
    expect(early).toMatchObject({ code: 10, stdout: '', stderr: `Request ${requestId} is still running.\n` });

    bench.providers.person.ask.set(unknown());
    const retried = await erasure(['retry', requestId, 'person', ...reason, '--json']);
    expect(retried.code).toBe(0);
    expect(JSON.parse(retried.stdout)).toMatchObject({
      requestId,
      decision: 'retry',
      provider: { provider: 'person', state: 'asking' },
    });
    const { code, stdout, stderr } = await watching.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    const states = lines.map((line) => (JSON.parse(line) as { state: string }).state);
    expect([states[0], states.at(-1)]).toEqual(['attention', 'completed']);
  });

  it('hand out the certificate, and overwrite a file only when forced', async () => {
    const requestId = fresh();
    bench.providers.person.ask.set(unknown());
    await (await bench.start({ requestId, subject: subjectAt('person') })).result();
    const certificate = `${certificateOf(requestId)}\n`;
    const file = join(keys.directory, 'certificate.jws');
    expect(await erasure(['certificate', requestId])).toMatchObject({ code: 0, stdout: certificate });
    const written = await erasure(['certificate', requestId, '--out', file]);
    expect(written).toMatchObject({ code: 0, stdout: '' });
    expect(written.stderr).toContain('erasure verify');
    expect(await readFile(file, 'utf8')).toBe(certificate);
    await writeFile(file, 'mine');
    const kept = await erasure(['certificate', requestId, '--out', file]);
    expect(kept).toMatchObject({ code: 2, stdout: '' });
    expect(kept.stderr).toMatch(/^The file exists already: nothing was written\./);
    expect(await readFile(file, 'utf8')).toBe('mine');
    const forced = await erasure(['certificate', requestId, '--out', file, '--force', '--json']);
    expect(JSON.parse(forced.stdout)).toEqual({ requestId, certificate: certificate.trim() });
    expect(await readFile(file, 'utf8')).toBe(certificate);
    const nowhere = await erasure(['certificate', requestId, '--out', '/nowhere/at/all']);
    expect(nowhere).toMatchObject({ code: 2, stderr: 'The file cannot be written (ENOENT).\n' });
  });

  it('waive and attest once, and say why not again', async () => {
    const requestId = await stuck();
    const unconfirmed = await erasure(['waive', requestId, 'person', ...reason]);
    expect(unconfirmed).toMatchObject({ code: 2, stdout: '' });
    expect(unconfirmed.stderr).toMatch(/^Nobody is there to confirm this: nothing was done\./);
    const nonsense = await erasure(['waive', requestId, 'person', '--actor', 'Jane Doe', '--reason', 'a:PRIV-1']);
    expect(nonsense.stderr).toMatch(/^This is no decision: actor: expected /);
    const waived = await erasure(['waive', requestId, 'person', ...reason, '--yes']);
    expect(waived).toEqual({ code: 0, stdout: 'Person API: waived\n', stderr: '' });
    const again = await erasure(['attest', requestId, 'person', ...reason, '--yes']);
    expect(again).toMatchObject({ code: 6, stdout: '' });
    const other = await stuck();
    expect((await erasure(['attest', other, 'person', ...reason])).code).toBe(2);
    expect((await erasure(['attest', other, 'person', ...reason, '--yes'])).stdout).toBe('Person API: attested\n');
    expect((await erasure(['retry', randomUUID(), 'person', ...reason])).code).toBe(3);
  });

  it('withdraw, which a watcher sees, and refuse when the request is over', async () => {
    const requestId = await stuck();
    const watching = cli.start(['watch', requestId], { environment: environment() });
    await eventually(() => (watching.stdout() === '' ? undefined : true));
    const taken = await erasure(['withdraw', requestId, '--yes', '--json']);
    expect(taken.code).toBe(0);
    expect(JSON.parse(taken.stdout)).toMatchObject({ requestId });
    const { code, stdout } = await watching.ended;
    expect(code).toBe(8);
    expect(stdout).toMatch(/^Person API: needs attention \(ProviderRejected\): waits for a staff member/);
    expect(stdout).toContain('Outcome   withdrawn: ');
    expect((await erasure(['withdraw', requestId, '--yes'])).code).toBe(0);

    const ended = await stuck();
    await bench.client.workflow.getHandle(workflowIdOf(ended)).terminate();
    const late = await erasure(['withdraw', ended, '--yes']);
    expect(late).toMatchObject({ code: 6, stdout: '' });
    expect(late.stderr).toBe(`Request ${ended} is over (terminated): nothing is left to withdraw.\n`);
    expect((await erasure(['certificate', ended])).code).toBe(9);
  });

  it('say so where nothing is listed', async () => {
    const none = await erasure(['list', '--state', 'timed-out', '--older-than', '3d']);
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'There is no such request.\n' });
    const waiting = await erasure(['list', '--needs-staff', '--older-than', '9999d']);
    expect(waiting).toEqual({ code: 0, stdout: '', stderr: 'Nothing waits: there is no such request.\n' });
  });
});

describe('erasure worker', () => {
  const settings = (): Record<string, string | undefined> => ({
    ...environment(),
    MEASUREONE_BASE_URL: 'http://127.0.0.1:9',
    MEASUREONE_CLIENT_ID: 'id',
    MEASUREONE_CLIENT_SECRET: 'planted-secret-9292',
    PERSON_API_BASE_URL: 'http://127.0.0.1:9',
    PERSON_API_CLIENT_ID: 'id',
    PERSON_API_CLIENT_SECRET: 'planted-secret-9292',
    APTRINSIC_BASE_URL: 'http://127.0.0.1:9',
    APTRINSIC_API_KEY: 'planted-secret-9292',
  });

  it('serves until told to stop, drains and exits with 0', async () => {
    const worker = cli.start(['worker'], { environment: settings() });
    await eventually(() => (worker.stderr().includes('The worker serves') ? true : undefined), 30_000);
    worker.child.kill('SIGTERM');
    const { code, stdout, stderr } = await worker.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const messages = stderr
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(expect.arrayContaining(['The worker serves', 'The worker has stopped']));
    expect(stderr).not.toContain('planted-secret');
  });

  it('ends at once when told twice', async () => {
    const worker = cli.start(['worker'], { environment: settings() });
    await eventually(() => (worker.stderr().includes('The worker serves') ? true : undefined), 30_000);
    worker.child.kill('SIGTERM');
    worker.child.kill('SIGINT');
    const { code, stderr } = await worker.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('ending at once');
  });

  it('stops also before it has found Temporal', async () => {
    const away = { ...settings(), TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const worker = cli.start(['worker'], { environment: away });
    await eventually(() => (worker.stderr().includes('cannot be reached yet') ? true : undefined), 30_000);
    worker.child.kill('SIGINT');
    expect((await worker.ended).code).toBe(0);
  });

  it('says which key file it misses', async () => {
    const ended = await cli.run(['worker'], { environment: { ...settings(), ERASURE_KEYS_DIR: '/nowhere' } });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^[a-z-]+\.json: does not exist/m);
  });
});

describe('erasure gateway', () => {
  it('listens until told to stop, and says that a port is in use', async () => {
    const environmentOfGateway = { ...environment(), GATEWAY_PORT: String(await freePort()) };
    const gateway = cli.start(['gateway'], { environment: environmentOfGateway });
    await eventually(() => (gateway.stderr().includes('The gateway listens') ? true : undefined), 30_000);
    expect(gateway.stderr()).toContain(`http://127.0.0.1:${environmentOfGateway.GATEWAY_PORT}`);

    const second = await cli.run(['gateway'], { environment: environmentOfGateway });
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/The gateway cannot listen on .* \(EADDRINUSE\)/);

    gateway.child.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
