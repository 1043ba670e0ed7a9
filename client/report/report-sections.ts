/** A report in sections, for people and as CSV: a row for each figure, a column for each law. */
import { requestStateWords } from '../request-words';
import { csvRow } from '../csv-text';
import type { Figures } from './figures';
import type { Report } from './report';

export interface ReportRow {
  /** In the CSV, where it stands for itself. */
  readonly figure: string;
  /** In the table, under the title of its section. */
  readonly label: string;
  readonly value: number | undefined;
}

export interface ReportSection {
  readonly title: string;
  readonly rows: readonly ReportRow[];
}

const row = (label: string, value: number | undefined, figure = label): ReportRow => ({ figure, label, value });

const each = (group: string, counts: Readonly<Record<string, number>>): readonly ReportRow[] =>
  Object.entries(counts).map(([name, count]) => row(words(name), count, `${group}: ${name}`));

/** Of the row before them. */
const parts = (...counted: Parameters<typeof each>): readonly ReportRow[] =>
  each(...counted).map((one) => ({ ...one, label: `  ${one.label}` }));

/** States have words; a provider's outcomes stay as the certificates have them. */
function words(name: string): string {
  const known: Readonly<Record<string, string>> = requestStateWords;
  return known[name] ?? name;
}

/** All rows belong to each report, but for the parts: only what was counted is one. */
export function sectionsOf(figures: Figures): readonly ReportSection[] {
  const { answered, daysToAnswer, deletion, overdue } = figures;
  const { deniedBy } = deletion;
  const days = (label: string, value: number | undefined): ReportRow =>
    row(`days to the answer, ${label}`, value, `days to the answer: ${label}`);
  const toDelete = (label: string, value: number, figure = label): ReportRow =>
    row(label, value, `requests to delete: ${figure}`);
  return [
    {
      title: 'Requests',
      rows: [
        row('received', figures.received),
        row('with a certificate', figures.completed, 'completed'),
        ...parts('outcome', figures.byOutcome),
      ],
    },
    { title: 'Outcomes at the providers', rows: each('provider outcome', figures.legs) },
    {
      title: 'Open, or ended without a certificate',
      rows: [
        row('open', figures.open),
        ...parts('open', figures.openByState),
        row('ended without a certificate', figures.withoutCertificate),
        ...parts('ended without a certificate', figures.endedWithoutCertificate),
      ],
    },
    {
      title: 'Answers to the person',
      rows: [
        row('recorded', answered.recorded, 'answered: recorded'),
        row('elsewhere, by certificate time', answered.elsewhere, 'answered: elsewhere, by certificate time'),
        days('median', daysToAnswer?.median),
        days('mean', daysToAnswer?.mean),
        days('95th percentile', daysToAnswer?.p95),
        row('answered late', overdue.answeredLate, 'overdue: answered late'),
        row('unanswered past due', overdue.unansweredPastDue, 'overdue: unanswered past due'),
        row('without a due date', figures.withoutDueDate),
      ],
    },
    {
      title: 'Requests to delete (11 CCR 7102)',
      rows: [
        toDelete('received', deletion.received),
        toDelete('complied with in whole', deletion.compliedInWhole),
        toDelete('complied with in part', deletion.compliedInPart),
        toDelete('denied', deletion.denied),
        toDelete('  unverified', deniedBy.unverified, 'denied, unverified'),
        toDelete('  exempt', deniedBy.exempt, 'denied, exempt'),
        toDelete('  other', deniedBy.other, 'denied, other'),
        toDelete('withdrawn', deletion.withdrawn),
        toDelete('not decided yet', deletion.undecided),
      ],
    },
  ];
}

/** A figure that a law does not have is 0, or empty where there is nothing to count. */
export function valuesOf({ all, byRegulation }: Report): (row: ReportRow) => readonly string[] {
  const columns = [all, ...Object.values(byRegulation)].map((figures) => {
    const rows = sectionsOf(figures).flatMap((section) => section.rows);
    return new Map(rows.map(({ figure, value }) => [figure, value]));
  });
  return ({ figure, value }) =>
    columns.map((column) => String(column.get(figure) ?? (value === undefined || figure.startsWith('days ') ? '' : 0)));
}

export function columnsOf({ byRegulation }: Report): readonly string[] {
  return ['all', ...Object.keys(byRegulation)];
}

export function reportCsv(report: Report): string {
  const values = valuesOf(report);
  const rows = sectionsOf(report.all).flatMap((section) => section.rows);
  return [['figure', ...columnsOf(report)], ...rows.map((one) => [one.figure, ...values(one)])].map(csvRow).join('\n');
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
