/** How long it takes to ask each provider about the requests of a file, at the limits that are set. */
import type { ProviderLimits } from '../../config/provider-config';
import { defined } from '../../domain/defined';
import { approximateDuration, DAY_MS, SECOND_MS } from '../../domain/duration';
import { plannedMs } from '../../domain/request/leg-plan';
import type { Patience } from '../../domain/rules/patience';
import { providerFacts, providerName, type Provider } from '../../domain/provider/provider-table';
import type { DueRange } from './row-due-dates';

const LATE = ', AFTER the first is due: submit the earliest ones first, and by themselves';

export interface ProviderLoad {
  readonly provider: Provider;
  readonly requests: number;
  /** Calls each second, as the workers' settings have it. */
  readonly requestsPerSecond: number;
  /** Until the last one has been asked, in ms. */
  readonly askingMs: number;
  /** Days that the daily allowance stretches it to; absent where there is none. */
  readonly allowanceDays?: number;
  /** When the last answer is known at the latest, epoch ms. Absent where only the provider's answer can tell. */
  readonly endsAt?: number;
}

export function providerLoad(
  requests: number,
  {
    provider,
    limits: { requestsPerSecond, requestsPerDay },
    patience,
    now,
  }: {
    readonly provider: Provider;
    readonly limits: Pick<ProviderLimits, 'requestsPerSecond' | 'requestsPerDay'>;
    readonly patience: Patience;
    readonly now: number;
  },
): ProviderLoad {
  const { ask, look } = providerFacts(provider).callsEach;
  const paced = Math.ceil(((requests * ask) / requestsPerSecond) * SECOND_MS);
  const allowanceDays =
    requestsPerDay === undefined ? undefined : Math.ceil((requests * (ask + look)) / requestsPerDay);
  const askingMs = Math.max(paced, ((allowanceDays ?? 1) - 1) * DAY_MS);
  const takesMs = plannedMs(provider, patience);
  return {
    provider,
    requests,
    requestsPerSecond,
    askingMs,
    ...defined({ allowanceDays }),
    ...(takesMs === undefined ? {} : { endsAt: now + askingMs + takesMs + patience.marginMs }),
  };
}

/** One sentence for each provider; `ranges` with the due dates, where they are known. */
export function describeLoad(load: ProviderLoad, ranges: readonly DueRange[]): string {
  const { provider, requests, requestsPerSecond, askingMs, allowanceDays, endsAt } = load;
  const earliest = ranges.flatMap((range) => (range.earliest === undefined ? [] : [range.earliest.at]));
  const dueAt = earliest.length === 0 ? undefined : Math.min(...earliest);
  const stretched = (allowanceDays ?? 1) > 1 ? `, over ${allowanceDays} days by its daily allowance` : '';
  const end =
    endsAt === undefined
      ? 'only its answer tells its window'
      : `the last answer is known about ${day(endsAt)} at the latest`;
  const inTime =
    dueAt === undefined || endsAt === undefined ? '' : endsAt <= dueAt ? ', before the first is due' : LATE;
  return (
    `${providerName(provider)}: ${requests} requests, asked within ${approximateDuration(askingMs)} at ` +
    `${requestsPerSecond} calls a second${stretched}; ${end}${inTime}`
  );
}

function day(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}
