/**
 * What happened in one run of the fault suite, in the order in which it happened: one JSON object a line, only ever added to.
 * Together with the histories, the keys and the logs beside it, it is all that the reference model and its checks read.
 *
 *   <directory>/run-log.jsonl                    these entries
 *   <directory>/histories/<requestId>.json.gz    each run's history as proto-JSON (`historyFromJSON` reads it), gzipped; fetched when it had
 *                                                ended, or when the suite gave it up
 *   <directory>/keys/                            every key file (what verifies certificates and facts included)
 *   <directory>/logs/                            what each process logged, kept also of killed ones
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DecisionKind } from '../domain/decision/decision-table';
import type { Provider } from '../domain/provider/provider-table';
import type { LoggedCall } from '../local/simulator/call-log';
import type { Fault } from '../local/simulator/faults';

export const RUN_LOG = 'run-log.jsonl';
export const HISTORIES = 'histories';

/** Somebody made up: their id at each provider that is asked. Personal data as far as the product is concerned: it must be nowhere. */
export type SubjectIds = Partial<Readonly<Record<Provider, string>>>;

/** The processes that are killed and started again. */
export type ProcessRole = 'workflow-worker' | 'provider-worker' | 'gateway' | 'temporal';

/** Which connection a proxy stands in. */
export type ProxiedLine = 'worker-temporal' | 'client-temporal' | 'gateway-temporal' | `worker-${Provider}`;

/** When it was written down, epoch ms: by this machine's clock, and by the simulated providers' as last heard of. */
interface Stamped {
  readonly wallAt: number;
  readonly simulatorAt: number;
}

/** The first entry. */
interface RunBegun {
  readonly kind: 'run-begun';
  readonly seed: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly namespace: string;
  readonly temporalAddress: string;
  /** Settings of the policy file that the workers read. */
  readonly policy: object;
  readonly keysDirectory: string;
}

/** Written before the call: where the answer is lost, the request may have been accepted all the same. */
interface SubmissionBegun {
  readonly kind: 'submitting';
  readonly requestId: string;
  readonly subject: SubjectIds;
  readonly regulation: string;
  readonly submittedAt: string;
  /** By how much the run's clock was ahead of (positive) the providers' at its start, ms. */
  readonly clockAheadMs: number;
  /** The n-th time that this very request is submitted, from 1: a repeat must find the same run. */
  readonly times: number;
}

/** Temporal has said yes: from here on it must come to exactly one end. */
interface Submitted {
  readonly kind: 'submitted';
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** It was there already, says the client. */
  readonly duplicate: boolean;
}

interface SubmissionFailed {
  readonly kind: 'submission-failed';
  readonly requestId: string;
  /** The error's class. `RequestConflictError` for another content under the same id, where `conflicting` was submitted on purpose. */
  readonly error: string;
  readonly conflicting?: true;
}

/** The world changed a record behind everybody's back. */
interface WorldChanged {
  readonly kind: 'world';
  readonly requestId: string;
  readonly provider: Provider;
  readonly id: string;
  /** `seeded`: the provider holds the person from now on. `came-back`: the same record. `came-anew`: a newer one under the same id. */
  readonly what: 'seeded' | 'came-back' | 'came-anew' | 'taken-off-queue' | 'purge-moved';
}

/** A call as the provider saw it, taken over from the simulator's own log: `call.at` is when it happened. */
interface ProviderCalled {
  readonly kind: 'provider-call';
  /** Whose subject it is about; absent for a login, or for somebody whom nobody asked about. */
  readonly requestId?: string;
  readonly call: LoggedCall;
}

/** A callback that the simulated provider sent by itself, or that somebody forged. */
interface CallbackSent {
  readonly kind: 'callback';
  readonly requestId?: string;
  /** `genuine`: with the capability that the worker gave this provider for this request. Everything else must confirm nothing. */
  readonly nature:
    'genuine' | 'no-capability' | 'another-capability' | 'altered-capability' | 'made-up-capability' | 'another-handle';
  /** When it was sent, by the providers' clock (ISO 8601). */
  readonly at: string;
  readonly cause: string;
  readonly attempt: number;
  readonly body: string;
  readonly status: number | 'failed';
  readonly fault?: string;
}

