import type { Command } from 'commander';
import { printJson, remark, type CommandContext } from '../context';
import { readJson } from '../read-input';

export function addSeal(program: Command, context: CommandContext): void {
  program
    .command('seal')
    .description('seal the identifiers of a request file and print the workflow input as JSON')
    .argument('<FILE>', 'the request file, or - for stdin')
    .addHelpText(
      'after',
      `
The output starts the workflow from the Temporal UI or another language: workflow type erasureRequest, task queue erasure.

Example:
  erasure seal request.json`,
    )
    .action((file: string) => seal(file, context));
}

async function seal(file: string, context: CommandContext): Promise<void> {
  const { prepareRequest, sealerFromFiles } = await import('../../client/prepared-request.js');
  const { clientVariables } = await import('../../config/client-config.js');
  const { ConfigurationError, readEnvironment } = await import('../../config/environment.js');
  const { ERASURE_KEYS_DIR: keysDirectory } = readEnvironment(clientVariables, context.environment);
  if (keysDirectory === undefined) throw new ConfigurationError(['ERASURE_KEYS_DIR is missing']);
  const submission = await readJson(file, 'The request file', context);
  const { input, workflowId } = await prepareRequest(submission, sealerFromFiles(keysDirectory));
  printJson(context, input);
  remark(context, `Start it under the workflow id ${workflowId}.`);
}
