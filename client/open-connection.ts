/** Connects to Temporal by the standard settings, and says in one sentence why that, or a call, failed. */
import { Connection } from '@temporalio/client';
import type { TemporalConfig } from '../config/temporal-config';
import { clientOptions } from '../temporal/connection';
import { explainConnectionFailure } from '../temporal/connection-problem';
import { unavailability } from '../temporal/temporal-failure';
import { TemporalUnavailableError } from './errors';

/** Throws `TemporalUnavailableError`. */
export async function openConnection(temporal: TemporalConfig, timeoutMs: number): Promise<Connection> {
  try {
    return await Connection.connect({ ...clientOptions(temporal), connectTimeout: timeoutMs });
  } catch (error) {
    throw new TemporalUnavailableError(await explainConnectionFailure(temporal, error), { cause: error });
  }
}

/** `error` itself where Temporal did serve us and it is about something else. `address`: where Temporal is, as far as that is known. */
export function withUnavailability(error: unknown, address: string | undefined): unknown {
  const found = unavailability(error, address);
  return found === undefined
    ? error
    : new TemporalUnavailableError(found.message, { timedOut: found.timedOut ?? false, cause: error });
}
