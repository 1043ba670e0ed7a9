/** The simulator's clock: wall time plus an offset that only grows, and the list of what is due when. */

type Action = (at: number) => void | Promise<void>;
type Cancel = () => void;

interface Due {
  readonly at: number;
  readonly action: Action;
}

/** Longer delays overflow Node's timers and fire at once. */
const timerMsMax = 2_147_483_647;

export class SimulatorClock {
  #offsetMs: number;
  #due: Due[] = [];
  #timer: NodeJS.Timeout | undefined;
  #moving: Promise<unknown> = Promise.resolve();
  #closed = false;
  readonly #running = new Set<Promise<void>>();
  readonly #changed: () => void;

  /** `changed` is called after everything that fell due. */
  constructor(startAt: number = Date.now(), changed: () => void = () => undefined) {
    this.#offsetMs = startAt - Date.now();
    this.#changed = changed;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  restore(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  iso(): string {
    return isoTime(this.now());
  }

  schedule(at: number, action: Action): Cancel {
    if (this.#closed) return () => undefined;
    const due = { at, action };
    const later = this.#due.findIndex((other) => other.at > at);
    this.#due.splice(later === -1 ? this.#due.length : later, 0, due);
    this.#arm();
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /** Starts what wall time alone made due; called before every answer, so that no call sees an erasure that is overdue. */
  runDue(): void {
    for (let due = this.#takeUntil(this.now()); due; due = this.#takeUntil(this.now())) void this.#run(due);
    this.#arm();
  }

  /** Moves are queued: two callers cannot interleave the instants they pass through. */
  moveTo(target: number | (() => number)): Promise<void> {
    const move = this.#moving.then(() => this.#move(typeof target === 'function' ? target() : target));
    this.#moving = move.catch(() => undefined);
    return move;
  }

  async #move(target: number): Promise<void> {
    if (target < this.now()) throw new Error(`the clock is at ${this.iso()} and cannot go back to ${isoTime(target)}`);
    for (let due = this.#takeUntil(target); due; due = this.#takeUntil(target)) {
      this.#jump(due.at);
      await this.#run(due);
    }
    this.#jump(target);
    await Promise.all(this.#running);
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#due = [];
    clearTimeout(this.#timer);
  }

  #jump(at: number): void {
    this.#offsetMs += Math.max(0, at - this.now());
  }

  #takeUntil(at: number): Due | undefined {
    return this.#due[0] && this.#due[0].at <= at ? this.#due.shift() : undefined;
  }

  #run(due: Due): Promise<void> {
    const done = due.action(due.at);
    this.#changed();
    if (!done) return Promise.resolve();
    const running = done.finally(() => {
      this.#running.delete(running);
      this.#changed();
    });
    this.#running.add(running);
    return running;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#due[0];
    if (!next || this.#closed) return;
    const delayMs = Math.min(Math.max(0, next.at - this.now()), timerMsMax);
    this.#timer = setTimeout(() => this.runDue(), delayMs).unref();
  }
}

export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

/** Throws on anything that is not an instant, so that a typing error does not become the year 1970. */
export function parseTime(value: string | number): number {
  const at = typeof value === 'number' ? value : Date.parse(value);
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) throw new Error('not an instant');
  return at;
}
