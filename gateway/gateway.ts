/** The gateway process: listens for callbacks and passes them on to Temporal. It starts and stays up while Temporal is away. */
import { Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import type { GatewayConfig } from '../config/gateway-config';
import { SECOND_MS } from '../domain/duration';
import { createCapabilityChecker } from '../security/callback-capability';
import { readGatewayKeys } from '../security/key-files';
import { createConfirmer } from './confirmer';
import { createReadiness } from './readiness';
import { createGateway } from './server';

/** More than a callback under way can take. */
const DRAIN_MS_MAX = 15 * SECOND_MS;

export interface RunningGateway {
  readonly url: string;
  /** Takes no new callbacks, finishes those under way, and disconnects. */
  close(): Promise<void>;
}

export async function startGateway(config: GatewayConfig, logger: Logger): Promise<RunningGateway> {
  const checker = createCapabilityChecker(await readGatewayKeys(config.keysDirectory));
  const connection = Connection.lazy(config.temporal.connection);
  const temporal = { connection, namespace: config.temporal.namespace };
  const server = createGateway({
    checker,
    confirmer: createConfirmer(temporal),
    logger,
    invalidPerMinute: config.invalidPerMinute,
    isReady: createReadiness(temporal),
  });

  let url: string;
  try {
    url = await server.listen({ host: config.host, port: config.port });
  } catch (error) {
    await server.close();
    await connection.close();
    throw error;
  }
  logger.info({ url, namespace: temporal.namespace }, 'The gateway listens');

  let closed: Promise<void> | undefined;
  return { url, close: () => (closed ??= drain()) };

  async function drain(): Promise<void> {
    // A client that sends its request drop by drop must not hold us up.
    const timer = setTimeout(() => server.server.closeAllConnections(), DRAIN_MS_MAX);
    await server.close().finally(() => clearTimeout(timer));
    await connection.close();
    logger.info('The gateway has stopped');
  }
}
