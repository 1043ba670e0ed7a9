/** The client of erasure requests: submit, follow, decide. */
import {
  Client,
  Connection,
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { readClientConfig } from '../config/client-config';
import type { Environment } from '../config/environment';
import { whyNoDecision, type ProviderDecision } from '../domain/decision';
import { SECOND_MS } from '../domain/duration';
import type { LegProgress, RequestProgress } from '../domain/progress';
import { providerKeys, providerName, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../domain/provider';
import { isRequestId, workflowIdOf, type ErasureRequestInput } from '../domain/request';
import type { Sealer } from '../security/sealing';
import type { erasureRequest } from '../workflows';
import type { ErasureResult } from '../workflows/erasure-request';
import { attestProvider, progress, retryProvider, waiveProvider } from '../workflows/messages';
import {
  DecisionRefusedError,
  ErasureClientError,
  NoWorkerError,
  RequestConflictError,
  RequestNotFoundError,
  RequestStillRunningError,
  SealingUnavailableError,
  TemporalUnavailableError,
} from './errors';
import { prepareRequest, sealerFromFiles, type PreparedRequest } from './prepared-request';
import { requestFailure, runStatusOf, type RequestStatus } from './request-status';
import type { ErasureSubmission } from './submission';
import { FAILED_PRECONDITION, grpcStatusOf, temporalTrouble, unreachable } from './temporal-failure';

const CALL_MS_MAX = 10 * SECOND_MS;
/** The server answers a long poll after 20 s at the latest: one that takes longer hangs. */
const POLL_MS_MAX = 60 * SECOND_MS;

export interface ErasureClientParts {
  readonly client: Client;
  /** Needed to submit only. */
  readonly sealer?: Sealer | undefined;
  /** How long one call to Temporal may take, in ms; 10 s where absent. */
  readonly callTimeoutMs?: number | undefined;
}

export interface ConnectOptions {
  /** Where the standard `TEMPORAL_*` settings and `ERASURE_KEYS_DIR` are read from; `process.env` where absent. */
  readonly environment?: Environment | undefined;
  /** Directory that holds `client.json`; by default `ERASURE_KEYS_DIR`. Needed to submit only. */
  readonly keysDirectory?: string | undefined;
  /** How long connecting, and each call, may take, in ms; 10 s where absent. */
  readonly callTimeoutMs?: number | undefined;
}

export interface Submitted {
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** The same request had been submitted before: nothing was started now. It may have ended already. */
  readonly duplicate: boolean;
}

/** A staff member's decision about one provider's leg. `actor` is an opaque id; `reason` a code and a ticket reference. */
export interface DecisionOptions extends ProviderDecision {
  /** Makes a repetition of this very call safe: the same id is taken once per request. Made up where absent. */
  readonly decisionId?: string | undefined;
}

type Handle = WorkflowHandle<typeof erasureRequest>;
type Decision = typeof retryProvider;

/**
 * Submits erasure requests and follows them. Every method throws, besides what it names itself,
 * `TemporalUnavailableError` (away, too slow, or refuses us) and `RequestNotFoundError` (no such request).
 */
export class ErasureClient {
  readonly #client: Client;
  readonly #sealer: Sealer | undefined;
  readonly #callTimeoutMs: number;
  #ownConnection: Connection | undefined;

  /** Takes a connected Temporal client, which stays the caller's to close. */
  constructor({ client, sealer, callTimeoutMs = CALL_MS_MAX }: ErasureClientParts) {
    this.#client = client;
    this.#sealer = sealer;
    this.#callTimeoutMs = callTimeoutMs;
  }

  /**
   * Connects by the standard `TEMPORAL_*` settings or their profile file.
   * Throws `ConfigurationError` (settings, by name) and `TemporalUnavailableError`. Keys are read at the first submission.
   */
  static async connect(options: ConnectOptions = {}): Promise<ErasureClient> {
    const config = readClientConfig(options.environment ?? process.env);
    const { keysDirectory = config.keysDirectory, callTimeoutMs = CALL_MS_MAX } = options;
    const connection = await Connection.connect({ ...config.temporal.connection, connectTimeout: callTimeoutMs }).catch(
      (error: unknown) => {
        const trouble = temporalTrouble(error);
        throw trouble === undefined || trouble.timedOut ? unreachable(error) : trouble;
      },
    );
    const erasure = new ErasureClient({
      client: new Client({ connection, namespace: config.temporal.namespace }),
      sealer: keysDirectory === undefined ? undefined : sealerFromFiles(keysDirectory),
      callTimeoutMs,
    });
    erasure.#ownConnection = connection;
    return erasure;
  }

  /** Closes the connection that `connect` opened; an injected client stays open. */
  async close(): Promise<void> {
    await this.#ownConnection?.close();
  }

  /**
   * Seals the identifiers and makes the workflow's input, without starting anything. The input can also be started
   * by others (Temporal UI, another language) under `workflowId`.
   * Throws `InvalidSubmissionError`, `SealingUnavailableError` and `KeyFileError`.
   */
  async prepare(submission: ErasureSubmission): Promise<PreparedRequest> {
    if (this.#sealer === undefined) {
      throw new SealingUnavailableError('There are no keys to seal identifiers with. Set ERASURE_KEYS_DIR.');
    }
    return prepareRequest(submission, this.#sealer);
  }

  /**
   * Starts the request. Safe to repeat with the same request id: the same content is answered with the run there is
   * (`duplicate`), whether it runs or has ended, and another content is refused.
   * Throws what `prepare` throws, and `RequestConflictError`.
   */
  async submit(submission: ErasureSubmission): Promise<Submitted> {
    const prepared = await this.prepare(submission);
    const { requestId, workflowId } = prepared;
    try {
      const runId = await this.#within(requestId, () => this.#start(prepared));
      return { requestId, workflowId, runId, duplicate: false };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return this.#compare(prepared);
      if (!(error instanceof TemporalUnavailableError)) throw error;
      const { message, timedOut } = error;
      throw new TemporalUnavailableError(
        `${message} Request ${requestId} may have been started or not; submitting it again with this id is safe.`,
        { timedOut, cause: error },
      );
    }
  }

  /**
   * The request as it stands: a running one with its progress, a completed one with its result. Where no worker answers
   * in time, the progress is absent and the rest is told all the same.
   */
  async get(requestId: string): Promise<RequestStatus> {
    const description = await this.#describe(requestId);
    const { runId, startTime, closeTime } = description;
    const status = runStatusOf(description);
    return {
      requestId,
      workflowId: workflowIdOf(requestId),
      runId,
      status,
      startedAt: startTime.toISOString(),
      ...(closeTime === undefined ? {} : { closedAt: closeTime.toISOString() }),
      ...(status === 'running' ? await this.#progressIfAnswered(requestId) : await this.#ending(requestId)),
    };
  }

  /**
   * What each provider waits for, until when, and what a staff member can do about it.
   * Throws `NoWorkerError`, and `RequestFailedError` for a request that was refused when it started.
   */
  async progress(requestId: string): Promise<RequestProgress> {
    try {
      return await this.#within(requestId, () => this.#handle(requestId).query(progress));
    } catch (error) {
      if (error instanceof QueryNotRegisteredError) await this.result(requestId, { timeoutMs: this.#callTimeoutMs });
      if (await this.#isUnanswered(requestId, error)) throw new NoWorkerError(requestId);
      throw error;
    }
  }

  /**
   * Waits until the request has ended: days, where nothing else is asked for by `timeoutMs`.
   * Throws `RequestStillRunningError` when that time is over, `RequestFailedError` when it ended without a certificate.
   */
  async result(requestId: string, options: { readonly timeoutMs?: number } = {}): Promise<ErasureResult> {
    const handle = this.#handle(requestId);
    const endsAt = Date.now() + (options.timeoutMs ?? Infinity);
    for (;;) {
      const leftMs = endsAt - Date.now();
      if (leftMs <= 0) throw new RequestStillRunningError(requestId);
      try {
        return await this.#within(requestId, () => handle.result(), Math.min(leftMs, POLL_MS_MAX));
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw requestFailure(requestId, error);
        if (!(error instanceof TemporalUnavailableError && error.timedOut)) throw error;
        // Tells a Temporal that is away from a request that is still running.
        await this.#describe(requestId);
      }
    }
  }

  /** Repeats the step that a leg in attention did not get through, now. Throws as `waiveProvider`. */
  async retryProvider(requestId: string, decision: DecisionOptions): Promise<LegProgress> {
    return this.#decide(retryProvider, requestId, decision);
  }

  /**
   * Releases the request from one provider: that leg ends as `waived`. Resolves to the leg as it stands after the decision.
   * Throws `DecisionRefusedError`, which says why, and `NoWorkerError`, after which the decision may still be taken.
   */
  async waiveProvider(requestId: string, decision: DecisionOptions): Promise<LegProgress> {
    return this.#decide(waiveProvider, requestId, decision);
  }

  /** A staff member vouches that one provider has erased: that leg ends as `attested`. Throws as `waiveProvider`. */
  async attestProvider(requestId: string, decision: DecisionOptions): Promise<LegProgress> {
    return this.#decide(attestProvider, requestId, decision);
  }

  async #start({ workflowId, input, fingerprint }: PreparedRequest): Promise<string> {
    const handle = await this.#client.workflow.start<typeof erasureRequest>(WORKFLOW_TYPE, {
      workflowId,
      taskQueue: WORKFLOW_QUEUE,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      args: [input],
      memo: { fingerprint },
      ...labelsOf(input),
    });
    return handle.firstExecutionRunId;
  }

  async #compare({ requestId, workflowId, fingerprints }: PreparedRequest): Promise<Submitted> {
    const { runId, memo } = await this.#describe(requestId);
    const stored = memo?.['fingerprint'];
    if (typeof stored !== 'string') throw new RequestConflictError(requestId, 'unknown-content');
    if (!fingerprints.includes(stored)) throw new RequestConflictError(requestId, 'different-content');
    return { requestId, workflowId, runId, duplicate: true };
  }

  async #progressIfAnswered(requestId: string): Promise<Pick<RequestStatus, 'progress'>> {
    try {
      return { progress: await this.progress(requestId) };
    } catch (error) {
      if (error instanceof NoWorkerError) return {};
      throw error;
    }
  }

  async #ending(requestId: string): Promise<Pick<RequestStatus, 'result' | 'failure'>> {
    try {
      return { result: await this.#within(requestId, () => this.#handle(requestId).result()) };
    } catch (error) {
      if (error instanceof WorkflowFailedError) return { failure: requestFailure(requestId, error).message };
      throw error;
    }
  }

  async #decide(update: Decision, requestId: string, options: DecisionOptions): Promise<LegProgress> {
    const handle = this.#handle(requestId);
    const malformed = whyNoDecision(options);
    if (malformed !== undefined) throw new DecisionRefusedError(requestId, malformed);
    const { provider, actor, reason, decisionId } = options;
    const args: [ProviderDecision] = [{ provider, actor, reason: { code: reason.code, ticket: reason.ticket } }];
    try {
      return await this.#within(requestId, () =>
        handle.executeUpdate(update, { args, ...(decisionId === undefined ? {} : { updateId: decisionId }) }),
      );
    } catch (error) {
      throw await this.#whyNotDecided(requestId, error);
    }
  }

  async #whyNotDecided(requestId: string, error: unknown): Promise<unknown> {
    if (error instanceof WorkflowUpdateFailedError) {
      const { cause } = error;
      const isRefusal = cause instanceof ApplicationFailure && cause.type === 'DecisionRefused';
      return isRefusal ? new DecisionRefusedError(requestId, cause.message) : error;
    }
    if (error instanceof RequestNotFoundError) {
      // Temporal gives this answer for a request that is over, too; `describe` throws if there is none.
      const status = runStatusOf(await this.#describe(requestId));
      return new DecisionRefusedError(
        requestId,
        `Request ${requestId} is over (${status}): nothing is left to decide.`,
      );
    }
    if (await this.#isUnanswered(requestId, error)) {
      return new NoWorkerError(requestId, 'The decision may still be taken: look at the request before you repeat it.');
    }
    return error;
  }

  /** Whether Temporal itself is well and merely nobody answers for this request. */
  async #isUnanswered(requestId: string, error: unknown): Promise<boolean> {
    const isPossible =
      (error instanceof TemporalUnavailableError && error.timedOut) || grpcStatusOf(error) === FAILED_PRECONDITION;
    if (isPossible) await this.#describe(requestId);
    return isPossible;
  }

  async #describe(requestId: string): Promise<WorkflowExecutionDescription> {
    return this.#within(requestId, () => this.#handle(requestId).describe());
  }

  #handle(requestId: string): Handle {
    if (!isRequestId(requestId)) throw new RequestNotFoundError();
    return this.#client.workflow.getHandle<typeof erasureRequest>(workflowIdOf(requestId));
  }

  /** Every call has a deadline: without one it may hang for good. */
  async #within<T>(requestId: string, call: () => Promise<T>, timeoutMs = this.#callTimeoutMs): Promise<T> {
    try {
      return await this.#client.withDeadline(Date.now() + timeoutMs, call);
    } catch (error) {
      if (error instanceof ErasureClientError) throw error;
      if (error instanceof WorkflowNotFoundError) throw new RequestNotFoundError(requestId);
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        throw new TemporalUnavailableError('Temporal did not answer in time.', { timedOut: true, cause: error });
      }
      throw temporalTrouble(error) ?? error;
    }
  }
}

/** What the Temporal UI shows of the run: opaque ids and codes only. */
function labelsOf({ requestId, regulation, subject, submittedAt }: ErasureRequestInput) {
  const asked = providerKeys.filter((provider) => subject[provider] !== undefined);
  return {
    staticSummary: `Erasure request (${regulation}) to ${asked.join(', ')}`,
    staticDetails: [
      `Request \`${requestId}\` under \`${regulation}\`, made at ${submittedAt}.`,
      `Each provider is asked to erase, and its window is waited out: ${asked.map(providerName).join(', ')}.`,
      'The identifiers in the input are sealed. Cancel to withdraw; terminating gives no certificate.',
    ].join('\n\n'),
  };
}
