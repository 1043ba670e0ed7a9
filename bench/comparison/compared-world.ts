/** Temporal, the simulated providers, our own system and the plain application beside it, all as processes. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { sampleSubmission } from '../../local/sample-request';
import { startProcess } from '../../local/child-process';
import { freePorts } from '../../local/engine/ports';
import type { Subject } from '../../local/scenarios';
import { defaultCredentials } from '../../local/simulator/simulator-registry';
import { startStack, type Stack } from '../../local/stack';
import { workflowIdOf } from '../../temporal/names';
import type { ErasureSubmission } from '../../client';
import { startAskedProcess } from '../frame/asked-process';
import type { BenchContext } from '../frame/measurement';
import type { ProviderSettings } from '../plain/provider-calls';
import { plainWorkflowId, type PlainRequest } from '../plain/plain-types';
import type { Application } from './application';

export interface World {
  readonly stack: Stack;
  readonly own: Application;
  readonly plain: Application;
  stop(): Promise<void>;
}

/** A clock that goes back and forth would be another measurement: every window is as the documents have it. */
const simulatorSettings = {
  person: { defaultDelayMs: 3 * 24 * 3_600_000, timeFormats: ['z' as const] },
};

export async function startWorld({ report }: Pick<BenchContext, 'report'>): Promise<World> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const stack = await startStack({
      report,
      namespace: 'erasure-bench',
      // The plain application knows nothing of an answer to the person.
      policy: { answer: 'untracked' },
    });
    undo.push(() => stack.stop());
    await stack.simulator.configure(simulatorSettings);
    const own = await startOwn(stack, undo);
    const plain = await startPlain(stack, undo);
    return { stack, own, plain, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startOwn(stack: Stack, undo: (() => Promise<void>)[]): Promise<Application> {
  const client = await startAskedProcess<readonly ErasureSubmission[], undefined>({
    script: join(__dirname, 'own-client.js'),
    env: stack.settings,
  });
  undo.push(() => client.stop());
  const gateway = processOf(stack, 'gateway');
  return {
    name: 'ours',
    roles: () => ({ worker: stack.worker.pid, server: serverOf(stack), client: client.pid, gateway }),
    async submit(subjects) {
      const submissions = subjects.map((subject) => sampleSubmission(randomUUID(), subject));
      await client.ask(submissions);
      return submissions.map(({ requestId }) => workflowIdOf(requestId ?? ''));
    },
  };
}

async function startPlain(stack: Stack, undo: (() => Promise<void>)[]): Promise<Application> {
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

export type { Subject };
