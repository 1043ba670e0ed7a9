/** `retry`, `hold` and `release` with `--where`: one decision about every open request that a filter names. */
import { Option, type Command } from 'commander';
import { defined } from '../../domain/defined';
import type { ErasureClient } from '../../client/erasure-client';
import { confirm } from '../confirm';
import { connected } from '../connected';
import { print, printJsonLine, remark, type CommandContext } from '../context';
import { createTokenSource, type TokenSource } from '../obtain-decision-token';
import { exitCode } from '../exit-code';
import { InputError } from '../command-failure';
import { wholeNumber } from '../options';
import { parseDecision, sendDecision, type DecisionOptions } from '../take-decision';
import type { Decision } from '../../domain/decision/decision';
import { decisionRow, type DecisionKind } from '../../domain/decision/decision-table';
import { providerKeys } from '../../domain/provider/provider-table';

const CONCURRENCY = 4;
const CONCURRENCY_MAX = 32;
const SHOWN = 5;

export interface WhereOptions extends DecisionOptions {
  readonly where: string;
  readonly concurrency?: number;
}

export function addWhereOptions(command: Command): void {
  command
    .option('--where <FILTER>', 'in place of ID: every open request that a filter names, see below')
    .addOption(
      new Option('--concurrency <N>', `with --where: at the same time; ${CONCURRENCY} where absent`).argParser(
        wholeNumber('--concurrency', CONCURRENCY_MAX),
      ),
    )
    .option('--yes', 'with --where: do not ask for confirmation');
}

export const whereHelp = `
With --where it shows how many open requests the filter names, and asks before it does anything. A filter is a name, or a
comparison of what requests are indexed by, joined by AND, OR and parentheses:
  needs-staff, overdue, due-soon, on-hold, waiting-for=${providerKeys[0]}
  ErasureState = 'running'    ErasureProviders = '${providerKeys[0]}'    ErasureBlockedOn IN ('staff', 'overdue')
  ErasureDueAt < '2026-12-01T00:00:00Z'    StartTime >= '2026-11-01T00:00:00Z'
It can be interrupted and repeated: what was decided already is refused or no longer named. Where the rules ask for signed
decisions, each request gets a token of its own, by --staff-key or your login. With --json it prints one object on a line
for each request. It exits with 0 when all were taken, 6 when some were refused, 5 when no worker answered for some, 12 when
the filter names none, 130 when interrupted.`;

export async function decideWhere(kind: DecisionKind, options: WhereOptions, context: CommandContext): Promise<void> {
  const { parseFilter } = await import('../../client/filter-parser.js');
  if (options.tokenFile !== undefined) {
    throw new InputError('--token-file holds a token for one request: with --where, give --staff-key or log in.');
  }
  const decision = parseDecision(kind, options);
  // Only those that the decision can change something about.
  const narrowing = decisionRow(kind).command.bulk?.filter?.({ ...decision.content });
  const filter = parseFilter(
    [`(${parseFilter(options.where)})`, ...(narrowing === undefined ? [] : [narrowing])].join(' AND '),
  );
  const tokenFor = await createTokenSource(options, context);
  await connected(context, async (client) => {
    const count = await client.count({ filter, open: true });
    if (count === 0) {
      remark(context, `There is no open request where ${filter}: nothing was done.`);
      context.exitWith(exitCode.nothing);
      return;
    }
    remark(context, ...(await preview(client, { decision, count, filter })));
    await confirm(`This will be sent to ${requests(count)}.`, { yes: options.yes === true, context });
    await takeEach(client, { decision, count, filter, tokenFor, options, context });
  });
}

interface Named {
  readonly decision: Decision;
  readonly filter: string;
  /** About as many: requests come and go while it is done. */
  readonly count: number;
}

async function preview(client: ErasureClient, { decision, filter, count }: Named): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { requestId } of client.find({ filter, open: true })) {
    ids.push(requestId);
    if (ids.length === SHOWN) break;
  }
  return [
    `${requests(count, 'open ')} where ${filter}`,
    ...ids.map((id) => `  ${id}`),
    ...(count > ids.length ? [`  … and ${count - ids.length} more`] : []),
    `Each is sent ${decision.kind}: ${JSON.stringify(decision.content)}`,
  ];
}

function requests(count: number, which = ''): string {
  return `${count} ${which}request${count === 1 ? '' : 's'}`;
}

type Result = 'done' | 'refused' | 'unanswered';

async function takeEach(
  client: ErasureClient,
  {
    decision,
    filter,
    count,
    tokenFor,
    options,
    context,
  }: Named & { readonly tokenFor: TokenSource; readonly options: WhereOptions; readonly context: CommandContext },
): Promise<void> {
  const { randomUUID } = await import('node:crypto');
  const { forEachConcurrently } = await import('../../client/bulk/concurrently.js');
  const { DecisionRefusedError, NoWorkerError, RequestNotFoundError } = await import('../../client/errors.js');
  const { interruptible } = await import('./interruption.js');
  const counts: Record<Result, number> = { done: 0, refused: 0, unanswered: 0 };
  const report = (requestId: string, result: Result, why?: string): void => {
    counts[result] += 1;
    if (options.json === true) printJsonLine(context, { requestId, result, ...defined({ why }) });
    else print(context, `${requestId}  ${result}${why === undefined ? '' : `: ${why}`}`);
  };
  const named = async function* () {
    for await (const { requestId } of client.find({ filter, open: true }))
      yield { requestId, decisionId: randomUUID() };
  };
  const end = await interruptible(context, (signal) =>
    forEachConcurrently(named(), {
      concurrency: options.concurrency ?? CONCURRENCY,
      signal,
      work: async ({ requestId, decisionId }) => {
        try {
          await sendDecision(client, decision, { requestId, tokenFor, decisionId });
          report(requestId, 'done');
        } catch (error) {
          if (error instanceof DecisionRefusedError || error instanceof RequestNotFoundError) {
            report(requestId, 'refused', error.message);
          } else if (error instanceof NoWorkerError) {
            report(requestId, 'unanswered', error.message);
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
  else if (done === 0) context.exitWith(exitCode.nothing);
}
