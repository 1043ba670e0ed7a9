import { statusJson } from '../../client/request-json';
import type { Command } from 'commander';
import { connected } from '../connected';
import { print, printJsonLine, type CommandContext } from '../context';
import { typedRequestId } from '../../temporal/names';

interface WatchCommandOptions {
  readonly json?: boolean;
  readonly untilClosed?: boolean;
}

export function addWatch(program: Command, context: CommandContext): void {
  program
    .command('watch')
    .description('follow a request live until its certificate is there, which takes days')
    .argument('<ID>', 'the request id or the workflow id')
    .option('--until-closed', 'go on after the certificate, until it is recorded that the person was told')
    .option('--json', 'print one JSON object on a line for each change; the last one holds the certificate')
    .addHelpText(
      'after',
      `
Prints a line for each change of a provider's leg, then how the request ended. Goes on while no worker answers.
Ends with the certificate, which confirms the erasure, also where the answer to the person has not been recorded yet: what is
still owed, and by when, is printed. The certificate is seen at once, and needs no worker.
Each look asks Temporal (a query, billed in Temporal Cloud): every second at first, every 5 minutes while nothing changes.
Ctrl-C ends the watching; the request goes on.

Examples:
  erasure watch 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11
  erasure watch 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 --json | jq .state`,
    )
    .action((id: string, options: WatchCommandOptions) => watch(id, options, context));
}

async function watch(id: string, options: WatchCommandOptions, context: CommandContext): Promise<void> {
  const { statusExitCode, statusText } = await import('../request-view.js');
  const { follow } = await import('../follow.js');
  const isJson = options.json === true;
  await connected(context, async (client) => {
    const ended = await follow(client, typedRequestId(id), {
      context,
      untilClosed: options.untilClosed === true,
      onChange: (status, lines) => {
        if (isJson) printJsonLine(context, statusJson(status));
        else if (lines.length > 0) print(context, ...lines);
      },
    });
    if (isJson) printJsonLine(context, statusJson(ended));
    else print(context, statusText(ended, context));
    context.exitWith(statusExitCode(ended));
  });
}
