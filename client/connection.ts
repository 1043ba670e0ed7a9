/** Connects to Temporal by the standard settings, and tells what stands in the way in one sentence. */
import { Connection } from '@temporalio/client';
import { clientOptions, type TemporalConfig } from '../config/temporal-config';
import { temporalTrouble, unreachable } from './temporal-failure';

/** Throws `TemporalUnavailableError`. */
export async function openConnection(temporal: TemporalConfig, timeoutMs: number): Promise<Connection> {
  try {
    return await Connection.connect({ ...clientOptions(temporal), connectTimeout: timeoutMs });
  } catch (error) {
    const trouble = temporalTrouble(error);
    throw trouble === undefined || trouble.timedOut ? unreachable(error) : trouble;
  }
}
