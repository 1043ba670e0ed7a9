/** Goes through the requests of a period, a few at a time, and counts them. */
import type { ErasureClient } from '../erasure-client';
import { RequestNotFoundError } from '../errors';
import type { FoundRequest } from '../found-request';
import { mapInOrder } from '../in-order';
import { DAY_MS } from '../../domain/duration';
import { SENDER_CLOCK_SKEW_MS } from '../../domain/request/request';
import { regulations, type Regulation } from '../../domain/law/regulation';
import { compare } from '../../temporal/request-query';
import { FigureCounts, type Figures } from './figures';
import { factsOf, type RequestFacts } from './request-facts';

/** Epoch ms; `to` itself is not in it. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

export interface Report {
  readonly from: string;
  readonly to: string;
  readonly madeAt: string;
  /** How long Temporal remembers requests that have ended; absent where it does not say. */
  readonly retentionDays?: number;
  /** Requests that ended within the period, or soon after, may have been forgotten already. */
  readonly mayLackForgotten: boolean;
  /** Started with something that is no request, so in no other figure. */
  readonly unreadable: number;
  /** Open, and no worker answered: counted as open, with nothing else known. */
  readonly unanswered: number;
  readonly all: Figures;
  /** By the name of the law. */
  readonly byRegulation: Readonly<Record<string, Figures>>;
}

export type ReportClient = Pick<ErasureClient, 'find' | 'origin' | 'get' | 'retentionMs'>;

type Look = { readonly facts: RequestFacts; readonly isUnanswered: boolean } | 'unreadable' | undefined;

export async function makeReport(
  client: ReportClient,
  {
    period,
    now,
    concurrency,
    onProgress,
  }: {
    readonly period: Period;
    readonly now: number;
    readonly concurrency: number;
    readonly onProgress?: (looked: number) => void;
  },
): Promise<Report> {
  const all = new FigureCounts();
  const byRegulation = new Map<Regulation, FigureCounts>();
  const retentionMs = await client.retentionMs();
  let unreadable = 0;
  let unanswered = 0;
  let looked = 0;
  // A request is never started before it was made; our clocks may differ a little.
  const filter = compare('StartTime', '>=', period.from - SENDER_CLOCK_SKEW_MS);
  for await (const found of mapInOrder(client.find({ filter }), concurrency, (run) => look(client, run, period))) {
    looked += 1;
    onProgress?.(looked);
    if (found === undefined) continue;
    if (found === 'unreadable') {
      unreadable += 1;
      continue;
    }
    const { facts, isUnanswered } = found;
    if (isUnanswered) unanswered += 1;
    const ofItsLaw = byRegulation.get(facts.regulation) ?? new FigureCounts();
    byRegulation.set(facts.regulation, ofItsLaw);
    for (const counts of [all, ofItsLaw]) counts.add(facts, now);
  }
  return {
    from: new Date(period.from).toISOString(),
    to: new Date(period.to).toISOString(),
    madeAt: new Date(now).toISOString(),
    ...(retentionMs === undefined ? {} : { retentionDays: retentionMs / DAY_MS }),
    mayLackForgotten: retentionMs === undefined || period.from < now - retentionMs,
    unreadable,
    unanswered,
    all: all.figures(),
    byRegulation: Object.fromEntries(
      inOrder([...byRegulation.keys()]).flatMap((regulation) => {
        const counts = byRegulation.get(regulation);
        return counts === undefined ? [] : [[regulation, counts.figures()] as const];
      }),
    ),
  };
}

/** Undefined for a run that does not count: another period, an earlier run of a request that was reset, forgotten since. */
async function look(client: ReportClient, run: FoundRequest, { from, to }: Period): Promise<Look> {
  try {
    const origin = await client.origin(run);
    if (origin === undefined) return 'unreadable';
    if (origin.submittedAt < from || origin.submittedAt >= to) return undefined;
    const status = await client.get(run.requestId);
    if (status.runId !== run.runId) return undefined;
    return {
      facts: factsOf(run, origin, status),
      isUnanswered: status.status === 'running' && status.progress === undefined,
    };
  } catch (error) {
    if (error instanceof RequestNotFoundError) return undefined;
    throw error;
  }
}

/** Laws that we know in their own order, then a company's own by name. */
function inOrder(found: readonly Regulation[]): readonly Regulation[] {
  const own = found.filter((regulation) => !regulations.some((known) => known === regulation)).sort();
  return [...regulations.filter((regulation) => found.includes(regulation)), ...own];
}
