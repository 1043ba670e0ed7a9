/** Wires each provider's adapter to its settings and keys. */
import { createAptrinsicAdapter } from '../activities/providers/aptrinsic';
import { createHttp, type Http } from '../activities/providers/http';
import { createMeasureOneAdapter, type MeasureOneTokenRequest } from '../activities/providers/measureone';
import { createPersonAdapter } from '../activities/providers/person';
import type { ProviderAdapter } from '../activities/providers/provider';
import type { ProviderLimits } from '../config/provider-config';
import type { WorkerConfig } from '../config/worker-config';
import type { Provider } from '../domain/provider/provider-table';
import { createAgents } from '../network/agents';
import { CAPABILITY_HEADER, createCapabilityIssuer } from '../security/callback-capability';
import { hasCallbackKeys, type CallbackProviderKeys, type ProviderKeys } from '../security/key-files';

type AdapterFactories = {
  readonly [P in Provider]: (
    settings: NonNullable<WorkerConfig['settings'][P]>,
    parts: FactoryParts,
  ) => ProviderAdapter;
};

interface FactoryParts {
  readonly http: Http;
  readonly keys: ProviderKeys;
  readonly gatewayUrl: string | undefined;
}

const factories: AdapterFactories = {
  measureone: ({ callbackToken, ...settings }, { keys, gatewayUrl, http }) =>
    createMeasureOneAdapter({
      ...settings,
      http,
      ...(gatewayUrl === undefined || !hasCallbackKeys(keys)
        ? {}
        : { callback: callbackOf({ keys, gatewayUrl, callbackToken }) }),
    }),
  person: (settings, { http }) => createPersonAdapter({ ...settings, http }),
  aptrinsic: (settings, { http }) => createAptrinsicAdapter({ ...settings, http }),
};

export function createAdapter(
  provider: Provider,
  parts: { readonly config: WorkerConfig; readonly keys: ProviderKeys },
): { readonly adapter: ProviderAdapter; readonly limits: ProviderLimits } {
  const settings = parts.config.settings[provider];
  if (settings === undefined) throw new TypeError(`The settings of ${provider} were not read`);
  const create = factories[provider] as (settings: unknown, parts: FactoryParts) => ProviderAdapter;
  return {
    adapter: create(settings, {
      keys: parts.keys,
      gatewayUrl: parts.config.gatewayUrl,
      http: createHttp({ agents: createAgents(parts.config) }),
    }),
    limits: settings.limits,
  };
}

type CallbackToken = NonNullable<NonNullable<WorkerConfig['settings']['measureone']>['callbackToken']>;

/** The URL names a handle only, since paths end up in access logs; the secret travels in a header. */
function callbackOf({
  keys,
  gatewayUrl,
  callbackToken,
}: {
  readonly keys: CallbackProviderKeys;
  readonly gatewayUrl: string;
  readonly callbackToken: CallbackToken | undefined;
}) {
  const issuer = createCapabilityIssuer(keys);
  const callbacks = `${gatewayUrl}/callbacks/${keys.provider}`;
  return async (request: { readonly requestId: string; readonly runId: string; readonly waitsUntil: number }) => {
    const { handle, capability } = await issuer.issue({ ...request, provider: keys.provider });
    return {
      url: `${callbacks}/${handle}`,
      headers: { [CAPABILITY_HEADER]: capability },
      ...(callbackToken && { token: tokenRequestOf(callbackToken, `${callbacks}/token/${handle}`) }),
    };
  };
}

/**
 * The URL says also which form of answer is wanted: MeasureOne keeps it for days, and what it was told then must go on to
 * work after the setting has changed. The handle stands in the URL since everything else may be ciphertext.
 */
function tokenRequestOf({ credentials, responsePath }: CallbackToken, url: string): MeasureOneTokenRequest {
  return responsePath === undefined ? { ...credentials, url: `${url}/plain` } : { ...credentials, url, responsePath };
}
