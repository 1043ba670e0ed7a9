/** The gateway process: listens for callbacks and passes them on to Temporal. It starts and stays up while Temporal is away. */
import { Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { ConfigurationError } from '../config/environment';
import type { GatewayConfig } from '../config/gateway-config';
import { SECOND_MS } from '../domain/duration';
import { createCapabilityChecker } from '../security/callback-capability';
import { createTokenChecker, createTokenIssuer } from '../security/callback-token';
import { createFactSigner } from '../security/facts';
import { factKeyProblem } from '../security/key-sets';
import { readFactKeys, readGatewayKeys } from '../security/key-files';
import type { GatewayKeys } from '../security/key-table';
import { createCredentialCheck } from '../security/token-credentials';
import { createCallbackDelivery } from './callback-delivery';
import { createGatewayMetrics } from './metrics';
import { createMetricsServer, listenOptions } from '../network/metrics-server';
import { createReadiness } from '../temporal/readiness';
import { createGateway, type GatewayOptions } from './server';
import { clientOptions } from '../temporal/connection';
import { explainConnectionFailure, connectionProblem } from '../temporal/connection-problem';

/** More than a callback under way can take. */
const DRAIN_MS_MAX = 15 * SECOND_MS;

export interface RunningGateway {
  readonly url: string;
  /** Where the metrics are served, if they are. */
  readonly metricsUrl: string | undefined;
  /** Takes no new callbacks, finishes those under way, and disconnects. */
  close(): Promise<void>;
}

export async function startGateway(
  config: GatewayConfig,
  logger: Logger,
  overrides: Pick<GatewayOptions, 'now'> = {},
): Promise<RunningGateway> {
  const keys = await readGatewayKeys(config.keysDirectory, config.keyPermissions);
  refuse(factKeyProblem(keys, await readFactKeys(config.keysDirectory, config.keyPermissions)));
  const connection = Connection.lazy(clientOptions(config.temporal));
  const temporal = { connection, namespace: config.temporal.namespace };
  const isReady = createReadiness({ ...temporal, tell: (error) => void tellOfTemporal(error) });
  const metrics = createGatewayMetrics();
  const server = createGateway({
    checker: createCapabilityChecker(keys),
    token: tokenMode(config, keys),
    delivery: createCallbackDelivery({ ...temporal, signer: createFactSigner(keys) }),
    metrics,
    logger,
    invalidPerMinute: config.invalidPerMinute,
    isReady,
    ...overrides,
  });
  const { metricsAddress } = config;
  const metricsServer = metricsAddress === undefined ? undefined : createMetricsServer(metrics.registry);

  let url: string;
  let metricsUrl: string | undefined;
  try {
    if (metricsAddress !== undefined) metricsUrl = await metricsServer?.listen(listenOptions(metricsAddress));
    url = await server.listen({ host: config.host, port: config.port });
  } catch (error) {
    await server.close();
    await metricsServer?.close();
    await connection.close();
    throw error;
  }
  logger.info({ url, metricsUrl, namespace: temporal.namespace, tokens: tokensWord(config) }, 'The gateway listens');
  // Nobody may ask for a while, and what is wrong should be told at the start.
  void connectionProblem(config.temporal).then((because) => because !== undefined && warn(because));

  let closed: Promise<void> | undefined;
  return { url, metricsUrl, close: () => (closed ??= drain()) };

  async function tellOfTemporal(error: unknown): Promise<void> {
    if (error === undefined) {
      logger.info('Temporal answers again');
      return;
    }
    const message = await explainConnectionFailure(config.temporal, error);
    warn(message);
  }

  function warn(because: string): void {
    logger.warn({ because }, 'Temporal does not answer: callbacks are answered 503 until it does');
  }

  async function drain(): Promise<void> {
    // A client that sends its request drop by drop must not hold us up.
    const timer = setTimeout(() => server.server.closeAllConnections(), DRAIN_MS_MAX);
    await server.close().finally(() => clearTimeout(timer));
    await connection.close();
    // Last, so that what happened until now can still be read.
    await metricsServer?.close();
  }
}

function tokenMode({ token }: GatewayConfig, keys: GatewayKeys): GatewayOptions['token'] {
  if (token === undefined) return undefined;
  const { credentials, headers, required } = token;
  return {
    issuer: createTokenIssuer(keys),
    checker: createTokenChecker(keys),
    isCaller: createCredentialCheck(credentials),
    headers,
    required,
  };
}

/** Key files that do not belong together. */
function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new ConfigurationError([`ERASURE_KEYS_DIR: ${problem}`]);
}

function tokensWord({ token }: GatewayConfig): 'off' | 'required' | 'accepted' {
  if (token === undefined) return 'off';
  return token.required ? 'required' : 'accepted';
}
