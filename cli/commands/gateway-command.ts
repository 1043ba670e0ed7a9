import type { Command } from 'commander';
import { ServiceError } from '../command-failure';
import type { CommandContext } from '../context';
import { addService } from '../service';

export function addGateway(program: Command, context: CommandContext): void {
  addService(program, context, {
    name: 'gateway',
    description: "run the gateway, which takes the providers' callbacks",
    example: 'GATEWAY_PORT=8080 ERASURE_KEYS_DIR=/etc/erasure/keys erasure gateway 2>> gateway.log',
    readConfig: async () => (await import('../../config/gateway-config.js')).readGatewayConfig,
    start: async (config, logger) => {
      const { startGateway } = await import('../../gateway/gateway.js');
      const gateway = await startGateway(config, logger);
      return { stop: () => gateway.close() };
    },
    explain: unableToListen,
  });
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
