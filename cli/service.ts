/** Runs a process that serves until it is told to stop. It ends well when told once, and at once when told twice. */
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Environment } from '../config/environment';
import type { LogLevel } from '../config/logging';
import { hasExitCode, ServiceError } from './command-failure';
import type { CommandContext } from './context';
import { exitCode } from './exit-code';

const MESSAGE_LENGTH_MAX = 500;

export interface Service<Config extends { readonly logLevel: LogLevel }> {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  readonly readConfig: () => Promise<(environment: Environment) => Config>;
  /** `finished` rejects if it broke. */
  readonly start: (config: Config, logger: Logger) => Promise<RunningService>;
  /** A sentence for a failure that it foresees; anything else is given back. */
  readonly explain: (error: unknown) => unknown;
}

interface RunningService {
  readonly finished?: Promise<void>;
  stop(): void | Promise<void>;
}

export function addService<Config extends { readonly logLevel: LogLevel }>(
  program: Command,
  context: CommandContext,
  service: Service<Config>,
): void {
  program
    .command(service.name)
    .description(service.description)
    .addHelpText(
      'after',
      `
Settings come from the environment and are all checked before it starts. It logs JSON lines on stderr.
SIGTERM or SIGINT lets what runs come to its end; a second one ends at once.

Example:
  ${service.example}`,
    )
    .action(() => run(service, context.environment));
}

async function run<Config extends { readonly logLevel: LogLevel }>(
  { name, readConfig, start, explain }: Service<Config>,
  environment: Environment,
): Promise<void> {
  const { createLogger } = await import('../config/logging.js');
  const { unknownSettings } = await import('../config/unknown-settings.js');
  const config = (await readConfig())(environment);
  const logger = createLogger({ name, level: config.logLevel });
  for (const sentence of unknownSettings(environment)) logger.warn(sentence);
  let running: RunningService | undefined;
  const stopped = stopSignal(logger).then(() => running ?? process.exit(exitCode.ok));
  try {
    running = await start(config, logger);
    await Promise.race([stopped, running.finished ?? stopped]);
    await running.stop();
    await running.finished;
  } catch (error) {
    const explained = explain(error);
    if (hasExitCode(explained)) throw explained;
    // No request is at hand here whose content the message could quote.
    const { name: kind, message } = error instanceof Error ? error : new Error('unknown');
    logger.error({ error: kind, message: message.slice(0, MESSAGE_LENGTH_MAX) }, `The ${name} broke`);
    throw new ServiceError(`The ${name} broke: see its log.`);
  }
  logger.info(`The ${name} has stopped`);
}

/** Resolves at the first signal to end; the second one ends the process. */
function stopSignal(logger: Logger): Promise<void> {
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
    process.on('SIGTERM', received);
    process.on('SIGINT', received);
  });
}
