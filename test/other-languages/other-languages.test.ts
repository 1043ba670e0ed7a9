/** The workflow's contract as other languages see it: the example clients in Go and Python against the real server. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ErasureClient, RequestConflictError, type ErasureSubmission } from '../../client';
import { sealerFromFiles } from '../../client/prepared-request';
import { DAY_MS } from '../../domain/duration';
import type { LegProgress } from '../../domain/leg/leg-progress';
import type { erasureRequest } from '../../workflows';
import { CompiledCli } from '../cli/compiled-cli';
import {
  submission,
  temporalEnvironment,
  temporaryKeys,
  terminateAll,
  type TemporaryKeys,
} from '../client/client-fixture';
import { accepted, certificateOf, eventually, failure, WorkflowBench } from '../support/workflow-bench';
import { announce, goExample, pythonExample, type ExampleProgram } from './example-programs';
import { workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

type ErasureResult = Awaited<ReturnType<typeof erasureRequest>>;

const MINUTE_MS_MAX = 60_000;
const decision = {
  provider: 'aptrinsic',
  actor: 'staff-17',
  reason: { code: 'credentials-mended', ticket: 'PRIV-1234' },
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly workflowId: string;
  readonly runId: string;
  readonly duplicate: boolean;
}

/** What `erasure seal --json` prints. */
interface Sealed {
  readonly workflowId: string;
  readonly memo?: { readonly fingerprint: string };
  readonly input: unknown;
}

const languages: Readonly<Record<string, ExampleProgram>> = { Go: goExample(), Python: pythonExample() };

