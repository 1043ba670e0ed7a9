/** The fault suite's course: waves of erasures through their windows, while the world around them breaks. */
import { setTimeout as pause } from 'node:timers/promises';
import { atOnce } from '../bench/frame/at-once';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import { readClientKeys } from '../security/key-files';
import { grpcStatusOf } from '../temporal/temporal-failure';
import { createSealer, type Sealer } from '../security/sealing';
import { KnownCallbacks } from './callback-sender';
import { Changes, changesOfCourse, type Change } from './changes';
import { Erasure, type Stage } from './erasure';
import { OnCall } from './on-call';
import { planErasure, type Trouble } from './erasure-plan';
import { randomStream, type Random } from './random';
import { Records } from './records';
import type { RunLog } from './run-log';
import { Weather } from './weather';
import type { World } from './world';

export interface SuiteOptions {
  readonly seed: string;
  readonly erasures: number;
  readonly minutes: number;
  readonly kills: number;
  /** How many are under way at the same time. */
  readonly atOnce: number;
  readonly trouble: Trouble;
  /** Settings, keys and the product itself are changed in the middle. */
  readonly changes: boolean;
}

export interface SuiteClock {
  offsetMs: number;
}

/** Once the time is over, those that are under way may take as long again to their end, and this long at least: a slow machine is no finding. */
const ENDING_MS_MIN = 5 * MINUTE_MS;
/** So many runs are moved at the same time. */
const MOVED_AT_ONCE = 48;
const STARTED_AT_ONCE = 16;
const HELD_UP_MS = 300;
const REPORT_EVERY_MS = 10 * SECOND_MS;

