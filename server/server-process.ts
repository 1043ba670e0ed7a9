/** The server process: the HTTP API for services and the console for staff. Stateless; it starts and stays up while Temporal is away. */
import { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { createAccessTokenVerifier } from '../access/access-token';
import { createBrowserLogin } from '../access/browser-login';
import { createAuthenticator } from '../access/authenticate';
import { createReporter } from '../api/reporting';
import { apiRoutes } from '../api/routes';
import { rowIdsOf } from '../client/bulk/row-ids';
import { ErasureClient } from '../client/erasure-client';
import { ConfigurationError } from '../config/environment';
import { readPolicyFile } from '../config/policy-file';
import { consolePages } from '../console/pages';
import type { ServerConfig } from '../config/server-config';
import { defined } from '../domain/defined';
import { SECOND_MS } from '../domain/duration';
import { problemsOfCalendars } from '../domain/law/counting/chosen-calendars';
import { createAgents } from '../network/agents';
import { createFetch } from '../network/fetch';
import type { IssuerKeys } from '../security/certificate-verdict';
import { createDecisionTokenIssuer } from '../security/decision-token';
import {
  isMissing,
  readClientKeys,
  readDecisionKeys,
  readFactKeys,
  readPublicCertificateKeys,
  readServerDecisionKeys,
  readServerSessionKeys,
  readServiceKeys,
} from '../security/key-files';
import { environmentProblem } from '../security/key-sets';
import { createSealer } from '../security/sealing';
import { TemporalBehind, type Listening } from '../temporal/temporal-behind';
import { createHttpServer } from './http-server';
import { createServerMetrics } from './server-metrics';

/** More than any call but a batch takes. A batch that is broken off is sent again by whoever sent it. */
const DRAIN_MS_MAX = 30 * SECOND_MS;

export async function startServer(
  config: ServerConfig,
  {
    logger,
    version,
    now = Date.now,
  }: { readonly logger: Logger; readonly version: string; readonly now?: () => number },
): Promise<Listening> {
  const { keysDirectory, keyPermissions, identityProvider, temporal } = config;
  const clientKeys = await readClientKeys(keysDirectory, keyPermissions);
  const decisionKeys = await optional(readServerDecisionKeys(keysDirectory, keyPermissions));
  const serviceKeys = await optional(readServiceKeys(keysDirectory, keyPermissions));
  const sessionKeys = config.console && (await readServerSessionKeys(keysDirectory, keyPermissions));
  const issuerKeys: IssuerKeys = defined({
    certificate: await optional(readPublicCertificateKeys(keysDirectory, keyPermissions)),
    facts: await optional(readFactKeys(keysDirectory, keyPermissions)),
    decisions: await optional(readDecisionKeys(keysDirectory, keyPermissions)),
  });
  const mixed = environmentProblem([
    clientKeys,
    ...(sessionKeys ? [sessionKeys] : []),
    ...(decisionKeys ? [decisionKeys] : []),
    ...(serviceKeys ? [serviceKeys] : []),
    ...[issuerKeys.facts, issuerKeys.decisions].flatMap((keys) => keys ?? []),
  ]);
  if (mixed !== undefined) throw new ConfigurationError([`ERASURE_KEYS_DIR: ${mixed}`]);
  if (identityProvider === undefined && serviceKeys === undefined) {
    throw new ConfigurationError([
      'nobody could call: set SERVER_OIDC_ISSUER, SERVER_OIDC_AUDIENCE and SERVER_OIDC_ROLES, or make a key with erasure keys add-service',
    ]);
  }
  const policy = config.policyFile === undefined ? undefined : readPolicyFile(config.policyFile);
  const calendars = policy === undefined ? [] : problemsOfCalendars(policy);
  if (calendars.length > 0) throw new ConfigurationError(calendars);

  const behind = new TemporalBehind(temporal, { logger, meanwhile: 'calls are answered 503' });
  const { connection, isReady } = behind;
  const sealer = createSealer(clientKeys);
  const client = new ErasureClient({ client: new Client({ connection, namespace: temporal.namespace }), sealer });
  const metrics = createServerMetrics();
  const fetch = createFetch(createAgents({ proxy: config.proxy }));
  const services = {
    client,
    report: createReporter(client),
    policy,
    webhookHosts: config.webhookHosts,
    rowIds: (batch: string) => rowIdsOf(sealer, batch),
    issuer: decisionKeys && createDecisionTokenIssuer(decisionKeys),
  };
  const server = createHttpServer({
    routes: apiRoutes(services),
    authenticate: createAuthenticator({
      verifyToken: identityProvider && createAccessTokenVerifier(identityProvider, fetch),
      serviceKeys,
    }),
    console:
      identityProvider && config.console && sessionKeys
        ? {
            pages: consolePages({ ...services, issuerKeys }),
            login: createBrowserLogin(identityProvider, config.console, fetch),
            sessionKeys,
            publicUrl: config.console.publicUrl,
          }
        : undefined,
    callsPerMinute: config.callsPerMinute,
    refusalsPerMinute: config.refusalsPerMinute,
    version,
    logger,
    onCall: metrics.called,
    now,
    isReady,
  });
  const details = {
    identityProvider: identityProvider === undefined ? 'off' : 'on',
    serviceKeys: serviceKeys?.keys.length ?? 0,
    signsDecisions: decisionKeys !== undefined,
    console: config.console?.publicUrl ?? 'off',
  };
  const { host, port, metricsAddress } = config;
  const listening = await behind.listen(server, {
    host,
    port,
    metricsAddress,
    registry: metrics.registry,
    drainMsMax: DRAIN_MS_MAX,
    details,
    says: 'The server listens',
  });
  if (policy === undefined) logger.warn('No ERASURE_POLICY_FILE: due dates cannot be previewed');
  return listening;
}

/** A key file that need not be there. */
async function optional<Keys>(reading: Promise<Keys>): Promise<Keys | undefined> {
  return reading.catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}
