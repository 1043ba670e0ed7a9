/** A report looks at every request of its period: the API and the console together make one at a time. */
import type { LightMyRequestResponse } from 'fastify';
import { accessRoles } from '../../domain/access-role';
import { DAY_MS } from '../../domain/duration';
import { createConsoleBench, type ConsoleBench } from '../console/console-bench';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());

const query = '/report?from=2026-11-01&to=2026-11-22&timeZone=UTC';

async function open() {
  let finish = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (finish = resolve));
  let looked = 0;
  const server = await bench.open(
    {
      retentionMs: async () => 90 * DAY_MS,
      find: async function* () {
        looked += 1;
        await waiting;
        yield* [];
      },
    },
    {
      authenticate: async () => ({
        verdict: 'known',
        principal: { kind: 'service', id: 'intake', roles: new Set(accessRoles) },
      }),
    },
  );
  const browser = await bench.loggedIn(server, ['view']);
  const doors: Readonly<Record<string, () => Promise<LightMyRequestResponse>>> = {
    'the API': () => server.inject(`/api/v1${query}`),
    'the console': () => browser.get(query),
    'the console, as CSV': () => browser.get(`${query}&as=csv`),
    'the console, as a browser looks ahead': () => browser.get(query, { 'sec-purpose': 'prefetch' }),
  };
  return { doors, finish, looked: () => looked };
}

const names = ['the API', 'the console', 'the console, as CSV', 'the console, as a browser looks ahead'];

describe('while a report is being made', () => {
  it.each(names)('for %s, no door makes another, and afterwards each does', async (first) => {
    const { doors, finish, looked } = await open();
    const through = (name: string) => doors[name]?.() ?? Promise.reject(new Error(`There is no door ${name}`));
    const making = through(first);
    await new Promise(setImmediate);
    for (const name of names) expect([name, (await through(name)).statusCode]).toEqual([name, 429]);
    expect(looked()).toBe(1);
    finish();
    expect((await making).statusCode).toBe(200);
    for (const name of names) expect([name, (await through(name)).statusCode]).toEqual([name, 200]);
  });

  it('and all doors are tried in the same moment, one of them makes it', async () => {
    const { doors, finish, looked } = await open();
    const all = Object.values(doors).map((door) => door());
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    finish();
    const statuses = (await Promise.all(all)).map(({ statusCode }) => statusCode);
    expect([statuses.toSorted((a, b) => a - b), looked()]).toEqual([[200, 429, 429, 429], 1]);
  });
});
