/** What the long-running commands have in common: they end well when told to, and at once when told twice. */
import type { Logger } from 'pino';
import { hasExitCode, ServiceError } from './command-failure';

const signals = ['SIGTERM', 'SIGINT'] as const;
const MESSAGE_LENGTH_MAX = 500;

/** Resolves at the first signal to end; the second one ends the process. */
export function stopSignal(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const received = (signal: NodeJS.Signals): void => {
      if (stopping) {
        logger.warn({ signal }, 'Told twice to stop: ending at once');
        process.exit(1);
      }
      stopping = true;
      logger.info({ signal }, 'Told to stop: taking up nothing new; a second signal ends at once');
      resolve();
    };
    for (const signal of signals) process.on(signal, received);
  });
}

/** For what breaks a service as a whole. Its message is logged: no request is at hand there whose content it could quote. */
export function brokenService(error: unknown, { logger, name }: { readonly logger: Logger; readonly name: string }) {
  if (hasExitCode(error)) return error;
  const cause = error instanceof Error ? error : new Error('unknown');
  logger.error({ error: cause.name, message: cause.message.slice(0, MESSAGE_LENGTH_MAX) }, `The ${name} broke`);
  return new ServiceError(`The ${name} broke: see its log.`);
}
