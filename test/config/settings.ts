/** Complete good settings of every process, and what is wrong with a bad one. */
import { ConfigurationError, type Environment } from '../../config/environment';

export const workerSettings = {
  HOME: '/nonexistent',
  TEMPORAL_ADDRESS: 'temporal.example:7233',
  ERASURE_KEYS_DIR: '/keys',
  MEASUREONE_BASE_URL: 'https://api.measureone.example',
  MEASUREONE_CLIENT_ID: 'm-id',
  MEASUREONE_CLIENT_SECRET: 'm-secret',
  PERSON_API_BASE_URL: 'https://person.example',
  PERSON_API_CLIENT_ID: 'p-id',
  PERSON_API_CLIENT_SECRET: 'p-secret',
  APTRINSIC_BASE_URL: 'https://api.aptrinsic.example',
  APTRINSIC_API_KEY: 'a-key',
} as const;

/** What the reader complains of; an empty list where it is content. */
export function problemsOf(read: (environment: Environment) => unknown, environment: Environment): readonly string[] {
  try {
    read(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems;
  }
}
