/** Callbacks through the gateway, beside the bare verification of their signatures. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startProcess } from '../../local/child-process';
import { freePorts } from '../../local/engine/ports';
import { newSubject } from '../../local/sample-request';
import type { Stack } from '../../local/stack';
import { createCapabilityIssuer } from '../../security/callback-capability';
import { CAPABILITY_HEADER } from '../../security/capability-header';
import { readProviderKeys } from '../../security/key-files';
import { hasCallbackKeys } from '../../security/key-table';
import { requestIdOf } from '../../temporal/names';
import { startAskedProcess } from '../frame/asked-process';
import { atOnce } from '../frame/at-once';
import { cpuMsOf } from '../frame/cpu-time';
import { estimateText, target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { meanOf, ratioOf } from '../frame/statistics';
import { startOwnWorld, type OwnWorld } from './own-world';
import type { ProvenCallback } from './verifying-process';

/** Callbacks for each request: each of another run, so that each is news and none is dropped as a repetition. */
const FOR_EACH = 20;
const IDENTIFIER = 'idv_bench';
const AT_ONCE = 16;
const DAY_MS = 24 * 3_600_000;

interface Round {
  readonly gateway: number;
  readonly server: number;
  readonly loop: number;
  readonly bareServer: number;
}

async function run({ quick, report }: BenchContext): Promise<Result> {
  const rounds = quick ? 2 : 6;
  const requests = quick ? 10 : 40;
  const world = await startOwnWorld({ name: 'callbacks', report });
  try {
    const { stack } = world;
    await stack.worker.stop();
    const { url: gatewayUrl, process: gatewayProcess } = await startGatewayWithoutTokens(stack);
    const gateway = gatewayProcess.pid;
    const server = stack.engine.pid ?? 0;
    const verifying = await startAskedProcess<readonly ProvenCallback[], number>({
      script: join(__dirname, 'verifying-process.js'),
      env: stack.settings,
    });
    const measured: Round[] = [];
    try {
      const port = await verifying.ask([]);
      for (let round = 0; round <= rounds; round += 1) {
        const callbacks = await makeCallbacks(world, requests);
        const cost = async (pid: number, work: () => Promise<unknown>): Promise<number> => {
          const before = cpuMsOf(pid);
          await work();
          return (cpuMsOf(pid) - before) / callbacks.length;
        };
        const loop = await cost(verifying.pid, () => verifying.ask(callbacks));
        const bareServer = await cost(verifying.pid, () =>
          send(callbacks, `http://127.0.0.1:${port}/callbacks/measureone`),
        );
        let ofGateway = NaN;
        const ofServer = await cost(server, async () => {
          ofGateway = await cost(gateway, () => send(callbacks, `${gatewayUrl}/callbacks/measureone`));
        });
        report(`a callback: ${ofGateway.toFixed(2)} ms of CPU of the gateway, ${loop.toFixed(2)} to verify it`);
        // What is compiled first costs more.
        if (round > 0) measured.push({ gateway: ofGateway, server: ofServer, loop, bareServer });
      }
    } finally {
      await verifying.stop();
      await gatewayProcess.stop();
    }
    const mean = (of: keyof Round): string => estimateText(meanOf(measured.map((round) => round[of])), 2);
    const ratio = (of: 'loop' | 'bareServer') =>
      ratioOf(measured.map((round) => ({ over: round[of], under: round.gateway })));
    return {
      tables: [
        {
          title: 'CPU for a callback, ms',
          columns: ['', 'ms'],
          rows: [
            ['its signature verified, in a loop', mean('loop')],
            ['a bare HTTP server that verifies it and answers', mean('bareServer')],
            ['the gateway: verified, judged, signed, durable in Temporal, logged, answered', mean('gateway')],
            ['Temporal meanwhile', mean('server')],
          ],
        },
      ],
      plots: [],
      targets: [
        target('callbacks for each CPU second of the gateway, over verifications in a loop', ratio('loop'), {
          atLeast: 0.5,
        }),
        target('the same, over a bare HTTP server that verifies', ratio('bareServer'), { atLeast: 0.5 }),
      ],
      notes: [
        'Each callback is news to an open request, so each becomes a signal in its history. No worker runs. A gateway also signs what it saw and calls Temporal over gRPC, which a verification does not.',
      ],
    };
  } finally {
    await world.stop();
  }
}

/** As a provider that fetches no token calls it. */
async function startGatewayWithoutTokens({ settings, logDirectory }: Stack) {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const { GATEWAY_TOKEN_CREDENTIALS: _without, ...env } = settings;
  const started = await startProcess({
    name: 'gateway-without-tokens',
    script: join(__dirname, '..', '..', 'cli', 'main.js'),
    args: ['gateway'],
    env: { ...env, LOG_LEVEL: 'info', GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: String(port) },
    logDirectory,
    isReady: (logged) => logged.includes('The gateway listens'),
  });
  return { url, process: started };
}

async function makeCallbacks({ stack, application }: OwnWorld, requests: number): Promise<readonly ProvenCallback[]> {
  const keys = await readProviderKeys(stack.keysDirectory, 'measureone');
  if (!hasCallbackKeys(keys)) throw new Error('There are no keys for callbacks');
  const issuer = createCapabilityIssuer(keys);
  const ids = await application.submit(Array.from({ length: requests }, newSubject));
  const wanted = ids.flatMap((id) => Array.from({ length: FOR_EACH }, () => requestIdOf(id) ?? ''));
  return Promise.all(
    wanted.map((requestId) =>
      issuer.issue({
        requestId,
        runId: randomUUID(),
        provider: 'measureone',
        identifier: IDENTIFIER,
        waitsUntil: Date.now() + 8 * DAY_MS,
      }),
    ),
  );
}

async function send(callbacks: readonly ProvenCallback[], url: string): Promise<void> {
  const body = JSON.stringify({ event: 'individual.purged', individual_id: IDENTIFIER });
  await atOnce(callbacks, AT_ONCE, async ({ handle, capability }) => {
    const answer = await fetch(`${url}/${handle}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CAPABILITY_HEADER]: capability },
      body,
    });
    await answer.arrayBuffer();
    if (answer.status !== 204) throw new Error(`A callback was answered ${answer.status}`);
  });
}

export const callbacks: Measurement = {
  name: 'callbacks',
  title: 'Callbacks',
  about:
    'Callbacks for open requests go through the gateway; the same ones are verified in a loop, and by a bare HTTP server, in turn.',
  run,
};
