/** The processes that are killed: each has its place, and is started again in it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMsOf } from '../bench/frame/cpu-time';
import { startProcess, type OwnProcess } from '../local/child-process';
import type { Engine } from '../local/engine/engine';
import type { ProcessRole, RunLog } from './run-log';

export interface FleetOptions {
  readonly log: RunLog;
  readonly report: (line: string) => void;
  readonly directory: string;
  readonly logDirectory: string;
  readonly engine: Engine;
  readonly gateway: Readonly<Record<string, string>>;
  readonly gatewayUrl: string;
  readonly worker: Readonly<Record<string, string>>;
}

/** What a process is started with from now on. */
export interface Deployment {
  /** Where the compiled programs are. */
  readonly programs: string;
  /** Its name in the run log. */
  readonly build: string;
  /** Which of the policy files. */
  readonly policy: string;
  readonly settings: Readonly<Record<string, string>>;
}

interface Place {
  readonly name: string;
  readonly role: ProcessRole;
  readonly start: () => Promise<Pick<OwnProcess, 'pid' | 'kill' | 'stop'> & { readonly exited?: Promise<unknown> }>;
  running: Awaited<ReturnType<Place['start']>> | undefined;
  /** Being killed or started. */
  isChanging: boolean;
}

/** Longer than any outage of the suite. */
const STARTS_MAX = 30;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #places: Place[] = [];
  #isStopping = false;
  deployment: Deployment = {
    programs: join(__dirname, '..'),
    build: 'as released',
    policy: 'untracked',
    settings: {},
  };
  /** By role. */
  readonly kills: Record<string, number> = {};
  /** Processes of ours that ended without being killed. */
  readonly endedByThemselves: string[] = [];
  readonly #under = new Set<Promise<void>>();
  /** Of processes that are gone, by role. */
  readonly #spentMs: Partial<Record<ProcessRole, number>> = {};

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** `workers`: so many processes for the workflows, and as many for the providers. */
  async start(workers: number): Promise<void> {
    const { engine } = this.#options;
    const temporal: Place = {
      name: 'temporal',
      role: 'temporal',
      running: engineProcess(engine),
      isChanging: false,
      start: async () => {
        await engine.restart();
        return engineProcess(engine);
      },
    };
    this.#places.push(
      temporal,
      this.#place('gateway', 'gateway', () => this.#startGateway()),
    );
    for (let number = 1; number <= workers; number += 1) {
      this.#places.push(this.#place(`workflows-${number}`, 'workflow-worker', (name) => this.#startWorker(name, true)));
      this.#places.push(
        this.#place(`providers-${number}`, 'provider-worker', (name) => this.#startWorker(name, false)),
      );
    }
    await Promise.all(this.#places.slice(1).map((place) => this.#occupy(place)));
  }

  roles(): readonly ProcessRole[] {
    return [...new Set(this.#places.map(({ role }) => role))];
  }

  /** SIGKILL to one of this role that runs; started again after `awayMs`, in the background. False where none can be killed now. */
  kill(role: ProcessRole, awayMs: number): boolean {
    const place = this.#places.find((one) => one.role === role && one.running !== undefined && !one.isChanging);
    if (place === undefined) return false;
    // The next one of its role comes first next time.
    this.#places.push(...this.#places.splice(this.#places.indexOf(place), 1));
    this.#track(this.#killAndStart(place, awayMs));
    return true;
  }

  /** Stops one after the other as a deploy does, and starts each with what `deployment` says now. */
  async deploy(role: ProcessRole): Promise<void> {
    for (const place of this.#places.filter((one) => one.role === role)) {
      while (place.isChanging) await pause(100);
      place.isChanging = true;
      try {
        const before = place.running;
        place.running = undefined;
        this.#spent(place.role, before);
        await before?.stop();
      } finally {
        place.isChanging = false;
      }
      await this.#occupy(place);
    }
  }

  /** CPU so far, in ms, with that of processes that are gone. */
  cpuMs(): Readonly<Partial<Record<ProcessRole, number>>> {
    const all = { ...this.#spentMs };
    for (const { role, running } of this.#places) all[role] = (all[role] ?? 0) + spentBy(running);
    return all;
  }

  /** Until everything that was killed runs again. */
  async settled(): Promise<void> {
    await Promise.all(this.#under);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.settled();
    await Promise.all(
      this.#places.filter(({ role }) => role !== 'temporal').map(({ running }) => running?.kill() ?? Promise.resolve()),
    );
  }

  #spent(role: ProcessRole, process: Place['running']): void {
    this.#spentMs[role] = (this.#spentMs[role] ?? 0) + spentBy(process);
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#under.delete(tracked));
    this.#under.add(tracked);
    // Whoever waits for `settled` learns of it; until then it must not end the suite.
    tracked.catch((error: unknown) => this.#options.report(String(error)));
  }

  async #killAndStart(place: Place, awayMs: number): Promise<void> {
    const { running } = place;
    if (running === undefined) return;
    place.isChanging = true;
    place.running = undefined;
    this.#options.log.add({ kind: 'killed', role: place.role, name: place.name, pid: running.pid });
    this.kills[place.role] = (this.kills[place.role] ?? 0) + 1;
    this.#spent(place.role, running);
    await running.kill();
    await pause(awayMs);
    place.isChanging = false;
    await this.#occupy(place);
  }

  /** While Temporal is away a worker may give up at its start: it is started again, as any supervisor would. */
  async #occupy(place: Place): Promise<void> {
    place.isChanging = true;
    try {
      for (let tries = 1; !this.#isStopping; tries += 1) {
        try {
          place.running = await place.start();
          break;
        } catch (error) {
          this.#options.report(
            `${place.name} did not start (try ${tries}): ${error instanceof Error ? error.message : String(error)}`,
          );
          if (tries >= STARTS_MAX) {
            this.endedByThemselves.push(`${place.name}, which could not be started again`);
            break;
          }
          await pause(1000);
        }
      }
    } finally {
      place.isChanging = false;
    }
    const { running } = place;
    if (running === undefined) return;
    const { build, policy } = this.deployment;
    const isWorker = place.role === 'workflow-worker' || place.role === 'provider-worker';
    this.#options.log.add({
      kind: 'process-started',
      role: place.role,
      name: place.name,
      pid: running.pid,
      ...(isWorker && { build: `${build}, policy ${policy}` }),
    });
    void running.exited?.then(() => this.#exited(place, running));
  }

  #exited(place: Place, exited: Place['running']): void {
    if (place.running !== exited || this.#isStopping) return;
    place.running = undefined;
    this.endedByThemselves.push(place.name);
    this.#options.report(`${place.name} ended by itself, and is started again`);
    this.#track(this.#occupy(place));
  }

  #place(name: string, role: ProcessRole, start: (name: string) => Promise<OwnProcess>): Place {
    return { name, role, start: () => start(name), running: undefined, isChanging: false };
  }

  #startGateway(): Promise<OwnProcess> {
    const { gateway, gatewayUrl, logDirectory } = this.#options;
    return startProcess({
      name: 'gateway',
      script: join(this.deployment.programs, 'cli', 'main.js'),
      args: ['gateway'],
      env: gateway,
      logDirectory,
      isReady: () =>
        fetch(`${gatewayUrl}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
    });
  }

  #startWorker(name: string, servesWorkflows: boolean): Promise<OwnProcess> {
    const { worker, logDirectory, directory } = this.#options;
    const { programs, policy, settings } = this.deployment;
    return startProcess({
      name,
      script: join(programs, 'cli', 'main.js'),
      args: ['worker'],
      env: {
        ...worker,
        ERASURE_POLICY_FILE: join(directory, `policy-${policy}.json`),
        ...settings,
        ERASURE_WORKER_NAME: name,
        ERASURE_SERVE_WORKFLOWS: String(servesWorkflows),
        ...(servesWorkflows && { ERASURE_PROVIDERS: 'none' }),
      },
      logDirectory,
      isReady: (logged) => logged.includes('The worker serves'),
    });
  }
}

/** None where the process is gone, or the system does not tell. */
function spentBy(process: Place['running']): number {
  return process !== undefined && existsSync(`/proc/${process.pid}/stat`) ? cpuMsOf(process.pid) : 0;
}

function engineProcess(engine: Engine): NonNullable<Place['running']> {
  return { pid: engine.pid ?? 0, kill: () => engine.kill(), stop: () => engine.kill() };
}
