/** Makes a provider's adapter from its settings and keys, with the gate that all its calls wait at. */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { createCallGate, type CallGate } from '../activities/providers/call-gate';
import type { CallbackRequest, ProviderAdapter } from '../activities/providers/provider';
import type { AskForLease } from '../activities/providers/call-allowance';
import { createHttp } from '../activities/providers/http';
import { adapters } from '../activities/providers/adapter-registry';
import type { ProviderLimits } from '../config/provider-config';
import type { WorkerConfig } from '../config/worker-config';
import { defined } from '../domain/defined';
import { providerName, type Provider } from '../domain/provider/provider-table';
import { createAgents } from '../network/agents';
import { CAPABILITY_HEADER } from '../security/capability-header';
import { createCapabilityIssuer } from '../security/callback-capability';
import { hasCallbackKeys, type ProviderKeys } from '../security/key-table';

export function createAdapter(
  provider: Provider,
  {
    config,
    keys,
    ask,
    log,
  }: { readonly config: WorkerConfig; readonly keys: ProviderKeys; readonly ask: AskForLease; readonly log: Logger },
): { readonly adapter: ProviderAdapter; readonly gate: CallGate; readonly limits: ProviderLimits } {
  const read = config.settings[provider];
  if (read === undefined) throw new TypeError(`The settings of ${provider} were not read`);
  const { limits, brake: _brake, ...settings } = read;
  const create = adapters[provider] as (options: object) => ProviderAdapter;
  const gate = createCallGate({
    name: providerName(provider),
    limits: defined({ callsPerSecond: limits.requestsPerSecond, callsPerDay: limits.requestsPerDay }),
    worker: randomBytes(8).toString('hex'),
    workerName: config.workerName,
    ask,
    log,
  });
  const http = createHttp({ agents: createAgents(config), gate });
  return { adapter: create({ ...settings, http, ...defined({ callback: callbackOf(keys, config) }) }), gate, limits };
}

/** The URL names a handle only, since paths end up in access logs; the secret travels in a header. */
function callbackOf(keys: ProviderKeys, { gatewayUrl }: WorkerConfig): CallbackRequest | undefined {
  if (gatewayUrl === undefined || !hasCallbackKeys(keys)) return undefined;
  const { provider } = keys;
  const issuer = createCapabilityIssuer(keys);
  const callbacks = `${gatewayUrl}/callbacks/${provider}`;
  return async (request) => {
    const { handle, capability } = await issuer.issue({ ...request, provider });
    // The handle stands in the URL of the token, too: everything else of that request may be ciphertext.
    const tokenUrl = `${callbacks}/token/${handle}`;
    return {
      url: `${callbacks}/${handle}`,
      headers: { [CAPABILITY_HEADER]: capability },
      tokenUrl,
      plainTokenUrl: `${tokenUrl}/plain`,
    };
  };
}
