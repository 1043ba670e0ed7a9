import { DAY_MS, HOUR_MS } from '../duration';

export interface ProviderFacts {
  readonly name: string;
  /**
   * How long its window is expected to last, for planning before it was asked. Once it was asked, its receipt says so.
   * Absent where only its answer can tell: then what the policy wishes for is planned with.
   */
  readonly plannedWindowMs?: number;
  /** What its ids are like, as far as its documents say so. */
  readonly ids: {
    readonly form: 'any' | 'uuid';
    /** Ids that would make another resource of the path. */
    readonly reserved?: readonly string[];
    /** Whether two ids that differ by case only are two people; assumed where no document says that they are not. */
    readonly tellsCase: boolean;
  };
  /** For more people than this its documents ask to go through its support instead. */
  readonly peopleMax?: number;
  /** What its callback says once it has erased; absent where it does not call back. Where it does, the callback's grace is planned with. */
  readonly completionEvent?: string;
}

/** The outside systems we can ask to erase. A new provider is one line here, one adapter and one simulator file. */
export const providers = {
  measureone: {
    name: 'MeasureOne',
    plannedWindowMs: 120 * HOUR_MS,
    completionEvent: 'individual.purged',
    ids: { form: 'any', tellsCase: true },
  },
  person: { name: 'Person API', ids: { form: 'uuid', tellsCase: false } },
  aptrinsic: {
    name: 'Aptrinsic (Gainsight PX)',
    plannedWindowMs: 7 * DAY_MS,
    ids: { form: 'any', reserved: ['delete', 'denylist'], tellsCase: true },
    peopleMax: 1_000,
  },
} as const satisfies Record<string, ProviderFacts>;

export type Provider = keyof typeof providers;

export const providerKeys = Object.keys(providers) as Provider[];

export function isProvider(value: unknown): value is Provider {
  return typeof value === 'string' && Object.hasOwn(providers, value);
}

/** The one event that confirms an erasure at this provider. */
export function completionEventOf(provider: Provider): string | undefined {
  const facts: ProviderFacts = providers[provider];
  return facts.completionEvent;
}

export function providerName(provider: Provider): string {
  return providers[provider].name;
}

export function providerFacts(provider: Provider): ProviderFacts {
  return providers[provider];
}
