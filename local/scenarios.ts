/** The stories that the demo tells: what the world does meanwhile, and how the request must end. */
import { DAY_MS, HOUR_MS } from '../domain/duration';
import type { RequestOutcome } from '../domain/leg/outcome';
import type { SimulatorControl } from './simulator/control';

export interface Subject {
  readonly individualId: string;
  readonly personId: string;
  readonly identifyId: string;
}

export interface WorldEvent {
  /** Virtual time since the request was submitted. */
  readonly afterMs: number;
  readonly told: string;
  happen(simulator: SimulatorControl, subject: Subject): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** Before the request is submitted. */
  prepare?(simulator: SimulatorControl, subject: Subject): Promise<void>;
  readonly events: readonly WorldEvent[];
  /** What the story must end with; anything else is a failure of the demo. */
  readonly ends: RequestOutcome;
}

/** Long enough after submission that the purge is on the queue, and well before it is due. */
const PERSON_DELAY_MS = 3 * DAY_MS;

export const scenarios: readonly Scenario[] = [
  {
    name: 'happy',
    title: 'three providers, no trouble',
    events: [],
    ends: 'completed',
  },
  {
    name: 'revival',
    title: 'Aptrinsic only hides the record (soft delete), and a live site brings it back inside the 7 days',
    workerSettings: { APTRINSIC_HARD_DELETE: 'false' },
    events: [
      {
        afterMs: 3 * DAY_MS,
        told: 'a live site identifies the person again: Aptrinsic revives the record',
        happen: (simulator, { identifyId }) => simulator.liveTag({ identifyId }),
      },
    ],
    ends: 'completed',
  },
  {
    name: 'no-callback',
    title: 'MeasureOne never calls back',
    prepare: (simulator, { individualId }) => simulator.setDelivery({ individualId, mode: 'never' }),
    events: [],
    ends: 'completed-with-exceptions',
  },
  {
    name: 'moved',
    title: 'the person API moves its purge time while we wait',
    events: [
      {
        afterMs: 2 * DAY_MS,
        told: 'the person API moves the purge two days further away',
        happen: async (simulator, { personId }) => {
          const { purge } = await simulator.record('person', personId);
          const purgeOn = Date.parse(purge?.purgeOn ?? '') + 2 * DAY_MS;
          await simulator.movePurge({ personId, purgeOn });
        },
      },
    ],
    ends: 'completed',
  },
  {
    name: 'outage',
    title: 'Aptrinsic is down for a day',
    prepare: async (simulator) => {
      const until = new Date(Date.parse(await simulator.time()) + 24 * HOUR_MS).toISOString();
      await simulator.addFault({ provider: 'aptrinsic', kind: 'down', until });
    },
    events: [],
    ends: 'completed',
  },
];

export async function preparePerson(simulator: SimulatorControl): Promise<void> {
  await simulator.configure({ person: { defaultDelayMs: PERSON_DELAY_MS } });
}

export function findScenario(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}
