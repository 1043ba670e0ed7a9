/** A provider's brake in words for people: the alarm, what waits, and what staff can do. */
import { describeInstant } from '../duration';
import { providerName, type Provider } from '../provider/provider-table';
import { brakeGuide, type BrakeReason } from './brake-reason';
import { shortageGuide, type ShortageReason } from './shortage';
import type { BrakeOn, ReleasedBrake, TripState } from './trip-state';

const waitGuide = { ...brakeGuide, ...shortageGuide };

/** Goes on from the provider's name: "refuses everyone since …: it refuses our credentials". */
export function describeBrakeOn({
  reason,
  since,
}: {
  readonly reason: BrakeReason | ShortageReason;
  readonly since: number;
}): string {
  return `since ${describeInstant(since)} ${waitGuide[reason].happened}`;
}

/** One sentence for messages, logs and findings. */
export function brakeAlarm(provider: Provider, on: BrakeOn): string {
  const failed = on.trials === 0 ? '' : ` ${on.trials} ${on.trials === 1 ? 'trial has' : 'trials have'} failed since.`;
  return (
    `The brake of ${providerName(provider)} is on: ${describeBrakeOn(on)} (${on.requests} requests in a row).${failed} ` +
    `Next trial from ${describeInstant(on.nextTrialAt)} on.`
  );
}

/** A line, where the brake was on for unknown ids: these may have been asked in the wrong place. */
export function requestsToLookInto({ requestIds = [] }: ReleasedBrake): readonly string[] {
  return requestIds.length === 0 ? [] : [`Were told that nobody knows them, look into each: ${requestIds.join(', ')}`];
}

/** For the Temporal UI: Markdown. */
export function describeTrip(provider: Provider, { on, last, unknownIdsBelievedUntil }: TripState): readonly string[] {
  const believed =
    unknownIdsBelievedUntil === undefined
      ? []
      : [`That ids are unknown there is believed until ${describeInstant(unknownIdsBelievedUntil)}.`, ''];
  if (on === undefined) {
    if (last === undefined) return ['The brake is off: the provider is called.', '', ...believed];
    const by =
      'actor' in last.by ? `staff ${last.by.actor} (${last.by.reason})` : `a call for request ${last.by.request}`;
    return [
      `The brake is off: the provider is called. Last it was on since ${describeInstant(last.since)} (${last.reason}), ` +
        `and released at ${describeInstant(last.at)} by ${by}.`,
      '',
      ...requestsToLookInto(last).flatMap((text) => [text, '']),
      ...believed,
    ];
  }
  const { happened: _happened, todo } = brakeGuide[on.reason];
  return [
    `⚠️ **${brakeAlarm(provider, on)}**`,
    '',
    `Requests wait, and go on by themselves once the provider serves one of them. What you can do: ${todo}.`,
    'Release it by hand with the update releaseBrake, or with erasure brake release.',
    '',
    `Requests that met it first: ${on.requestIds.join(', ')}`,
    '',
    ...believed,
  ];
}
