/** What is meant to happen to one erasure: the seed decides it all; when it really happens, the machine has a say in. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/duration';
import type { Regulation } from '../domain/law/regulation';
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import type { Fault } from '../local/simulator/faults';
import type { DeliveryBehaviour } from '../local/simulator/measureone-delivery';
import { plannedDecisions, type PlannedDecision } from './decision-plan';
import { callFault } from './fault-plan';
import { randomStream, type Random } from './random';
import type { SubjectIds } from './run-log';

export interface ErasurePlan {
  readonly number: number;
  readonly requestId: string;
  readonly subject: SubjectIds;
  /** The providers that hold the person. */
  readonly heldBy: readonly Provider[];
  readonly regulation: Regulation;
  /** How long before the start the person asked. */
  readonly askedBeforeMs: number;
  /** By how much this run's clock is ahead of the providers'; negative: behind. */
  readonly clockAheadMs: number;
  /** How often the same request is submitted. */
  readonly submissions: number;
  /** Somebody submits another content under the same id. */
  readonly conflicts: boolean;
  readonly faults: readonly Fault[];
  readonly delivery?: DeliveryBehaviour;
  readonly events: readonly PlannedEvent[];
}

/** `afterMs`: of virtual time since the request was started. */
export type PlannedEvent = { readonly afterMs: number } & (
  | { readonly does: 'decide'; readonly decision: PlannedDecision }
  | { readonly does: 'call-back'; readonly how: CallbackHow }
  /** A live site identifies the person again. */
  | { readonly does: 'revive' }
  | { readonly does: 'move-purge'; readonly byMs: number }
  | { readonly does: 'take-off-queue' }
  | { readonly does: 'set-fault'; readonly fault: Fault }
  /** The providers' clock seems to jump, for this run. */
  | { readonly does: 'shift-clock'; readonly byMs: number }
);

export const callbackHows = [
  'genuine',
  'no-capability',
  'another-capability',
  'altered-capability',
  'made-up-capability',
  'another-handle',
] as const;
export type CallbackHow = (typeof callbackHows)[number];

/** How much is broken; 0: nothing. */
export interface Trouble {
  readonly faults: number;
  readonly decisions: number;
  readonly callbacks: number;
  readonly world: number;
  readonly clocks: number;
  readonly submissions: number;
}

export const calm: Trouble = { faults: 0, decisions: 0, callbacks: 0, world: 0, clocks: 0, submissions: 0 };
export const stormy: Trouble = {
  faults: 0.25,
  decisions: 0.15,
  callbacks: 0.3,
  world: 0.1,
  clocks: 0.4,
  submissions: 0.15,
};

/** Within the margin that is added to every window: a provider's clock that loses a day in the middle of one is believed. */
const SHIFT_AHEAD_MS_MAX = 45 * MINUTE_MS;

export function planErasure(seed: string, number: number, trouble: Trouble): ErasurePlan {
  const random = randomStream(seed, `erasure ${number}`);
  const requestId = random.uuid();
  const all = subjectOf(random);
  const asked = random.chance(0.85) ? providerKeys : providerKeys.filter(() => random.chance(0.6));
  const providers = asked.length === 0 ? [random.pick(providerKeys)] : asked;
  const heldBy = providers.filter(() => random.chance(0.92));
  const regulation = random.pick(['gdpr', 'uk-gdpr', 'ccpa'] as const);
  const faults = random.chance(trouble.faults)
    ? Array.from({ length: random.between(1, 3) }, () => callFault(random, pickFrom(random, providers), all))
    : [];
  const late = random.chance(trouble.faults / 2)
    ? [
        {
          afterMs: random.between(1, 8 * DAY_MS),
          does: 'set-fault',
          fault: callFault(random, pickFrom(random, providers), all),
        } as const,
      ]
    : [];
  const delivery = providers.includes('measureone') ? deliveryOf(random, trouble) : undefined;
  return {
    number,
    requestId,
    subject: Object.fromEntries(providers.map((provider) => [provider, all[provider]])),
    heldBy,
    regulation,
    askedBeforeMs: random.between(1, 5 * DAY_MS),
    clockAheadMs: random.chance(trouble.clocks) ? random.between(-DAY_MS, DAY_MS) : 0,
    submissions: random.chance(trouble.submissions) ? random.between(2, 3) : 1,
    conflicts: random.chance(trouble.submissions / 5),
    faults,
    ...(delivery && { delivery }),
    events: [
      ...late,
      ...(random.chance(trouble.decisions) ? decisionEvents(random, providers) : []),
      ...(providers.includes('measureone') && random.chance(trouble.callbacks) ? callbackEvents(random) : []),
      ...(random.chance(trouble.world) ? worldEvents(random, providers) : []),
      ...(random.chance(trouble.clocks / 3)
        ? [
            {
              afterMs: random.between(1, 8 * DAY_MS),
              does: 'shift-clock',
              byMs: random.between(-DAY_MS, SHIFT_AHEAD_MS_MAX),
            } as const,
          ]
        : []),
    ].toSorted((one, other) => one.afterMs - other.afterMs),
  };
}

const pickFrom = (random: Random, providers: readonly Provider[]): Provider => random.pick(providers);

/** Ids such as each provider has them; nobody's. */
function subjectOf(random: Random): Readonly<Record<Provider, string>> {
  const hex = (length: number): string => random.uuid().replaceAll('-', '').slice(0, length);
  return {
    measureone: `idv_${hex(27)}`,
    person: random.uuid(),
    aptrinsic: `${hex(12)}@customer.example`,
  };
}

function deliveryOf(random: Random, trouble: Trouble): DeliveryBehaviour | undefined {
  if (!random.chance(trouble.callbacks)) return undefined;
  const mode = random.weighted({ 'on-time': 3, never: 1, early: 2, late: 2 });
  return {
    mode,
    offsetMs: random.between(0, (mode === 'late' ? 100 : 119) * HOUR_MS),
    duplicates: random.chance(0.4) ? random.between(1, 5) : 0,
    ...(random.chance(0.2) && { payload: random.pick(oddPayloads) }),
  };
}

/** What says something else than that it is done, or says it oddly. */
const oddPayloads: readonly unknown[] = [
  { event: 'individual.purge_failed' },
  { event: 'individual.purged', status: 'FAILED' },
  { event: 'individual.created' },
  { event: 'individual.purged', event_type: 'individual.created' },
  {},
  'not json at all',
  { event_type: 'individual.purged' },
];

function decisionEvents(random: Random, providers: readonly Provider[]): PlannedEvent[] {
  return plannedDecisions(random, providers).map(({ afterMs, decision }) => ({ afterMs, does: 'decide', decision }));
}

function callbackEvents(random: Random): PlannedEvent[] {
  return Array.from({ length: random.between(1, 3) }, () => ({
    afterMs: random.between(1, 9 * DAY_MS),
    does: 'call-back' as const,
    how: random.pick(callbackHows),
  }));
}

function worldEvents(random: Random, providers: readonly Provider[]): PlannedEvent[] {
  const afterMs = random.between(1, 8 * DAY_MS);
  const choices: PlannedEvent[] = [
    ...(providers.includes('aptrinsic') ? [{ afterMs, does: 'revive' as const }] : []),
    ...(providers.includes('person')
      ? [
          { afterMs, does: 'move-purge' as const, byMs: random.between(-DAY_MS, 3 * DAY_MS) },
          { afterMs, does: 'take-off-queue' as const },
        ]
      : []),
  ];
  return choices.length === 0 ? [] : [random.pick(choices)];
}
