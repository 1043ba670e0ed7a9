/** The steps of a sweep at a real Temporal: for the activities, and for `erasure sweep`, which needs no worker. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { defined } from '../../domain/defined';
import { SECOND_MS } from '../../domain/duration';
import { providerKeys, type Provider } from '../../domain/provider/provider-table';
import type { Finding } from '../../domain/sweep/finding';
import {
  findingOfSecondRun,
  findingsOfAnswer,
  findingsOfBrake,
  findingsOfShortage,
  findingsOfEnded,
  findingsOfIndex,
  findingsOfQueue,
  findingsOfRun,
  hasToBeAsked,
  isAtRest,
  waitsForStaff,
  withLastFailures,
  type ListedRun,
  type OpenRequest,
} from '../../domain/sweep/request-check';
import {
  countsOf,
  mostUrgent,
  shareCount,
  type SweepPlan,
  type SweepSteps,
  type SweptPage,
} from '../../domain/sweep/sweep-result';
import { providerQueue, WORKFLOW_QUEUE } from '../../temporal/names';
import { hasGrpcStatus } from '../../temporal/temporal-failure';
import { TemporalReader } from './temporal-reader';

/** Describes and histories, so that a sweep leaves the server to the requests. */
const AT_ONCE = 4;
const INSPECTED_PER_SECOND_MAX = 50;
const UNANSWERED_MAX = 8;
const INSPECTION_MS_MIN = (AT_ONCE * SECOND_MS) / INSPECTED_PER_SECOND_MAX;

export interface SweeperParts {
  readonly client: Client;
  /** How many open requests are looked at closely in one sweep, where the sweep itself does not say. */
  readonly looks: number;
  /** Called with every finding, in the order in which they are found. */
  readonly report: (finding: Finding) => void;
  /** Called at least every few seconds; throws to break the sweep off. */
  readonly heartbeat?: () => void;
}

type RunOfRequest = Required<Pick<Finding, 'requestId' | 'runId'>>;

interface Judged {
  readonly findings: readonly Finding[];
  readonly isLookedAt: boolean;
}

