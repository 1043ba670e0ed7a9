/** `npm run forward`: moves a request of the local stack and the simulated providers into the future, together. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Command, InvalidArgumentError } from 'commander';
import { ErasureClient, RequestNotFoundError, type RequestStatus } from '../client';
import { describeDuration, describeInstant, HOUR_MS, MINUTE_MS } from '../domain/duration';
import { providerName } from '../domain/provider/provider-table';
import { legLine } from './live-view';
import { DIRECTORY_VARIABLE, localDirectory, readRunning, type RunningStack } from './local-directory';
import { connectControl } from './simulator/control-client';
import { fastForward, virtualNow } from '../temporal/virtual-time';
import { typedRequestId, workflowIdOf } from '../temporal/names';
import { channelArgs } from '../temporal/connection';

/** As often as providers are tried again: each try must meet the world of its own day. */
const STEP_MS_MAX = 6 * HOUR_MS;
const HOURS_MAX = 24 * 366;
const CONNECT_MS_MAX = 5_000;
/** A worker that was just started is asked through the queue of the one before at first. */
const ANSWER_MS_MAX = 30_000;

interface Options {
  readonly hours: number;
  readonly directory?: string;
}

async function main(): Promise<void> {
  const program = new Command('npm run forward --')
    .description(
      'For `npm run up` only: moves one request, and the simulated providers with it, so many hours into the future.',
    )
    .argument('<ID>', 'the request id or the workflow id')
    .requiredOption('--hours <n>', 'by how much', parseHours)
    .option('--directory <directory>', `where the state of \`npm run up\` is kept; by default ${DIRECTORY_VARIABLE}`)
    .parse();
  const { hours, directory } = program.opts<Options>();
  const requestId = typedRequestId(program.args[0] ?? '');
  const running = findStack(localDirectory(directory, process.env));
  const connection = await Connection.connect({
    address: running.temporalAddress,
    connectTimeout: CONNECT_MS_MAX,
    channelArgs,
  });
  try {
    await forward({ running, connection, requestId, byMs: Math.round(hours * HOUR_MS) });
  } finally {
    await connection.close();
  }
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && hours * HOUR_MS >= MINUTE_MS && hours <= HOURS_MAX) return hours;
  throw new InvalidArgumentError(`Expected a number of hours, at least a minute and at most ${HOURS_MAX}.`);
}

/** Time is moved on a server of our own making only. */
function findStack(directory: string): RunningStack {
  const wanted = process.env['TEMPORAL_ADDRESS'];
  if (wanted !== undefined && wanted !== '' && !isLoopback(wanted)) {
    throw new Error(
      `TEMPORAL_ADDRESS is ${wanted}, which is not this machine. Time can be moved in the local stack only; unset it first.`,
    );
  }
  const running = readRunning(directory);
  if (running?.isAlive !== true) {
    throw new Error(`No local stack runs on ${directory}. Start it with: npm run up`);
  }
  if (wanted !== undefined && wanted !== '' && portOf(wanted) !== portOf(running.temporalAddress)) {
    throw new Error(
      `TEMPORAL_ADDRESS is ${wanted}, but the local stack on ${directory} has its Temporal at ` +
        `${running.temporalAddress}. Load the settings that npm run up has written, or name its directory with --directory.`,
    );
  }
  return running;
}

function isLoopback(address: string): boolean {
  const host = address.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function portOf(address: string): string | undefined {
  return /:(\d+)$/.exec(address)?.[1];
}

async function forward({
  running,
  connection,
  requestId,
  byMs,
}: {
  readonly running: RunningStack;
  readonly connection: Connection;
  readonly requestId: string;
  readonly byMs: number;
}): Promise<void> {
  const { namespace } = running;
  const client = new ErasureClient({ client: new Client({ connection, namespace }) });
  const simulator = await connectControl(running.controlUrl);
  const workflowId = workflowIdOf(requestId);
  const look = async (): Promise<RequestStatus> => {
    const status = await lookAt(client, requestId);
    const now = (await virtualNow(connection, { namespace, workflowId })).getTime();
    const world = Date.parse(await simulator.time());
    const shown = status.closedAt === undefined ? now : Date.parse(status.closedAt);
    tell(`Request at ${describeInstant(shown)}, simulated providers at ${describeInstant(world)}`);
    for (const leg of status.progress?.legs ?? []) tell(`  ${legLine(leg)}`);
    return status;
  };

  const before = await lookAt(client, requestId);
  if (before.status !== 'running') {
    throw new Error(`Request ${requestId} has ended (${before.status}): there is nothing left to move.`);
  }
  await look();
  let movedMs = 0;
  let isSettled = true;
  for (let hasEnded = false; !hasEnded && movedMs < byMs;) {
    const stepMs = Math.min(STEP_MS_MAX, byMs - movedMs);
    // The world first: a callback must be able to arrive, and a look must find what is due.
    await simulator.advance(stepMs);
    const step = await fastForward(connection, { namespace, workflowId, byMs: stepMs });
    movedMs += stepMs;
    hasEnded = step.ended;
    isSettled = step.settled;
  }
  tell('');
  tell(`Moved forward by ${describeDuration(movedMs)}${movedMs < byMs ? ', which was enough' : ''}.`);
  const after = await look();
  if (after.status !== 'running') {
    for (const { provider, outcome, assurance } of after.result?.legs ?? []) {
      tell(`  ${providerName(provider)}: ${[outcome, assurance].filter((word) => word !== undefined).join(', ')}`);
    }
    tell(`The request has ended: ${after.result?.outcome ?? after.status}.`);
  } else if (after.state === 'awaiting-answer') {
    tell(
      `Every provider has settled (${after.progress?.outcome}), and its certificate is there: erasure certificate ${requestId}`,
    );
    for (const todo of after.progress?.todo ?? []) tell(`  To do: ${todo}`);
  } else if (!isSettled) {
    tell('Something of it is still under way; it will show in the status.');
  }
}

async function lookAt(client: ErasureClient, requestId: string): Promise<RequestStatus> {
  const until = performance.now() + ANSWER_MS_MAX;
  for (;;) {
    const status = await client.get(requestId).catch((error: unknown) => {
      if (error instanceof RequestNotFoundError) throw new Error('The local stack has no such request.');
      throw error;
    });
    if (status.status !== 'running' || status.progress !== undefined) return status;
    if (performance.now() > until) throw new Error('The worker does not answer: see its log, beside the state.');
    await pause(200);
  }
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

// `… | head` reads no further: what was begun is still done.
process.stdout.on('error', () => undefined);
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (process.env['ERASURE_DEBUG'] === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
