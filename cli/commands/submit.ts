import type { Command } from 'commander';
import type { ErasureClient, Submitted } from '../../client/erasure-client';
import type { ErasureSubmission } from '../../client/submission';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { readJson } from '../read-input';

interface SubmitOptions {
  readonly wait?: boolean;
  readonly json?: boolean;
}

export function addSubmit(program: Command, context: CommandContext): void {
  program
    .command('submit')
    .description('submit a request file; safe to repeat with the same request id')
    .argument('<FILE>', 'the request file, or - for stdin')
    .option('--wait', 'wait until the request has ended, which takes days, and tell its progress on stderr')
    .option('--json', 'print one JSON object; with --wait including the certificate')
    .addHelpText(
      'after',
      `
The request file, with at least one provider:
  { "requestId": "<UUID>",  "regulation": "gdpr" | "uk-gdpr" | "ccpa",  "submittedAt": "2026-11-22T09:30:00Z",
    "receivedVia": "web-form",  "ground": "consent-withdrawn",
    "verification": { "method": "account-login", "by": "staff-17", "at": "2026-11-22T10:00:00Z", "reference": "PRIV-1" },
    "subject": { "measureone": { "individualId": "…" }, "person": { "personId": "…" }, "aptrinsic": { "identifyId": "…" } } }
All but regulation, submittedAt and subject may be left out. Without a request id every submission is a new request.

Example:
  erasure submit request.json --wait`,
    )
    .action((file: string, options: SubmitOptions) => submit(file, options, context));
}

async function submit(file: string, options: SubmitOptions, context: CommandContext): Promise<void> {
  const { parseSubmission } = await import('../../client/submission.js');
  // Before connecting, so that a wrong file is told also where Temporal is away.
  const submission = parseSubmission(await readJson(file, 'The request file', context), Date.now());
  await connected(context, async (client) => {
    const submitted = await client.submit(submission satisfies ErasureSubmission);
    remark(
      context,
      submitted.duplicate ? 'This request had been submitted before: nothing was started.' : 'The request was started.',
    );
    if (options.wait === true) await waitFor(client, submitted, options, context);
    else if (options.json === true) printJson(context, submitted);
    else print(context, ...submittedLines(submitted), `Follow it with: erasure watch ${submitted.requestId}`);
  });
}

function submittedLines({ requestId, workflowId, runId }: Submitted): string[] {
  return [`Request   ${requestId}`, `Workflow  ${workflowId}`, `Run       ${runId}`];
}

async function waitFor(
  client: ErasureClient,
  submitted: Submitted,
  options: SubmitOptions,
  context: CommandContext,
): Promise<void> {
  const { statusExitCode, statusJson, statusText } = await import('../request-view.js');
  const { follow, newLines } = await import('../follow.js');
  const linesOf = newLines();
  const ended = await follow(client, submitted.requestId, {
    context,
    tell: (status) => {
      const lines = linesOf(status);
      if (lines.length > 0) remark(context, ...lines);
    },
  });
  if (options.json === true) printJson(context, { ...submitted, ...statusJson(ended) });
  else print(context, statusText(ended, context));
  context.exitWith(statusExitCode(ended));
}
