import { PassThrough } from 'node:stream';
import { LiveLine } from '../../cli/bulk/live-line';
import type { CommandContext } from '../../cli/context';

const REWRITE = '\r\u001b[2K';
let now = 0;
beforeEach(() => {
  now = 1_000_000;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

function lineOn(terminal: { readonly isTTY?: boolean; readonly TERM?: string }) {
  const stderr = Object.assign(new PassThrough(), { isTTY: terminal.isTTY ?? false });
  const nothing = new PassThrough();
  const context: CommandContext = {
    environment: terminal.TERM === undefined ? {} : { TERM: terminal.TERM },
    stdin: nothing,
    stdout: nothing,
    stderr,
    exitWith: () => undefined,
  };
  return { line: new LiveLine(context), written: () => String(stderr.read() ?? '') };
}

describe('a live line', () => {
  it('is rewritten in place on a terminal, five times a second at most, and leaves nothing behind', () => {
    const { line, written } = lineOn({ isTTY: true, TERM: 'xterm' });
    line.show(() => 'too early');
    expect(written()).toBe('');
    now += 200;
    line.show(() => '1 of 3');
    now += 199;
    line.show(() => 'too early');
    now += 1;
    line.show(() => '2 of 3');
    expect(written()).toBe(`${REWRITE}1 of 3${REWRITE}2 of 3`);
    line.clear();
    expect(written()).toBe(REWRITE);
  });

  it.each([{ isTTY: false }, { isTTY: true, TERM: 'dumb' }])('is a new line every five seconds on %j', (terminal) => {
    const { line, written } = lineOn(terminal);
    now += 4_999;
    line.show(() => 'too early');
    now += 1;
    line.show(() => '1 of 3');
    line.clear();
    expect(written()).toBe('1 of 3\n');
  });

  it('asks for its text only when that is shown', () => {
    const { line } = lineOn({ isTTY: true });
    const text = jest.fn(() => 'text');
    line.show(text);
    expect(text).not.toHaveBeenCalled();
  });
});