export function createSweeper({ client, looks: looksDefault, report, heartbeat }: SweeperParts): SweepSteps {
  const reader = new TemporalReader(client);

  return {
    async beginSweep({ looks = looksDefault }) {
      const open = await reader.countOpen();
      const canAsk = await reader.isServed(WORKFLOW_QUEUE, 'workflow');
      return { shares: shareCount(open, looks), canAsk, page: pageOf(await findingsOfQueues({ open, canAsk })) };
    },

    async sweepOpen({ plan, cursor }) {
      const { items, ...rest } = await reader.openRequests(cursor);
      const ask = askWhileAnswered(plan);
      const judged = await forEach(
        items,
        (request) => judgeOpen(request, { plan, ask }),
        // What the index says of it is true all the same.
        (request) => ({ findings: [...unreadable(request), ...findingsOfIndex(request)], isLookedAt: true }),
      );
      const found = [...judged.flatMap(({ findings }) => findings), ...(await findSecondRuns(items))];
      const lookedAt = judged.filter(({ isLookedAt }) => isLookedAt).length;
      return pageOf(found, { ...rest, open: items.length, lookedAt });
    },

    async sweepEnded({ plan, cursor }) {
      const { since } = plan;
      const { items, ...rest } = await reader.endedRuns({ since, ...defined({ cursor }) });
      const found = await forEach(items, (run) => judgeEnded(run, since), unreadable);
      const recent = items.flatMap(({ requestId, runId, closedAt }) =>
        requestId === undefined || closedAt < since ? [] : [{ requestId, runId }],
      );
      return pageOf([...found.flat(), ...(await findSecondRuns(recent))], { ...rest, open: 0, lookedAt: 0 });
    },
  };

  function pageOf(
    found: readonly Finding[],
    rest: Omit<SweptPage, 'counts' | 'findings'> = { open: 0, lookedAt: 0 },
  ): SweptPage {
    for (const finding of found) report(finding);
    return { ...rest, counts: countsOf(found), findings: mostUrgent(found) };
  }

  async function findingsOfQueues({
    open,
    canAsk,
  }: {
    readonly open: number;
    readonly canAsk: boolean;
  }): Promise<readonly Finding[]> {
    const isServed = canAsk && (await reader.isServed(WORKFLOW_QUEUE, 'activity'));
    const ofProviders = providerKeys.map(async (provider) => {
      const queue = providerQueue(provider);
      const isProviderServed = await reader.isServed(queue, 'activity');
      const found = findingsOfQueue(queue, {
        isServed: isProviderServed,
        open: isProviderServed ? 0 : await openAt(provider, open),
      });
      return [...found, ...(canAsk ? await findingsAtBrake(provider, queue) : [])];
    });
    return [...findingsOfQueue(WORKFLOW_QUEUE, { isServed, open }), ...(await Promise.all(ofProviders)).flat()];
  }

  /** One that does not answer is told of: it may be on. */
  async function findingsAtBrake(provider: Provider, queue: string): Promise<readonly Finding[]> {
    try {
      const { trips, shortage } = await reader.brake(provider);
      return [...findingsOfBrake(provider, queue, trips), ...findingsOfShortage(provider, queue, shortage, Date.now())];
    } catch {
      await reader.countOpen();
      return [
        { kind: 'unreadable', queue, providers: [provider], detail: 'the brake of this provider does not answer' },
      ];
    }
  }

  /** Where the namespace has no such search attribute, any open request may need the queue. */
  async function openAt(provider: Provider, open: number): Promise<number> {
    try {
      return await reader.countOpen(provider);
    } catch (error) {
      if (hasGrpcStatus(error, 'INVALID_ARGUMENT')) return open;
      throw error;
    }
  }

  /** Each question that no worker answers takes its whole time-out: after some of them no further one is asked. */
  function askWhileAnswered({ canAsk }: SweepPlan): TemporalReader['ask'] {
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
    { plan, ask }: { readonly plan: SweepPlan; readonly ask: TemporalReader['ask'] },
  ): Promise<Judged> {
    const { now } = plan;
    const isLookedAt = listed.isReportedFailing || isInShare(listed, plan);
    const seen = isLookedAt ? await inspect(listed) : undefined;
    // It has ended since it was listed.
    if (seen === 'gone') return { findings: [], isLookedAt };
    const request = seen?.request ?? listed;
    const restsUnexplained = seen !== undefined && request.index === undefined && isAtRest(seen.details);
    const isAsked = hasToBeAsked(request, now) || restsUnexplained;
    const answer = isAsked ? await ask(request) : undefined;
    const findings = [
      ...(request.isIndexBroken === true ? unreadable(request) : []),
      ...findingsOfIndex(request),
      ...(isAsked ? findingsOfAnswer(request, answer, now) : []),
    ];
    if (seen === undefined) return { findings: findings.filter(isFirstOfKind), isLookedAt };
    const isWithStaff = waitsForStaff(request, answer);
    findings.push(...findingsOfRun(request, seen.details, { isWithStaff, now }));
    return { findings: withLastFailures(findings.filter(isFirstOfKind), request, seen.details, now), isLookedAt };
  }

  async function inspect(request: OpenRequest) {
    try {
      const [seen] = await Promise.all([reader.inspect(request), sleep(INSPECTION_MS_MIN)]);
      return seen ?? 'gone';
    } catch (error) {
      if (hasGrpcStatus(error, 'NOT_FOUND')) return 'gone';
      throw error;
    }
  }

  async function judgeEnded(run: ListedRun, since: number): Promise<readonly Finding[]> {
    if (run.status === 'completed') return [];
    try {
      // A request that was reset goes on in a newer run, which is judged by itself.
      if (!(await reader.isNewest(run))) return [];
      return findingsOfEnded({ ...run, isRefused: await reader.isRefused(run) }, since);
    } catch (error) {
      // Temporal has forgotten it meanwhile.
      if (hasGrpcStatus(error, 'NOT_FOUND')) return [];
      throw error;
    }
  }

  /** Requests that were started anew after a run of them had ended, which Temporal's own tools allow. */
  async function findSecondRuns(runs: readonly RunOfRequest[]): Promise<readonly Finding[]> {
    const repeated = await reader.repeatedRuns([...new Set(runs.map(({ requestId }) => requestId))]);
    const judge = async ({ requestId, runId }: RunOfRequest): Promise<readonly Finding[]> => {
      const earlier = await earlierRun({ requestId, runId }, repeated.get(requestId) ?? []);
      return earlier === undefined ? [] : [findingOfSecondRun({ requestId, runId }, earlier)];
    };
    const suspects = runs.filter(({ requestId }) => repeated.has(requestId));
    return (await forEach(suspects, judge, unreadable)).flat();
  }

  /** The latest one that ended before this one was started; a reset goes on with its own run, and a refused start asked no provider. */
  async function earlierRun(run: RunOfRequest, runs: readonly ListedRun[]): Promise<ListedRun | undefined> {
    const first = await reader.firstRunOf(run);
    const startedAt = runs.find(({ runId }) => runId === first)?.startedAt ?? 0;
    const earlier = runs
      .filter((other) => other.status !== 'open' && other.startedAt < startedAt)
      .toSorted((one, other) => other.closedAt - one.closedAt);
    for (const ended of earlier) {
      if (!(await reader.isRefused(ended))) return ended;
    }
    return undefined;
  }

  /**
   * Some at a time; answers in the order of the items. One run that cannot be read must not hide the others: it is judged
   * by `otherwise`. Where Temporal answers nothing at all, the sweep as a whole has failed.
   */
  async function forEach<Item, Found>(
    items: readonly Item[],
    judge: (item: Item) => Promise<Found>,
    otherwise: (item: Item) => Found,
  ): Promise<readonly Found[]> {
    const found: Found[] = [];
    const left = [...items.entries()];
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [index, item] = next;
        heartbeat?.();
        try {
          found[index] = await judge(item);
        } catch {
          await reader.countOpen();
          found[index] = otherwise(item);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return found;
  }
}

/** Every request is in one share, and the rounds go through the shares in turn: none is left out for good. */
function isInShare({ requestId }: OpenRequest, { round, shares }: SweepPlan): boolean {
  return Number.parseInt(requestId.slice(-8), 16) % shares === round % shares;
}

function isFirstOfKind({ kind }: Finding, index: number, findings: readonly Finding[]): boolean {
  return findings.findIndex((finding) => finding.kind === kind) === index;
}

function unreadable({ requestId, runId }: { readonly requestId?: string; readonly runId: string }): readonly Finding[] {
  return [{ kind: 'unreadable', ...defined({ requestId }), runId }];
}