export interface SuiteSummary {
  readonly erasures: number;
  readonly accepted: number;
  readonly ended: number;
  readonly stuck: readonly string[];
  /** What the suite itself could not do: nothing that the product did, and no run to believe. */
  readonly broken: readonly string[];
  readonly seconds: number;
  readonly virtualDays: number;
  readonly calls: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, number>>;
  readonly changes: Readonly<Record<Change, number>>;
  /** How often each provider's brake was released. */
  readonly brakes: Readonly<Record<string, number>>;
  /** CPU seconds by process, and of the suite itself. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly endedByThemselves: readonly string[];
}

export class FaultSuite {
  readonly #world: World;
  readonly #log: RunLog;
  readonly #options: SuiteOptions;
  readonly #report: (line: string) => void;
  readonly #clock: SuiteClock;
  readonly #random: Random;
  readonly #records: Records;
  readonly #stage: Stage;
  readonly #weather: Weather;
  readonly #changes: Changes;
  readonly #onCall: OnCall;
  readonly #open = new Set<Erasure>();
  readonly #stuck: string[] = [];
  readonly #broken: string[] = [];
  readonly #startedAt = Date.now();
  #sealer: Sealer;
  #started = 0;
  #accepted = 0;
  #ended = 0;
  #isEnding = false;
  #reportedAt = 0;

  private constructor(parts: {
    readonly world: World;
    readonly log: RunLog;
    readonly options: SuiteOptions;
    readonly report: (line: string) => void;
    readonly clock: SuiteClock;
    readonly sealer: Sealer;
  }) {
    const { world, log, options, report, clock, sealer } = parts;
    this.#world = world;
    this.#log = log;
    this.#options = options;
    this.#report = report;
    this.#clock = clock;
    this.#sealer = sealer;
    this.#random = randomStream(options.seed, 'course');
    const callbacks = new KnownCallbacks();
    this.#records = new Records(world, log, callbacks);
    this.#stage = {
      world,
      log,
      callbacks,
      simulatorNow: () => Date.now() + clock.offsetMs,
      sealer: () => this.#sealer,
      isEnding: () => this.#isEnding,
      isBraked: () => this.#onCall.isOn,
    };
    this.#weather = new Weather({
      world,
      log,
      report,
      seed: options.seed,
      kills: options.kills,
      simulatorNow: this.#stage.simulatorNow,
    });
    this.#onCall = new OnCall(world, log);
    this.#changes = new Changes({
      fleet: world.fleet,
      log,
      report,
      directory: world.directory,
      keysDirectory: world.keysDirectory,
      random: randomStream(options.seed, 'changes'),
      keysChanged: async () => {
        this.#sealer = await readSealer(world);
      },
    });
  }

  static async create(parts: {
    readonly world: World;
    readonly log: RunLog;
    readonly options: SuiteOptions;
    readonly report: (line: string) => void;
    readonly clock: SuiteClock;
  }): Promise<FaultSuite> {
    return new FaultSuite({ ...parts, sealer: await readSealer(parts.world) });
  }

  async run(): Promise<SuiteSummary> {
    await this.#records.open();
    const over = new AbortController();
    const { kills, trouble, changes } = this.#options;
    const meanwhile = Promise.all([
      kills > 0 || trouble.faults > 0 ? this.#weather.rage(over.signal, () => this.#progress()) : undefined,
      changes ? this.#change(over.signal) : undefined,
      this.#onCall.watch(over.signal),
    ]);
    try {
      while (this.#started < this.#options.erasures || this.#open.size > 0) {
        if (!this.#isEnding && this.#elapsedMs() > this.#stormMs()) {
          await this.#beginEnding();
        }
        if (this.#elapsedMs() > this.#stormMs() + Math.max(this.#stormMs(), ENDING_MS_MIN)) break;
        if (this.#isHeldUp()) await pause(HELD_UP_MS);
        else await this.#advance();
        await this.#stepAll();
        if (!this.#isEnding) await this.#startMore();
        if (this.#isEnding && this.#open.size === 0) break;
        await this.#records.takeOver();
        this.#tell();
      }
    } finally {
      over.abort();
      await meanwhile;
    }
    await this.#giveUpTheRest();
    return this.#summary();
  }

  #elapsedMs(): number {
    return Date.now() - this.#startedAt;
  }

  #stormMs(): number {
    return this.#options.minutes * MINUTE_MS;
  }

  /** From 0 to 1. */
  #progress(): number {
    return Math.max((this.#started + this.#ended) / (2 * this.#options.erasures), this.#elapsedMs() / this.#stormMs());
  }

  async #change(signal: AbortSignal): Promise<void> {
    for (const { at, change } of changesOfCourse(this.#options.erasures)) {
      while (this.#progress() < at && !signal.aborted) {
        await pause(SECOND_MS, undefined, { signal }).catch(() => undefined);
      }
      if (signal.aborted || this.#isEnding) return;
      await this.#changes.make(change);
    }
  }

  async #beginEnding(): Promise<void> {
    this.#isEnding = true;
    this.#report(
      `The time is nearly over: nothing more is started or broken, ${this.#open.size} are brought to their end`,
    );
    await this.#weather.calmDown();
  }

  /** Most runs wait for a call or for a worker: days that passed meanwhile would pass without them. */
  #isHeldUp(): boolean {
    const busy = [...this.#open].filter(({ look }) => look === undefined || look.underWay.length > 0);
    return busy.length * 2 > this.#open.size;
  }

  /** The providers' clock first: a callback must be able to arrive, and a look must find what is due. */
  async #advance(): Promise<void> {
    const size = this.#random.weighted({ hour: 1, shift: 1, day: 3, days: 6 });
    const [low, high] = ({ hour: [0.2, 2], shift: [4, 12], day: [20, 30], days: [45, 75] } as const)[size];
    const byMs = Math.round((low + this.#random.next() * (high - low)) * HOUR_MS);
    const time = await this.#world.simulator.advance(byMs);
    this.#clock.offsetMs = Date.parse(time) - Date.now();
    this.#log.add({ kind: 'clock', byMs });
  }

  async #stepAll(): Promise<void> {
    await atOnce([...this.#open], MOVED_AT_ONCE, async (erasure) => {
      await this.#attempt(erasure, () => erasure.step());
      if (erasure.state === 'over') return this.#close(erasure, 'ended');
      if (erasure.state === 'lost' || erasure.takesTooLong()) return this.#close(erasure, 'stuck');
    });
  }

