/** The steps of a sweep at a real Temporal: for the activities, and for `erasure sweep`, which needs no worker. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { defined } from '../../domain/defined';
import { SECOND_MS } from '../../domain/duration';
import {
  findingOfSecondRun,
  findingsOfAnswer,
  findingsOfEnded,
  findingsOfIndex,
  findingsOfLook,
  findingsOfQueue,
  hasToBeAsked,
  isAtRest,
  waitsForStaff,
  withLastFailures,
  type Finding,
  type OpenRequest,
} from '../../domain/sweep/finding';
import { providerKeys, type Provider } from '../../domain/provider/provider-table';
import {
  countsOf,
  mostUrgent,
  sharesOf,
  type SweepPlan,
  type SweepSteps,
  type SweptPage,
} from '../../domain/sweep/sweep-result';
import { createTemporalReader, type AnyRun, type ClosedRun, type TemporalReader } from './open-requests';
import { providerQueue, WORKFLOW_QUEUE } from '../../temporal/names';
import { hasGrpcStatus } from '../../temporal/temporal-failure';

/** Describes and histories, so that a sweep leaves the server to the requests. */
const AT_ONCE = 4;
const LOOKS_PER_SECOND_MAX = 50;
const UNANSWERED_MAX = 8;
const LOOK_MS_MIN = (AT_ONCE * SECOND_MS) / LOOKS_PER_SECOND_MAX;

export interface SweeperParts {
  readonly client: Client;
  /** How many open requests are looked at closely in one sweep, where the sweep itself does not say. */
  readonly looks: number;
  /** Told of every finding, in the order in which they are found. */
  readonly report: (finding: Finding) => void;
  /** Called at least every few seconds; throws to break the sweep off. */
  readonly beat?: () => void;
}

export function createSweeper({ client, looks: looksDefault, report, beat }: SweeperParts): SweepSteps {
  const reader = createTemporalReader(client);

  const pageOf = (
    found: readonly Finding[],
    rest: Omit<SweptPage, 'counts' | 'findings'> = { open: 0, lookedAt: 0 },
  ): SweptPage => {
    for (const finding of found) report(finding);
    return { ...rest, counts: countsOf(found), findings: mostUrgent(found) };
  };

  return {
    async beginSweep({ looks = looksDefault }) {
      const open = await reader.countOpen();
      const canAsk = await reader.isServed(WORKFLOW_QUEUE, 'workflow');
      const found = await findingsOfQueues(reader, { open, canAsk });
      return { shares: sharesOf(open, looks), canAsk, page: pageOf(found) };
    },

    async sweepOpen({ plan, cursor }) {
      const { items, ...rest } = await reader.openRequests(cursor);
      const ask = askWhileAnswered(reader, plan);
      const judge = ofOneRun(reader, (request: OpenRequest) => judgeOpen(request, { reader, ask, plan }), whatIsListed);
      const judged = await inParallel(items, judge, beat);
      const again = await findSecondRuns(reader, items, beat);
      return pageOf([...judged.flatMap(({ findings }) => findings), ...again], {
        ...rest,
        open: items.length,
        lookedAt: judged.filter(({ isLookedAt }) => isLookedAt).length,
      });
    },

    async sweepEnded({ plan, cursor }) {
      const { since } = plan;
      const { items, ...rest } = await reader.endedRuns({ since, ...defined({ cursor }) });
      const judge = ofOneRun(reader, (run: ClosedRun) => judgeEnded(reader, run, plan), unreadable);
      const found = await inParallel(items, judge, beat);
      const ofRequests = items.flatMap(({ requestId, runId, closedAt }) =>
        requestId === undefined || closedAt < since ? [] : [{ requestId, runId }],
      );
      const again = await findSecondRuns(reader, ofRequests, beat);
      return pageOf([...found.flat(), ...again], { ...rest, open: 0, lookedAt: 0 });
    },
  };
}

async function findingsOfQueues(
  reader: TemporalReader,
  { open, canAsk }: { readonly open: number; readonly canAsk: boolean },
): Promise<readonly Finding[]> {
  const isSigning = await reader.isServed(WORKFLOW_QUEUE, 'activity');
  const ofProviders = await Promise.all(
    providerKeys.map(async (provider) => {
      const queue = providerQueue(provider);
      const isServed = await reader.isServed(queue, 'activity');
      return findingsOfQueue(queue, { isServed, open: isServed ? 0 : await openAt(reader, provider, open) });
    }),
  );
  return [...findingsOfQueue(WORKFLOW_QUEUE, { isServed: canAsk && isSigning, open }), ...ofProviders.flat()];
}

/** Where the namespace has no such search attribute, any open request may need the queue. */
async function openAt(reader: TemporalReader, provider: Provider, open: number): Promise<number> {
  try {
    return await reader.countOpen(provider);
  } catch (error) {
    // The namespace does not know the search attributes.
    if (hasGrpcStatus(error, 'INVALID_ARGUMENT')) return open;
    throw error;
  }
}

/**
 * One run that cannot be read must not hide the others: it is told as that, and the sweep goes on. Where Temporal answers
 * nothing at all, the sweep as a whole has failed.
 */
function ofOneRun<Run, Found>(
  reader: TemporalReader,
  judge: (run: Run) => Promise<Found>,
  otherwise: (run: Run) => Found,
): (run: Run) => Promise<Found> {
  return async (run) => {
    try {
      return await judge(run);
    } catch {
      await reader.countOpen();
      return otherwise(run);
    }
  };
}

function unreadable({ requestId, runId }: { readonly requestId?: string; readonly runId: string }): readonly Finding[] {
  return [{ kind: 'unreadable', ...defined({ requestId }), runId }];
}

