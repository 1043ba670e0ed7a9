/** Keeps the four search attributes of a run true, with one change for whatever happens at once. */
import { CancellationScope, condition, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes, type Visible } from '../domain/visibility';

const { state, providers, dueAt, blockedOn } = searchAttributes;

export class SearchAttributes {
  readonly #read: () => Visible;
  #indexed = '';

  constructor(read: () => Visible) {
    this.#read = read;
  }

  /** Follows what changes, until `isOver`: then nothing is worth another change. */
  async keepTrue(isOver: () => boolean): Promise<void> {
    // A request that is cancelled goes on for a while, and what is shown of it must go on being true.
    await CancellationScope.nonCancellable(async () => {
      for (;;) {
        await condition(() => !isOver() && this.#isStale());
        this.update();
      }
    });
  }

  update(): void {
    if (!this.#isStale()) return;
    const visible = this.#read();
    upsertSearchAttributes([
      { key: state, value: visible.state },
      { key: providers, value: [...visible.providers] },
      { key: dueAt, value: visible.dueAt === undefined ? null : new Date(visible.dueAt) },
      { key: blockedOn, value: [...visible.blockedOn] },
    ]);
    this.#indexed = JSON.stringify(visible);
  }

  #isStale(): boolean {
    return JSON.stringify(this.#read()) !== this.#indexed;
  }
}
