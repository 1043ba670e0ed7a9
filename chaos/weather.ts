/** What breaks for all at once, while erasures are under way: kills, connections, providers. */
import { setTimeout as pause } from 'node:timers/promises';
import { SECOND_MS } from '../domain/duration';
import { providerKeys } from '../domain/provider/provider-table';
import { weatherFault } from './fault-plan';
import { randomStream, type Random } from './random';
import type { ProcessRole, ProxiedLine, RunLog } from './run-log';
import type { Disturbance } from './tcp-proxy';
import type { World } from './world';

interface WeatherOptions {
  readonly world: World;
  readonly log: RunLog;
  readonly report: (line: string) => void;
  readonly seed: string;
  readonly kills: number;
  /** The providers' time, epoch ms. */
  readonly simulatorNow: () => number;
}

const killWeights: Readonly<Record<ProcessRole, number>> = {
  'provider-worker': 5,
  'workflow-worker': 4,
  gateway: 3,
  temporal: 1.5,
};
const LOOK_EVERY_MS = SECOND_MS;
/** So often a line is disturbed, and a provider has trouble, at most. */
const EVERY_MS = { connection: [2 * SECOND_MS, 9 * SECOND_MS], provider: [6 * SECOND_MS, 25 * SECOND_MS] } as const;

export class Weather {
  readonly #options: WeatherOptions;
  readonly #random: { readonly kills: Random; readonly connections: Random; readonly providers: Random };
  #killed = 0;
  #isCalm = false;
  readonly connections: Record<string, number> = {};

  constructor(options: WeatherOptions) {
    this.#options = options;
    this.#random = {
      kills: randomStream(options.seed, 'kills'),
      connections: randomStream(options.seed, 'connections'),
      providers: randomStream(options.seed, 'providers'),
    };
  }

  /** Until `signal` says that it is over. `progress`: how much of the work is done, from 0 to 1; the kills are spread over it. */
  async rage(signal: AbortSignal, progress: () => number): Promise<void> {
    await Promise.all([this.#kills(signal, progress), this.#connections(signal), this.#providers(signal)]);
    this.#heal();
    await this.#options.world.fleet.settled();
  }

  /** Nothing more is broken, and everything that was killed comes back. */
  async calmDown(): Promise<void> {
    this.#isCalm = true;
    this.#heal();
    await this.#options.world.simulator.clearFaults();
  }

  async #kills(signal: AbortSignal, progress: () => number): Promise<void> {
    const { world, kills } = this.#options;
    const random = this.#random.kills;
    let [role, awayMs] = next();
    function next(): [ProcessRole, number] {
      return [random.weighted(killWeights), random.between(0, 3 * SECOND_MS)];
    }
    while (!signal.aborted && !this.#isCalm && this.#killed < kills) {
      if (this.#killed < progress() * kills && world.fleet.kill(role, awayMs)) {
        this.#killed += 1;
        [role, awayMs] = next();
      }
      await wait(LOOK_EVERY_MS, signal);
    }
  }

  async #connections(signal: AbortSignal): Promise<void> {
    const { world, log } = this.#options;
    const random = this.#random.connections;
    const lines = [...world.proxies.keys()];
    while (!signal.aborted && !this.#isCalm) {
      await wait(random.between(...EVERY_MS.connection), signal);
      const line = random.pick(lines);
      const what = random.weighted({ cut: 4, refused: 2, delayed: 3, slowed: 2, stalled: 2 });
      const forMs = random.between(100, 4 * SECOND_MS);
      const delayMs = random.between(20, 800);
      if (signal.aborted || this.#isCalm) return;
      const proxy = world.proxies.get(line);
      log.add({ kind: 'connection', line, what, forMs });
      this.#count(line, what);
      if (what === 'cut' || what === 'refused') proxy?.cut();
      if (what !== 'cut') {
        proxy?.disturb(disturbanceOf(what, delayMs));
        await wait(forMs, signal);
        proxy?.disturb({});
        log.add({ kind: 'connection', line, what: 'healed' });
      }
    }
  }

  async #providers(signal: AbortSignal): Promise<void> {
    const { world, log } = this.#options;
    const random = this.#random.providers;
    while (!signal.aborted && !this.#isCalm) {
      await wait(random.between(...EVERY_MS.provider), signal);
      if (signal.aborted || this.#isCalm) return;
      const fault = weatherFault(random, random.pick(providerKeys), this.#options.simulatorNow());
      await world.simulator.addFault(fault);
      log.add({ kind: 'fault', fault });
    }
  }

  #count(line: ProxiedLine, what: string): void {
    const name = `${what} ${line}`;
    this.connections[name] = (this.connections[name] ?? 0) + 1;
  }

  #heal(): void {
    for (const proxy of this.#options.world.proxies.values()) proxy.disturb({});
  }
}

function disturbanceOf(what: 'refused' | 'delayed' | 'slowed' | 'stalled', delayMs: number): Disturbance {
  switch (what) {
    case 'refused':
      return { refused: true };
    case 'delayed':
      return { delayMs };
    case 'slowed':
      return { bytesPerSecond: 50_000 };
    case 'stalled':
      return { stalled: true };
  }
}

/** Ends early where all is over. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
