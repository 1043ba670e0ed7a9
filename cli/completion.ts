/** Shell completion: what may come next is read from the commands themselves, by `erasure complete`, whenever a shell asks. */
import type { Command, Option } from 'commander';

/** The marker of a line by which a shell is asked to offer its files as well. */
export const FILES = ':files';

interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What may stand in place of the last of these words, which may be empty: lines of word, tab, description. */
export function completionsOf(program: Command, typed: readonly string[]): readonly string[] {
  const current = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const command = before.reduce((at, word) => at.commands.find((child) => child.name() === word) ?? at, program);
  const option = command.options.find(({ long, required }) => required && long === before.at(-1));
  const { words, isFile } = option === undefined ? wordsOf(command) : valuesOf(option);
  const fitting = words.filter(({ word }) => word.startsWith(current));
  return [...fitting.map(({ word, description }) => `${word}\t${description}`), ...(isFile ? [FILES] : [])];
}

function wordsOf(command: Command) {
  const help = command.createHelp();
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const words: readonly Candidate[] = [
    ...help.visibleCommands(command).map((child) => ({ word: child.name(), description: child.description() })),
    ...choices.map((word) => ({ word, description: '' })),
    ...help.visibleOptions(command).flatMap(({ long, description }) => (long ? [{ word: long, description }] : [])),
  ];
  return { words, isFile: command.registeredArguments.some((argument) => isFile(argument.name())) };
}

/** After an option that takes a value nothing else is offered. */
function valuesOf({ argChoices = [], flags }: Option) {
  const words: readonly Candidate[] = argChoices.map((word) => ({ word, description: '' }));
  return { words, isFile: isFile(flags) };
}

function isFile(name: string): boolean {
  return /file|directory|\.jwk/i.test(name);
}

export const completionScripts = {
  bash: `# erasure: bash completion. To load it: source <(erasure completion bash)
_erasure() {
  local word current="\${COMP_WORDS[COMP_CWORD]}" IFS=$'\\n'
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    if [ "$word" = '${FILES}' ]; then compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "$current"))
    else COMPREPLY+=("$word"); fi
  done < <(erasure complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _erasure erasure
`,
  zsh: `#compdef erasure
# erasure: zsh completion. To load it: source <(erasure completion zsh)
_erasure() {
  local line
  local -a found
  for line in "\${(@f)$(erasure complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ "$line" == '${FILES}' ]]; then _files; else found+=("\${\${line//:/\\\\:}/$'\\t'/:}"); fi
  done
  _describe erasure found
}
if [ "$funcstack[1]" = "_erasure" ]; then _erasure "$@"; else compdef _erasure erasure; fi
`,
  fish: `# erasure: fish completion. To load it: erasure completion fish | source
function __erasure_complete
  for line in (erasure complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
    if test "$line" = '${FILES}'
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c erasure -f -a '(__erasure_complete)'
`,
} as const;

export type Shell = keyof typeof completionScripts;
export const shells = Object.keys(completionScripts) as readonly Shell[];
