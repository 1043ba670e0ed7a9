/** Settings of the worker process. */
import { defined } from '../domain/defined';
import type { Proxy } from '../network/proxy';
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import { ConfigurationError, readAll, readEnvironment, type Environment } from './environment';
import { baseUrl, bindAddress, flag, keyPermissions, path, providerList, workerName } from './setting-types';
import type { KeyPermissions } from '../security/key-permissions';
import { networkVariables, readProxy } from './network-config';
import { logLevel, type LogLevel } from './logging';
import { readPolicyFile, type PolicyFile } from './policy-file';
import { readProviderConfig, refuseHalfSettings, type ProviderConfig } from './provider-config';
import { readSweepConfig, sweepVariables, type SweepConfig } from './sweep-config';
import { readWebhookConfig, webhookVariables, type WebhookConfig } from './webhook-config';
import { readTemporalConfig, type TemporalConfig } from './temporal-config';

export const workerVariables = {
  ERASURE_KEYS_DIR: path,
  ERASURE_KEY_PERMISSIONS: keyPermissions,
  ERASURE_POLICY_FILE: path.optional(),
  ERASURE_PROVIDERS: providerList.default([...providerKeys]),
  ERASURE_SERVE_WORKFLOWS: flag.default(true),
  ERASURE_WORKER_NAME: workerName.optional(),
  GATEWAY_PUBLIC_URL: baseUrl.optional(),
  LOG_LEVEL: logLevel,
  METRICS_ADDRESS: bindAddress.optional(),
  ...networkVariables,
  ...sweepVariables,
  ...webhookVariables,
} as const;

/** Absent for a provider that this worker does not serve. */
export type ServedProviders = { readonly [P in Provider]?: ProviderConfig<P> };

export interface WorkerConfig {
  readonly temporal: TemporalConfig;
  readonly keysDirectory: string;
  readonly keyPermissions: KeyPermissions;
  /** What all requests are held to that this worker takes on. */
  readonly policy: PolicyFile;
  readonly providers: readonly Provider[];
  /** Also run the workflows themselves and sign certificates. */
  readonly servesWorkflows: boolean;
  /** Whoever begins under a name takes over the part of a provider's limits that the process before it held. */
  readonly workerName?: string;
  /** Where providers reach the gateway; without it nobody can call back. */
  readonly gatewayUrl?: string;
  /** What lies beyond it is reached through it. */
  readonly proxy?: Proxy;
  readonly settings: ServedProviders;
  readonly sweep: SweepConfig;
  /** Nobody is told of the changes of requests without it. */
  readonly webhook?: WebhookConfig;
  readonly logLevel: LogLevel;
  readonly metricsAddress?: string;
}

export function readWorkerConfig(environment: Environment): WorkerConfig {
  const served = servedProviders(environment);
  const read = readAll({
    own: () => readEnvironment(workerVariables, environment),
    temporal: () => readTemporalConfig(environment),
    settings: (): ServedProviders => readEach(served, (provider) => readProviderConfig(provider, environment)),
    proxy: () => readProxy(environment),
    sweep: () => readSweepConfig(environment),
    webhook: () => readWebhookConfig(environment),
    policy: () => readPolicyFile(environment['ERASURE_POLICY_FILE']?.trim() || undefined),
    purpose: () => refuseIdleWorker(served, environment),
    halves: () => readEach(served, (provider) => refuseHalfSettings(provider, environment)),
  });
  const { GATEWAY_PUBLIC_URL: gatewayUrl, ERASURE_WORKER_NAME: ownName } = read.own;
  return {
    temporal: read.temporal,
    keysDirectory: read.own.ERASURE_KEYS_DIR,
    keyPermissions: read.own.ERASURE_KEY_PERMISSIONS,
    providers: read.own.ERASURE_PROVIDERS,
    servesWorkflows: read.own.ERASURE_SERVE_WORKFLOWS,
    ...defined({ gatewayUrl, workerName: ownName }),
    ...(read.proxy && { proxy: read.proxy }),
    settings: read.settings,
    sweep: read.sweep,
    ...(read.webhook && { webhook: read.webhook }),
    policy: read.policy,
    logLevel: read.own.LOG_LEVEL,
    ...defined({ metricsAddress: read.own.METRICS_ADDRESS }),
  };
}

function refuseIdleWorker(served: readonly Provider[], environment: Environment): void {
  const { ERASURE_SERVE_WORKFLOWS } = workerVariables;
  const servesWorkflows = ERASURE_SERVE_WORKFLOWS.safeParse(
    environment['ERASURE_SERVE_WORKFLOWS']?.trim() || undefined,
  );
  if (served.length > 0 || servesWorkflows.data !== false) return;
  throw new ConfigurationError([
    'ERASURE_PROVIDERS is none and ERASURE_SERVE_WORKFLOWS is false: this worker would have nothing to do',
  ]);
}

/** A wrong list is reported by the reader of the whole; here it only decides whose settings are asked for. */
function servedProviders(environment: Environment): readonly Provider[] {
  const parsed = workerVariables.ERASURE_PROVIDERS.safeParse(environment['ERASURE_PROVIDERS']?.trim() || undefined);
  return parsed.success ? parsed.data : providerKeys;
}

function readEach<Value>(served: readonly Provider[], read: (provider: Provider) => Value): Record<string, Value> {
  return readAll(Object.fromEntries(served.map((provider) => [provider, () => read(provider)])));
}
