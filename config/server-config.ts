/** Settings of the server process: the HTTP API for services, and the console for staff. */
import { z } from 'zod';
import { defined } from '../domain/defined';
import type { Proxy } from '../network/proxy';
import type { KeyPermissions } from '../security/key-permissions';
import { ConfigurationError, isGiven, readAll, readEnvironment, type Environment } from './environment';
import { issuerUrl, roleMap, type IdentityProviderConfig } from './identity-provider';
import { logLevel, type LogLevel } from './logging';
import { networkVariables, readProxy } from './network-config';
import { bindAddress, keyPermissions, listenHost, origin, path, port, positiveInteger, secret } from './setting-types';
import { readWebhookHosts, webhookHostVariables, type WebhookHosts } from './webhook-config';
import { readTemporalConfig, type TemporalConfig } from './temporal-config';

export const serverVariables = {
  ERASURE_KEYS_DIR: path,
  ERASURE_KEY_PERMISSIONS: keyPermissions,
  ERASURE_POLICY_FILE: path.optional(),
  SERVER_HOST: listenHost.default('127.0.0.1'),
  SERVER_PORT: port.default(8090),
  SERVER_METRICS_ADDRESS: bindAddress.optional(),
  SERVER_CALLS_PER_MINUTE: positiveInteger.default(1_200),
  SERVER_REFUSALS_PER_MINUTE: positiveInteger.default(60),
  SERVER_OIDC_ISSUER: issuerUrl.optional(),
  SERVER_OIDC_AUDIENCE: z.string().min(1).optional(),
  SERVER_OIDC_ROLES: roleMap.optional(),
  SERVER_OIDC_ACTOR_CLAIM: z.string().min(1).default('sub'),
  SERVER_OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
  SERVER_OIDC_CLIENT_ID: z.string().min(1).optional(),
  SERVER_OIDC_CLIENT_SECRET: secret.optional(),
  SERVER_OIDC_SCOPE: z
    .string()
    .regex(/(^| )openid( |$)/, 'expected scopes with openid among them')
    .default('openid'),
  SERVER_PUBLIC_URL: origin.optional(),
  LOG_LEVEL: logLevel,
  ...networkVariables,
  ...webhookHostVariables,
} as const;

export interface ServerConfig {
  readonly temporal: TemporalConfig;
  readonly keysDirectory: string;
  readonly keyPermissions: KeyPermissions;
  /** What due dates are previewed with. */
  readonly policyFile?: string;
  readonly host: string;
  readonly port: number;
  /** Where metrics are served; nowhere without it. */
  readonly metricsAddress?: string;
  /** Calls that one staff member or service may make each minute before they are answered 429. */
  readonly callsPerMinute: number;
  /** Calls without valid credentials that one address may make each minute. */
  readonly refusalsPerMinute: number;
  /** The company's identity provider; services with a key need none. */
  readonly identityProvider?: IdentityProviderConfig;
  /** Pages for staff; none without it. */
  readonly console?: ConsoleConfig;
  /** Who may be told of the changes of requests; nobody without it. */
  readonly webhookHosts?: WebhookHosts;
  /** What the identity provider is reached through. */
  readonly proxy?: Proxy;
  readonly logLevel: LogLevel;
}

/** How staff log in with a browser. */
export interface ConsoleConfig {
  readonly clientId: string;
  /** Absent for a client that the identity provider knows as public. */
  readonly clientSecret?: string;
  readonly scope: string;
  /** Scheme, host and port that browsers call the server by. */
  readonly publicUrl: string;
}

/** Throws `ConfigurationError`. */
export function readServerConfig(environment: Environment): ServerConfig {
  const { own, temporal, proxy, webhookHosts } = readAll({
    own: () => readEnvironment(serverVariables, environment),
    temporal: () => readTemporalConfig(environment),
    proxy: () => readProxy(environment),
    webhookHosts: () => readWebhookHosts(environment),
    identityProvider: () => refuseHalfIdentityProvider(environment),
    console: () => refuseHalfConsole(environment),
  });
  return {
    temporal,
    keysDirectory: own.ERASURE_KEYS_DIR,
    keyPermissions: own.ERASURE_KEY_PERMISSIONS,
    host: own.SERVER_HOST,
    port: own.SERVER_PORT,
    callsPerMinute: own.SERVER_CALLS_PER_MINUTE,
    refusalsPerMinute: own.SERVER_REFUSALS_PER_MINUTE,
    logLevel: own.LOG_LEVEL,
    ...defined({
      policyFile: own.ERASURE_POLICY_FILE,
      metricsAddress: own.SERVER_METRICS_ADDRESS,
      identityProvider: identityProviderOf(own),
      console: consoleOf(own),
      proxy,
      webhookHosts,
    }),
  };
}

function identityProviderOf(own: z.output<z.ZodObject<typeof serverVariables>>): IdentityProviderConfig | undefined {
  const { SERVER_OIDC_ISSUER: issuer, SERVER_OIDC_AUDIENCE: audience, SERVER_OIDC_ROLES: roles } = own;
  if (issuer === undefined || audience === undefined || roles === undefined) return undefined;
  const { SERVER_OIDC_ACTOR_CLAIM: actorClaim, SERVER_OIDC_ROLES_CLAIM: rolesClaim } = own;
  return { issuer, audience, actorClaim, rolesClaim, roles };
}

function consoleOf(own: z.output<z.ZodObject<typeof serverVariables>>): ConsoleConfig | undefined {
  const { SERVER_OIDC_CLIENT_ID: clientId, SERVER_OIDC_SCOPE: scope, SERVER_PUBLIC_URL: publicUrl } = own;
  if (clientId === undefined || publicUrl === undefined) return undefined;
  return { clientId, scope, publicUrl, ...defined({ clientSecret: own.SERVER_OIDC_CLIENT_SECRET }) };
}

/** The browser is sent back from the login to this very address, and forms are taken from no other. */
function refuseHalfConsole(environment: Environment): void {
  const needed = ['SERVER_OIDC_CLIENT_ID', 'SERVER_PUBLIC_URL'];
  const given = [...needed, 'SERVER_OIDC_CLIENT_SECRET'].find((name) => isGiven(name, environment));
  const missing = needed.filter((name) => !isGiven(name, environment));
  if (given === undefined || missing.length === 0) return;
  throw new ConfigurationError(missing.map((name) => `${name} is missing, and ${given} is set: set both, or neither`));
}

/** Without an audience a token for any other application would do, and without roles nobody could do anything. */
function refuseHalfIdentityProvider(environment: Environment): void {
  const names = Object.keys(serverVariables).filter((name) => name.startsWith('SERVER_OIDC_'));
  const needed = ['SERVER_OIDC_ISSUER', 'SERVER_OIDC_AUDIENCE', 'SERVER_OIDC_ROLES'];
  const [given] = names.filter((name) => isGiven(name, environment));
  const missing = needed.filter((name) => !isGiven(name, environment));
  if (given === undefined || missing.length === 0) return;
  throw new ConfigurationError(missing.map((name) => `${name} is missing, and ${given} is set: set both, or neither`));
}
