/** Wires each provider's adapter to its settings and keys. */
import { createAptrinsicAdapter } from '../activities/providers/aptrinsic';
import { createMeasureOneAdapter } from '../activities/providers/measureone';
import { createPersonAdapter } from '../activities/providers/person';
import type { ProviderAdapter } from '../activities/providers/provider';
import type { ProviderLimits } from '../config/provider-config';
import type { WorkerConfig } from '../config/worker-config';
import type { Provider } from '../domain/provider';
import { CAPABILITY_HEADER, createCapabilityIssuer } from '../security/callback-capability';
import { hasCallbackKeys, type CallbackProviderKeys, type ProviderKeys } from '../security/key-files';

type AdapterFactories = {
  readonly [P in Provider]: (
    settings: NonNullable<WorkerConfig['settings'][P]>,
    parts: FactoryParts,
  ) => ProviderAdapter;
};

interface FactoryParts {
  readonly keys: ProviderKeys;
  readonly gatewayUrl: string | undefined;
}

const factories: AdapterFactories = {
  measureone: (settings, { keys, gatewayUrl }) =>
    createMeasureOneAdapter({
      ...settings,
      ...(gatewayUrl === undefined || !hasCallbackKeys(keys) ? {} : { callback: callbackOf(keys, gatewayUrl) }),
    }),
  person: (settings) => createPersonAdapter(settings),
  aptrinsic: (settings) => createAptrinsicAdapter(settings),
};

export function createAdapter(
  provider: Provider,
  parts: { readonly config: WorkerConfig; readonly keys: ProviderKeys },
): { readonly adapter: ProviderAdapter; readonly limits: ProviderLimits } {
  const settings = parts.config.settings[provider];
  if (settings === undefined) throw new TypeError(`The settings of ${provider} were not read`);
  const create = factories[provider] as (settings: unknown, parts: FactoryParts) => ProviderAdapter;
  return {
    adapter: create(settings, { keys: parts.keys, gatewayUrl: parts.config.gatewayUrl }),
    limits: settings.limits,
  };
}

/** The URL names a handle only, since paths end up in access logs; the secret travels in a header. */
function callbackOf(keys: CallbackProviderKeys, gatewayUrl: string) {
  const issuer = createCapabilityIssuer(keys);
  return async ({ requestId, now }: { readonly requestId: string; readonly now: number }) => {
    const { handle, capability } = await issuer.issue({ requestId, provider: keys.provider, now });
    return {
      url: `${gatewayUrl}/callbacks/${keys.provider}/${handle}`,
      headers: { [CAPABILITY_HEADER]: capability },
    };
  };
}
