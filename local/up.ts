/** `npm run up`: the whole system on this machine, in real time and on kept state, until it is told to end. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { DAY_MS, HOUR_MS } from '../domain/duration';
import { providerKeys } from '../domain/provider/provider-table';
import { tryLock } from './engine/lock';
import { withoutTemporalSettings } from './engine/supervised-process';
import { elapsed } from './live-view';
import {
  DIRECTORY_VARIABLE,
  environmentFile,
  forgetRunning,
  localDirectory,
  readRunning,
  recordRunning,
  shellQuoted,
} from './local-directory';
import { writeSampleRequest } from './sample-request';
import { shortenWindows } from './scenarios';
import { simulatedProviders } from './simulator/simulator-registry';
import { startStack, type Stack, type StackPorts } from './stack';
import { assertFree, choosePorts, keepPorts, portOptions } from './stack-ports';

const NAMESPACE = 'erasure';
/** The processes of a stack that was killed end by themselves, but not in no time. */
const ENDING_MS_MAX = 10_000;
/** npm passes on a Ctrl-C that the terminal has sent us already: that is not a second one. */
const SECOND_SIGNAL_AFTER_MS = 1_000;
const PARENT_CHECK_MS = 500;
/** Longer than every window of the sample request, margins included. */
const SAMPLE_HOURS = 170;
/** A provider's promise for more than 400 days ahead is not believed, and its clock runs ahead of a new request's. */
const AHEAD_MS_MAX = 300 * DAY_MS;

async function main(): Promise<void> {
  const program = new Command('npm run up --')
    .description('The whole system on this machine, with simulated providers: in real time, on kept state.')
    .option('--directory <directory>', `where its state is kept; by default ${DIRECTORY_VARIABLE}, or this user's own`);
  for (const option of portOptions()) program.addOption(option);
  const given = program.parse().opts<Record<string, unknown> & { directory?: string }>();
  const directory = localDirectory(given.directory, process.env);
  mkdirSync(directory, { recursive: true, mode: 0o700 });

  const release = lock(directory);
  process.once('exit', release);
  const ending = new Ending();
  const ports = choosePorts(directory, given);
  const left = readRunning(directory);
  await assertFree(ports, { withinMs: left === undefined ? 0 : ENDING_MS_MAX });
  keepPorts(directory, ports);

  const stack = await start(directory, ports);
  ending.ends(async () => {
    await stack.stop();
    forgetRunning(directory);
  });
  for (const { name, logFile, exited } of stack.processes) {
    void exited.then(() => ending.because(`The ${name} has ended by itself: its log is ${logFile}`));
  }
  try {
    await introduce(stack, { directory, ports });
  } catch (error) {
    if (!ending.hasBegun) {
      await stack.stop();
      throw error;
    }
  }
}

function lock(directory: string): () => void {
  const attempt = tryLock(join(directory, 'up.lock'));
  if ('release' in attempt) return () => attempt.release();
  throw new Error(
    `It runs already on ${directory} (process ${attempt.holder.pid} on ${attempt.holder.host}). ` +
      'End that one with Ctrl-C first, or choose another directory with --directory, and other ports.',
  );
}

async function start(directory: string, ports: StackPorts): Promise<Stack> {
  const isNew = !existsSync(join(directory, 'simulator.json'));
  const stack = await startStack({
    report: tell,
    directory,
    ports,
    namespace: NAMESPACE,
    // Whoever has loaded our own file of settings means no other server by it.
    environment: withoutTemporalSettings(process.env),
  });
  if (isNew) await shortenWindows(stack.simulator);
  return stack;
}

