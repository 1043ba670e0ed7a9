import type { Client, Connection } from '@temporalio/client';
import type { ErasureClient } from '../client/erasure-client';
import type { CommandContext } from './context';

const CONNECT_MS_MAX = 10_000;

/** Runs with a connected client and closes it, whatever happens. */
export async function connected<T>(
  { environment }: CommandContext,
  use: (client: ErasureClient) => Promise<T>,
): Promise<T> {
  const { ErasureClient } = await import('../client/erasure-client.js');
  const client = await ErasureClient.connect({ environment });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** The same with Temporal's own client. Throws `TemporalUnavailableError` where it does not serve us. */
export async function withTemporal<T>(
  { environment }: CommandContext,
  use: (parts: { readonly client: Client; readonly connection: Connection; readonly namespace: string }) => Promise<T>,
): Promise<T> {
  const { Client } = await import('@temporalio/client');
  const { openConnection, withUnavailability } = await import('../client/open-connection.js');
  const { dialledAddress, readTemporalConfig } = await import('../config/temporal-config.js');
  const config = readTemporalConfig(environment);
  const { namespace } = config;
  const connection = await openConnection(config, CONNECT_MS_MAX);
  try {
    return await use({ client: new Client({ connection, namespace }), connection, namespace });
  } catch (error) {
    throw withUnavailability(error, dialledAddress(config));
  } finally {
    await connection.close();
  }
}
