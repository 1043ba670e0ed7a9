/** One leg in each of the states it can be in, made by the state machine itself. */
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { WithoutTime } from '../../domain/without-time';
import type { ProviderDecisionKind } from '../../domain/decision/decision-table';
import type { Provider } from '../../domain/provider/provider-table';
import type { AttentionReason, FailureType } from '../../domain/leg/failure';
import * as transitions from '../../domain/leg/leg-transitions';
import * as states from '../../domain/leg/leg-state';
import type { AskLeg, AttentionLeg, LegEvent, LegState, SettledLeg } from '../../domain/leg/leg-state';
import type { Observation, Receipt } from '../../domain/leg/receipt';
import {
  absent,
  accepted,
  evidence,
  HOURS_120_MS,
  inconclusive,
  newerRecord,
  pending,
  presentAgain,
  takenOffQueue,
  unknown,
} from './receipts';

export const T0 = Date.UTC(2026, 10, 22, 9);
export const OVER = T0 + HOURS_120_MS + HOUR_MS;
export const GRACE_OVER = OVER + 72 * HOUR_MS;

/** Whatever a leg may have, in whatever phase: for what is said of all of them. */
export type AnyLeg = LegState &
  Partial<
    Pick<AttentionLeg, 'attention' | 'memory' | 'hold' | 'isBeingAsked'> &
      Pick<AskLeg, 'trouble'> &
      Pick<
        SettledLeg,
        | 'outcome'
        | 'assurance'
        | 'settledAt'
        | 'endedAt'
        | 'endedInAttention'
        | 'couldNotWithdraw'
        | 'withdrawal'
        | 'withdrawnAfterDecisionAt'
      >
  >;

export const openLeg: (provider: Provider) => AnyLeg = states.openLeg;
export const stateAfter: (leg: LegState, event: LegEvent) => AnyLeg = transitions.stateAfter;

export function legAfter(...events: [at: number, happening: WithoutTime<LegEvent>][]): AnyLeg {
  return events.reduce<AnyLeg>(
    (leg, [at, happening]) => stateAfter(leg, { ...happening, at } as LegEvent),
    openLeg('person'),
  );
}

function settledAfter(...events: [at: number, event: WithoutTime<LegEvent>][]): SettledLeg {
  return states.settled(legAfter(...events));
}

const asked: WithoutTime<LegEvent> = { type: 'asked' };
const timePassed: WithoutTime<LegEvent> = { type: 'timePassed' };
const requestEnded: WithoutTime<LegEvent> = { type: 'requestEnded' };
const calledBack: WithoutTime<LegEvent> = {
  type: 'calledBack',
  evidence: { handle: 'h1', event: 'individual.purged' },
};
const answered = (receipt: Receipt): WithoutTime<LegEvent> => ({ type: 'answered', receipt });
const observed = (observation: Observation): WithoutTime<LegEvent> => ({ type: 'observed', observation });
const failed = (type: FailureType, mayHaveReached = true): WithoutTime<LegEvent> => ({
  type: 'failed',
  failure: { type, mayHaveReached },
});
const decided = (kind: ProviderDecisionKind): WithoutTime<LegEvent> => ({
  type: 'decided',
  kind,
  decision: { provider: 'person', actor: 'staff-7', reason: { code: 'checked-with-provider', ticket: 'PRIV-1' } },
});

const byCallback = accepted({ confirmedBy: 'callback', seen: false });
const withdrawable = accepted({ withdrawable: true });
const looking: [number, WithoutTime<LegEvent>][] = [
  [T0, asked],
  [T0, answered(accepted())],
  [OVER, timePassed],
];
const hoping: [number, WithoutTime<LegEvent>][] = [
  [T0, asked],
  [T0, answered(byCallback)],
  [OVER, timePassed],
];

/** Unsettled, by what the leg is at. */
export const unsettledLegs = {
  asking: legAfter([T0, asked]),
  window: legAfter([T0, asked], [T0, answered(accepted())]),
  windowAfterCallback: legAfter([T0, asked], [T0, answered(byCallback)], [T0 + DAY_MS, calledBack]),
  revivalWindow: legAfter([T0, asked], [T0, answered(unknown({ window: { lastsMs: HOURS_120_MS } }))]),
  callback: legAfter(...hoping),
  looking: legAfter(...looking),
  withdrawing: legAfter([T0, asked], [T0, answered(withdrawable)], [T0 + DAY_MS, requestEnded]),
} satisfies Record<string, LegState>;

