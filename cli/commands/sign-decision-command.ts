import type { Command } from 'commander';
import { defined } from '../../domain/defined';
import { providerKeys } from '../../domain/provider/provider-table';
import { print, printJson, remark, type CommandContext } from '../context';
import { InputError } from '../command-failure';
import { durationOption } from '../options';
import { readJson } from '../read-input';

interface SignOptions {
  readonly staffKey: string;
  readonly holdsFor?: number;
  readonly json?: boolean;
}

export function addSignDecision(program: Command, context: CommandContext): void {
  program
    .command('sign-decision')
    .description('sign a decision with a key of your own, without a network')
    .argument('<FILE>', 'the decision, or - for stdin')
    .requiredOption('--staff-key <FILE>', 'your key file, made with erasure keys add-staff')
    .addOption(durationOption('--holds-for <TIME>', 'how long the token is good for, up to 24h (default 15m)'))
    .option('--json', 'print one JSON object with the token, its id and its end')
    .addHelpText(
      'after',
      `
The file holds the request and its run (erasure status --json has it), the kind of decision, and what the decision command will
say, word for word:
  { "requestId": "<UUID>", "run": "<UUID>", "kind": "waive",
    "content": { "provider": "${providerKeys[0]}", "actor": "staff-17", "reason": { "code": "contract-ended", "ticket": "PRIV-1234" } } }
Prints the token, for the decision command's --token-file. It is good once, for this decision of this run only.

Example:
  erasure sign-decision decision.json --staff-key staff-17.json > token.txt`,
    )
    .action((file: string, options: SignOptions) => sign(file, options, context));
}

async function sign(file: string, { staffKey, holdsFor, json }: SignOptions, context: CommandContext): Promise<void> {
  const { createDecisionTokenIssuer, parseDecisionForRun } = await import('../../security/decision-token.js');
  const { readStaffKeys } = await import('../../security/key-files.js');
  const decision = parseDecisionForRun(await readJson(file, 'The decision', context));
  if (decision === undefined) {
    throw new InputError('This is no decision: expected { requestId, run, kind, content } and nothing else.');
  }
  const issuer = createDecisionTokenIssuer(await readStaffKeys(staffKey));
  const issued = await issuer.issue({
    ...decision,
    now: Date.now(),
    ...defined({ lifetimeMs: holdsFor }),
  });
  if (json === true) printJson(context, issued);
  else print(context, issued.token);
  remark(context, `The token is good once, until ${issued.expiresAt}.`);
}
