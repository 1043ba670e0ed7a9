import { WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';
import type { Command } from 'commander';
import { printJson, remark, type CommandContext } from '../context';
import { readJson } from '../read-input';
import { sealerOf } from '../sealer';
import { showWarnings } from '../warnings-text';

export function addSeal(program: Command, context: CommandContext): void {
  program
    .command('seal')
    .description('seal the identifiers of a request file and print the workflow input as JSON')
    .argument('<FILE>', 'the request file, or - for stdin')
    .option('--json', 'print all that a start needs as one JSON object: workflow id, type, task queue, memo and input')
    .addHelpText(
      'after',
      `
The output starts the workflow from the Temporal UI or another language: workflow type erasureRequest, task queue erasure.

Examples:
  erasure seal request.json > input.json
  erasure seal request.json --json | jq -r .workflowId`,
    )
    .action((file: string, options: { json?: boolean }) => seal(file, options, context));
}

async function seal(file: string, options: { readonly json?: boolean }, context: CommandContext): Promise<void> {
  const { prepareRequest } = await import('../../client/prepared-request.js');
  const sealer = await sealerOf(context);
  const submission = await readJson(file, 'The request file', context);
  const { input, workflowId, fingerprint, warnings } = await prepareRequest(submission, sealer);
  showWarnings(warnings, context);
  if (options.json === true) {
    // With the memo a later `submit` of the same request knows it again.
    const start = { workflowId, workflowType: WORKFLOW_TYPE, taskQueue: WORKFLOW_QUEUE, memo: { fingerprint }, input };
    printJson(context, start);
    return;
  }
  printJson(context, input);
  remark(context, `Start it under the workflow id ${workflowId}.`);
}
