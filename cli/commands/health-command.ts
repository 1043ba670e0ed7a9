import type { Command } from 'commander';
import type { Environment } from '../../config/environment';
import { print, type CommandContext } from '../context';
import { ServiceError } from '../command-failure';
import { choiceArgument } from '../options';

const processes = ['worker', 'gateway', 'server'] as const;
const ANSWER_MS_MAX = 5_000;

interface HealthOptions {
  readonly ready?: boolean;
}

export function addHealth(program: Command, context: CommandContext): void {
  program
    .command('health')
    .description(
      'ask the worker, the gateway or the server of this machine whether it is well, for health checks of containers',
    )
    .addArgument(choiceArgument('process', 'which one', processes))
    .option('--ready', 'whether it can do its work too: the worker polls each of its queues, the others reach Temporal')
    .addHelpText(
      'after',
      `
It reads the same settings as the process itself: METRICS_ADDRESS of the worker, GATEWAY_HOST and GATEWAY_PORT of
the gateway, SERVER_HOST and SERVER_PORT of the server.
Restart what does not answer; what answers and is not ready waits for something else.

Example:
  METRICS_ADDRESS=127.0.0.1:9464 erasure health worker --ready`,
    )
    .action((name: (typeof processes)[number], { ready = false }: HealthOptions) =>
      name === 'worker' ? askWorker(ready, context) : askListener(name, ready, context),
    );
}

async function askWorker(ready: boolean, context: CommandContext): Promise<void> {
  const { address, queues } = await workerSettings(context.environment);
  const { status, body } = await get(`http://${local(address)}/metrics`, 'worker');
  if (status !== 200) throw new ServiceError(`The worker answers ${status} where its metrics should be.`);
  const unserved = queues.filter((queue) => !isPolled(queue, body));
  if (ready && unserved.length > 0) throw new ServiceError(`The worker does not poll ${unserved.join(', ')}.`);
  print(context, ready ? `The worker polls ${queues.join(', ')}.` : 'The worker answers.');
}

async function askListener(name: 'gateway' | 'server', ready: boolean, context: CommandContext): Promise<void> {
  const { host, port } = await listenSettings(name, context.environment);
  const address = local(`${host.includes(':') ? `[${host}]` : host}:${port}`);
  const { status } = await get(`http://${address}/${ready ? 'readyz' : 'healthz'}`, name);
  if (status !== 200) throw new ServiceError(`The ${name} is not ready: it answers ${status}.`);
  print(context, ready ? `The ${name} answers, and reaches Temporal.` : `The ${name} answers.`);
}

async function listenSettings(
  name: 'gateway' | 'server',
  environment: Environment,
): Promise<{ readonly host: string; readonly port: number }> {
  const { readEnvironment } = await import('../../config/environment.js');
  if (name === 'gateway') {
    const { gatewayVariables } = await import('../../config/gateway-config.js');
    const { GATEWAY_HOST, GATEWAY_PORT } = gatewayVariables;
    const read = readEnvironment({ GATEWAY_HOST, GATEWAY_PORT }, environment);
    return { host: read.GATEWAY_HOST, port: read.GATEWAY_PORT };
  }
  const { serverVariables } = await import('../../config/server-config.js');
  const { SERVER_HOST, SERVER_PORT } = serverVariables;
  const read = readEnvironment({ SERVER_HOST, SERVER_PORT }, environment);
  return { host: read.SERVER_HOST, port: read.SERVER_PORT };
}

async function workerSettings(
  environment: Environment,
): Promise<{ readonly address: string; readonly queues: readonly string[] }> {
  const { workerVariables } = await import('../../config/worker-config.js');
  const { ConfigurationError, readEnvironment } = await import('../../config/environment.js');
  const { providerQueue, WORKFLOW_QUEUE } = await import('../../temporal/names.js');
  const { ERASURE_PROVIDERS, ERASURE_SERVE_WORKFLOWS, METRICS_ADDRESS } = workerVariables;
  const read = readEnvironment({ ERASURE_PROVIDERS, ERASURE_SERVE_WORKFLOWS, METRICS_ADDRESS }, environment);
  if (read.METRICS_ADDRESS === undefined) {
    throw new ConfigurationError(['METRICS_ADDRESS is missing: a worker can be asked nowhere else']);
  }
  return {
    address: read.METRICS_ADDRESS,
    queues: [...(read.ERASURE_SERVE_WORKFLOWS ? [WORKFLOW_QUEUE] : []), ...read.ERASURE_PROVIDERS.map(providerQueue)],
  };
}

/** Where a process listens on every address of its machine, it is asked at the machine's own. */
function local(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
}

function isPolled(queue: string, metrics: string): boolean {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('temporal_num_pollers{') && line.includes(`task_queue="${queue}"`))
    .some((line) => Number(line.slice(line.lastIndexOf(' ') + 1)) > 0);
}

async function get(url: string, name: string): Promise<{ readonly status: number; readonly body: string }> {
  try {
    const { createAgents } = await import('../../network/agents.js');
    const { createFetch } = await import('../../network/fetch.js');
    const answer = await createFetch(createAgents())(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return { status: answer.status, body: await answer.text() };
  } catch {
    throw new ServiceError(`The ${name} does not answer at ${new URL(url).host}.`);
  }
}
