/** What is wrong in a file, by line and field and never by value: the first of it to read, all of it to download. */
import { csvRow } from '../../client/csv-text';
import { manyTexts as texts } from '../texts/many';
import { DataTable } from './data-table';

export interface LineProblem {
  readonly line: number;
  readonly field: string;
  readonly problem: string;
}

const SHOWN_MAX = 100;

export function ProblemList({
  title,
  problems,
  fileName,
}: {
  readonly title: string;
  readonly problems: readonly LineProblem[];
  readonly fileName: string;
}) {
  if (problems.length === 0) return null;
  const shown = problems.slice(0, SHOWN_MAX);
  return (
    <>
      <h3>{title}</h3>
      <DataTable title={title} columns={[{ text: texts.line, isNumber: true }, texts.field, texts.problem]}>
        {shown.map(({ line, field, problem }) => (
          <tr key={`${line} ${field} ${problem}`}>
            <th scope="row" class="number">
              {line}
            </th>
            <td>
              <code>{field}</code>
            </td>
            <td>{problem}</td>
          </tr>
        ))}
      </DataTable>
      <p>
        {problems.length > shown.length && <span>{texts.shownOf(shown.length, problems.length)} </span>}
        {/* Nothing is kept on the server: the page itself holds what can be downloaded. */}
        <a download={fileName} href={`data:text/csv;charset=utf-8,${encodeURIComponent(csvOf(problems))}`}>
          {texts.download}
        </a>
      </p>
    </>
  );
}

function csvOf(problems: readonly LineProblem[]): string {
  const rows = problems.map(({ line, field, problem }) => csvRow([String(line), field, problem]));
  return [csvRow(['line', 'field', 'problem']), ...rows, ''].join('\r\n');
}
