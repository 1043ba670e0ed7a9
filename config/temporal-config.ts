/** Where Temporal is: the standard `TEMPORAL_*` settings and profile file, as every Temporal tool reads them. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { ConfigurationError, type Environment } from './environment';

export interface TemporalConfig {
  readonly namespace: string;
  /** Fits `Connection.connect` and `NativeConnection.connect` alike. */
  readonly connection: ConnectionOptions & NativeConnectionOptions;
}

export function readTemporalConfig(environment: Environment): TemporalConfig {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: Object.fromEntries(Object.entries(environment).filter(isSet)),
    });
    return { namespace: namespace ?? 'default', connection: connectionOptions as TemporalConfig['connection'] };
  } catch {
    // The library's own message may quote the content of a key or a file.
    throw new ConfigurationError(['TEMPORAL_*: the standard Temporal settings or its profile file cannot be read']);
  }
}

/** To the library an empty TEMPORAL_API_KEY is a key, and switches TLS on. */
function isSet(entry: [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined && entry[1].trim() !== '';
}
