import { createInterface } from 'node:readline';
import { remark, type CommandContext } from './context';
import { InputError } from './command-failure';

/** Asks on a terminal, and elsewhere demands `--yes`: a script that means it can say so. */
export async function confirm(
  question: string,
  { yes, context }: { readonly yes: boolean; readonly context: CommandContext },
): Promise<void> {
  if (yes) return;
  if (context.stdin.isTTY !== true) {
    throw new InputError('Nobody is there to confirm this: nothing was done. Say --yes to do it without being asked.');
  }
  remark(context, question);
  if (!/^\s*y(es)?\s*$/i.test(await answer(context))) throw new InputError('Not confirmed: nothing was done.');
}

function answer({ stdin, stderr }: CommandContext): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  return new Promise((resolve) => {
    // The end of the input, or Ctrl-D, is no yes.
    lines.once('close', () => resolve(''));
    stderr.write('Type yes to go on: ');
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
  });
}
