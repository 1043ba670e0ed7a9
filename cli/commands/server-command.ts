import type { Command } from 'commander';
import type { CommandContext } from '../context';
import { addService } from '../service';
import { explainListening } from '../listening';
import { packageVersion } from '../version';

export function addServer(program: Command, context: CommandContext): void {
  addService(program, context, {
    name: 'server',
    description: 'run the server: the HTTP API for services and staff',
    example: 'SERVER_PORT=8090 ERASURE_KEYS_DIR=/etc/erasure/keys erasure server 2>> server.log',
    readConfig: async () => (await import('../../config/server-config.js')).readServerConfig,
    start: async (config, logger) => {
      const { startServer } = await import('../../server/server-process.js');
      const server = await startServer(config, { logger, version: packageVersion() });
      return { stop: () => server.close() };
    },
    explain: explainListening('server', 'SERVER_HOST and SERVER_PORT, or SERVER_METRICS_ADDRESS'),
  });
}
