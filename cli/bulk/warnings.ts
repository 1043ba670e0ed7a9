/** What is odd about the rows that are submitted all the same: all of it in a file, and on the terminal each kind once. */
import type { FieldProblem } from '../../client/errors';

const LINES_SHOWN = 5;

export interface WarningGroup extends FieldProblem {
  readonly rows: number;
  /** The first of them. */
  readonly lines: readonly number[];
}

export class Warnings {
  readonly #groups = new Map<string, { readonly warning: FieldProblem; rows: number; readonly lines: number[] }>();

  add(line: number, warning: FieldProblem): void {
    const key = `${warning.field}\n${warning.problem}`;
    const group = this.#groups.get(key) ?? { warning, rows: 0, lines: [] };
    this.#groups.set(key, group);
    group.rows += 1;
    if (group.lines.length < LINES_SHOWN) group.lines.push(line);
  }

  groups(): readonly WarningGroup[] {
    return [...this.#groups.values()].map(({ warning, rows, lines }) => ({ ...warning, rows, lines }));
  }
}

/** `aptrinsic.identifyId reads like … (2 rows: 4, 9)` */
export function warningLine({ field, problem, rows, lines }: WarningGroup): string {
  const more = rows > lines.length ? ', …' : '';
  return `${field} ${problem} (${rows} ${rows === 1 ? 'row' : 'rows'}: line ${lines.join(', ')}${more})`;
}
