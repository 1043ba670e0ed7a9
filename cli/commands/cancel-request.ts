/** What `erasure withdraw` does without actor and reason: Temporal's own cancellation. */
import { statusJson } from '../../client/request-json';
import { decisionRow } from '../../domain/decision/decision-table';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { exitCode } from '../exit-code';

export const cancelHelp = `With --wanted-by, --actor and --reason it is a decision that the certificate names. Without them it is Temporal's own cancellation,
by nobody and for no reason; a request that takes signed decisions only asks a staff member instead.
Safe to repeat without them. Exits with 0 once the withdrawal is taken; erasure watch tells what came of it.`;

export async function cancelRequest(
  requestId: string,
  { json }: { readonly json?: boolean },
  context: CommandContext,
): Promise<void> {
  const found = await connected(context, (client) => client.withdraw(requestId));
  const { statusText } = await import('../request-view.js');
  if (json === true) printJson(context, statusJson(found));
  else print(context, statusText(found, context));
  if (found.status !== 'running') return;
  if (found.progress?.decisionMode === 'authenticated') {
    remark(
      context,
      'Nothing was withdrawn: this request takes withdrawals as signed decisions only. Say --wanted-by, --actor and --reason.',
    );
    context.exitWith(exitCode.refused);
    return;
  }
  remark(context, `${decisionRow('withdraw').command.afterwards} ${requestId}`);
}
