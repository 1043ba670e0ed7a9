/**
 * What a worker's calls say about their provider as a whole: when does it refuse everyone? A request that fails alone says
 * nothing; several different ones in a row, with none served between them, do.
 */
import type { BrakeReason } from './brake-reason';

/** What one call says of the provider. */
export type Sign =
  /** It, or our access to it, is to blame and not the person. */
  | { readonly says: 'refuses'; readonly reason: Exclude<BrakeReason, 'unknown-ids'> }
  /** An answer of its own: it knows no such id. */
  | { readonly says: 'knows-nobody' }
  /** An answer of its own that tells nothing of which people it knows, such as an absence after its erasure. */
  | { readonly says: 'answers' }
  /** It knows the person, or took the request on. */
  | { readonly says: 'serves' }
  | { readonly says: 'nothing' };

/** How many different requests in a row trip the brake. */
export interface BrakeLimits {
  readonly refusals: number;
  /** Larger: a file of people whom the provider really does not know is possible. */
  readonly unknownIds: number;
}

/** What one worker has seen since the provider last served somebody. Different requests only, the oldest first. */
export interface Streak {
  readonly refused: readonly Seen[];
  readonly unknown: readonly Seen[];
}

export interface Seen {
  readonly requestId: string;
  /** Epoch ms. */
  readonly at: number;
  readonly reason: BrakeReason;
}

export const noStreak: Streak = { refused: [], unknown: [] };

export function streakAfter(
  streak: Streak,
  sign: Sign,
  { requestId, at }: Pick<Seen, 'requestId' | 'at'>,
  limits: BrakeLimits,
): Streak {
  switch (sign.says) {
    case 'refuses':
      return { ...streak, refused: added(streak.refused, { requestId, at, reason: sign.reason }, limits.refusals) };
    case 'knows-nobody':
      return {
        refused: [],
        unknown: added(streak.unknown, { requestId, at, reason: 'unknown-ids' }, limits.unknownIds),
      };
    case 'answers':
      return streak.refused.length === 0 ? streak : { ...streak, refused: [] };
    case 'serves':
      return noStreak;
    case 'nothing':
      return streak;
  }
}

/** Of one that could not be told, and of what came while it was tried. */
export function mergedStreak(before: Streak, since: Streak, limits: BrakeLimits): Streak {
  return {
    refused: since.refused.reduce((all, one) => added(all, one, limits.refusals), before.refused),
    unknown: since.unknown.reduce((all, one) => added(all, one, limits.unknownIds), before.unknown),
  };
}

function added(seen: readonly Seen[], one: Seen, max: number): readonly Seen[] {
  const isKnown = seen.some(({ requestId }) => requestId === one.requestId);
  return isKnown || seen.length >= max ? seen : [...seen, one];
}

/** What a worker tells the brake when a provider refuses everyone. Free of personal data. */
export interface Trip {
  readonly reason: BrakeReason;
  /** When the first of these requests was refused; epoch ms. */
  readonly since: number;
  /** How many they are, and the ids of the first of them. */
  readonly requests: number;
  readonly requestIds: readonly string[];
}

/** So many requests are named at most. */
export const REQUESTS_NAMED_MAX = 200;

/** Undefined where the provider need not be refusing everyone. */
export function tripOf({ refused, unknown }: Streak, limits: BrakeLimits): Trip | undefined {
  if (refused.length >= limits.refusals) return trip(refused);
  return unknown.length >= limits.unknownIds ? trip(unknown) : undefined;
}

/** What a worker has seen of what another has tripped the brake for: these requests are to be looked into as well. */
export function alsoUnknown({ unknown }: Streak): Trip | undefined {
  return trip(unknown);
}

/** Refusals of several kinds, such as an outage that ends in a login page: the latest is the one that holds. */
function trip(seen: readonly Seen[]): Trip | undefined {
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const requestIds = seen.slice(0, REQUESTS_NAMED_MAX).map(({ requestId }) => requestId);
  return { reason: last.reason, since: first.at, requests: seen.length, requestIds };
}
