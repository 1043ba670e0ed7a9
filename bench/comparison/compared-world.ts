/** Temporal, the simulated providers, our own system and the plain application beside it, all as processes. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { sampleSubmission } from '../../local/sample-request';
import { startProcess } from '../../local/child-process';
import { prepareNamespace } from '../../local/engine/namespace';
import { freePorts } from '../../local/engine/ports';
import { defaultCredentials } from '../../local/simulator/simulator-registry';
import { startStack, unlimitedCalls, type Stack } from '../../local/stack';
import { workflowIdOf } from '../../temporal/names';
import type { ErasureSubmission } from '../../client';
import { startAskedProcess } from '../frame/asked-process';
import type { BenchContext } from '../frame/measurement';
import type { ProviderSettings } from '../plain/provider-calls';
import { plainWorkflowId, type PlainRequest } from '../plain/plain-types';
import type { ComparedApplication } from './application';

export interface World {
  readonly stack: Stack;
  /** Ours with what the plain application has, too: no search attributes, no legal clock, nobody to be told, no limit of calls. */
  readonly own: ComparedApplication;
  /** Ours as it is installed, where that was asked for: search attributes and the legal clock of Berlin; no limit of calls either. */
  readonly installed?: ComparedApplication;
  readonly plain: ComparedApplication;
  stop(): Promise<void>;
}

const NAMESPACE_MS_MAX = 30_000;
/** Dates in the one form that a sample would read. */
const simulatorSettings = {
  person: { defaultDelayMs: 3 * 24 * 3_600_000, timeFormats: ['z' as const] },
};

export async function startWorld(
  { report }: Pick<BenchContext, 'report'>,
  options: { readonly withInstalled?: true } = {},
): Promise<World> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const stack = await startStack({
      report,
      namespace: 'erasure-bench',
      policy: { answer: 'untracked', calendars: {} },
      withoutSearchAttributes: true,
      workerSettings: unlimitedCalls,
    });
    undo.push(() => stack.stop());
    await stack.simulator.configure(simulatorSettings);
    const own = await startOwn('ours', { stack, server: serverOf(stack), undo });
    const plain = await startPlain(stack, undo);
    if (options.withInstalled !== true) return { stack, own, plain, stop };

    const other = await startInstalled(stack, report);
    undo.push(() => other.stop());
    await other.simulator.configure(simulatorSettings);
    const installed = await startOwn('ours, as installed', { stack: other, server: serverOf(stack), undo });
    return { stack, own, installed, plain, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Another namespace of the same server, with processes of its own. */
async function startInstalled(stack: Stack, report: BenchContext['report']): Promise<Stack> {
  const namespace = 'erasure-bench-installed';
  const { engine } = stack;
  await prepareNamespace({
    connectionOptions: engine.connectionOptions,
    namespace,
    deadline: Date.now() + NAMESPACE_MS_MAX,
    signal: new AbortController().signal,
  });
  return startStack({
    report,
    namespace,
    policy: { answer: 'untracked' },
    workerSettings: unlimitedCalls,
    environment: { ...process.env, TEMPORAL_ADDRESS: engine.address },
  });
}

async function startOwn(
  name: string,
  { stack, server, undo }: { readonly stack: Stack; readonly server: number; readonly undo: (() => Promise<void>)[] },
): Promise<ComparedApplication> {
  const client = await startAskedProcess<readonly ErasureSubmission[], undefined>({
    script: join(__dirname, 'own-client.js'),
    env: stack.settings,
  });
  undo.push(() => client.stop());
  const gateway = processOf(stack, 'gateway');
  return {
    name,
    stack,
    roles: () => ({ worker: stack.worker.pid, server, client: client.pid, gateway }),
    async submit(subjects) {
      const submissions = subjects.map((subject) => sampleSubmission(randomUUID(), subject));
      await client.ask(submissions);
      return submissions.map(({ requestId }) => workflowIdOf(requestId ?? ''));
    },
  };
}

async function startPlain(stack: Stack, undo: (() => Promise<void>)[]): Promise<ComparedApplication> {
  const [port = 0] = await freePorts(1);
  const env = { TEMPORAL_ADDRESS: stack.engine.address, TEMPORAL_NAMESPACE: stack.namespace };
  const worker = await startProcess({
    name: 'plain-worker',
    script: join(__dirname, '..', 'plain', 'plain-worker.js'),
    args: [],
    env: { ...env, PLAIN_PROVIDERS: JSON.stringify(providersOf(stack, `http://127.0.0.1:${port}`)) },
    logDirectory: stack.logDirectory,
    isReady: (logged) => logged.includes('The plain worker serves'),
  });
  undo.push(() => worker.stop());
  const client = await startAskedProcess<readonly PlainRequest[], undefined>({
    script: join(__dirname, '..', 'plain', 'plain-client.js'),
    env: { ...env, PLAIN_CALLBACK_PORT: String(port) },
  });
  undo.push(() => client.stop());
  return {
    name: 'plain',
    stack,
    roles: () => ({ worker: worker.pid, server: serverOf(stack), client: client.pid }),
    async submit(subjects) {
      const requests = subjects.map(({ measureone, person, aptrinsic }) => ({
        requestId: randomUUID(),
        individualId: measureone,
        personId: person,
        identifyId: aptrinsic,
      }));
      await client.ask(requests);
      return requests.map(({ requestId }) => plainWorkflowId(requestId));
    },
  };
}

export function providersOf(
  { simulator: { addresses } }: Pick<Stack, 'simulator'>,
  callbackUrl: string,
): ProviderSettings {
  return {
    measureone: { url: addresses.measureone, ...defaultCredentials.measureone },
    person: { url: addresses.person, ...defaultCredentials.person },
    aptrinsic: { url: addresses.aptrinsic, ...defaultCredentials.aptrinsic },
    callbackUrl,
  };
}

function serverOf({ engine }: Stack): number {
  if (engine.pid === undefined) throw new Error('The server must be one of ours: its CPU time is measured');
  return engine.pid;
}

function processOf({ processes }: Stack, wanted: string): number {
  const found = processes.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`The stack has no ${wanted}`);
  return found.pid;
}
