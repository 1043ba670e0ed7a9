/** What is told about the simulated person API, and done to it behind its callers' backs. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parseTime } from './clock';
import { PersonApi, type PersonParts, personStateSchema } from './person-api';
import { dayMs, defaultPersonSettings, personSettingsSchema } from './person-settings';
import { control, type SimulatedProvider } from './simulated-provider';

export const simulatedPerson = {
  name: 'person API',
  port: 7802,
  operations: {
    all: ['login', 'purge', 'status', 'dequeue', 'info'],
    token: ['purge', 'status', 'dequeue', 'info'],
    credentials: ['login'],
  },
  credentials: { clientId: 'person-client', clientSecret: 'person-secret' },
  settingsSchema: personSettingsSchema,
  settings: defaultPersonSettings,
  demoSettings: { defaultDelayMs: 3 * dayMs },
  stateSchema: personStateSchema,
  create: (parts: PersonParts) => new PersonApi(parts),
  seed: control(z.strictObject({ personId: z.string() }), (peer: PersonApi, { personId }): void => peer.seed(personId)),
  sample: { id: () => randomUUID(), seed: (personId) => ({ personId }) },
  controls: {
    movePurge: control(
      z.strictObject({ personId: z.string(), purgeOn: z.union([z.string(), z.number()]) }),
      (peer: PersonApi, { personId, purgeOn }): void => peer.movePurge(personId, parseTime(purgeOn)),
    ),
    /** Taken off the queue by somebody else. */
    dequeuePurge: control(z.strictObject({ personId: z.string() }), (peer: PersonApi, { personId }): void =>
      peer.dequeuePurge(personId),
    ),
  },
  stories: [
    {
      name: 'moved',
      title: 'the person API moves its purge time while we wait',
      events: [
        {
          afterMs: 2 * dayMs,
          told: 'the person API moves the purge two days further away',
          happen: async (operate, personId) => {
            const held = (await operate('record', { provider: 'person', id: personId })) as ReturnType<
              PersonApi['record']
            >;
            const purgeOn = Date.parse(held.purge?.purgeOn ?? '') + 2 * dayMs;
            return operate('movePurge', { personId, purgeOn });
          },
        },
      ],
      ends: 'completed',
    },
  ],
} satisfies SimulatedProvider;
