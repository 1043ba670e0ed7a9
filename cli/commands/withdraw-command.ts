import type { Command } from 'commander';
import { withdrawalWishes } from '../../domain/decision/decision';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { confirm } from '../confirm';
import { addTokenOptions, type TokenOptions } from '../obtain-decision-token';
import { exitCode } from '../exit-code';
import { InputError } from '../command-failure';
import { choiceOption } from '../options';
import { actorFlags, actorHelp, reasonFlags, reasonHelp, takeDecision } from '../take-decision';
import { typedRequestId } from '../../temporal/names';

const consequences = `Withdrawing ends the request for good: providers not asked yet are not asked, those asked are asked to undo it where
they can, and the certificate says what was undone and what was not. What is erased already stays erased.`;

interface WithdrawOptions extends TokenOptions {
  readonly wantedBy?: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addWithdraw(program: Command, context: CommandContext): void {
  const command = program
    .command('withdraw')
    .description('end a request before its time, undoing at each provider what can be undone')
    .argument('<ID>', 'the request id or the workflow id')
    .addOption(
      choiceOption('--wanted-by <WHO>', 'who wants it: the person, or it should not have been filed', withdrawalWishes),
    )
    .option(actorFlags, actorHelp)
    .option(reasonFlags, reasonHelp('person-changed-mind'));
  addTokenOptions(command)
    .option('--yes', 'do not ask for confirmation; needed where there is no terminal')
    .option('--json', 'print the request after the withdrawal was taken as one JSON object')
    .addHelpText(
      'after',
      `
${consequences}
With --wanted-by, --actor and --reason it is a decision that the certificate names. Without them it is Temporal's own cancellation,
by nobody and for no reason; a request that takes signed decisions only asks a staff member instead.
Safe to repeat without them. Exits with 0 once the withdrawal is taken; erasure watch tells what came of it.

Examples:
  erasure withdraw 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 --wanted-by subject --actor staff-17 --reason person-changed-mind:PRIV-1234
  erasure withdraw 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 --yes`,
    )
    .action((id: string, options: WithdrawOptions) => withdraw(id, options, context));
}

async function withdraw(id: string, options: WithdrawOptions, context: CommandContext): Promise<void> {
  const { wantedBy, actor, reason } = options;
  const said = [wantedBy, actor, reason].filter((value) => value !== undefined);
  if (said.length === 1 || said.length === 2) {
    throw new InputError('--wanted-by, --actor and --reason go together: give all three, or none of them.');
  }
  await confirm(consequences, { yes: options.yes === true, context });
  const requestId = typedRequestId(id);
  if (actor === undefined || reason === undefined) return cancel(requestId, options, context);
  await takeDecision('withdraw', { requestId, typed: { ...options, actor, reason }, context });
  remark(context, taken(requestId));
}

async function cancel(requestId: string, options: WithdrawOptions, context: CommandContext): Promise<void> {
  const found = await connected(context, (client) => client.withdraw(requestId));
  const { statusJson, statusText } = await import('../request-view.js');
  if (options.json === true) printJson(context, statusJson(found));
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
  remark(context, taken(requestId));
}

function taken(requestId: string): string {
  return `The withdrawal is taken. Follow it with: erasure watch ${requestId}`;
}