/** What the index says of it is true all the same. */
function whatIsListed(request: OpenRequest): Judged {
  return { findings: [...unreadable(request), ...findingsOfIndex(request)], isLookedAt: true };
}

/** Requests that were started anew after a run of them had ended, which Temporal's own tools allow. */
async function findSecondRuns(
  reader: TemporalReader,
  runs: readonly { readonly requestId: string; readonly runId: string }[],
  beat: (() => void) | undefined,
): Promise<readonly Finding[]> {
  const several = await reader.runsOfSeveral([...new Set(runs.map(({ requestId }) => requestId))]);
  const judge = async ({ requestId, runId }: (typeof runs)[number]): Promise<readonly Finding[]> => {
    const earlier = await earlierRun(reader, { requestId, runId }, several.get(requestId) ?? []);
    return earlier === undefined ? [] : [findingOfSecondRun({ requestId, runId }, earlier)];
  };
  const ofSeveral = runs.filter(({ requestId }) => several.has(requestId));
  return (await inParallel(ofSeveral, ofOneRun(reader, judge, unreadable), beat)).flat();
}

/** The latest one that ended before this one was started; a reset goes on with its own run, and a refused start asked nobody. */
async function earlierRun(
  reader: TemporalReader,
  run: { readonly requestId: string; readonly runId: string },
  runs: readonly AnyRun[],
): Promise<ClosedRun | undefined> {
  const first = await reader.firstRunOf(run);
  const startedAt = runs.find(({ runId }) => runId === first)?.startedAt ?? 0;
  const earlier = runs
    .flatMap((other) => (other.startedAt < startedAt && other.closed !== undefined ? [other.closed] : []))
    .toSorted((one, other) => other.closedAt - one.closedAt);
  for (const closed of earlier) {
    if (!(await isRefusedAtStart(reader, closed))) return closed;
  }
  return undefined;
}

async function isRefusedAtStart(reader: TemporalReader, run: ClosedRun): Promise<boolean> {
  return run.status === 'failed' && (await reader.failureTypeOf(run)) === 'InvalidRequest';
}

interface Judged {
  readonly findings: readonly Finding[];
  readonly isLookedAt: boolean;
}

/** Each question that nobody answers takes its whole time-out: after some of them no further one is asked. */
function askWhileAnswered(reader: TemporalReader, { canAsk }: SweepPlan): TemporalReader['ask'] {
  let unanswered = canAsk ? 0 : UNANSWERED_MAX;
  return async (request) => {
    if (unanswered >= UNANSWERED_MAX) return undefined;
    const answer = await reader.ask(request);
    unanswered = answer === undefined ? unanswered + 1 : 0;
    return answer;
  };
}

async function judgeOpen(
  listed: OpenRequest,
  {
    reader,
    ask,
    plan,
  }: { readonly reader: TemporalReader; readonly ask: TemporalReader['ask']; readonly plan: SweepPlan },
): Promise<Judged> {
  const { now } = plan;
  const isLookedAt = listed.isReportedFailing || isInShare(listed, plan);
  const seen = isLookedAt ? await atLeast(LOOK_MS_MIN, lookClosely(reader, listed)) : undefined;
  // It has ended since it was listed.
  if (seen === 'gone') return { findings: [], isLookedAt };
  const request = seen?.request ?? listed;
  const restsUnexplained = seen !== undefined && request.index === undefined && isAtRest(seen.look);
  const isAsked = hasToBeAsked(request, now) || restsUnexplained;
  const answer = isAsked ? await ask(request) : undefined;
  const findings = [
    ...(request.isIndexBroken === true ? unreadable(request) : []),
    ...findingsOfIndex(request),
    ...(isAsked ? findingsOfAnswer(request, answer, now) : []),
    ...(seen === undefined
      ? []
      : findingsOfLook(request, seen.look, { isWithStaff: waitsForStaff(request, answer), now })),
  ].filter(isFirstOfKind);
  return {
    findings: seen === undefined ? findings : withLastFailures(findings, request, seen.look, now),
    isLookedAt,
  };
}

function isFirstOfKind({ kind }: Finding, index: number, findings: readonly Finding[]): boolean {
  return findings.findIndex((finding) => finding.kind === kind) === index;
}

async function lookClosely(reader: TemporalReader, request: OpenRequest) {
  try {
    return (await reader.lookClosely(request)) ?? 'gone';
  } catch (error) {
    if (hasGrpcStatus(error, 'NOT_FOUND')) return 'gone';
    throw error;
  }
}

/** Every request is in one share, and the rounds go through the shares in turn: none is left out for good. */
function isInShare({ requestId }: OpenRequest, { round, shares }: SweepPlan): boolean {
  return Number.parseInt(requestId.slice(-8), 16) % shares === round % shares;
}

async function judgeEnded(reader: TemporalReader, run: ClosedRun, { since }: SweepPlan): Promise<readonly Finding[]> {
  const { workflowId: _workflowId, status, ...about } = run;
  if (status === 'completed') return [];
  try {
    // A request that was reset goes on in a newer run, which is judged by itself.
    if (!(await reader.isNewest(run))) return [];
    return findingsOfEnded({ ...about, status, isRefused: await isRefusedAtStart(reader, run) }, since);
  } catch (error) {
    if (hasGrpcStatus(error, 'NOT_FOUND')) return [];
    throw error;
  }
}

async function atLeast<T>(lengthMs: number, work: Promise<T>): Promise<T> {
  const [done] = await Promise.all([work, sleep(lengthMs)]);
  return done;
}

/** Answers in the order of the items. */
async function inParallel<Item, Found>(
  items: readonly Item[],
  judge: (item: Item) => Promise<Found>,
  beat: (() => void) | undefined,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  const left = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, item] = next;
      beat?.();
      found[index] = await judge(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}
