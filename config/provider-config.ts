/** Reads the settings that the provider table names: only for the providers that a process serves. */
import { z } from 'zod';
import { defined } from '../domain/defined';
import { type BrakeSettings, defaultBrakeSettings, trialPlan } from '../domain/brake/trip-state';
import { HOUR_MS, SECOND_MS } from '../domain/duration';
import type { Setting } from '../domain/provider/provider-settings';
import { byProvider, providerFacts, type Provider, type ProviderSettings } from '../domain/provider/provider-table';
import { ConfigurationError, isGiven, readEnvironment, type Environment } from './environment';
import { baseUrl, callsOfADay, flag, positiveInteger, positiveNumber, secret } from './setting-types';
import { sentTokenCredentials } from './token-settings';

/** How fast and how wide one worker may call a provider. */
export interface ProviderLimits {
  /** By all workers together. */
  readonly requestsPerSecond: number;
  /** By all workers together, in any 24 hours. Absent where the provider sets no limit. */
  readonly requestsPerDay?: number;
  /** In this process. */
  readonly concurrency: number;
}

export type ProviderConfig<P extends Provider> = ProviderSettings<P> & {
  readonly limits: ProviderLimits;
  readonly brake: BrakeSettings;
};

const BRAKE_COUNT_MAX = 10_000;
const brakeCount = positiveInteger.refine((count) => count >= 2 && count <= BRAKE_COUNT_MAX, {
  message: `expected a whole number from 2 to ${BRAKE_COUNT_MAX}: one request that fails alone says nothing`,
});
const trialSeconds = positiveInteger.refine((seconds) => seconds * SECOND_MS <= trialPlan.longestMs, {
  message: `expected at most ${trialPlan.longestMs / SECOND_MS}`,
});

const delay = z
  .string()
  .regex(/^(asap|\d{1,4}(\.\d+)?h)$/, 'expected "asap" or a number of hours such as "72h"')
  .transform((value) => (value === 'asap' ? ('asap' as const) : Number(value.slice(0, -1)) * HOUR_MS));

function schemaOf(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'base-url': {
      const { refused } = setting;
      return refused === undefined
        ? baseUrl
        : baseUrl.refine((value) => !value.endsWith(refused.ending), refused.expected);
    }
    case 'secret':
      return secret;
    case 'flag':
      return flag.default(setting.default);
    case 'text':
      return z.string().regex(setting.pattern, setting.expected).default(setting.default);
    case 'delay':
      return delay;
    case 'token-credentials':
      return sentTokenCredentials;
  }
}

function limitVariables(provider: Provider) {
  const { variables, requestsPerSecond, requestsPerDay, concurrency } = providerFacts(provider).limits;
  return {
    [`${variables}_REQUESTS_PER_DAY`]:
      requestsPerDay === undefined ? callsOfADay.optional() : callsOfADay.default(requestsPerDay),
    [`${variables}_REQUESTS_PER_SECOND`]: positiveNumber.default(requestsPerSecond),
    [`${variables}_CONCURRENCY`]: positiveInteger.default(concurrency),
  };
}

function brakeVariables(provider: Provider) {
  const { limits, plan } = defaultBrakeSettings;
  const { variables } = providerFacts(provider).limits;
  return {
    [`${variables}_BRAKE_AFTER_REFUSALS`]: brakeCount.default(limits.refusals),
    [`${variables}_BRAKE_AFTER_UNKNOWN_IDS`]: brakeCount.default(limits.unknownIds),
    [`${variables}_BRAKE_FIRST_TRIAL_SECONDS`]: trialSeconds.default(plan.firstAfterMs / SECOND_MS),
  };
}

/** Every variable of each provider, with its schema. */
export const providerVariables: Readonly<Record<Provider, z.ZodRawShape>> = byProvider((provider) => {
  const settings = Object.values(providerFacts(provider).settings).map((setting) => {
    const schema = schemaOf(setting);
    return [setting.variable, setting.optional ? schema.optional() : schema];
  });
  return { ...Object.fromEntries(settings), ...limitVariables(provider), ...brakeVariables(provider) };
});

/** Throws `ConfigurationError`. */
export function readProviderConfig<P extends Provider>(provider: P, environment: Environment): ProviderConfig<P> {
  const read: Readonly<Record<string, unknown>> = readEnvironment(providerVariables[provider], environment);
  const named = Object.entries(providerFacts(provider).settings).map(([name, { variable }]) => [name, read[variable]]);
  return {
    ...defined(Object.fromEntries(named)),
    limits: readLimits(provider, environment),
    brake: readBrake(provider, environment),
  } as ProviderConfig<P>;
}

/** The limits alone, where nothing else of the provider need be set. Throws `ConfigurationError`. */
export function readLimits(provider: Provider, environment: Environment): ProviderLimits {
  const { variables } = providerFacts(provider).limits;
  const read: Readonly<Record<string, number | undefined>> = readEnvironment(limitVariables(provider), environment);
  return {
    requestsPerSecond: read[`${variables}_REQUESTS_PER_SECOND`] as number,
    ...defined({ requestsPerDay: read[`${variables}_REQUESTS_PER_DAY`] }),
    concurrency: read[`${variables}_CONCURRENCY`] as number,
  };
}

function readBrake(provider: Provider, environment: Environment): BrakeSettings {
  const { variables } = providerFacts(provider).limits;
  const read: Readonly<Record<string, number | undefined>> = readEnvironment(brakeVariables(provider), environment);
  return {
    limits: {
      refusals: read[`${variables}_BRAKE_AFTER_REFUSALS`] as number,
      unknownIds: read[`${variables}_BRAKE_AFTER_UNKNOWN_IDS`] as number,
    },
    plan: {
      ...trialPlan,
      firstAfterMs: (read[`${variables}_BRAKE_FIRST_TRIAL_SECONDS`] as number) * SECOND_MS,
    },
  };
}

/** Whoever sets such a variable believes that it does something, and without the other one it would not. */
export function refuseHalfSettings(provider: Provider, environment: Environment): void {
  const { name, settings } = providerFacts(provider);
  const problems = Object.values(settings).flatMap(({ variable, needs }) =>
    needs === undefined || !isGiven(variable, environment) || isGiven(needs.variable, environment)
      ? []
      : [`${variable} is set, but ${name} ${needs.otherwise}: set ${needs.variable} as well, or neither`],
  );
  if (problems.length > 0) throw new ConfigurationError(problems);
}
