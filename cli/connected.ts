import type { ErasureClient } from '../client/erasure-client';
import type { CommandContext } from './context';

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
