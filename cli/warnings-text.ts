import type { FieldProblem } from '../client/errors';
import { remark, type CommandContext } from './context';

/** Beside what was asked for: it is submitted or sealed all the same. */
export function showWarnings(warnings: readonly FieldProblem[], context: CommandContext): void {
  for (const { field, problem } of warnings) remark(context, `Look again: ${field} ${problem}.`);
}
