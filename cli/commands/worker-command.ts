import type { Command } from 'commander';
import type { RunningWorker } from '../../worker/worker';
import type { CommandContext } from '../context';
import { exitCode } from '../exit-code';
import { ServiceError } from '../command-failure';
import { brokenService, stopSignal } from '../service';

export function addWorker(program: Command, context: CommandContext): void {
  program
    .command('worker')
    .description('run a worker: the workflows, and the activities of the providers it serves')
    .addHelpText(
      'after',
      `
Settings come from the environment and are all checked before it starts. It logs JSON lines on stderr.
SIGTERM or SIGINT lets what runs come to its end; a second one ends at once.

Example:
  ERASURE_KEYS_DIR=/etc/erasure/keys erasure worker 2>> worker.log`,
    )
    .action(() => work(context));
}

async function work({ environment }: CommandContext): Promise<void> {
  const { readWorkerConfig } = await import('../../config/worker-config.js');
  const { createLogger } = await import('../../config/logging.js');
  const config = readWorkerConfig(environment);
  const logger = createLogger({ name: 'worker', level: config.logLevel });
  const { unknownSettings } = await import('../../config/unknown-settings.js');
  for (const sentence of unknownSettings(environment)) logger.warn(sentence);
  let worker: RunningWorker | undefined;
  void stopSignal(logger).then(() => (worker === undefined ? process.exit(exitCode.ok) : worker.drain()));
  try {
    // Loaded late: it brings a native library, and a wrong setting should be told without it.
    const { installRuntime, startWorker } = await import('../../worker/worker.js');
    installRuntime(config, logger);
    worker = await startWorker(config, logger);
    await worker.finished;
  } catch (error) {
    throw brokenService(withoutPackage(error), { logger, name: 'worker' });
  }
  logger.info('The worker has stopped');
}

/** An optional dependency, since it is large and native, and clients of the library need none of it. */
function withoutPackage(error: unknown): unknown {
  const isMissing =
    error instanceof Error &&
    (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' &&
    error.message.includes("'@temporalio/worker'");
  if (!isMissing) return error;
  return new ServiceError('A worker needs the package @temporalio/worker: install without --omit=optional.');
}
