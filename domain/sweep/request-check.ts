/** How the sweep judges a request by what Temporal has of it, and by what its run answers: nothing may be forgotten in silence. */
import { defined } from '../defined';
import { DAY_MS, describeInstant, MINUTE_MS } from '../duration';
import { triesDaily } from '../leg/failure';
import { describeStep, type StepUnderWay } from '../leg/step-under-way';
import { isLastingShortage, shortageAlarm, type Shortage } from '../brake/shortage';
import { brakeAlarm } from '../brake/trip-text';
import type { TripState } from '../brake/trip-state';
import { isProvider, type Provider } from '../provider/provider-table';
import type { RequestProgress } from '../request/request-progress';
import type { Finding } from './finding';

/** An open request, as Temporal's index has it. Instants in epoch ms. */
export interface OpenRequest {
  readonly requestId: string;
  readonly runId: string;
  readonly startedAt: number;
  /** Absent where the run keeps no search attributes, or none yet. */
  readonly index?: RequestIndex;
  /** Temporal says that its workflow tasks keep failing. */
  readonly isReportedFailing: boolean;
  /** Its search attributes are none that we could have written. */
  readonly isIndexBroken?: boolean;
}

export interface RequestIndex {
  readonly state: string;
  readonly dueAt?: number;
  readonly blockedOn: readonly string[];
}

/** What Temporal says of an open run beyond its index. Instants in epoch ms. */
export interface RunDetails {
  readonly isPaused: boolean;
  /** Something has changed while it was read: it is alive. */
  readonly isMoving: boolean;
  readonly workflowTask?: { readonly attempt: number; readonly scheduledAt: number };
  /** Why its latest workflow task failed, where that is no bug: the namespace lacks a search attribute. */
  readonly failedFor?: 'search-attributes';
  readonly activities: readonly PendingActivity[];
  /** Timers that have not fired; `isReminder`: of the legal clock, which moves no leg. */
  readonly timers: readonly { readonly dueAt: number; readonly isReminder: boolean }[];
}

export interface PendingActivity {
  readonly type: string;
  readonly isPaused: boolean;
  /** `waiting`: on its queue, or in back-off until `since`. */
  readonly state: 'waiting' | 'running';
  /** When it was to be taken up; of a running one its last sign of life. */
  readonly since: number;
  /** Where it does not get through. */
  readonly step?: StepUnderWay;
}

/** Any run, as Temporal lists it. Instants in epoch ms. */
export interface ListedRun {
  readonly workflowId: string;
  /** Absent for a run that was started under an id that is none of ours. */
  readonly requestId?: string;
  readonly runId: string;
  readonly startedAt: number;
  readonly status: 'open' | 'completed' | 'failed' | 'terminated' | 'timed-out' | 'cancelled';
  /** Infinity while it is open. */
  readonly closedAt: number;
}

/** Temporal fires a timer, and workers take up a task, within seconds; what is later than this has to be looked at. */
const LATE_MS = 15 * MINUTE_MS;
/** A queue with a rate limit may be long; one that is served at all gets to the end of it within this. */
const QUEUED_MS_MAX = DAY_MS;
/** A worker that restarts may lose an attempt or two. */
const FAILING_ATTEMPTS = 3;

/** How the label of a timer of the legal clock begins: it reminds, and moves no leg. */
export const REMINDER_LABEL = 'Legal clock';

/** What the search attributes alone say. */
export function findingsOfIndex({ requestId, runId, index }: OpenRequest): readonly Finding[] {
  if (index === undefined) return [];
  const { blockedOn } = index;
  const about = { requestId, runId };
  const findings: Finding[] = (['overdue', 'unanswered', 'cannot-make-it', 'due-soon'] as const)
    .filter((kind) => blockedOn.includes(kind))
    .map((kind) => ({ kind, ...about, ...dueAtOf(index) }));
  const providers = blockedOn.filter(isProvider);
  if (providers.length > 0) findings.push({ kind: 'attention', ...about, providers });
  return findings;
}

/** Whether the index leaves open how the request is doing, so that the run itself has to be asked. */
export function hasToBeAsked({ index, startedAt }: OpenRequest, now: number): boolean {
  if (index === undefined) return now > startedAt + LATE_MS;
  return isPastDue(index, now) && !index.blockedOn.includes('overdue');
}

function isPastDue({ dueAt }: RequestIndex, now: number): boolean {
  return dueAt !== undefined && now > dueAt + LATE_MS;
}

