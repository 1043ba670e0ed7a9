/** Requests as a table, a line for each. */
import { requestStateWords, shortTodo } from '../client/request-words';
import { dueDayOf, urgencyOf, type ListedRequest } from '../client/listed-request';
import { needsStaff } from '../domain/request/search-values';
import { plainTable, widthOf } from './columns';
import type { CommandContext } from './context';
import { colorsFor } from './request-view';

/** Below this width the state stands only where there is nothing to do. */
const WIDE = 100;

export function listText(
  requests: readonly ListedRequest[],
  { now, context }: { readonly now: number; readonly context: CommandContext },
): string {
  const { bold, dim, yellow } = colorsFor(context);
  const width = widthOf(context);
  const isWide = width >= WIDE;
  const rows = requests.map((listed) => {
    const isOverdue = urgencyOf(listed, now) === 'overdue';
    const paint = isOverdue ? yellow : String;
    const state = requestStateWords[listed.state];
    const todo = shortTodo(listed);
    const toDo = isOverdue ? `OVERDUE: ${todo ?? 'answer the person'}` : (todo ?? (isWide ? '–' : `(${state})`));
    return [
      listed.requestId,
      paint(listed.dueAt === undefined ? '–' : dueDayOf(listed.dueAt)),
      ...(isWide ? [listed.isOpen ? state : dim(state)] : []),
      todo === undefined && !isOverdue ? dim(toDo) : paint(toDo),
    ];
  });
  const head = ['Request', 'Due', ...(isWide ? ['State'] : []), 'To do'].map((title) => bold(title));
  return plainTable([head, ...rows], { width });
}

/** What is to be done about those that are listed; undefined where none of them is open. */
export function listSummary(requests: readonly ListedRequest[], now: number): string | undefined {
  const open = requests.filter(({ isOpen }) => isOpen);
  if (open.length === 0) return undefined;
  const needing = open.filter(({ blockedOn }) => needsStaff(blockedOn)).length;
  const overdue = open.filter((one) => urgencyOf(one, now) === 'overdue').length;
  if (needing + overdue === 0) return 'Nothing waits for a staff member.';
  return `${needing} of them ${needing === 1 ? 'needs' : 'need'} a staff member, ${overdue} ${overdue === 1 ? 'is' : 'are'} overdue.`;
}
