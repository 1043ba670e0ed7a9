import { Option, type Command } from 'commander';
import type { ErasureClient } from '../../client/erasure-client';
import { holdGrounds, whyNoDecision, whyNoRequestDecision, type HoldGround } from '../../domain/decision';
import { providerKeys, type Provider } from '../../domain/provider';
import { confirm } from '../confirm';
import { connected } from '../connected';
import { print, printJsonLine, remark, type CommandContext } from '../context';
import { exitCode } from '../exit-code';
import { InputError } from '../failure';
import { choiceArgument, choiceOption, wholeNumber } from '../options';
import { actorFlags, actorHelp, parseReason, reasonFlags, reasonHelp } from '../take-decision';

const kinds = ['retry', 'hold', 'release'] as const;
type Kind = (typeof kinds)[number];

const CONCURRENCY = 4;
const CONCURRENCY_MAX = 32;
const SHOWN = 5;

interface DecideAllOptions {
  readonly where: string;
  readonly provider?: Provider;
  readonly actor: string;
  readonly reason: string;
  readonly ground?: HoldGround;
  readonly owner?: string;
  readonly reviewAt?: string;
  readonly concurrency?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addBulkDecide(program: Command, context: CommandContext): void {
  program
    .command('decide-all')
    .description('take one decision about every open request that a filter names, after showing how many those are')
    .addArgument(choiceArgument('KIND', 'what is decided', kinds))
    .requiredOption('--where <FILTER>', 'which open requests, see below')
    .addOption(
      choiceOption('--provider <PROVIDER>', 'with retry: whose leg; only those in attention there', providerKeys),
    )
    .requiredOption(actorFlags, actorHelp)
    .requiredOption(reasonFlags, reasonHelp('credentials-mended'))
    .addOption(choiceOption('--ground <GROUND>', 'with hold: why nothing may be erased for now', holdGrounds))
    .option('--owner <STAFF>', 'with hold: who answers for it, an opaque staff id')
    .option('--review-at <INSTANT>', 'with hold: when it has to be looked at again, e.g. 2026-12-01T09:00:00Z')
    .addOption(
      new Option('--concurrency <N>', `at the same time; ${CONCURRENCY} where absent`).argParser(
        wholeNumber('--concurrency', CONCURRENCY_MAX),
      ),
    )
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'print one JSON object on a line for each request')
    .addHelpText(
      'after',
      `
A filter is a name, or a comparison of what requests are indexed by, joined by AND, OR and parentheses:
  needs-staff, overdue, due-soon, on-hold, waiting-for=person
  ErasureState = 'running'    ErasureProviders = 'person'    ErasureBlockedOn IN ('staff', 'overdue')
  ErasureDueAt < '2026-12-01T00:00:00Z'    StartTime >= '2026-11-01T00:00:00Z'
It can be interrupted and repeated: what was decided already is refused or no longer named. Where the rules ask for signed
decisions (authenticated), hold and release are refused here: each needs a token of its own.
It exits with 0 when all were taken, 6 when some were refused, 5 when no worker answered for some, 130 when interrupted.

Example:
  erasure decide-all retry --where waiting-for=person --provider person --actor staff-17 --reason credentials-mended:PRIV-1`,
    )
    .action((kind: Kind, options: DecideAllOptions) => decideAll(kind, options, context));
}

async function decideAll(kind: Kind, options: DecideAllOptions, context: CommandContext): Promise<void> {
  const { parseFilter } = await import('../../client/request-filter.js');
  const { take, said } = decisionOf(kind, options);
  const typed = parseFilter(options.where);
  const narrowed = parseFilter([`(${typed})`, ...narrowing(kind, options.provider)].join(' AND '));
  await connected(context, async (client) => {
    const count = await client.count({ filter: narrowed, open: true });
    if (count === 0) {
      remark(context, 'There is no such open request: nothing was done.');
      return;
    }
    remark(context, ...(await preview(client, { kind, count, filter: narrowed, said })));
    await confirm(`This will be sent to ${count} requests.`, { yes: options.yes === true, context });
    await takeEach(client, { filter: narrowed, count, take, options, context });
  });
}

/** Only those that the decision can change something about. */
function narrowing(kind: Kind, provider: Provider | undefined): readonly string[] {
  switch (kind) {
    case 'retry':
      return [`waiting-for=${provider}`];
    case 'release':
      return ['on-hold'];
    case 'hold':
      return [];
  }
}

