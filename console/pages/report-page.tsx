/** Figures of a period: as bars, as tables with a column for each law, and as CSV. */
import { parsePeriod } from '../../client/report/period';
import { problemOf } from '../../api/problem-of-error';
import { problems, type ApiProblem } from '../../api/problem';
import type { Period, Report } from '../../client/report/report';
import { columnsOf, reportCsv, reportRemarks, sectionsOf, valuesOf } from '../../client/report/report-sections';
import { DAY_MS } from '../../domain/duration';
import { BarChart } from '../components/bar-chart';
import { FaultSummary, TextField, type FieldFault } from '../components/form';
import type { ConsoleServices } from '../console-services';
import { valueOf, type Fields, type PageRoute } from '../page';
import { reportTexts as texts } from '../texts/period-report';
import { DataTable } from '../components/data-table';

const MONTH_MS = 30 * DAY_MS;

export function reportPages({ report: make }: ConsoleServices): readonly PageRoute[] {
  const made = async (period: Period, now: number): Promise<{ report?: Report; problem?: ApiProblem }> => {
    try {
      return { report: await make(period, now) };
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code !== 'invalid-filter' && problem.code !== 'too-many-calls') throw error;
      return { problem };
    }
  };
  return [
    {
      method: 'GET',
      path: '/report',
      role: 'view',
      name: 'reportPage',
      show: async ({ query, now }) => {
        const chosen = periodOf(query);
        const shown = { from: dayBefore(now, MONTH_MS), to: dayBefore(now, 0), timeZone: 'UTC', ...chosen.typed };
        // Making one looks at every request of the period: only where somebody asked for it.
        const { report, problem } = chosen.period === undefined ? {} : await made(chosen.period, now);
        if (problem !== undefined) {
          const faults = [{ field: 'from', problem: problem.message }];
          const body = <ReportPage shown={shown} faults={faults} report={undefined} />;
          return { status: problems[problem.code].status, title: texts.title, body };
        }
        if (report !== undefined && valueOf(query, 'as') === 'csv') {
          return {
            content: `${reportCsv(report)}\n`,
            type: 'text/csv; charset=utf-8',
            headers: {
              'content-disposition': `attachment; filename="erasure-report-${shown.from}-${shown.to}.csv"`,
            },
          };
        }
        return {
          status: chosen.faults.length > 0 ? 422 : 200,
          title: texts.title,
          body: <ReportPage shown={shown} faults={chosen.faults} report={report} />,
        };
      },
    },
  ];
}

interface TypedPeriod {
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
}

function periodOf(query: Fields) {
  const from = valueOf(query, 'from');
  const to = valueOf(query, 'to');
  const timeZone = valueOf(query, 'timeZone');
  if (from === undefined || to === undefined) return { faults: [], typed: {} };
  const typed = { from, to, ...(timeZone === undefined ? {} : { timeZone }) };
  try {
    return { faults: [], typed, period: parsePeriod(typed) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { faults: [{ field: 'from', problem: texts.badPeriod(error.message) }], typed };
  }
}

function dayBefore(now: number, ms: number): string {
  return new Date(now - ms).toISOString().slice(0, 10);
}

function ReportPage({
  shown,
  faults,
  report,
}: {
  readonly shown: TypedPeriod;
  readonly faults: readonly FieldFault[];
  readonly report: Report | undefined;
}) {
  const { from, to, timeZone } = shown;
  return (
    <>
      <h1>{texts.title}</h1>
      <p>{texts.lead}</p>
      <FaultSummary faults={faults} />
      <form method="get" action="/report" class="panel period">
        <TextField name="from" label={texts.from} type="date" value={from} faults={faults} />
        <TextField name="to" label={texts.to} type="date" value={to} />
        <TextField name="timeZone" label={texts.timeZone} hint={texts.timeZoneHint} value={timeZone} maxLength={64} />
        <p class="actions">
          <button>{texts.make}</button> <span class="note">{texts.cost}</span>
        </p>
      </form>
      {report !== undefined && <Figures report={report} shown={shown} />}
    </>
  );
}

function Figures({ report, shown }: { readonly report: Report; readonly shown: TypedPeriod }) {
  const remarks = reportRemarks(report);
  const values = valuesOf(report);
  const columns = columnsOf(report);
  const query = new URLSearchParams({ ...shown, as: 'csv' });
  return (
    <section aria-labelledby="figures">
      <h2 id="figures">{texts.of(shown.from, shown.to)}</h2>
      {remarks.length > 0 && (
        <div class="panel warn">
          <h3>{texts.remarks}</h3>
          <ul>
            {remarks.map((remark) => (
              <li key={remark}>{remark}</li>
            ))}
          </ul>
        </div>
      )}
      <p>
        <a href={`/report?${query.toString()}`}>{texts.csv}</a>
      </p>
      {sectionsOf(report.all)
        .filter(({ rows }) => rows.length > 0)
        .map(({ title, rows }) => (
          <section key={title} aria-label={title}>
            <h3>{title}</h3>
            <BarChart
              title={texts.chart(title)}
              bars={rows.flatMap(({ label, value, figure }) =>
                value === undefined || figure.startsWith('days ') ? [] : [{ label: label.trim(), value }],
              )}
            />
            <DataTable
              title={title}
              columns={[
                texts.figure,
                ...columns.map((column) => ({ text: column === 'all' ? texts.all : column, isNumber: true })),
              ]}
              scrolls
            >
              {rows.map((row) => (
                <tr key={row.figure}>
                  <th scope="row" class={row.label.startsWith(' ') ? 'part' : ''}>
                    {row.label.trim()}
                  </th>
                  {values(row).map((value, index) => (
                    <td key={columns[index]} class="number">
                      {value}
                    </td>
                  ))}
                </tr>
              ))}
            </DataTable>
          </section>
        ))}
    </section>
  );
}