/** `answer`: what the run said; undefined where no worker answered in time. Nothing may be overlooked for that. */
export function findingsOfAnswer(
  { requestId, runId, index }: OpenRequest,
  answer: RequestProgress | undefined,
  now: number,
): readonly Finding[] {
  const about = { requestId, runId };
  if (answer === undefined) {
    const detail = 'no worker answers for it, so that nobody can tell how it stands';
    if (index === undefined) return [{ kind: 'unheard-of', ...about, detail }];
    return isPastDue(index, now) ? [{ kind: 'overdue', ...about, ...dueAtOf(index), detail }] : [];
  }
  const { due, legs, blockedOn } = answer;
  const findings: Finding[] = [];
  const isOverdue = due?.status === 'overdue';
  if (isOverdue) findings.push({ kind: 'overdue', ...about, dueAt: due.at });
  // The index says the rest, where there is one.
  if (index !== undefined) return findings;
  if (blockedOn.includes('unanswered')) findings.push({ kind: 'unanswered', ...about });
  if (due?.lateByMs !== undefined && !isOverdue) findings.push({ kind: 'cannot-make-it', ...about, dueAt: due.at });
  if (due?.status === 'due-soon') findings.push({ kind: 'due-soon', ...about, dueAt: due.at });
  const providers = legs.filter(({ state }) => state === 'attention').map(({ provider }) => provider);
  if (providers.length > 0) findings.push({ kind: 'attention', ...about, providers });
  return findings;
}

const staffTasks: readonly string[] = ['staff', 'approval', 'hold', 'answer', 'notice-of-hold'];

/** Whether somebody is named who has to act, so that the run may rest without a timer. */
export function waitsForStaff({ index }: OpenRequest, answer: RequestProgress | undefined): boolean {
  if (index !== undefined) return index.blockedOn.some((one) => staffTasks.includes(one));
  if (answer === undefined) return false;
  const { todo, legs } = answer;
  return todo.length > 0 || legs.some(({ attention }) => attention !== undefined && !triesDaily(attention.reason));
}

/** Whether something will wake the run: a timer, an activity, a workflow task, or somebody whose task it is. */
export function findingsOfRun(
  { requestId, runId, isReportedFailing }: OpenRequest,
  details: RunDetails,
  { isWithStaff, now }: { readonly isWithStaff: boolean; readonly now: number },
): readonly Finding[] {
  const about = { requestId, runId };
  const findings: Finding[] = [];
  if (isReportedFailing || (details.workflowTask?.attempt ?? 0) >= FAILING_ATTEMPTS) {
    findings.push({ kind: 'task-failing', ...about, ...taskFailureOf(details) });
  }
  if (details.isPaused || details.activities.some(({ isPaused }) => isPaused)) {
    findings.push({ kind: 'paused', ...about });
  }
  // The one is the reason for the other.
  if (findings.length > 0) return findings;
  const isForgotten = isAtRest(details) && !isWithStaff;
  const detail = lateOf(details, now) ?? (isForgotten ? 'no timer, activity or staff member will wake it' : undefined);
  return detail === undefined ? [] : [{ kind: 'unheard-of', ...about, detail }];
}

/** Nothing but a staff member will move it. */
export function isAtRest({ isMoving, workflowTask, activities, timers }: RunDetails): boolean {
  return (
    !isMoving && workflowTask === undefined && activities.length === 0 && timers.every(({ isReminder }) => isReminder)
  );
}

function taskFailureOf({ workflowTask, failedFor }: RunDetails): Pick<Finding, 'detail'> {
  const why: string[] = [];
  if (workflowTask !== undefined) why.push(`attempt ${workflowTask.attempt}`);
  if (failedFor !== undefined) why.push('the namespace lacks a search attribute: erasure setup adds it');
  return why.length === 0 ? {} : { detail: why.join('; ') };
}

/** What should have happened by now, in words. */
function lateOf({ workflowTask, activities, timers, isMoving }: RunDetails, now: number): string | undefined {
  if (isMoving) return undefined;
  const timer = timers.find(({ dueAt }) => now > dueAt + LATE_MS);
  if (timer !== undefined) return `a timer that was due at ${describeInstant(timer.dueAt)} has not fired`;
  if (workflowTask !== undefined && now > workflowTask.scheduledAt + LATE_MS) {
    return `no worker has finished its workflow task since ${describeInstant(workflowTask.scheduledAt)}`;
  }
  const activity = activities.find(({ state, since }) => now > since + (state === 'running' ? LATE_MS : QUEUED_MS_MAX));
  if (activity === undefined) return undefined;
  const what = activity.state === 'running' ? 'given no sign of life' : 'waited for a worker';
  return `the activity ${activity.type} has ${what} since ${describeInstant(activity.since)}`;
}

