/**
 * No call may be made to a provider for some time, though it refuses nobody: it asked to be left alone, or the calls of 24
 * hours are spent. Nobody has to try whether it serves again: when calls may be made is known. Instants in epoch ms.
 */
import { defined } from '../defined';
import { DAY_MS, describeInstant, HOUR_MS, MINUTE_MS, SECOND_MS } from '../duration';
import { isRecord } from '../text';
import { providerName, type Provider } from '../provider/provider-table';

/** In words for people. */
export const shortageGuide = {
  paused: { happened: 'it asks to be left alone' },
  'allowance-spent': { happened: 'our allowance of calls for 24 hours is spent' },
} as const satisfies Record<string, { readonly happened: string }>;

export type ShortageReason = keyof typeof shortageGuide;
const shortageReasons = Object.keys(shortageGuide) as readonly ShortageReason[];

export interface Shortage {
  readonly reason: ShortageReason;
  readonly since: number;
  /** Of a spent allowance: when the first calls are there again. Others may take them. */
  readonly until: number;
}

/** Until when the brake knows that calls may not be made. Either may be over. */
export interface Pause {
  /** The provider asked to be left alone. */
  readonly pausedUntil?: number;
  readonly shortage?: Shortage;
}

/** A call waits for its turn for so long; whoever would have to wait longer is refused, and meets a shortage. */
export const TURN_MS_MAX = 45 * SECOND_MS;
/** Calls that are there again and are used up at once do not end it. */
const OVER_AFTER_MS = 1 * HOUR_MS;
/** The sweep names what has lasted so long. */
const LASTING_MS = 4 * HOUR_MS;

export function isShortageReason(reason: unknown): reason is ShortageReason {
  return shortageReasons.some((one) => one === reason);
}

/** Goes on for an hour after calls could be made again, so that one day without calls is one shortage, told once. */
export function shortageAfter(
  before: Shortage | undefined,
  {
    now,
    pausedUntil,
    spentUntil = 0,
  }: { readonly now: number; readonly pausedUntil: number; readonly spentUntil?: number },
): Shortage | undefined {
  const last = before !== undefined && now < before.until + OVER_AFTER_MS ? before : undefined;
  const until = Math.max(pausedUntil, spentUntil);
  if (until <= now) return last && { ...last, until: Math.min(last.until, now) };
  if (last === undefined && until - now <= TURN_MS_MAX) return undefined;
  const reason = pausedUntil >= spentUntil ? 'paused' : 'allowance-spent';
  return { reason, since: last?.since ?? now, until };
}

/** One that has lasted for hours, also where some calls are made again now and then. */
export function isLastingShortage({ since, until }: Shortage, now: number): boolean {
  return now - since >= LASTING_MS && now < until + OVER_AFTER_MS;
}

/** Of what a brake answers: anybody who may write to the namespace can run a worker that answers for it. */
export function pauseIn(answer: unknown): Pause {
  if (!isRecord(answer)) return {};
  const { pausedUntil } = answer;
  return defined({ pausedUntil: isInstant(pausedUntil) ? pausedUntil : undefined, shortage: shortageIn(answer) });
}

function shortageIn(answer: Readonly<Record<string, unknown>>): Shortage | undefined {
  if (!isRecord(answer['shortage'])) return undefined;
  const { reason, since, until } = answer['shortage'];
  if (!isShortageReason(reason) || !isInstant(since) || !isInstant(until)) return undefined;
  return { reason, since, until };
}

function isInstant(at: unknown): at is number {
  return typeof at === 'number' && Math.abs(at) < 8.64e15;
}

/** One sentence for messages, logs and findings. */
export function shortageAlarm(provider: Provider, { reason, since, until }: Shortage): string {
  return (
    `No calls are left to ${providerName(provider)}: since ${describeInstant(since)} ${shortageGuide[reason].happened}. ` +
    `Requests wait, and go on by themselves once there are calls again, from ${describeInstant(until)} on.`
  );
}

/** Those who wait come back over a tenth of the time that it lasts: the calls that are there again are not for all of them. */
const SPREAD_PART = 1 / 10;

/** When a step that waits asks again. `random`: at least 0, below 1. */
export function shortageAskAgainInMs({ since, until }: Shortage, now: number, random: number): number {
  const spreadMs = Math.min(Math.max((until - since) * SPREAD_PART, MINUTE_MS), HOUR_MS);
  return Math.ceil(Math.min(Math.max(until - now, 0), DAY_MS) + SECOND_MS + random * spreadMs);
}
