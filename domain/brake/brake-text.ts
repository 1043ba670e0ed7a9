/** What the Temporal UI shows of a provider's brake. */
import { describeInstant } from '../duration';
import { providerName, type Provider } from '../provider/provider-table';
import { brakeView, type BrakeState } from './brake-state';

export function describeBrake(provider: Provider, state: BrakeState): string {
  const { callsPerSecond, callsPerDay, workers, callsIn24Hours, pausedUntil, spentUntil } = brakeView(state);
  return [
    `### Calls to ${providerName(provider)}`,
    ...(pausedUntil === undefined
      ? []
      : [`**Paused**: it asked to be left alone until ${describeInstant(pausedUntil)}.`]),
    ...(spentUntil === undefined
      ? []
      : [`**Spent**: the calls of 24 hours are used up; the first come back at ${describeInstant(spentUntil)}.`]),
    `${workers} ${workers === 1 ? 'worker shares' : 'workers share'} ${callsPerSecond ?? 'no'} calls a second.`,
    `Handed out in the last 24 hours: ${callsIn24Hours} calls${callsPerDay === undefined ? '' : ` of ${callsPerDay}`}.`,
  ].join('\n\n');
}
