import { Option, type Command } from 'commander';
import type { Period } from '../../client/report/report';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { InputError } from '../command-failure';
import { choiceOption, wholeNumber } from '../options';

const formats = ['table', 'csv', 'json'] as const;
const CONCURRENCY = 8;
const CONCURRENCY_MAX = 32;

interface ReportOptions {
  readonly from: string;
  readonly to: string;
  readonly timeZone?: string;
  readonly format?: (typeof formats)[number];
  readonly concurrency?: number;
}

export function addReport(program: Command, context: CommandContext): void {
  program
    .command('report')
    .description('count the requests that were received in a period: outcomes, days to the answer, overdue ones')
    .requiredOption('--from <DAY>', 'the first day, e.g. 2026-01-01')
    .requiredOption('--to <DAY>', 'the last day, e.g. 2026-12-31')
    .option('--time-zone <ZONE>', 'whose days these are, e.g. America/Los_Angeles; UTC where absent')
    .addOption(choiceOption('--format <FORMAT>', 'table where absent', formats))
    .addOption(
      new Option('--concurrency <N>', `requests looked at together; ${CONCURRENCY} where absent`).argParser(
        wholeNumber('--concurrency', CONCURRENCY_MAX),
      ),
    )
    .addHelpText(
      'after',
      `
A request belongs to the day on which the person made it (submittedAt). What Temporal has forgotten is not counted, and
a warning says when that may be so. Looking at an open request asks its worker (a query, billed in Temporal Cloud); every
run that was started since the first day costs one or three calls.

Example:
  erasure report --from 2026-01-01 --to 2026-12-31 --time-zone America/Los_Angeles --format csv`,
    )
    .action((options: ReportOptions) => report(options, context));
}

async function report(options: ReportOptions, context: CommandContext): Promise<void> {
  const { parsePeriod } = await import('../../client/report/period.js');
  const period = periodOf(() => parsePeriod(options));
  const { makeReport } = await import('../../client/report/report.js');
  const { reportTable } = await import('../report-text.js');
  const { reportCsv, reportRemarks } = await import('../../client/report/report-sections.js');
  const { LiveLine } = await import('../bulk/live-line.js');
  const line = new LiveLine(context);
  const made = await connected(context, (client) =>
    makeReport(client, {
      period,
      now: Date.now(),
      concurrency: options.concurrency ?? CONCURRENCY,
      onProgress: (looked) => line.show(() => `Looked at ${looked} requests`),
    }),
  );
  line.clear();
  if (options.format === 'json') printJson(context, made);
  else print(context, options.format === 'csv' ? reportCsv(made) : reportTable(made, context));
  const remarks = reportRemarks(made);
  if (remarks.length > 0) remark(context, ...remarks);
}

function periodOf(parse: () => Period): Period {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const named = { 'time zone': '--time-zone', 'from, to': '--from, --to' };
    const message = Object.entries(named).reduce((text, [field, option]) => text.replace(field, option), error.message);
    throw new InputError(`${message}.`);
  }
}
