/** Shell completion, made from the commands themselves: what `--help` tells is what the shell offers. */
import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can be typed after one command. */
interface Place {
  /** The words that lead here, e.g. `keys init`; empty for the program itself. */
  readonly at: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly PlaceOption[];
  /** Values that an argument is limited to. */
  readonly choices: readonly string[];
  readonly takesFile: boolean;
}

interface PlaceOption {
  readonly flag: string;
  readonly description: string;
  readonly value: 'none' | 'any' | 'file' | readonly string[];
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '');
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      return zsh(places);
    case 'fish':
      return fish(places);
  }
}

function placesOf(command: Command, at: string): readonly Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  return [
    {
      at,
      commands: commands.map((child) => ({ name: child.name(), description: child.description() })),
      options: help.visibleOptions(command).flatMap(placeOption),
      choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      takesFile: command.registeredArguments.some((argument) => isFile(argument.name())),
    },
    ...commands
      .filter((child) => child.name() !== 'help')
      .flatMap((child) => placesOf(child, at === '' ? child.name() : `${at} ${child.name()}`)),
  ];
}

function placeOption({ long, flags, description, required, argChoices }: Option): readonly PlaceOption[] {
  if (!long) return [];
  const value = !required ? 'none' : (argChoices ?? (isFile(flags) ? 'file' : 'any'));
  return [{ flag: long, description, value }];
}

function isFile(name: string): boolean {
  return /file|directory|\.jwk/i.test(name);
}

/** Shell patterns of `<where we are>/<next word>` that lead one command deeper. */
function steps(places: readonly Place[]): readonly string[] {
  return places.flatMap(({ at, commands }) => commands.map(({ name }) => quoted(`${at}/${name}`)));
}

function bash(places: readonly Place[]): string {
  const words = (values: readonly string[]): string =>
    `COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$current"))`;
  const files = `local IFS=$'\\n'; COMPREPLY+=($(compgen -f -- "$current"))`;
  return `# erasure: bash completion. To load it: source <(erasure completion bash)
_erasure() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at="" word index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$at/$word" in
      ${steps(places).join(' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:$previous" in
${valueCases(places, { words, files }).join('\n')}
  esac
  case "$at" in
${places.map((place) => `    ${quoted(place.at)}) ${words(wordsOf(place))}${place.takesFile ? `; ${files}` : ''} ;;`).join('\n')}
  esac
}
complete -o filenames -F _erasure erasure
`;
}

function zsh(places: readonly Place[]): string {
  const words = (values: readonly string[]): string => `compadd -- ${values.map(quoted).join(' ')}`;
  const files = '_files';
  const offer = ({ commands, options, choices, takesFile }: Place): readonly string[] => [
    ...(commands.length === 0
      ? []
      : [
          `commands=(${commands.map(({ name, description }) => quoted(`${name}:${description.replaceAll(':', '\\:')}`)).join(' ')})`,
          `_describe command commands`,
        ]),
    words([...choices, ...options.map(({ flag }) => flag)]),
    ...(takesFile ? [files] : []),
  ];
  return `#compdef erasure
# erasure: zsh completion. To load it: source <(erasure completion zsh)
_erasure() {
  local previous="\${words[CURRENT-1]}" at="" word
  local -a commands
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
      ${steps(places).join(' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:$previous" in
${valueCases(places, { words, files }).join('\n')}
  esac
  case "$at" in
${places.map((place) => `    ${quoted(place.at)}) ${offer(place).join('; ')} ;;`).join('\n')}
  esac
}
if [ "$funcstack[1]" = "_erasure" ]; then _erasure "$@"; else compdef _erasure erasure; fi
`;
}

function fish(places: readonly Place[]): string {
  const at = (place: Place): string => `complete -c erasure -n ${fishQuoted(`__erasure_at ${fishQuoted(place.at)}`)}`;
  const lines = places.flatMap((place) => [
    ...place.commands.map(({ name, description }) => `${at(place)} -a ${name} -d ${fishQuoted(description)}`),
    ...(place.choices.length === 0 ? [] : [`${at(place)} -a ${fishQuoted(place.choices.join(' '))}`]),
    ...(place.takesFile ? [`${at(place)} -F`] : []),
    ...place.options.map(
      ({ flag, description, value }) =>
        `${at(place)} -l ${flag.replace(/^--/, '')}${fishValue(value)} -d ${fishQuoted(description)}`,
    ),
  ]);
  return `# erasure: fish completion. To load it: erasure completion fish | source
function __erasure_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at/$word"
      case ${steps(places).join(' ')}
        set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
complete -c erasure -f
${lines.join('\n')}
`;
}

function fishValue(value: PlaceOption['value']): string {
  switch (value) {
    case 'none':
      return '';
    case 'any':
      return ' -x';
    case 'file':
      return ' -r -F';
    default:
      return ` -x -a ${fishQuoted(value.join(' '))}`;
  }
}

/** After an option that takes a value nothing else is offered. */
function valueCases(
  places: readonly Place[],
  { words, files }: { readonly words: (values: readonly string[]) => string; readonly files: string },
): readonly string[] {
  return places.flatMap(({ at, options }) =>
    options
      .filter(({ value }) => value !== 'none')
      .map(({ flag, value }) => {
        const offer = value === 'file' ? files : value === 'any' || value === 'none' ? ':' : words(value);
        return `    ${quoted(`${at}:${flag}`)}) ${offer}; return ;;`;
      }),
  );
}

function wordsOf({ commands, options, choices }: Place): readonly string[] {
  return [...commands.map(({ name }) => name), ...choices, ...options.map(({ flag }) => flag)];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
}
