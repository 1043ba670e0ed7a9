import type { Command } from 'commander';
import { completionScript, shells, type Shell } from '../completion-script';
import type { CommandContext } from '../context';
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
    .action((shell: Shell) => void context.stdout.write(completionScript(program, shell)));
}
