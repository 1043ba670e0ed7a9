/** The client of erasure requests: submit, list, follow, decide. */
import { Client, type Connection } from '@temporalio/client';
import { readClientConfig } from '../config/client-config';
import type { Environment } from '../config/environment';
import type { DecisionKind } from '../domain/decision/decision-table';
import { SECOND_MS } from '../domain/duration';
import type { RequestProgress } from '../domain/request/request-progress';
import type { Sealer } from '../security/sealing';
import type { ErasureResult } from '../domain/request/erasure-result';
import type { DecisionAnswer } from '../workflows/messages';
import { openConnection } from './open-connection';
import { decide, cancelRequest, type DecisionOptions } from './deciding';
import { SealingUnavailableError } from './errors';
import type { ListOptions } from './filters';
import {
  certifiedResult,
  closedResult,
  requestCertificate,
  requestProgress,
  requestStatus,
  watchRequest,
  type WaitOptions,
  type WatchOptions,
} from './following';
import { firstRunId, requestOrigin, retentionMs, type FoundRequest, type RequestOrigin } from './found-request';
import {
  countRequests,
  findRequests,
  listRequests,
  requestPage,
  type FindOptions,
  type PageOptions,
  type RequestPage,
} from './listing';
import { prepareRequest, sealerFromFiles, type PreparedRequest } from './prepared-request';
import { RequestCalls } from './request-calls';
import type { CertifiedResult, RequestStatus } from './request-status';
import type { ErasureSubmission } from './submission';
import { submitRequest, type SubmitOptions, type Submitted } from './submitting';
import { urgentCounts, urgentFirst, type UrgentCounts, type UrgentList, type UrgentOptions } from './urgent-list';

const CALL_MS_MAX = 10 * SECOND_MS;

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

/**
 * Submits erasure requests and follows them. Every method throws, besides what it names itself,
 * `TemporalUnavailableError` (away, too slow, or refuses us) and `RequestNotFoundError` (no such request).
 */
export class ErasureClient {
  readonly #calls: RequestCalls;
  readonly #sealer: Sealer | undefined;
  #ownConnection: Connection | undefined;

