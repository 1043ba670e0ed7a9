/**
 * A step that an activity of a run is at and does not get through, as Temporal's server has it. Retries are not visible to
 * workflow code: this is known before the workflow hears of it.
 */
import { defined } from '../defined';
import { describeInstant, MINUTE_MS } from '../duration';
import { failureWords, isFailureType, type FailureType } from './failure';
import { isProvider, providerName, type Provider } from '../provider/provider-table';
import { isRecord } from '../text';

/** Free of personal data. Instants are RFC 3339 in UTC. */
export interface StepUnderWay {
  /** The activity's type, e.g. `<provider>.requestErasure`. */
  readonly activity: string;
  /** Absent where it concerns the request as a whole. */
  readonly provider?: Provider;
  /** How many attempts of this activity have failed. */
  readonly failedAttempts: number;
  /** What the last of them failed with. */
  readonly failure?: {
    /** `TimedOut`: its answer is unknown. `Unexpected`: a fault of a worker. */
    readonly kind: FailureType | 'TimedOut' | 'Unexpected';
    /** A plain sentence. */
    readonly message: string;
  };
  /** Since when it has failed without a break, where the activity has told it. */
  readonly failingSince?: string;
  /** When it is tried again. */
  readonly nextTryAt?: string;
  /** No worker has taken it up since then. */
  readonly waitsForWorkerSince?: string;
  /** Somebody has paused it in Temporal. */
  readonly isPaused?: true;
}

