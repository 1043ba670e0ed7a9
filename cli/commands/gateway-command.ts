import type { Command } from 'commander';
import type { CommandContext } from '../context';
import { ServiceError } from '../command-failure';
import { brokenService, stopSignal } from '../service';

export function addGateway(program: Command, context: CommandContext): void {
  program
    .command('gateway')
    .description("run the gateway, which takes the providers' callbacks")
    .addHelpText(
      'after',
      `
Settings come from the environment and are all checked before it starts. It logs JSON lines on stderr.
SIGTERM or SIGINT lets what runs come to its end; a second one ends at once.

Example:
  GATEWAY_PORT=8080 ERASURE_KEYS_DIR=/etc/erasure/keys erasure gateway 2>> gateway.log`,
    )
    .action(() => serve(context));
}

async function serve({ environment }: CommandContext): Promise<void> {
  const { readGatewayConfig } = await import('../../config/gateway-config.js');
  const { createLogger } = await import('../../config/logging.js');
  const config = readGatewayConfig(environment);
  const logger = createLogger({ name: 'gateway', level: config.logLevel });
  const { unknownSettings } = await import('../../config/unknown-settings.js');
  for (const sentence of unknownSettings(environment)) logger.warn(sentence);
  const { startGateway } = await import('../../gateway/gateway.js');
  const stopped = stopSignal(logger);
  const gateway = await startGateway(config, logger).catch((error: unknown) => {
    throw brokenService(unableToListen(error), { logger, name: 'gateway' });
  });
  await stopped;
  await gateway.close();
}

/** Node's own error says which of the two addresses it was. */
function unableToListen(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code = '', address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (!['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(code)) return error;
  return new ServiceError(
    `The gateway cannot listen on ${address}:${port} (${code}). ` +
      'Check GATEWAY_HOST and GATEWAY_PORT, or GATEWAY_METRICS_ADDRESS.',
  );
}
