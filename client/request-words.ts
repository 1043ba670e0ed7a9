/** A request in a few words: the same on the command line and in the console. */
import { isProvider, providerName } from '../domain/provider/provider-table';
import type { BlockedOn } from '../domain/request/search-values';
import type { ListedRequest } from './listed-request';
import type { RequestStateName } from './states';

export const requestStateWords: Readonly<Record<RequestStateName, string>> = {
  running: 'running',
  attention: 'needs attention',
  starting: 'starting',
  'awaiting-approval': 'waits for approval',
  'on-hold': 'on legal hold',
  closing: 'rejected, closing',
  'issuing-certificate': 'certificate being signed',
  'awaiting-answer': 'answer to be given',
  completed: 'completed',
  'completed-with-exceptions': 'completed with exceptions',
  withdrawn: 'withdrawn',
  rejected: 'rejected',
  failed: 'failed',
  terminated: 'terminated',
  'timed-out': 'timed out',
  cancelled: 'cancelled',
};

type OwnBlocker = Exclude<BlockedOn, Parameters<typeof providerName>[0]>;

/** What can be done at once comes first: of an overdue request that waits for its approval, that. */
const todoWords: Readonly<Record<OwnBlocker, string | undefined>> = {
  certificate: 'see why it is not certified',
  approval: 'approve or reject it',
  answer: 'tell the person and record it',
  'notice-of-hold': 'tell the person why it is held',
  overdue: 'answer the person',
  unanswered: 'answer the person',
  'cannot-make-it': 'will be late: extend or decide',
  hold: 'review or release the hold',
  staff: 'decide: see the request',
  todo: 'see the request',
  // A day that is near is only a day.
  'due-soon': undefined,
};

const first: readonly OwnBlocker[] = ['certificate', 'approval', 'answer', 'notice-of-hold'];
const then = (Object.keys(todoWords) as OwnBlocker[]).filter((blocker) => !first.includes(blocker));

/** The one thing to do first; undefined where nothing waits for a person. */
export function shortTodo({ blockedOn }: Pick<ListedRequest, 'blockedOn'>): string | undefined {
  const ofOwn = (blockers: readonly OwnBlocker[]): string | undefined =>
    blockers
      .filter((blocker) => blockedOn.includes(blocker))
      .map((blocker) => todoWords[blocker])
      .find((words) => words !== undefined);
  const inAttention = blockedOn.filter(isProvider).map(providerName);
  return ofOwn(first) ?? (inAttention.length > 0 ? `mend or decide: ${inAttention.join(', ')}` : ofOwn(then));
}
