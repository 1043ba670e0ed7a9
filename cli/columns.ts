/** Tables and text in the width of a terminal. Where there is none, lines are as long as they need be: a program reads them. */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { CommandContext } from './context';

const GAP = 2;
const LAST_MIN = 10;
const none = Object.fromEntries(
  ['top', 'bottom', 'left', 'mid', 'right', 'middle']
    .concat(['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'])
    .concat(['left-mid', 'mid-mid', 'right-mid'])
    .map((part) => [part, '']),
);

export function widthOf({ stdout }: CommandContext): number {
  return stdout.isTTY === true ? (stdout.columns ?? 80) : Infinity;
}

/** Without lines between the cells. The last column takes what is left of the width, and is cut there. */
export function plainTable(
  rows: readonly (readonly string[])[],
  { width, isRight = () => false }: { readonly width: number; readonly isRight?: (column: number) => boolean },
): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => lengthOf(row[column] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP, 0);
  const last = Math.min(widths.at(-1) ?? 0, Math.max(LAST_MIN, width - before));
  const table = new Table({
    chars: none,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [], compact: true },
    colWidths: [...widths.slice(0, -1), last].map((one) => one + GAP),
    colAligns: widths.map((_, column) => (isRight(column) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Breaks at spaces only, so that an id or a command stays in one piece. Further lines stand under the first. */
export function wrapped(text: string, { width, indent }: { readonly width: number; readonly indent: number }): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || lengthOf(line) + 1 + lengthOf(word) > width - indent) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** As it is seen: without colours. */
function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
