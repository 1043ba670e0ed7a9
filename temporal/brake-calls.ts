/** What is said to a provider's brake, a workflow of its own for all workers: by them and by staff. */
import {
  QueryRejectCondition,
  QueryRejectedError,
  WithStartWorkflowOperation,
  WorkflowClient,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { defined } from '../domain/defined';
import { SECOND_MS } from '../domain/duration';
import { providerName, type Provider } from '../domain/provider/provider-table';
import { pauseIn, type Pause } from '../domain/brake/shortage';
import { notTripped, type TripReport, type TripState } from '../domain/brake/trip-state';
import { BRAKE_TYPE, brakeIdOf, brakeMessages, WORKFLOW_QUEUE } from './names';

/** No call waits longer than this for a brake that does not answer. */
const ANSWER_MS_MAX = 5 * SECOND_MS;

export class BrakeCalls {
  readonly #client: Client;
  /** Asks no run that has ended. */
  readonly #running: WorkflowClient;
  readonly #provider: Provider;

  constructor(client: Client, provider: Provider) {
    this.#client = client;
    this.#running = new WorkflowClient({
      ...client.workflow.options,
      connection: client.connection,
      queryRejectCondition: QueryRejectCondition.NOT_OPEN,
    });
    this.#provider = provider;
  }

  /** Off where nobody has ever told it anything, and where somebody has terminated it. One question for all that a worker goes by. */
  async read(): Promise<TripState & Pause> {
    const answer = (await this.#query<TripState>(brakeMessages.state)) ?? notTripped;
    const { on, unknownIdsBelievedUntil, last } = answer;
    return { ...defined({ on, unknownIdsBelievedUntil, last }), ...pauseIn(answer) };
  }

  /** Resolves to how the brake stands after it. Starts the brake's workflow where there is none. */
  async report(report: TripReport): Promise<TripState> {
    return this.#bounded(() =>
      this.#client.workflow.executeUpdateWithStart<() => Promise<void>, TripState, [TripReport]>(brakeMessages.report, {
        args: [report],
        startWorkflowOperation: new WithStartWorkflowOperation(BRAKE_TYPE, {
          workflowId: brakeIdOf(this.#provider),
          taskQueue: WORKFLOW_QUEUE,
          args: [],
          priority: { priorityKey: 1 },
          staticSummary: `Calls to ${providerName(this.#provider)}: shared out among the workers`,
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      }),
    );
  }

  /** By a staff member. Throws `WorkflowNotFoundError`, and `WorkflowUpdateFailedError` where it is not on. */
  async release(by: { readonly actor: string; readonly reason: string }): Promise<TripState> {
    return this.#bounded(() =>
      this.#handle.executeUpdate<TripState, [typeof by]>(brakeMessages.release, { args: [by] }),
    );
  }

  async #query<Answer>(name: string): Promise<Answer | undefined> {
    try {
      return await this.#bounded(() => this.#running.getHandle(brakeIdOf(this.#provider)).query<Answer>(name));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) return undefined;
      throw error;
    }
  }

  get #handle() {
    return this.#client.workflow.getHandle(brakeIdOf(this.#provider));
  }

  #bounded<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return this.#client.withDeadline(Date.now() + ANSWER_MS_MAX, ask);
  }
}
