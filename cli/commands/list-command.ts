import { listEntryJson } from '../../client/request-json';
import { Option, type Command } from 'commander';
import { listFilters, requestStates, type ListOptions } from '../../client/filters';
import { providerKeys } from '../../domain/provider/provider-table';
import { connected } from '../connected';
import { print, printJsonLine, remark, type CommandContext } from '../context';
import { choiceOption, durationOption, parseCount } from '../options';

const LIMIT = 100;

const filterOptions = {
  state: (flags: string, help: string) => choiceOption(flags, help, requestStates),
  provider: (flags: string, help: string) => choiceOption(flags, help, providerKeys),
  duration: durationOption,
  switch: (flags: string, help: string) => new Option(flags, help),
};

interface ListCommandOptions extends Omit<ListOptions, 'olderThanMs' | 'dueWithinMs'> {
  readonly olderThan?: number;
  readonly dueWithin?: number;
  readonly json?: boolean;
}

export function addList(program: Command, context: CommandContext): void {
  const command = program
    .command('list')
    .description('list requests, open ones first, and what each provider waits for');
  for (const { kind, flags, help } of Object.values(listFilters)) command.addOption(filterOptions[kind](flags, help));
  command
    .addOption(new Option('--limit <N>', `at most so many; ${LIMIT} where absent`).argParser(parseCount))
    .option('--json', 'print one JSON object on a line for each request, without certificates')
    .addHelpText(
      'after',
      `
All filters that are given must hold. With --state attention, --provider names the provider whose leg is in attention.
Looking at an open request asks its worker (a query, billed in Temporal Cloud); ended ones cost nothing. In a namespace with
our search attributes (erasure setup) Temporal finds what may belong here, without them each open request is looked at.
An open request that no worker answers for is listed, too, without its providers: nothing is left out that may belong here.

Examples:
  erasure list --needs-staff
  erasure list --due-within 7d
  erasure list --state on-hold
  erasure list --state running --provider person --older-than 25d
  erasure list --json | jq -r .requestId`,
    )
    .action((options: ListCommandOptions) => list(options, context));
}

async function list(options: ListCommandOptions, context: CommandContext): Promise<void> {
  const { listEntryText } = await import('../request-view.js');
  const { olderThan, dueWithin, limit = LIMIT, json, ...rest } = options;
  const wanted: ListOptions = { ...rest, olderThanMs: olderThan, dueWithinMs: dueWithin, limit: limit + 1 };
  let listed = 0;
  let unanswered = 0;
  let isCut = false;
  await connected(context, async (client) => {
    for await (const found of client.list(wanted)) {
      isCut = listed === limit;
      if (isCut) break;
      listed += 1;
      if (found.status === 'running' && found.progress === undefined) unanswered += 1;
      if (json === true) printJsonLine(context, listEntryJson(found));
      else print(context, listEntryText(found, context));
    }
  });
  if (listed === 0) remark(context, 'There is no such request.');
  if (isCut) remark(context, `There are more than these ${listed}: narrow them down, or raise --limit.`);
  if (unanswered > 0) {
    remark(context, `For ${unanswered} of them no worker answered, so what they wait for cannot be shown.`);
  }
}
