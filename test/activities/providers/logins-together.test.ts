/** Several processes with the same client, at a provider whose every login ends the tokens of the logins before it. */
import { randomUUID } from 'node:crypto';
import { createMeasureOneAdapter } from '../../../activities/providers/measureone';
import { createPersonAdapter } from '../../../activities/providers/person';
import { type ProviderAdapter, ProviderFailure } from '../../../activities/providers/provider';
import { startSimulator, type Simulator } from '../../../local/simulator/simulator';
import { adapterCall } from '../../support/adapter-call';

const ASKINGS = 300;
const AT_ONCE = 5;

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator({ settings: { measureone: { oneToken: true }, person: { oneToken: true } } });
});
afterEach(() => simulator.close());

const providers = {
  measureone: {
    adapter: () =>
      createMeasureOneAdapter({
        baseUrl: simulator.addresses.measureone,
        clientId: 'measureone-client',
        clientSecret: 'measureone-secret',
        apiVersion: '3.0',
        tokenPath: 'access_token',
      }),
    seed: async (individualId: string) => simulator.seed({ provider: 'measureone', individualId }),
    erasing: 'purge',
    refusal: 401,
  },
  person: {
    adapter: () =>
      createPersonAdapter({
        baseUrl: simulator.addresses.person,
        clientId: 'person-client',
        clientSecret: 'person-secret',
      }),
    seed: async (personId: string) => simulator.seed({ provider: 'person', personId }),
    erasing: 'purge',
    refusal: 403,
  },
} as const;

/** One asking after another in each of a few lanes, as a worker's slots have it. What it failed with, by type. */
async function askAll(adapter: ProviderAdapter, ids: string[]): Promise<string[]> {
  const failures: string[] = [];
  const lane = async () => {
    for (let identifier = ids.pop(); identifier !== undefined; identifier = ids.pop()) {
      try {
        await adapter.requestErasure(adapterCall({ identifier }));
      } catch (error) {
        failures.push(error instanceof ProviderFailure ? error.type : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return failures;
}

describe.each(['measureone', 'person'] as const)('processes that log in at %s with one client', (provider) => {
  it.each([2, 4])('%i of them take turns: nobody is asked for attention, and few calls are repeated', async (count) => {
    const { adapter, seed, erasing, refusal } = providers[provider];
    const ids = Array.from({ length: ASKINGS }, () => randomUUID());
    for (const id of ids) await seed(id);
    const shares = Array.from({ length: count }, (_, nth) => ids.filter((_id, index) => index % count === nth));
    const failures = await Promise.all(shares.map((share) => askAll(adapter(), share)));

    expect(failures.flat()).toEqual([]);
    const calls = await simulator.calls({ provider });
    const logins = calls.filter(({ operation }) => operation === 'login').length;
    const refused = calls.filter(({ status }) => status === refusal).length;
    const asked = calls.filter(({ operation, status }) => operation === erasing && status !== refusal).length;
    expect(asked).toBe(ASKINGS);
    expect(logins).toBeGreaterThan(count);
    // A turn that ends costs what its process has under way.
    expect(refused).toBeLessThanOrEqual(logins * AT_ONCE);
    expect(logins + refused).toBeLessThan(ASKINGS);
  });
});
