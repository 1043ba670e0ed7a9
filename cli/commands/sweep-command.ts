import { Option, type Command } from 'commander';
import type { Client } from '@temporalio/client';
import type { SweepSummary } from '../../domain/sweep/sweep-result';
import { withTemporal } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { exitCode } from '../exit-code';
import { InputError } from '../command-failure';
import { durationOption, wholeNumber } from '../options';

const LOOKS_MAX = 1_000_000;

interface SweepCommandOptions {
  readonly install?: boolean;
  readonly uninstall?: boolean;
  readonly status?: boolean;
  readonly every?: number;
  readonly looks?: number;
  readonly json?: boolean;
}

export function addSweep(program: Command, context: CommandContext): void {
  program
    .command('sweep')
    .description('go over every request that was received, and name those that nobody would hear of otherwise')
    .option('--install', 'have Temporal run the sweep by itself from now on, or change how often it does')
    .addOption(durationOption('--every <LENGTH>', 'with --install: how often, e.g. 30m, 1h or 1d; 1h where absent'))
    .option('--uninstall', 'have Temporal run it no more')
    .option('--status', 'whether and when Temporal runs it')
    .addOption(
      new Option('--looks <N>', 'look closely at so many open requests at most; at every one where absent').argParser(
        wholeNumber('--looks', LOOKS_MAX),
      ),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Without --install, --uninstall and --status it runs once, from here, and tells only you: also when no worker is left to do it.
It needs TEMPORAL_* only, and changes nothing. Looking is not billed in Temporal Cloud; open requests that keep no search
attributes are asked as well, which is (erasure setup). The exit code is 11 if anything was found.

Examples:
  erasure sweep
  erasure sweep --install --every 1h
  erasure sweep --json | jq '.findings[] | select(.kind == "overdue") | .requestId'`,
    )
    .action((options: SweepCommandOptions) => sweep(options, context));
}

async function sweep(options: SweepCommandOptions, context: CommandContext): Promise<void> {
  refuseContradictions(options);
  await withTemporal(context, async ({ client }) => {
    if (options.install === true) return install(client, options, context);
    if (options.uninstall === true) return uninstall(client, context);
    if (options.status === true) return showStatus(client, options, context);
    return sweepNow(client, options, context);
  });
}

function refuseContradictions({
  install: isInstall,
  uninstall: isUninstall,
  status,
  every,
}: SweepCommandOptions): void {
  if ([isInstall, isUninstall, status].filter((chosen) => chosen === true).length > 1) {
    throw new InputError('--install, --uninstall and --status: choose one of them.');
  }
  if (every !== undefined && isInstall !== true) throw new InputError('--every: goes with --install only.');
}

async function sweepNow(client: Client, options: SweepCommandOptions, context: CommandContext): Promise<void> {
  const { createSweeper } = await import('../../activities/sweep/sweeper.js');
  const { beginSweep, findingsInAll, sweepOn } = await import('../../domain/sweep/sweep-result.js');
  const { findingGuide } = await import('../../domain/sweep/finding.js');
  const { findingText } = await import('../finding-view.js');
  const isJson = options.json === true;
  const steps = createSweeper({
    client,
    looks: options.looks ?? Infinity,
    report: (finding) => isJson || print(context, findingText(finding, context)),
  });
  let soFar = await beginSweep(steps, { now: Date.now() });
  while (soFar.at !== 'over') soFar = await sweepOn(steps, soFar);
  const { summary } = soFar;
  if (isJson) printJson(context, summary);
  else remark(context, ...summaryLines(summary, findingGuide));
  context.exitWith(findingsInAll(summary) === 0 ? exitCode.ok : exitCode.found);
}

function summaryLines(
  { open, lookedAt, counts }: SweepSummary,
  guide: Readonly<Record<string, { readonly todo: string }>>,
): string[] {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    `${open} open ${open === 1 ? 'request' : 'requests'}, ${lookedAt} of them looked at closely.`,
    ...(found.length === 0 ? ['Nothing was found: none of them is silent.'] : []),
    ...found.map(([kind, count]) => `${count} ${kind}: ${guide[kind]?.todo ?? ''}`),
  ];
}

async function install(client: Client, { every }: SweepCommandOptions, context: CommandContext): Promise<void> {
  const { installSweepSchedule, SWEEP_EVERY_MS_MIN } = await import('../../client/sweep-schedule.js');
  const { describeDuration, HOUR_MS } = await import('../../domain/duration.js');
  const { SWEEP_SCHEDULE_ID } = await import('../../temporal/names.js');
  const everyMs = every ?? HOUR_MS;
  if (everyMs < SWEEP_EVERY_MS_MIN) {
    throw new InputError(`--every: expected at least ${describeDuration(SWEEP_EVERY_MS_MIN)}.`);
  }
  const done = await installSweepSchedule(client, everyMs);
  print(context, `The Schedule ${SWEEP_SCHEDULE_ID} is ${done}: a sweep every ${describeDuration(everyMs)}.`);
}

async function uninstall(client: Client, context: CommandContext): Promise<void> {
  const { uninstallSweepSchedule } = await import('../../client/sweep-schedule.js');
  const wasThere = await uninstallSweepSchedule(client);
  print(context, wasThere ? 'The Schedule is gone: no sweep runs by itself any more.' : 'There was no Schedule.');
}

async function showStatus(client: Client, { json }: SweepCommandOptions, context: CommandContext): Promise<void> {
  const { sweepScheduleStatus } = await import('../../client/sweep-schedule.js');
  const { scheduleText } = await import('../finding-view.js');
  const status = await sweepScheduleStatus(client);
  if (json === true) printJson(context, { installed: status !== undefined, ...status });
  else print(context, scheduleText(status));
  context.exitWith(status === undefined || status.isPaused ? exitCode.found : exitCode.ok);
}
