/** Connects to Temporal by the standard settings, and tells what stands in the way in one sentence. */
import { Connection } from '@temporalio/client';
import type { TemporalConfig } from '../config/temporal-config';
import { temporalTrouble, unreachable } from './temporal-failure';

/** Throws `TemporalUnavailableError`. */
export async function openConnection({ connection }: TemporalConfig, timeoutMs: number): Promise<Connection> {
  try {
    return await Connection.connect({ ...connection, connectTimeout: timeoutMs });
  } catch (error) {
    const trouble = temporalTrouble(error);
    throw trouble === undefined || trouble.timedOut ? unreachable(error) : trouble;
  }
}
