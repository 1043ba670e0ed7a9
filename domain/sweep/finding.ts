/** What the sweep can find wrong with a request, and how it judges one: nothing may be forgotten in silence. */
import { DAY_MS, describeInstant, MINUTE_MS } from '../duration';
import { triesDaily } from '../leg/failure';
import { isProvider, type Provider } from '../provider/provider-table';
import type { RequestProgress } from '../request/request-progress';
import { describeStep, type StepUnderWay } from '../leg/step-under-way';

/** The most urgent first. */
export const findingKinds = [
  'overdue',
  'unanswered',
  'no-certificate',
  'task-failing',
  'no-worker',
  'unheard-of',
  'unreadable',
  'second-run',
  'paused',
  'cannot-make-it',
  'due-soon',
  'attention',
  'failing',
  'refused-at-start',
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** For people: what it means, and what to do about it. */
export const findingGuide: Readonly<Record<FindingKind, { readonly happened: string; readonly todo: string }>> = {
  overdue: {
    happened: 'the day by which the law wants the person answered is over, and no answer is recorded',
    todo: 'answer the person now, then record it; erasure status says what the request waits for',
  },
  unanswered: {
    happened:
      'it has no due date, since the rules name no calendar for its law, and no answer is recorded after 30 days',
    todo: 'see what it waits for (erasure status), answer the person, then record it; name a calendar in the policy file',
  },
  'no-certificate': {
    happened: 'the run ended without a certificate: terminated, failed, timed out or cancelled outside of the process',
    todo: 'find out what the providers took on, then submit the request anew or reset the run in Temporal',
  },
  'task-failing': {
    happened: 'its workflow task fails again and again: a bug, or a worker that is older than the run',
    todo: 'read the failure in the Temporal UI and deploy a mended worker; the run goes on where it was',
  },
  'no-worker': {
    happened: 'no worker polls a queue that open requests need',
    todo: 'start a worker for the queue, or find out why its workers cannot reach Temporal',
  },
  'unheard-of': {
    happened: 'the run is open, and what should have happened has not, or nothing is there that could wake it',
    todo: 'open the run in the Temporal UI, look at what is pending, and look into the log of the workers',
  },
  unreadable: {
    happened: 'Temporal answers for others, and this run cannot be read: nobody can tell how it stands',
    todo: 'open the run in the Temporal UI: its history may be very long, or somebody has written over its search attributes',
  },
  'second-run': {
    happened: 'the request was started a second time, after a run of it had ended: its providers are asked again',
    todo: 'find out who started it, and why; withdraw it unless it is meant, and submit under a new request id what is',
  },
  paused: {
    happened: 'somebody has paused the run, or one of its activities, in Temporal',
    todo: 'unpause it in the Temporal UI; to stop a request, withdraw it or put it on hold',
  },
  'cannot-make-it': {
    happened: "the providers' windows end after the due date, or nobody has acted in time for them to end before",
    todo: 'extend it where the law allows, or decide about the provider that is late',
  },
  'due-soon': {
    happened: 'the due date is near, and no answer to the person is recorded',
    todo: 'look at what it waits for (erasure status), and answer the person in time',
  },
  attention: {
    happened: "a provider's leg is in attention: it waits for a staff member, or for the world to mend",
    todo: 'erasure status says the reason and what you can do',
  },
  failing: {
    happened: 'a step does not get through, and is tried again by itself; nobody has to decide anything yet',
    todo: 'see what it fails with, and mend what is yours (network, credentials, keys, worker); the provider may be down',
  },
  'refused-at-start': {
    happened: 'the run was refused at its start, since its input was no erasure request; nobody was asked',
    todo: 'correct the request and submit it anew under a new request id',
  },
};

/** Free of personal data. Instants are RFC 3339 in UTC. */
export interface Finding {
  readonly kind: FindingKind;
  /** Absent where it is about a queue, or about a run that was started under an id that is none of ours. */
  readonly requestId?: string;
  readonly runId?: string;
  readonly queue?: string;
  /** The providers whose legs are in attention. */
  readonly providers?: readonly Provider[];
  readonly dueAt?: string;
  /** How this one came about, in plain words. */
  readonly detail?: string;
}

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

/** What Temporal has of a run when looked at closely. Instants in epoch ms. */
export interface CloseLook {
  readonly isPaused: boolean;
  /** Something has changed while it was looked at: it is alive. */
  readonly isMoving: boolean;
  readonly workflowTask?: { readonly attempt: number; readonly scheduledAt: number };
  /** Why its latest workflow task failed, where that is no bug: the namespace lacks a search attribute. */
  readonly failedFor?: 'search-attributes' | undefined;
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

/** Temporal fires a timer, and workers take up a task, within seconds; what is later than this needs a look. */
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
  const about = { requestId, runId, ...dueAtOf(index.dueAt) };
  const inAttention = blockedOn.filter(isProvider);
  return [
    ...(['overdue', 'unanswered', 'cannot-make-it', 'due-soon'] as const)
      .filter((kind) => blockedOn.includes(kind))
      .map((kind): Finding => ({ kind, ...about })),
    ...(inAttention.length === 0 ? [] : [{ kind: 'attention', requestId, runId, providers: inAttention } as const]),
  ];
}

/** Whether the index leaves open how the request stands, so that the run itself has to be asked. */
export function hasToBeAsked({ index, startedAt }: OpenRequest, now: number): boolean {
  if (index === undefined) return now > startedAt + LATE_MS;
  return isPastDue(index, now) && !index.blockedOn.includes('overdue');
}

function isPastDue({ dueAt }: RequestIndex, now: number): boolean {
  return dueAt !== undefined && now > dueAt + LATE_MS;
}

/** `answer`: what the run said; undefined where no worker answered in time. Nothing may be overlooked for that. */
export function findingsOfAnswer(request: OpenRequest, answer: RequestProgress | undefined, now: number): Finding[] {
  const { requestId, runId, index } = request;
  if (answer === undefined) {
    const detail = 'no worker answers for it, so that nobody can tell how it stands';
    if (index === undefined) return [{ kind: 'unheard-of', requestId, runId, detail }];
    return isPastDue(index, now) ? [{ kind: 'overdue', requestId, runId, ...dueAtOf(index.dueAt), detail }] : [];
  }
  const { due, legs, blockedOn } = answer;
  const isLate = due?.lateByMs !== undefined && due.standing !== 'overdue';
  // What the index says already is not said twice.
  const providers =
    index === undefined ? legs.filter(({ state }) => state === 'attention').map(({ provider }) => provider) : [];
  return [
    ...(due?.standing === 'overdue' ? [{ kind: 'overdue', requestId, runId, dueAt: due.at } as const] : []),
    ...(index === undefined && blockedOn.includes('unanswered')
      ? [{ kind: 'unanswered', requestId, runId } as const]
      : []),
    ...(index === undefined && isLate ? [{ kind: 'cannot-make-it', requestId, runId, dueAt: due.at } as const] : []),
    ...(index === undefined && due?.standing === 'due-soon'
      ? [{ kind: 'due-soon', requestId, runId, dueAt: due.at } as const]
      : []),
    ...(providers.length === 0 ? [] : [{ kind: 'attention', requestId, runId, providers } as const]),
  ];
}

/** Whether somebody is named who has to act, so that the run may rest without a timer. */
export function waitsForStaff({ index }: OpenRequest, answer: RequestProgress | undefined): boolean {
  if (index !== undefined) return index.blockedOn.some((one) => staffTasks.includes(one));
  if (answer === undefined) return false;
  const { todo, legs } = answer;
  return todo.length > 0 || legs.some(({ attention }) => attention !== undefined && !triesDaily(attention.reason));
}

const staffTasks: readonly string[] = ['staff', 'approval', 'hold', 'answer', 'notice-of-hold'];

/** Whether something will wake the run: a timer, an activity, a workflow task, or somebody whose task it is. */
export function findingsOfLook(
  request: OpenRequest,
  look: CloseLook,
  { isWithStaff, now }: { readonly isWithStaff: boolean; readonly now: number },
): readonly Finding[] {
  const { requestId, runId } = request;
  const { workflowTask, activities } = look;
  const late = lateOf(look, now);
  const isFailing = request.isReportedFailing || (workflowTask?.attempt ?? 0) >= FAILING_ATTEMPTS;
  const isPaused = look.isPaused || activities.some((activity) => activity.isPaused);
  const detail =
    late ?? (!isAtRest(look) || isWithStaff ? undefined : 'no timer, activity or staff member will wake it');
  return [
    ...(isFailing ? [{ kind: 'task-failing', requestId, runId, ...failureOf(look) } as const] : []),
    ...(isPaused ? [{ kind: 'paused', requestId, runId } as const] : []),
    // The one is the reason for the other.
    ...(isFailing || isPaused || detail === undefined
      ? []
      : [{ kind: 'unheard-of', requestId, runId, detail } as const]),
  ];
}

/**
 * What the steps under way last failed with: a finding of its own where no leg is in attention for it, and else what that
 * attention is about.
 */
export function withLastFailures(
  findings: readonly Finding[],
  { requestId, runId }: OpenRequest,
  { activities }: CloseLook,
  now: number,
): readonly Finding[] {
  const failing = activities.flatMap(({ step }) => (step?.failure === undefined ? [] : [step]));
  const detailOf = (steps: readonly StepUnderWay[]) =>
    steps.length === 0 ? {} : { detail: steps.map(describeStep).join(' ') };
  const inAttention = findings.find(({ kind }) => kind === 'attention')?.providers ?? [];
  const isTold = ({ provider }: StepUnderWay): boolean => provider !== undefined && inAttention.includes(provider);
  const others = failing.filter((step) => !isTold(step) && isLasting(step, now));
  const providers = others.flatMap(({ provider }) => provider ?? []);
  return [
    ...findings.map((finding) =>
      finding.kind === 'attention' ? { ...finding, ...detailOf(failing.filter(isTold)) } : finding,
    ),
    ...(others.length === 0
      ? []
      : [
          {
            kind: 'failing',
            requestId,
            runId,
            ...(providers.length === 0 ? {} : { providers }),
            ...detailOf(others),
          } as const,
        ]),
  ];
}

/** A single attempt may fail, and be mended by the next. */
function isLasting({ failingSince, failedAttempts }: StepUnderWay, now: number): boolean {
  return failingSince === undefined ? failedAttempts >= FAILING_ATTEMPTS : now > Date.parse(failingSince) + LATE_MS;
}

/** Nothing but a staff member will move it. */
export function isAtRest({ isMoving, workflowTask, activities, timers }: CloseLook): boolean {
  return (
    !isMoving && workflowTask === undefined && activities.length === 0 && timers.every(({ isReminder }) => isReminder)
  );
}

function failureOf({ workflowTask, failedFor }: CloseLook): { readonly detail?: string } {
  const why = [
    ...(workflowTask === undefined ? [] : [`attempt ${workflowTask.attempt}`]),
    ...(failedFor === undefined ? [] : ['the namespace lacks a search attribute: erasure setup adds it']),
  ];
  return why.length === 0 ? {} : { detail: why.join('; ') };
}

/** What should have happened by now, in words. */
function lateOf({ workflowTask, activities, timers, isMoving }: CloseLook, now: number): string | undefined {
  if (isMoving) return undefined;
  const timer = timers.find(({ dueAt }) => now > dueAt + LATE_MS);
  if (timer !== undefined) return `a timer that was due at ${describeInstant(timer.dueAt)} has not fired`;
  if (workflowTask !== undefined && now > workflowTask.scheduledAt + LATE_MS) {
    return `no worker has finished its workflow task since ${describeInstant(workflowTask.scheduledAt)}`;
  }
  const activity = activities.find(({ state, since }) => now > since + (state === 'running' ? LATE_MS : QUEUED_MS_MAX));
  if (activity === undefined) return undefined;
  const { type, state, since } = activity;
  return state === 'running'
    ? `the activity ${type} has given no sign of life since ${describeInstant(since)}`
    : `the activity ${type} has waited for a worker since ${describeInstant(since)}`;
}

/** How an earlier run of the same request ended, not one that this run is a reset of. */
export interface EarlierRun {
  readonly status: EndedStatus | 'completed';
  /** Epoch ms. */
  readonly closedAt: number;
}

export function findingOfSecondRun(
  about: { readonly requestId: string; readonly runId: string },
  { status, closedAt }: EarlierRun,
): Finding {
  return { kind: 'second-run', ...about, detail: `an earlier run ended at ${describeInstant(closedAt)} (${status})` };
}

export type EndedStatus = 'failed' | 'terminated' | 'timed-out' | 'cancelled';

/** The newest run of a request, ended in another way than the process ends. */
export interface EndedRun {
  /** Absent for a run that was started under an id that is none of ours. */
  readonly requestId?: string;
  readonly runId: string;
  readonly status: EndedStatus;
  /** Epoch ms. */
  readonly closedAt: number;
  /** It failed since its input was no erasure request. */
  readonly isRefused: boolean;
}

/** A refusal is reported by sweeps that look back as far as it, to `since`; a missing certificate for as long as Temporal keeps the run. */
export function findingsOfEnded(
  { status, closedAt, isRefused, ...about }: EndedRun,
  since: number,
): readonly Finding[] {
  if (isRefused) return closedAt >= since ? [{ kind: 'refused-at-start', ...about }] : [];
  return [{ kind: 'no-certificate', ...about, detail: status }];
}

/** For sorting: the most urgent first. */
export function byUrgency(one: Finding, other: Finding): number {
  return findingKinds.indexOf(one.kind) - findingKinds.indexOf(other.kind);
}

/** `open`: how many open requests need the queue. */
export function findingsOfQueue(
  queue: string,
  { isServed, open }: { readonly isServed: boolean; readonly open: number },
): readonly Finding[] {
  if (isServed || open === 0) return [];
  return [{ kind: 'no-worker', queue, detail: `${open} open ${open === 1 ? 'request needs' : 'requests need'} it` }];
}

function dueAtOf(dueAt: number | undefined): { readonly dueAt?: string } {
  return dueAt === undefined ? {} : { dueAt: new Date(dueAt).toISOString() };
}
