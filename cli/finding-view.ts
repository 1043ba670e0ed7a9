/** How a finding of the sweep, and the Schedule that runs it, look on the screen. */
import type { SweepScheduleStatus } from '../client/sweep-schedule';
import { describeDuration } from '../domain/duration';
import { findingGuide, type Finding } from '../domain/sweep/finding';
import type { CommandContext } from './context';
import { colorsFor } from './request-view';

export function findingText(
  { kind, requestId, runId, queue, providers, dueAt, detail }: Finding,
  context: CommandContext,
) {
  const { bold, yellow } = colorsFor(context);
  const what = requestId ?? queue ?? `run ${runId ?? ''} under an id that is none of ours`;
  const due = dueAt === undefined ? undefined : `due ${dueAt}`;
  const more = [detail, providers?.join(', '), due].filter((part) => part !== undefined);
  return `${yellow(kind.padEnd(16))} ${bold(what)}  ${more.length === 0 ? findingGuide[kind].happened : more.join('; ')}`;
}

export function scheduleText(status: SweepScheduleStatus | undefined): string {
  if (status === undefined) return 'No sweep runs by itself: install it with erasure sweep --install.';
  const { everyMs, isPaused, isRunning, lastStartedAt, nextAt } = status;
  return [
    isPaused
      ? 'The Schedule is PAUSED: no sweep runs. Unpause it in the Temporal UI.'
      : `A sweep runs every ${everyMs === undefined ? 'so often' : describeDuration(everyMs)}.`,
    `Last started  ${lastStartedAt ?? 'never'}${isRunning ? ', and runs now' : ''}`,
    ...(nextAt === undefined || isPaused ? [] : [`Next          ${nextAt}`]),
  ].join('\n');
}
