import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../cli/context';
import { confirm } from '../../cli/confirm';

function terminal(typed: string | undefined): { readonly context: CommandContext; readonly shown: () => string } {
  const stdin = Object.assign(new PassThrough(), typed === undefined ? {} : { isTTY: true });
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stdin.end(typed);
  return {
    context: { environment: {}, stdin, stdout, stderr, exitWith: () => undefined },
    shown: () => String(stderr.read() ?? ''),
  };
}

describe('confirm', () => {
  it.each(['yes\n', 'y\n', ' YES \n'])('takes %j for a yes, after telling what it is about', async (typed) => {
    const { context, shown } = terminal(typed);
    await confirm('This ends it.', { yes: false, context });
    expect(shown()).toContain('This ends it.\nType yes to go on: ');
  });

  it.each(['no\n', '\n', 'yesterday\n', ''])('takes %j for a no', async (typed) => {
    const { context } = terminal(typed);
    await expect(confirm('This ends it.', { yes: false, context })).rejects.toThrow('Not confirmed: nothing was done.');
  });

  it('asks nobody where it was said already, and does nothing where nobody can be asked', async () => {
    const { context, shown } = terminal(undefined);
    await expect(confirm('This ends it.', { yes: false, context })).rejects.toThrow('Say --yes');
    await confirm('This ends it.', { yes: true, context });
    expect(shown()).toBe('');
  });
});
