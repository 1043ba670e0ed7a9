/** Everything that the other modules know about each provider. How to add one: docs/adding-a-provider.md. */
import { DAY_MS, HOUR_MS } from '../duration';
import type { Setting, SettingsFrom } from './provider-settings';

export interface ProviderFacts {
  readonly name: string;
  /** The person's identifier at this provider, as far as its documents say what it is like. */
  readonly identifier: {
    /** What it is called in request files and CSV. */
    readonly field: string;
    readonly form: 'any' | 'uuid';
    /** Ids that would make another resource of the path. */
    readonly reserved?: readonly string[];
    /** Whether two ids that differ by case only are two people; assumed where no document says that they are not. */
    readonly tellsCase: boolean;
  };
  /**
   * How long its window lasts, for planning before it was asked: its documents say so, it follows the request's
   * `windowWishMs`, or only its answer tells.
   */
  readonly window: { readonly lastsMs: number } | 'as-wished' | 'told-by-answer';
  /** What its callback says once it has erased; absent where it does not call back. Then the callback's grace is planned with. */
  readonly completionEvent?: string;
  /** For more people than this its documents ask to go through its support instead. */
  readonly peopleMax?: number;
  /** Its calls for one request without trouble, in the round that asks and in the look afterwards; logins are shared by many. */
  readonly callsEach: { readonly ask: number; readonly look: number };
  readonly limits: {
    readonly variables: string;
    /** Default of `<variables>_REQUESTS_PER_SECOND`, over all workers. */
    readonly requestsPerSecond: number;
    /** Default of `<variables>_REQUESTS_PER_DAY`, over all workers; absent where its documents set no limit. */
    readonly requestsPerDay?: number;
    /** Default of `<variables>_CONCURRENCY`, in one process. */
    readonly concurrency: number;
  };
  /** Its environment variables, by what its adapter calls their values. */
  readonly settings: Readonly<Record<string, Setting>>;
}

/** The outside systems we can ask to erase. */
export const providers = {
  measureone: {
    name: 'MeasureOne',
    identifier: { field: 'individualId', form: 'any', tellsCase: true },
    window: { lastsMs: 120 * HOUR_MS },
    completionEvent: 'individual.purged',
    callsEach: { ask: 1, look: 0 },
    limits: { variables: 'MEASUREONE', requestsPerSecond: 5, concurrency: 10 },
    settings: {
      baseUrl: { variable: 'MEASUREONE_BASE_URL', kind: 'base-url' },
      clientId: { variable: 'MEASUREONE_CLIENT_ID', kind: 'secret' },
      clientSecret: { variable: 'MEASUREONE_CLIENT_SECRET', kind: 'secret' },
      apiVersion: {
        variable: 'MEASUREONE_API_VERSION',
        kind: 'text',
        pattern: /^\d+(\.\d+)?$/,
        expected: 'expected a number such as 3.0',
        default: '3.0',
      },
      tokenCredentials: {
        variable: 'MEASUREONE_TOKEN_CREDENTIALS',
        kind: 'token-credentials',
        optional: true,
        needs: { variable: 'GATEWAY_PUBLIC_URL', otherwise: 'is given no callback' },
      },
      tokenPath: {
        variable: 'MEASUREONE_TOKEN_PATH',
        kind: 'text',
        // A dotted path, JSONPath, a pointer: its document does not say which, so it is taken as it is.
        pattern: /^[!-~]{1,128}$/,
        expected: 'expected a path such as access_token, or whole-answer',
        default: 'access_token',
        needs: { variable: 'MEASUREONE_TOKEN_CREDENTIALS', otherwise: 'fetches no token' },
      },
    },
  },
  person: {
    name: 'Person API',
    identifier: { field: 'personId', form: 'uuid', tellsCase: false },
    window: 'as-wished',
    callsEach: { ask: 2, look: 2 },
    limits: { variables: 'PERSON_API', requestsPerSecond: 10, concurrency: 10 },
    settings: {
      baseUrl: { variable: 'PERSON_API_BASE_URL', kind: 'base-url' },
      clientId: { variable: 'PERSON_API_CLIENT_ID', kind: 'secret' },
      clientSecret: { variable: 'PERSON_API_CLIENT_SECRET', kind: 'secret' },
      purgeDelayMs: { variable: 'PERSON_API_PURGE_DELAY', kind: 'delay', optional: true },
    },
  },
  aptrinsic: {
    name: 'Aptrinsic (Gainsight PX)',
    identifier: { field: 'identifyId', form: 'any', reserved: ['delete', 'denylist'], tellsCase: true },
    window: { lastsMs: 7 * DAY_MS },
    peopleMax: 1_000,
    callsEach: { ask: 1, look: 1 },
    // It documents about 200 requests a second, and a million a day, for all callers of an account.
    limits: { variables: 'APTRINSIC', requestsPerSecond: 50, requestsPerDay: 1_000_000, concurrency: 20 },
    settings: {
      baseUrl: {
        variable: 'APTRINSIC_BASE_URL',
        kind: 'base-url',
        refused: { ending: '/v1', expected: 'expected the host without /v1' },
      },
      apiKey: { variable: 'APTRINSIC_API_KEY', kind: 'secret' },
      hardDelete: { variable: 'APTRINSIC_HARD_DELETE', kind: 'flag', default: true },
    },
  },
} as const satisfies Record<string, ProviderFacts>;

export type Provider = keyof typeof providers;
export type ProviderSettings<P extends Provider> = SettingsFrom<(typeof providers)[P]['settings']>;

export const providerKeys = Object.keys(providers) as Provider[];

export function isProvider(value: unknown): value is Provider {
  return typeof value === 'string' && Object.hasOwn(providers, value);
}

export function providerFacts(provider: Provider): ProviderFacts {
  return providers[provider];
}

export function providerName(provider: Provider): string {
  return providers[provider].name;
}

/** The one event that confirms an erasure at this provider. */
export function completionEventOf(provider: Provider): string | undefined {
  return providerFacts(provider).completionEvent;
}

/** What the person's identifier is called in request files and CSV. */
export const identifierFields = byProvider((provider) => providers[provider].identifier.field) as {
  readonly [P in Provider]: (typeof providers)[P]['identifier']['field'];
};

export function byProvider<Value>(valueOf: (provider: Provider) => Value): Record<Provider, Value> {
  return Object.fromEntries(providerKeys.map((provider) => [provider, valueOf(provider)])) as Record<Provider, Value>;
}