async function introduce(
  stack: Stack,
  { directory, ports }: { readonly directory: string; readonly ports: StackPorts },
): Promise<void> {
  const { simulator, client } = stack;
  const sample = await writeSampleRequest({ directory, client, simulator });
  const settingsFile = join(directory, 'local.env');
  const settings = {
    ...stack.settings,
    [DIRECTORY_VARIABLE]: directory,
    ERASURE_SIMULATOR_URL: simulator.addresses.control,
  };
  writeFileSync(settingsFile, environmentFile(settings), { mode: 0o600 });
  recordRunning(directory, {
    pid: process.pid,
    temporalAddress: stack.engine.address,
    namespace: stack.namespace,
    controlUrl: simulator.addresses.control,
  });

  const erasure = `node ${shellQuoted(relative('.', join(__dirname, '..', 'cli', 'main.js')))}`;
  const aheadMs = Date.parse(await simulator.time()) - Date.now();
  tell('');
  tell(`Everything runs, in real time. Its state is kept in ${directory}`);
  tell('');
  for (const [name, value] of [
    ['Console', `${stack.server?.url}, to log in as one of two invented staff members`],
    [
      'Temporal UI',
      stack.uiUrl === undefined
        ? `none (see above); port ${ports.ui}`
        : `${stack.uiUrl}/namespaces/${NAMESPACE}/workflows`,
    ],
    ['Temporal', `${stack.engine.address}, namespace ${stack.namespace}`],
    ['API', `${stack.server?.url}/api/v1/`],
    ['Login page, local only', stack.server?.loginUrl],
    ['Webhooks', `${stack.webhookUrl}, for a request's webhookUrl; opened, it shows what came`],
    ['Gateway', stack.gatewayUrl],
    ...providerKeys.map((key) => [`${simulatedProviders[key].name} (simulated)`, simulator.addresses[key]] as const),
    ["Simulator's control", simulator.addresses.control],
    ['Keys', stack.keysDirectory],
    ['Logs', stack.logDirectory],
  ] as const) {
    tell(`  ${name.padEnd(23)} ${value}`);
  }
  if (aheadMs > HOUR_MS) {
    tell('');
    tell(`The simulated providers are ${elapsed(aheadMs)} ahead of this machine, since requests were moved forward.`);
    if (aheadMs > AHEAD_MS_MAX) tell('New requests had better start in another directory: --directory DIR');
  }
  tell('');
  tell('Three commands to try in another terminal, in this folder, once it has the settings:');
  tell('');
  tell(`  set -a; . ${shellQuoted(settingsFile)}; set +a`);
  tell('');
  tell(`  ${erasure} submit ${shellQuoted(sample.file)}`);
  tell(`  npm run --silent forward -- ${sample.requestId} --hours ${SAMPLE_HOURS}`);
  tell(`  ${erasure} status ${sample.requestId}`);
  tell('');
  tell('Ctrl-C ends it. The next `npm run up` goes on from there.');
}

/** Ends once, for whichever reason comes first: told to (a success), or because a part of it is gone (a failure). */
class Ending {
  #begunAt: number | undefined;
  #end: (() => Promise<void>) | undefined;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#told());
    if (process.env['npm_lifecycle_event'] !== undefined) this.#endWithParent();
  }

  get hasBegun(): boolean {
    return this.#begunAt !== undefined;
  }

  /** Until this is given there is nothing that would not end with us. */
  ends(end: () => Promise<void>): void {
    this.#end = end;
  }

  because(reason: string): void {
    if (this.hasBegun) return;
    process.stderr.write(`${reason}\nEnding the rest; \`npm run up\` goes on from there.\n`);
    this.#begin(1);
  }

  #told(): void {
    if (this.#begunAt === undefined) {
      tell('\nEnding what was started here.');
      this.#begin(0);
    } else if (performance.now() - this.#begunAt > SECOND_SIGNAL_AFTER_MS) {
      process.exit(1);
    }
  }

  /** npm passes a SIGTERM to its shell, which ends and passes it on to nobody. */
  #endWithParent(): void {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && !this.hasBegun) this.#told();
    }, PARENT_CHECK_MS).unref();
  }

  #begin(code: number): void {
    this.#begunAt = performance.now();
    void (this.#end?.() ?? Promise.resolve())
      .then(() => {
        tell('Ended.');
        process.exit(code);
      })
      .catch(fail);
  }
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (process.env['ERASURE_DEBUG'] === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

// A terminal that is closed ends us too, and cannot be told about it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
main().catch(fail);
