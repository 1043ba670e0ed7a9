/** Settings of the gateway process. */
import type { z } from 'zod';
import { defined } from '../domain/defined';
import { readAll, readEnvironment, refuseWithout, type Environment } from './environment';
import {
  bindAddress,
  flag,
  headerNames,
  keyPermissions,
  listenHost,
  path,
  port,
  positiveInteger,
} from './setting-types';
import type { KeyPermissions } from '../security/key-permissions';
import { networkVariables } from './network-config';
import { logLevel, type LogLevel } from './logging';
import { readTemporalConfig, type TemporalConfig } from './temporal-config';
import { acceptedTokenCredentials, type AcceptedTokenCredentials } from './token-settings';

export const gatewayVariables = {
  ERASURE_KEYS_DIR: path,
  ERASURE_KEY_PERMISSIONS: keyPermissions,
  GATEWAY_HOST: listenHost.default('127.0.0.1'),
  GATEWAY_PORT: port.default(8080),
  GATEWAY_INVALID_PER_MINUTE: positiveInteger.default(60),
  GATEWAY_METRICS_ADDRESS: bindAddress.optional(),
  GATEWAY_TOKEN_CREDENTIALS: acceptedTokenCredentials.optional(),
  GATEWAY_TOKEN_HEADERS: headerNames.default(['authorization', 'x-auth-token']),
  GATEWAY_TOKEN_REQUIRED: flag.default(true),
  LOG_LEVEL: logLevel,
  // For Temporal alone: a gateway calls nobody else.
  ...networkVariables,
} as const;

/** Callbacks also carry a token that their sender has fetched from us. */
export interface TokenModeConfig {
  /** Who is let in at the token endpoint: any one of these. */
  readonly credentials: readonly AcceptedTokenCredentials[];
  /** The headers in which a callback may bring its token, in lower case. */
  readonly headers: readonly string[];
  /** False while callbacks are still to come that were asked for without a token: those are noticed, and let in. */
  readonly required: boolean;
}

export interface GatewayConfig {
  readonly temporal: TemporalConfig;
  readonly keysDirectory: string;
  readonly keyPermissions: KeyPermissions;
  readonly host: string;
  readonly port: number;
  /** Invalid callbacks that one address may send each minute before it is answered 429. Valid ones are never limited. */
  readonly invalidPerMinute: number;
  /** Where metrics are served; nowhere without it. */
  readonly metricsAddress?: string;
  readonly token?: TokenModeConfig;
  readonly logLevel: LogLevel;
}

export function readGatewayConfig(environment: Environment): GatewayConfig {
  const read = readAll({
    own: () => readEnvironment(gatewayVariables, environment),
    temporal: () => readTemporalConfig(environment),
    token: () =>
      refuseWithout(
        'GATEWAY_TOKEN_CREDENTIALS',
        { names: ['GATEWAY_TOKEN_HEADERS', 'GATEWAY_TOKEN_REQUIRED'], otherwise: 'tokens are off' },
        environment,
      ),
  });
  const { own, temporal } = read;
  return {
    temporal,
    keysDirectory: own.ERASURE_KEYS_DIR,
    keyPermissions: own.ERASURE_KEY_PERMISSIONS,
    host: own.GATEWAY_HOST,
    port: own.GATEWAY_PORT,
    invalidPerMinute: own.GATEWAY_INVALID_PER_MINUTE,
    logLevel: own.LOG_LEVEL,
    ...defined({
      metricsAddress: own.GATEWAY_METRICS_ADDRESS,
      token: tokenModeOf(own),
    }),
  };
}

type OwnSettings = z.output<z.ZodObject<typeof gatewayVariables>>;

function tokenModeOf(own: OwnSettings): TokenModeConfig | undefined {
  const { GATEWAY_TOKEN_CREDENTIALS: credentials } = own;
  return credentials && { credentials, headers: own.GATEWAY_TOKEN_HEADERS, required: own.GATEWAY_TOKEN_REQUIRED };
}