async function preview(
  client: ErasureClient,
  {
    kind,
    count,
    filter,
    said,
  }: { readonly kind: Kind; readonly count: number; readonly filter: string; readonly said: object },
): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { requestId } of client.find({ filter, open: true })) {
    ids.push(requestId);
    if (ids.length === SHOWN) break;
  }
  return [
    `${count} open requests where ${filter}`,
    ...ids.map((id) => `  ${id}`),
    ...(count > ids.length ? [`  … and ${count - ids.length} more`] : []),
    `Each is sent ${kind}: ${JSON.stringify(said)}`,
  ];
}

type Result = 'done' | 'refused' | 'unanswered';

async function takeEach(
  client: ErasureClient,
  {
    filter,
    count,
    take,
    options,
    context,
  }: {
    readonly filter: string;
    readonly count: number;
    readonly take: Decide;
    readonly options: DecideAllOptions;
    readonly context: CommandContext;
  },
): Promise<void> {
  const { randomUUID } = await import('node:crypto');
  const { takeAll } = await import('../../client/bulk/take-all.js');
  const { DecisionRefusedError, NoWorkerError, RequestNotFoundError } = await import('../../client/errors.js');
  const { interruptible } = await import('../bulk/interruption.js');
  const counts: Record<Result, number> = { done: 0, refused: 0, unanswered: 0 };
  const tell = (requestId: string, result: Result, why?: string): void => {
    counts[result] += 1;
    if (options.json === true) printJsonLine(context, { requestId, result, ...(why === undefined ? {} : { why }) });
    else print(context, `${requestId}  ${result}${why === undefined ? '' : `: ${why}`}`);
  };
  const named = async function* () {
    // One id for all tries of one decision: an answer that got lost does not make it two.
    for await (const { requestId } of client.find({ filter, open: true }))
      yield { requestId, decisionId: randomUUID() };
  };
  const end = await interruptible(context, (signal) =>
    takeAll(named(), {
      concurrency: options.concurrency ?? CONCURRENCY,
      signal,
      take: async ({ requestId, decisionId }) => {
        try {
          await take(client, requestId, decisionId);
          tell(requestId, 'done');
        } catch (error) {
          if (error instanceof DecisionRefusedError || error instanceof RequestNotFoundError) {
            tell(requestId, 'refused', error.message);
          } else if (error instanceof NoWorkerError) {
            tell(requestId, 'unanswered', error.message);
          } else throw error;
        }
      },
    }),
  );
  const { done, refused, unanswered } = counts;
  remark(context, `${done} done, ${refused} refused, ${unanswered} without an answer, of about ${count}.`);
  if (end === 'stopped') context.exitWith(exitCode.interrupted);
  else if (unanswered > 0) context.exitWith(exitCode.unavailable);
  else if (refused > 0) context.exitWith(exitCode.refused);
}

type Decide = (client: ErasureClient, requestId: string, decisionId: string) => Promise<unknown>;

function decisionOf(kind: Kind, options: DecideAllOptions): { readonly take: Decide; readonly said: object } {
  const { actor, reason: typed, provider, ground, owner, reviewAt } = options;
  const isOfHold = [ground, owner, reviewAt].some((value) => value !== undefined);
  if (isOfHold && kind !== 'hold') throw new InputError('--ground, --owner and --review-at belong to hold.');
  if (provider !== undefined && kind !== 'retry') throw new InputError('--provider belongs to retry.');
  const said = { actor, reason: parseReason(typed) };
  switch (kind) {
    case 'retry': {
      if (provider === undefined) throw new InputError('--provider: retry needs to know whose leg it is about.');
      const decision = { ...said, provider };
      refuse(whyNoDecision(decision));
      return {
        said: decision,
        take: (client, id, decisionId) => client.retryProvider(id, { ...decision, decisionId }),
      };
    }
    case 'release':
      refuse(whyNoRequestDecision(kind, said));
      return { said, take: (client, id, decisionId) => client.decide(kind, id, { ...said, decisionId }) };
    case 'hold': {
      if (ground === undefined || owner === undefined || reviewAt === undefined) {
        throw new InputError('hold needs --ground, --owner and --review-at.');
      }
      const decision = { ...said, ground, owner, reviewAt };
      refuse(whyNoRequestDecision(kind, decision));
      return { said: decision, take: (client, id, decisionId) => client.decide(kind, id, { ...decision, decisionId }) };
    }
  }
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw new InputError(`This is no decision: ${why}.`);
}