/**
 * What the steps under way last failed with: a finding of its own where no leg is in attention for it, and else what that
 * attention is about.
 */
export function withLastFailures(
  findings: readonly Finding[],
  { requestId, runId }: OpenRequest,
  { activities }: RunDetails,
  now: number,
): readonly Finding[] {
  const failing = activities.flatMap(({ step }) => (step?.failure === undefined ? [] : [step]));
  const inAttention = findings.find(({ kind }) => kind === 'attention')?.providers ?? [];
  const isReported = ({ provider }: StepUnderWay): boolean => provider !== undefined && inAttention.includes(provider);
  const explained = findings.map((finding) =>
    finding.kind === 'attention' ? { ...finding, ...detailOf(failing.filter(isReported)) } : finding,
  );
  const others = failing.filter((step) => !isBraked(step) && !isReported(step) && isLasting(step, now));
  if (others.length === 0) return explained;
  const providers = others.flatMap(({ provider }) => provider ?? []);
  const about = { requestId, runId, ...defined({ providers: providers.length === 0 ? undefined : providers }) };
  return [...explained, { kind: 'failing', ...about, ...detailOf(others) }];
}

/** It waits for its provider's brake, which is one finding for all. */
function isBraked({ failure }: StepUnderWay): boolean {
  return failure?.kind === 'ProviderBraked';
}

function detailOf(steps: readonly StepUnderWay[]): Pick<Finding, 'detail'> {
  return steps.length === 0 ? {} : { detail: steps.map(describeStep).join(' ') };
}

/** A single attempt may fail, and be mended by the next. */
function isLasting({ failingSince, failedAttempts }: StepUnderWay, now: number): boolean {
  return failingSince === undefined ? failedAttempts >= FAILING_ATTEMPTS : now > Date.parse(failingSince) + LATE_MS;
}

/** `earlier`: a run of the same request that had ended before this one was started. */
export function findingOfSecondRun(
  about: Required<Pick<Finding, 'requestId' | 'runId'>>,
  { status, closedAt }: Pick<ListedRun, 'status' | 'closedAt'>,
): Finding {
  return { kind: 'second-run', ...about, detail: `an earlier run ended at ${describeInstant(closedAt)} (${status})` };
}

/**
 * Of the newest run of a request, which ended in another way than the process ends. A refusal is reported by sweeps that
 * look back as far as it, to `since`; a missing certificate for as long as Temporal keeps the run.
 */
export function findingsOfEnded(
  {
    requestId,
    runId,
    status,
    closedAt,
    isRefused,
  }: Omit<ListedRun, 'workflowId' | 'startedAt'> & { readonly isRefused: boolean },
  since: number,
): readonly Finding[] {
  const about = { ...defined({ requestId }), runId };
  if (!isRefused) return [{ kind: 'no-certificate', ...about, detail: status }];
  return closedAt >= since ? [{ kind: 'refused-at-start', ...about }] : [];
}

/** `open`: how many open requests need the queue. */
export function findingsOfQueue(
  queue: string,
  { isServed, open }: { readonly isServed: boolean; readonly open: number },
): readonly Finding[] {
  if (isServed || open === 0) return [];
  return [{ kind: 'no-worker', queue, detail: `${open} open ${open === 1 ? 'request needs' : 'requests need'} it` }];
}

/** `queue`: of the provider. */
export function findingsOfBrake(provider: Provider, queue: string, { on }: TripState): readonly Finding[] {
  if (on === undefined) return [];
  const { reason, requestIds } = on;
  // They may have been told too soon that nobody knows the person.
  const toLookInto = reason === 'unknown-ids' ? ` Look into: ${requestIds.join(', ')}.` : '';
  const detail = `${brakeAlarm(provider, on)}${toLookInto}`;
  return [{ kind: 'braked', queue, providers: [provider], detail }];
}

/** Hours without calls, or with a few now and then: what is on for less mends itself. */
export function findingsOfShortage(
  provider: Provider,
  queue: string,
  shortage: Shortage | undefined,
  now: number,
): readonly Finding[] {
  if (shortage === undefined || !isLastingShortage(shortage, now)) return [];
  return [{ kind: 'no-calls', queue, providers: [provider], detail: shortageAlarm(provider, shortage) }];
}

function dueAtOf({ dueAt }: RequestIndex): Pick<Finding, 'dueAt'> {
  return dueAt === undefined ? {} : { dueAt: new Date(dueAt).toISOString() };
}
