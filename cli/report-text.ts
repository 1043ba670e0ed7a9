/** A report as a table in sections, for the terminal. */
import { columnsOf, sectionsOf, valuesOf } from '../client/report/report-sections';
import type { Report } from '../client/report/report';
import { plainTable, widthOf } from './columns';
import type { CommandContext } from './context';
import { colorsFor } from './request-view';

/** Its columns are the same in all of the sections. */
export function reportTable(report: Report, context: CommandContext): string {
  const { bold } = colorsFor(context);
  const values = valuesOf(report);
  const blank = columnsOf(report).map(() => '');
  const sections = sectionsOf(report.all).filter(({ rows }) => rows.length > 0);
  const lines = sections.flatMap(({ title, rows }, index) => [
    ...(index === 0 ? [] : [['', ...blank]]),
    [bold(title), ...(index === 0 ? columnsOf(report).map((name) => bold(name)) : blank)],
    ...rows.map((one) => [`  ${one.label}`, ...values(one)]),
  ]);
  return plainTable(lines, { width: widthOf(context), isRight: (column) => column > 0 });
}
