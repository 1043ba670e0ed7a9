/** Whether every provider can be known to have erased by the day the person is to be answered. Only arithmetic: nothing is decided here. */
import { providerName, type Provider } from '../provider/provider-table';
import { describeDuration, describeInstant, HOUR_MS, MINUTE_MS } from '../duration';

/** What is known of one provider's time. */
export interface LegPlan {
  readonly provider: Provider;
  /** How long from an asking that is still to come until its answer is known, without the margin; absent where nobody can tell. */
  readonly takesMs?: number;
  /** When its answer is known at the latest, margin and grace included, epoch ms; absent while it has to be asked (again). */
  readonly endsAt?: number;
}

/** All instants in epoch ms. */
export interface LegForecast {
  readonly provider: Provider;
  /** The last instant at which an asking ends in time. Lies in the past where it is too late for one. */
  readonly latestSafeSend: number;
  /** When its answer is expected to be known; for one that has to be asked: if it were asked now. */
  readonly endsAt: number;
  /** Only its answer can tell how long it takes: it ends no earlier, and the latest safe send is no later. */
  readonly atLeast?: true;
  /** Whether it has to be asked (again), so that `latestSafeSend` matters. */
  readonly toBeAsked: boolean;
  /** By how much it misses the due date; absent if it does not. */
  readonly lateByMs?: number;
}

export type Feasibility = { readonly legs: readonly LegForecast[] } & (
  | { readonly verdict: 'feasible' }
  /** `because`: whoever is late, the latest first. */
  | { readonly verdict: 'late'; readonly lateByMs: number; readonly because: readonly Provider[] }
);

export interface FeasibilityQuestion {
  /** The last millisecond at which the answer is in time. */
  readonly dueAt: number;
  readonly now: number;
  /** The policy's margin, added to a window that is still to come. */
  readonly marginMs: number;
  readonly legs: readonly LegPlan[];
}

export function feasibilityOf({ dueAt, now, marginMs, legs }: FeasibilityQuestion): Feasibility {
  const forecasts = legs.map((leg): LegForecast => {
    const takesMs = (leg.takesMs ?? 0) + marginMs;
    const endsAt = leg.endsAt ?? now + takesMs;
    return {
      provider: leg.provider,
      latestSafeSend: dueAt - takesMs,
      endsAt,
      ...(leg.endsAt === undefined && leg.takesMs === undefined ? { atLeast: true } : {}),
      toBeAsked: leg.endsAt === undefined,
      ...(endsAt > dueAt ? { lateByMs: endsAt - dueAt } : {}),
    };
  });
  const late = forecasts.filter(isLate).sort((a, b) => b.lateByMs - a.lateByMs);
  const [latest] = late;
  if (latest === undefined) return { verdict: 'feasible', legs: forecasts };
  return {
    verdict: 'late',
    lateByMs: latest.lateByMs,
    because: late.map(({ provider }) => provider),
    legs: forecasts,
  };
}

/** For people, one sentence for each provider that still has to be asked or that is late; without a full stop. */
export function describeFeasibility({ legs }: Feasibility, now: number): readonly string[] {
  return legs.flatMap((leg) => {
    const name = providerName(leg.provider);
    if (isLate(leg)) {
      const who = leg.toBeAsked ? `${name}, if asked now,` : name;
      const atLeast = leg.atLeast === true ? 'at least ' : '';
      return [`cannot make its due date: ${who} ends ${atLeast}${describeLateness(leg.lateByMs)} after it`];
    }
    if (leg.atLeast === true) return [`${name}: only its answer tells how long it takes`];
    if (!leg.toBeAsked || leg.latestSafeSend < now) return [];
    return [`latest safe send to ${name}: ${describeInstant(leg.latestSafeSend)}`];
  });
}

/** Rounded up to whole hours, below one hour to whole minutes: never less than it is. */
export function describeLateness(lateByMs: number): string {
  const unitMs = lateByMs > HOUR_MS ? HOUR_MS : MINUTE_MS;
  return describeDuration(Math.ceil(lateByMs / unitMs) * unitMs);
}

function isLate(leg: LegForecast): leg is LegForecast & { readonly lateByMs: number } {
  return leg.lateByMs !== undefined;
}
