/** Connects to Temporal by the standard settings, and tells what stands in the way in one sentence. */
import { Connection } from '@temporalio/client';
import { clientOptions, type TemporalConfig } from '../config/temporal-config';
import { explainTemporalTrouble } from '../temporal/temporal-trouble';
import { TemporalUnavailableError } from './errors';

/** Throws `TemporalUnavailableError`. */
export async function openConnection(temporal: TemporalConfig, timeoutMs: number): Promise<Connection> {
  try {
    return await Connection.connect({ ...clientOptions(temporal), connectTimeout: timeoutMs });
  } catch (error) {
    const { message } = await explainTemporalTrouble(temporal, error);
    throw new TemporalUnavailableError(message, { cause: error });
  }
}
