/** How a provider's brake looks on the screen and as JSON. */
import { brakeGuide } from '../domain/brake/brake-reason';
import { shortageAlarm, type Shortage } from '../domain/brake/shortage';
import { brakeAlarm, requestsToLookInto } from '../domain/brake/trip-text';
import type { TripState } from '../domain/brake/trip-state';
import { describeInstant } from '../domain/duration';
import { providerName, type Provider } from '../domain/provider/provider-table';
import type { CommandContext } from './context';
import { colorsFor } from './request-view';

/** What the brake answered, and no calls where none are left now. */
export interface BrakeToShow {
  readonly trips: TripState;
  readonly shortage?: Shortage | undefined;
}

export function brakeText(provider: Provider, { trips, shortage }: BrakeToShow, context: CommandContext): string {
  const text = tripText(provider, trips, context);
  if (shortage === undefined) return text;
  return `${text}\n  ${colorsFor(context).yellow(shortageAlarm(provider, shortage))}`;
}

function tripText(provider: Provider, { on, last }: TripState, context: CommandContext): string {
  const { bold, yellow } = colorsFor(context);
  const name = bold(providerName(provider));
  if (on !== undefined) {
    return [
      `${name}  ${yellow('on')}  ${brakeAlarm(provider, on)}`,
      `  You can: ${brakeGuide[on.reason].todo}`,
      `  Requests that met it first: ${on.requestIds.join(', ')}`,
    ].join('\n');
  }
  if (last === undefined) return `${name}  off`;
  const by = 'actor' in last.by ? `staff ${last.by.actor} (${last.by.reason})` : 'a call that was served';
  const off = `${name}  off; last on from ${describeInstant(last.since)} to ${describeInstant(last.at)} (${last.reason}), released by ${by}`;
  return [off, ...requestsToLookInto(last).map((text) => `  ${text}`)].join('\n');
}

/** Instants are RFC 3339 in UTC. */
export function brakeJson(provider: Provider, { trips: { on, last }, shortage }: BrakeToShow) {
  return {
    provider,
    state: on === undefined ? 'off' : 'on',
    ...(on && {
      reason: on.reason,
      since: iso(on.since),
      nextTrialAt: iso(on.nextTrialAt),
      failedTrials: on.trials,
      requests: on.requests,
      requestIds: on.requestIds,
    }),
    ...(shortage && {
      noCalls: { reason: shortage.reason, since: iso(shortage.since), until: iso(shortage.until) },
    }),
    ...(last && {
      last: {
        reason: last.reason,
        since: iso(last.since),
        releasedAt: iso(last.at),
        by: last.by,
        ...(last.requestIds && { requestIds: last.requestIds }),
      },
    }),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
