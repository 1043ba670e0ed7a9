/** Keeps the four search attributes of a run true, with one change for whatever happens at once. */
import { CancellationScope, condition, upsertSearchAttributes } from '@temporalio/workflow';
import type { Visible } from '../domain/request/visibility';
import { searchAttributes } from '../temporal/names';

const { state, providers, dueAt, blockedOn } = searchAttributes;

export class SearchAttributes {
  readonly #read: () => Visible;
  /** Grows with every change of what is read, so that it need not be read anew to know that nothing has changed. */
  readonly #version: () => number;
  #indexed = '';
  #checked = -1;

  constructor(parts: { readonly read: () => Visible; readonly version: () => number }) {
    this.#read = parts.read;
    this.#version = parts.version;
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
    if (this.#version() === this.#checked) return false;
    if (JSON.stringify(this.#read()) !== this.#indexed) return true;
    this.#checked = this.#version();
    return false;
  }
}