/** What a provider holds of the subject at the end, from its own books. */
interface RecordFound {
  readonly kind: 'record';
  readonly requestId: string;
  readonly provider: Provider;
  readonly id: string;
  readonly record: { readonly exists: boolean } & Readonly<Record<string, unknown>>;
}

interface FaultSet {
  readonly kind: 'fault';
  readonly requestId?: string;
  readonly fault: Fault;
}

interface Killed {
  readonly kind: 'killed';
  readonly role: ProcessRole;
  readonly name: string;
  readonly pid: number;
}

interface ProcessStarted {
  readonly kind: 'process-started';
  readonly role: ProcessRole;
  readonly name: string;
  readonly pid: number;
  /** Of a worker: which build of the workflows it serves, and which settings differ. */
  readonly build?: string;
}

interface ConnectionDisturbed {
  readonly kind: 'connection';
  readonly line: ProxiedLine;
  readonly what: 'cut' | 'refused' | 'delayed' | 'slowed' | 'stalled' | 'healed';
  readonly forMs?: number;
}

/** A provider's brake was on, and the engineer on call released it. */
interface BrakeReleased {
  readonly kind: 'brake-released';
  readonly provider: Provider;
  readonly reason: string;
}

interface KeysRotated {
  readonly kind: 'keys-rotated';
  readonly what: string;
}

/** Written before the call. */
interface Deciding {
  readonly kind: 'deciding';
  readonly requestId: string;
  readonly decision: DecisionKind | 'cancel' | 'terminate';
  readonly content: Readonly<Record<string, unknown>>;
}

interface Decided {
  readonly kind: 'decided';
  readonly requestId: string;
  readonly decision: DecisionKind | 'cancel' | 'terminate';
  /** `unknown`: the answer was lost, it may have been taken. */
  readonly answer: 'taken' | 'refused' | 'unknown';
  /** The error's class, and the message of a refusal. */
  readonly error?: string;
}

/** Before a run's clock is moved, after the providers': what it shows then. */
interface MovedForward {
  readonly kind: 'forward';
  readonly requestId: string;
  readonly byMs: number;
  readonly from: number;
}

/** The providers' clock was moved for all. */
interface ClockMoved {
  readonly kind: 'clock';
  readonly byMs: number;
}

interface Ended {
  readonly kind: 'ended';
  readonly requestId: string;
  readonly runId: string;
  /** Temporal's status in lower case; `stuck` for one that was given up, and is open still. */
  readonly status: 'completed' | 'failed' | 'canceled' | 'terminated' | 'timed_out' | 'continued_as_new' | 'stuck';
  /** Of a stuck one: where it stands, in the words that `erasure status` would use. */
  readonly standing?: string;
}

/** The last entry: without it the run was broken off. */
interface RunOver {
  readonly kind: 'run-over';
  readonly numbers: Readonly<Record<string, number>>;
}

export type RunEvent =
  | RunBegun
  | SubmissionBegun
  | Submitted
  | SubmissionFailed
  | WorldChanged
  | ProviderCalled
  | CallbackSent
  | RecordFound
  | FaultSet
  | Killed
  | ProcessStarted
  | ConnectionDisturbed
  | KeysRotated
  | BrakeReleased
  | Deciding
  | Decided
  | MovedForward
  | ClockMoved
  | Ended
  | RunOver;

export type RunLogEntry = RunEvent & Stamped;

/** Writes at once: what a crash of the suite itself leaves behind is all that happened until then. */
export class RunLog {
  readonly #file: number;
  readonly #simulatorNow: () => number;

  constructor(directory: string, simulatorNow: () => number) {
    this.#file = openSync(join(directory, RUN_LOG), 'a', 0o600);
    this.#simulatorNow = simulatorNow;
  }

  add(event: RunEvent): void {
    const entry: RunLogEntry = { wallAt: Date.now(), simulatorAt: this.#simulatorNow(), ...event };
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

export function readRunLog(directory: string): RunLogEntry[] {
  const lines = readFileSync(join(directory, RUN_LOG), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RunLogEntry);
}
