import type { Command } from 'commander';
import { ServiceError } from '../command-failure';
import type { CommandContext } from '../context';
import { addService } from '../service';

export function addWorker(program: Command, context: CommandContext): void {
  addService(program, context, {
    name: 'worker',
    description: 'run a worker: the workflows, and the activities of the providers it serves',
    example: 'ERASURE_KEYS_DIR=/etc/erasure/keys erasure worker 2>> worker.log',
    readConfig: async () => (await import('../../config/worker-config.js')).readWorkerConfig,
    start: async (config, logger) => {
      // Loaded late: it brings a native library, and a wrong setting should be told without it.
      const { installRuntime, startWorker } = await import('../../worker/worker.js');
      installRuntime(config, logger);
      const worker = await startWorker(config, logger);
      return { finished: worker.finished, stop: () => worker.drain() };
    },
    explain: withoutPackage,
  });
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
