import { statusJson } from '../../client/request-json';
import { Option, type Command } from 'commander';
import { bulkColumns } from '../../client/bulk/bulk-columns';
import type { ErasureClient } from '../../client/erasure-client';
import type { Submitted } from '../../client/submitting';
import { identifierFields, providerKeys } from '../../domain/provider/provider-table';
import type { ErasureSubmission } from '../../client/submission';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { InputError } from '../command-failure';
import type { SubmitFileOptions } from '../bulk/submit-file';
import { wholeNumber } from '../options';
import { readPolicy } from '../policy';
import { readJson } from '../read-input';
import { showWarnings } from '../warnings-text';

const CONCURRENCY = 8;
const CONCURRENCY_MAX = 64;

interface SubmitOptions extends Partial<SubmitFileOptions> {
  readonly wait?: boolean;
  readonly untilClosed?: boolean;
}

/** Those of a file of many. */
const fileOptions = ['batch', 'rejects', 'warnings', 'results', 'policy', 'concurrency', 'dryRun'] as const;

const identifiers = providerKeys.map((provider) => `"${provider}": { "${identifierFields[provider]}": "…" }`);

/** In lines that a terminal has room for. */
const columns = bulkColumns
  .join(', ')
  .replace(/(.{1,116})(?: |$)/g, '  $1\n')
  .trimEnd();

export function addSubmit(program: Command, context: CommandContext): void {
  program
    .command('submit')
    .description('submit a request file, or with --file a file of many; safe to repeat')
    .argument('[FILE]', 'the request file, or - for stdin')
    .option('--wait', 'wait until its certificate is there, which takes days, and show its progress on stderr')
    .option('--until-closed', 'with --wait: go on after the certificate, until it is recorded that the person was told')
    .option('--json', 'print one JSON object; with --wait including the certificate')
    .option('--file <FILE>', 'submit every row of a .csv, .ndjson or .jsonl file instead')
    .option('--dry-run', 'with --file: check every row and show what is to come, send nothing')
    .option(
      '--rejects <FILE>',
      'with --file: where line and field of rejected rows go; <FILE>.rejects.csv where absent',
    )
    .option('--warnings <FILE>', 'with --file: where line and field of odd rows go; <FILE>.warnings.csv where absent')
    .option(
      '--results <FILE>',
      'with --file: write what became of each row: line, request id, workflow id, new or duplicate',
    )
    .option('--batch <NAME>', 'with --file: sets rows without a request id apart from the same rows of other batches')
    .addOption(
      new Option('--concurrency <N>', `with --file: at the same time; ${CONCURRENCY} where absent`).argParser(
        wholeNumber('--concurrency', CONCURRENCY_MAX),
      ),
    )
    .option('--policy <FILE>', 'with --dry-run: the policy file that due dates go by; else ERASURE_POLICY_FILE')
    .addHelpText(
      'after',
      `
The request file, with at least one provider:
  { "requestId": "<UUID>",  "regulation": "gdpr" | "uk-gdpr" | "ccpa" | …,  "submittedAt": "2026-11-22T09:30:00Z",
    "receivedVia": "web-form",  "ground": "consent-withdrawn",
    "verification": { "method": "account-login", "by": "staff-17", "at": "2026-11-22T10:00:00Z", "reference": "PRIV-1" },
    "subject": { ${identifiers.join(', ')} } }
All but regulation, submittedAt and subject may be left out. Without a request id every submission is a new request.

A file of many has one such object on each line, or is CSV with a header of
${columns}
Every row is checked before the first is sent; rejected ones are listed by line and field, and the rest is submitted.
It can be interrupted and repeated: rows without a request id get the same one again. It exits with 0 when every row was
taken, 2 when some were rejected, 4 when some ids are taken by other requests, 5 when Temporal went away, 130 when interrupted.

Examples:
  erasure submit request.json --wait
  erasure submit --file people.csv --dry-run --policy policy.json
  erasure submit --file people.csv`,
    )
    .action((file: string | undefined, options: SubmitOptions) => submitOneOrMany(file, options, context));
}

async function submitOneOrMany(
  one: string | undefined,
  options: SubmitOptions,
  context: CommandContext,
): Promise<void> {
  if (options.untilClosed === true && options.wait !== true) throw new InputError('--until-closed belongs to --wait.');
  const { file, concurrency = CONCURRENCY, dryRun = false, json = false } = options;
  if (file === undefined) {
    if (fileOptions.some((name) => options[name] !== undefined)) {
      throw new InputError('These options belong to a file of many: name it with --file.');
    }
    if (one !== undefined) return submit(one, options, context);
    throw new InputError("Missing required argument 'FILE'. A file of many is named with --file.");
  }
  const contradictions: readonly (readonly [isThere: boolean, message: string])[] = [
    [one !== undefined, 'Name one request file, or a file of many with --file, not both.'],
    [options.wait === true, '--wait is for a single request: follow many with erasure list.'],
    [options.results !== undefined && dryRun, '--results says what became of each row: a --dry-run submits none.'],
    [options.policy !== undefined && !dryRun, '--policy belongs to --dry-run: requests go by the workers’ own.'],
  ];
  for (const [isThere, message] of contradictions) if (isThere) throw new InputError(message);
  const { submitFile } = await import('../bulk/submit-file.js');
  return submitFile({ ...options, file, concurrency, dryRun, json }, context);
}

async function submit(file: string, options: SubmitOptions, context: CommandContext): Promise<void> {
  const { parseSubmission, submissionWarnings } = await import('../../client/submission.js');
  // Before connecting, so that a wrong file is reported also where Temporal is away.
  const now = Date.now();
  const submission = parseSubmission(await readJson(file, 'The request file', context), now);
  showWarnings(submissionWarnings(submission, now), context);
  await refuseUndefinedLaw(submission, context);
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

/** The workers decide in the end; where their policy file is at hand, a law that it does not define is refused at once. */
async function refuseUndefinedLaw({ regulation }: ErasureSubmission, context: CommandContext): Promise<void> {
  const { isOwnLaw } = await import('../../domain/law/regulation.js');
  if (!isOwnLaw(regulation)) return;
  const { policy, isBuiltIn } = await readPolicy(undefined, context);
  if (isBuiltIn || policy.laws[regulation] !== undefined) return;
  throw new InputError('regulation: the policy file (ERASURE_POLICY_FILE) does not define this law.');
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
  const { statusExitCode, statusText } = await import('../request-view.js');
  const { follow } = await import('../follow.js');
  const ended = await follow(client, submitted.requestId, {
    context,
    untilClosed: options.untilClosed === true,
    onChange: (_, lines) => {
      if (lines.length > 0) remark(context, ...lines);
    },
  });
  if (options.json === true) printJson(context, { ...submitted, ...statusJson(ended) });
  else print(context, statusText(ended, context));
  context.exitWith(statusExitCode(ended));
}
