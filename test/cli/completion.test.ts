import { execFileSync, spawnSync } from 'node:child_process';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { completionScript, shells } from '../../cli/completion-script';
import { createProgram } from '../../cli/program';
import { providerKeys } from '../../domain/provider';

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

function withOptions(command: Command): readonly string[] {
  return [
    command.name(),
    ...command.options.map(({ long }) => (long ?? '').replace(/^--/, '')),
    ...command.commands.flatMap(withOptions),
  ];
}

describe('erasure completion', () => {
  it.each(shells)('mentions each command and each option for %s', (shell) => {
    const script = completionScript(program, shell);
    for (const word of program.commands.flatMap(withOptions)) expect(script).toContain(word);
    expect(program.commands.length).toBeGreaterThan(14);
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