/** Settled, by outcome and how it came to it. */
export const settledLegs = {
  verified: settledAfter(...looking, [OVER, observed(absent)]),
  confirmed: settledAfter(...hoping, [OVER + HOUR_MS, calledBack]),
  presumedSilent: settledAfter(...hoping, [GRACE_OVER, timePassed]),
  presumedUnseen: settledAfter(
    [T0, asked],
    [T0, answered(accepted({ seen: false }))],
    [OVER, timePassed],
    [OVER, observed(absent)],
  ),
  presumedWithCallback: settledAfter(
    [T0, asked],
    [T0, answered(accepted({ confirmedBy: 'nobody' }))],
    [T0 + DAY_MS, calledBack],
    [OVER, timePassed],
  ),
  notFound: settledAfter([T0, asked], [T0, answered(unknown())]),
  notFoundAfterWindow: settledAfter(
    [T0, asked],
    [T0, answered(unknown({ window: { lastsMs: HOURS_120_MS } }))],
    [OVER, timePassed],
    [OVER, observed(absent)],
  ),
  attested: settledAfter(...looking, [OVER, observed(newerRecord)], [OVER, decided('attest')]),
  waived: settledAfter([T0, asked], [T0, decided('waive')], [T0, { type: 'interrupted' }]),
  withdrawn: settledAfter(
    [T0, asked],
    [T0, answered(withdrawable)],
    [T0 + DAY_MS, requestEnded],
    [T0 + DAY_MS, { type: 'withdrawalAnswered', withdrawal: { status: 'withdrawn', evidence } }],
  ),
  neverAsked: settledAfter([T0, requestEnded]),
  neverReached: settledAfter([T0, asked], [T0, failed('ProviderUnavailable', false)], [T0 + DAY_MS, requestEnded]),
  unknown: settledAfter([T0, asked], [T0, answered(accepted())], [T0 + DAY_MS, requestEnded]),
  unknownTooLate: settledAfter(
    [T0, asked],
    [T0, answered(withdrawable)],
    [T0 + DAY_MS, requestEnded],
    [T0 + DAY_MS, { type: 'withdrawalAnswered', withdrawal: { status: 'too-late', since: T0 + HOUR_MS } }],
  ),
  unknownInAttention: settledAfter(...looking, [OVER, observed(newerRecord)], [OVER + 1, requestEnded]),
} satisfies Record<string, LegState>;

/** In attention, by its reason. */
export function legInAttention(reason: AttentionReason): AnyLeg {
  switch (reason) {
    case 'Reappeared':
      return legAfter(
        ...[0, 10, 20].flatMap((days): [number, WithoutTime<LegEvent>][] => [
          [T0 + days * DAY_MS, asked],
          [T0 + days * DAY_MS, answered(accepted())],
          [OVER + days * DAY_MS, timePassed],
          [OVER + days * DAY_MS, observed(presentAgain)],
        ]),
      );
    case 'NewerRecord':
      return legAfter(...looking, [OVER, observed(newerRecord)]);
    case 'TakenOffQueue':
      return legAfter(...looking, [OVER, observed(takenOffQueue)]);
    case 'CallbackContradicts':
      return legAfter(...hoping, [OVER + HOUR_MS, { type: 'reported', report: { says: 'failure', handle: 'h1' } }]);
    case 'Inconclusive':
      return legAfter(...looking, [OVER, observed(inconclusive)]);
    case 'Postponed':
      return legAfter(
        ...looking,
        ...Array.from({ length: 21 }, (_, times): [number, WithoutTime<LegEvent>][] => [
          [OVER + times * DAY_MS, observed(pending(OVER + times * DAY_MS))],
          [OVER + (times + 1) * DAY_MS, timePassed],
        ]).flat(),
      );
    default:
      return legAfter([T0, asked], [T0, failed(reason)]);
  }
}
