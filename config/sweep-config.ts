/** Settings of the sweep, which the workers that run the workflows carry out. */
import { CLOSE_LOOKS_DEFAULT } from '../domain/sweep/sweep-result';
import { ConfigurationError, readEnvironment, type Environment } from './environment';
import { baseUrl, positiveInteger, webhookSecret } from './setting-types';

export const sweepVariables = {
  ERASURE_SWEEP_LOOKS: positiveInteger.default(CLOSE_LOOKS_DEFAULT),
  ERASURE_SWEEP_WEBHOOK_URL: baseUrl.optional(),
  ERASURE_SWEEP_WEBHOOK_SECRET: webhookSecret.optional(),
} as const;

export interface SweepConfig {
  /** How many open requests are looked at closely in one sweep. */
  readonly looks: number;
  readonly webhook?: { readonly url: string; readonly secret: Uint8Array };
}

export function readSweepConfig(environment: Environment): SweepConfig {
  const {
    ERASURE_SWEEP_LOOKS: looks,
    ERASURE_SWEEP_WEBHOOK_URL: url,
    ERASURE_SWEEP_WEBHOOK_SECRET: secret,
  } = readEnvironment(sweepVariables, environment);
  if (url === undefined && secret === undefined) return { looks };
  if (url === undefined || secret === undefined) {
    throw new ConfigurationError([
      'ERASURE_SWEEP_WEBHOOK_URL and ERASURE_SWEEP_WEBHOOK_SECRET belong together: set both, or neither',
    ]);
  }
  return { looks, webhook: { url, secret } };
}
