/** The client of erasure requests: submit, follow, decide. */
import {
  Client,
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Connection,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { defined } from '../domain/defined';
import { readClientConfig } from '../config/client-config';
import type { Environment } from '../config/environment';
import type { DecisionKind, RequestDecisionKind } from '../domain/decision/decision';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import type { RequestProgress } from '../domain/request/request-progress';
import { providerKeys, providerName } from '../domain/provider/provider-table';
import { isRequestId, type ErasureRequestInput } from '../domain/request/request';
import { stepsUnderWay } from '../domain/leg/step-under-way';
import type { Sealer } from '../security/sealing';
import type { erasureRequest } from '../workflows';
import type { ErasureResult } from '../workflows/erasure-request';
import { certificate, progress } from '../workflows/messages';
import { openConnection, withUnavailability } from './connection';
import { decide, type DecidingCalls, type DecisionAnswer, type DecisionOptions } from './deciding';
import {
  ErasureClientError,
  NoWorkerError,
  RequestConflictError,
  RequestFailedError,
  RequestNotFoundError,
  RequestOverError,
  RequestStillRunningError,
  SealingUnavailableError,
  TemporalUnavailableError,
  type FieldProblem,
} from './errors';
import { foundRequest, inputOf, type FoundRequest, type RequestOrigin } from './found-request';
import { HistoryFollower } from '../temporal/history-follower';
import { isListed, lookAhead, parseListOptions, visibilityQuery, type ListOptions } from './listing';
import { prepareRequest, sealerFromFiles, type PreparedRequest } from './prepared-request';
import {
  requestFailure,
  requestStateOf,
  runStatusOf,
  type CertifiedResult,
  type RequestStatus,
  type StillOwed,
} from './request-status';
import type { ErasureSubmission } from './submission';
import { filterQuery, parseFilter } from './request-filter';
import { Waiting } from './waiting';
import { workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE, requestIdOf } from '../temporal/names';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import { addressOf } from '../temporal/connection';

const CALL_MS_MAX = 10 * SECOND_MS;
/** Each look of `watch` is a query, which Temporal Cloud bills: often at first, rarely once nothing changes any more. */
const WATCH_EVERY_MS_MIN = 1 * SECOND_MS;
const WATCH_EVERY_MS_MAX = 5 * MINUTE_MS;
/** How many requests `list` looks at together, and after how many without an answer it asks no further ones. */
const LOOKS_AT_ONCE = 8;
const LIST_PAGE_SIZE_MAX = 200;

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
  /** What is odd about its fields: an identifier that looks like a spreadsheet's doing, for example. */
  readonly warnings: readonly FieldProblem[];
}

export interface WatchOptions {
  /**
   * Time between two looks, in ms; where absent 1 s, growing to 5 min while nothing changes. The certificate, and the end,
   * are seen at once.
   */
  readonly everyMs?: number | undefined;
  /** Goes on after the certificate until the run has ended, which waits until it is recorded that the person was told. */
  readonly untilClosed?: boolean | undefined;
  /** Ends the watching, which then throws the signal's reason. The request goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface WaitOptions {
  /** How long to wait at most, in ms; without it as long as it takes: days. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting, which then throws the signal's reason. The request goes on. */
  readonly signal?: AbortSignal | undefined;
}

