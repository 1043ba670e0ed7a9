import { execFileSync, spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { completionScript, shells } from '../../cli/completion-script';
import { createProgram } from '../../cli/program';
import { providerKeys } from '../../domain/provider/provider-table';

const stream = new PassThrough();
const program = createProgram({
  environment: {},
  stdin: stream,
  stdout: stream,
  stderr: stream,
  exitWith: () => undefined,
});
const bash = completionScript(program, 'bash');

/** What bash offers for the last of these words. */
function offered(...words: readonly string[]): string[] {
  const line = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _erasure; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-c', `${bash}\n${line}`, 'bash', 'erasure', ...words], { encoding: 'utf8' });
  return output.split('\n').filter((word) => word !== '');
}

/** Each command that can be typed, with the words that lead to it and what may follow. */
function placesOf(command: Command, words: readonly string[] = []): readonly (readonly [string, readonly string[]])[] {
  const own = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '');
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const next = command.commands.map((child) => child.name());
  return [
    [words.join(' '), [...next, ...choices, ...own]],
    ...command.commands.flatMap((child) => placesOf(child, [...words, child.name()])),
  ];
}

/** `help` is made by the commander, for the command line itself and for `--help`. */
const isOurs = (word: string): boolean => word !== 'help' && word !== '--help' && word !== '--version';

describe('erasure completion', () => {
  const places = placesOf(program);

  it('knows of every command', () => {
    expect(places.length).toBeGreaterThan(24);
  });

  it.each(places)('offers in bash, behind "%s", its commands, choices and options, and nothing else', (at, words) => {
    const found = offered(...at.split(' ').filter(Boolean), '').filter(isOurs);
    const isWord = (word: string): boolean => word.startsWith('--') || words.includes(word);
    // Where a file is meant, those of this directory are offered as well.
    expect(found.filter(isWord).toSorted()).toEqual(words.filter(isOurs).toSorted());
  });

  it.each(places)('offers the same in zsh and fish, behind "%s"', (at, words) => {
    const zsh = completionScript(program, 'zsh')
      .split('\n')
      .filter((line) => line.startsWith(`    '${at}') `));
    const fish = completionScript(program, 'fish')
      .split('\n')
      .filter((line) => line.includes(`__erasure_at \\'${at}\\''`));
    for (const word of words.filter(isOurs)) {
      expect(zsh.join('\n')).toMatch(new RegExp(`'${word}(:[^']|'[ ;)])`));
      expect(fish.join('\n')).toMatch(
        new RegExp(word.startsWith('--') ? ` -l ${word.slice(2)} ` : `-a '?([a-z ]* )?${word}\\b`),
      );
    }
  });

  it.each(shells)('is accepted by %s, where there is one', (shell) => {
    const checked = spawnSync(shell, ['-n'], { input: completionScript(program, shell), encoding: 'utf8' });
    const isMissing = checked.error !== undefined && 'code' in checked.error && checked.error.code === 'ENOENT';
    expect(isMissing ? { status: 0, stderr: '' } : checked).toMatchObject({ status: 0, stderr: '' });
    expect(isMissing && shell === 'bash').toBe(false);
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
  });

  it('offers files where one is meant', () => {
    expect(offered('seal', 'package.js')).toEqual(['package.json']);
    expect(offered('verify', 'x', '--key', 'package.js')).toEqual(['package.json']);
    expect(offered('status', 'package.js')).toEqual([]);
  });
});
