/** What time it is in a run, so that a replay says the same. */
import { workflowInfo } from '@temporalio/workflow';

/**
 * After a local activity Temporal's own time is not the same on every replay: where a query came in just then, the run went on at
 * the time of its next task, and on replay it goes on at the end of the activity. So what follows one at once is dated by the
 * moment before it, which the history has.
 */
export class RunClock {
  readonly #holds: boolean;
  #held: { readonly at: number; readonly moment: string } | undefined;
  #last = 0;

  /** `holds`: false for runs begun before 0.4, which went by Temporal's time. */
  constructor({ holds }: { readonly holds: boolean }) {
    this.#holds = holds;
  }

  /** Epoch ms. */
  now(): number {
    return this.#held?.moment === momentNow() ? this.#held.at : Date.now();
  }

  /** The time of an event; never for a query, which no replay asks. */
  stamp(): number {
    this.#last = Math.max(this.#last, this.now());
    return this.#last;
  }

  /** Does something by a local activity. */
  async around<Result>(locally: () => Promise<Result>): Promise<Result> {
    if (!this.#holds) return locally();
    const before = this.now();
    try {
      return await locally();
    } finally {
      // Events that came meanwhile are not dated later than what follows them.
      this.#held = { at: Math.max(before, this.#last), moment: momentNow() };
    }
  }
}

/** The same for all that is done at once. */
function momentNow(): string {
  return `${workflowInfo().historyLength} ${Date.now()}`;
}
