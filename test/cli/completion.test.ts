import { execFileSync, spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { completionScripts, completionsOf, FILES, shells } from '../../cli/completion';
import { createProgram } from '../../cli/program';
import { providerKeys } from '../../domain/provider/provider-table';

const stdout = new PassThrough();
const program = createProgram({
  environment: {},
  stdin: stdout,
  stdout,
  stderr: stdout,
  exitWith: () => undefined,
});

/** What is offered for the last of these words, without descriptions. */
function offered(...words: readonly string[]): string[] {
  return completionsOf(program, words).map((line) => line.replace(/\t.*/s, ''));
}

/** What bash makes of the lines that `erasure complete` prints, and the words that it asks about. */
function inBash(lines: readonly string[], ...words: readonly string[]): string[] {
  const erasure = `erasure() { printf '%s\\n' "$#" "$@" >&3; printf '%s\\n' "$LINES_OF_OURS"; }`;
  const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _erasure; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const script = `exec 3>&1\n${erasure}\n${completionScripts.bash}\n${ask}`;
  return execFileSync('bash', ['-c', script, 'bash', 'erasure', ...words], {
    encoding: 'utf8',
    env: { ...process.env, LINES_OF_OURS: lines.join('\n') },
  }).split('\n');
}

/** Each command that can be typed, with the words that lead to it and what may follow. */
function placesOf(command: Command, words: readonly string[] = []): readonly (readonly [string, readonly string[]])[] {
  const own = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '');
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const visible = command.createHelp().visibleCommands(command);
  const next = command.commands.filter((child) => visible.includes(child));
  return [
    [words.join(' '), [...next.map((child) => child.name()), ...choices, ...own]],
    ...next.flatMap((child) => placesOf(child, [...words, child.name()])),
  ];
}

/** `help` is made by the commander, for the command line itself and for `--help`. */
const isOurs = (word: string): boolean => word !== 'help' && word !== '--help' && word !== '--version';

describe('erasure completion', () => {
  const places = placesOf(program);

  it('knows of every command', () => {
    expect(places.length).toBeGreaterThan(24);
  });

  it.each(places)('offers, behind "%s", its commands, choices and options, and nothing else', (at, words) => {
    const found = offered(...at.split(' ').filter(Boolean), '').filter((word) => isOurs(word) && word !== FILES);
    expect(found.toSorted()).toEqual(words.filter(isOurs).toSorted());
  });

  it('offers what may come next', () => {
    expect(offered('wa')).toEqual(['watch', 'waive']);
    expect(offered('keys', '')).toEqual(expect.arrayContaining(['init']));
    expect(offered('keys', 'init', '--e')).toEqual(['--environment']);
    expect(offered('retry', 'some-id', '')).toEqual(expect.arrayContaining([...providerKeys, '--actor', '--reason']));
    expect(offered('list', '--state', 'att')).toEqual(['attention']);
    expect(offered('list', '--limit', '')).toEqual([]);
    expect(offered('completion', '')).toEqual(expect.arrayContaining([...shells]));
    // A word in the place of an id is no command, whatever it is called.
    expect(offered('status', 'keys', '--j')).toEqual(['--json']);
    expect(completionsOf(program, ['keys', 'ini'])[0]).toMatch(/^init\t\S/);
  });

  it('asks the shell for files where one is meant', () => {
    expect(offered('seal', '')).toContain(FILES);
    expect(offered('verify', 'x', '--key', '')).toEqual([FILES]);
    expect(offered('status', '')).not.toContain(FILES);
  });

  it('prints them as the scripts ask for them', async () => {
    await program.parseAsync(['complete', '--', 'keys', 'init', '--e'], { from: 'user' });
    expect(String(stdout.read())).toMatch(/^--environment\t.+\n$/);
  });

  it('is asked by bash about every word, and offers its lines and the files', () => {
    const found = inBash(['watch\twait', 'pack age\t', FILES], 'keys', 'package.js');
    expect(found.slice(0, 5)).toEqual(['4', 'complete', '--', 'keys', 'package.js']);
    expect(found.slice(5).filter(Boolean)).toEqual(['watch', 'pack age', 'package.json']);
    expect(inBash([], 'status', '').slice(0, 5)).toEqual(['4', 'complete', '--', 'status', '']);
  });

  it.each(shells)('is accepted by %s, where there is one', (shell) => {
    const checked = spawnSync(shell, ['-n'], { input: completionScripts[shell], encoding: 'utf8' });
    const isMissing = checked.error !== undefined && 'code' in checked.error && checked.error.code === 'ENOENT';
    expect(isMissing ? { status: 0, stderr: '' } : checked).toMatchObject({ status: 0, stderr: '' });
    expect(isMissing && shell === 'bash').toBe(false);
  });
});
