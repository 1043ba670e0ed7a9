/**
 * What one worker process does with a provider's brake: holds calls back while it is on, lets the trial through, and tells it
 * when the provider refuses everyone. Should the brake itself be out of reach, calls are made as if there were none.
 */
import { defined } from '../domain/defined';
import { HOUR_MS, SECOND_MS } from '../domain/duration';
import { shortageAskAgainInMs, type Pause, type Shortage } from '../domain/brake/shortage';
import { alsoUnknown, mergedStreak, noStreak, streakAfter, tripOf, type Sign, type Trip } from '../domain/brake/streak';
import {
  askAgainInMs,
  canTry,
  defaultBrakeSettings,
  isTrialOf,
  notTripped,
  tripStateAfter,
  type BrakeOn,
  type BrakeSettings,
  type TripReport,
  type TripState,
} from '../domain/brake/trip-state';

/** The brake as it is kept for all workers. */
export interface SharedBrake {
  read(): Promise<TripState & Pause>;
  /** Resolves to how it stands after it. */
  report(report: TripReport): Promise<TripState>;
}

/** `go`, also as the trial; or the brake is on, and it is worth asking again after this time. */
export type Passage = 'go' | { readonly on: BrakeOn; readonly askAgainInMs: number };

export interface BrakeGate {
  /** Before a call is made, or to learn whether one could be. */
  pass(requestId: string): Promise<Passage>;
  /** Whether calls are left to the provider, for a step that waits for them. The calls themselves wait at their own gate. */
  shortage(): Promise<{ readonly shortage: Shortage; readonly askAgainInMs: number } | undefined>;
  /** For how long the provider asks to be left alone still; 0 where it does not. For a worker that has no lease, and so was not told. */
  pausedForMs(): Promise<number>;
  /** What a call said; resolves to the brake where it is on now. */
  tell(requestId: string, sign: Sign): Promise<BrakeOn | undefined>;
  /** Looks no more. */
  close(): void;
}

/** What was read is believed so long: another worker's trip is noticed within this. */
const BELIEVED_MS = 10 * SECOND_MS;
/** How long a worker that calls nobody any more goes on looking whether another tripped the brake for unknown ids. */
const LOOKS_MS_MAX = HOUR_MS;

export function createBrakeGate({
  shared,
  settings = defaultBrakeSettings,
  now = Date.now,
  random = Math.random,
  later = (look, afterMs) => setTimeout(look, afterMs).unref(),
  onUnreachable,
}: {
  readonly shared: SharedBrake;
  readonly settings?: BrakeSettings;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly later?: (look: () => void, afterMs: number) => NodeJS.Timeout;
  /** The brake could not be read or told. */
  readonly onUnreachable: (error: unknown) => void;
}): BrakeGate {
  const { limits, plan } = settings;
  let known: TripState = notTripped;
  let readAt = -Infinity;
  let reading: Promise<void> | undefined;
  let pause: Pause = {};
  let pauseReadAt = -Infinity;
  let streak = noStreak;
  /** While a trip is being told no further call leaves: it would be one of those that the trip is there to hold back. */
  let tripping: Promise<boolean> | undefined;
  let nextLook: NodeJS.Timeout | undefined;
  const believedMs = Math.min(BELIEVED_MS, plan.firstAfterMs);

  /** Whether it was reached. */
  async function through(ask: () => Promise<TripState>): Promise<boolean> {
    const wasOn = known.on !== undefined;
    let isReached = true;
    try {
      known = await ask();
    } catch (error) {
      onUnreachable(error);
      known = notTripped;
      isReached = false;
    }
    readAt = now();
    // What was seen before it was released says nothing any more.
    if (isReached && wasOn && known.on === undefined) streak = noStreak;
    return isReached;
  }

  /** What could not be told is kept, to be told with what is seen next. */
  async function reportTrip(trip: Trip): Promise<void> {
    const [kept, before] = [streak, known];
    streak = noStreak;
    const telling = through(() => shared.report({ type: 'tripped', trip, plan }));
    tripping = telling;
    const isReached = await telling;
    if (tripping === telling) tripping = undefined;
    if (isReached) return;
    known = before;
    streak = mergedStreak(kept, streak, limits);
  }

  /** Where the clock was set back since, nobody knows how old it is. */
  function isRecent(at: number, maxMs: number): boolean {
    const ageMs = now() - at;
    return ageMs >= 0 && ageMs < maxMs;
  }

  async function refresh(): Promise<void> {
    if (isRecent(readAt, believedMs) && isRecent(pauseReadAt, believedMs)) return;
    await (reading ??= read().finally(() => (reading = undefined)));
  }

  async function read(): Promise<void> {
    pause = {};
    await through(async () => {
      const { pausedUntil, shortage, ...trips } = await shared.read();
      pause = defined({ pausedUntil, shortage });
      return trips;
    });
    pauseReadAt = now();
    const trip = known.on?.reason === 'unknown-ids' ? alsoUnknown(streak) : undefined;
    if (trip !== undefined) await reportTrip(trip);
  }

  /**
   * Those who were told that they are unknown are to be named if another worker trips the brake for it, also where no
   * further call comes to this one.
   */
  function lookLater(afterMs = believedMs): void {
    if (streak.unknown.length === 0 || afterMs > LOOKS_MS_MAX) return;
    clearTimeout(nextLook);
    nextLook = later(() => void refresh().then(() => lookLater(2 * afterMs)), afterMs);
  }

  return {
    async shortage() {
      await refresh();
      const { shortage } = pause;
      if (shortage === undefined || shortage.until <= now()) return undefined;
      return { shortage, askAgainInMs: shortageAskAgainInMs(shortage, now(), random()) };
    },

    async pausedForMs() {
      await refresh();
      return Math.max(0, (pause.pausedUntil ?? 0) - now());
    },

    async pass(requestId) {
      await refresh();
      await tripping;
      if (isTrialOf(known, requestId, now())) return 'go';
      if (known.on !== undefined && canTry(known.on, requestId, now())) {
        await through(() => shared.report({ type: 'trialTaken', requestId }));
        // By the brake's clock, as it has just said. Ours may be minutes ahead, and no trial would ever be left by it.
        if (known.on?.trial?.requestId === requestId) return 'go';
      }
      const { on } = known;
      if (on === undefined) return 'go';
      return { on, askAgainInMs: askAgainInMs(on, now(), random()) };
    },

    async tell(requestId, sign) {
      if (known.on !== undefined) {
        const report = { type: 'called', requestId, sign } as const;
        // What changes nothing need not be told. Whether it is still the trial, the brake's clock says.
        const isTrial = known.on.trial?.requestId === requestId;
        if (isTrial || tripStateAfter(known, { ...report, at: now() }) !== known)
          await through(() => shared.report(report));
        return known.on;
      }
      streak = streakAfter(streak, sign, { requestId, at: now() }, limits);
      const trip = tripOf(streak, limits);
      if (trip !== undefined) await reportTrip(trip);
      if (sign.says === 'knows-nobody') lookLater();
      return known.on;
    },

    close: () => clearTimeout(nextLook),
  };
}

/** Where there is none, as in tests of other things. */
export const noBrake: BrakeGate = {
  pass: async () => 'go',
  shortage: async () => undefined,
  pausedForMs: async () => 0,
  tell: async () => undefined,
  close: () => undefined,
};
