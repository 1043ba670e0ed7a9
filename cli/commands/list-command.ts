import { listEntryJson } from '../../client/request-json';
import { Option, type Command } from 'commander';
import { listFilters, requestStates, TICKET_EXPECTED, type ListOptions } from '../../client/filters';
import type { UrgentOptions } from '../../client/urgent-list';
import { isOpaque } from '../../domain/text';
import { providerKeys } from '../../domain/provider/provider-table';
import { InputError } from '../command-failure';
import { connected } from '../connected';
import { print, printJsonLine, remark, type CommandContext } from '../context';
import { choiceOption, durationOption, parseCount } from '../options';

const LIMIT = 100;

const filterOptions = {
  state: (flags: string, help: string) => choiceOption(flags, help, requestStates),
  provider: (flags: string, help: string) => choiceOption(flags, help, providerKeys),
  duration: durationOption,
  ticket: (flags: string, help: string) => new Option(flags, help).argParser(parseTicket),
  switch: (flags: string, help: string) => new Option(flags, help),
};

function parseTicket(typed: string): string {
  if (!isOpaque(typed)) throw new InputError(`--ticket: expected ${TICKET_EXPECTED}.`);
  return typed;
}

interface ListCommandOptions extends Omit<ListOptions, 'olderThanMs' | 'dueWithinMs'> {
  readonly olderThan?: number;
  readonly dueWithin?: number;
  readonly json?: boolean;
}

export function addList(program: Command, context: CommandContext): void {
  const command = program
    .command('list')
    .description('list requests, most urgent first: when each is due, and what there is to do');
  for (const { kind, flags, help } of Object.values(listFilters)) command.addOption(filterOptions[kind](flags, help));
  command
    .addOption(new Option('--limit <N>', `at most so many; ${LIMIT} where absent`).argParser(parseCount))
    .option('--json', 'print one JSON object on a line for each request, without certificates')
    .addHelpText(
      'after',
      `
Overdue ones come first, then those that need a staff member, then the next due date, and ended ones last. erasure status
says more of one. All filters that are given must hold. With --state attention, --provider names the provider whose leg is in
attention. In a namespace with our search attributes (erasure setup) Temporal's index knows all of this, a second or two late.
Without them each open request is looked at, which asks its worker (a query, billed in Temporal Cloud); --json always does so,
the newest first. An open request that no worker answers for is listed, too: nothing is left out that may belong here.

Examples:
  erasure list --needs-staff
  erasure list --due-within 7d
  erasure list --state on-hold
  erasure list --ticket PRIV-1234
  erasure list --state running --provider person --older-than 25d
  erasure list --json | jq -r .requestId`,
    )
    .action((options: ListCommandOptions) => list(options, context));
}

async function list({ json, ...typed }: ListCommandOptions, context: CommandContext): Promise<void> {
  const { olderThan, dueWithin, limit = LIMIT, ...rest } = typed;
  const filters = { ...rest, olderThanMs: olderThan, dueWithinMs: dueWithin };
  const { isCut, count, unanswered } = await (json === true
    ? listJson({ ...filters, limit }, context)
    : listTable({ ...filters, limit }, context));
  if (count === 0) {
    const { runsMeant } = await import('../../client/filters.js');
    remark(
      context,
      filters.ticket !== undefined || runsMeant(filters) === 'ended'
        ? 'There is no such request.'
        : 'Nothing waits: there is no such request.',
    );
  }
  if (isCut) remark(context, `There are more than these ${count}: narrow them down, or raise --limit.`);
  if (unanswered > 0) {
    remark(context, `For ${unanswered} of them no worker answered, so what they wait for cannot be shown.`);
  }
}

interface Listed {
  readonly count: number;
  readonly isCut: boolean;
  readonly unanswered: number;
}

async function listTable(options: UrgentOptions, context: CommandContext): Promise<Listed> {
  const { listSummary, listText } = await import('../list-text.js');
  const { requests, isCut, unanswered } = await connected(context, (client) => client.urgentFirst(options));
  const now = Date.now();
  if (requests.length > 0) print(context, listText(requests, { now, context }));
  const summary = listSummary(requests, now);
  if (summary !== undefined) remark(context, summary);
  return { count: requests.length, isCut, unanswered };
}

async function listJson({ limit, ...filters }: UrgentOptions, context: CommandContext): Promise<Listed> {
  let count = 0;
  let unanswered = 0;
  let isCut = false;
  await connected(context, async (client) => {
    for await (const found of client.list({ ...filters, limit: limit + 1 })) {
      isCut = count === limit;
      if (isCut) break;
      count += 1;
      if (found.status === 'running' && found.progress === undefined) unanswered += 1;
      printJsonLine(context, listEntryJson(found));
    }
  });
  return { count, isCut, unanswered };
}
