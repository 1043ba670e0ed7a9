import type { Command } from 'commander';
import { connected, requestIdOf } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { confirm } from '../confirm';

const consequences = `Withdrawing ends the request for good: providers not asked yet are not asked, those asked are asked to undo it where
they can, and the certificate says what was undone and what was not. What is erased already stays erased.`;

interface WithdrawOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addWithdraw(program: Command, context: CommandContext): void {
  program
    .command('withdraw')
    .description('end a request before its time, undoing at each provider what can be undone')
    .argument('<ID>', 'the request id or the workflow id')
    .option('--yes', 'do not ask for confirmation; needed where there is no terminal')
    .option('--json', 'print the request after the withdrawal was taken as one JSON object')
    .addHelpText(
      'after',
      `
${consequences}
Safe to repeat. Exits with 0 once the withdrawal is taken; erasure watch tells what came of it.

Example:
  erasure withdraw 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 --yes`,
    )
    .action((id: string, options: WithdrawOptions) => withdraw(id, options, context));
}

async function withdraw(id: string, options: WithdrawOptions, context: CommandContext): Promise<void> {
  await confirm(consequences, { yes: options.yes === true, context });
  const requestId = requestIdOf(id);
  const taken = await connected(context, (client) => client.withdraw(requestId));
  const { statusJson, statusText } = await import('../request-view.js');
  if (options.json === true) printJson(context, statusJson(taken));
  else print(context, statusText(taken, context));
  if (taken.status === 'running')
    remark(context, `The withdrawal is taken. Follow it with: erasure watch ${requestId}`);
}
