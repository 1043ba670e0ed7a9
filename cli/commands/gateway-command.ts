import type { Command } from 'commander';
import type { CommandContext } from '../context';
import { explainListening } from '../listening';
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
    explain: explainListening('gateway', 'GATEWAY_HOST and GATEWAY_PORT, or GATEWAY_METRICS_ADDRESS'),
  });
}
