import { copyFile, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { report } from '../../cli/command-failure';
import { readWorkerConfig } from '../../config/worker-config';
import { DAY_MS } from '../../domain/duration';
import { freePorts } from '../../local/engine/ports';
import { startWorker, TemporalUnreachable } from '../../worker/worker';
import { CompiledCli } from '../cli/compiled-cli';
import { Story } from '../support/story';
import { eventually } from '../support/workflow-bench';
import { startWorkerProcess, type WorkerProcess } from './worker-process';

let story: Story;
let running: WorkerProcess | undefined;
beforeEach(async () => {
  story = await Story.open();
  await story.stopWorker();
  await story.seed();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await story.close();
});

const events = async () => (await story.handle.fetchHistory()).events ?? [];

describe('a worker told to stop', () => {
  it('lets an erasing call in flight come to its end, reports it, and exits with 0', async () => {
    await story.simulator.addFault({ provider: 'aptrinsic', operation: 'delete', kind: 'slow', delayMs: 2_500 });
    running = await startWorkerProcess(story);
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    const deletes = async () => story.simulator.calls({ provider: 'aptrinsic', operation: 'delete' });
    await eventually(async () => ((await deletes()).length > 0 ? true : undefined));
    expect((await deletes())[0]?.status).toBe('unanswered');

    const { code } = await running.stop();
    expect(code).toBe(0);
    expect((await deletes()).map(({ status }) => status)).toEqual([200]);
    const told = await events();
    expect(told.flatMap((event) => event.activityTaskStartedEventAttributes?.attempt ?? [])).toEqual([1]);
    expect(told.filter((event) => event.activityTaskCompletedEventAttributes)).toHaveLength(1);
    const { raw } = await story.handle.describe();
    expect(raw.pendingActivities).toEqual([]);
  });
});

describe('a call that takes long', () => {
  it('tells Temporal every 4 s that its worker lives, so that 13 s of silence are enough to miss it', async () => {
    await story.simulator.addFault({ provider: 'aptrinsic', operation: 'delete', kind: 'slow', delayMs: 15_000 });
    running = await startWorkerProcess(story);
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    const toldAt = () =>
      eventually(async () => {
        const { raw } = await story.handle.describe();
        const told = raw.pendingActivities?.[0]?.lastHeartbeatTime;
        return told ? Number(told.seconds) * 1000 + (told.nanos ?? 0) / 1e6 : undefined;
      });
    const first = await toldAt();
    const next = await eventually(async () => {
      const at = await toldAt();
      return at === first ? undefined : at;
    });
    expect(next - first).toBeLessThan(7_000);
  });
});

describe('a worker that is killed', () => {
  it('is missed within 13 s, and what it was calling is tried again a second later', async () => {
    await story.simulator.addFault({ provider: 'aptrinsic', operation: 'delete', kind: 'slow', delayMs: 60_000 });
    running = await startWorkerProcess(story);
    await story.submit({ subject: { aptrinsic: { identifyId: story.subject.identifyId } } });
    const deletes = async () => story.simulator.calls({ provider: 'aptrinsic', operation: 'delete' });
    await eventually(async () => ((await deletes()).length > 0 ? true : undefined));
    await running.kill();
    const killedAt = performance.now();
    running = await startWorkerProcess(story);
    await eventually(async () => ((await deletes()).length > 1 ? true : undefined), 60_000);
    expect(performance.now() - killedAt).toBeLessThan(18_000);
    // Not to wait for the call that is slow once more.
    await running.kill();
  });
});

describe('a worker of one provider', () => {
  it("needs that provider's settings and key file only, and serves it beside others", async () => {
    const keysDirectory = join(story.keysDirectory, '..', 'person-only');
    await mkdir(keysDirectory, { mode: 0o700 });
    for (const file of ['provider-person.json', 'fact-keys.json']) {
      await copyFile(join(story.keysDirectory, file), join(keysDirectory, file));
    }
    const foreign = Object.keys(story.environment).filter((name) => /^(MEASUREONE|APTRINSIC)_/.test(name));
    running = await startWorkerProcess(story, {
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      ERASURE_KEYS_DIR: keysDirectory,
      ERASURE_PROVIDERS: 'person',
      ERASURE_SERVE_WORKFLOWS: 'false',
    });
    await story.startWorker({ ERASURE_PROVIDERS: 'aptrinsic' });
    await story.submit();
    await story.until('person', 'waiting-out-window');
    await story.until('aptrinsic', 'waiting-out-window');
    expect((await story.leg('measureone')).state).toBe('asking');
  });
});

describe('a worker of the workflows', () => {
  it('needs the keys that it signs and checks with, and no setting of any provider', async () => {
    const keysDirectory = join(story.keysDirectory, '..', 'workflows-only');
    await mkdir(keysDirectory, { mode: 0o700 });
    for (const file of ['certificate.json', 'decision.json', 'fact-keys.json']) {
      await copyFile(join(story.keysDirectory, file), join(keysDirectory, file));
    }
    const foreign = Object.keys(story.environment).filter((name) => /^(MEASUREONE|PERSON_API|APTRINSIC)_/.test(name));
    running = await startWorkerProcess(story, {
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      ERASURE_KEYS_DIR: keysDirectory,
      ERASURE_PROVIDERS: 'none',
    });
    await story.startWorker({ ERASURE_SERVE_WORKFLOWS: 'false' });
    await story.submit();
    for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
      await story.until(provider, 'waiting-out-window');
    }
    await story.forward(8 * DAY_MS);
    expect((await story.certificate()).providers).toHaveLength(3);
  });
});