interface ProtoInstant {
  /** A number, or the protocol library's own long number. */
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

interface ProtoFailure {
  readonly message?: string | null;
  readonly applicationFailureInfo?: { readonly type?: string | null } | null;
  readonly timeoutFailureInfo?: object | null;
}

/** Of Temporal's own `PendingActivityInfo` what is needed here. */
export interface PendingActivityInfo {
  readonly activityType?: { readonly name?: string | null } | null;
  readonly state?: number | null;
  readonly attempt?: number | null;
  readonly lastFailure?: ProtoFailure | null;
  readonly heartbeatDetails?: {
    readonly payloads?: readonly { readonly data?: Uint8Array | null }[] | null;
  } | null;
  readonly scheduledTime?: ProtoInstant | null;
  readonly nextAttemptScheduleTime?: ProtoInstant | null;
}

/** `temporal.api.enums.v1.PendingActivityState`. */
const SCHEDULED = 1;
const PAUSED = 4;
const PAUSE_REQUESTED = 5;

/** Workers take up what is due within seconds. */
const TAKEN_UP_WITHIN_MS = MINUTE_MS;
const MESSAGE_LENGTH_MAX = 500;

/** What there is to tell of what is pending; empty where all goes as it should. */
export function stepsUnderWay(pending: readonly PendingActivityInfo[], now: number): readonly StepUnderWay[] {
  return pending.flatMap((info) => stepUnderWay(info, now) ?? []);
}

export function stepUnderWay(info: PendingActivityInfo, now: number): StepUnderWay | undefined {
  const { activityType, attempt, lastFailure, state } = info;
  const activity = activityType?.name ?? '';
  const [key = ''] = activity.split('.');
  const failure = lastFailure ? failureOf(lastFailure) : undefined;
  const nextTryAt = epochMs(info.nextAttemptScheduleTime);
  const dueAt = nextTryAt ?? epochMs(info.scheduledTime);
  const isLate = state === SCHEDULED && dueAt !== undefined && now > dueAt + TAKEN_UP_WITHIN_MS;
  const isPaused = state === PAUSED || state === PAUSE_REQUESTED;
  if (failure === undefined && !isLate && !isPaused) return undefined;
  return {
    activity,
    ...(isProvider(key) ? { provider: key } : {}),
    // The one that is counted here is under way, or to come.
    failedAttempts: (attempt ?? 1) - 1,
    ...defined({ failure }),
    ...(failure === undefined ? {} : instant('failingSince', failingSince(info.heartbeatDetails))),
    ...(nextTryAt === undefined || nextTryAt < now || isPaused ? {} : instant('nextTryAt', nextTryAt)),
    ...(isLate ? instant('waitsForWorkerSince', dueAt) : {}),
    ...(isPaused ? { isPaused } : {}),
  };
}

const words: Readonly<Record<string, string>> = {
  requestErasure: 'asking to erase',
  observeErasure: 'looking whether it is gone',
  withdrawErasure: 'withdrawing the request',
  determineTerms: 'looking up rules and due dates',
  issueCertificate: 'signing the certificate',
  checkDecision: 'checking who decided',
  waitForBrake: 'waiting until the brake of its provider is released',
};

/** For people: who is asked for what, what came of it, since when, and when it is tried again. */
export function describeStep(step: StepUnderWay): string {
  const {
    activity,
    provider,
    failedAttempts: times,
    failure,
    failingSince: since,
    nextTryAt,
    waitsForWorkerSince,
  } = step;
  const what = words[activity.split('.').at(-1) ?? ''] ?? activity;
  const told =
    failure === undefined
      ? []
      : [
          `${failure.kind}${since === undefined ? '' : ` since ${inWords(since)}`} (failed ${times === 1 ? 'once' : `${times} times`}): ${failure.message}`,
        ];
  const next = [
    ...(waitsForWorkerSince === undefined ? [] : [`No worker has taken it up since ${inWords(waitsForWorkerSince)}.`]),
    ...(step.isPaused === true ? ['It is paused in Temporal.'] : []),
    ...(nextTryAt === undefined ? [] : [`Next try ${inWords(nextTryAt)}.`]),
  ];
  const who = provider === undefined ? '' : `${providerName(provider)}, `;
  return `${who}${what}: ${[...told, ...next].join(' ')}`;
}

function failureOf({ message, applicationFailureInfo, timeoutFailureInfo }: ProtoFailure): StepUnderWay['failure'] {
  const type = applicationFailureInfo?.type;
  // Only our own failures are known to be free of identifiers.
  if (isFailureType(type)) return { kind: type, message: sentence(type, message ?? '') };
  if (timeoutFailureInfo) {
    return { kind: 'TimedOut', message: 'The last attempt gave no answer in time, or its worker vanished.' };
  }
  const name = typeof type === 'string' && /^[A-Za-z]{1,64}$/.test(type) ? ` (${type})` : '';
  return {
    kind: 'Unexpected',
    message: `A worker of ours broke, or does not have this activity${name}: its log says more.`,
  };
}

function sentence(type: FailureType, message: string): string {
  const said = message.replace(/\p{C}/gu, '?').slice(0, MESSAGE_LENGTH_MAX);
  if (said !== '') return said;
  return `${failureWords(type)}.`;
}

/** As activities/leg-activities.ts leaves it for its next attempt. */
function failingSince(details: PendingActivityInfo['heartbeatDetails']): number | undefined {
  const data = details?.payloads?.[0]?.data;
  if (!data) return undefined;
  let memory: unknown;
  try {
    memory = JSON.parse(new TextDecoder().decode(data));
  } catch {
    // Left by somebody else's activity.
    return undefined;
  }
  if (!isRecord(memory)) return undefined;
  const { unavailableSince, pendingSince } = memory;
  return [unavailableSince, pendingSince].find((at): at is number => typeof at === 'number' && Math.abs(at) < 8.64e15);
}

function epochMs(instantOf: ProtoInstant | null | undefined): number | undefined {
  if (!instantOf) return undefined;
  return Number(instantOf.seconds ?? 0) * 1_000 + Math.floor((instantOf.nanos ?? 0) / 1_000_000);
}

function instant<Name extends string>(name: Name, at: number | undefined): { readonly [key in Name]?: string } {
  if (at === undefined) return {};
  return { [name]: new Date(at).toISOString() } as { readonly [key in Name]?: string };
}

function inWords(at: string): string {
  return describeInstant(Date.parse(at));
}