  /** While Temporal is away nothing can be seen or moved: the next step does it. Anything else is a fault of the suite, and told. */
  async #attempt(erasure: Erasure, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (grpcStatusOf(error) !== undefined) return;
      const told = `${erasure.plan.requestId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      this.#broken.push(told);
      this.#report(`The suite failed at ${told}`);
    }
  }

  async #close(erasure: Erasure, how: 'ended' | 'stuck'): Promise<void> {
    let isRecorded = false;
    await this.#attempt(erasure, async () => {
      await this.#records.close(erasure, how);
      isRecorded = true;
    });
    // Temporal is away just now: it is over in the next step, too.
    if (!isRecorded) return;
    this.#open.delete(erasure);
    this.#ended += 1;
    if (how === 'ended') return;
    this.#stuck.push(`${erasure.plan.requestId}: ${erasure.standing()}`);
    this.#report(`Stuck: ${this.#stuck.at(-1)}`);
  }

  async #startMore(): Promise<void> {
    const { erasures, atOnce: most, seed, trouble } = this.#options;
    // In waves: a share of what there is room for, so that runs of every age are open together.
    const room = Math.min(most - this.#open.size, Math.ceil(most / 4), erasures - this.#started);
    const numbers = Array.from({ length: Math.max(0, room) }, (_, index) => this.#started + index);
    this.#started += numbers.length;
    await atOnce(numbers, STARTED_AT_ONCE, async (number) => {
      const erasure = new Erasure(planErasure(seed, number, trouble), this.#stage);
      this.#records.expect(erasure);
      await this.#attempt(erasure, () => erasure.submit());
      if (erasure.state !== 'open') return;
      this.#accepted += 1;
      this.#open.add(erasure);
    });
  }

  async #giveUpTheRest(): Promise<void> {
    await atOnce([...this.#open], 8, async (erasure) => {
      await this.#attempt(erasure, () => erasure.step());
      await this.#close(erasure, erasure.state === 'over' ? 'ended' : 'stuck');
    });
    await this.#records.takeOver();
  }

  #tell(): void {
    if (Date.now() - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = Date.now();
    const minutes = (this.#elapsedMs() / MINUTE_MS).toFixed(1);
    const kills = Object.values(this.#world.fleet.kills).reduce((sum, count) => sum + count, 0);
    this.#report(
      `${minutes} min: ${this.#ended} of ${this.#options.erasures} ended, ${this.#open.size} open, ${kills} kills, ` +
        `day ${Math.round(this.#clock.offsetMs / DAY_MS)} of the providers, ${(this.#ended / (this.#elapsedMs() / SECOND_MS)).toFixed(1)} a second`,
    );
  }

  #summary(): SuiteSummary {
    const { fleet } = this.#world;
    const { user, system } = process.cpuUsage();
    return {
      erasures: this.#started,
      accepted: this.#accepted,
      ended: this.#ended,
      stuck: this.#stuck,
      broken: this.#broken,
      seconds: Math.round(this.#elapsedMs() / SECOND_MS),
      virtualDays: Math.round(this.#clock.offsetMs / DAY_MS),
      calls: this.#records.calls,
      kills: fleet.kills,
      faults: this.#records.faults,
      outcomes: this.#records.outcomes,
      connections: this.#weather.connections,
      changes: this.#changes.made,
      brakes: this.#onCall.released,
      cpu: { ...inSeconds(fleet.cpuMs()), suite: Math.round((user + system) / 1_000_000) },
      endedByThemselves: fleet.endedByThemselves,
    };
  }
}

async function readSealer({ keysDirectory }: World): Promise<Sealer> {
  return createSealer(await readClientKeys(keysDirectory));
}

function inSeconds(ms: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(ms).map(([name, spent]) => [name, Math.round(spent / SECOND_MS)]));
}
