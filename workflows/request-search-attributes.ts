/** Keeps the search attributes of a run true, with one change for whatever happens at once. */
import { CancellationScope, condition, upsertSearchAttributes } from '@temporalio/workflow';
import { isDone } from '../domain/request/owed-to-person';
import type { RequestSnapshot } from '../domain/request/snapshot';
import { searchValuesOf } from '../domain/request/search-values';
import { searchAttributes } from '../temporal/names';

const { state, providers, dueAt, blockedOn, tickets } = searchAttributes;

export interface IndexedRequest {
  readonly snapshot: RequestSnapshot;
  /** Grows with every change, so that nothing need be computed anew to know that nothing has changed. */
  readonly version: number;
}

export class SearchAttributes {
  readonly #request: IndexedRequest;
  #indexed = '';
  #checked = -1;

  constructor(request: IndexedRequest) {
    this.#request = request;
  }

  /** Follows what changes until the run ends: then nothing is worth another change. */
  async keepTrue(): Promise<void> {
    // A request that is cancelled goes on for a while, and what is shown of it must go on being true.
    await CancellationScope.nonCancellable(async () => {
      for (;;) {
        await condition(() => !isDone(this.#request.snapshot.state) && this.#isStale());
        this.update();
      }
    });
  }

  update(): void {
    if (!this.#isStale()) return;
    const visible = searchValuesOf(this.#request.snapshot);
    upsertSearchAttributes([
      { key: state, value: visible.state },
      { key: providers, value: [...visible.providers] },
      { key: dueAt, value: visible.dueAt === undefined ? null : new Date(visible.dueAt) },
      { key: blockedOn, value: [...visible.blockedOn] },
      ...(visible.tickets === undefined ? [] : [{ key: tickets, value: [...visible.tickets] }]),
    ]);
    this.#indexed = JSON.stringify(visible);
  }

  #isStale(): boolean {
    const { version, snapshot } = this.#request;
    if (version === this.#checked) return false;
    if (JSON.stringify(searchValuesOf(snapshot)) !== this.#indexed) return true;
    this.#checked = version;
    return false;
  }
}