type Handle = WorkflowHandle<typeof erasureRequest>;

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
    const connection = await openConnection(config.temporal, callTimeoutMs);
    const erasure = new ErasureClient({
      client: new Client({ connection, namespace: config.temporal.namespace }),
      sealer: keysDirectory === undefined ? undefined : sealerFromFiles(keysDirectory, config.keyPermissions),
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
    const { requestId, workflowId, warnings } = prepared;
    try {
      const runId = await this.#within(requestId, () => this.#start(prepared));
      return { requestId, workflowId, runId, duplicate: false, warnings };
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
    return this.#look(requestId, { asksProgress: true });
  }

  /**
   * The requests there are, open ones first, the newest first. Each is looked at as by `get`, a few at once, as the
   * iteration goes on: breaking off early saves the rest.
   *
   * Costs a query (one Action in Temporal Cloud) for each *open* request looked at, also for those that a filter then
   * leaves out; ended ones cost none. Where the namespace has our search attributes (`erasure setup`), Temporal itself finds
   * those that a filter may be about, and few others are looked at: runs without attributes, e.g. of the time before them.
   * Without them every open request (of the outcomes: every completed one) is looked at, but for `olderThanMs` and the states
   * that Temporal knows by itself.
   *
   * What cannot be judged is listed rather than left out: where no worker answers, an open request comes without progress
   * under every filter of open ones, and one that ended without a certificate under every `provider`.
   * Temporal's index lags by a second or two, forgets what its retention is over for, and has only requests that could
   * start. Throws `RangeError` for options that are none.
   */
  async *list(options: ListOptions = {}): AsyncGenerator<RequestStatus, void, undefined> {
    const { limit } = parseListOptions(options);
    const now = Date.now();
    let unanswered = 0;
    const look = async (requestId: string): Promise<RequestStatus | undefined> => {
      try {
        const found = await this.#look(requestId, { asksProgress: unanswered < LOOKS_AT_ONCE });
        if (found.status === 'running') unanswered = found.progress === undefined ? unanswered + 1 : 0;
        return found;
      } catch (error) {
        // Forgotten between the index and the look.
        if (error instanceof RequestNotFoundError) return undefined;
        throw error;
      }
    };
    let listed = 0;
    const ids = this.#listedIds(
      [true, false].map((isIndexed) => visibilityQuery(options, now, { isIndexed })),
      Math.min(limit, LIST_PAGE_SIZE_MAX),
    );
    for await (const found of lookAhead(ids, Math.min(limit, LOOKS_AT_ONCE), look)) {
      if (found === undefined || !isListed(found, options, now)) continue;
      yield found;
      listed += 1;
      if (listed >= limit) return;
    }
  }

  /**
   * What Temporal's index has of each run, without looking at any: costs no query, and lags by a second or two. Open
   * ones first, the newest first. `filter` as in `parseFilter`; `open`: running ones only. A request that was reset has several runs.
   * Throws `FilterError`.
   */
  async *find(options: {
    readonly filter?: string;
    readonly open?: boolean;
  }): AsyncGenerator<FoundRequest, void, undefined> {
    const query = this.#queryOf(options);
    const runs = this.#client.workflow.list({ query, pageSize: LIST_PAGE_SIZE_MAX })[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await this.#within(undefined, () => runs.next());
      if (done === true) return;
      const found = foundRequest(value);
      if (found !== undefined) yield found;
    }
  }

  /** How many `find` would name. Throws `FilterError`. */
  async count(options: { readonly filter?: string; readonly open?: boolean }): Promise<number> {
    const query = this.#queryOf(options);
    return (await this.#within(undefined, () => this.#client.workflow.count(query))).count;
  }

  #queryOf({ filter, open }: { readonly filter?: string; readonly open?: boolean }): string {
    return filterQuery({
      ...(filter === undefined ? {} : { filter: parseFilter(filter) }),
      ...defined({ open }),
    });
  }

  /**
   * What one run was started with, read from the first event of its history: costs no query, and needs no worker.
   * Undefined where it was started with something that is no request.
   */
  async origin({ requestId, runId }: Pick<FoundRequest, 'requestId' | 'runId'>): Promise<RequestOrigin | undefined> {
    const { workflowService, options } = this.#client;
    const { history } = await this.#within(requestId, () =>
      workflowService.getWorkflowExecutionHistory({
        namespace: options.namespace,
        execution: { workflowId: workflowIdOf(requestId), runId },
        maximumPageSize: 1,
      }),
    );
    return inputOf(history?.events?.[0]);
  }

  /** The run that the request was started as, which its decision tokens are for: a reset keeps it. Costs no query. */
  async runOf(requestId: string): Promise<string> {
    const { workflowService, options } = this.#client;
    const { history } = await this.#within(requestId, () =>
      workflowService.getWorkflowExecutionHistory({
        namespace: options.namespace,
        execution: { workflowId: workflowIdOf(requestId) },
        maximumPageSize: 1,
      }),
    );
    const run = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId;
    if (!run) throw new RequestNotFoundError(requestId);
    return run;
  }

  /** How long Temporal remembers a request that has ended, in ms; undefined where it does not say. */
  async retentionMs(): Promise<number | undefined> {
    const { workflowService, options } = this.#client;
    const { namespace } = options;
    const { config } = await this.#within(undefined, () => workflowService.describeNamespace({ namespace }));
    return optionalTsToMs(config?.workflowExecutionRetentionTtl);
  }

  /**
   * The request as it stands now, then again whenever something about it has changed, at last with its certificate, or as it
   * ended without one; that one ends the iteration. Where the person is still to be told, the last one is still `running`:
   * `progress.todo` says what is owed, and `untilClosed` goes on until that is over, too. While no worker answers, one status
   * without progress says so, and watching goes on; so it does while Temporal is away for less than 5 minutes.
   * Every look costs a query (one Action in Temporal Cloud). Throws `RangeError` for an `everyMs` that is none, and as `get`:
   * watching again is safe.
   */
  async *watch(requestId: string, options: WatchOptions = {}): AsyncGenerator<RequestStatus, void, undefined> {
    const { everyMs, untilClosed = false, signal } = options;
    if (everyMs !== undefined && !(everyMs > 0)) throw new RangeError('everyMs: expected milliseconds, above 0');
    const wait = this.#waiting(requestId, signal);
    let told: string | undefined;
    let waitMs = everyMs ?? WATCH_EVERY_MS_MIN;
    for (;;) {
      const looked = await wait.call(() => this.get(requestId));
      if (looked.state === 'awaiting-answer') await wait.certified({ timeoutMs: this.#callTimeoutMs });
      if (isEnding(looked) && !wait.known.isClosed) {
        await wait.closed({ timeoutMs: this.#callTimeoutMs });
        if (wait.known.isClosed) continue;
      }
      const found = withCertificate(looked, wait.known);
      const content = JSON.stringify(found);
      if (content === told) {
        waitMs = everyMs ?? Math.min(waitMs * 1.5, WATCH_EVERY_MS_MAX);
      } else {
        told = content;
        waitMs = everyMs ?? WATCH_EVERY_MS_MIN;
        yield found;
      }
      if (found.status !== 'running' || (found.certificate !== undefined && !untilClosed)) return;
      await (found.certificate === undefined
        ? wait.certified({ timeoutMs: waitMs })
        : wait.closed({ timeoutMs: waitMs }));
    }
  }

  /**
   * What each provider waits for, until when, and what a staff member can do about it.
   * Throws `NoWorkerError`, and `RequestFailedError` for a request that was refused when it started.
   */
  async progress(requestId: string): Promise<RequestProgress> {
    try {
      return await this.#within(requestId, () => this.#handle(requestId).query(progress));
    } catch (error) {
      if (error instanceof QueryNotRegisteredError)
        await this.untilClosed(requestId, { timeoutMs: this.#callTimeoutMs });
      if (await this.#isUnanswered(requestId, error)) throw new NoWorkerError(requestId);
      throw error;
    }
  }

  /**
   * Waits until the erasure is confirmed by its certificate, or the request has ended without one: days. With rules that
   * track the answer to the person the run goes on after that: `stillOwed` says what is left to do, and by when.
   * Follows the history in a long poll: costs one query at most, sees the certificate without a worker, goes on over a reset,
   * and while Temporal is away for less than 5 minutes.
   * Throws `RequestStillRunningError` when the time is over, `RequestFailedError` when it ended without a certificate.
   */
  async result(requestId: string, { timeoutMs = Infinity, signal }: WaitOptions = {}): Promise<CertifiedResult> {
    const wait = this.#waiting(requestId, signal);
    await wait.certified({ timeoutMs });
    const { certified, isClosed } = wait.known;
    if (certified === undefined && !isClosed) throw new RequestStillRunningError(requestId);
    const owed = (): Promise<StillOwed | undefined> => wait.call(() => this.#stillOwed(requestId));
    const stillOwed = isClosed ? undefined : await owed();
    if (certified !== undefined && stillOwed !== undefined) return { requestId, ...certified, stillOwed };
    // Where nothing is owed, the run ends at once by itself.
    await wait.closed({ timeoutMs: this.#callTimeoutMs });
    if (certified === undefined || wait.known.isClosed) return this.#endOf(requestId, wait);
    const later = await owed();
    return { requestId, ...certified, ...defined({ stillOwed: later }) };
  }

  /**
   * Waits until the run itself has ended: with rules that track the answer to the person, until it is recorded that they were
   * told. Throws as `result`.
   */
  async untilClosed(requestId: string, { timeoutMs = Infinity, signal }: WaitOptions = {}): Promise<ErasureResult> {
    const wait = this.#waiting(requestId, signal);
    await wait.closed({ timeoutMs });
    if (!wait.known.isClosed) throw new RequestStillRunningError(requestId);
    return this.#endOf(requestId, wait);
  }

  /**
   * The signed certificate, from the moment that every provider has settled: compact JWS, not checked here (`erasure verify`).
   * Throws `RequestStillRunningError` before that, `NoWorkerError`, and `RequestFailedError` when it ended without one.
   */
  async certificate(requestId: string): Promise<string> {
    if (runStatusOf(await this.#describe(requestId)) === 'running') return this.#certificateOfOpen(requestId);
    return (await this.untilClosed(requestId, { timeoutMs: this.#callTimeoutMs })).certificate;
  }

  /**
   * Withdraws the request: providers not asked yet are not asked, those asked are asked to undo it where they can, and the
   * run completes, as a rule within minutes, as `withdrawn` with a certificate that says what was undone and what was not.
   * What is erased already stays erased. Resolves to the request as it stands once Temporal has taken the withdrawal;
   * `watch` and `result` tell what comes of it (a request whose certificate is being signed may still complete otherwise).
   * Safe to repeat. Throws `RequestOverError` for a request that has ended in another way.
   */
  async withdraw(requestId: string): Promise<RequestStatus> {
    try {
      await this.#within(requestId, () => this.#handle(requestId).cancel());
    } catch (error) {
      if (!(error instanceof RequestNotFoundError)) throw error;
      // Some servers answer so for a request that is over, others as if they had taken it; `get` throws if there is none.
    }
    const found = await this.get(requestId);
    if (found.status !== 'running' && found.state !== 'withdrawn') throw new RequestOverError(requestId, found.state);
    return found;
  }

  /**
   * Takes one decision. Resolves to the leg after a decision about a provider, and to the request after one about the whole
   * request, with the ten newest entries of its trail.
   * Throws `DecisionRefusedError`, which says why, and `NoWorkerError`, after which the decision may still be taken.
   */
  async decide<K extends DecisionKind | RequestDecisionKind>(
    kind: K,
    requestId: string,
    decision: DecisionOptions<K>,
  ): Promise<DecisionAnswer<K>> {
    const calls: DecidingCalls = {
      handle: (id) => this.#handle(id),
      within: (id, call) => this.#within(id, call),
      runStatus: async (id) => runStatusOf(await this.#describe(id)),
      isUnanswered: (id, error) => this.#isUnanswered(id, error),
    };
    return decide(calls, kind, requestId, decision);
  }

  async #certificateOfOpen(requestId: string): Promise<string> {
    try {
      const found = await this.#within(requestId, () => this.#handle(requestId).query(certificate));
      if (found !== null) return found;
    } catch (error) {
      // A worker of an older release does not know this query; there is no certificate in a run of its.
      if (!(error instanceof QueryNotRegisteredError)) {
        if (await this.#isUnanswered(requestId, error)) throw new NoWorkerError(requestId);
        throw error;
      }
    }
    throw new RequestStillRunningError(requestId);
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

  async #compare({ requestId, workflowId, fingerprints, warnings }: PreparedRequest): Promise<Submitted> {
    const { runId, memo } = await this.#describe(requestId);
    const stored = memo?.['fingerprint'];
    if (typeof stored !== 'string') throw new RequestConflictError(requestId, 'unknown-content');
    if (!fingerprints.includes(stored)) throw new RequestConflictError(requestId, 'different-content');
    return { requestId, workflowId, runId, duplicate: true, warnings };
  }

  async #look(requestId: string, { asksProgress }: { readonly asksProgress: boolean }): Promise<RequestStatus> {
    const description = await this.#describe(requestId);
    const { runId, startTime, closeTime, raw } = description;
    const status = runStatusOf(description);
    const underWay = stepsUnderWay(raw.pendingActivities ?? [], Date.now());
    const known =
      status !== 'running'
        ? endingOf(await this.#ending(requestId))
        : asksProgress
          ? await this.#progressIfAnswered(requestId)
          : {};
    return {
      requestId,
      workflowId: workflowIdOf(requestId),
      runId,
      status,
      state: requestStateOf({ status, ...known }),
      startedAt: startTime.toISOString(),
      ...(closeTime === undefined ? {} : { closedAt: closeTime.toISOString() }),
      ...known,
      ...(underWay.length === 0 ? {} : { underWay }),
    };
  }

  /**
   * A request that was reset has several runs; it is one request. `queries`: the next one is for a namespace that does not
   * know what the one before asks for.
   */
  async *#listedIds(queries: readonly string[], pageSize: number): AsyncGenerator<string, void, undefined> {
    const [query, ...others] = [...new Set(queries)];
    const runs = this.#client.workflow.list({ query: query ?? '', pageSize })[Symbol.asyncIterator]();
    const seen = new Set<string>();
    for (;;) {
      let next: Awaited<ReturnType<typeof runs.next>>;
      try {
        next = await this.#within(undefined, () => runs.next());
      } catch (error) {
        if (!hasGrpcStatus(error, 'INVALID_ARGUMENT') || others.length === 0) throw error;
        yield* this.#listedIds(others, pageSize);
        return;
      }
      if (next.done === true) return;
      const requestId = requestIdOf(next.value.workflowId);
      if (requestId === undefined || seen.has(requestId)) continue;
      seen.add(requestId);
      yield requestId;
    }
  }

  async #unlessAborted<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    if (signal === undefined) return call();
    signal.throwIfAborted();
    // One of its own for each call: Temporal's client never takes its listeners off a signal, and this one may live for days.
    const ofThisCall = new AbortController();
    const abort = (): void => ofThisCall.abort();
    signal.addEventListener('abort', abort);
    try {
      const answer = await this.#client.withAbortSignal(ofThisCall.signal, call);
      // An aborted query looks like one that no worker answered.
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #waiting(requestId: string, signal: AbortSignal | undefined): Waiting {
    this.#handle(requestId);
    return new Waiting({
      follow: () => new HistoryFollower(this.#client, workflowIdOf(requestId)),
      call: (work, timeoutMs) => this.#unlessAborted(signal, () => this.#within(requestId, work, timeoutMs)),
      isRunning: async () => runStatusOf(await this.#describe(requestId)) === 'running',
      signal,
    });
  }

  /** What is left to do once the certificate is there; undefined where nothing is. */
  async #stillOwed(requestId: string): Promise<StillOwed | undefined> {
    const { progress: now } = await this.#progressIfAnswered(requestId);
    if (now === undefined) return { todo: ['what is owed to the person cannot be said: no worker answers'] };
    if (!now.blockedOn.includes('answer')) return undefined;
    return { todo: now.todo, ...(now.due === undefined ? {} : { by: now.due.on }) };
  }

  async #progressIfAnswered(requestId: string): Promise<Pick<RequestStatus, 'progress'>> {
    try {
      return { progress: await this.progress(requestId) };
    } catch (error) {
      if (error instanceof NoWorkerError) return {};
      throw error;
    }
  }

  async #endOf(requestId: string, wait: Waiting): Promise<ErasureResult> {
    const ended = await wait.call(() => this.#ending(requestId));
    if (ended instanceof RequestFailedError) throw ended;
    return ended;
  }

  async #ending(requestId: string): Promise<ErasureResult | RequestFailedError> {
    try {
      return await this.#within(requestId, () => this.#handle(requestId).result());
    } catch (error) {
      if (error instanceof WorkflowFailedError) return requestFailure(requestId, error);
      throw error;
    }
  }

  /** Whether Temporal itself is well and merely nobody answers for this request. */
  async #isUnanswered(requestId: string, error: unknown): Promise<boolean> {
    const isPossible =
      (error instanceof TemporalUnavailableError && error.timedOut) || hasGrpcStatus(error, 'FAILED_PRECONDITION');
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
  async #within<T>(requestId: string | undefined, call: () => Promise<T>, timeoutMs = this.#callTimeoutMs): Promise<T> {
    try {
      return await this.#client.withDeadline(Date.now() + timeoutMs, call);
    } catch (error) {
      if (error instanceof ErasureClientError) throw error;
      if (error instanceof WorkflowNotFoundError) throw new RequestNotFoundError(requestId);
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        throw new TemporalUnavailableError('Temporal did not answer in time.', { timedOut: true, cause: error });
      }
      throw withUnavailability(error, addressOf(this.#client.connection));
    }
  }
}

function endingOf(ended: ErasureResult | RequestFailedError): Pick<RequestStatus, 'result' | 'failure'> {
  return ended instanceof RequestFailedError ? { failure: ended.message } : { result: ended };
}

/** An open request whose certificate is there, also where no worker answers. */
function withCertificate(status: RequestStatus, { certified }: Waiting['known']): RequestStatus {
  if (status.status !== 'running' || certified === undefined) return status;
  const { certificate: signed, outcome } = certified;
  const state = status.progress === undefined ? 'awaiting-answer' : status.state;
  return { ...status, state, certificate: signed, outcome };
}

/** Nothing is owed any more: the run ends at once by itself. */
function isEnding({ status, progress: now }: RequestStatus): boolean {
  return status === 'running' && now?.outcome !== undefined && now.state === now.outcome;
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
