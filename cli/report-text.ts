/** A report as a table for people and as CSV: one row for each figure, one column for each law. */

import Table from 'cli-table3';
import { csvRow } from './csv-text';
import type { Figures } from '../client/report/figures';
import type { Report } from '../client/report/report';

type Row = readonly [figure: string, value: number | undefined];

function rowsOf(figures: Figures): readonly Row[] {
  const { daysToAnswer, deletion, overdue } = figures;
  const each = (group: string, counts: Readonly<Record<string, number>>): Row[] =>
    Object.entries(counts).map(([name, count]) => [`${group}: ${name}`, count]);
  return [
    ['received', figures.received],
    ['completed', figures.completed],
    ...each('outcome', figures.byOutcome),
    ...each('provider outcome', figures.legs),
    ['open', figures.open],
    ...each('open', figures.openByState),
    ['ended without a certificate', figures.withoutCertificate],
    ...each('ended without a certificate', figures.endedWithoutCertificate),
    ['answered: recorded', figures.answered.recorded],
    ['answered: elsewhere, by certificate time', figures.answered.elsewhere],
    ['days to the answer: median', daysToAnswer?.median],
    ['days to the answer: mean', daysToAnswer?.mean],
    ['days to the answer: 95th percentile', daysToAnswer?.p95],
    ['overdue: answered late', overdue.answeredLate],
    ['overdue: unanswered past due', overdue.unansweredPastDue],
    ['without a due date', figures.withoutDueDate],
    ['requests to delete: received', deletion.received],
    ['requests to delete: complied with in whole', deletion.compliedInWhole],
    ['requests to delete: complied with in part', deletion.compliedInPart],
    ['requests to delete: denied', deletion.denied],
    ['requests to delete: denied, unverified', deletion.deniedBy.unverified],
    ['requests to delete: denied, exempt', deletion.deniedBy.exempt],
    ['requests to delete: denied, other', deletion.deniedBy.other],
    ['requests to delete: withdrawn', deletion.withdrawn],
    ['requests to delete: not decided yet', deletion.undecided],
  ];
}

/** Header first. A figure that a law does not have is 0, or empty where there is nothing to count. */
function grid({ all, byRegulation }: Report): readonly (readonly string[])[] {
  const laws = Object.entries(byRegulation);
  const columns = [all, ...laws.map(([, figures]) => figures)].map((figures) => new Map(rowsOf(figures)));
  return [
    ['figure', 'all', ...laws.map(([regulation]) => regulation)],
    ...rowsOf(all).map(([figure, value]) => [
      figure,
      ...columns.map((column) => String(column.get(figure) ?? (value === undefined || isDays(figure) ? '' : 0))),
    ]),
  ];
}

function isDays(figure: string): boolean {
  return figure.startsWith('days ');
}

export function reportCsv(report: Report): string {
  return grid(report).map(csvRow).join('\n');
}

export function reportTable(report: Report): string {
  const [head = [], ...rows] = grid(report);
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** What to know of the figures before they are used. */
export function reportRemarks({ retentionDays, mayLackForgotten, unreadable, unanswered }: Report): readonly string[] {
  return [
    ...(!mayLackForgotten
      ? []
      : [
          retentionDays === undefined
            ? 'Temporal does not tell its retention: requests that it has forgotten are in none of these figures.'
            : `Temporal forgets requests ${retentionDays} days after their end, and the period begins before that: ` +
              'what it has forgotten is in none of these figures.',
        ]),
    ...(unreadable === 0
      ? []
      : [`Not counted, since they were started with something that is no request: ${unreadable}.`]),
    ...(unanswered === 0
      ? []
      : [`For ${unanswered} open requests no worker answered: they count as running, and as not answered yet.`]),
  ];
}
