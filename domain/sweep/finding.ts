/** What the sweep can find. */
import type { Provider } from '../provider/provider-table';

/** Every kind of finding, the most urgent first, for people: what it means, and what to do about it. */
export const findingGuide = {
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
  braked: {
    happened: 'the brake of a provider is on, since it refuses everyone: requests wait, and go on by themselves',
    todo: 'erasure brake list says why, since when, and what you can do',
  },
  'no-calls': {
    happened: 'no calls are left to a provider for hours: requests wait, and go on by themselves',
    todo: 'nothing, if it is only a busy day; else have the provider raise its limit, or send it fewer requests',
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
} as const satisfies Record<string, { readonly happened: string; readonly todo: string }>;

export type FindingKind = keyof typeof findingGuide;
export const findingKinds = Object.keys(findingGuide) as readonly FindingKind[];

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
