/** The gateway process: listens for callbacks and passes them on to Temporal. It starts and stays up while Temporal is away. */
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
import { createGateway, type GatewayOptions } from './server';
import { TemporalBehind, type Listening } from '../temporal/temporal-behind';

/** More than a callback under way can take. */
const DRAIN_MS_MAX = 15 * SECOND_MS;

export async function startGateway(
  config: GatewayConfig,
  logger: Logger,
  overrides: Pick<GatewayOptions, 'now'> = {},
): Promise<Listening> {
  const keys = await readGatewayKeys(config.keysDirectory, config.keyPermissions);
  refuse(factKeyProblem(keys, await readFactKeys(config.keysDirectory, config.keyPermissions)));
  const behind = new TemporalBehind(config.temporal, { logger, meanwhile: 'callbacks are answered 503' });
  const temporal = { connection: behind.connection, namespace: config.temporal.namespace };
  const metrics = createGatewayMetrics();
  const server = createGateway({
    checker: createCapabilityChecker(keys),
    token: tokenMode(config, keys),
    delivery: createCallbackDelivery({ ...temporal, signer: createFactSigner(keys) }),
    metrics,
    logger,
    invalidPerMinute: config.invalidPerMinute,
    isReady: behind.isReady,
    ...overrides,
  });
  const { host, port, metricsAddress } = config;
  return behind.listen(server, {
    host,
    port,
    metricsAddress,
    registry: metrics.registry,
    drainMsMax: DRAIN_MS_MAX,
    details: { tokens: tokensWord(config) },
    says: 'The gateway listens',
  });
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
