import type { Sealer } from '../security/sealing';
import type { CommandContext } from './context';

/** Seals by the keys in ERASURE_KEYS_DIR; undefined where that is not set. */
export async function sealerIfAny({ environment }: CommandContext): Promise<Sealer | undefined> {
  const { clientVariables } = await import('../config/client-config.js');
  const { readEnvironment } = await import('../config/environment.js');
  const { sealerFromFiles } = await import('../client/prepared-request.js');
  const { ERASURE_KEYS_DIR, ERASURE_KEY_PERMISSIONS } = readEnvironment(clientVariables, environment);
  return ERASURE_KEYS_DIR === undefined ? undefined : sealerFromFiles(ERASURE_KEYS_DIR, ERASURE_KEY_PERMISSIONS);
}

/** Throws `ConfigurationError` where ERASURE_KEYS_DIR is not set. */
export async function sealerOf(context: CommandContext): Promise<Sealer> {
  const { ConfigurationError } = await import('../config/environment.js');
  const sealer = await sealerIfAny(context);
  if (sealer === undefined) throw new ConfigurationError(['ERASURE_KEYS_DIR is missing']);
  return sealer;
}
