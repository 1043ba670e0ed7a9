import type { Command } from 'commander';
import { completionScripts, completionsOf, shells, type Shell } from '../completion';
import { print, type CommandContext } from '../context';
import { choiceArgument } from '../options';

export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in your shell')
    .addArgument(choiceArgument('SHELL', 'your shell', shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(erasure completion bash)
  erasure completion zsh > "\${fpath[1]}/_erasure"
  erasure completion fish > ~/.config/fish/completions/erasure.fish`,
    )
    .action((shell: Shell) => void context.stdout.write(completionScripts[shell]));
  program
    .command('complete', { hidden: true })
    .description('what may come next: for the scripts of `erasure completion`')
    .argument('[WORDS...]')
    .addHelpText('after', `\nExample:\n  erasure complete -- keys in`)
    .action((words: readonly string[]) => {
      const found = completionsOf(program, words);
      if (found.length > 0) print(context, ...found);
    });
}