describe('a worker that cannot start', () => {
  const cli = new CompiledCli();

  it('tells all that is missing or wrong at once, by name and never by value, and exits with 2', async () => {
    const environment = {
      ...story.environment,
      APTRINSIC_BASE_URL: 'http://planted.example',
      PERSON_API_CLIENT_SECRET: '',
      LOG_LEVEL: 'planted',
      ERASURE_KEYS_DIR: undefined,
    };
    const { code, stdout, stderr } = await cli.run(['worker'], { environment });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n').toSorted()).toEqual([
      '  - APTRINSIC_BASE_URL: expected an https URL (http to this machine only)',
      '  - ERASURE_KEYS_DIR is missing',
      '  - LOG_LEVEL: expected trace, debug, info, warn or error',
      '  - PERSON_API_CLIENT_SECRET is missing',
      'The configuration is incomplete or wrong:',
    ]);
  });

  it('says so when Temporal stays out of reach, and exits with 5', async () => {
    const [port = 0] = await freePorts(1);
    const config = readWorkerConfig({ ...story.environment, TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const failed = await startWorker(config, logger, { connectTriesMs: 1_000 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(TemporalUnreachable);
    expect(lines.join('')).toContain('Temporal cannot be reached yet; trying again');
    const told: string[] = [];
    const stderr = { write: (text: string) => told.push(text) };
    expect(report(failed, { stderr, environment: {} } as unknown as Parameters<typeof report>[1])).toBe(5);
    expect(told.join('')).toContain(
      `Temporal could not be reached at 127.0.0.1:${port} (TEMPORAL_ADDRESS): nobody listens there (ECONNREFUSED). It was tried for 1 s.`,
    );
  });

  it('exits with 5 when its namespace does not exist, and says which and where', async () => {
    const environment = { ...story.environment, TEMPORAL_NAMESPACE: 'no-such-namespace' };
    const { code, stderr } = await cli.run(['worker'], { environment });
    expect(code).toBe(5);
    expect(stderr).toContain(
      `Temporal at ${process.env['TEST_TEMPORAL_ADDRESS']} knows no namespace no-such-namespace. Check TEMPORAL_NAMESPACE.`,
    );
  });

  it.each([
    ['though the others could be served', {}],
    ['at once, also where Temporal is away', { TEMPORAL_ADDRESS: '127.0.0.1:1' }],
  ])('exits with 2 when the key file of one provider is missing, %s', async (_when, settings) => {
    await rm(join(story.keysDirectory, 'provider-person.json'));
    const { code, stderr } = await cli.run(['worker'], { environment: { ...story.environment, ...settings } });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'provider-person.json: does not exist; erasure keys init makes it\n',
    });
  });

  it('exits with 1 when the address for metrics is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const environment = { ...story.environment, METRICS_ADDRESS: `127.0.0.1:${port}` };
    const { code, stderr } = await cli.run(['worker'], { environment });
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toContain('The worker broke: see its log.');
  });
});

describe('what a worker shows of itself', () => {
  it("is JSON lines of ours and of Temporal's SDK, and Prometheus metrics", async () => {
    const [port = 0] = await freePorts(1);
    const METRICS_ADDRESS = `127.0.0.1:${port}`;
    running = await startWorkerProcess(story, { METRICS_ADDRESS, LOG_LEVEL: 'debug' });
    await story.simulator.addFault({ provider: 'aptrinsic', kind: 'down', times: 1 });
    await story.submit();
    await story.until('measureone', 'waiting-out-window');
    const metrics = await fetch(`http://${METRICS_ADDRESS}/metrics`);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toMatch(
      /^temporal_workflow_task_execution_latency_count\{.*task_queue="erasure".*\} \d+$/m,
    );

    const { code, stdout, stderr } = await running.stop();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(
      lines.filter(
        ({ level, time, name, msg }) =>
          ![typeof level, typeof time].includes('number') || name !== 'worker' || typeof msg !== 'string',
      ),
    ).toEqual([]);
    const messages = lines.map(({ msg }) => msg);
    expect(messages).toEqual(
      expect.arrayContaining(['The worker serves', 'Activity failed', 'The worker has stopped']),
    );
  });
});
