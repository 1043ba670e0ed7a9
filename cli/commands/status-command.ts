import { statusJson } from '../../client/request-json';
import type { Command } from 'commander';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { typedRequestId } from '../../temporal/names';

export function addStatus(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('show what each provider waits for, or how the request ended')
    .argument('<ID>', 'the request id or the workflow id')
    .option('--json', 'print one JSON object; of a completed request with its certificate')
    .addHelpText(
      'after',
      `
Example:
  erasure status 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 --json > ended.json
  erasure verify ended.json --key certificate.public.jwk`,
    )
    .action((id: string, options: { json?: boolean }) => status(id, options, context));
}

async function status(id: string, options: { readonly json?: boolean }, context: CommandContext): Promise<void> {
  const found = await connected(context, (client) => client.get(typedRequestId(id)));
  const { statusExitCode, statusText } = await import('../request-view.js');
  if (options.json === true) printJson(context, statusJson(found));
  else print(context, statusText(found, context));
  if (found.status === 'running' && found.progress === undefined) {
    remark(
      context,
      'No worker answered in time, so what each provider waits for cannot be shown. The request is safe.',
    );
  }
  context.exitWith(statusExitCode(found));
}
