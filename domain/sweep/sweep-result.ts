/** One sweep over all requests, page by page: what is gone through, and what is kept of it. The steps are somebody else's. */
import { defined } from '../defined';
import { DAY_MS, MINUTE_MS } from '../duration';
import { findingKinds, type Finding, type FindingKind } from './finding';

/** How many findings a result and a webhook name; all of them are in the log. */
export const FINDINGS_NAMED_MAX = 100;
export const CLOSE_LOOKS_DEFAULT = 5_000;

export interface SweepInput {
  /** RFC 3339 instant that everything is held against; where absent the time of the start. */
  readonly now?: string;
  /** How many open requests are looked at closely at most; where absent the worker's setting. */
  readonly looks?: number;
}

/** The result of a sweep. Free of personal data. */
export interface SweepSummary {
  /** RFC 3339. */
  readonly at: string;
  /** Counts the sweeps of a schedule, so that each looks closely at another share of the requests. */
  readonly round: number;
  readonly open: number;
  readonly lookedAt: number;
  readonly counts: Readonly<Record<FindingKind, number>>;
  /** The most urgent ones, up to a limit. */
  readonly findings: readonly Finding[];
}

/** What became of the call to the webhook; `none`: there is no webhook. */
export type WebhookOutcome = 'delivered' | 'failed' | 'none';

export interface SweepResult extends SweepSummary {
  readonly webhook: WebhookOutcome;
}

export interface SweepPlan {
  /** Epoch ms. */
  readonly now: number;
  readonly round: number;
  /** Of so many shares of the open requests one is looked at closely in each round. */
  readonly shares: number;
  /** Refusals after this have not been reported yet. Epoch ms. */
  readonly since: number;
  /** Whether a worker can answer for a run. */
  readonly canAsk: boolean;
}

export interface SweptPage {
  /** Where the next page begins; absent after the last. */
  readonly cursor?: string;
  readonly open: number;
  readonly lookedAt: number;
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>;
  /** The most urgent ones, up to a limit. */
  readonly findings: readonly Finding[];
}

/** Each is safe to repeat: it only looks. */
export interface SweepSteps {
  /** Queues without a worker, and how the open requests are to be gone through. */
  beginSweep(question: {
    readonly looks?: number;
  }): Promise<{ readonly shares: number; readonly canAsk: boolean; readonly page: SweptPage }>;
  sweepOpen(question: { readonly plan: SweepPlan; readonly cursor?: string }): Promise<SweptPage>;
  sweepEnded(question: { readonly plan: SweepPlan; readonly cursor?: string }): Promise<SweptPage>;
}

/** A sweep under way, as it is handed on from page to page. */
export interface SweepSoFar {
  readonly plan: SweepPlan;
  readonly at: 'open' | 'ended' | 'over';
  readonly cursor?: string;
  readonly summary: SweepSummary;
}

/** The least that lies between two sweeps of the Schedule. */
const SLOT_MS = 15 * MINUTE_MS;

/**
 * So many shares that none is larger than `looks`. Without a factor in common with the slots of an hour or a day, so that
 * sweeps that are any such number of slots apart come to every share.
 */
export function shareCount(open: number, looks: number): number {
  let shares = Math.max(1, Math.ceil(open / looks));
  while ([2, 3, 5].some((factor) => shares % factor === 0)) shares += 1;
  return shares;
}

export async function beginSweep(
  steps: SweepSteps,
  { now, looks, last }: { readonly now: number; readonly looks?: number; readonly last?: SweepSummary },
): Promise<SweepSoFar> {
  const { shares, canAsk, page } = await steps.beginSweep(looks === undefined ? {} : { looks });
  // Temporal does not hand on the last result in every case (a run by hand has none): then the time of day takes turns.
  const round = last === undefined ? Math.floor(now / SLOT_MS) : last.round + 1;
  const since = last === undefined ? now - DAY_MS : Date.parse(last.at);
  const empty = { at: new Date(now).toISOString(), round, open: 0, lookedAt: 0, counts: countsOf([]), findings: [] };
  return { plan: { now, round, shares, since, canAsk }, at: 'open', summary: withPage(empty, page) };
}

/** One page further. */
export async function sweepOn(steps: SweepSteps, soFar: SweepSoFar): Promise<SweepSoFar> {
  const { plan, at, cursor } = soFar;
  const question = { plan, ...defined({ cursor }) };
  const page = at === 'open' ? await steps.sweepOpen(question) : await steps.sweepEnded(question);
  const summary = withPage(soFar.summary, page);
  if (page.cursor !== undefined) return { plan, at, cursor: page.cursor, summary };
  return { plan, at: at === 'open' ? 'ended' : 'over', summary };
}

function withPage(summary: SweepSummary, page: SweptPage): SweepSummary {
  const counts = Object.fromEntries(
    findingKinds.map((kind) => [kind, summary.counts[kind] + (page.counts[kind] ?? 0)]),
  ) as Record<FindingKind, number>;
  return {
    ...summary,
    open: summary.open + page.open,
    lookedAt: summary.lookedAt + page.lookedAt,
    counts,
    findings: mostUrgent([...summary.findings, ...page.findings]),
  };
}

export function mostUrgent(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ kind }: Finding): number => findingKinds.indexOf(kind);
  return findings.toSorted((one, other) => rank(one) - rank(other)).slice(0, FINDINGS_NAMED_MAX);
}

export function countsOf(findings: readonly Finding[]): Record<FindingKind, number> {
  return Object.fromEntries(
    findingKinds.map((kind) => [kind, findings.filter((finding) => finding.kind === kind).length]),
  ) as Record<FindingKind, number>;
}

export function findingsInAll({ counts }: Pick<SweepSummary, 'counts'>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
