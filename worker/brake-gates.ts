/** The gates of a worker process to the brakes of its providers: one for each, whichever of its workers asks. */
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createBrakeGate, type BrakeGate } from '../activities/brake-gate';
import type { WorkerConfig } from '../config/worker-config';
import { defaultBrakeSettings } from '../domain/brake/trip-state';
import { byProvider, providerName, type Provider } from '../domain/provider/provider-table';
import { BrakeCalls } from '../temporal/brake-calls';

type Gates = Readonly<Record<Provider, BrakeGate>>;

const known = new WeakMap<NativeConnection, Gates>();

export function brakeGates(
  connection: NativeConnection,
  { config, logger }: { readonly config: WorkerConfig; readonly logger: Logger },
): Gates {
  const before = known.get(connection);
  if (before !== undefined) return before;
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const gates = byProvider((provider) =>
    createBrakeGate({
      shared: new BrakeCalls(client, provider),
      settings: config.settings[provider]?.brake ?? defaultBrakeSettings,
      onUnreachable: (error) =>
        logger.warn(
          { provider, kind: error instanceof Error ? error.name : typeof error },
          `The brake of ${providerName(provider)} cannot be reached: calls are made as if there were none`,
        ),
    }),
  );
  known.set(connection, gates);
  return gates;
}

/** To be called before the connection is closed: its gates look no more. */
export function closeBrakeGates(connection: NativeConnection): void {
  for (const gate of Object.values(known.get(connection) ?? {})) gate.close();
}
