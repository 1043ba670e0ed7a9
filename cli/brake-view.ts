/** How a provider's brake looks on the screen and as JSON. */
import { brakeGuide } from '../domain/brake/brake-reason';
import { brakeAlarm } from '../domain/brake/trip-text';
import type { TripState } from '../domain/brake/trip-state';
import { describeInstant } from '../domain/duration';
import { providerName, type Provider } from '../domain/provider/provider-table';
import type { CommandContext } from './context';
import { colorsFor } from './request-view';

export function brakeText(provider: Provider, { on, last }: TripState, context: CommandContext): string {
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
  return `${name}  off; last on from ${describeInstant(last.since)} to ${describeInstant(last.at)} (${last.reason}), released by ${by}`;
}

/** Instants are RFC 3339 in UTC. */
export function brakeJson(provider: Provider, { on, last }: TripState) {
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
    ...(last && { last: { reason: last.reason, since: iso(last.since), releasedAt: iso(last.at), by: last.by } }),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
