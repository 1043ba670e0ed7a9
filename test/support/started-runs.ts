/** Remembers what a test file starts, so that nothing it leaves open is taken up by the workers of the next file. */
import type { Client, WorkflowClientInterceptor } from '@temporalio/client';

export class StartedRuns {
  readonly #workflowIds = new Set<string>();

  readonly interceptor: WorkflowClientInterceptor = {
    startWithDetails: (input, next) => {
      if (input.options.workflowId) this.#workflowIds.add(input.options.workflowId);
      return next(input);
    },
  };

  async end(client: Client): Promise<void> {
    const workflowIds = [...this.#workflowIds];
    this.#workflowIds.clear();
    await Promise.all(
      workflowIds.map((workflowId) =>
        client.workflow
          .getHandle(workflowId)
          .terminate('end of test')
          // It has ended by itself, or was never started.
          .catch(() => undefined),
      ),
    );
  }
}