  /** Takes a connected Temporal client, which stays the caller's to close. */
  constructor({ client, sealer, callTimeoutMs = CALL_MS_MAX }: ErasureClientParts) {
    this.#calls = new RequestCalls(client, callTimeoutMs);
    this.#sealer = sealer;
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
  async submit(submission: ErasureSubmission, options: SubmitOptions = {}): Promise<Submitted> {
    return submitRequest(this.#calls, await this.prepare(submission), options);
  }

  /**
   * The request as it stands: a running one with its progress, a completed one with its result. Where no worker answers
   * in time, the progress is absent and the rest is there.
   */
  async get(requestId: string): Promise<RequestStatus> {
    return requestStatus(this.#calls, requestId);
  }

  /**
   * The requests there are, open ones first, the newest first. Each is looked at as by `get`, a few at once, as the
   * iteration goes on: breaking off early saves the rest.
   *
   * Costs a query (one Action in Temporal Cloud) for each *open* request looked at, also for those that a filter then
   * leaves out; ended ones cost none. Where the namespace has our search attributes (`erasure setup`), Temporal itself finds
   * those that a filter may match, and few others are looked at: runs without attributes, started before they were registered.
   * Without them every open request (of the outcomes: every completed one) is looked at, but for `olderThanMs` and the states
   * that Temporal knows by itself.
   *
   * What cannot be judged is listed rather than left out: where no worker answers, an open request comes without progress
   * under every filter of open ones, and one that ended without a certificate under every `provider`.
   * Temporal's index lags by a second or two, forgets what its retention is over for, and has only requests that could
   * start. Throws `RangeError` for invalid options.
   */
  list(options: ListOptions = {}): AsyncGenerator<RequestStatus, void, undefined> {
    return listRequests(this.#calls, options);
  }

  /**
   * What Temporal's index has of each run, without looking at any: costs no query, and lags by a second or two. Open
   * ones first, the newest first. `filter` as in `parseFilter`; `open`: running ones only. A request that was reset has several runs.
   * Throws `FilterError`.
   */
  find(options: FindOptions): AsyncGenerator<FoundRequest, void, undefined> {
    return findRequests(this.#calls, options);
  }

  /**
   * One page of requests as Temporal's index has them, without looking at any: one call, no query. Filters as in `list`, as far
   * as the index knows; it lags by a second or two. Needs the search attributes (`erasure setup`). Throws `RangeError`.
   */
  async page(options: PageOptions): Promise<RequestPage> {
    return requestPage(this.#calls, options);
  }

  /**
   * What staff work through, in a line each: overdue ones first, then those that need a staff member, then by their due date.
   * From Temporal's index, so at the price of a few calls whatever their number; it lags by a second or two. Only runs of which
   * the index knows nothing are looked at, and each open one where the namespace has no search attributes (`erasure setup`).
   * Filters as in `list`. Throws `RangeError`.
   */
  async urgentFirst(options: UrgentOptions): Promise<UrgentList> {
    return urgentFirst(this.#calls, options);
  }

  /** How many open requests there are of each kind, by Temporal's index. Needs the search attributes (`erasure setup`). */
  async urgentCounts(): Promise<UrgentCounts> {
    return urgentCounts(this.#calls);
  }

  /** How many `find` would name. Throws `FilterError`. */
  async count(options: FindOptions): Promise<number> {
    return countRequests(this.#calls, options);
  }

  /**
   * What one run was started with, read from the first event of its history: costs no query, and needs no worker.
   * Undefined where it was started with something that is no request.
   */
  async origin(run: Pick<FoundRequest, 'requestId' | 'runId'>): Promise<RequestOrigin | undefined> {
    return requestOrigin(this.#calls, run);
  }

  /** The run that the request was started as, which its decision tokens are for: a reset keeps it. Costs no query. */
  async runOf(requestId: string): Promise<string> {
    return firstRunId(this.#calls, requestId);
  }

  /** How long Temporal remembers a request that has ended, in ms; undefined where it does not say. */
  async retentionMs(): Promise<number | undefined> {
    return retentionMs(this.#calls);
  }

  /**
   * The request as it stands now, then again whenever something about it has changed, at last with its certificate, or as it
   * ended without one; that one ends the iteration. Where the person is still to be told, the last one is still `running`:
   * `progress.todo` says what is owed, and `untilClosed` goes on until that is over, too. While no worker answers, one status
   * without progress says so, and watching goes on; so it does while Temporal is away for less than 5 minutes.
   * Every look costs a query (one Action in Temporal Cloud). Throws `RangeError` for an invalid `everyMs`, and as `get`:
   * watching again is safe.
   */
  watch(requestId: string, options: WatchOptions = {}): AsyncGenerator<RequestStatus, void, undefined> {
    return watchRequest(this.#calls, requestId, options);
  }

  /**
   * What each provider waits for, until when, and what a staff member can do about it.
   * Throws `NoWorkerError`, and `RequestFailedError` for a request that was refused when it started.
   */
  async progress(requestId: string): Promise<RequestProgress> {
    return requestProgress(this.#calls, requestId);
  }

  /**
   * Waits until the erasure is confirmed by its certificate, or the request has ended without one: days. With rules that
   * track the answer to the person the run goes on after that: `outstandingAnswer` says what is left to do, and by when.
   * Follows the history in a long poll: costs one query at most, sees the certificate without a worker, goes on over a reset,
   * and while Temporal is away for less than 5 minutes.
   * Throws `RequestStillRunningError` when the time is over, `RequestFailedError` when it ended without a certificate.
   */
  async result(requestId: string, options: WaitOptions = {}): Promise<CertifiedResult> {
    return certifiedResult(this.#calls, requestId, options);
  }

  /**
   * Waits until the run itself has ended: with rules that track the answer to the person, until it is recorded that they were
   * told. Throws as `result`.
   */
  async untilClosed(requestId: string, options: WaitOptions = {}): Promise<ErasureResult> {
    return closedResult(this.#calls, requestId, options);
  }

  /**
   * The signed certificate, from the moment that every provider has settled: compact JWS, not checked here (`erasure verify`).
   * Throws `RequestStillRunningError` before that, `NoWorkerError`, and `RequestFailedError` when it ended without one.
   */
  async certificate(requestId: string): Promise<string> {
    return requestCertificate(this.#calls, requestId);
  }

  /**
   * Withdraws the request: providers not asked yet are not asked, those asked are asked to withdraw it where they can, and the
   * run completes, as a rule within minutes, as `withdrawn` with a certificate that says what was withdrawn and what was not.
   * What is erased already stays erased. Resolves to the request as it stands once Temporal has taken the withdrawal;
   * `watch` and `result` tell what comes of it (a request whose certificate is being signed may still complete otherwise).
   * Safe to repeat. Throws `RequestOverError` for a request that has ended in another way.
   */
  async withdraw(requestId: string): Promise<RequestStatus> {
    return cancelRequest(this.#calls, requestId);
  }

  /**
   * Takes one decision. Resolves to the leg after a decision about a provider, and to the request after one about the whole
   * request, with the ten newest entries of its trail.
   * Throws `DecisionRefusedError`, which says why, and `NoWorkerError`, after which the decision may still be taken.
   */
  async decide<K extends DecisionKind>(
    kind: K,
    requestId: string,
    decision: DecisionOptions<K>,
  ): Promise<DecisionAnswer<K>> {
    return decide(this.#calls, kind, requestId, decision);
  }
}
