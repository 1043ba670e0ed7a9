/** Settings of the sweep, which the workers that run the workflows carry out. */
import { z } from 'zod';
import { CLOSE_LOOKS_DEFAULT } from '../domain/sweep/sweep-result';
import { ConfigurationError, readEnvironment, type Environment } from './environment';
import { baseUrl, positiveInteger } from './setting-types';

const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
const expected = `expected whsec_ and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} random bytes`;

/** As Standard Webhooks writes secrets. */
const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, expected)
  .transform((value) => new Uint8Array(Buffer.from(value.slice('whsec_'.length), 'base64')))
  .refine(({ length }) => length >= SECRET_BYTES_MIN && length <= SECRET_BYTES_MAX, expected);

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
