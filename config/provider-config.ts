/** The settings of each provider: address, credentials, limits. Read only for the providers that a process serves. */
import { z } from 'zod';
import { defined } from '../domain/defined';
import type { Provider } from '../domain/provider/provider-table';
import { HOUR_MS } from '../domain/duration';
import {
  baseUrl,
  ConfigurationError,
  flag,
  isGiven,
  positiveInteger,
  positiveNumber,
  readEnvironment,
  secret,
  type Environment,
} from './environment';
import { sentTokenCredentials } from './token-settings';

/** How fast and how wide one worker may call a provider. */
export interface ProviderLimits {
  /** Over all workers together, enforced by Temporal on the provider's queue. */
  readonly requestsPerSecond: number;
  /** In this process. */
  readonly concurrency: number;
}

const limits = (prefix: string, requestsPerSecond: number, concurrency: number) =>
  ({
    [`${prefix}_REQUESTS_PER_SECOND`]: positiveNumber.default(requestsPerSecond),
    [`${prefix}_CONCURRENCY`]: positiveInteger.default(concurrency),
  }) as const;

/** `asap`, or a number of hours from now that the person API is asked to purge in. */
const purgeDelay = z
  .string()
  .regex(/^(asap|\d{1,4}(\.\d+)?h)$/, 'expected "asap" or a number of hours such as "72h"')
  .transform((value) => (value === 'asap' ? ('asap' as const) : Number(value.slice(0, -1)) * HOUR_MS));

/** Stands for no path: the whole answer is the token. */
const WHOLE_ANSWER = 'whole-answer';

/** A dotted path, JSONPath, a pointer: MeasureOne's document does not say which, so it is taken as it is. */
const tokenPath = z.string().regex(/^[!-~]{1,128}$/, `expected a path such as access_token, or ${WHOLE_ANSWER}`);

export const providerVariables = {
  measureone: {
    MEASUREONE_BASE_URL: baseUrl,
    MEASUREONE_CLIENT_ID: secret,
    MEASUREONE_CLIENT_SECRET: secret,
    MEASUREONE_API_VERSION: z
      .string()
      .regex(/^\d+(\.\d+)?$/, 'expected a number such as 3.0')
      .default('3.0'),
    MEASUREONE_TOKEN_CREDENTIALS: sentTokenCredentials.optional(),
    MEASUREONE_TOKEN_PATH: tokenPath.default('access_token'),
    ...limits('MEASUREONE', 5, 10),
  },
  person: {
    PERSON_API_BASE_URL: baseUrl,
    PERSON_API_CLIENT_ID: secret,
    PERSON_API_CLIENT_SECRET: secret,
    PERSON_API_PURGE_DELAY: purgeDelay.optional(),
    ...limits('PERSON_API', 10, 10),
  },
  aptrinsic: {
    APTRINSIC_BASE_URL: baseUrl.refine((value) => !value.endsWith('/v1'), 'expected the host without /v1'),
    APTRINSIC_API_KEY: secret,
    APTRINSIC_HARD_DELETE: flag.default(true),
    // The provider documents about 200 requests a second.
    ...limits('APTRINSIC', 50, 20),
  },
} as const satisfies Record<Provider, z.ZodRawShape>;

export function readMeasureOneConfig(environment: Environment) {
  const read = readEnvironment(providerVariables.measureone, environment);
  const { MEASUREONE_TOKEN_CREDENTIALS: credentials, MEASUREONE_TOKEN_PATH: path } = read;
  if (credentials === undefined && isGiven('MEASUREONE_TOKEN_PATH', environment)) {
    throw new ConfigurationError([
      'MEASUREONE_TOKEN_PATH is set, but MeasureOne fetches no token: set MEASUREONE_TOKEN_CREDENTIALS as well, or neither',
    ]);
  }
  return {
    baseUrl: read.MEASUREONE_BASE_URL,
    clientId: read.MEASUREONE_CLIENT_ID,
    clientSecret: read.MEASUREONE_CLIENT_SECRET,
    apiVersion: read.MEASUREONE_API_VERSION,
    /** What MeasureOne shall fetch a token with before it calls back, and where in our answer it stands. */
    ...(credentials === undefined
      ? {}
      : { callbackToken: { credentials, ...(path === WHOLE_ANSWER ? {} : { responsePath: path }) } }),
    limits: limitsOf(read, 'MEASUREONE'),
  };
}

export function readPersonConfig(environment: Environment) {
  const read = readEnvironment(providerVariables.person, environment);
  return {
    baseUrl: read.PERSON_API_BASE_URL,
    clientId: read.PERSON_API_CLIENT_ID,
    clientSecret: read.PERSON_API_CLIENT_SECRET,
    ...defined({ purgeDelayMs: read.PERSON_API_PURGE_DELAY }),
    limits: limitsOf(read, 'PERSON_API'),
  };
}

export function readAptrinsicConfig(environment: Environment) {
  const read = readEnvironment(providerVariables.aptrinsic, environment);
  return {
    baseUrl: read.APTRINSIC_BASE_URL,
    apiKey: read.APTRINSIC_API_KEY,
    hardDelete: read.APTRINSIC_HARD_DELETE,
    limits: limitsOf(read, 'APTRINSIC'),
  };
}

function limitsOf(read: Readonly<Record<string, unknown>>, prefix: string): ProviderLimits {
  return {
    requestsPerSecond: read[`${prefix}_REQUESTS_PER_SECOND`] as number,
    concurrency: read[`${prefix}_CONCURRENCY`] as number,
  };
}
