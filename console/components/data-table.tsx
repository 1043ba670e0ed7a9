/** A table: its head from the names of its columns, its rows from whoever shows it. */
import type { ComponentChildren } from 'preact';

export interface Column {
  readonly text: string;
  readonly isNumber?: boolean;
}

interface DataTableProps {
  /** For whoever cannot see where it stands. */
  readonly title: string;
  readonly columns: readonly (string | Column)[];
  /** On a narrow screen each row is a card; its cells name their column in `data-label`. */
  readonly stacks?: boolean;
  /** It can be wider than the screen, and is scrolled by keyboard too. */
  readonly scrolls?: boolean;
  readonly children: ComponentChildren;
}

export function DataTable({ title, columns, stacks = false, scrolls = false, children }: DataTableProps) {
  return (
    <div class="table" {...(scrolls ? { tabIndex: 0, role: 'region', 'aria-label': title } : {})}>
      <table class={stacks ? 'stacks' : undefined}>
        <caption class="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {columns
              .map((column): Column => (typeof column === 'string' ? { text: column } : column))
              .map(({ text, isNumber }) => (
                <th key={text} scope="col" class={isNumber === true ? 'number' : undefined}>
                  {text}
                </th>
              ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