for (const [language, program] of Object.entries(languages)) {
  const isMissing = 'missing' in program;
  if (isMissing) announce(`SKIPPED: the example client in ${language}, since on this machine ${program.missing}`);
  const suite = isMissing ? describe.skip : describe;
  suite(`the example client in ${language}`, () => {
    let bench: WorkflowBench;
    let keys: TemporaryKeys;
    let directory: string;
    const requestIds: string[] = [];

    beforeAll(async () => {
      bench = await WorkflowBench.open();
      keys = await temporaryKeys();
      directory = await mkdtemp(join(tmpdir(), 'erasure-other-languages-'));
    });
    beforeEach(() => bench.reset());
    afterAll(async () => {
      await terminateAll(bench.client, requestIds);
      await bench.close();
      await keys.remove();
      await rm(directory, { recursive: true, force: true });
      if ('remove' in program) program.remove();
    });

    /** A request file, sealed by the command as anybody would. */
    async function seal(request: ErasureSubmission): Promise<Sealed> {
      requestIds.push(request.requestId ?? '');
      const { code, stdout, stderr } = await new CompiledCli().run(['seal', '-', '--json'], {
        environment: { ERASURE_KEYS_DIR: keys.directory },
        stdin: JSON.stringify(request),
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout) as Sealed;
    }

    async function write(sealed: Sealed): Promise<string> {
      const file = join(directory, `${randomUUID()}.json`);
      await writeFile(file, JSON.stringify(sealed));
      return file;
    }

    function run(...args: string[]): Promise<Ended> {
      if ('missing' in program) throw new Error(program.missing);
      return new Promise((resolve) => {
        const environment = { PATH: process.env['PATH'], HOME: directory, ...temporalEnvironment() };
        const options = { env: environment, timeout: MINUTE_MS_MAX };
        execFile(program.command, [...program.args, ...args], options, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
        );
      });
    }

    async function answer<T>(...args: string[]): Promise<T> {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout) as T;
    }

    async function attentionOf(workflowId: string): Promise<LegProgress> {
      return eventually(async () => {
        const { legs } = await answer<{ readonly legs: readonly LegProgress[] }>('progress', workflowId);
        return legs.find(({ state }) => state === 'attention');
      }, 30_000);
    }

    it(
      'starts a sealed request, follows it, has a provider asked again, and gets the certificate',
      async () => {
        bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { nonRetryable: true }));
        const sealed = await seal(submission());
        expect(sealed).toMatchObject({ workflowType: WORKFLOW_TYPE, taskQueue: WORKFLOW_QUEUE });
        const { workflowId } = sealed;
        const started = await answer<Started>('start', await write(sealed));
        expect(started).toEqual({ workflowId, runId: expect.any(String), duplicate: false });

        const attention = await attentionOf(workflowId);
        expect(attention).toMatchObject({ provider: 'aptrinsic', attention: { reason: 'ProviderRejected' } });

        bench.providers.aptrinsic.ask.reset(accepted());
        const told = await answer<LegProgress>('decide', workflowId, 'retryProvider', JSON.stringify(decision));
        expect(told).toMatchObject({ provider: 'aptrinsic', state: 'asking' });
        expect(told).not.toHaveProperty('attention');

        const waited = answer<{ readonly certificate: string }>('certificate', workflowId);
        await bench.forward({ workflowId }, 8 * DAY_MS);
        expect(await waited).toEqual({
          workflowId,
          certificate: certificateOf(workflowId.replace('erasure-', '')),
        });
        const ended = await answer<ErasureResult>('result', workflowId);
        expect(ended).toMatchObject({ outcome: 'completed', certificate: certificateOf(ended.requestId) });
        expect(ended.legs.map(({ provider, outcome }) => [provider, outcome])).toEqual([
          ['measureone', 'erased'],
          ['person', 'erased'],
          ['aptrinsic', 'erased'],
        ]);
        // Each opened by its own provider's worker: what it was called with is what the command had sealed.
        const { subject } = sealed.input as { subject: Record<string, string> };
        for (const [provider, identifier] of Object.entries(subject)) {
          expect(bench.providers[provider as 'person'].ask.calls[0]).toMatchObject({ provider, sealed: identifier });
        }
      },
      2 * MINUTE_MS_MAX,
    );

    it(
      'waives a provider, and is told why where it may not decide',
      async () => {
        bench.providers.aptrinsic.ask.set(failure('ProviderRejected', { nonRetryable: true }));
        const sealed = await seal(submission());
        const { workflowId } = sealed;
        await answer('start', await write(sealed));
        await attentionOf(workflowId);

        const early = JSON.stringify({ ...decision, provider: 'person' });
        const refused = await run('decide', workflowId, 'retryProvider', early);
        expect(refused).toMatchObject({ code: 1, stdout: '' });
        expect(refused.stderr).toContain('Person API needs no retry: it is not in attention');
        const named = JSON.stringify({ ...decision, actor: 'somebody@example.test' });
        expect((await run('decide', workflowId, 'waiveProvider', named)).stderr).toContain('actor: expected an opaque');

        const waived = await answer<LegProgress>('decide', workflowId, 'waiveProvider', JSON.stringify(decision));
        expect(waived).toMatchObject({ provider: 'aptrinsic', state: 'settled', outcome: 'waived' });
        await bench.forward({ workflowId }, 8 * DAY_MS);
        expect(await answer('result', workflowId)).toMatchObject({ outcome: 'completed-with-exceptions' });
      },
      2 * MINUTE_MS_MAX,
    );

    it(
      'starts the same request once, also after it has ended, and never passes another off as it',
      async () => {
        const request = submission({ subject: { person: { personId: 'F1A27ED0-6161-4F00-8000-00000000ABCD' } } });
        const first = await seal(request);
        const { workflowId } = first;
        const started = await answer<Started>('start', await write(first));
        const again = await seal(request);
        expect(again.input).not.toEqual(first.input);
        expect(await answer('start', await write(again))).toEqual({ ...started, duplicate: true });
        await bench.forward({ workflowId }, 8 * DAY_MS);
        await answer('result', workflowId);
        expect(await answer('start', await write(again))).toEqual({ ...started, duplicate: true });

        const other = await seal({
          ...request,
          subject: { person: { personId: 'F1A27ED0-6262-4F00-8000-00000000ABCD' } },
        });
        const conflict = await run('start', await write(other));
        expect(conflict).toMatchObject({ code: 1, stdout: '' });
        expect(conflict.stderr).toContain('is taken by another request, or by one that');
        expect(bench.providers.person.ask.calls).toHaveLength(1);

        // What another language has started, our own client knows again.
        const erasure = new ErasureClient({ client: bench.client, sealer: sealerFromFiles(keys.directory) });
        const { requestId = '' } = request;
        expect(await erasure.submit(request)).toEqual({
          requestId,
          ...started,
          duplicate: true,
          warnings: [],
        });
      },
      2 * MINUTE_MS_MAX,
    );

    it(
      'starts the bare input without a memo, and then nobody can tell whether a repetition is one',
      async () => {
        const request = submission({ subject: { person: { personId: 'F1A27ED0-6363-4F00-8000-00000000ABCD' } } });
        const { memo: _memo, ...bare } = await seal(request);
        expect(await answer('start', await write(bare))).toMatchObject({
          workflowId: workflowIdOf(request.requestId ?? ''),
        });
        const repeated = await run('start', await write(bare));
        expect(repeated.code).toBe(1);
        expect(repeated.stderr).toContain('cannot be compared');
        const erasure = new ErasureClient({ client: bench.client, sealer: sealerFromFiles(keys.directory) });
        await expect(erasure.submit(request)).rejects.toThrow(RequestConflictError);
      },
      2 * MINUTE_MS_MAX,
    );
  });
}
