/** Asks the brake of a provider for this process's leases: one run in Temporal, started by whoever asks first. */
import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { AskForLease } from '../activities/providers/call-allowance';
import { SECOND_MS } from '../domain/duration';
import { providerName, type Provider } from '../domain/provider/provider-table';
import { BRAKE_TYPE, brakeIdOf, WORKFLOW_QUEUE } from '../temporal/names';
import type { Lease } from '../domain/brake/lease';

/** Above the time that Temporal takes to see that the worker which ran the brake is gone. */
const CALL_MS_MAX = 15 * SECOND_MS;
/** Where the only worker ends, nobody answers. Whoever comes next takes it up. */
const LEAVING_MS_MAX = 2 * SECOND_MS;

export class ProviderLeases {
  readonly #provider: Provider;
  #client: Client | undefined;

  constructor(provider: Provider) {
    this.#provider = provider;
  }

  /** Once Temporal is connected. */
  use(client: Client): void {
    this.#client = client;
  }

  readonly ask: AskForLease = (request) => {
    const client = this.#client;
    if (client === undefined) throw new Error('Temporal is not connected yet');
    const lengthMs = request.leaving === true ? LEAVING_MS_MAX : CALL_MS_MAX;
    return client.withDeadline(Date.now() + lengthMs, () =>
      client.workflow.executeUpdateWithStart('lease', {
        args: [request],
        startWorkflowOperation: new WithStartWorkflowOperation(BRAKE_TYPE, {
          workflowId: brakeIdOf(this.#provider),
          taskQueue: WORKFLOW_QUEUE,
          workflowIdConflictPolicy: 'USE_EXISTING',
          priority: { priorityKey: 1 },
          staticSummary: `Calls to ${providerName(this.#provider)}: shared out among the workers`,
        }),
      }),
    ) as Promise<Lease>;
  };
}
