/** Settings of a process that submits and follows requests. */
import { defined } from '../domain/defined';
import { readAll, readEnvironment, type Environment } from './environment';
import { keyPermissions, path } from './setting-types';
import type { KeyPermissions } from '../security/key-permissions';
import { networkVariables } from './network-config';
import { readTemporalConfig, type TemporalConfig } from './temporal-config';

export const clientVariables = {
  ERASURE_KEYS_DIR: path.optional(),
  ERASURE_KEY_PERMISSIONS: keyPermissions,
  ...networkVariables,
} as const;

export interface ClientConfig {
  readonly temporal: TemporalConfig;
  /** Needed to submit; following and deciding need no key. */
  readonly keysDirectory?: string;
  readonly keyPermissions: KeyPermissions;
}

export function readClientConfig(environment: Environment): ClientConfig {
  const read = readAll({
    own: () => readEnvironment(clientVariables, environment),
    temporal: () => readTemporalConfig(environment),
  });
  return {
    temporal: read.temporal,
    keyPermissions: read.own.ERASURE_KEY_PERMISSIONS,
    ...defined({ keysDirectory: read.own.ERASURE_KEYS_DIR }),
  };
}
