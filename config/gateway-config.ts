/** Settings of the gateway process. */
import { z } from 'zod';
import { defined } from '../domain/defined';
import type { Proxy } from '../network/proxy';
import { decisionRoles, issuerUrl, type DecisionRoles } from './identity-provider';
import { ConfigurationError, isGiven, readAll, readEnvironment, refuseWithout, type Environment } from './environment';
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
import { networkVariables, readProxy } from './network-config';
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
  GATEWAY_OIDC_ISSUER: issuerUrl.optional(),
  GATEWAY_OIDC_AUDIENCE: z.string().min(1).optional(),
  GATEWAY_OIDC_ROLES: decisionRoles.optional(),
  GATEWAY_OIDC_ACTOR_CLAIM: z.string().min(1).default('sub'),
  GATEWAY_OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
  LOG_LEVEL: logLevel,
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

/** Staff members get their decisions signed, whom the company's identity provider has logged in. */
export interface StaffLoginConfig {
  readonly issuer: string;
  /** Whom the identity provider's token has to be for. */
  readonly audience: string;
  /** The claim that holds the staff member's opaque id. */
  readonly actorClaim: string;
  /** The claim that holds their roles; dots lead into objects. */
  readonly rolesClaim: string;
  readonly roles: DecisionRoles;
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
  readonly staffLogin?: StaffLoginConfig;
  /** What the identity provider is reached through. */
  readonly proxy?: Proxy;
  readonly logLevel: LogLevel;
}

export function readGatewayConfig(environment: Environment): GatewayConfig {
  const read = readAll({
    own: () => readEnvironment(gatewayVariables, environment),
    temporal: () => readTemporalConfig(environment),
    proxy: () => readProxy(environment),
    token: () =>
      refuseWithout(
        'GATEWAY_TOKEN_CREDENTIALS',
        { names: ['GATEWAY_TOKEN_HEADERS', 'GATEWAY_TOKEN_REQUIRED'], otherwise: 'tokens are off' },
        environment,
      ),
    staffLogin: () => refuseHalfStaffLogin(environment),
  });
  const { own, temporal, proxy } = read;
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
      staffLogin: staffLoginOf(own),
      proxy,
    }),
  };
}

type OwnSettings = z.output<z.ZodObject<typeof gatewayVariables>>;

function tokenModeOf(own: OwnSettings): TokenModeConfig | undefined {
  const { GATEWAY_TOKEN_CREDENTIALS: credentials } = own;
  return credentials && { credentials, headers: own.GATEWAY_TOKEN_HEADERS, required: own.GATEWAY_TOKEN_REQUIRED };
}

function staffLoginOf(own: OwnSettings): StaffLoginConfig | undefined {
  const { GATEWAY_OIDC_ISSUER: issuer, GATEWAY_OIDC_AUDIENCE: audience, GATEWAY_OIDC_ROLES: roles } = own;
  if (issuer === undefined || audience === undefined || roles === undefined) return undefined;
  const { GATEWAY_OIDC_ACTOR_CLAIM: actorClaim, GATEWAY_OIDC_ROLES_CLAIM: rolesClaim } = own;
  return { issuer, audience, actorClaim, rolesClaim, roles };
}

/** Without an audience a token for any other application would do, and without roles everybody could decide. */
function refuseHalfStaffLogin(environment: Environment): void {
  const names = Object.keys(gatewayVariables).filter((name) => name.startsWith('GATEWAY_OIDC_'));
  const needed = ['GATEWAY_OIDC_ISSUER', 'GATEWAY_OIDC_AUDIENCE', 'GATEWAY_OIDC_ROLES'];
  const [given] = names.filter((name) => isGiven(name, environment));
  const missing = needed.filter((name) => !isGiven(name, environment));
  if (given === undefined || missing.length === 0) return;
  throw new ConfigurationError(missing.map((name) => `${name} is missing, and ${given} is set: set both, or neither`));
}
